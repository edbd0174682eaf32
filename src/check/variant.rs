//! A variant of a kernel on a device: its cases, one after the other, and the smallest that fails.

use std::borrow::Cow;
use std::time::Instant;

use super::report::{Failure, Row};
use super::subject::Subject;
use crate::device::trial::{NoResult, Verdict, examine};
use crate::error::{Error, Result};
use crate::kernels::case::Case;
use crate::kernels::{Fill, Kernel, Mismatch, Shape, Spec, Variant};
use crate::reproducer::{Found, Origin, Reproducer};

/// Cases tried in search of the smallest one that fails.
const SHRINKS: usize = 200;

/// A case of a kernel with what it was built from.
#[derive(Clone)]
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
    /// A folder for its failure.
    pub(super) reproducer: Option<Result<Reproducer>>,
}

/// A case that fails, and how.
struct Wrong<'a> {
    instance: Cow<'a, Instance>,
    mismatch: Mismatch,
    /// All buffers after the run; none where it gave no result.
    got: Vec<Vec<u32>>,
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
        let (verdict, got) = self.examine(&instance.case, times);
        match verdict {
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
                let wrong = Wrong {
                    instance: Cow::Borrowed(instance),
                    mismatch,
                    got,
                };
                let smallest = self.smallest(spec, wrong, times);
                self.fail(smallest);
            }
            Verdict::None(NoResult::NoRoom) => self.row.skipped += 1,
            Verdict::None(NoResult::Refused(e) | NoResult::Undefined(e)) => {
                self.row.cases += 1;
                self.fail(Wrong::without_result(instance, &e));
            }
            Verdict::None(NoResult::Lost(e)) => {
                self.row.cases += 1;
                self.fail(Wrong::without_result(instance, &e));
                *stopped = Some(e.to_string());
            }
        }
        self.row.seconds += start.elapsed().as_secs_f64();
    }

    fn examine(&self, case: &Case, times: u32) -> (Verdict, Vec<Vec<u32>>) {
        let device = &*self.subject.device;
        device.choose(self.kernel, Some(self.variant));
        examine(case, self.kernel, self.variant, device, times)
    }

    /// The smallest case that is wrong too. A device that fails on the way ends the search.
    fn smallest<'a>(&self, spec: &Spec, mut wrong: Wrong<'a>, times: u32) -> Wrong<'a> {
        let mut tried = 0;
        'search: loop {
            let Instance {
                shape, fill, seed, ..
            } = *wrong.instance;
            for smaller in shape.smaller().into_iter().map(spec.fit) {
                if smaller == shape || tried == SHRINKS {
                    continue;
                }
                tried += 1;
                let instance = Instance::new(spec, smaller, fill, seed);
                let (verdict, got) = self.examine(&instance.case, times);
                match verdict {
                    Verdict::Wrong(mismatch) => {
                        wrong = Wrong {
                            instance: Cow::Owned(instance),
                            mismatch,
                            got,
                        };
                        continue 'search;
                    }
                    Verdict::None(NoResult::Lost(_)) => return wrong,
                    _ => {}
                }
            }
            return wrong;
        }
    }

    /// Notes a failure, with the command that repeats it, and collects what repeats it anywhere.
    fn fail(&mut self, wrong: Wrong<'_>) {
        let (device, kernel, variant) = (&self.subject.spec, self.kernel.name, self.variant.name);
        let Instance {
            shape, fill, seed, ..
        } = *wrong.instance;
        let planted = self
            .plant
            .map_or(String::new(), |n| format!(" --plant {n}"));
        let command = format!(
            "unlearn check --device {device} --kernel {kernel} --variant {variant} \
             --shape {shape} --fill {} --seed {seed}{planted}",
            fill.name()
        );
        self.reproducer = Some(Reproducer::of(&Found {
            case: &wrong.instance.case,
            kernel: self.kernel,
            variant: self.variant,
            origin: Some(Origin { shape, fill, seed }),
            plant: self.plant,
            device: &*self.subject.device,
            checked: self.plant.is_some(),
            mismatch: &wrong.mismatch,
            got: &wrong.got,
            command: &command,
        }));
        self.row.failure = Some(Failure {
            shape: Some(shape),
            fill: Some(fill),
            seed,
            mismatch: wrong.mismatch,
            command,
            folder: None,
        });
    }
}

impl<'a> Wrong<'a> {
    fn without_result(instance: &'a Instance, error: &Error) -> Self {
        Self {
            instance: Cow::Borrowed(instance),
            mismatch: Mismatch::from(error),
            got: Vec::new(),
        }
    }
}
