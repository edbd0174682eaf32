//! All cases of all kernels, on one or more devices.

use std::time::Instant;

use super::plan::{Options, TRAINING, repeated};
use super::probes::{PROBE_ROWS, Wanted};
use super::report::{DeviceReport, Failure, Report, Row};
use super::subject::Subject;
use super::training::{Reference, Task, compare};
use super::variant::{Instance, VariantCheck};
use crate::error::{Error, Result};
use crate::kernels::{Fill, Kernel, Mismatch, Shape, Spec};
use crate::progress::{Progress, Silent};

/// Runs of a case whose bits must be the same.
pub(super) const REPEATS: u32 = 10;

/// Is told how a check goes.
pub trait Observer: Progress {
    /// A variant of a kernel is through on a device.
    fn row(&mut self, _subject: &Subject, _row: &Row) {}
}

impl Observer for Silent {}

/// A device under check, and why its check ended early, if it did.
struct Checked<'a> {
    subject: &'a Subject,
    stopped: Option<String>,
    rows: Vec<Row>,
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
    let new = |subject| Checked {
        subject,
        stopped: None,
        rows: Vec::new(),
    };
    let mut all: Vec<Checked<'_>> = subjects.iter().map(new).collect();
    for spec in options.specs()? {
        let kernel = options.planted(&spec.kernel)?;
        check_family((spec, kernel), &mut all, options, observer);
    }
    if options.training() && all.iter().any(|checked| checked.stopped.is_none()) {
        check_training(&mut all, observer)?;
    }
    if let Some(wanted) = options.probes() {
        check_probes(&wanted, &mut all, observer)?;
    }
    if all.iter().all(|checked| checked.rows.is_empty()) {
        if options.kernel.as_deref() == Some(PROBE_ROWS) {
            return Err(Error::Usage(
                "probes are shaders, which the CPU device does not run: give --device an adapter \
                 (see `unlearn devices`)"
                    .to_owned(),
            ));
        }
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
    (spec, kernel): (&'static Spec, &'static Kernel),
    all: &mut [Checked<'_>],
    options: &Options,
    observer: &mut dyn Observer,
) {
    let mut checks = checks(kernel, all, options);
    let plan = options.plan(spec);
    let repeated = repeated(spec, &plan);
    let times = |number: usize| if number == repeated { REPEATS } else { 1 };
    let work = |(number, (shape, _)): (usize, &(Shape, Fill))| {
        u64::from(times(number)) * (spec.fit)(*shape).work()
    };
    let works: Vec<u64> = plan.iter().enumerate().map(work).collect();
    let whole: u64 = works.iter().sum();
    observer.begin(spec.kernel.name, whole * checks.len() as u64);
    for (number, (shape, fill)) in plan.into_iter().enumerate() {
        let goes_on = |check: &VariantCheck<'_>| {
            check.row.failure.is_none() && all[check.number].stopped.is_none()
        };
        let instance = checks
            .iter()
            .any(goes_on)
            .then(|| Instance::new(spec, shape, fill, options.seed));
        for check in &mut checks {
            if let Some(instance) = &instance {
                let stopped = &mut all[check.number].stopped;
                check.check(spec, instance, times(number), stopped);
            }
            observer.advance(works[number]);
        }
    }
    for checked in &*all {
        checked.subject.device.choose(&spec.kernel, None);
    }
    for check in checks {
        observer.row(check.subject, &check.row);
        all[check.number].rows.push(check.row);
    }
}

/// Known miscomputations, on adapters.
fn check_probes(
    wanted: &Wanted<'_>,
    all: &mut [Checked<'_>],
    observer: &mut dyn Observer,
) -> Result<()> {
    let adapter = |checked: &&mut Checked<'_>| checked.subject.is_adapter();
    let count = all.iter_mut().filter(adapter).count();
    if count == 0 {
        return Ok(());
    }
    let ready = wanted.ready()?;
    observer.begin(PROBE_ROWS, (ready.len() * count) as u64);
    for probe in &ready {
        for checked in all.iter_mut().filter(adapter) {
            let row = probe.row(checked.subject, &mut checked.stopped);
            observer.row(checked.subject, &row);
            checked.rows.push(row);
            observer.advance(1);
        }
    }
    Ok(())
}

/// Whole steps, with the variants that the devices choose by themselves.
fn check_training(all: &mut [Checked<'_>], observer: &mut dyn Observer) -> Result<()> {
    let tasks = Task::all()?;
    observer.begin(TRAINING, (tasks.len() * all.len()) as u64);
    for reference in tasks.map(Reference::new) {
        for checked in &mut *all {
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
            fill: None,
            seed: 1,
            mismatch,
            command: format!("unlearn check --device {device} --kernel {TRAINING}"),
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
        checks.extend(variants.map(|variant| VariantCheck {
            number,
            subject,
            kernel,
            plant: options.plant,
            variant,
            row: Row {
                kernel: kernel.name.to_owned(),
                variant: variant.name.to_owned(),
                exact: true,
                ..Row::default()
            },
        }));
    }
    checks
}
