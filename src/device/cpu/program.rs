//! Recordings as the CPU runs them.
//!
//! Learners have nothing to do with each other, so a task is a learner, and does whole steps of it,
//! one after the other, while its weights are in the core's cache. Learners for which there are
//! more threads are divided among several tasks, which wait for each other between sections.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::Yield;
use rayon::prelude::*;

use super::section::{Dispatches, Division, Prepared, Section, Window};
use crate::device::{Buffer, Command, Recording};
use crate::error::{Error, Result};
use crate::kernels::{Kernel, Variant};

/// A compiled recording.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The buffers' numbers on the device, by their number here.
    pub(super) memory: Vec<usize>,
    stages: Vec<Stage>,
}

/// What must be through before the next begins.
#[derive(Debug)]
enum Stage {
    Group(Group),
    Clear(Window),
    Copy {
        from: (Window, usize),
        to: (Window, usize),
        words: usize,
    },
}

/// Dispatches in a row.
#[derive(Debug)]
struct Group {
    dispatches: Dispatches,
    /// Learners that are a task each, from the first dispatch to the last.
    whole: Option<Section>,
    /// The other learners' sections, one after the other.
    divided: Vec<Section>,
    /// Whether those are short, and wait for each other.
    attended: bool,
}

impl Plan {
    /// Makes a plan for so many threads; `variant` knows what was chosen for a kernel.
    pub(super) fn new(
        recording: &Recording,
        threads: usize,
        variant: &dyn Fn(&Kernel) -> Option<&'static Variant>,
    ) -> Result<Self> {
        let mut plan = Self::default();
        let mut open = Dispatches::default();
        for command in &recording.commands {
            if !matches!(command, Command::Dispatch(_)) {
                plan.close(&mut open, threads)?;
            }
            match command {
                Command::Dispatch(dispatch) => plan.add(dispatch, &mut open, variant)?,
                Command::Clear(buffer) => {
                    let window = plan.window(*buffer);
                    plan.stages.push(Stage::Clear(window));
                }
                Command::Copy { from, to, words } => {
                    let (from, to) = ((plan.window(from.0), from.1), (plan.window(to.0), to.1));
                    let words = *words;
                    plan.stages.push(Stage::Copy { from, to, words });
                }
            }
        }
        plan.close(&mut open, threads)?;
        Ok(plan)
    }

    /// The buffer by its number in this program.
    fn window(&mut self, buffer: Buffer) -> Window {
        let known = self.memory.iter().position(|id| *id == buffer.id);
        let memory = known.unwrap_or_else(|| {
            self.memory.push(buffer.id);
            self.memory.len() - 1
        });
        Window {
            memory,
            first: buffer.first,
            words: buffer.words,
        }
    }

    fn add(
        &mut self,
        dispatch: &crate::device::Dispatch,
        open: &mut Dispatches,
        variant: &dyn Fn(&Kernel) -> Option<&'static Variant>,
    ) -> Result<()> {
        let kernel = dispatch.kernel;
        let form = kernel.cpu.ok_or_else(|| {
            Error::Device(format!(
                "{} is a shader alone, which the CPU cannot run: choose an adapter",
                kernel.name
            ))
        })?;
        let mut windows = Vec::new();
        for buffer in &dispatch.buffers {
            let window = self.window(*buffer);
            let known = open.windows.iter().position(|w| *w == window);
            windows.push(known.unwrap_or_else(|| {
                open.windows.push(window);
                open.windows.len() - 1
            }));
        }
        open.list.push(Prepared {
            kernel,
            form,
            work: form.work(variant(kernel)),
            params: dispatch.params.clone(),
            windows,
            learners: (form.learners)(&dispatch.params, dispatch.extent),
        });
        Ok(())
    }

    /// Makes a stage of the dispatches so far.
    fn close(&mut self, open: &mut Dispatches, threads: usize) -> Result<()> {
        if !open.list.is_empty() {
            let group = Group::new(std::mem::take(open), threads)?;
            self.stages.push(Stage::Group(group));
        }
        Ok(())
    }

