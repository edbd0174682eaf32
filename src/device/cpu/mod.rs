//! The CPU device: a twin of every shader, in plain loops. The reference in tests, and the way
//! to run where no adapter is. Learners run in parallel; within one, the order of operations is
//! fixed, so results repeat to the bit.

pub mod close_step;
pub mod dense_backward_input;
pub mod dense_backward_weights;
pub mod dense_forward;
pub mod image_backward_weights;
pub mod image_forward;
pub mod initialise;
pub mod sample_order;
pub mod score;
mod sgd;
pub mod softmax_loss;

use std::cell::{Ref, RefCell, RefMut};

use bytemuck::Pod;

use super::{Buffer, Command, Device, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::kernel::{Kernel, Variant};
use crate::record::DeviceRecord;

/// A twin: the same parameters, the same buffers by binding, the same extent as its shader.
pub type Twin = fn(&[u8], &[View<'_>], [u32; 3]);

/// A buffer as a twin sees it: words, taken for whatever the kernel declares.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    memory: &'a RefCell<Vec<u32>>,
    first: usize,
    words: usize,
}

impl View<'_> {
    /// Its content as `T`s, to read.
    pub fn read<T: Pod>(&self) -> Ref<'_, [T]> {
        Ref::map(self.memory.borrow(), |words| {
            bytemuck::cast_slice(&words[self.first..][..self.words])
        })
    }

    /// Its content as `T`s, to write.
    pub fn write<T: Pod>(&self) -> RefMut<'_, [T]> {
        RefMut::map(self.memory.borrow_mut(), |words| {
            bytemuck::cast_slice_mut(&mut words[self.first..][..self.words])
        })
    }
}

/// The only way the CPU runs a kernel.
pub static TWIN: [Variant; 1] = [Variant {
    name: "twin",
    ..Variant::PLAIN
}];

/// The CPU as a device.
#[derive(Debug)]
pub struct Cpu {
    record: DeviceRecord,
    buffers: RefCell<Vec<RefCell<Vec<u32>>>>,
    programs: RefCell<Vec<Recording>>, // freed ones are empty
}

impl Cpu {
    /// The CPU device; `reason` says why it was chosen.
    pub fn new(reason: &str) -> Self {
        Self {
            record: DeviceRecord {
                name: "CPU twins".to_owned(),
                backend: "CPU".to_owned(),
                kind: "CPU".to_owned(),
                driver: format!("{} threads", rayon::current_num_threads()),
                reason: reason.to_owned(),
            },
            buffers: RefCell::default(),
            programs: RefCell::default(),
        }
    }

    fn execute(&self, command: &Command) {
        let buffers = self.buffers.borrow();
        match command {
            Command::Dispatch(dispatch) => {
                let bound: Vec<_> = dispatch
                    .buffers
                    .iter()
                    .map(|b| view(&buffers, *b))
                    .collect();
                (dispatch.kernel.twin)(&dispatch.params, &bound, dispatch.extent);
            }
            Command::Clear(buffer) => view(&buffers, *buffer).write::<u32>().fill(0),
            Command::Copy { from, to, words } => {
                let (source, target) = (view(&buffers, from.0), view(&buffers, to.0));
                target.write::<u32>()[to.1..to.1 + words]
                    .copy_from_slice(&source.read::<u32>()[from.1..from.1 + words]);
            }
        }
    }
}

fn view(buffers: &[RefCell<Vec<u32>>], buffer: Buffer) -> View<'_> {
    View {
        memory: &buffers[buffer.id],
        first: buffer.first,
        words: buffer.words,
    }
}

impl Device for Cpu {
    fn record(&self) -> &DeviceRecord {
        &self.record
    }

    fn limits(&self) -> Limits {
        // Kernels index words with u32, as the shaders do.
        Limits {
            buffer_words: u64::from(u32::MAX),
            groups: u32::MAX,
        }
    }

    fn variants(&self, _: &Kernel) -> &'static [Variant] {
        &TWIN
    }

    fn choose(&self, _: &Kernel, _: Option<&'static Variant>) {}

    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(words).map_err(|_| {
            Error::Device(format!(
                "no memory for the buffer of {label} ({words} words): use fewer --learners"
            ))
        })?;
        memory.resize(words, 0);
        let mut buffers = self.buffers.borrow_mut();
        buffers.push(RefCell::new(memory));
        Ok(Buffer {
            id: buffers.len() - 1,
            first: 0,
            words,
        })
    }

    fn free(&self, freed: &[Buffer], programs: &[&Program]) {
        for program in programs {
            self.programs.borrow_mut()[program.id].commands.clear();
        }
        let buffers = self.buffers.borrow();
        for buffer in freed {
            buffers[buffer.id].take();
        }
    }

    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        let buffers = self.buffers.borrow();
        view(&buffers, buffer).write::<u32>()[at..at + words.len()].copy_from_slice(words);
        Ok(())
    }

    fn compile(&self, recording: &Recording) -> Result<Program> {
        let mut programs = self.programs.borrow_mut();
        programs.push(recording.clone());
        Ok(Program {
            id: programs.len() - 1,
        })
    }

    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        let programs = self.programs.borrow();
        for _ in 0..times {
            for command in &programs[program.id].commands {
                self.execute(command);
            }
            done(1);
        }
        Ok(())
    }

    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        Ok(view(&self.buffers.borrow(), buffer).read::<u32>().to_vec())
    }
}
