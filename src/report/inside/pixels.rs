//! Pictures of 28 × 28 pixels as PNG data URIs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::inside::{Example, Pixels};

/// The side of a picture.
const SIDE: u32 = 28;
/// Positive and negative numbers: green and purple, between the palette's for light and for dark. Their
/// strength is in the opacity, so that zero is whatever is below.
const SIGNS: [[u8; 3]; 2] = [[40, 145, 95], [155, 85, 175]];

/// Signed numbers.
pub(super) fn signed(pixels: &Pixels) -> String {
    let rgba = pixels.values.iter().flat_map(|value| {
        let [r, g, b] = SIGNS[usize::from(*value < 0)];
        [r, g, b, value.unsigned_abs().saturating_mul(2)]
    });
    uri(png::ColorType::Rgba, &rgba.collect::<Vec<u8>>())
}

/// A test image, ink on paper.
pub(crate) fn image(example: &Example) -> String {
    let grey: Vec<u8> = example.pixels.iter().map(|ink| 255 - ink).collect();
    uri(png::ColorType::Grayscale, &grey)
}

/// Empty where the encoder fails, which it does for other sizes only.
fn uri(colour: png::ColorType, bytes: &[u8]) -> String {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE, SIDE);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(bytes));
    match written {
        Ok(()) => format!("data:image/png;base64,{}", STANDARD.encode(file)),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The picture in a data URI.
    fn decoded(uri: &str) -> Vec<u8> {
        let text = uri.strip_prefix("data:image/png;base64,").unwrap();
        let file = STANDARD.decode(text).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn signs_have_colours_and_zero_is_transparent() {
        let mut values = vec![0; 784];
        (values[0], values[1]) = (127, -64);
        let bytes = decoded(&signed(&Pixels { scale: 1.0, values }));
        assert_eq!(bytes[..4], [40, 145, 95, 254]);
        assert_eq!(bytes[4..8], [155, 85, 175, 128]);
        assert_eq!(bytes[11], 0);
    }

    #[test]
    fn an_image_is_ink_on_paper() {
        let mut pixels = vec![0; 784];
        pixels[3] = 255;
        let bytes = decoded(&image(&Example { label: 5, pixels }));
        assert_eq!(bytes[2..5], [255, 0, 255]);
    }
}
