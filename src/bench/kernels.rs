//! Every kernel and variant at the shapes of training: first checked, then timed.

use std::time::Duration;

use super::report::{Ceilings, KernelRow, Measured, StepRow};
use crate::check;
use crate::device::timing::{Times, measure};
use crate::device::trial::{Timed, timed};
use crate::device::{Device, Program};
use crate::error::Result;
use crate::kernels::{Fill, Kernel, Mismatch, Shape, Spec, Variant};
use crate::model::Model;
use crate::progress::{Progress, Silent};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which kernels, variants and shape, as for a check; the fill is random numbers.
    pub check: check::Options,
    /// How long a measurement should last.
    pub budget: Duration,
}

/// Is told how a benchmark goes.
pub trait Observer: Progress {
    /// The ceilings are known.
    fn ceilings(&mut self, _ceilings: &Ceilings) {}
    /// A variant of a kernel is through.
    fn kernel(&mut self, _row: &KernelRow) {}
    /// A number of learners is through.
    fn step(&mut self, _row: &StepRow) {}
    /// Something will not be measured.
    fn left_out(&mut self, _why: &str) {}
}

impl Observer for Silent {}

/// Learners of the shapes below.
const LEARNERS: u32 = 64;

/// Checks and times all kernels that are asked for.
///
/// # Errors
/// `Usage` where the options name nothing that exists; `Device` where the device is lost.
pub fn kernels(
    device: &dyn Device,
    options: &Options,
    ceilings: &Ceilings,
    rows: &mut Vec<KernelRow>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let model = Model::new(&[128, 64])?;
    for spec in options.check.specs()? {
        let shapes = match options.check.shape {
            Some(shape) => vec![shape],
            None => (spec.training)(&model, LEARNERS),
        };
        let variants = device.variants(options.check.planted(&spec.kernel)?).iter();
        let variants: Vec<_> = variants.filter(|v| options.check.wants(v)).collect();
        observer.begin(spec.kernel.name, (shapes.len() * variants.len()) as u64);
        for shape in shapes {
            let timed = at_shape((spec, shape), device, &variants, options, observer);
            device.choose(&spec.kernel, None);
            for (variant, (times, failure)) in variants.iter().zip(timed?) {
                let row = row(spec, shape, variant, times, failure, ceilings);
                observer.kernel(&row);
                rows.push(row);
            }
        }
    }
    Ok(())
}

fn at_shape(
    (spec, shape): (&'static Spec, Shape),
    device: &dyn Device,
    variants: &[&'static Variant],
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<Timed<Times>>> {
    let case = spec.build(shape, Fill::Random, options.check.seed);
    let kernel: &'static Kernel = options.check.planted(&spec.kernel)?;
    let mut all = Vec::new();
    for variant in variants {
        let time = |program: &Program| measure(device, program, options.budget);
        all.push(timed(device, &case, kernel, variant, &time)?);
        observer.advance(1);
    }
    Ok(all)
}

fn row(
    spec: &'static Spec,
    shape: Shape,
    variant: &Variant,
    times: Option<Times>,
    failure: Option<Mismatch>,
    ceilings: &Ceilings,
) -> KernelRow {
    let shape = (spec.fit)(shape);
    let cost = spec.cost(shape);
    KernelRow {
        kernel: spec.kernel.name.to_owned(),
        variant: variant.name.to_owned(),
        shape,
        flops: cost.flops,
        bytes: cost.bytes,
        measured: times.map(|times| {
            let bounds = [
                (1e-3 * cost.flops as f64 / ceilings.gflops, "compute"),
                (1e-3 * cost.bytes as f64 / ceilings.gbs, "memory"),
                (ceilings.dependent_dispatch_us, "launch"),
            ];
            // Where a ceiling is not known, neither is what it allows.
            let known = bounds.iter().all(|(us, _)| us.is_finite());
            let longest = bounds.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
            let (bound_us, by) = longest.filter(|_| known).unwrap_or((f64::NAN, "–"));
            Measured {
                time: times.into(),
                gflops: 1e-9 * cost.flops as f64 / times.median,
                gbs: 1e-9 * cost.bytes as f64 / times.median,
                bound_us,
                bound_by: by.to_owned(),
                share: bound_us / (1e6 * times.median),
            }
        }),
        failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::KERNELS;

    /// Reports are read back, and a check can be asked for the same shape.
    #[test]
    fn every_shape_can_be_asked_for() {
        let model = Model::new(&[128, 64]).unwrap();
        for spec in KERNELS {
            for shape in (spec.training)(&model, LEARNERS) {
                assert_eq!(shape.to_string().parse(), Ok(shape), "{}", spec.kernel.name);
            }
        }
    }
}
