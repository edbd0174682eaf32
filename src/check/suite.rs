//! All cases of all kernels, on one or more devices.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::litmus::Wanted;
use super::plan::{LITMUS, Options, TRAINING, repeated};
use super::probes::{Asked, PROBE_ROWS};
use super::report::{DeviceReport, Failure, Report, Row};
use super::subject::Subject;
use super::training::{Reference, Task, compare};
use super::variant::{Family, Instance, VariantCheck};
use crate::error::{Error, Result};
use crate::kernels::{Fill, Kernel, Mismatch, Shape, Spec};
use crate::progress::{Progress, Silent};
use crate::reproducer::Reproducer;

/// Runs of a case whose bits must be the same.
pub(super) const REPEATS: u32 = 10;

/// Is told how a check goes.
pub trait Observer: Progress {
    /// A variant of a kernel is through on a device.
    fn row(&mut self, _subject: &Subject, _row: &Row) {}

    /// A variant of a kernel fails: a folder for that, if it can have one, to be written or not. Returns
    /// where it is.
    fn reproducer(
        &mut self,
        _kernel: &str,
        _variant: &str,
        _made: Result<Reproducer>,
    ) -> Option<PathBuf> {
        None
    }
}

impl Observer for Silent {}

/// A device under check, and why its check ended early, if it did.
pub(super) struct Checked<'a> {
    subject: &'a Subject,
    stopped: Option<String>,
    rows: Vec<Row>,
}

impl<'a> Checked<'a> {
    /// Devices of which nothing is known yet.
    pub(super) fn all(subjects: &'a [Subject]) -> Vec<Self> {
        let new = |subject| Self {
            subject,
            stopped: None,
            rows: Vec::new(),
        };
        subjects.iter().map(new).collect()
    }

    /// What was found since `start`.
    pub(super) fn report(all: Vec<Self>, seed: u32, start: Instant) -> Report {
        let report = |checked: Self| DeviceReport {
            spec: checked.subject.spec.clone(),
            device: checked.subject.device.record().clone(),
            stopped: checked.stopped,
            rows: checked.rows,
        };
        let devices: Vec<DeviceReport> = all.into_iter().map(report).collect();
        Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            seed,
            passed: devices.iter().all(DeviceReport::passed),
            seconds: start.elapsed().as_secs_f64(),
            open: None,
            power: None,
            devices,
        }
    }
}

