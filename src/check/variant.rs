//! A variant of a kernel on a device: its cases, one after the other, and the smallest that fails.

use std::time::Instant;

use super::report::{Failure, Row};
use super::subject::Subject;
use crate::device::trial::{NoResult, Verdict, judge};
use crate::kernels::case::Case;
use crate::kernels::{Fill, Kernel, Mismatch, Shape, Spec, Variant};

/// Cases tried in search of the smallest one that fails.
const SHRINKS: usize = 200;

/// A case of a kernel with what it was built from.
pub(super) struct Instance {
    /// As the kernel can take it.
    pub(super) shape: Shape,
    pub(super) fill: Fill,
    pub(super) seed: u32,
    pub(super) case: Case,
}

impl Instance {
    pub(super) fn new(spec: &Spec, shape: Shape, fill: Fill, seed: u32) -> Self {
        Self {
            shape: (spec.fit)(shape),
            fill,
            seed,
            case: spec.build(shape, fill, seed),
        }
    }
}

/// A variant of the kernel on a device, and what is known of it.
pub(super) struct VariantCheck<'a> {
    /// The subject's number.
    pub(super) number: usize,
    pub(super) subject: &'a Subject,
    /// The case's kernel, or a mutant of it.
    pub(super) kernel: &'static Kernel,
    /// The mutant's number.
    pub(super) plant: Option<usize>,
    pub(super) variant: &'static Variant,
    pub(super) row: Row,
}

impl VariantCheck<'_> {
    /// Runs a case, unless one has failed before or the device has stopped; a wrong result is
    /// followed to its smallest case.
    pub(super) fn check(
        &mut self,
        spec: &Spec,
        instance: &Instance,
        times: u32,
        stopped: &mut Option<String>,
    ) {
        if self.row.failure.is_some() || stopped.is_some() {
            return;
        }
        let start = Instant::now();
        match self.judge(&instance.case, times) {
            Verdict::Right(share) => {
                self.row.cases += 1;
                self.row.exact &= share.is_none();
                // A subnormal that a device flushes to zero is off by all that it may be off.
                let telling = share.filter(|_| instance.fill != Fill::Tiny);
                self.row.worst = telling.into_iter().chain(self.row.worst).reduce(f64::max);
            }
            Verdict::Wrong(mismatch) => {
                self.row.cases += 1;
                self.row.exact = false;
                let (shape, mismatch) = self.smallest(spec, instance, mismatch, times);
                self.row.failure = Some(self.failure(instance, shape, mismatch));
            }
            Verdict::None(NoResult::NoRoom) => self.row.skipped += 1,
            Verdict::None(NoResult::Refused(e)) => {
                self.row.cases += 1;
                self.row.failure = Some(self.failure(instance, instance.shape, Mismatch::from(&e)));
            }
            Verdict::None(NoResult::Lost(e)) => {
                self.row.cases += 1;
                self.row.failure = Some(self.failure(instance, instance.shape, Mismatch::from(&e)));
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
        spec: &Spec,
        instance: &Instance,
        mismatch: Mismatch,
        times: u32,
    ) -> (Shape, Mismatch) {
        let (mut shape, mut mismatch) = (instance.shape, mismatch);
        let mut tried = 0;
        'search: loop {
            for smaller in shape.smaller().into_iter().map(spec.fit) {
                if smaller == shape || tried == SHRINKS {
                    continue;
                }
                tried += 1;
                let case = spec.build(smaller, instance.fill, instance.seed);
                match self.judge(&case, times) {
                    Verdict::Wrong(still) => {
                        (shape, mismatch) = (smaller, still);
                        continue 'search;
                    }
                    Verdict::None(NoResult::Lost(_)) => break 'search,
                    _ => {}
                }
            }
            return (shape, mismatch);
        }
        (shape, mismatch)
    }

    /// A mismatch in a case of this shape, with the command that repeats it.
    fn failure(&self, instance: &Instance, shape: Shape, mismatch: Mismatch) -> Failure {
        let (device, kernel, variant) = (&self.subject.spec, self.kernel.name, self.variant.name);
        let (fill, seed) = (instance.fill, instance.seed);
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
