//! A device that computes nothing: it writes a [`Script`] of everything that it is asked to do.
//!
//! What comes back from it is made up, so that whoever asks goes on. Weights come back as *tokens*,
//! numbers that stand for a word of a buffer at a point in time. Where tokens are uploaded again, as
//! weights are from phase to phase, the script copies what they stand for on the device. So the host's
//! logic needs no other form for a player that has no host.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::script::{Blobs, Op, Room, Script, Step, Words, encoded};
use super::{Buffer, Command, Device, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::kernels::{Kernel, Variant};
use crate::record::{DeviceKind, DeviceRecord};

/// Tokens are the bits of f32 numbers from about 9e9 up, which are finite, and larger than any weight.
const FIRST_TOKEN: u32 = 0x5000_0000;
const LAST_TOKEN: u32 = 0x7f00_0000;

/// What is in a buffer, by its label, as far as it matters here.
const WEIGHTS: &str = "parameters";
const CLOCKS: &str = "progress";
const COUNTS: &str = "counts";
/// The buffers whose contents may go back and forth: tokens are looked for in what is written to them.
const CARRIED: [&str; 3] = [WEIGHTS, CLOCKS, "numbers for an edit"];

/// What a player reads back and hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Counts of evaluations, and learners' clocks.
    Scores,
    /// Learners' clocks, and all weights.
    Weights,
    /// Nothing; but whatever the host asks for is there, as zeros.
    Nothing,
}

/// The device.
#[derive(Debug)]
pub(crate) struct Scribe<'b> {
    record: DeviceRecord,
    blobs: &'b Blobs,
    reads: Reads,
    written: RefCell<Written>,
}

#[derive(Debug, Default)]
struct Written {
    rooms: Vec<Room>,
    /// Whether a buffer is still there.
    alive: Vec<bool>,
    programs: Vec<Vec<Step>>,
    events: Vec<Event>,
    downloads: Vec<Download>,
    /// Tokens so far.
    tokens: u32,
    /// Events up to the last one that changed a buffer.
    changed: usize,
}

#[derive(Debug)]
enum Event {
    Done(Op),
    /// Of a program, by its number.
    Run(usize, u32),
    /// By its number.
    Download(usize),
    /// Words of a download, copied to a buffer.
    Carry {
        download: usize,
        from: usize,
        to: (usize, usize),
        words: usize,
    },
}

/// Words that went to the host as tokens.
#[derive(Debug)]
struct Download {
    buffer: usize,
    first: usize,
    words: usize,
    /// The first of its tokens, as a number from 0.
    token: u32,
    /// Events before it.
    at: usize,
}

impl<'b> Scribe<'b> {
    /// A device whose contents go to `blobs`.
    pub(crate) fn new(blobs: &'b Blobs, reads: Reads) -> Self {
        Self {
            record: DeviceRecord {
                name: "a script".to_owned(),
                backend: "WebGPU".to_owned(),
                kind: DeviceKind::OtherGpu,
                driver: String::new(),
                reason: String::new(),
            },
            blobs,
            reads,
            written: RefCell::default(),
        }
    }

    /// Writes a note.
    pub(crate) fn note(&self, note: Map<String, Value>) {
        let mut written = self.written.borrow_mut();
        written.events.push(Event::Done(Op::Note(note)));
    }

    /// The buffers with this label that are there now, in the order in which they were made, and the
    /// words of each.
    pub(crate) fn buffers(&self, label: &str) -> Vec<(usize, usize)> {
        let written = self.written.borrow();
        let rooms = written.rooms.iter().zip(&written.alive).enumerate();
        let own = rooms.filter(|(_, (room, alive))| **alive && room.label == label);
        own.map(|(number, (room, _))| (number, room.words))
            .collect()
    }

    /// The buffers that hold weights now, and the words of each.
    pub(crate) fn weights(&self) -> Vec<(usize, usize)> {
        self.buffers(WEIGHTS)
    }

    /// The script.
    pub(crate) fn finish(self) -> Script {
        self.written.into_inner().script(self.reads)
    }

    fn buffer(&self, words: usize, label: &str) -> Buffer {
        let mut written = self.written.borrow_mut();
        let id = written.room(words, label);
        written
            .events
            .push(Event::Done(Op::Allocate { buffer: id }));
        Buffer {
            id,
            first: 0,
            words,
        }
    }
}

impl Written {
    fn room(&mut self, words: usize, label: &str) -> usize {
        let label = label.to_owned();
        self.rooms.push(Room { words, label });
        self.alive.push(true);
        self.rooms.len() - 1
    }

