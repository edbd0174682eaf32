//! Recognises other file formats in place of an idx file, and suggests a remedy.

/// A file format, worded to follow "it" in a message, and what to do about it.
pub(super) struct Form {
    pub(super) what: String,
    pub(super) remedy: &'static str,
}

/// The remedy for a file worth downloading again.
pub(super) const AGAIN: &str = "Get the file again";
/// The remedy for data in another format.
pub(super) const CONVERT: &str = "Write the data as idx files (docs/data.md shows how)";

const UNPACK: &str = "Unpack it, and put the idx file that it holds in its place";

/// Magic bytes, formats, and remedies.
const FORMS: [(&[u8], &str, &str); 15] = [
    (
        b"version https://git-lfs",
        "is a Git LFS pointer, not the file that it stands for",
        "Run git lfs pull in its checkout (git-lfs must be installed)",
    ),
    (
        b"/annex/objects/",
        "is a git-annex pointer, not the file that it stands for",
        "Run git annex get on it in its checkout",
    ),
    (
        b"\x1f\x8b",
        "was gzipped twice",
        "Unpack it once (gzip -dc FILE > NEW), and put the result in its place",
    ),
    (b"PK\x03\x04", "is a zip archive", UNPACK),
    (b"BZh", "was packed with bzip2", UNPACK),
    (b"\xfd7zXZ", "was packed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "was packed with zstd", UNPACK),
    (b"\x1f\x9d", "was packed with compress", UNPACK),
    (b"7z\xbc\xaf", "is a 7z archive", UNPACK),
    (b"Rar!", "is a rar archive", UNPACK),
    (b"\x93NUMPY", "is a NumPy array", CONVERT),
    (b"PAR1", "is a parquet file", CONVERT),
    (b"\x89HDF", "is an HDF5 file", CONVERT),
    (b"\x89PNG", "is a PNG picture", CONVERT),
    (b"\xff\xd8\xff", "is a JPEG picture", CONVERT),
];

/// The types of idx files, by the third byte.
const TYPES: [(u8, &str); 5] = [
    (0x09, "signed bytes"),
    (0x0b, "16-bit integers"),
    (0x0c, "32-bit integers"),
    (0x0d, "32-bit floats"),
    (0x0e, "64-bit floats"),
];

/// The format of a file that starts with these bytes, unless they begin an idx file of `dimensions`
/// dimensions.
pub(super) fn recognise(start: &[u8], dimensions: u8) -> Option<Form> {
    let form = |what: String, remedy| Some(Form { what, remedy });
    if let Some((_, what, remedy)) = FORMS.iter().find(|form| start.starts_with(form.0)) {
        return form((*what).to_owned(), remedy);
    }
    if start.get(257..262) == Some(b"ustar") {
        return form("is a tar archive".to_owned(), UNPACK);
    }
    match *start {
        [0, 0, 8, found, ..] => form(
            format!(
                "is an idx file of another shape: {found} dimensions, where {dimensions} are needed"
            ),
            CONVERT,
        ),
        [0, 0, number, _, ..] => {
            let (_, kind) = TYPES.iter().find(|(known, _)| *known == number)?;
            form(
                format!("is an idx file of another type: {kind}, where unsigned bytes are needed"),
                CONVERT,
            )
        }
        [1..=4, 8..=14, 0, 0, ..] => form(
            "is an idx file whose header is little-endian".to_owned(),
            BIG_ENDIAN,
        ),
        _ => text(start),
    }
}

/// What to do about a header in the wrong byte order.
pub(super) const BIG_ENDIAN: &str =
    "Write the header's numbers with the highest byte first (big-endian), as idx files have them";

/// Text files: the leftovers of failed downloads.
fn text(start: &[u8]) -> Option<Form> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let text = start.trim_ascii();
    if text.first() == Some(&b'<') {
        return Some(Form {
            what: "looks like a web page, such as a log-in or an error".to_owned(),
            remedy: "Open the address that it came from in a browser, and download the file itself",
        });
    }
    let plain = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if text.len() < 8 || !text.iter().all(plain) {
        return None;
    }
    let line = text.split(|byte| b"\r\n".contains(byte)).next()?;
    let line = String::from_utf8_lossy(&line[..line.len().min(60)]);
    Some(Form {
        what: format!("is a text: \"{line}\""),
        remedy: AGAIN,
    })
}
