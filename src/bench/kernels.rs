//! Every kernel and variant at the shapes of training: first checked, then timed.

use std::time::Duration;

use super::report::{Ceilings, KernelRow, Measured, StepRow};
use super::roofline::Bound;
use super::rounds::{Timing, time};
use super::watch::Watch;
use crate::check;
use crate::device::Device;
use crate::device::timing::Times;
use crate::device::trial::Timed;
use crate::error::Result;
use crate::kernels::case::Case;
use crate::kernels::cost::Cost;
use crate::kernels::{Fill, Kernel, Variant};
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
    let watch = Watch::new(device)?;
    for spec in options.check.specs()? {
        let shapes = match options.check.shape {
            Some(shape) => vec![shape],
            None => (spec.training)(&model, LEARNERS),
        };
        let kernel: &'static Kernel = options.check.planted(&spec.kernel)?;
        let variants = device.variants(kernel).iter();
        let variants: Vec<_> = variants.filter(|v| options.check.wants(v)).collect();
        observer.begin(spec.kernel.name, (shapes.len() * variants.len()) as u64);
        for shape in shapes {
            let shape = (spec.fit)(shape);
            let job = Job {
                case: &(spec.case)(shape, Fill::Random, options.check.seed),
                kernel,
                shape: shape.to_string(),
                cost: spec.cost(shape),
            };
            job.rows(
                device,
                &variants,
                (ceilings, options.budget, &watch),
                rows,
                observer,
            )?;
        }
    }
    Ok(())
}

/// A case to time, of a kernel of this program or of any other, and the work that it has to do.
pub(crate) struct Job<'a> {
    /// Inputs, and what must come of them.
    pub(crate) case: &'a Case,
    /// What runs: the case's kernel, or a mutant of it.
    pub(crate) kernel: &'static Kernel,
    /// The sizes, in words.
    pub(crate) shape: String,
    /// The work.
    pub(crate) cost: Cost,
}

impl Job<'_> {
    /// Checks and times the variants: a row for each.
    ///
    /// # Errors
    /// `Device` where the device is lost.
    pub(crate) fn rows(
        &self,
        device: &dyn Device,
        variants: &[&'static Variant],
        (ceilings, budget, watch): (&Ceilings, Duration, &Watch<'_>),
        rows: &mut Vec<KernelRow>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let work = (self.case, self.kernel);
        let timed = time(device, work, variants, (budget, watch), observer);
        device.choose(self.kernel, None);
        for (variant, timed) in variants.iter().zip(timed?) {
            let row = self.row(variant, timed, ceilings);
            observer.kernel(&row);
            rows.push(row);
        }
        Ok(())
    }

    fn row(&self, variant: &Variant, timed: Timed<Timing>, ceilings: &Ceilings) -> KernelRow {
        let (timing, failure) = timed;
        KernelRow {
            kernel: self.case.kernel.name.to_owned(),
            variant: variant.name.to_owned(),
            shape: self.shape.clone(),
            flops: self.cost.flops,
            bytes: self.cost.bytes,
            working_set: self.case.bytes(),
            measured: timing.map(|timing| self.measured(timing, ceilings)),
            failure,
        }
    }

    fn measured(&self, timing: Timing, ceilings: &Ceilings) -> Measured {
        let times = Times::of(timing.rounds.concat());
        let bound = Bound::of(ceilings, self.cost, self.case.bytes());
        Measured {
            time: times.into(),
            gflops: 1e-9 * self.cost.flops as f64 / times.median,
            gbs: 1e-9 * self.cost.bytes as f64 / times.median,
            bound_us: bound.us,
            bound_by: bound.by.to_owned(),
            roof_gbs: bound.roof_gbs,
            share: bound.us / (1e6 * times.median),
            samples: timing.into(),
        }
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
