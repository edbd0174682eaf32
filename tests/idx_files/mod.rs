//! Small sets of idx files for the tests to write, spoil and load.

use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;
use unlearn::data::builtin::{self, Digits};

/// The files' names, in the order that every `[_; 4]` here is in.
pub(crate) const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// An idx file of images: the header with these sizes, and then `pixels`, however many.
pub(crate) fn images(count: u32, rows: u32, columns: u32, pixels: &[u8]) -> Vec<u8> {
    let sizes = [count, rows, columns].map(u32::to_be_bytes);
    [&[0, 0, 8, 3], sizes.as_flattened(), pixels].concat()
}

/// An idx file of labels.
pub(crate) fn labels(count: u32, labels: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 1], &count.to_be_bytes()[..], labels].concat()
}

/// The four files for these digits.
pub(crate) fn files(train: &Digits, test: &Digits) -> [Vec<u8>; 4] {
    let pair = |set: &Digits| {
        let count = u32::try_from(set.labels.len()).unwrap();
        [
            images(count, 28, 28, &set.images),
            labels(count, &set.labels),
        ]
    };
    let ([a, b], [c, d]) = (pair(train), pair(test));
    [a, b, c, d]
}

#[allow(dead_code, reason = "not every test crate needs it")]
/// The four files of a set of 5 and 3 images.
pub(crate) fn small() -> [Vec<u8>; 4] {
    files(&builtin::train(5), &builtin::test(3))
}

/// Writes four files, each name followed by `end`.
#[allow(dead_code, reason = "not every test crate needs it")]
pub(crate) fn write(folder: &Path, files: &[Vec<u8>; 4], end: &str) {
    for (name, bytes) in NAMES.iter().zip(files) {
        std::fs::write(folder.join(format!("{name}{end}")), bytes).unwrap();
    }
}

/// The bytes gzipped.
#[allow(dead_code, reason = "not every test crate needs it")]
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The SHA-256 in hex.
#[allow(dead_code, reason = "not every test crate needs it")]
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fails unless `text` holds every one of `parts`.
#[track_caller]
pub(crate) fn mentions(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}
