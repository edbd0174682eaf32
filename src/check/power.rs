//! The check's power: the share of faulty shaders that it finds.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::equivalent::argument;
use super::mutants::{Mutant, foreign, mutants, planted, with_text};
use super::plan::Options;
use super::variant::Family;
use crate::device::Device;
use crate::device::interpreter::Interpreter;
use crate::device::trial::{NoResult, Verdict, judge};
use crate::error::{Error, Result};
use crate::kernels::case::Case;
use crate::kernels::{Fill, Kernel, MANY, Shape, Spec, Variant};
use crate::progress::{Progress, Silent};

/// What became of the mutants of one variant of a kernel.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MutationScore {
    /// The kernel's name.
    pub kernel: String,
    /// The variant's.
    pub variant: String,
    /// Mutants that some case found wrong.
    pub caught: u32,
    /// Mutants that the shader compiler refused: they count neither as caught nor as mutants.
    pub refused: u32,
    /// Mutants that no case found, with the reason why they compute the same.
    pub equivalent: Vec<(String, String)>,
    /// Mutants that no case found: holes in the check.
    pub survivors: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

impl MutationScore {
    /// Mutants that compute something else than the original.
    pub fn mutants(&self) -> u32 {
        self.caught + u32::try_from(self.survivors.len()).unwrap_or(u32::MAX)
    }
}

/// Is told how a measurement of power goes.
pub trait MutationObserver: Progress {
    /// A variant is through.
    fn score(&mut self, _score: &MutationScore) {}
}

impl MutationObserver for Silent {}

/// Runs every `step`-th mutant of every shader file through the cases of `options`, or those of the
/// variant that they name. The
/// device must have been opened with bounds checks: mutants leave their buffers.
///
/// # Errors
/// `Usage` where the options name nothing that exists; `Device` where the device fails.
pub fn power(
    device: &dyn Device,
    options: &Options,
    step: usize,
    observer: &mut dyn MutationObserver,
) -> Result<Vec<MutationScore>> {
    let specs = options.specs()?;
    if specs.is_empty() {
        return Err(Error::Usage(options.unknown()));
    }
    let mut scores = Vec::new();
    for spec in specs {
        let variants = device.variants(&spec.kernel).iter();
        let variants = variants.filter(|v| match options.variant {
            Some(_) => options.wants(v),
            None => **v == Variant::PLAIN || v.shader.is_some(),
        });
        let planned: Vec<_> = variants
            .map(|variant| {
                let all = mutants(spec.kernel.shader_of(variant).text).into_iter();
                let some: Vec<(usize, Mutant)> = all.enumerate().step_by(step).collect();
                (variant, some)
            })
            .collect();
        let work = planned.iter().map(|(_, mutants)| mutants.len() as u64);
        observer.begin(spec.kernel.name, work.sum());
        let mut cases = Cases::of(spec, options);
        for (variant, mutants) in &planned {
            let kernel = (&spec.kernel, *variant);
            let score = measure(device, &mut cases, kernel, mutants, None, observer)?;
            observer.score(&score);
            scores.push(score);
        }
    }
    Ok(scores)
}

/// How many turns the loops of a user's shader may take when it is a mutant: few, so that one that does not
/// end is soon over, if they are enough for the shader without a fault.
const TURNS: [u32; 3] = [1 << 12, 1 << 16, 1 << 20];
/// Cases, of the smallest, on which the interpreter looks at what an adapter lets pass.
const INTERPRETED: usize = 8;

