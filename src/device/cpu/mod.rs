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
use crate::record::DeviceRecord;

/// A twin: the same parameters, the same buffers by binding, the same extent as its shader.
pub type Twin = fn(&[u8], &[&Memory], [u32; 3]);

/// A buffer's memory: words, seen as whatever the kernel declares.
#[derive(Debug, Default)]
pub struct Memory(RefCell<Vec<u32>>);

impl Memory {
    /// Memory that holds `words`.
    pub fn new(words: Vec<u32>) -> Self {
        Self(RefCell::new(words))
    }

    /// Its content as `T`s, to read.
    pub fn read<T: Pod>(&self) -> Ref<'_, [T]> {
        Ref::map(self.0.borrow(), |words| bytemuck::cast_slice(words))
    }

    /// Its content as `T`s, to write.
    pub fn write<T: Pod>(&self) -> RefMut<'_, [T]> {
        RefMut::map(self.0.borrow_mut(), |words| {
            bytemuck::cast_slice_mut(words.as_mut_slice())
        })
    }
}

/// The CPU as a device.
#[derive(Debug)]
pub struct Cpu {
    record: DeviceRecord,
    buffers: RefCell<Vec<Memory>>,
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
                let bound: Vec<&Memory> = dispatch.buffers.iter().map(|b| &buffers[b.id]).collect();
                (dispatch.kernel.twin)(&dispatch.params, &bound, dispatch.extent);
            }
            Command::Clear(buffer) => buffers[buffer.id].write::<u32>().fill(0),
            Command::Copy { from, to, words } => {
                let source = buffers[from.0.id].read::<u32>();
                buffers[to.0.id].write::<u32>()[to.1..to.1 + words]
                    .copy_from_slice(&source[from.1..from.1 + words]);
            }
        }
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

    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(words).map_err(|_| {
            Error::Device(format!(
                "no memory for the buffer of {label} ({words} words): use fewer --learners"
            ))
        })?;
        memory.resize(words, 0);
        let mut buffers = self.buffers.borrow_mut();
        buffers.push(Memory::new(memory));
        Ok(Buffer {
            id: buffers.len() - 1,
            words,
        })
    }

    fn free(&self, freed: &[Buffer], programs: &[&Program]) {
        for program in programs {
            self.programs.borrow_mut()[program.id].commands.clear();
        }
        let buffers = self.buffers.borrow();
        for buffer in freed {
            buffers[buffer.id].0.take();
        }
    }

    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        self.buffers.borrow()[buffer.id].write::<u32>()[at..at + words.len()]
            .copy_from_slice(words);
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
        Ok(self.buffers.borrow()[buffer.id].read::<u32>().to_vec())
    }
}
