//! What is downloaded, and how long to wait for it.

use super::gzip::Gunzip;
use sha2::{Digest, Sha256};
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

/// No file of the set unpacks to more bytes than this: the train images, at 47 million, are the
/// largest. Larger files are not unpacked further.
const LARGEST: u64 = 64 << 20;

/// The SHA-256 that verifies a gzipped file, in lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sha256Of {
    /// Of what it unpacks to: the same for every packing of the content.
    Content(&'static str),
    /// Of the gzipped file, where that of its content is not published.
    File(&'static str),
}

impl Sha256Of {
    /// That of the content, where it is known.
    pub(super) fn content(self) -> Option<&'static str> {
        match self {
            Self::Content(digest) => Some(digest),
            Self::File(_) => None,
        }
    }
}

/// A gzipped file to download, and how to verify it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The file's name, on the mirrors and in the cache.
    pub name: &'static str,
    /// Its usual length in bytes; more than twice as many are refused.
    pub size: u64,
    /// What verifies it.
    pub sha256: Sha256Of,
}

impl Archive {
    /// Why these bytes are not this file, if they are not; worded to follow the file's name.
    pub(super) fn fault(&self, bytes: &[u8]) -> Option<String> {
        let (wanted, found) = match self.sha256 {
            Sha256Of::Content(digest) => (digest, unpacked_digest(bytes)),
            // A file that is cut off should be called that.
            Sha256Of::File(digest) => {
                let found = crate::files::hex(&Sha256::digest(bytes));
                (digest, unpacked_digest(bytes).map(|_| found))
            }
        };
        match found {
            Ok(digest) if digest == wanted => None,
            Ok(_) => Some("has another content than it should (by its SHA-256)".to_owned()),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Some("is cut off (its gzip data stops short)".to_owned())
            }
            Err(error) => Some(format!("is not sound gzip data ({error})")),
        }
    }
}

fn unpacked_digest(gzipped: &[u8]) -> io::Result<String> {
    let mut unpacked = Gunzip::new(gzipped).take(LARGEST);
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match unpacked.read(&mut piece)? {
            0 => return Ok(crate::files::hex(&digest.finalize())),
            count => digest.update(&piece[..count]),
        }
    }
}

/// Timeouts per mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until connected, including DNS and TLS.
    pub connect: Duration,
    /// Until the response starts, and between chunks.
    pub stall: Duration,
    /// For a whole file.
    pub whole: Duration,
}

impl Default for Patience {
    /// 5 seconds, 10 seconds, and 15 minutes, enough for the largest file at 32 KiB a second.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(10),
            whole: Duration::from_secs(900),
        }
    }
}
