//! Drawings, scans and photos of a known digit.

use std::io::BufWriter;

use png::{BitDepth, ColorType, Encoder};
use tempfile::TempDir;

use super::*;
use crate::data::builtin;
use crate::random::threefry2x32;

type Point = (f32, f32);

/// A 5 of two strokes that do not meet, in a box of height 1 from the origin.
const FIVE: [&[Point]; 2] = [
    &[(0.16, 0.0), (0.62, 0.02)],
    &[
        (0.1, 0.08),
        (0.06, 0.42),
        (0.36, 0.38),
        (0.6, 0.55),
        (0.56, 0.85),
        (0.3, 1.0),
        (0.0, 0.9),
    ],
];

/// How far a point is from a line.
fn distance((x, y): Point, (x0, y0): Point, (x1, y1): Point) -> f32 {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy);
    let along = along.clamp(0.0, 1.0);
    (x - x0 - along * dx).hypot(y - y0 - along * dy)
}

/// The ink of the 5, 0 to 1, with its box's corner there, this high and with a pen this wide.
fn five((width, height): (usize, usize), corner: Point, size: f32, pen: f32) -> Plane {
    let place = |&(x, y): &Point| (corner.0 + size * x, corner.1 + size * y);
    let ink = |i: usize| {
        let point = ((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
        let lines = FIVE.iter().flat_map(|stroke| stroke.windows(2));
        let near = lines.map(|line| distance(point, place(&line[0]), place(&line[1])));
        let near = near.fold(f32::INFINITY, f32::min);
        (pen / 2.0 - near + 0.5).clamp(0.0, 1.0)
    };
    Plane::new(width, (0..width * height).map(ink).collect())
}

/// Black on white.
fn drawn(ink: &Plane) -> Plane {
    ink.map(|ink| (255.0 * (1.0 - ink)).round())
}

/// On paper in light that falls off in this direction, with noise and specks of dust.
fn photo(ink: &Plane, (right, down): Point, noise: f32) -> Plane {
    let (columns, width, height) = (ink.width, ink.width as f32, ink.height as f32);
    let light = |(i, &ink): (usize, &f32)| {
        let (x, y) = ((i % columns) as f32, (i / columns) as f32);
        let light = 170.0 + 60.0 * (right * (x / width - 0.5) + down * (y / height - 0.5));
        let number = threefry2x32([7, 7], [u32::try_from(i).unwrap(), 0]);
        let share = |word: u32| (word >> 8) as f32 / 8_388_608.0 - 1.0;
        let dust = number[1].is_multiple_of(9000);
        let paper = light * (1.0 - 0.7 * if dust { 1.0 } else { ink });
        (paper + noise * share(number[0])).round().clamp(0.0, 255.0)
    };
    let values = ink.values.iter().enumerate().map(light);
    Plane::new(ink.width, values.collect())
}

/// A drawing in the middle, and what is to be seen of it.
fn standard() -> Vec<u8> {
    let ink = five((400, 400), (130.0, 80.0), 240.0, 30.0);
    see(&drawn(&ink)).unwrap().pixels
}

/// The mean difference of two images, as a fraction of the ink of the second, where the first is moved
/// by up to a pixel: halves are rounded either way.
fn difference(some: &[u8], others: &[u8]) -> f64 {
    let moved = |shift: usize| {
        let pairs = some[shift..].iter().zip(&others[SIDE + 1..]);
        let off: f64 = pairs.map(|(&a, &b)| f64::from(a.abs_diff(b))).sum();
        off / others.iter().map(|&v| f64::from(v)).sum::<f64>()
    };
    let shifts = (0..3).flat_map(|y| (0..3).map(move |x| y * SIDE + x));
    shifts.map(moved).fold(f64::INFINITY, f64::min)
}

/// The box of the ink and its centre of mass are those of MNIST's images.
#[track_caller]
fn is_fitted(pixels: &[u8]) {
    let inked = |across: fn(usize) -> usize| {
        let on = (0..PIXELS).filter(|&i| pixels[i] > 25).map(across);
        on.clone().max().unwrap() + 1 - on.min().unwrap()
    };
    let longer = inked(|i| i % SIDE).max(inked(|i| i / SIDE));
    assert!((19..=20).contains(&longer), "{longer}");
    let mass: f64 = pixels.iter().map(|&v| f64::from(v)).sum();
    for across in [|i: usize| i % SIDE, |i: usize| i / SIDE] {
        let moment = |(i, &v): (usize, &u8)| across(i) as f64 * f64::from(v);
        let centre = pixels.iter().enumerate().map(moment).sum::<f64>() / mass;
        assert!((centre - 14.0).abs() <= 0.55, "{centre}");
    }
}

#[test]
fn drawings_anywhere_and_of_any_size_look_alike() {
    let standard = standard();
    is_fitted(&standard);
    for (size, corner, height) in [
        ((400, 400), (10.0, 10.0), 90.0),
        ((300, 900), (60.0, 500.0), 300.0),
        ((1700, 1100), (1200.0, 100.0), 800.0),
        ((64, 48), (9.0, 5.0), 40.0),
    ] {
        let ink = five(size, corner, height, height / 8.0);
        let seen = see(&drawn(&ink)).unwrap();
        is_fitted(&seen.pixels);
        let off = difference(&seen.pixels, &standard);
        assert!(off < 0.3, "{size:?} {corner:?} {height}: {off}");
        assert_eq!(seen.notes, [INVERTED]);
        // Chalk on a blackboard.
        let chalk = see(&ink.map(|ink| 30.0 + 200.0 * ink)).unwrap();
        assert!(difference(&chalk.pixels, &seen.pixels) < 0.03);
        assert_eq!(chalk.notes, [""; 0]);
    }
}

#[test]
fn cropped_drawings_lose_nothing() {
    let ink = five((179, 270), (15.0, 15.0), 240.0, 30.0);
    let seen = see(&drawn(&ink)).unwrap();
    let off = difference(&seen.pixels, &standard());
    assert!(off < 0.1, "{off}");
}

#[test]
fn light_noise_and_dust_are_removed() {
    let standard = standard();
    let ink = five((600, 800), (180.0, 230.0), 320.0, 40.0);
    for light in [(1.0, 0.0), (0.0, -1.0), (-1.5, 1.5), (0.9, 1.2)] {
        let taken = photo(&ink, light, 12.0);
        for (taken, inverted) in [(taken.clone(), true), (taken.map(|v| 255.0 - v), false)] {
            let seen = see(&taken).unwrap();
            is_fitted(&seen.pixels);
            let off = difference(&seen.pixels, &standard);
            assert!(off < 0.25, "{light:?} {inverted}: {off}");
            assert_eq!(seen.notes.contains(&INVERTED), inverted);
            assert!(seen.notes.contains(&"uneven light evened out"));
            assert!(seen.notes.contains(&"specks left out"));
        }
    }
}

#[test]
fn a_hard_shadow_and_the_edge_of_the_paper_are_no_ink() {
    let standard = standard();
    let ink = five((600, 800), (180.0, 230.0), 320.0, 40.0);
    let taken = photo(&ink, (0.5, 0.5), 6.0);
    let mut shadowed = taken.clone();
    let mut edged = taken;
    for i in 0..600 * 800 {
        let (x, y) = (i % 600, i / 600);
        if x + y > 800 {
            shadowed.values[i] *= 0.6;
        }
        if x < 60 || y > 700 {
            edged.values[i] = 45.0 + (i % 7) as f32;
        }
    }
    for (what, taken) in [("shadow", shadowed), ("edge", edged)] {
        let seen = see(&taken).unwrap();
        is_fitted(&seen.pixels);
        let off = difference(&seen.pixels, &standard);
        assert!(off < 0.55, "{what}: {off}");
    }
}

#[test]
fn thin_strokes_are_thickened() {
    let ink = five((400, 400), (130.0, 80.0), 240.0, 3.0);
    let seen = see(&drawn(&ink)).unwrap();
    assert!(seen.notes.contains(&"thin strokes thickened"));
    is_fitted(&seen.pixels);
    let dark = seen.pixels.iter().filter(|&&v| v > 200).count();
    assert!(dark > 40, "{dark}");
}

#[test]
fn images_of_a_data_set_stay_as_they_are() {
    let digits = builtin::test(100).images;
    for own in digits.chunks_exact(PIXELS) {
        let gray = Plane::new(SIDE, own.iter().map(|&v| f32::from(v)).collect());
        let seen = see(&gray).unwrap();
        assert_eq!((&seen.pixels[..], &seen.notes[..]), (own, &[][..]));
        let seen = see(&gray.map(|v| 255.0 - v)).unwrap();
        assert_eq!((&seen.pixels[..], &seen.notes[..]), (own, &[INVERTED][..]));
    }
    // Ink in a corner is not in its place.
    let ink = five((SIDE, SIDE), (2.0, 2.0), 10.0, 2.0);
    let seen = see(&ink.map(|ink| 255.0 * ink)).unwrap();
    is_fitted(&seen.pixels);
}

#[test]
fn no_ink_is_no_digit() {
    let blank = five((300, 300), (900.0, 900.0), 10.0, 1.0);
    for nothing in [
        drawn(&blank),
        blank.clone(),
        photo(&blank, (1.0, 0.5), 12.0),
        Plane::new(1, vec![77.0]),
        Plane::new(SIDE, vec![0.0; PIXELS]),
    ] {
        assert_eq!(see(&nothing), None);
    }
}

/// A file of one colour type.
fn encoded(
    folder: &TempDir,
    (width, height): (usize, usize),
    (colour, depth): (ColorType, BitDepth),
    data: &[u8],
) -> std::path::PathBuf {
    let path = folder.path().join(format!("{colour:?}-{depth:?}.png"));
    let file = BufWriter::new(std::fs::File::create(&path).unwrap());
    let size = [width, height].map(|n| u32::try_from(n).unwrap());
    let mut encoder = Encoder::new(file, size[0], size[1]);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette(&[255, 255, 255, 10, 20, 30][..]);
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    path
}

/// A gray file whose pixels come in seven passes.
fn interlaced((width, height): (usize, usize), gray: &[u8]) -> Vec<u8> {
    use std::io::Write;
    // Where each pass begins, and its steps, in columns and rows.
    const PASSES: [[usize; 4]; 7] = [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
    ];
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for [x, y, right, down] in PASSES {
        for y in (y..height).step_by(down) {
            let row = (x..width).step_by(right).map(|x| gray[y * width + x]);
            let line: Vec<u8> = std::iter::once(0).chain(row).collect();
            packed.write_all(&line).unwrap();
        }
    }
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        let body = [kind, data].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(body);
        bytes.extend(crc.sum().to_be_bytes());
    };
    let size = [width, height].map(|n| u32::try_from(n).unwrap().to_be_bytes());
    chunk(b"IHDR", &[size.as_flattened(), &[8, 0, 0, 0, 1]].concat());
    chunk(b"IDAT", &packed.finish().unwrap());
    chunk(b"IEND", b"");
    bytes
}

#[test]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "gray values"
)]
fn every_kind_of_png_is_read() {
    let folder = TempDir::new().unwrap();
    let size = (200, 240);
    let ink = five(size, (40.0, 20.0), 180.0, 22.0);
    let gray: Vec<u8> = drawn(&ink).values.iter().map(|&v| v as u8).collect();
    let plain = see(&drawn(&ink)).unwrap();
    let bits = |of: &dyn Fn(u8) -> bool| -> Vec<u8> {
        let byte = |eight: &[u8]| eight.iter().fold(0, |byte, &v| byte << 1 | u8::from(of(v)));
        gray.chunks_exact(8).map(byte).collect()
    };
    let each = |of: &dyn Fn(u8) -> Vec<u8>| gray.iter().flat_map(|&v| of(v)).collect();
    let files: [(ColorType, BitDepth, Vec<u8>); 8] = [
        (ColorType::Grayscale, BitDepth::Eight, gray.clone()),
        (ColorType::Grayscale, BitDepth::One, bits(&|v| v > 127)),
        (
            ColorType::Grayscale,
            BitDepth::Sixteen,
            each(&|v| vec![v; 2]),
        ),
        (ColorType::Indexed, BitDepth::One, bits(&|v| v <= 127)),
        (ColorType::Rgb, BitDepth::Eight, each(&|v| vec![v; 3])),
        (ColorType::Rgb, BitDepth::Sixteen, each(&|v| vec![v; 6])),
        // Black ink on nothing.
        (
            ColorType::Rgba,
            BitDepth::Eight,
            each(&|v| vec![0, 0, 0, 255 - v]),
        ),
        // White ink on nothing.
        (
            ColorType::GrayscaleAlpha,
            BitDepth::Eight,
            each(&|v| vec![255, 255 - v]),
        ),
    ];
    for (colour, depth, data) in files {
        let seen = read(&encoded(&folder, size, (colour, depth), &data)).unwrap();
        let off = difference(&seen.pixels, &plain.pixels);
        let least = if depth == BitDepth::One { 0.08 } else { 0.01 };
        assert!(off < least, "{colour:?} {depth:?}: {off}");
        let white = colour == ColorType::GrayscaleAlpha;
        assert_eq!(seen.notes.contains(&INVERTED), !white, "{colour:?}");
    }
    let path = folder.path().join("interlaced.png");
    std::fs::write(&path, interlaced(size, &gray)).unwrap();
    assert_eq!(read(&path).unwrap(), plain);
    // A page with transparent corners.
    let corner = |i: usize| i % 200 < 20 && i / 200 < 20;
    let page = (0..gray.len()).flat_map(|i| [gray[i], if corner(i) { 0 } else { 255 }]);
    let page: Vec<u8> = page.collect();
    let kind = (ColorType::GrayscaleAlpha, BitDepth::Eight);
    let seen = read(&encoded(&folder, size, kind, &page)).unwrap();
    assert_eq!(seen, plain);
}

