//! A device, at the level of dispatches: it can allocate, upload, run a recorded list of
//! dispatches, and read back. The trainer is written once against this trait; the GPU runs the
//! shaders, the CPU its own form of each.

pub mod cpu;
pub mod gpu;
pub mod interpreter;
pub mod probes;
#[cfg(test)]
pub(crate) mod replay;
pub(crate) mod scribe;
pub(crate) mod script;
mod select;
pub(crate) mod timing;
pub(crate) mod trial;

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Instant;

use crate::error::Result;
use crate::interpret::Finding;
use crate::kernels::{Kernel, Params, Variant};
use crate::record::DeviceRecord;

pub use select::{Choice, INTERPRETER, Opened, list, open, open_all, open_lasting};

/// A buffer of 32-bit words on a device, or a window of one. Only a name: the device holds the
/// memory until `free`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Buffer {
    id: usize,
    first: usize,
    words: usize,
}

pub use crate::kernels::WINDOW;

impl Buffer {
    /// The `words` words from `first`, a multiple of `WINDOW`, on. What a kernel finds at index 0
    /// is the window's first word. On a GPU the binding runs on to the end of the buffer, so that
    /// a write past the window's end is done, and can be seen.
    pub(crate) fn window(self, first: usize, words: usize) -> Self {
        debug_assert!(first.is_multiple_of(WINDOW) && first + words <= self.words);
        Self {
            id: self.id,
            first: self.first + first,
            words,
        }
    }
}

/// One entry of a recording.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Run a kernel.
    Dispatch(Dispatch),
    /// Fill a buffer with zeros.
    Clear(Buffer),
    /// Copy words from one buffer to another.
    Copy {
        from: (Buffer, usize),
        to: (Buffer, usize),
        words: usize,
    },
}

/// One run of a kernel.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) kernel: &'static Kernel,
    pub(crate) params: Vec<u8>,
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) extent: [u32; 3],
}

/// A list of commands, in order; nothing runs until a device compiles and runs it.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub(crate) commands: Vec<Command>,
}

impl Recording {
    /// Appends a kernel's run over `depth` learners (or other units of the extent's z).
    pub(crate) fn dispatch<P: Params>(
        &mut self,
        params: P,
        depth: u32,
        buffers: &[Buffer],
    ) -> &mut Self {
        let [x, y] = params.extent();
        let params = bytemuck::bytes_of(&params);
        self.dispatch_bytes(P::kernel(), params, [x, y, depth], buffers)
    }

    /// The same for parameters whose type is not known here.
    pub(crate) fn dispatch_bytes(
        &mut self,
        kernel: &'static Kernel,
        params: &[u8],
        extent: [u32; 3],
        buffers: &[Buffer],
    ) -> &mut Self {
        debug_assert_eq!(buffers.len(), kernel.bindings().len());
        self.commands.push(Command::Dispatch(Dispatch {
            kernel,
            params: params.to_vec(),
            buffers: buffers.to_vec(),
            extent,
        }));
        self
    }

    /// Appends the filling of a buffer with zeros.
    pub(crate) fn clear(&mut self, buffer: Buffer) -> &mut Self {
        self.commands.push(Command::Clear(buffer));
        self
    }

    /// Appends a copy of `words` words; offsets in words.
    pub(crate) fn copy(
        &mut self,
        from: (Buffer, usize),
        to: (Buffer, usize),
        words: usize,
    ) -> &mut Self {
        self.commands.push(Command::Copy { from, to, words });
        self
    }
}

/// A compiled recording; a name, like `Buffer`.
#[derive(Debug)]
pub struct Program {
    id: usize,
}

/// The variants that were chosen for kernels, by the kernels' names.
#[derive(Debug, Default)]
struct ChosenVariants(RefCell<HashMap<&'static str, &'static Variant>>);

impl ChosenVariants {
    fn set(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        let mut chosen = self.0.borrow_mut();
        match variant {
            Some(variant) => chosen.insert(kernel.name, variant),
            None => chosen.remove(kernel.name),
        };
    }

    fn get(&self, kernel: &Kernel) -> Option<&'static Variant> {
        self.0.borrow().get(kernel.name).copied()
    }
}

/// What a device can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Words in a buffer that a kernel uses.
    pub buffer_words: u64,
    /// Workgroups along one axis of a dispatch.
    pub groups: u32,
    /// Bytes that are left of the machine's memory.
    pub memory: u64,
    /// How often the machine's memory holds what lies in a buffer: not at all where the device has
    /// memory of its own, of which drivers do not say how much.
    pub copies: u64,
}

impl Limits {
    /// Bytes of the machine's memory for so many words in buffers, beside `host` bytes.
    pub(crate) fn need(&self, words: u64, host: u64) -> u64 {
        (4 * self.copies).saturating_mul(words).saturating_add(host)
    }
}

/// The clock of devices that have none of their own.
const WALL_CLOCK: &str = "wall clock";

/// Whether work that was over after `wall` seconds can have taken `seconds`: more than none, and no
/// more than passed. No two clocks run alike, so a little more is let through.
pub(crate) fn possible(seconds: f64, wall: f64) -> bool {
    seconds > 0.0 && seconds <= 1.05 * wall
}

/// Something that runs kernels.
pub trait Device {
    /// What it is, for records.
    fn record(&self) -> &DeviceRecord;

    /// What it can hold.
    fn limits(&self) -> Limits;

    /// The variants of a kernel that it can run.
    fn variants(&self, kernel: &Kernel) -> &'static [Variant];

    /// Makes every kernel of this name use a variant in what is compiled from now on; with none, the
    /// one that the device chooses by itself.
    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>);

    /// A new buffer of zeros.
    ///
    /// # Errors
    /// `Device` where it is too large or memory is out.
    fn allocate(&self, label: &str, words: usize) -> Result<Buffer>;

    /// Gives the memory of buffers and of programs that use them back. Using one afterwards is
    /// an error of the caller.
    fn free(&self, buffers: &[Buffer], programs: &[&Program]);

    /// Writes `words` from word `at` on.
    ///
    /// # Errors
    /// `Device` where the device was lost.
    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()>;

    /// Prepares a recording for running: pipelines, parameters, bind groups.
    ///
    /// # Errors
    /// `Shader` where the compiler refuses a kernel, `Device` where a dispatch exceeds a limit.
    fn compile(&self, recording: &Recording) -> Result<Program>;

    /// Runs the whole program `times` times, and calls `done` with how many more were handed to
    /// the device. May return before the work is done.
    ///
    /// # Errors
    /// `Device` where the device was lost.
    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()>;

    /// Seconds that `times` repetitions of a program take, with nothing else running: by `clock`;
    /// NaN where it says what cannot be. By default the wall clock around `run`, for devices whose
    /// `run` ends with the work.
    ///
    /// # Errors
    /// `Device` where the device was lost.
    fn time(&self, program: &Program, times: u32) -> Result<f64> {
        let start = Instant::now();
        self.run(program, times, &mut |_| {})?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// What `time` measures with, in words, and why where that is second best.
    fn clock(&self) -> String {
        WALL_CLOCK.to_owned()
    }

    /// The buffer's words, after all work so far.
    ///
    /// # Errors
    /// `Device` where the device was lost or does not answer.
    fn download(&self, buffer: Buffer) -> Result<Vec<u32>>;

    /// What shaders did since the last call that WGSL does not define, where the device can tell.
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}