    /// The download of a token, and the place of its word in it.
    fn origin(&self, token: u32) -> Option<(usize, usize)> {
        let number = token.checked_sub(FIRST_TOKEN)?;
        if number >= self.tokens {
            return None;
        }
        let after = self.downloads.partition_point(|d| d.token <= number);
        let download = after.checked_sub(1)?;
        Some((download, (number - self.downloads[download].token) as usize))
    }

    /// How many words from the first on are consecutive tokens of one download.
    fn run_of(&self, words: &[u32]) -> Option<(usize, usize, usize)> {
        let (download, from) = self.origin(*words.first()?)?;
        let left = self.downloads[download].words - from;
        let expected = words[0]..;
        let same = words.iter().zip(expected).take_while(|(a, b)| *a == b);
        Some((download, from, same.count().min(left)))
    }

    /// Writes words that may be tokens.
    fn carry(&mut self, buffer: Buffer, at: usize, words: &[u32], blobs: &Blobs) {
        let (mut done, mut plain) = (0, 0);
        while done <= words.len() {
            let carried = self.run_of(&words[done..]);
            if (carried.is_some() || done == words.len()) && plain < done {
                let at = buffer.first + at + plain;
                self.write(buffer.id, at, blobs.keep(&words[plain..done]));
            }
            let Some((download, from, count)) = carried else {
                done += 1;
                continue;
            };
            let to = (buffer.id, buffer.first + at + done);
            let source = &self.downloads[download];
            let there = source.at >= self.changed && (source.buffer, source.first + from) == to;
            if !there {
                self.events.push(Event::Carry {
                    download,
                    from,
                    to,
                    words: count,
                });
            }
            done += count;
            plain = done;
        }
    }

    fn write(&mut self, buffer: usize, at: usize, words: Words) {
        let write = Op::Write { buffer, at, words };
        self.events.push(Event::Done(write));
    }

    /// New tokens for the words of a buffer.
    fn tokens(&mut self, buffer: Buffer) -> Option<Vec<u32>> {
        let count = u32::try_from(buffer.words).ok()?;
        let token = self.tokens;
        self.tokens = token.checked_add(count)?;
        if self.tokens > LAST_TOKEN - FIRST_TOKEN {
            return None;
        }
        self.downloads.push(Download {
            buffer: buffer.id,
            first: buffer.first,
            words: buffer.words,
            token,
            at: self.events.len(),
        });
        self.events.push(Event::Download(self.downloads.len() - 1));
        Some((FIRST_TOKEN + token..).take(buffer.words).collect())
    }

    /// Everything as a player takes it. What is carried waits in buffers of its own, since its own may
    /// have changed or gone by then.
    fn script(mut self, reads: Reads) -> Script {
        let events = std::mem::take(&mut self.events);
        let mut last_use: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            if let Event::Carry { download, .. } = event {
                last_use.insert(*download, place);
            }
        }
        let mut waiting: HashMap<usize, usize> = HashMap::new();
        let mut recordings = Recordings::default();
        let mut ops = Vec::new();
        for (place, event) in events.into_iter().enumerate() {
            match event {
                Event::Done(op) => ops.push(op),
                Event::Run(program, times) => {
                    let recording = recordings.number(&self.programs[program]);
                    match ops.last_mut() {
                        Some(Op::Run {
                            recording: same,
                            times: before,
                        }) if *same == recording => *before += times,
                        _ => ops.push(Op::Run { recording, times }),
                    }
                }
                Event::Download(number) => {
                    let Download {
                        buffer,
                        first,
                        words,
                        ..
                    } = self.downloads[number];
                    if let Some(what) = reads.name(&self.rooms[buffer].label) {
                        ops.push(Op::Read { buffer, what });
                    }
                    if last_use.contains_key(&number) {
                        let room = self.room(words, "what is carried");
                        waiting.insert(number, room);
                        ops.push(Op::Allocate { buffer: room });
                        ops.push(recordings.copy([buffer, first, room, 0, words]));
                    }
                }
                Event::Carry {
                    download,
                    from,
                    to,
                    words,
                } => {
                    let Some(&room) = waiting.get(&download) else {
                        continue;
                    };
                    ops.push(recordings.copy([room, from, to.0, to.1, words]));
                    if last_use.get(&download) == Some(&place) {
                        ops.push(Op::Free {
                            buffers: vec![room],
                        });
                    }
                }
            }
        }
        Script {
            buffers: self.rooms,
            recordings: recordings.all,
            ops,
        }
    }
}

