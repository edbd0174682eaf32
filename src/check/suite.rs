//! All cases of all kernels, on one or more devices.

use std::time::Instant;

use super::case::{Case, Mismatch, Trouble};
use super::kernels::{FAMILIES, Family};
use super::mutants::mutants;
use super::power::planted;
use super::report::{DeviceReport, Failure, Report, Row};
use super::shape::{Fill, Shape};
use super::training::{Reference, Task, compare};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::kernel::{Kernel, Variant};

/// Runs of a case whose bits must be the same.
const REPEATS: u32 = 10;
/// Random shapes for each kernel.
const RANDOM_SHAPES: u32 = 20;
/// Cases tried in search of the smallest one that fails.
const SHRINKS: usize = 200;
/// Cases with more learners than this are run with one fill only.
pub(super) const MANY: u32 = 1000;

/// What whole steps are called where kernels have their names.
const TRAINING: &str = "training";

/// What to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only this kernel.
    pub kernel: Option<String>,
    /// Only this variant.
    pub variant: Option<String>,
    /// Only this shape.
    pub shape: Option<Shape>,
    /// Only this fill.
    pub fill: Option<Fill>,
    /// The seed of all cases.
    pub seed: u32,
    /// Check the mutant with this number in place of the kernel, to see a failure.
    pub plant: Option<usize>,
}

/// A device under check.
pub struct Subject {
    /// What `--device` takes for it.
    pub spec: String,
    /// The device.
    pub device: Box<dyn Device>,
}

/// Is told how a check goes.
pub trait Watch {
    /// A kernel begins, with so many runs ahead.
    fn begin(&mut self, kernel: &str, runs: u64);
    /// A run is over.
    fn advance(&mut self);
    /// A variant of a kernel is through on a device.
    fn row(&mut self, subject: &Subject, row: &Row);
}

impl Options {
    /// The families that are asked for.
    ///
    /// # Errors
    /// `Usage` where there is no such kernel or variant.
    pub(super) fn families(&self) -> Result<Vec<&'static Family>> {
        let wanted = |f: &&Family| self.kernel.as_ref().is_none_or(|k| *k == f.kernel.name);
        let families: Vec<&Family> = FAMILIES.iter().filter(wanted).collect();
        if families.is_empty() && !self.training() {
            return Err(Error::Usage(self.unknown()));
        }
        Ok(families)
    }

    /// What is wrong with the kernel's name.
    pub(super) fn unknown(&self) -> String {
        let name = self.kernel.as_deref().unwrap_or_default();
        if name == TRAINING {
            return format!(
                "{TRAINING} is whole steps of all kernels: it has no variants, shapes, fills or \
                 mutants to choose"
            );
        }
        let names: Vec<&str> = FAMILIES.iter().map(|f| f.kernel.name).collect();
        let names = names.join(", ");
        format!("there is no kernel {name:?}: --kernel takes {names}, or {TRAINING}")
    }

    /// Whether all that is asked for exists, on whatever device.
    ///
    /// # Errors
    /// `Usage` where there is no such kernel, variant or mutant.
    pub fn validate(&self) -> Result<()> {
        for family in self.families()? {
            self.planted(family.kernel)?;
        }
        Ok(())
    }

    /// Whether whole steps are asked for.
    fn training(&self) -> bool {
        let chosen = self.variant.is_some() || self.shape.is_some() || self.fill.is_some();
        let whole = !chosen && self.plant.is_none();
        whole && self.kernel.as_ref().is_none_or(|name| name == TRAINING)
    }

    /// Whether a variant is asked for.
    pub(super) fn wants(&self, variant: &Variant) -> bool {
        self.variant
            .as_ref()
            .is_none_or(|name| name == variant.name)
    }

    /// The kernel, or the mutant that is to stand in for it.
    fn planted(&self, kernel: &'static Kernel) -> Result<&'static Kernel> {
        let Some(number) = self.plant else {
            return Ok(kernel);
        };
        let mutants = mutants(kernel.wgsl);
        mutants
            .get(number)
            .map(|m| planted(kernel, m))
            .ok_or_else(|| {
                Error::Usage(format!(
                    "{} has {} mutants: --plant takes 0 to {}",
                    kernel.name,
                    mutants.len(),
                    mutants.len().saturating_sub(1)
                ))
            })
    }

    /// Shapes and fills of a family, the telling ones first.
    pub(super) fn plan(&self, family: &Family) -> Vec<(Shape, Fill)> {
        let fills = match self.fill {
            Some(fill) => vec![fill],
            None => Fill::ALL.to_vec(),
        };
        if let Some(shape) = self.shape {
            return fills.into_iter().map(|fill| (shape, fill)).collect();
        }
        let mut plan = Vec::new();
        for (place, shape) in (family.shapes)().into_iter().enumerate() {
            let some = match place % 3 {
                _ if shape.learners > MANY => vec![Fill::Exact],
                0 => vec![Fill::Random, Fill::Exact, Fill::Tiny],
                1 => vec![Fill::Random, Fill::Exact, Fill::Large],
                _ => vec![Fill::Random, Fill::Exact],
            };
            plan.extend(some.into_iter().map(|fill| (shape, fill)));
        }
        let random = (0..RANDOM_SHAPES).map(|n| Shape::random(self.seed, n));
        plan.extend(random.zip(Fill::ALL.into_iter().cycle()));
        plan.retain(|(_, fill)| fills.contains(fill));
        plan
    }
}

