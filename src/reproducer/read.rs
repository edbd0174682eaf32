//! A folder, read and verified: no damage of it does more harm than an error that says what is wrong.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::description::FORMAT;
use super::write::digest;
use super::{Buffer, Description, File};
use crate::error::{Error, Result};
use crate::kernels::Expected;

/// The name of the description.
pub(super) const DESCRIPTION: &str = "case.json";

/// What a folder holds.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The description.
    pub description: Description,
    /// Whether `shader.wgsl` is not the one that failed.
    pub edited: bool,
    /// The shader.
    pub(crate) shader: String,
    /// The same with buffers in place of textures.
    pub(crate) with_buffers: Option<String>,
    /// By buffer: the words before the run.
    pub(crate) inputs: Vec<Vec<u32>>,
    /// By buffer: what the words after it must be; none where nothing may change.
    pub(crate) expected: Vec<Option<Vec<Expected>>>,
}

impl Recorded {
    /// Reads a folder, and verifies every file of it that a replay needs.
    ///
    /// # Errors
    /// `Data` where something is missing or damaged; `File` where it cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let folder = Folder(folder.to_owned());
        let description = folder.description()?;
        let Description { shader, .. } = &description;
        let text = folder.text(&shader.as_compiled)?;
        let with_buffers = shader.with_buffers.as_ref();
        let with_buffers = with_buffers.map(|file| folder.text(file)).transpose()?;
        let edited = |file: &File, text: &String| digest(text.as_bytes()) != file.sha256;
        let mut recorded = Self {
            edited: edited(&shader.as_compiled, &text),
            shader: text,
            with_buffers,
            inputs: Vec::new(),
            expected: Vec::new(),
            description: description.clone(),
        };
        for buffer in &description.bindings {
            recorded
                .inputs
                .push(folder.words(&buffer.input, buffer.words)?);
            recorded.expected.push(folder.expected(buffer)?);
            if let Some(got) = &buffer.got {
                folder.words(got, buffer.words)?;
            }
            if let (Some(zones), Some(guard)) = (&buffer.guards, buffer.guard) {
                folder.words(zones, guard.words.saturating_mul(2))?;
            }
        }
        Ok(recorded)
    }
}

struct Folder(PathBuf);

impl Folder {
    fn description(&self) -> Result<Description> {
        if !self.0.is_dir() {
            return Err(Error::Usage(format!(
                "there is no folder {}: --replay takes one that a failed check has written",
                self.0.display()
            )));
        }
        let bytes = self.bytes(DESCRIPTION)?;
        let damaged = |e: serde_json::Error| self.damaged(DESCRIPTION, &e.to_string());
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(damaged)?;
        match value["format"].as_u64() {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => {
                let why = format!(
                    "it has format {format}, and this version reads format {FORMAT}: take the version \
                     that wrote it"
                );
                return Err(self.damaged(DESCRIPTION, &why));
            }
            None => return Err(self.damaged(DESCRIPTION, "it has no format")),
        }
        // Not from the value, which knows no lines.
        serde_json::from_slice(&bytes).map_err(damaged)
    }

    /// The content of a file.
    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.starts_with('.') || !name.chars().all(plain) {
            let why = format!("it names the file {name:?}, which is not one of this folder");
            return Err(self.damaged(DESCRIPTION, &why));
        }
        let path = self.0.join(name);
        let known = fs::symlink_metadata(&path);
        if known.is_ok_and(|about| !about.is_file() || about.len() > super::LARGEST as u64) {
            return Err(self.damaged(name, "it is not a plain file of 256 MB at most"));
        }
        fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => self.damaged(name, "it is missing"),
            _ => Error::file("read", &path)(e),
        })
    }

    fn text(&self, file: &File) -> Result<String> {
        let bytes = self.bytes(&file.file)?;
        String::from_utf8(bytes).map_err(|_| self.damaged(&file.file, "it is not UTF-8"))
    }

    /// So many words of a file, which must be the ones that were written.
    fn words(&self, file: &File, words: usize) -> Result<Vec<u32>> {
        let bytes = self.bytes(&file.file)?;
        let size = (words as u64).saturating_mul(4);
        if bytes.len() as u64 != size {
            let why = format!("it has {} bytes in place of {size}", bytes.len());
            return Err(self.damaged(&file.file, &why));
        }
        if digest(&bytes) != file.sha256 {
            let why = "its content is not what was written (another SHA-256)";
            return Err(self.damaged(&file.file, why));
        }
        let words = bytes.chunks_exact(4);
        Ok(words
            .map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]))
            .collect())
    }

    fn expected(&self, buffer: &Buffer) -> Result<Option<Vec<Expected>>> {
        let Some(file) = &buffer.expected else {
            return Ok(None);
        };
        let words = self.words(file, buffer.words.saturating_mul(4))?;
        let each = words.chunks_exact(4).enumerate();
        let decoded = each.map(|(at, w)| {
            Expected::decoded([w[0], w[1], w[2], w[3]]).ok_or_else(|| {
                let why = format!(
                    "what it expects of word {at} is of an unknown kind, {}",
                    w[0]
                );
                self.damaged(&file.file, &why)
            })
        });
        decoded.collect::<Result<Vec<_>>>().map(Some)
    }

    fn damaged(&self, file: &str, why: &str) -> Error {
        Error::Data(format!(
            "{} cannot be replayed: {why}. Repeat the check that wrote the folder, or take an intact copy",
            self.0.join(file).display()
        ))
    }
}