#[test]
fn large_files_are_averaged_down() {
    let folder = TempDir::new().unwrap();
    let size = (3000, 2000);
    let kind = (ColorType::Grayscale, BitDepth::Eight);
    let mut data = vec![255; size.0 * size.1];
    let small = five((300, 200), (100.0, 20.0), 160.0, 20.0);
    for (i, value) in data.iter_mut().enumerate() {
        let ink = small.values[i / 3000 / 10 * 300 + i % 3000 / 10];
        *value = if ink > 0.5 { 0 } else { 255 };
    }
    let seen = read(&encoded(&folder, size, kind, &data)).unwrap();
    is_fitted(&seen.pixels);
    let off = difference(&seen.pixels, &standard());
    assert!(off < 0.15, "{off}");
}

#[test]
fn what_is_no_picture_is_refused_with_a_remedy() {
    let folder = TempDir::new().unwrap();
    let refused = |name: &str, bytes: &[u8], parts: &[&str]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let said = read(&path).unwrap_err().to_string();
        for part in parts.iter().chain(&[name]) {
            assert!(said.contains(part), "no {part:?} in: {said}");
        }
    };
    let convert = ["only PNG", "magick", "a.png"];
    refused(
        "a.jpg",
        b"\xff\xd8\xff\xe0....",
        &[&["JPEG"][..], &convert].concat(),
    );
    refused(
        "a.heic",
        b"\0\0\0\x18ftypheic",
        &[&["HEIC"][..], &convert].concat(),
    );
    refused("b.png", b"\xff\xd8\xff\xe0....", &["JPEG", "OTHER.png"]);
    refused("a.txt", b"5", &["no PNG"]);
    refused("empty.png", b"", &["is empty"]);
    let gray = (ColorType::Grayscale, BitDepth::Eight);
    let whole = std::fs::read(encoded(&folder, (40, 40), gray, &[255; 1600])).unwrap();
    refused("half.png", &whole[..whole.len() / 2], &["damaged PNG"]);
    refused("blank.png", &whole, &["no ink"]);
    // A header that promises 40,000 x 40,000 pixels, with its checksum.
    let mut huge = whole[..33].to_vec();
    huge[16..24].copy_from_slice(&[0, 0, 0x9c, 0x40, 0, 0, 0x9c, 0x40]);
    let mut crc = flate2::Crc::new();
    crc.update(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    huge.extend(&whole[33..]);
    refused("huge.png", &huge, &["40000 x 40000", "scale it down"]);
    let nowhere = read(&folder.path().join("nowhere.png")).unwrap_err();
    assert!(nowhere.to_string().contains("cannot read"), "{nowhere}");
}
