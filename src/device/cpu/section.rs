//! Tasks that may run at the same time: which parts of which dispatches each does, in which order,
//! and which pieces of the buffers are its own.

use std::ops::Range;

use crate::kernels::cpu::{Form, MOST_BINDINGS, Part, Touch, Work};
use crate::kernels::matrix::GRAIN;
use crate::kernels::slot::Slot;
use crate::kernels::{Access, Kernel};

/// A window of a buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    /// The number of the buffer in its program.
    pub(super) memory: usize,
    pub(super) first: usize,
    pub(super) words: usize,
}

impl Window {
    /// Its words among the buffer's.
    pub(super) fn range(&self) -> Range<usize> {
        self.first..self.first + self.words
    }
}

/// A dispatch, ready to be divided.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) kernel: &'static Kernel,
    pub(super) form: Form,
    pub(super) work: Work,
    pub(super) params: Vec<u8>,
    /// By binding: the numbers of its windows.
    pub(super) windows: Vec<usize>,
    pub(super) learners: usize,
}

/// Dispatches in order, and the windows that they name.
#[derive(Debug, Default)]
pub(super) struct Dispatches {
    pub(super) list: Vec<Prepared>,
    pub(super) windows: Vec<Window>,
}

/// Who does the work: for each of these learners so many tasks.
#[derive(Clone, Debug)]
pub(super) struct Division {
    pub(super) learners: Range<usize>,
    pub(super) each: usize,
}

impl Division {
    /// The parts of a dispatch, with the task that does each.
    fn parts(&self, dispatch: &Prepared) -> Vec<(usize, Part)> {
        let units = (dispatch.form.units)(&dispatch.params);
        // No sum may depend on how a learner is divided.
        let share = units.div_ceil(self.each).next_multiple_of(GRAIN);
        let end = self.learners.end.min(dispatch.learners);
        let mut parts = Vec::new();
        for learner in self.learners.start..end {
            for (number, first) in (0..units).step_by(share).enumerate() {
                let task = (learner - self.learners.start) * self.each + number;
                let units = first..units.min(first + share);
                parts.push((task, Part { learner, units }));
            }
        }
        parts
    }
}

/// What a task does: a part of the dispatch with this number.
#[derive(Debug)]
struct Job {
    dispatch: usize,
    part: Part,
}

/// A window that is written, divided among tasks: ranges from its start, in order.
#[derive(Debug)]
struct Divided {
    window: usize,
    pieces: Vec<(Range<usize>, usize)>,
}

/// Tasks that may run at the same time.
#[derive(Debug)]
pub(super) struct Section {
    /// By task.
    jobs: Vec<Vec<Job>>,
    /// By buffer of the program; none where all only read it.
    divided: Vec<Option<Divided>>,
}

/// Something that a task touches.
struct Touched {
    window: usize,
    words: Range<usize>,
    task: usize,
    writes: bool,
}

impl Section {
    /// One section of these dispatches; none where a task would touch what another writes.
    fn new(all: &Dispatches, range: Range<usize>, division: &Division) -> Option<Self> {
        let mut jobs: Vec<Vec<Job>> = Vec::new();
        jobs.resize_with(division.learners.len() * division.each, Vec::new);
        let buffers = all.windows.iter().map(|w| w.memory + 1).max().unwrap_or(0);
        let mut touched: Vec<Vec<Touched>> = Vec::new();
        touched.resize_with(buffers, Vec::new);
        for number in range {
            let dispatch = &all.list[number];
            for (task, part) in division.parts(dispatch) {
                for access in accesses(dispatch, &all.windows, task, &part) {
                    touched[all.windows[access.window].memory].push(access);
                }
                jobs[task].push(Job {
                    dispatch: number,
                    part,
                });
            }
        }
        let divided: Option<Vec<_>> = touched.into_iter().map(divide).collect();
        Some(Self {
            jobs,
            divided: divided?,
        })
    }