/// A device under check, and why its check ended early, if it did.
struct Checked<'a> {
    subject: &'a Subject,
    stopped: Option<String>,
    rows: Vec<Row>,
}

/// A variant of the kernel on a device, and what is known of it.
struct Lane<'a> {
    /// The subject's number.
    number: usize,
    subject: &'a Subject,
    /// The case's kernel, or a mutant of it.
    kernel: &'static Kernel,
    /// The mutant's number.
    plant: Option<usize>,
    variant: &'static Variant,
    row: Row,
}

/// Checks devices.
///
/// # Errors
/// `Usage` where the options name nothing that exists. What goes wrong on a device is a failure
/// in the report, not an error.
pub fn check(subjects: &[Subject], options: &Options, watch: &mut dyn Watch) -> Result<Report> {
    let start = Instant::now();
    let new = |subject| Checked {
        subject,
        stopped: None,
        rows: Vec::new(),
    };
    let mut all: Vec<Checked<'_>> = subjects.iter().map(new).collect();
    for family in options.families()? {
        let kernel = options.planted(family.kernel)?;
        check_family((family, kernel), &mut all, options, watch);
    }
    if options.training() && all.iter().any(|checked| checked.stopped.is_none()) {
        check_training(&mut all, watch)?;
    }
    if all.iter().all(|checked| checked.rows.is_empty()) {
        return Err(Error::Usage(format!(
            "no kernel that was asked for has a variant {:?} on this device",
            options.variant.as_deref().unwrap_or_default()
        )));
    }
    let devices: Vec<DeviceReport> = all
        .into_iter()
        .map(|checked| DeviceReport {
            spec: checked.subject.spec.clone(),
            device: checked.subject.device.record().clone(),
            stopped: checked.stopped,
            rows: checked.rows,
        })
        .collect();
    Ok(Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        seed: options.seed,
        passed: devices.iter().all(DeviceReport::passed),
        seconds: start.elapsed().as_secs_f64(),
        devices,
    })
}

