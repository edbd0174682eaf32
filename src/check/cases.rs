//! Cases of the check as data, for players without this program: inputs, and what must come out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::plan::{Options, repeated};
use super::suite::REPEATS;
use super::training::{Moments, Reference, Task};
use crate::device::scribe::{Reads, Scribe};
use crate::device::script::{Blobs, Script};
use crate::error::Result;
use crate::kernels::case::Case;
use crate::kernels::expected::halves;
use crate::kernels::{Expected, Fill, KERNELS, Shape, Spec};

/// The seed of all cases.
const SEED: u32 = 1;
/// Words of a case's matrices at the most: what a page can be asked to fetch.
const LARGE: u64 = 20_000;
/// Words that a case may take with all that is expected of it.
const LARGEST: usize = 50_000;
/// Words that the cases of one kernel may take, apart from the one that repeats.
const ALLOWANCE: usize = 150_000;

/// Cases of every kernel, and a training.
#[derive(Debug, Serialize)]
pub(crate) struct Cases {
    seed: u32,
    pub(crate) cases: Vec<Exported>,
    training: Vec<Training>,
    /// What the places of words refer to.
    #[serde(skip)]
    pub(crate) words: Vec<u32>,
}

/// One case.
#[derive(Debug, Serialize)]
pub(crate) struct Exported {
    kernel: &'static str,
    shape: String,
    fill: Fill,
    repeats: u32,
    params: String,
    extent: [u32; 3],
    bindings: Vec<Bound>,
}

/// A buffer of a case.
#[derive(Debug, Serialize)]
struct Bound {
    name: String,
    words: usize,
    at: usize,
    guard: u32,
    float: bool,
    expected: Option<Place>,
}

/// Where the expected words are: themselves, or four for each that say what it may be.
#[derive(Debug, Serialize)]
struct Place {
    at: usize,
    exact: bool,
}

/// A training from its first step on.
#[derive(Debug, Serialize)]
struct Training {
    learners: usize,
    parameters: usize,
    script: Script,
    moments: Vec<Moment>,
}

/// What a training must have reached after some steps.
#[derive(Debug, Serialize)]
struct Moment {
    steps: u32,
    tolerance: f64,
    loss_tolerance: f64,
    stretches: Vec<u32>,
    moved: Vec<f64>,
    weights: usize,
    losses: usize,
}

/// The cases that a page has room for: those of the plan with small shapes, borders of tiles, every fill.
///
/// # Errors
/// None in practice: the task fits every device.
pub(crate) fn cases(blobs: &Blobs) -> Result<Cases> {
    let mut all = Cases {
        seed: SEED,
        cases: Vec::new(),
        training: Vec::new(),
        words: Vec::new(),
    };
    for spec in KERNELS {
        all.add_kernel(spec);
    }
    all.add_training(blobs)?;
    Ok(all)
}

/// Words in the matrices of a shape, roughly.
fn size(shape: Shape) -> u64 {
    let [r, i, o, l] = [shape.rows, shape.inputs, shape.outputs, shape.learners].map(u64::from);
    l * (r * i + i * o + r * o)
}

/// Words of a case's inputs, and of what is expected of its outputs.
fn words(case: &Case) -> usize {
    let inputs = case.inputs.iter().map(Vec::len).sum::<usize>();
    let bindings = 0..case.inputs.len();
    let expected = bindings.filter_map(|binding| case.expected(binding));
    inputs + expected.map(|words| 4 * words.len()).sum::<usize>()
}

impl Cases {
    fn add_kernel(&mut self, spec: &'static Spec) {
        let options = Options {
            kernel: None,
            variant: None,
            shape: None,
            fill: None,
            seed: SEED,
            plant: None,
        };
        let mut plan = options.plan(spec);
        plan.retain(|(shape, _)| size((spec.fit)(*shape)) <= LARGE);
        let build = |&(shape, fill): &(Shape, Fill)| spec.build(shape, fill, SEED);
        plan.retain(|planned| words(&build(planned)) <= LARGEST);
        let repeated = repeated(spec, &plan);
        let mut left = ALLOWANCE;
        for (number, planned) in plan.iter().enumerate() {
            let ((shape, fill), case) = (*planned, build(planned));
            let shape = (spec.fit)(shape);
            if number == repeated {
                self.add((shape, fill), &case, REPEATS);
            } else if let Some(rest) = left.checked_sub(words(&case)) {
                left = rest;
                self.add((shape, fill), &case, 1);
            }
        }
    }

    fn add(&mut self, (shape, fill): (Shape, Fill), case: &Case, repeats: u32) {
        let bindings = case.kernel.bindings().iter().zip(&case.inputs).enumerate();
        let bound = bindings.map(|(number, (binding, input))| Bound {
            name: binding.name.clone(),
            words: input.len(),
            at: self.keep(input.iter().copied()),
            guard: case.guard(number),
            float: binding.is_float(),
            expected: case.expected(number).map(|words| self.expected(words)),
        });
        let bindings = bound.collect();
        self.cases.push(Exported {
            kernel: case.kernel.name,
            shape: shape.to_string(),
            fill,
            repeats,
            params: STANDARD.encode(&case.params),
            extent: case.extent,
            bindings,
        });
    }

    /// Keeps words, and says from where on.
    fn keep(&mut self, words: impl Iterator<Item = u32>) -> usize {
        let at = self.words.len();
        self.words.extend(words);
        at
    }

    fn keep_f64(&mut self, numbers: &[f64]) -> usize {
        self.keep(numbers.iter().flat_map(|&n| halves(n)))
    }

    fn expected(&mut self, words: &[Expected]) -> Place {
        let exact = |expected: &Expected| match expected {
            Expected::Word(word) => Some(*word),
            _ => None,
        };
        let bits: Option<Vec<u32>> = words.iter().map(exact).collect();
        Place {
            exact: bits.is_some(),
            at: match bits {
                Some(bits) => self.keep(bits.into_iter()),
                None => self.keep(words.iter().flat_map(|expected| expected.coded())),
            },
        }
    }

    fn add_training(&mut self, blobs: &Blobs) -> Result<()> {
        let mut wide = Task::wide()?;
        wide.points = &[10];
        let mut long = Task::long()?;
        long.points = &[200];
        for task in [wide, long] {
            let reference = Reference::new(task);
            let scribe = Scribe::new(blobs, Reads::Weights);
            let _ = super::training::compare(&scribe, &reference)?;
            let task = reference.task();
            let moments = reference.moments();
            let moments = moments.into_iter().map(|moment| self.moment(moment));
            let moments = moments.collect();
            self.training.push(Training {
                learners: task.learners.len(),
                parameters: task.model.parameters() as usize,
                script: scribe.finish(),
                moments,
            });
        }
        Ok(())
    }

    fn moment(&mut self, moment: Moments) -> Moment {
        Moment {
            steps: moment.steps,
            tolerance: moment.tolerances[0],
            loss_tolerance: moment.tolerances[1],
            stretches: moment.stretches,
            moved: moment.moved,
            weights: self.keep_f64(&moment.weights),
            losses: self.keep_f64(&moment.losses),
        }
    }
}