    /// Runs it `times` times on the memory of its buffers, on rayon's current threads.
    pub(super) fn run(&self, memory: &mut [Vec<u32>], times: u32) {
        if let [Stage::Group(group)] = &self.stages[..] {
            return group.run(memory, times);
        }
        for _ in 0..times {
            for stage in &self.stages {
                stage.run(memory);
            }
        }
    }
}

impl Stage {
    fn run(&self, memory: &mut [Vec<u32>]) {
        match self {
            Self::Group(group) => group.run(memory, 1),
            Self::Clear(window) => memory[window.memory][window.range()].fill(0),
            Self::Copy { from, to, words } => {
                let source = from.0.first + from.1;
                let target = to.0.first + to.1;
                let range = source..source + words;
                if from.0.memory == to.0.memory {
                    return memory[to.0.memory].copy_within(range, target);
                }
                // Taken out, since both are borrowed from the same list.
                let words = std::mem::take(&mut memory[from.0.memory]);
                memory[to.0.memory][target..target + range.len()].copy_from_slice(&words[range]);
                memory[from.0.memory] = words;
            }
        }
    }
}

impl Group {
    fn new(dispatches: Dispatches, threads: usize) -> Result<Self> {
        let learners = dispatches.list.iter().map(|d| d.learners).max();
        let learners = learners.unwrap_or(0);
        let cover = |learners, each| {
            Section::cover(&dispatches, &Division { learners, each }).map_err(|kernel| {
                Error::Device(format!(
                    "a dispatch of {kernel} binds a buffer twice, and writes it"
                ))
            })
        };
        let mut one = cover(0..learners, 1)?;
        let rest = learners % threads;
        let independent = one.len() == 1;
        let (whole, divided) = match independent {
            true if rest == 0 => (one.pop(), Vec::new()),
            true => (
                cover(0..learners - rest, 1)?.pop(),
                cover(learners - rest..learners, threads.div_ceil(rest))?,
            ),
            false => (None, one),
        };
        Ok(Self {
            attended: independent && !divided.is_empty(),
            dispatches,
            whole,
            divided,
        })
    }

    fn run(&self, memory: &mut [Vec<u32>], times: u32) {
        if let Some(section) = &self.whole {
            self.perform(section, memory, times);
        }
        let mut steps = || {
            for _ in 0..times {
                for section in &self.divided {
                    self.perform(section, memory, 1);
                }
            }
        };
        if self.attended {
            attended(&mut steps);
        } else {
            steps();
        }
    }

    /// Runs the tasks of a section, each `times` times.
    fn perform(&self, section: &Section, memory: &mut [Vec<u32>], times: u32) {
        let mut views = section.hand_out(&self.dispatches.windows, memory);
        let tasks = views.par_iter_mut().with_max_len(1).enumerate();
        tasks.for_each(|(task, view)| {
            for _ in 0..times {
                section.perform(&self.dispatches, task, view);
            }
        });
    }
}

/// Runs `work` on a thread of the pool while the others look for tasks of it without falling
/// asleep: waking them takes longer than a section. Only one at a time is attended, since threads of
/// two could wait for each other for ever.
fn attended(work: &mut (dyn FnMut() + Send)) {
    static ATTENDING: AtomicBool = AtomicBool::new(false);
    if ATTENDING.swap(true, Ordering::Acquire) {
        return work();
    }
    let _over = Finished(&ATTENDING, false);
    let finished = AtomicBool::new(false);
    rayon::scope(|scope| {
        let own = rayon::current_thread_index();
        for _ in 1..rayon::current_num_threads() {
            let finished = &finished;
            scope.spawn(move |_| attend(own, finished));
        }
        let _finished = Finished(&finished, true);
        work();
    });
}

/// Sets a flag to a value at the end of its scope.
struct Finished<'a>(&'a AtomicBool, bool);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.store(self.1, Ordering::Release);
    }
}

/// Does what tasks there are until the work is finished, unless this is the thread that has it.
fn attend(working: Option<usize>, finished: &AtomicBool) {
    while rayon::current_thread_index() != working && !finished.load(Ordering::Acquire) {
        if rayon::yield_now() != Some(Yield::Executed) {
            std::thread::yield_now();
        }
    }
}
