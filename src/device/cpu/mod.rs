//! The CPU device. Every kernel is a function for a part of a dispatch, in plain loops (the *twin*
//! of its shader: the reference in tests), and where those are too slow also by the matrix products
//! of a library. Learners run in parallel; the order of operations within one does not depend on
//! the threads, so results repeat to the bit.

mod program;
mod section;

use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Buffer, ChosenVariants, Device, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::kernels::cpu::Form;
use crate::kernels::{Kernel, Variant};
use crate::memory;
use crate::record::{DeviceKind, DeviceRecord};
use crate::threads;
use program::Plan;

/// Buffers of fewer words are made without a look at the memory that is left.
const UNASKED: usize = 1 << 22;
/// How long steps run before progress is told.
const CHUNK: Duration = Duration::from_millis(50);

/// The CPU as a device.
#[derive(Debug)]
pub struct Cpu {
    record: DeviceRecord,
    /// Threads of its own; none: those that the process has for all.
    pool: Option<ThreadPool>,
    threads: usize,
    chosen: ChosenVariants,
    buffers: RefCell<Vec<Vec<u32>>>,
    programs: RefCell<Vec<Plan>>, // freed ones are empty
}

impl Cpu {
    /// The CPU device on the threads that the process has, one for every core where the system gives so
    /// many; `reason` says why it was chosen.
    pub fn new(reason: &str) -> Self {
        threads::start();
        Self::on(reason, None)
    }

    /// The CPU device with so many threads of its own. Results do not depend on it.
    pub fn with_threads(reason: &str, threads: usize) -> Self {
        threads::start();
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        Self::on(reason, pool.ok())
    }

    fn on(reason: &str, pool: Option<ThreadPool>) -> Self {
        let threads = pool.as_ref();
        let threads =
            threads.map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads);
        Self {
            record: DeviceRecord {
                name: "CPU".to_owned(),
                backend: "CPU".to_owned(),
                kind: DeviceKind::Cpu,
                driver: driver(threads),
                reason: reason.to_owned(),
            },
            pool,
            threads,
            chosen: ChosenVariants::default(),
            buffers: RefCell::default(),
            programs: RefCell::default(),
        }
    }

    /// Runs a plan on the threads.
    fn execute(&self, plan: &Plan, memory: &mut [Vec<u32>], times: u32) {
        match &self.pool {
            Some(pool) => pool.install(|| plan.run(memory, times)),
            None => rayon::scope(|_| plan.run(memory, times)),
        }
    }
}

/// What stands in for a driver: the model, where it is known, and the threads.
fn driver(threads: usize) -> String {
    let threads = match threads {
        1 => "1 thread".to_owned(),
        _ => format!("{threads} threads"),
    };
    let model = model().map(str::to_owned).into_iter();
    model.chain([threads]).collect::<Vec<_>>().join(", ")
}

/// The CPU's model, where the system says it.
pub fn model() -> Option<&'static str> {
    static MODEL: LazyLock<Option<String>> = LazyLock::new(memory::cpu);
    MODEL.as_deref()
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
            memory: memory::available(),
            copies: 1,
        }
    }

    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        kernel.cpu.as_ref().map_or(&[], Form::variants)
    }

    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        self.chosen.set(kernel, variant);
    }

    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        let mut memory = Vec::new();
        let reserved = match words < UNASKED {
            true => Ok(()),
            false => memory::left(4 * words as u64),
        };
        let reserved = reserved.and_then(|()| {
            let reserved = memory.try_reserve_exact(words);
            reserved.map_err(|_| format!("{words} words, which the system does not give"))
        });
        reserved.map_err(|why| {
            Error::Device(format!(
                "the buffer of {label} needs {why}: use fewer --learners, a smaller --batch or fewer \
                 images"
            ))
        })?;
        memory.resize(words, 0);
        let mut buffers = self.buffers.borrow_mut();
        buffers.push(memory);
        Ok(Buffer {
            id: buffers.len() - 1,
            first: 0,
            words,
        })
    }

    fn free(&self, freed: &[Buffer], programs: &[&Program]) {
        for program in programs {
            self.programs.borrow_mut()[program.id] = Plan::default();
        }
        for buffer in freed {
            self.buffers.borrow_mut()[buffer.id] = Vec::new();
        }
    }

    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        let first = buffer.first + at;
        self.buffers.borrow_mut()[buffer.id][first..first + words.len()].copy_from_slice(words);
        Ok(())
    }

    fn compile(&self, recording: &Recording) -> Result<Program> {
        let chosen = |kernel: &Kernel| self.chosen.get(kernel);
        let plan = Plan::new(recording, self.threads, &chosen)?;
        let mut programs = self.programs.borrow_mut();
        programs.push(plan);
        Ok(Program {
            id: programs.len() - 1,
        })
    }

    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        let plan = &self.programs.borrow()[program.id];
        let take = |id: &usize| std::mem::take(&mut self.buffers.borrow_mut()[*id]);
        let mut memory: Vec<Vec<u32>> = plan.memory.iter().map(take).collect();
        let (mut left, mut chunk) = (times, 1);
        while left > 0 {
            let start = Instant::now();
            chunk = left.min(chunk);
            self.execute(plan, &mut memory, chunk);
            left -= chunk;
            done(chunk);
            // Sizes do not matter to what comes out: a chunk is so many whole steps.
            if start.elapsed() < CHUNK {
                chunk = chunk.saturating_mul(2);
            }
        }
        for (id, words) in plan.memory.iter().zip(memory) {
            self.buffers.borrow_mut()[*id] = words;
        }
        Ok(())
    }

    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        let words = &self.buffers.borrow()[buffer.id];
        Ok(words[buffer.first..buffer.first + buffer.words].to_vec())
    }
}