    /// As few sections as greed finds for all dispatches in their order; the name of a kernel that
    /// cannot be run where there is one.
    pub(super) fn cover(all: &Dispatches, division: &Division) -> Result<Vec<Self>, &'static str> {
        let mut sections = Vec::new();
        let mut start = 0;
        while start < all.list.len() {
            let rest = start..all.list.len();
            if let Some(section) = Self::new(all, rest.clone(), division) {
                sections.push(section);
                break;
            }
            let mut longest = None;
            for end in rest.map(|place| place + 1) {
                match Self::new(all, start..end, division) {
                    Some(section) => longest = Some((section, end)),
                    None => break,
                }
            }
            let (section, end) = longest.ok_or(all.list[start].kernel.name)?;
            sections.push(section);
            start = end;
        }
        Ok(sections)
    }

    /// For each task its view of all windows.
    pub(super) fn hand_out<'m>(
        &self,
        windows: &[Window],
        memory: &'m mut [Vec<u32>],
    ) -> Vec<Vec<Slot<'m>>> {
        let empty = || windows.iter().map(|_| Slot::None).collect();
        let mut views: Vec<Vec<Slot<'m>>> = self.jobs.iter().map(|_| empty()).collect();
        for (number, words) in memory.iter_mut().enumerate() {
            if let Some(Some(divided)) = self.divided.get(number) {
                divided.hand_out(&mut words[windows[divided.window].range()], &mut views);
                continue;
            }
            for (place, window) in windows.iter().enumerate() {
                if window.memory == number {
                    let shared = &words[window.range()];
                    views
                        .iter_mut()
                        .for_each(|view| view[place] = Slot::Shared(shared));
                }
            }
        }
        views
    }

    /// Does what the task with this number has to do.
    pub(super) fn perform(&self, all: &Dispatches, task: usize, view: &mut [Slot<'_>]) {
        for job in &self.jobs[task] {
            let dispatch = &all.list[job.dispatch];
            let mut bound: [Slot<'_>; MOST_BINDINGS] = Default::default();
            for (slot, window) in bound.iter_mut().zip(&dispatch.windows) {
                *slot = view[*window].lend();
            }
            (dispatch.work)(&dispatch.params, &job.part, &mut bound);
            for (slot, window) in bound.into_iter().zip(&dispatch.windows) {
                view[*window] = slot;
            }
        }
    }
}

impl Divided {
    /// Hands out the pieces of the window's words.
    fn hand_out<'m>(&self, words: &'m mut [u32], views: &mut [Vec<Slot<'m>>]) {
        let (mut rest, mut at) = (words, 0);
        for (range, task) in &self.pieces {
            let (_, from) = std::mem::take(&mut rest).split_at_mut(range.start - at);
            let (piece, behind) = from.split_at_mut(range.len());
            views[*task][self.window].push(range.start, piece);
            (rest, at) = (behind, range.end);
        }
    }
}

/// What a part of a dispatch touches.
fn accesses(dispatch: &Prepared, windows: &[Window], task: usize, part: &Part) -> Vec<Touched> {
    let touches = (dispatch.form.touches)(&dispatch.params, part);
    let bindings = dispatch.windows.iter().zip(dispatch.kernel.bindings());
    let mut all = Vec::new();
    for (touch, (&window, binding)) in touches.into_iter().zip(bindings) {
        let mut push = |words| {
            all.push(Touched {
                window,
                words,
                task,
                writes: binding.access == Access::Write,
            });
        };
        match touch {
            Touch::Whole => push(0..windows[window].words),
            Touch::Words(words) => push(words),
            Touch::Ranges(ranges) => ranges.into_iter().for_each(push),
        }
    }
    all
}

/// How a buffer is divided, so that each task has to itself what it touches: `Some(None)` where
/// nobody writes it, `None` where it is impossible.
fn divide(mut accesses: Vec<Touched>) -> Option<Option<Divided>> {
    if !accesses.iter().any(|access| access.writes) {
        return Some(None);
    }
    let window = accesses[0].window;
    accesses.retain(|access| !access.words.is_empty());
    accesses.sort_by_key(|access| access.words.start);
    let mut pieces: Vec<(Range<usize>, usize)> = Vec::new();
    for access in accesses {
        let words = access.words;
        match pieces.last_mut() {
            _ if access.window != window => return None,
            Some((last, task)) if *task == access.task && words.start <= last.end => {
                last.end = last.end.max(words.end);
            }
            Some((last, _)) if words.start < last.end => return None,
            _ => pieces.push((words, access.task)),
        }
    }
    Some(Some(Divided { window, pieces }))
}