impl Reads {
    /// What a buffer with this label is read as.
    fn name(self, label: &str) -> Option<&'static str> {
        match (self, label) {
            (Self::Scores | Self::Weights, CLOCKS) => Some("clocks"),
            (Self::Scores, COUNTS) => Some("counts"),
            (Self::Weights, WEIGHTS) => Some("parameters"),
            _ => None,
        }
    }
}

/// Recordings, each once.
#[derive(Default)]
struct Recordings {
    all: Vec<Vec<Step>>,
    numbers: HashMap<String, usize>,
}

impl Recordings {
    fn number(&mut self, steps: &[Step]) -> usize {
        let all = &mut self.all;
        let new = || {
            all.push(steps.to_vec());
            all.len() - 1
        };
        *self.numbers.entry(format!("{steps:?}")).or_insert_with(new)
    }

    fn copy(&mut self, copy: [usize; 5]) -> Op {
        let recording = self.number(&[Step::Copy { copy }]);
        Op::Run {
            recording,
            times: 1,
        }
    }
}

/// A command as it stands in a script.
fn step(command: &Command) -> Step {
    match command {
        Command::Dispatch(dispatch) => Step::Dispatch {
            dispatch: dispatch.kernel.name,
            params: encoded(&dispatch.params),
            extent: dispatch.extent,
            buffers: dispatch.buffers.iter().map(|b| [b.id, b.first]).collect(),
        },
        Command::Clear(buffer) => Step::Clear {
            clear: [buffer.id, buffer.first, buffer.words],
        },
        Command::Copy { from, to, words } => Step::Copy {
            copy: [
                from.0.id,
                from.0.first + from.1,
                to.0.id,
                to.0.first + to.1,
                *words,
            ],
        },
    }
}

impl Device for Scribe<'_> {
    fn record(&self) -> &DeviceRecord {
        &self.record
    }

    /// What every WebGPU implementation has.
    fn limits(&self) -> Limits {
        let limits = wgpu::Limits::default();
        Limits {
            buffer_words: limits.max_storage_buffer_binding_size / 4,
            groups: limits.max_compute_workgroups_per_dimension,
            memory: u64::MAX,
            copies: 0,
        }
    }

    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        kernel.variants
    }

    /// The player chooses.
    fn choose(&self, _: &Kernel, _: Option<&'static Variant>) {}

    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        Ok(self.buffer(words, label))
    }

    fn free(&self, buffers: &[Buffer], _: &[&Program]) {
        let mut written = self.written.borrow_mut();
        let buffers: Vec<usize> = buffers.iter().map(|buffer| buffer.id).collect();
        buffers.iter().for_each(|&b| written.alive[b] = false);
        if !buffers.is_empty() {
            written.events.push(Event::Done(Op::Free { buffers }));
        }
    }

    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        let mut written = self.written.borrow_mut();
        let label = &written.rooms[buffer.id].label;
        if CARRIED.contains(&label.as_str()) {
            written.carry(buffer, at, words, self.blobs);
        } else {
            written.write(buffer.id, buffer.first + at, self.blobs.keep(words));
        }
        written.changed = written.events.len();
        Ok(())
    }

    fn compile(&self, recording: &Recording) -> Result<Program> {
        let mut written = self.written.borrow_mut();
        let steps = recording.commands.iter().map(step).collect();
        written.programs.push(steps);
        Ok(Program {
            id: written.programs.len() - 1,
        })
    }

    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        if times > 0 {
            let mut written = self.written.borrow_mut();
            written.events.push(Event::Run(program.id, times));
            written.changed = written.events.len();
        }
        done(times);
        Ok(())
    }

    /// Tokens for weights and clocks, zeros for what is only counted.
    ///
    /// # Errors
    /// `Usage` for anything else: the host would compute with what it has not got.
    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        let mut written = self.written.borrow_mut();
        let label = written.rooms[buffer.id].label.clone();
        if self.reads == Reads::Nothing {
            return Ok(vec![0; buffer.words]);
        }
        if ![WEIGHTS, CLOCKS, COUNTS].contains(&label.as_str()) {
            return Err(Error::Usage(format!(
                "the host computes with {label}, which only a device could tell"
            )));
        }
        let tokens = written.tokens(buffer);
        let mut words = tokens.ok_or_else(|| {
            Error::Usage("the networks are too large to write down what is done to them".to_owned())
        })?;
        if label == COUNTS {
            words.fill(0);
        }
        if label == CLOCKS {
            // As of learners of whom none has diverged, and which have no losses.
            let clocks = words.chunks_exact_mut(4);
            clocks.for_each(|clock| clock[1..].fill(0));
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests;
