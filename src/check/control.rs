//! The check's control: shaders that are written in another way, all of which must pass.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::fate::{Cases, Fate, fate, files};
use super::plan::Options;
use super::plant::planted;
use super::rewrites::{Rewrite, Stack, fewest, rewritten, stacks};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::kernels::{Access, Element, Fill, Kernel, MANY, Shape, Spec, Variant};
use crate::progress::{Progress, Silent};

/// Cases of each rewrite at the most.
const CASES: usize = 8;
/// Work of a case at the most, as `Shape::work` counts it.
const WORK: u64 = 3_000_000;

/// What became of the rewrites of one file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ControlScore {
    /// The kernel's name.
    pub kernel: String,
    /// The variant's.
    pub variant: String,
    /// Rewritten shaders all of whose cases were right.
    pub passed: u32,
    /// The others.
    pub failures: Vec<RewriteFailure>,
    /// How long it took.
    pub seconds: f64,
}

impl ControlScore {
    /// Those that the shader compiler refused.
    pub fn refused(&self) -> usize {
        let refused = self.failures.iter().filter(|f| f.case.is_none());
        refused.count()
    }

    /// Those that computed something else.
    pub fn failed(&self) -> usize {
        self.failures.len() - self.refused()
    }
}

/// A rewritten shader that is wrong, or refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RewriteFailure {
    /// Its number among those of the file.
    pub number: usize,
    /// All its rewrites.
    pub rewrites: Vec<String>,
    /// Those of them that suffice.
    pub sufficient: Vec<String>,
    /// The case that was wrong; none where the shader was refused.
    pub case: Option<(Shape, Fill)>,
    /// What was wrong, or why it was refused.
    pub what: String,
    /// Whether the kernel's own shader fails in the same way.
    pub original: bool,
}

/// Is told how a control goes.
pub trait ControlObserver: Progress {
    /// A file is through.
    fn score(&mut self, _score: &ControlScore) {}
}

impl ControlObserver for Silent {}

/// Runs every `step`-th rewritten shader of every file through the exact cases of `options`, or the
/// one that `only` numbers.
///
/// # Errors
/// `Usage` where the options name nothing that exists; `Device` where the device fails.
pub fn control(
    device: &dyn Device,
    options: &Options,
    (step, only): (usize, Option<usize>),
    observer: &mut dyn ControlObserver,
) -> Result<Vec<ControlScore>> {
    let specs = options.specs()?;
    if specs.is_empty() {
        return Err(Error::Usage(options.unknown()));
    }
    let mut scores = Vec::new();
    for spec in specs {
        let file = |variant: &'static Variant| {
            let all = stacks(spec.kernel.shader_of(variant).text, options.seed);
            let some = all.into_iter().enumerate().step_by(step);
            let some = some.filter(|(number, _)| only.is_none_or(|only| only == *number));
            (variant, some.collect::<Vec<_>>())
        };
        let variants = files(device, options, &spec.kernel).into_iter();
        let planned: Vec<_> = variants.map(file).collect();
        let work = planned.iter().map(|(_, stacks)| stacks.len() as u64);
        observer.begin(spec.kernel.name, work.sum());
        let mut cases = Cases::new((spec, &spec.kernel), plan(options, spec), options.seed);
        for (variant, stacks) in &planned {
            let score = measure(device, &mut cases, variant, stacks, observer)?;
            observer.score(&score);
            scores.push(score);
        }
    }
    match scores
        .iter()
        .all(|s| s.passed == 0 && s.failures.is_empty())
    {
        true => Err(Error::Usage(
            "there is no rewrite with this number, or no such variant".into(),
        )),
        false => Ok(scores),
    }
}

/// Cases of exact numbers, and of all where the kernel writes only integers; from the smallest on, so
/// that a failure is a small one.
fn plan(options: &Options, spec: &Spec) -> Vec<(Shape, Fill)> {
    let mut written = spec
        .kernel
        .bindings()
        .iter()
        .filter(|b| b.access == Access::Write);
    let integers = written.all(|b| matches!(b.element, Element::Word | Element::Words));
    let mut plan = options.plan(spec);
    let fits = |shape: &Shape| (spec.fit)(*shape).work();
    plan.retain(|(shape, fill)| {
        let small = shape.learners <= MANY && fits(shape) <= WORK;
        small && (integers || *fill == Fill::Exact)
    });
    plan.sort_by_key(|(shape, _)| fits(shape));
    // Some of all sizes.
    let step = plan.len().div_ceil(CASES).max(1);
    let last = plan.len().saturating_sub(1);
    let every = |(place, _): &(usize, (Shape, Fill))| (last - place).is_multiple_of(step);
    plan.into_iter()
        .enumerate()
        .filter(every)
        .map(|(_, case)| case)
        .collect()
}

