//! Reads PNG files, averaged down while they are read if they are large.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use png::{ColorType, Decoder, DecodingError, Transformations};

use super::plane::Plane;
use crate::error::{Error, Result};

/// Pixels along the longer side that are worked on.
const SIDE: usize = 800;
/// The most pixels of a file, beyond those of cameras.
const MOST: u64 = 100_000_000;
/// The most of one whose rows come in passes: it is held in memory.
const MOST_INTERLACED: u64 = 25_000_000;

/// Standard deviation below which gray values count as one colour.
const ONE_COLOUR: f64 = 25.0;

/// Other formats, by how their files begin.
const FORMATS: [(&str, usize, &[u8]); 9] = [
    ("a JPEG file", 0, b"\xff\xd8\xff"),
    ("an HEIC or AVIF file", 4, b"ftyp"),
    ("a WebP file", 8, b"WEBP"),
    ("a GIF file", 0, b"GIF8"),
    ("a BMP file", 0, b"BM"),
    ("a TIFF file", 0, b"II*\0"),
    ("a TIFF file", 0, b"MM\0*"),
    ("a PDF file", 0, b"%PDF"),
    ("a safetensors file", 8, b"{\""),
];
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Reads a PNG file of any kind as gray, 0 to 255, at most `SIDE` on a side.
pub(super) fn read(path: &Path) -> Result<Plane> {
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    let mut head = Vec::new();
    let begin = (&mut file).take(16).read_to_end(&mut head);
    begin
        .and_then(|_| file.rewind())
        .map_err(Error::file("read", path))?;
    if !head.starts_with(SIGNATURE) {
        return Err(foreign(path, &head));
    }
    let mut decoder = Decoder::new(BufReader::new(file));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decode(decoder, path)
}

/// Refuses a file of another format, with a way to convert it.
fn foreign(path: &Path, head: &[u8]) -> Error {
    let is = |(_, at, begin): &&(&str, usize, &[u8])| {
        head.get(*at..).is_some_and(|rest| rest.starts_with(begin))
    };
    let what = match FORMATS.iter().find(is) {
        Some((what, ..)) => what,
        None if head.is_empty() => "empty",
        None => "no PNG file",
    };
    let (shown, converted) = (path.display(), path.with_extension("png"));
    let converted = match converted == path {
        true => "OTHER.png".into(),
        false => converted,
    };
    let converted = converted.display();
    Error::Data(format!(
        "{shown} is {what}, and only PNG files are read. Convert pictures with `magick {shown} {converted}` \
         (ImageMagick), `sips -s format png {shown} --out {converted}` (macOS), or by exporting them as PNG"
    ))
}

fn decode(decoder: Decoder<BufReader<File>>, path: &Path) -> Result<Plane> {
    let damaged = |e: DecodingError| match e {
        DecodingError::IoError(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
            Error::file("read", path)(e)
        }
        e => Error::Data(format!(
            "{} is a damaged PNG file: {e}. Save it again",
            path.display()
        )),
    };
    let mut reader = decoder.read_info().map_err(damaged)?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    let interlaced = info.interlaced;
    refuse_large(path, (info.width, info.height), interlaced)?;
    let samples = reader.output_color_type().0.samples();
    let colour = reader.output_color_type().0;
    let mut sums = Sums::new(width, height);
    if interlaced {
        let mut pixels = vec![0; width * height * samples];
        reader.next_frame(&mut pixels).map_err(damaged)?;
        for row in pixels.chunks_exact(width * samples) {
            sums.add(row, colour);
        }
    } else {
        while let Some(row) = reader.next_row().map_err(damaged)? {
            sums.add(row.data(), colour);
        }
    }
    Ok(sums.plane())
}

fn refuse_large(path: &Path, (width, height): (u32, u32), interlaced: bool) -> Result<()> {
    let most = if interlaced { MOST_INTERLACED } else { MOST };
    if u64::from(width) * u64::from(height) <= most {
        return Ok(());
    }
    let (shown, kind) = (path.display(), if interlaced { "interlaced " } else { "" });
    Err(Error::Data(format!(
        "{shown} has {width} x {height} pixels, and {kind}PNG files of up to {} million are read: crop it \
         to the digit, or scale it down, as with `magick {shown} -resize 2000x2000 SMALL.png`",
        most / 1_000_000
    )))
}

/// Sums over squares of pixels.
struct Sums {
    width: usize,
    height: usize,
    /// Pixels on a side of a square.
    step: usize,
    /// Rows that were added.
    rows: usize,
    /// Light, weighted by opacity: [squares].
    light: Vec<f64>,
    /// Opacity, from 0 to 255 for each pixel: [squares].
    opacity: Vec<f64>,
}

impl Sums {
    fn new(width: usize, height: usize) -> Self {
        let step = width.max(height).div_ceil(SIDE).max(1);
        let squares = width.div_ceil(step) * height.div_ceil(step);
        Self {
            width,
            height,
            step,
            rows: 0,
            light: vec![0.0; squares],
            opacity: vec![0.0; squares],
        }
    }

    /// Adds a row of pixels of 8-bit samples.
    fn add(&mut self, row: &[u8], colour: ColorType) {
        let start = self.rows / self.step * self.width.div_ceil(self.step);
        self.rows += 1;
        for (x, pixel) in row.chunks_exact(colour.samples()).enumerate() {
            let (gray, opacity) = match *pixel {
                [gray] => (gray, 255),
                [gray, opacity] => (gray, opacity),
                [r, g, b] => (luma([r, g, b]), 255),
                [r, g, b, opacity] => (luma([r, g, b]), opacity),
                _ => continue,
            };
            let square = start + x / self.step;
            self.light[square] += f64::from(gray) * f64::from(opacity) / 255.0;
            self.opacity[square] += f64::from(opacity);
        }
    }

    /// The means, laid on a background where they are transparent.
    #[expect(clippy::cast_possible_truncation, reason = "from 0 to 255")]
    fn plane(&self) -> Plane {
        let background = self.background();
        let columns = self.width.div_ceil(self.step);
        let size = |at: usize, all: usize| (all - at * self.step).min(self.step) as f64;
        let mean = |i: usize| {
            let pixels = size(i % columns, self.width) * size(i / columns, self.height);
            let covered = self.opacity[i] / 255.0;
            ((self.light[i] + (pixels - covered) * background) / pixels) as f32
        };
        Plane::new(columns, (0..self.light.len()).map(mean).collect())
    }

    /// White below dark ink, and black below light ink. What is opaque is ink if it has one colour, else
    /// for the most part paper.
    fn background(&self) -> f64 {
        let squares = self.light.iter().zip(&self.opacity);
        let opaque = squares.filter(|(_, opacity)| **opacity > 0.0);
        let (mut all, mut sum, mut squared) = (0.0, 0.0, 0.0);
        for (light, opacity) in opaque {
            let gray = 255.0 * light / opacity;
            all += opacity;
            sum += opacity * gray;
            squared += opacity * gray * gray;
        }
        let mean = sum / f64::max(all, 1.0);
        let deviation = (squared / f64::max(all, 1.0) - mean * mean).max(0.0).sqrt();
        let is_dark = mean < 127.5;
        if is_dark == (deviation < ONE_COLOUR) {
            255.0
        } else {
            0.0
        }
    }
}

/// Of equal parts it is that part (ITU-R BT.601).
#[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
fn luma([r, g, b]: [u8; 3]) -> u8 {
    let [r, g, b] = [r, g, b].map(u32::from);
    ((299 * r + 587 * g + 114 * b + 500) / 1000) as u8
}
