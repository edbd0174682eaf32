//! Reads idx files, the format that MNIST comes in, and trusts nothing that they say.
//!
//! An idx file is a magic number, one size per dimension (all of them big-endian u32), and the
//! bytes. The header is checked against the length of the file before memory is set aside for
//! what it promises, so a damaged header costs an error message and not 3 terabytes.

use super::{Images, PIXELS, SIDE};
use crate::error::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What every message about a file ends with.
const REMEDY: &str = "Get the file again, or use --data auto to have MNIST downloaded";
/// A deflate stream unpacks to this many times its length at most.
const DEFLATE_LIMIT: u64 = 1032;

/// What an idx file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Images,
    Labels,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }

    /// The third byte says "unsigned bytes", the fourth is the number of dimensions.
    fn magic(self) -> [u8; 4] {
        match self {
            Self::Images => [0, 0, 8, 3],
            Self::Labels => [0, 0, 8, 1],
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Images => Self::Labels,
            Self::Labels => Self::Images,
        }
    }

    /// Bytes before the data: the magic number and the sizes.
    fn header(self) -> usize {
        4 + 4 * usize::from(self.magic()[3])
    }

    /// Bytes of one image or label.
    fn item(self) -> usize {
        match self {
            Self::Images => PIXELS,
            Self::Labels => 1,
        }
    }
}

/// The four files: train images, train labels, test images, test labels.
const STEMS: [(&str, &str); 4] = [
    ("train-images", "idx3-ubyte"),
    ("train-labels", "idx1-ubyte"),
    ("t10k-images", "idx3-ubyte"),
    ("t10k-labels", "idx1-ubyte"),
];

/// One of the two sets, with the SHA-256 (in hex) of its unpacked images and labels files.
pub(super) struct Set {
    pub(super) images: Images,
    pub(super) digests: [String; 2],
}

/// Finds the four files in `folder`: train images, train labels, test images, test labels.
pub(super) fn locate(folder: &Path) -> Result<[PathBuf; 4]> {
    let about = |what: &str| {
        Error::Data(format!(
            "{} {what}. Name a folder that holds the four idx files, or use --data auto (MNIST) \
             or --data builtin (digits made by this program)",
            folder.display()
        ))
    };
    match folder.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(about("does not exist"));
        }
        Err(error) => return Err(Error::file("read", folder)(error)),
        Ok(data) if !data.is_dir() => return Err(about("is not a folder")),
        Ok(_) => {}
    }
    match STEMS.map(|(stem, suffix)| find(folder, stem, suffix)) {
        [Some(a), Some(b), Some(c), Some(d)] => Ok([a, b, c, d]),
        gaps => Err(about(&missing(folder, &gaps)?)),
    }
}

/// The file under any of its usual names. Folders are passed over, since one archive in use has
/// a folder of the very name around each file.
fn find(folder: &Path, stem: &str, suffix: &str) -> Option<PathBuf> {
    ["", ".gz"]
        .into_iter()
        .flat_map(|end| ["-", "."].map(|dash| folder.join(format!("{stem}{dash}{suffix}{end}"))))
        .find(|path| path.is_file())
}

/// Says which files are not there, and what is there instead.
fn missing(folder: &Path, gaps: &[Option<PathBuf>; 4]) -> Result<String> {
    const SHOWN: usize = 8;
    let lacking: Vec<_> = STEMS
        .iter()
        .zip(gaps)
        .filter(|(_, file)| file.is_none())
        .map(|((stem, suffix), _)| format!("{stem}-{suffix}"))
        .collect();
    let entries = folder.read_dir().map_err(Error::file("read", folder))?;
    let mut held: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    held.sort();
    let more = held.len().saturating_sub(SHOWN);
    held.truncate(SHOWN);
    let mut held = if held.is_empty() {
        "nothing".to_owned()
    } else {
        held.join(", ")
    };
    if more > 0 {
        held += &format!(" and {more} more");
    }
    let lacking = lacking.join(", ");
    Ok(format!("lacks {lacking} (plain or .gz); it holds {held}"))
}

/// Reads the four files that [`locate`] finds, all at once: the train set and the test set.
pub(super) fn read(files: &[PathBuf; 4]) -> Result<(Set, Set)> {
    let [train_images, train_labels, test_images, test_labels] = files;
    let (train, test) = rayon::join(
        || read_set(train_images, train_labels),
        || read_set(test_images, test_labels),
    );
    Ok((train?, test?))
}

fn read_set(images: &Path, labels: &Path) -> Result<Set> {
    let (pixels, digits) = rayon::join(
        || read_file(images, Kind::Images),
        || read_file(labels, Kind::Labels),
    );
    let ((pixels, pixels_digest), (digits, labels_digest)) = (pixels?, digits?);
    let count = pixels.len() / PIXELS;
    if count != digits.len() {
        return Err(Error::Data(format!(
            "{} holds {count} images, but {} holds {} labels: the two do not belong together. \
             {REMEDY}",
            images.display(),
            labels.display(),
            digits.len()
        )));
    }
    check_labels(labels, &digits)?;
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
    Err(Error::Data(format!(
        "{}: label {index} (counted from 0) is {}, where only 0 to 9 can stand. {REMEDY}",
        path.display(),
        labels[index]
    )))
}

