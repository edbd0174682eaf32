//! What a device was asked to do, as plain data, for players in other languages. `docs/page.md` has the
//! format as a table.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::files::hex;

/// Words that a script holds itself; longer contents are blobs.
const INLINE: usize = 64;

/// Everything a device did, in order.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Script {
    /// Buffers by number.
    pub(crate) buffers: Vec<Room>,
    /// Recordings by number.
    pub(crate) recordings: Vec<Vec<Step>>,
    /// What is done, in order.
    pub(crate) ops: Vec<Op>,
}

/// A buffer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Room {
    /// Its size.
    pub(crate) words: usize,
    /// What it is for.
    pub(crate) label: String,
}

/// A command of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Step {
    /// A run of a kernel.
    Dispatch {
        /// The kernel's name.
        dispatch: &'static str,
        /// Its parameters, base64.
        params: String,
        /// Units of work in x, y and z.
        extent: [u32; 3],
        /// By binding: the buffer, and the word from which on it is bound.
        buffers: Vec<[usize; 2]>,
    },
    /// Zeros: buffer, first word, words.
    Clear {
        /// Where.
        clear: [usize; 3],
    },
    /// A copy: from buffer, word, to buffer, word, words.
    Copy {
        /// From where to where.
        copy: [usize; 5],
    },
}

/// A thing to do.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Op {
    /// Makes a buffer of zeros.
    Allocate {
        /// Its number.
        buffer: usize,
    },
    /// Gives buffers back.
    Free {
        /// Their numbers.
        buffers: Vec<usize>,
    },
    /// Writes words into a buffer.
    Write {
        /// Its number.
        buffer: usize,
        /// The first word.
        at: usize,
        /// The words.
        #[serde(flatten)]
        words: Words,
    },
    /// Runs a recording so many times.
    Run {
        /// Its number.
        recording: usize,
        /// How often.
        times: u32,
    },
    /// Reads a buffer back.
    Read {
        /// Its number.
        buffer: usize,
        /// What it holds.
        #[serde(rename = "as")]
        what: &'static str,
    },
    /// Something to tell the one who watches.
    Note(Map<String, Value>),
}

/// Words that are written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Words {
    /// Little-endian, base64.
    Data(String),
    /// In a blob of this name.
    Blob(String),
}

/// Contents of buffers, each kept once and named by its hash. Shared by the threads that write scripts.
#[derive(Debug, Default)]
pub(crate) struct Blobs(Mutex<BTreeMap<String, Vec<u8>>>);

impl Blobs {
    /// Keeps words, if they are too long to stand in the script.
    pub(super) fn keep(&self, words: &[u32]) -> Words {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        if words.len() <= INLINE {
            return Words::Data(STANDARD.encode(bytes));
        }
        let name = hex(&Sha256::digest(bytes)[..8]);
        let known = self.lock().contains_key(&name);
        if !known {
            let packed = gzip(bytes);
            self.lock().insert(name.clone(), packed);
        }
        Words::Blob(name)
    }

    /// The gzipped bytes of each blob, by name.
    pub(crate) fn packed(self) -> BTreeMap<String, Vec<u8>> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gzipped bytes of the blobs that a script writes.
    pub(crate) fn size_of(&self, script: &Script) -> usize {
        let names = script.ops.iter().filter_map(|op| match op {
            Op::Write {
                words: Words::Blob(name),
                ..
            } => Some(name),
            _ => None,
        });
        let names: std::collections::BTreeSet<_> = names.collect();
        let blobs = self.lock();
        names
            .into_iter()
            .filter_map(|name| blobs.get(name))
            .map(Vec::len)
            .sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gzipped bytes. The same every time: the header has no date.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail.
    let _ = packer.write_all(bytes);
    packer.finish().unwrap_or_default()
}

/// Parameters as they stand in a script.
pub(super) fn encoded(params: &[u8]) -> String {
    STANDARD.encode(params)
}