/// A case is built once, and runs on all devices in all variants before the next one is built.
fn check_family(
    (family, kernel): (&Family, &'static Kernel),
    all: &mut [Checked<'_>],
    options: &Options,
    watch: &mut dyn Watch,
) {
    let mut lanes = lanes(kernel, all, options);
    let plan = options.plan(family);
    watch.begin(family.kernel.name, (plan.len() * lanes.len()) as u64);
    let repeated = repeated(family, &plan);
    for (number, (shape, fill)) in plan.into_iter().enumerate() {
        let goes_on =
            |lane: &Lane<'_>| lane.row.failure.is_none() && all[lane.number].stopped.is_none();
        let case = lanes
            .iter()
            .any(goes_on)
            .then(|| family.build(shape, fill, options.seed));
        let times = if number == repeated { REPEATS } else { 1 };
        for lane in &mut lanes {
            if let Some(case) = &case {
                lane.check(family, case, times, &mut all[lane.number].stopped);
            }
            watch.advance();
        }
    }
    for checked in &*all {
        checked.subject.device.choose(family.kernel, None);
    }
    for lane in lanes {
        watch.row(lane.subject, &lane.row);
        all[lane.number].rows.push(lane.row);
    }
}

/// Whole steps, with the variants that the devices choose by themselves.
fn check_training(all: &mut [Checked<'_>], watch: &mut dyn Watch) -> Result<()> {
    let tasks = Task::all()?;
    watch.begin(TRAINING, (tasks.len() * all.len()) as u64);
    for reference in tasks.map(Reference::new) {
        for checked in &mut *all {
            for row in checked.train(&reference) {
                watch.row(checked.subject, &row);
                checked.rows.push(row);
            }
            watch.advance();
        }
    }
    Ok(())
}

impl Checked<'_> {
    /// A row for each number of steps of the reference.
    fn train(&mut self, reference: &Reference) -> Vec<Row> {
        let steps = reference.task().points;
        let row = |steps: &u32| Row {
            kernel: TRAINING.to_owned(),
            variant: format!("{steps} step{}", if *steps == 1 { "" } else { "s" }),
            ..Row::default()
        };
        let mut rows: Vec<Row> = steps.iter().map(row).collect();
        if self.stopped.is_some() {
            return rows;
        }
        let start = Instant::now();
        let compared = compare(&*self.subject.device, reference);
        let seconds = start.elapsed().as_secs_f64() / steps.len() as f64;
        if let Err(e) = &compared {
            self.stopped = Some(e.to_string());
        }
        for (place, row) in rows.iter_mut().enumerate() {
            (row.cases, row.seconds) = (1, seconds);
            let mismatch = match &compared {
                Ok(all) => {
                    // JSON has no infinity: the mismatch says it.
                    row.worst = Some(all[place].share()).filter(|share| share.is_finite());
                    all[place].mismatch()
                }
                Err(e) => Some(Mismatch::refused(e)),
            };
            row.failure = mismatch.map(|mismatch| self.training_failure(mismatch));
        }
        rows
    }

    fn training_failure(&self, mismatch: Mismatch) -> Failure {
        let device = &self.subject.spec;
        Failure {
            shape: None,
            fill: None,
            seed: 1,
            mismatch,
            command: format!("unlearn check --device {device} --kernel {TRAINING}"),
        }
    }
}

/// The case whose bits must repeat: one whose sums depend on their order, if there is any, and of
/// those the one with the most samples of all learners, but for those with thousands of learners.
fn repeated(family: &Family, plan: &[(Shape, Fill)]) -> usize {
    let rank = |(shape, fill): &(Shape, Fill)| {
        let s = (family.fit)(*shape);
        let size = match s.learners > MANY {
            true => 0,
            false => u64::from(s.rows) * u64::from(s.learners) * u64::from(s.inputs),
        };
        (*fill != Fill::Exact, size)
    };
    let places = plan.iter().enumerate();
    let largest = places.max_by_key(|(_, planned)| rank(planned));
    largest.map_or(0, |(place, _)| place)
}

fn lanes<'a>(kernel: &'static Kernel, all: &[Checked<'a>], options: &Options) -> Vec<Lane<'a>> {
    let mut lanes = Vec::new();
    for (number, subject) in all.iter().map(|checked| checked.subject).enumerate() {
        let variants = subject.device.variants(kernel).iter();
        let variants = variants.filter(|v| options.wants(v));
        lanes.extend(variants.map(|variant| Lane {
            number,
            subject,
            kernel,
            plant: options.plant,
            variant,
            row: Row {
                kernel: kernel.name.to_owned(),
                variant: variant.name.to_owned(),
                ..Row::default()
            },
        }));
    }
    lanes
}

impl Lane<'_> {
    /// Runs a case, unless one has failed before or the device has stopped; a wrong result is
    /// followed to its smallest case.
    fn check(&mut self, family: &Family, case: &Case, times: u32, stopped: &mut Option<String>) {
        if self.row.failure.is_some() || stopped.is_some() {
            return;
        }
        let start = Instant::now();
        match self.judge(case, times) {
            Verdict::Right(share) => {
                self.row.cases += 1;
                // A subnormal that a device flushes to zero is off by all that it may be off.
                let telling = share.filter(|_| case.fill != Fill::Tiny);
                self.row.worst = telling.into_iter().chain(self.row.worst).reduce(f64::max);
            }
            Verdict::Wrong(mismatch) => {
                self.row.cases += 1;
                let (shape, mismatch) = self.smallest(family, case, mismatch, times);
                self.row.failure = Some(self.failure(case, shape, mismatch));
            }
            Verdict::None(Trouble::NoRoom) => self.row.skipped += 1,
            Verdict::None(Trouble::Refused(e)) => {
                self.row.cases += 1;
                self.row.failure = Some(self.failure(case, case.shape, Mismatch::refused(&e)));
            }
            Verdict::None(Trouble::Lost(e)) => {
                self.row.cases += 1;
                self.row.failure = Some(self.failure(case, case.shape, Mismatch::refused(&e)));
                *stopped = Some(e.to_string());
            }
        }
        self.row.seconds += start.elapsed().as_secs_f64();
    }

    fn judge(&self, case: &Case, times: u32) -> Verdict {
        let device = &*self.subject.device;
        device.choose(self.kernel, Some(self.variant));
        judge(case, self.kernel, self.variant, device, times)
    }

    /// The smallest shape that is wrong too. A device that fails on the way ends the search.
    fn smallest(
        &self,
        family: &Family,
        case: &Case,
        mismatch: Mismatch,
        times: u32,
    ) -> (Shape, Mismatch) {
        let (mut shape, mut mismatch) = (case.shape, mismatch);
        let mut tried = 0;
        'search: loop {
            for smaller in shape.smaller().into_iter().map(family.fit) {
                if smaller == shape || tried == SHRINKS {
                    continue;
                }
                tried += 1;
                let case = family.build(smaller, case.fill, case.seed);
                match self.judge(&case, times) {
                    Verdict::Wrong(still) => {
                        (shape, mismatch) = (smaller, still);
                        continue 'search;
                    }
                    Verdict::None(Trouble::Lost(_)) => break 'search,
                    _ => {}
                }
            }
            return (shape, mismatch);
        }
        (shape, mismatch)
    }

    /// A mismatch in a case of this shape, with the command that repeats it.
    fn failure(&self, case: &Case, shape: Shape, mismatch: Mismatch) -> Failure {
        let (device, kernel, variant) = (&self.subject.spec, case.kernel.name, self.variant.name);
        let (fill, seed) = (case.fill, case.seed);
        let planted = self
            .plant
            .map_or(String::new(), |n| format!(" --plant {n}"));
        Failure {
            shape: Some(shape),
            fill: Some(fill),
            seed,
            mismatch,
            command: format!(
                "unlearn check --device {device} --kernel {kernel} --variant {variant} \
                 --shape {shape} --fill {} --seed {seed}{planted}",
                fill.name()
            ),
        }
    }
}

/// How a case ended.
pub(super) enum Verdict {
    /// Right, with the worst error as a share of its bound.
    Right(Option<f64>),
    /// Wrong.
    Wrong(Mismatch),
    /// It gave no result.
    None(Trouble),
}

/// Runs a case on a device, with the case's own kernel or a mutant of it.
pub(super) fn judge(
    case: &Case,
    kernel: &'static Kernel,
    variant: &Variant,
    device: &dyn Device,
    times: u32,
) -> Verdict {
    if !case.fits(variant, device.limits()) {
        return Verdict::None(Trouble::NoRoom);
    }
    let runs = match case.run(device, kernel, times) {
        Ok(runs) => runs,
        Err(trouble) => return Verdict::None(trouble),
    };
    let Some((first, others)) = runs.split_first() else {
        return Verdict::Right(None);
    };
    if let Some(mismatch) = others.iter().find_map(|run| case.differs(first, run)) {
        return Verdict::Wrong(mismatch);
    }
    case.judge(first)
        .map_or_else(Verdict::Wrong, Verdict::Right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_case_repeats_with_every_fill() {
        for family in FAMILIES {
            for fill in [None].into_iter().chain(Fill::ALL.map(Some)) {
                let options = Options {
                    kernel: None,
                    variant: None,
                    shape: None,
                    fill,
                    seed: 1,
                    plant: None,
                };
                let plan = options.plan(family);
                let (shape, of) = plan[repeated(family, &plan)];
                let s = (family.fit)(shape);
                let words = s.rows * s.inputs * s.outputs * s.learners;
                assert!(words >= 1000 && s.learners <= MANY, "{shape} {fill:?}");
                assert!(fill.is_some() || of != Fill::Exact, "{shape} {of:?}");
            }
        }
    }
}