/// The bytes after the header, and the SHA-256 of the whole file unpacked.
fn read_file(path: &Path, kind: Kind) -> Result<(Vec<u8>, String)> {
    let file = File::open(path).map_err(Error::file("read", path))?;
    let length = file.metadata().map_err(Error::file("read", path))?.len();
    let mut input = BufReader::with_capacity(1 << 16, file);
    // The name does not tell: browsers unpack a download and leave its name as it was.
    let start = input.fill_buf().map_err(Error::file("read", path))?;
    let gzipped = start.starts_with(&[0x1f, 0x8b]);
    let input: Box<dyn Read> = if gzipped {
        Box::new(MultiGzDecoder::new(input))
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

/// One file on its way in.
struct Reader<'a> {
    path: &'a Path,
    kind: Kind,
    /// Bytes on disk.
    length: u64,
    gzipped: bool,
    /// The unpacked bytes.
    input: Box<dyn Read>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<(Vec<u8>, String)> {
        let header = self.header()?;
        let expected = self.expected(&header)?;
        let body = self.body(expected, header.len())?;
        let digest = Sha256::new().chain_update(&header).chain_update(&body);
        Ok((body, hex(&digest.finalize())))
    }

    fn header(&mut self) -> Result<Vec<u8>> {
        let mut header = Vec::new();
        self.append(self.kind.header(), &mut header, 0)?;
        if header.is_empty() {
            return Err(self.bad("is empty"));
        }
        if header.len() < 4 || header[..4] != self.kind.magic() {
            return Err(self.bad(&self.wrong_magic(&header)));
        }
        if header.len() < self.kind.header() {
            let (found, whole) = (header.len(), self.kind.header());
            return Err(self.bad(&format!("is cut off: {found} of its {whole} header bytes")));
        }
        Ok(header)
    }

    fn wrong_magic(&self, header: &[u8]) -> String {
        let noun = self.kind.noun();
        let other = self.kind.other();
        if header.starts_with(&other.magic()) {
            let kept = other.noun();
            return format!("holds {kept}, not {noun}, by its magic number: are two files swapped");
        }
        let start: Vec<_> = header.iter().take(4).map(|b| format!("{b:02x}")).collect();
        let guess = match header {
            [0x1f, 0x8b, ..] => ": it was gzipped twice",
            [b'<', ..] => ": it looks like a web page",
            [0, 0, 8..=14, _, ..] => ": it is an idx file of another type or shape",
            _ => "",
        };
        let wanted = self.kind.magic().map(|b| format!("{b:02x}")).join(" ");
        format!(
            "is not an idx file of {noun}: it starts with {}, not {wanted}{guess}",
            start.join(" ")
        )
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
            return Err(self.bad(&format!(
                "has images of {rows} x {columns} pixels, where {SIDE} x {SIDE} are needed"
            )));
        }
        let noun = self.kind.noun();
        let count = u64::from(sizes[0]);
        if count == 0 {
            return Err(self.bad(&format!("holds no {noun}")));
        }
        let body = count * self.kind.item() as u64;
        let whole = body + header.len() as u64;
        if self.gzipped && whole > self.length.saturating_mul(DEFLATE_LIMIT) {
            return Err(self.bad(&format!(
                "claims {count} {noun}, or {whole} bytes unpacked, more than its {} bytes of gzip \
                 can hold",
                self.length
            )));
        }
        if !self.gzipped && whole != self.length {
            return Err(self.wrong_length(count, whole, self.length));
        }
        usize::try_from(body)
            .map_err(|_| self.bad(&format!("has too many {noun} for this machine")))
    }

    fn body(&mut self, expected: usize, header: usize) -> Result<Vec<u8>> {
        // MNIST's images pack to a fifth. A header that promises more than eight times the file
        // must prove it before it gets the memory.
        let likely = self.length.saturating_mul(8);
        let likely = usize::try_from(likely).unwrap_or(usize::MAX);
        let mut body = Vec::with_capacity(expected.min(likely) + 1);
        // One byte more shows whether there is any; and only at its end does gzip check its sum.
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

    /// Reads up to `count` bytes into `to`; `before` are the unpacked bytes that came before.
    fn append(&mut self, count: usize, to: &mut Vec<u8>, before: usize) -> Result<()> {
        let got = self.input.by_ref().take(count as u64).read_to_end(to);
        got.map_err(|error| self.broken(error, before + to.len()))?;
        Ok(())
    }

    fn wrong_length(&self, count: u64, expected: u64, found: u64) -> Error {
        let noun = self.kind.noun();
        let unpacked = if self.gzipped { " unpacked" } else { "" };
        let verdict = if found < expected {
            "is cut off"
        } else {
            "goes on after its end"
        };
        self.bad(&format!(
            "{verdict}: its header says {count} {noun}, which makes {expected} bytes{unpacked}, \
             but there are {found}"
        ))
    }

    /// The error for a read that failed after `found` unpacked bytes.
    fn broken(&self, error: io::Error, found: usize) -> Error {
        let gzip_says = matches!(
            error.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData
        );
        if !self.gzipped || !gzip_says {
            return Error::file("read", self.path)(error);
        }
        self.bad(&if error.kind() == ErrorKind::UnexpectedEof {
            format!("is cut off: the gzip data stops short after {found} bytes unpacked")
        } else {
            format!("is damaged: the gzip data is wrong after {found} bytes unpacked ({error})")
        })
    }

    fn bad(&self, what: &str) -> Error {
        Error::Data(format!("{} {what}. {REMEDY}", self.path.display()))
    }
}

/// The bytes in lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