/// Runs every `step`-th mutant of a user's shader through the cases of its contract, until `limit` has passed.
///
/// # Errors
/// `Device` where the device fails; `Usage` where the shader itself fails; those of `check::shader` where the
/// reference says nothing.
pub(super) fn power_of<F: Family>(
    device: &dyn Device,
    (family, kernel): (&F, &'static Kernel),
    (mut plan, seed): (Vec<(F::Sizes, Fill)>, u32),
    (step, limit): (usize, Option<Duration>),
    observer: &mut dyn MutationObserver,
) -> Result<MutationScore> {
    // The large ones find more.
    plan.reverse();
    let mut cases = Cases {
        family,
        plan,
        seed,
        built: Vec::new(),
    };
    let variant = &kernel.variants[0];
    for turns in TURNS {
        let (original, all) = foreign(kernel.shader.text, turns);
        let original = with_text(kernel, variant, original);
        if !matches!(fate(device, &mut cases, variant, original)?, Fate::Survived) {
            continue;
        }
        let some: Vec<(usize, Mutant)> = all.into_iter().enumerate().step_by(step).collect();
        observer.begin(kernel.name, some.len() as u64);
        return measure(device, &mut cases, (kernel, variant), &some, limit, observer);
    }
    Err(Error::Usage(format!(
        "{} does not keep its contract as it is: check it without --mutants first",
        kernel.name
    )))
}

/// Whether the interpreter finds something wrong with a mutant in the small cases.
fn interpreter_catches<F: Family>(
    interpreter: &Interpreter,
    cases: &mut Cases<'_, F>,
    variant: &Variant,
    mutant: &'static Kernel,
) -> Result<bool> {
    let all = cases.plan.len();
    for number in (all.saturating_sub(INTERPRETED)..all).rev() {
        let (sizes, fill) = &cases.plan[number];
        let case = cases.family.build(sizes, *fill, cases.seed)?;
        if let Verdict::Wrong(_) = judge(&case, mutant, variant, interpreter, 1) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A kernel's cases, built when a mutant first gets so far, and kept for the others.
struct Cases<'a, F: Family> {
    family: &'a F,
    plan: Vec<(F::Sizes, Fill)>,
    seed: u32,
    built: Vec<Case>,
}

impl Cases<'_, Spec> {
    /// The random shapes, which are planned last, come first: their sizes are all different. Those
    /// with thousands of learners are left out: they find what is wrong with devices, not shaders.
    fn of(spec: &'static Spec, options: &Options) -> Self {
        let mut plan = options.plan(spec);
        plan.retain(|(shape, _)| shape.learners <= MANY);
        plan.reverse();
        Self {
            family: spec,
            plan,
            seed: options.seed,
            built: Vec::new(),
        }
    }
}

impl<F: Family> Cases<'_, F> {
    fn get(&mut self, number: usize) -> Result<Option<&Case>> {
        if number == self.built.len() {
            let Some((sizes, fill)) = self.plan.get(number) else {
                return Ok(None);
            };
            self.built.push(self.family.build(sizes, *fill, self.seed)?);
        }
        Ok(self.built.get(number))
    }
}

/// Runs mutants through cases, until `limit` has passed.
fn measure<F: Family>(
    device: &dyn Device,
    cases: &mut Cases<'_, F>,
    (kernel, variant): (&'static Kernel, &'static Variant),
    mutants: &[(usize, Mutant)],
    limit: Option<Duration>,
    observer: &mut dyn MutationObserver,
) -> Result<MutationScore> {
    let start = Instant::now();
    let stem = kernel.stem(variant);
    let interpreter = kernel.is_foreign().then(|| Interpreter::new("looks at mutants"));
    let mut score = MutationScore {
        kernel: kernel.name.to_owned(),
        variant: variant.name.to_owned(),
        ..MutationScore::default()
    };
    for (number, mutant) in mutants {
        if limit.is_some_and(|limit| start.elapsed() > limit) {
            break;
        }
        let name = || format!("{number:>3}, {mutant}");
        let planted = planted(kernel, variant, mutant);
        let variant = planted.variant(variant.name).unwrap_or(variant);
        device.choose(kernel, Some(variant));
        let mut fate = fate(device, cases, variant, planted)?;
        if matches!(fate, Fate::Survived)
            && let Some(interpreter) = &interpreter
            && interpreter_catches(interpreter, cases, variant, planted)?
        {
            fate = Fate::Caught;
        }
        match fate {
            Fate::Caught => score.caught += 1,
            Fate::Refused => score.refused += 1,
            Fate::Survived => match argument(&stem, mutant).filter(|_| !kernel.is_foreign()) {
                Some(why) => score.equivalent.push((name(), why.to_owned())),
                None => score.survivors.push(name()),
            },
        }
        observer.advance(1);
    }
    device.choose(kernel, None);
    score.seconds = start.elapsed().as_secs_f64();
    Ok(score)
}

enum Fate {
    Caught,
    Refused,
    Survived,
}

fn fate<F: Family>(
    device: &dyn Device,
    cases: &mut Cases<'_, F>,
    variant: &Variant,
    mutant: &'static Kernel,
) -> Result<Fate> {
    let mut number = 0;
    while let Some(case) = cases.get(number)? {
        match judge(case, mutant, variant, device, 1) {
            Verdict::Wrong(_) => return Ok(Fate::Caught),
            Verdict::None(NoResult::Refused(_)) => return Ok(Fate::Refused),
            // What the device says from now on would tell nothing of the mutants.
            Verdict::None(NoResult::Lost(e)) => return Err(e),
            Verdict::Right(_) | Verdict::None(NoResult::NoRoom) => number += 1,
        }
    }
    Ok(Fate::Survived)
}
