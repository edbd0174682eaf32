//! A device, at the level of dispatches: it can allocate, upload, run a recorded list of
//! dispatches, and read back. The trainer is written once against this trait; the GPU runs the
//! shaders, the CPU their twins.

pub mod cpu;
pub mod gpu;
mod select;

use crate::error::Result;
use crate::kernel::{Kernel, Params};
use crate::record::DeviceRecord;

pub use select::{Choice, list, open};

/// A buffer of 32-bit words on a device. Only a name: the device holds the memory until `free`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Buffer {
    id: usize,
    words: usize,
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
    pub fn dispatch<P: Params>(&mut self, params: P, depth: u32, buffers: &[Buffer]) -> &mut Self {
        self.dispatch_as(P::KERNEL, params, depth, buffers)
    }

    /// As `dispatch`, with another kernel that takes the same parameters and buffers.
    pub fn dispatch_as<P: Params>(
        &mut self,
        kernel: &'static Kernel,
        params: P,
        depth: u32,
        buffers: &[Buffer],
    ) -> &mut Self {
        debug_assert_eq!(buffers.len(), kernel.bindings.len());
        let [x, y] = params.extent();
        self.commands.push(Command::Dispatch(Dispatch {
            kernel,
            params: bytemuck::bytes_of(&params).to_vec(),
            buffers: buffers.to_vec(),
            extent: [x, y, depth],
        }));
        self
    }

    /// Appends the filling of a buffer with zeros.
    pub fn clear(&mut self, buffer: Buffer) -> &mut Self {
        self.commands.push(Command::Clear(buffer));
        self
    }

    /// Appends a copy of `words` words; offsets in words.
    pub fn copy(&mut self, from: (Buffer, usize), to: (Buffer, usize), words: usize) -> &mut Self {
        self.commands.push(Command::Copy { from, to, words });
        self
    }
}

/// A compiled recording; a name, like `Buffer`.
#[derive(Debug)]
pub struct Program {
    id: usize,
}

/// What a device can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Words in a buffer that a kernel uses.
    pub buffer_words: u64,
    /// Workgroups along one axis of a dispatch.
    pub groups: u32,
}

/// Something that runs kernels.
pub trait Device {
    /// What it is, for records.
    fn record(&self) -> &DeviceRecord;

    /// What it can hold.
    fn limits(&self) -> Limits;

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
    /// `Device` where the driver refuses a kernel or a dispatch exceeds a limit.
    fn compile(&self, recording: &Recording) -> Result<Program>;

    /// Runs the whole program `times` times, and calls `done` with how many more were handed to
    /// the device. May return before the work is done.
    ///
    /// # Errors
    /// `Device` where the device was lost.
    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()>;

    /// The buffer's words, after all work so far.
    ///
    /// # Errors
    /// `Device` where the device was lost or does not answer.
    fn download(&self, buffer: Buffer) -> Result<Vec<u32>>;
}