/// Checks devices.
///
/// One kernel on the CPU, at one shape:
///
/// ```
/// use unlearn::check::{Options, Subject, check};
/// use unlearn::device;
/// use unlearn::progress::Silent;
///
/// let cpu = Subject { spec: "cpu".to_owned(), device: device::open("cpu")? };
/// let options = Options {
///     kernel: Some("dense_forward".to_owned()),
///     shape: Some("7x20x12x3".parse()?), // samples, inputs, outputs, learners
///     variant: None,
///     fill: None,
///     seed: 1,
///     plant: None,
/// };
/// let report = check(&[cpu], &options, &mut Silent)?;
/// assert!(report.passed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `Usage` where the options name nothing that exists. What goes wrong on a device is a failure
/// in the report, not an error.
pub fn check(
    subjects: &[Subject],
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Report> {
    let start = Instant::now();
    let mut all = Checked::all(subjects);
    for spec in options.specs()? {
        let kernel = options.planted(&spec.kernel)?;
        check_family((spec, kernel), &mut all, options, observer)?;
    }
    if options.training() && all.iter().any(|checked| checked.stopped.is_none()) {
        check_training(&mut all, observer)?;
    }
    if let Some(wanted) = options.litmus() {
        check_litmus(wanted, &mut all, observer);
    }
    if let Some(asked) = options.probes() {
        check_probes(&asked, &mut all, observer)?;
    }
    if all.iter().all(|checked| checked.rows.is_empty()) {
        if let Some(name @ (LITMUS | PROBE_ROWS)) = options.kernel.as_deref() {
            return Err(Error::Usage(format!(
                "{name} run on adapters: the CPU device has no shaders. Give --device an adapter \
                 (see `unlearn devices`)"
            )));
        }
        return Err(Error::Usage(format!(
            "no kernel that was asked for has a variant {:?} on this device",
            options.variant.as_deref().unwrap_or_default()
        )));
    }
    Ok(Checked::report(all, options.seed, start))
}

/// All cases of a kernel, on all devices in all variants.
fn check_family(
    (spec, kernel): (&'static Spec, &'static Kernel),
    all: &mut [Checked<'_>],
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<()> {
    let checks = checks(kernel, all, options);
    let plan = options.plan(spec).into_iter();
    let plan: Vec<(Shape, Fill)> = plan
        .map(|(shape, fill)| ((spec.fit)(shape), fill))
        .collect();
    let repeated = repeated(spec, &plan);
    let planned = Planned {
        name: spec.kernel.name,
        plan,
        repeated,
        seed: options.seed,
        patience: None,
    };
    planned.run(spec, checks, all, observer)
}

/// The cases of a kernel.
pub(super) struct Planned<S> {
    /// The kernel's name.
    pub(super) name: &'static str,
    pub(super) plan: Vec<(S, Fill)>,
    /// The one that runs several times.
    pub(super) repeated: usize,
    pub(super) seed: u32,
    /// How long the interpreter may take cases.
    pub(super) patience: Option<Duration>,
}

impl<S: Clone + PartialEq> Planned<S> {
    /// Runs all cases on all devices. A case is built once, and runs on all of them in all variants before
    /// the next one is built.
    pub(super) fn run<F: Family<Sizes = S>>(
        self,
        family: &F,
        mut checks: Vec<VariantCheck<'_>>,
        all: &mut [Checked<'_>],
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let times = |number: usize| if number == self.repeated { REPEATS } else { 1 };
        let works: Vec<u64> = (0..)
            .zip(&self.plan)
            .map(|(number, (sizes, _))| u64::from(times(number)) * family.work(sizes))
            .collect();
        let whole: u64 = works.iter().sum();
        observer.begin(self.name, whole * checks.len() as u64);
        let kernel = checks.first().map(|check| check.kernel);
        for (number, (sizes, fill)) in self.plan.into_iter().enumerate() {
            // Where patience limits the interpreter, no case is left out beforehand.
            let work = family.work(&sizes);
            let fits = |check: &VariantCheck<'_>| {
                self.patience.is_some() || work <= check.subject.device.work()
            };
            let goes_on = |check: &VariantCheck<'_>| {
                check.goes_on(self.patience) && all[check.number].stopped.is_none() && fits(check)
            };
            let instance = checks
                .iter()
                .any(goes_on)
                .then(|| Instance::new(family, sizes, fill, self.seed))
                .transpose()?;
            for check in &mut checks {
                let goes_on = check.goes_on(self.patience);
                let tired = !goes_on && check.row.failure.is_none();
                if tired || !fits(check) {
                    check.row.skipped += 1;
                } else if let Some(instance) = instance.as_ref().filter(|_| goes_on) {
                    let stopped = &mut all[check.number].stopped;
                    check.check(family, instance, times(number), stopped);
                }
                observer.advance(works[number]);
            }
        }
        for checked in &*all {
            let chosen = kernel.iter();
            chosen.for_each(|kernel| checked.subject.device.choose(kernel, None));
        }
        finish(checks, all, observer);
        Ok(())
    }
}

/// Adds the rows to the devices', after a folder for each failure.
fn finish(checks: Vec<VariantCheck<'_>>, all: &mut [Checked<'_>], observer: &mut dyn Observer) {
    for mut check in checks {
        if let (Some(made), Some(failure)) = (check.reproducer.take(), &mut check.row.failure) {
            failure.folder = observer.reproducer(&check.row.kernel, &check.row.variant, made);
        }
        observer.row(check.subject, &check.row);
        all[check.number].rows.push(check.row);
    }
}

/// Known miscomputations, on all devices that run shaders.
fn check_probes(
    asked: &Asked<'_>,
    all: &mut [Checked<'_>],
    observer: &mut dyn Observer,
) -> Result<()> {
    let subjects: Vec<&Subject> = all.iter().map(|checked| checked.subject).collect();
    for probe in asked.probes() {
        let Some((family, planned, checks)) = asked.ready(probe, &subjects)? else {
            return Ok(());
        };
        planned.run(&family, checks, all, observer)?;
    }
    Ok(())
}

/// Litmus tests, on adapters.
fn check_litmus(wanted: Wanted<'_>, all: &mut [Checked<'_>], observer: &mut dyn Observer) {
    let adapters = || |checked: &&mut Checked<'_>| checked.subject.is_adapter();
    let count = all.iter_mut().filter(adapters()).count();
    observer.begin(LITMUS, wanted.count() * count as u64);
    for checked in all.iter_mut().filter(adapters()) {
        let subject = checked.subject;
        let rows = wanted.rows(subject, &mut checked.stopped, &mut || observer.advance(1));
        for row in rows {
            observer.row(subject, &row);
            checked.rows.push(row);
        }
    }
}

/// Whole steps, with the variants that the devices choose by themselves.
fn check_training(all: &mut [Checked<'_>], observer: &mut dyn Observer) -> Result<()> {
    let tasks = Task::all()?;
    observer.begin(TRAINING, (tasks.len() * all.len()) as u64);
    for reference in tasks.map(Reference::new) {
        for checked in &mut *all {
            // Thousands of dispatches are too many for a device that takes small cases only.
            if checked.subject.device.work() < u64::MAX {
                continue;
            }
            for row in checked.train(&reference) {
                observer.row(checked.subject, &row);
                checked.rows.push(row);
            }
            observer.advance(1);
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
                Err(e) => Some(Mismatch::from(e)),
            };
            row.failure = mismatch.map(|mismatch| self.training_failure(mismatch));
        }
        rows
    }

    fn training_failure(&self, mismatch: Mismatch) -> Failure {
        let device = &self.subject.spec;
        Failure {
            shape: None,
            sizes: None,
            element: None,
            fill: None,
            seed: 1,
            known: None,
            mismatch,
            command: format!("unlearn check --device {device} --kernel {TRAINING}"),
            folder: None,
        }
    }
}

fn checks<'a>(
    kernel: &'static Kernel,
    all: &[Checked<'a>],
    options: &Options,
) -> Vec<VariantCheck<'a>> {
    let mut checks = Vec::new();
    for (number, subject) in all.iter().map(|checked| checked.subject).enumerate() {
        let variants = subject.device.variants(kernel).iter();
        let variants = variants.filter(|v| options.wants(v));
        let new = |variant| VariantCheck::new((number, subject), (kernel, options.plant), variant);
        checks.extend(variants.map(new));
    }
    checks
}