fn measure(
    device: &dyn Device,
    cases: &mut Cases<'_, Spec>,
    variant: &'static Variant,
    stacks: &[(usize, Stack)],
    observer: &mut dyn ControlObserver,
) -> Result<ControlScore> {
    let start = Instant::now();
    let kernel = cases.kernel();
    let mut score = ControlScore {
        kernel: kernel.name.to_owned(),
        variant: variant.name.to_owned(),
        ..ControlScore::default()
    };
    for (number, stack) in stacks {
        match tried(device, cases, variant, &stack.rewrites)? {
            Fate::Right => score.passed += 1,
            fate => {
                let failure = failure(device, cases, variant, (*number, stack), fate)?;
                score.failures.push(failure);
            }
        }
        observer.advance(1);
    }
    device.choose(kernel, None);
    score.seconds = start.elapsed().as_secs_f64();
    Ok(score)
}

/// The kernel's shader with some rewrites, on all cases.
fn tried(
    device: &dyn Device,
    cases: &mut Cases<'_, Spec>,
    variant: &'static Variant,
    rewrites: &[Rewrite],
) -> Result<Fate> {
    let kernel: &'static Kernel = cases.kernel();
    let text = rewritten(kernel.shader_of(variant).text, rewrites);
    let planted = planted(kernel, variant, text);
    let variant = planted.variant(variant.name).unwrap_or(variant);
    device.choose(kernel, Some(variant));
    fate(device, cases, variant, planted)
}

/// What is wrong, and the rewrites that suffice to make it so.
fn failure(
    device: &dyn Device,
    cases: &mut Cases<'_, Spec>,
    variant: &'static Variant,
    (number, stack): (usize, &Stack),
    found: Fate,
) -> Result<RewriteFailure> {
    let mut fails = |some: &[Rewrite]| -> Result<bool> {
        let fate = tried(device, cases, variant, some)?;
        Ok(std::mem::discriminant(&fate) == std::mem::discriminant(&found))
    };
    let sufficient = fewest(&stack.rewrites, &mut fails)?;
    let original = fails(&[])?;
    let names = |all: &[Rewrite]| all.iter().map(Rewrite::to_string).collect();
    let (case, what) = match found {
        Fate::Wrong(case, mismatch) => (cases.contents(case), mismatch.text),
        Fate::Refused(e) => (None, e.to_string()),
        Fate::Right => (None, String::new()),
    };
    Ok(RewriteFailure {
        number,
        rewrites: names(&stack.rewrites),
        sufficient: names(&sufficient),
        case,
        what,
        original,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::rewrites::Operator;
    use crate::device::gpu::{Gpu, adapters};
    use crate::kernels::KERNELS;

    fn options() -> Options {
        Options {
            kernel: None,
            variant: None,
            shape: None,
            fill: None,
            seed: 1,
            plant: None,
        }
    }

    #[test]
    fn every_kernel_has_cases() {
        for spec in KERNELS {
            let plan = plan(&options(), spec);
            let exact = plan.iter().all(|(_, fill)| *fill == Fill::Exact);
            assert_eq!(exact, spec.kernel.name != "sample_order");
            assert!((4..=CASES).contains(&plan.len()), "{}", spec.kernel.name);
        }
    }

    /// A mistake of the operators' own: a branch that should always be taken never is. Every file's
    /// is found, among sound rewrites, and named alone.
    #[test]
    fn a_wrong_rewrite_is_found_in_every_file() {
        let slow = |name: &str| name.starts_with("SwiftShader");
        for adapter in adapters().iter().filter(|a| !slow(a.name())) {
            let device = Gpu::open(adapter, "test").unwrap();
            for spec in KERNELS {
                let mut cases = Cases::new((*spec, &spec.kernel), plan(&options(), spec), 1);
                for variant in files(&device, &options(), &spec.kernel) {
                    let (stack, wrong) = faulty(spec.kernel.shader_of(variant).text);
                    let stacks = [(7, stack)];
                    let score =
                        measure(&device, &mut cases, variant, &stacks, &mut Silent).unwrap();
                    let [failure] = &score.failures[..] else {
                        panic!("{score:?}");
                    };
                    assert_eq!(failure.sufficient, [wrong], "{score:?}");
                    assert_eq!(failure.rewrites.len(), 2);
                    assert!(failure.case.is_some() && !failure.original, "{score:?}");
                    assert_eq!((score.failed(), score.refused()), (1, 0));
                }
            }
        }
    }

    /// Two rewrites of a shader, the second one wrong, and its name.
    fn faulty(wgsl: &str) -> (Stack, String) {
        let alone = |operator| {
            let all = crate::check::rewrites::candidates(wgsl).into_iter();
            let own: Vec<Rewrite> = all.filter(|r| r.operator == operator).collect();
            own
        };
        let mut wrong = alone(Operator::Branch).pop().unwrap();
        let sound = alone(Operator::Variable).remove(0);
        wrong.spoil("< 0x80000000u", ">= 0x80000000u");
        let name = wrong.to_string();
        let rewrites = vec![sound, wrong];
        (Stack { rewrites }, name)
    }
}
