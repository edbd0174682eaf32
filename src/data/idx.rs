//! Reads idx files, the format of MNIST, without trusting them.
//!
//! An idx file is a magic number, one size per dimension (all of them big-endian u32), and the
//! bytes. The header is checked against the file's length before allocating memory for it, so a
//! damaged header costs an error message and not 3 terabytes.

use super::foreign::{self, AGAIN, BIG_ENDIAN};
use super::gzip::{Garbage, Gunzip};
use super::kind::Kind;
use super::{Images, PIXELS, SIDE};
use crate::error::{Error, Result};
use crate::memory;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Number of bytes sufficient to recognise a file format.
const START: usize = 512;
/// Maximum compression ratio of deflate.
const DEFLATE_LIMIT: u64 = 1032;

/// One of the two sets, with the SHA-256 (in hex) of its unpacked images and labels files.
pub(super) struct Set {
    pub(super) images: Images,
    pub(super) digests: [String; 2],
}

/// An idx file: on disk, or downloaded but not saved.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) bytes: Option<Vec<u8>>,
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self { path, bytes: None }
    }
}

impl Source {
    /// The content, and its size on disk.
    fn open(&self) -> io::Result<(Box<dyn BufRead + '_>, u64)> {
        if let Some(bytes) = &self.bytes {
            return Ok((Box::new(&bytes[..]), bytes.len() as u64));
        }
        let file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        Ok((Box::new(BufReader::with_capacity(1 << 16, file)), length))
    }
}

/// Reads all four files concurrently: the train set and the test set.
pub(super) fn read(files: &[Source; 4]) -> Result<(Set, Set)> {
    let [train_images, train_labels, test_images, test_labels] = files;
    let (train, test) = rayon::join(
        || read_set(train_images, train_labels),
        || read_set(test_images, test_labels),
    );
    Ok((train?, test?))
}

fn read_set(images: &Source, labels: &Source) -> Result<Set> {
    let (pixels, digits) = rayon::join(
        || read_file(images, Kind::Images),
        || read_file(labels, Kind::Labels),
    );
    let ((pixels, pixels_digest), (digits, labels_digest)) = (pixels?, digits?);
    let count = pixels.len() / PIXELS;
    if count != digits.len() {
        let what = format!(
            "holds {count} images, but {} holds {} labels: the two do not belong together",
            labels.path.display(),
            digits.len()
        );
        return Err(bad(&images.path, &what, "Take both from the same set"));
    }
    check_labels(&labels.path, &digits)?;
    Ok(Set {
        images: Images {
            pixels,
            labels: digits,
        },
        digests: [pixels_digest, labels_digest],
    })
}

fn check_labels(path: &Path, labels: &[u8]) -> Result<()> {
    let Some(index) = labels.iter().position(|&label| label > 9) else {
        return Ok(());
    };
    let (least, most) = labels
        .iter()
        .fold((u8::MAX, 0), |(a, b), &l| (a.min(l), b.max(l)));
    let (guess, remedy) = match (least, most) {
        (1, 26) => (
            "; 1 to 26 stand for letters, as in EMNIST's letters",
            "Take images of digits: of EMNIST, its splits digits and mnist",
        ),
        (0, 46 | 61) => (
            "; EMNIST's splits with digits and letters have that many",
            "Take images of digits: of EMNIST, its splits digits and mnist",
        ),
        (48.., ..=57) => (
            "; 48 to 57 are the digits as characters",
            "Subtract 48 from every label",
        ),
        (1, 10) => (
            "; some sets write 10 for the digit 0",
            "Write 0 for every 10",
        ),
        _ => (
            "",
            "If the set has more than the ten digits, take one of digits; otherwise get the file again",
        ),
    };
    let what = format!(
        "has labels from {least} to {most}, but only 0 to 9 are valid: label {index} (counted \
         from 0) is {}{guess}",
        labels[index]
    );
    Err(bad(path, &what, remedy))
}

/// An error about a file, with a remedy that has no full stop yet.
fn bad(path: &Path, what: &str, remedy: &str) -> Error {
    Error::Data(format!(
        "{} {what}. {remedy}, or use --data auto to have MNIST downloaded",
        path.display()
    ))
}

/// The error for a file that cannot be opened.
fn refused(path: &Path, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        ErrorKind::PermissionDenied => "Make it readable (chmod u+r)",
        _ => AGAIN,
    };
    bad(path, &format!("cannot be read: {error}"), remedy)
}

