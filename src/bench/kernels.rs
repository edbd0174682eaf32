//! Every kernel and variant at the shapes of training: first checked, then timed.

use std::time::Duration;

use super::cost::cost;
use super::report::{Ceilings, KernelRow, Measured, StepRow};
use super::timing::{Times, measure};
use crate::check::{self, Case, Family, Fill, Mismatch, Shape, Trouble, Verdict, judge};
use crate::device::{Device, Program};
use crate::error::Result;
use crate::kernel::{Kernel, Variant};
use crate::model::Model;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which kernels, variants and shape, as for a check; the fill is random numbers.
    pub check: check::Options,
    /// How long a measurement should last.
    pub budget: Duration,
}

/// Is told how a benchmark goes.
pub trait Watch {
    /// Something begins, with so many measurements ahead.
    fn begin(&mut self, what: &str, measurements: u64);
    /// One of them is through.
    fn advance(&mut self);
    /// The ceilings are known.
    fn ceilings(&mut self, ceilings: &Ceilings);
    /// A variant of a kernel is through.
    fn kernel(&mut self, row: &KernelRow);
    /// A number of learners is through.
    fn step(&mut self, row: &StepRow);
    /// Something will not be measured.
    fn left_out(&mut self, why: &str);
}

/// Learners of the shapes below.
const LEARNERS: u32 = 64;

/// The shapes that a kernel has in training, and in an evaluation.
pub(crate) fn training_shapes(kernel: &str, model: &Model, learners: u32) -> Vec<Shape> {
    let layers = model.layers().iter();
    let layers = layers.map(|l| Shape::new(64, l.inputs, l.outputs, learners));
    let hidden = model.layers().len() - 1;
    match kernel {
        "image_forward" | "image_backward_weights" => layers.take(1).collect(),
        "initialise" => layers.collect(),
        // A quarter of MNIST: of a list as long as it, `--shape` takes fewer learners.
        "sample_order" => vec![Shape::new(64, 15_000, 1, learners)],
        // A sixth of a network: more is no shape that `--shape` takes, whatever the kernel.
        "mix_weights" | "shrink_weights" | "restore_weights" | "dampen_weights"
        | "noise_weights" | "square" | "step_images" | "gradient_products"
        | "project_gradients" => vec![Shape::new(1, 16_384, 1, learners)],
        "select_threshold" => vec![Shape::new(1, 16_384, 16, learners)],
        "log_changes" => vec![Shape::new(64, 8192, 1, learners)],
        "unpack_images" => vec![Shape::new(64, 784, 1, learners)],
        "score" => vec![Shape::new(1000, 1, 10, learners)],
        "close_step" => vec![Shape::new(64, 1, 1, learners)],
        "head" => layers.skip(hidden).collect(),
        "dense_backward_input" => layers.skip(1).take(hidden - 1).collect(),
        _ => layers.skip(1).collect(),
    }
}

/// Checks and times all kernels that are asked for.
///
/// # Errors
/// `Usage` where the options name nothing that exists; `Device` where the device is lost.
pub fn kernels(
    device: &dyn Device,
    options: &Options,
    ceilings: &Ceilings,
    rows: &mut Vec<KernelRow>,
    watch: &mut dyn Watch,
) -> Result<()> {
    let model = Model::new(&[128, 64])?;
    for family in options.check.families()? {
        let shapes = match options.check.shape {
            Some(shape) => vec![shape],
            None => training_shapes(family.kernel.name, &model, LEARNERS),
        };
        let variants = device
            .variants(options.check.planted(family.kernel)?)
            .iter();
        let variants: Vec<_> = variants.filter(|v| options.check.wants(v)).collect();
        watch.begin(family.kernel.name, (shapes.len() * variants.len()) as u64);
        for shape in shapes {
            let timed = at_shape((family, shape), device, &variants, options, watch);
            device.choose(family.kernel, None);
            for (variant, (times, failure)) in variants.iter().zip(timed?) {
                let row = row(family, shape, variant, times, failure, ceilings);
                watch.kernel(&row);
                rows.push(row);
            }
        }
    }
    Ok(())
}

/// The time of a variant, or what is wrong with its result; neither where the device has no room.
type Timed<T> = (Option<T>, Option<Mismatch>);

fn at_shape(
    (family, shape): (&Family, Shape),
    device: &dyn Device,
    variants: &[&'static Variant],
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<Vec<Timed<Times>>> {
    let case = family.build(shape, Fill::Random, options.check.seed);
    let kernel: &'static Kernel = options.check.planted(family.kernel)?;
    let mut all = Vec::new();
    for variant in variants {
        let time = |program: &Program| measure(device, program, options.budget);
        all.push(timed(device, &case, kernel, variant, &time)?);
        watch.advance();
    }
    Ok(all)
}

/// Holds what a variant computes against the case's reference, then times it on the same inputs.
///
/// # Errors
/// `Device` where the device is lost.
pub(crate) fn timed<T>(
    device: &dyn Device,
    case: &Case,
    kernel: &'static Kernel,
    variant: &'static Variant,
    time: &dyn Fn(&Program) -> Result<T>,
) -> Result<Timed<T>> {
    device.choose(kernel, Some(variant));
    let trouble = match judge(case, kernel, variant, device, 1) {
        Verdict::Wrong(mismatch) => return Ok((None, Some(mismatch))),
        Verdict::None(trouble) => trouble,
        Verdict::Right(_) => match case.load(device, kernel) {
            Ok(loaded) => {
                let time = loaded.fill(device).and_then(|()| time(&loaded.program));
                loaded.free(device);
                return Ok((Some(time?), None));
            }
            Err(trouble) => trouble,
        },
    };
    match trouble {
        Trouble::NoRoom => Ok((None, None)),
        Trouble::Refused(e) => Ok((None, Some(Mismatch::refused(&e)))),
        Trouble::Lost(e) => Err(e),
    }
}

fn row(
    family: &Family,
    shape: Shape,
    variant: &Variant,
    times: Option<Times>,
    failure: Option<Mismatch>,
    ceilings: &Ceilings,
) -> KernelRow {
    let shape = (family.fit)(shape);
    let cost = cost(family.kernel.name, shape);
    KernelRow {
        kernel: family.kernel.name.to_owned(),
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
    use crate::kernel::KERNELS;

    /// Reports are read back, and a check can be asked for the same shape.
    #[test]
    fn every_shape_can_be_asked_for() {
        let model = Model::new(&[128, 64]).unwrap();
        for kernel in KERNELS {
            for shape in training_shapes(kernel.name, &model, LEARNERS) {
                assert_eq!(shape.to_string().parse(), Ok(shape), "{}", kernel.name);
            }
        }
    }
}
