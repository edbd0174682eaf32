//! A variant of a kernel on a device: its cases, one after the other, and the smallest that fails.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::report::{Failure, Row};
use super::subject::Subject;
use crate::device::trial::{NoResult, Verdict, examine};
use crate::error::{Error, Result};
use crate::kernels::case::Case;
use crate::kernels::{Fill, Kernel, Mismatch, Shape, Spec, Variant};
use crate::reproducer::{Found, Origin, Reproducer};

/// Cases tried in search of the smallest one that fails, and the longest that the search may take.
const SHRINKS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a kernel's cases come from.
pub(super) trait Family {
    /// The sizes of a case.
    type Sizes: Clone + PartialEq;

    /// A case with what must come out.
    fn build(&self, sizes: &Self::Sizes, fill: Fill, seed: u32) -> Result<Case>;

    /// Sizes that are smaller in one way, the smallest first.
    fn smaller(&self, sizes: &Self::Sizes) -> Vec<Self::Sizes>;

    /// About how much work a case is, for a progress bar.
    fn work(&self, sizes: &Self::Sizes) -> u64;

    /// The arguments of `unlearn check` that name a case, but for fill and seed.
    fn arguments(&self, variant: &str, sizes: &Self::Sizes) -> String;

    /// Enters the sizes of a failing case, and what is known of it.
    fn enter(&self, sizes: &Self::Sizes, failure: &mut Failure);
}

impl Family for Spec {
    type Sizes = Shape;

    fn build(&self, shape: &Shape, fill: Fill, seed: u32) -> Result<Case> {
        Ok(Self::build(self, *shape, fill, seed))
    }

    fn smaller(&self, shape: &Shape) -> Vec<Shape> {
        shape.smaller().into_iter().map(self.fit).collect()
    }

    fn work(&self, shape: &Shape) -> u64 {
        (self.fit)(*shape).work()
    }

    fn arguments(&self, variant: &str, shape: &Shape) -> String {
        let kernel = self.kernel.name;
        format!("--kernel {kernel} --variant {variant} --shape {shape}")
    }

    fn enter(&self, shape: &Shape, failure: &mut Failure) {
        failure.shape = Some(*shape);
    }
}

/// A case of a kernel with what it was built from.
#[derive(Clone)]
pub(super) struct Instance<S: Clone> {
    /// As the kernel can take them.
    pub(super) sizes: S,
    pub(super) fill: Fill,
    pub(super) seed: u32,
    pub(super) case: Case,
}

impl<S: Clone> Instance<S> {
    /// Builds a case.
    ///
    /// # Errors
    /// Of the family.
    pub(super) fn new(
        family: &impl Family<Sizes = S>,
        sizes: S,
        fill: Fill,
        seed: u32,
    ) -> Result<Self> {
        Ok(Self {
            case: family.build(&sizes, fill, seed)?,
            sizes,
            fill,
            seed,
        })
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
struct Wrong<'a, S: Clone> {
    instance: Cow<'a, Instance<S>>,
    mismatch: Mismatch,
    /// All buffers after the run; none where it gave no result.
    got: Vec<Vec<u32>>,
}

impl<'a> VariantCheck<'a> {
    /// A check of which nothing is known yet.
    pub(super) fn new(
        (number, subject): (usize, &'a Subject),
        (kernel, plant): (&'static Kernel, Option<usize>),
        variant: &'static Variant,
    ) -> Self {
        Self {
            number,
            subject,
            kernel,
            plant,
            variant,
            row: Row {
                kernel: kernel.name.to_owned(),
                variant: variant.name.to_owned(),
                exact: true,
                ..Row::default()
            },
            reproducer: None,
        }
    }

    /// Whether there is something to be learnt from another case: the interpreter is slow, and may have
    /// had enough.
    pub(super) fn goes_on(&self, patience: Option<Duration>) -> bool {
        let limit = patience.filter(|_| self.subject.interprets());
        let tired = |limit: Duration| self.row.seconds > limit.as_secs_f64();
        self.row.failure.is_none() && !limit.is_some_and(tired)
    }

    /// Runs a case, unless one has failed before or the device has stopped; a wrong result is
    /// followed to its smallest case.
    pub(super) fn check<F: Family>(
        &mut self,
        family: &F,
        instance: &Instance<F::Sizes>,
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
                let smallest = self.smallest(family, wrong, times);
                self.fail(family, smallest);
            }
            Verdict::None(NoResult::NoRoom) => self.row.skipped += 1,
            Verdict::None(NoResult::Refused(e)) => {
                self.row.cases += 1;
                self.fail(family, Wrong::without_result(instance, &e));
            }
            Verdict::None(NoResult::Lost(e)) => {
                self.row.cases += 1;
                self.fail(family, Wrong::without_result(instance, &e));
                *stopped = Some(e.to_string());
            }
        }
        self.row.seconds += start.elapsed().as_secs_f64();
    }

    fn examine(&self, case: &Case, times: u32) -> (Verdict, Vec<Vec<u32>>) {
        let device = &*self.subject.device;
        device.choose(self.kernel, Some(self.variant));
        // The interpreter does the same every time.
        let times = if self.subject.interprets() { 1 } else { times };
        examine(case, self.kernel, self.variant, device, times)
    }

    /// The smallest case that is wrong too. A device that fails on the way ends the search.
    fn smallest<'b, F: Family>(
        &self,
        family: &F,
        mut wrong: Wrong<'b, F::Sizes>,
        times: u32,
    ) -> Wrong<'b, F::Sizes> {
        let (mut tried, start) = (0, Instant::now());
        'search: loop {
            let Instance {
                sizes, fill, seed, ..
            } = &*wrong.instance;
            for smaller in family.smaller(sizes) {
                if smaller == *sizes || tried == SHRINKS || start.elapsed() > PATIENCE {
                    continue;
                }
                tried += 1;
                // A reference may have nothing to say of so small a case.
                let Ok(instance) = Instance::new(family, smaller, *fill, *seed) else {
                    continue;
                };
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
    fn fail<F: Family>(&mut self, family: &F, wrong: Wrong<'_, F::Sizes>) {
        let (device, variant) = (&self.subject.spec, self.variant.name);
        let Instance {
            sizes,
            fill,
            seed,
            case,
        } = &*wrong.instance;
        let planted = self
            .plant
            .map_or(String::new(), |n| format!(" --plant {n}"));
        let command = format!(
            "unlearn check --device {device} {} --fill {} --seed {seed}{planted}",
            family.arguments(variant, sizes),
            fill.name()
        );
        let mut failure = Failure {
            shape: None,
            sizes: None,
            element: None,
            fill: Some(*fill),
            seed: *seed,
            known: None,
            mismatch: wrong.mismatch,
            command,
            folder: None,
        };
        family.enter(sizes, &mut failure);
        let origin = failure.shape.map(|shape| Origin {
            shape,
            fill: *fill,
            seed: *seed,
        });
        self.reproducer = Some(Reproducer::of(&Found {
            case,
            kernel: self.kernel,
            variant: self.variant,
            origin,
            plant: self.plant,
            device: &*self.subject.device,
            checked: self.plant.is_some() || self.kernel.is_foreign(),
            mismatch: &failure.mismatch,
            got: &wrong.got,
            command: &failure.command,
        }));
        self.row.failure = Some(failure);
    }
}

impl<'a, S: Clone> Wrong<'a, S> {
    fn without_result(instance: &'a Instance<S>, error: &Error) -> Self {
        Self {
            instance: Cow::Borrowed(instance),
            mismatch: Mismatch::from(error),
            got: Vec::new(),
        }
    }
}
