//! The check's power: the share of faulty shaders that it finds.

use std::time::{Duration, Instant};

use super::equivalent::argument;
use super::fate::{Cases, Fate, fate, files};
use super::mutants::{Mutant, foreign, mutants};
use super::plan::Options;
use super::plant::planted;
use super::score::MutationScore;
use super::variant::Family;
use crate::device::Device;
use crate::device::interpreter::Interpreter;
use crate::device::trial::{Verdict, judge};
use crate::error::{Error, Result};
use crate::kernels::{Fill, Kernel, MANY, Shape, Spec, Variant};
use crate::progress::{Progress, Silent};

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
        let planned: Vec<_> = files(device, options, &spec.kernel)
            .into_iter()
            .map(|variant| {
                let all = mutants(spec.kernel.shader_of(variant).text).into_iter();
                let some: Vec<(usize, Mutant)> = all.enumerate().step_by(step).collect();
                (variant, some)
            })
            .collect();
        let work = planned.iter().map(|(_, mutants)| mutants.len() as u64);
        observer.begin(spec.kernel.name, work.sum());
        let family = (spec, &spec.kernel);
        let mut plan = plan(options, spec);
        plan.retain(|(shape, _)| (spec.fit)(*shape).work() <= device.work());
        let mut cases = Cases::new(family, plan, options.seed);
        for (variant, mutants) in &planned {
            let score = measure(device, &mut cases, variant, (mutants, None), observer)?;
            observer.score(&score);
            scores.push(score);
        }
    }
    Ok(scores)
}

/// The random shapes, which are planned last, come first: their sizes are all different. Those with
/// thousands of learners are left out: they find what is wrong with devices, not shaders.
fn plan(options: &Options, spec: &Spec) -> Vec<(Shape, Fill)> {
    let mut plan = options.plan(spec);
    plan.retain(|(shape, _)| shape.learners <= MANY);
    plan.reverse();
    plan
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
    of: (&F, &'static Kernel),
    (mut plan, seed): (Vec<(F::Sizes, Fill)>, u32),
    (step, limit): (usize, Option<Duration>),
    observer: &mut dyn MutationObserver,
) -> Result<MutationScore> {
    // The large ones find more.
    plan.reverse();
    let kernel = of.1;
    let mut cases = Cases::new(of, plan, seed);
    let variant = &kernel.variants[0];
    for turns in TURNS {
        let (original, all) = foreign(kernel.shader.text, turns);
        let original = planted(kernel, variant, original);
        if !matches!(fate(device, &mut cases, variant, original)?, Fate::Right) {
            continue;
        }
        // What is found in the original would count as caught in every mutant.
        let interpreter = Interpreter::new("looks at the original");
        if interpreter_catches(&interpreter, &cases, variant, original)? {
            return Err(Error::Usage(format!(
                "the interpreter finds a fault in {} as it is: check it without --mutants first",
                kernel.name
            )));
        }
        let some: Vec<(usize, Mutant)> = all.into_iter().enumerate().step_by(step).collect();
        observer.begin(kernel.name, some.len() as u64);
        return measure(device, &mut cases, variant, (&some, limit), observer);
    }
    Err(Error::Usage(format!(
        "{} does not keep its contract as it is: check it without --mutants first",
        kernel.name
    )))
}

/// Whether the interpreter finds something wrong with a mutant in the small cases, which come last.
fn interpreter_catches<F: Family>(
    interpreter: &Interpreter,
    cases: &Cases<'_, F>,
    variant: &Variant,
    mutant: &'static Kernel,
) -> Result<bool> {
    let all = cases.len();
    for number in (all.saturating_sub(INTERPRETED)..all).rev() {
        if let Some(case) = cases.build(number)?
            && let Verdict::Wrong(_) = judge(&case, mutant, variant, interpreter, 1)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs mutants through cases, until `limit` has passed.
fn measure<F: Family>(
    device: &dyn Device,
    cases: &mut Cases<'_, F>,
    variant: &'static Variant,
    (mutants, limit): (&[(usize, Mutant)], Option<Duration>),
    observer: &mut dyn MutationObserver,
) -> Result<MutationScore> {
    let start = Instant::now();
    let kernel = cases.kernel();
    let stem = kernel.stem(variant);
    let interpreter = kernel
        .is_foreign()
        .then(|| Interpreter::new("looks at mutants"));
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
        let planted = planted(kernel, variant, mutant.text.clone());
        let variant = planted.variant(variant.name).unwrap_or(variant);
        device.choose(kernel, Some(variant));
        match fate(device, cases, variant, planted)? {
            Fate::Wrong(..) => score.caught += 1,
            Fate::Refused(_) => score.refused += 1,
            Fate::Right => match &interpreter {
                Some(interpreter) if interpreter_catches(interpreter, cases, variant, planted)? => {
                    score.caught += 1;
                }
                Some(_) => score.survivors.push(name()),
                None => match argument(&stem, mutant) {
                    Some(why) => score.equivalent.push((name(), why.to_owned())),
                    None => score.survivors.push(name()),
                },
            },
        }
        observer.advance(1);
    }
    device.choose(kernel, None);
    score.seconds = start.elapsed().as_secs_f64();
    Ok(score)
}
