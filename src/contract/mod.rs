//! Contracts: what a compute shader of a user's promises, as TOML. They say which buffers it has, which
//! sizes it takes, what the buffers start with, and which reference says what must come out.
//! docs/check.md describes the format, which `schema` defines.
//!
//! The way through: [`Contract`] is the text, read; [`Promise`] a contract that fits a shader, each
//! of its buffers with its layout (`layout`), its contents (`values`) and its sizes (`sizes`);
//! `reference` says what must come out; together they build cases for devices.

mod bind;
mod buffer;
mod command;
mod dispatch;
mod init;
mod layout;
mod names;
mod promise;
mod reference;
mod schema;
mod shader;
mod sizes;
mod tolerance;
mod values;

use std::ops::Range;
use std::path::{Path, PathBuf};

pub use init::init;
pub use promise::Promise;
pub use sizes::Sizes;

use crate::error::{Error, Result};
use schema::{Fault, Schema};

/// A contract, as it stands in its file.
#[derive(Clone, Debug)]
pub struct Contract {
    /// What messages call it.
    name: String,
    /// Where its reference is.
    folder: PathBuf,
    text: String,
    schema: Schema,
    /// The reference shader, in place of its file.
    reference: Option<String>,
}

impl Contract {
    /// Reads a file.
    ///
    /// # Errors
    /// `File` if it cannot be read; `Usage` if it is no contract.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::file("read", path))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, &path.display().to_string(), &folder)
    }

    /// Reads a text; `name` is what messages call it, and `folder` where its reference is.
    ///
    /// # Errors
    /// `Usage` if it is no contract.
    pub fn parse(text: &str, name: &str, folder: &Path) -> Result<Self> {
        let schema = toml::from_str(text).map_err(|e| {
            let span = e.span().unwrap_or(0..0);
            Error::Usage(place(name, text, span, e.message()))
        })?;
        Ok(Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            text: text.to_owned(),
            schema,
            reference: None,
        })
    }

    /// The same with this reference shader, in place of the file that it names.
    pub fn with_reference(self, wgsl: &str) -> Self {
        Self {
            reference: Some(wgsl.to_owned()),
            ..self
        }
    }

    /// What is wrong with it, and where.
    fn fault(&self, fault: &Fault) -> Error {
        let Fault { span, text } = fault;
        Error::Usage(place(&self.name, &self.text, span.clone(), text))
    }
}

/// A fault with its file and line.
fn place(name: &str, text: &str, span: Range<usize>, fault: &str) -> String {
    let start = span.start.min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let number = 1 + before.matches('\n').count();
    let line = text.lines().nth(number - 1).unwrap_or_default().trim();
    format!("{name}, line {number} ({line}): {}", fault.trim_end())
}

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;
