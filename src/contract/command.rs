//! A reference that is a program: it finds the inputs in files, and leaves the outputs in files.

use std::path::Path;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use super::buffer::Buffer;
use super::layout::{Leaf, Scalar};
use super::schema::Tolerance;
use super::sizes::Sizes;
use super::tolerance::within;
use crate::error::{Error, Result};
use crate::kernels::Expected;

/// How long it may take for a case.
const LIMIT: Duration = Duration::from_secs(60);
/// How often it is asked whether it is done.
const POLL: Duration = Duration::from_millis(2);
/// What it may say of a failure.
const SAID: usize = 1000;

/// A program with its arguments.
#[derive(Debug)]
pub(super) struct Command {
    arguments: Vec<String>,
}

impl Command {
    /// Arguments that name files in the contract's folder become absolute: the program runs in
    /// another folder.
    pub(super) fn new(arguments: &[String], folder: &Path) -> std::result::Result<Self, String> {
        if arguments.is_empty() {
            return Err(
                "command: name a program, such as [\"python3\", \"reference.py\"]".to_owned(),
            );
        }
        let found = |argument: &String| {
            let path = folder.join(argument);
            let absolute = std::path::absolute(&path).ok().filter(|_| path.is_file());
            absolute.map_or_else(|| argument.clone(), |path| path.display().to_string())
        };
        Ok(Self {
            arguments: arguments.iter().map(found).collect(),
        })
    }

    /// What the buffers of a case must hold after it.
    pub(super) fn expected(
        &self,
        buffers: &[Buffer],
        sizes: &Sizes,
        inputs: &[Vec<u32>],
        tolerance: Tolerance,
    ) -> Result<Vec<Option<Vec<Expected>>>> {
        let folder = tempfile::tempdir().map_err(Error::file("create", &std::env::temp_dir()))?;
        let folder = folder.path();
        for (buffer, words) in buffers.iter().zip(inputs) {
            if buffer.is_initialised() {
                // An output's own file must be new: else a program that writes nothing would pass.
                let kind = if buffer.output { "in.bin" } else { "bin" };
                let path = folder.join(format!("{}.{kind}", buffer.name));
                let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                std::fs::write(&path, bytes).map_err(Error::file("write", &path))?;
            }
        }
        let path = folder.join("sizes.json");
        let text = serde_json::to_string(sizes).map_err(|e| Error::Data(e.to_string()))?;
        std::fs::write(&path, text).map_err(Error::file("write", &path))?;
        self.run(folder, sizes)?;
        let results = buffers.iter().zip(inputs).map(|(buffer, words)| {
            match buffer.output && !buffer.ignored {
                true => self
                    .output(buffer, words, (folder, sizes), tolerance)
                    .map(Some),
                false => Ok(None),
            }
        });
        results.collect()
    }

    fn fault(&self, sizes: &Sizes, why: &str) -> Error {
        let command = self.arguments.join(" ");
        Error::Data(format!("the reference `{command}` at {sizes}: {why}"))
    }

    fn run(&self, folder: &Path, sizes: &Sizes) -> Result<()> {
        let path = folder.join("said");
        let said = std::fs::File::create(&path).map_err(Error::file("create", &path))?;
        let again = said.try_clone().map_err(Error::file("create", &path))?;
        let mut child = process::Command::new(&self.arguments[0])
            .args(&self.arguments[1..])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(again)
            .stderr(said)
            .spawn()
            .map_err(|e| {
                let name = &self.arguments[0];
                let why = format!("cannot start {name}: {e}. Is it installed, and in the PATH?");
                self.fault(sizes, &why)
            })?;
        let start = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < LIMIT => std::thread::sleep(POLL),
                waited => {
                    let _ = child.kill();
                    let _ = child.wait();
                    let why = match waited {
                        Err(e) => e.to_string(),
                        Ok(_) => format!("it took more than {} s", LIMIT.as_secs()),
                    };
                    return Err(self.fault(sizes, &why));
                }
            }
        };
        match status.success() {
            true => Ok(()),
            false => {
                let text = std::fs::read(&path).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let skipped = text.chars().count().saturating_sub(SAID);
                let last: String = text.trim_end().chars().skip(skipped).collect();
                Err(self.fault(sizes, &format!("it failed ({status}), and said:\n{last}")))
            }
        }
    }

    /// The bytes of a file that it has left.
    fn read(
        &self,
        name: &str,
        kind: &str,
        length: usize,
        (folder, sizes): (&Path, &Sizes),
    ) -> Result<Vec<u8>> {
        let bytes = std::fs::read(folder.join(format!("{name}.{kind}")))
            .map_err(|e| self.fault(sizes, &format!("it has left no {name}.{kind}: {e}")))?;
        match bytes.len() {
            is if is == length => Ok(bytes),
            is => {
                let why = format!("{name}.{kind} has {is} bytes, not {length}");
                Err(self.fault(sizes, &why))
            }
        }
    }

    /// An output that it has left: NAME.bin with the buffer's words, or NAME.f64.bin with its
    /// numbers in f64.
    fn output(
        &self,
        buffer: &Buffer,
        words: &[u32],
        (folder, sizes): (&Path, &Sizes),
        tolerance: Tolerance,
    ) -> Result<Vec<Expected>> {
        let name = &buffer.name;
        let count = buffer.count(sizes).map_err(Error::Usage)?;
        let read = |kind: &str, length: usize| self.read(name, kind, length, (folder, sizes));
        let mut expected = vec![Expected::Any; words.len()];
        let wrong = |file: &str, index: u32, value: f64, leaf: &Leaf| {
            let of = match leaf.scalar {
                Scalar::Float => "finite f32",
                of => of.name(),
            };
            let why = format!("{name}.{file}: number {index} is {value}, which is no {of}");
            self.fault(sizes, &why)
        };
        if folder.join(format!("{name}.f64.bin")).is_file() {
            let bytes = read("f64.bin", 8 * buffer.numbers(count).count())?;
            let (numbers, _) = bytes.as_chunks::<8>();
            for (((at, leaf), bytes), index) in buffer.numbers(count).zip(numbers).zip(0..) {
                let value = f64::from_le_bytes(*bytes);
                let must = match leaf.scalar {
                    Scalar::Float => within(value, tolerance),
                    of => of.word(value).map(Expected::Word),
                };
                let wrong = || wrong("f64.bin", index, value, leaf);
                expected[at as usize] = must.ok_or_else(wrong)?;
            }
            return Ok(expected);
        }
        let bytes = read("bin", 4 * words.len())?;
        let (words, _) = bytes.as_chunks::<4>();
        for (at, leaf) in buffer.numbers(count) {
            let word = u32::from_le_bytes(words[at as usize]);
            let value = f32::from_bits(word).into();
            let must = match leaf.scalar {
                Scalar::Float => within(value, tolerance),
                Scalar::Signed | Scalar::Unsigned => Some(Expected::Word(word)),
            };
            expected[at as usize] = must.ok_or_else(|| wrong("bin", at, value, leaf))?;
        }
        Ok(expected)
    }
}