/// The bytes after the header, and the SHA-256 of the whole file unpacked.
fn read_file(source: &Source, kind: Kind) -> Result<(Vec<u8>, String)> {
    let path = source.path.as_path();
    let (mut input, length) = source.open().map_err(|e| refused(path, &e))?;
    // The name is no guide: browsers unpack a download and keep its name.
    let start = input.fill_buf().map_err(|e| refused(path, &e))?;
    let gzipped = start.starts_with(&[0x1f, 0x8b]);
    let input: Box<dyn Read + '_> = if gzipped {
        Box::new(Gunzip::new(input))
    } else {
        Box::new(input)
    };
    Reader {
        path,
        kind,
        length,
        gzipped,
        input,
    }
    .read()
}

/// A file being read.
struct Reader<'a> {
    path: &'a Path,
    kind: Kind,
    /// Bytes on disk.
    length: u64,
    gzipped: bool,
    /// The unpacked bytes.
    input: Box<dyn Read + 'a>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<(Vec<u8>, String)> {
        let header = self.header()?;
        let expected = self.expected(&header)?;
        let body = self.body(expected, header.len())?;
        let digest = Sha256::new().chain_update(&header).chain_update(&body);
        Ok((body, crate::files::hex(&digest.finalize())))
    }

    fn header(&mut self) -> Result<Vec<u8>> {
        let mut header = Vec::new();
        self.append(self.kind.header(), &mut header, 0)?;
        if header.is_empty() {
            return Err(self.bad("is empty", AGAIN));
        }
        if header.len() < 4 || header[..4] != self.kind.magic() {
            return Err(self.wrong_magic(header));
        }
        if header.len() < self.kind.header() {
            let (found, whole) = (header.len(), self.kind.header());
            let what = format!("is cut off: {found} of its {whole} header bytes");
            return Err(self.bad(&what, AGAIN));
        }
        Ok(header)
    }

    fn wrong_magic(&mut self, mut start: Vec<u8>) -> Error {
        let noun = self.kind.noun();
        let other = self.kind.other();
        if start.starts_with(&other.magic()) {
            let kept = other.noun();
            let what = format!("holds {kept}, not {noun}, by its magic number");
            let remedy = "If it was swapped with another of the four files, swap their names";
            return self.bad(&what, remedy);
        }
        // Use what is there.
        let missing = START.saturating_sub(start.len()) as u64;
        let _ = self.input.by_ref().take(missing).read_to_end(&mut start);
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>();
        let found = hex(&start[..start.len().min(4)]).join(" ");
        let wanted = hex(&self.kind.magic()).join(" ");
        let form = foreign::recognise(&start, self.kind.magic()[3]);
        let (guess, remedy) = match form {
            Some(form) => (format!(": it {}", form.what), form.remedy),
            None => (String::new(), AGAIN),
        };
        let what =
            format!("is not an idx file of {noun}: it starts with {found}, not {wanted}{guess}");
        self.bad(&what, remedy)
    }

    /// Bytes that must follow the header, which has been read in full.
    fn expected(&self, header: &[u8]) -> Result<usize> {
        let sizes: Vec<u32> = header[4..]
            .chunks_exact(4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if let [_, rows, columns] = sizes[..]
            && [rows, columns].map(u64::from) != [SIDE as u64; 2]
        {
            return Err(self.wrong_size(rows, columns));
        }
        let noun = self.kind.noun();
        let count = u64::from(sizes[0]);
        if count == 0 {
            return Err(self.bad(&format!("holds no {noun}"), AGAIN));
        }
        let body = count * self.kind.item() as u64;
        let whole = body + header.len() as u64;
        if self.gzipped && whole > self.length.saturating_mul(DEFLATE_LIMIT) {
            let what = format!(
                "claims {count} {noun}, or {whole} bytes unpacked, more than its {} bytes of gzip \
                 can hold",
                self.length
            );
            // A number below 65,536 in little-endian order looks like this.
            let turned = sizes[0].trailing_zeros() >= 16;
            return Err(self.bad(&what, if turned { BIG_ENDIAN } else { AGAIN }));
        }
        if !self.gzipped && whole != self.length {
            return Err(self.wrong_length(count, whole, self.length));
        }
        // The images, a copy for the device, and one in transit.
        memory::left(3 * body).map_err(|why| {
            Error::Data(format!(
                "{} says that it holds {count} {noun}, which need {why}. Use fewer, or a machine with \
                 more memory",
                self.path.display()
            ))
        })?;
        usize::try_from(body).map_err(|_| {
            let what = format!("has too many {noun} for this machine");
            self.bad(&what, "Take fewer of them")
        })
    }

    fn wrong_size(&self, rows: u32, columns: u32) -> Error {
        let what =
            format!("has images of {rows} x {columns} pixels, where {SIDE} x {SIDE} are needed");
        let swapped = [rows, columns].map(|size| u64::from(size.swap_bytes()));
        let remedy = match (rows, columns) {
            _ if swapped == [SIDE as u64; 2] => BIG_ENDIAN,
            (32, 32) => "Cut two pixels off each side, which is what MNIST at 32 x 32 has added",
            _ => "Scale or crop the images to that size",
        };
        self.bad(&what, remedy)
    }

    fn body(&mut self, expected: usize, header: usize) -> Result<Vec<u8>> {
        // MNIST's images compress to a fifth. A header that promises more than eight times the file
        // size must prove it before it gets the memory.
        let likely = self.length.saturating_mul(8);
        let likely = usize::try_from(likely).unwrap_or(usize::MAX);
        let mut body = Vec::with_capacity(expected.min(likely) + 1);
        // Reading one byte more detects excess data; and gzip verifies its checksum only at the
        // end.
        self.append(expected + 1, &mut body, header)?;
        if body.len() == expected {
            return Ok(body);
        }
        let count = expected / self.kind.item();
        let rest = io::copy(&mut self.input, &mut io::sink());
        let rest = rest.map_err(|error| self.broken(error, header + body.len()))?;
        let found = (header + body.len()) as u64 + rest;
        Err(self.wrong_length(count as u64, (header + expected) as u64, found))
    }

    /// Reads up to `count` bytes into `to`, after `before` unpacked bytes.
    fn append(&mut self, count: usize, to: &mut Vec<u8>, before: usize) -> Result<()> {
        let got = self.input.by_ref().take(count as u64).read_to_end(to);
        got.map_err(|error| self.broken(error, before + to.len()))?;
        Ok(())
    }

    fn wrong_length(&self, count: u64, expected: u64, found: u64) -> Error {
        let noun = self.kind.noun();
        let unpacked = if self.gzipped { " unpacked" } else { "" };
        let turned = u32::try_from(count).map_or(0, |count| u64::from(count.swap_bytes()));
        let header = self.kind.header() as u64;
        let (verdict, remedy) = if turned * self.kind.item() as u64 + header == found {
            ("disagrees with its header", BIG_ENDIAN.to_owned())
        } else if found < expected {
            ("is cut off", AGAIN.to_owned())
        } else {
            // Zeros too: they may be pixels or labels, and the header's count may be wrong.
            let more = found - expected;
            let file = if self.gzipped { " on it unpacked" } else { "" };
            let cut = format!("cut them off (truncate -s {expected}{file})");
            let remedy = format!("If the {more} bytes behind it are padding or garbage, {cut}");
            ("goes on after its end", remedy)
        };
        self.bad(
            &format!(
                "{verdict}: its header says {count} {noun}, which makes {expected} bytes{unpacked}, \
                 but there are {found}"
            ),
            &remedy,
        )
    }

    /// The error for a read that failed after `found` unpacked bytes.
    fn broken(&self, error: io::Error, found: usize) -> Error {
        let gzip_says = matches!(
            error.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData
        );
        if !self.gzipped || !gzip_says {
            return refused(self.path, &error);
        }
        if error.get_ref().is_some_and(|inner| inner.is::<Garbage>()) {
            let remedy = "Unpack it with gzip -d, which leaves them out";
            return self.bad(&format!("has {error}"), remedy);
        }
        let what = if error.kind() == ErrorKind::UnexpectedEof {
            format!("is cut off: the gzip data stops short after {found} bytes unpacked")
        } else {
            format!("is damaged: the gzip data is wrong after {found} bytes unpacked ({error})")
        };
        self.bad(&what, AGAIN)
    }

    fn bad(&self, what: &str, remedy: &str) -> Error {
        bad(self.path, what, remedy)
    }
}
