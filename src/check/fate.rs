//! Shaders in the place of a kernel's own, held against the kernel's cases: mutants, some case of
//! which must be wrong, and rewrites, none of which may be.

use super::plan::Options;
use super::variant::Family;
use crate::device::Device;
use crate::device::trial::{NoResult, Verdict, judge};
use crate::error::{Error, Result};
use crate::kernels::case::Case;
use crate::kernels::{Fill, Kernel, Mismatch, Shape, Spec, Variant};

/// The variants that stand for the kernel's files on a device, or those that the options name.
pub(super) fn files(
    device: &dyn Device,
    options: &Options,
    kernel: &'static Kernel,
) -> Vec<&'static Variant> {
    let variants = device.variants(kernel).iter();
    let wanted = |v: &&Variant| match options.variant {
        Some(_) => options.wants(v),
        None => **v == Variant::PLAIN || v.shader.is_some(),
    };
    variants.filter(wanted).collect()
}

/// A kernel's cases, built when a text first gets so far, and kept for the others.
pub(super) struct Cases<'a, F: Family> {
    family: &'a F,
    kernel: &'static Kernel,
    plan: Vec<(F::Sizes, Fill)>,
    seed: u32,
    built: Vec<Case>,
}

impl<'a, F: Family> Cases<'a, F> {
    pub(super) fn new(
        (family, kernel): (&'a F, &'static Kernel),
        plan: Vec<(F::Sizes, Fill)>,
        seed: u32,
    ) -> Self {
        Self {
            family,
            kernel,
            plan,
            seed,
            built: Vec::new(),
        }
    }

    pub(super) fn kernel(&self) -> &'static Kernel {
        self.kernel
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.plan.len()
    }

    /// What the case with this number is built from.
    pub(super) fn planned(&self, number: usize) -> Option<&(F::Sizes, Fill)> {
        self.plan.get(number)
    }

    /// The case with this number, built again.
    ///
    /// # Errors
    /// Of the family.
    pub(super) fn build(&self, number: usize) -> Result<Option<Case>> {
        let planned = self.plan.get(number);
        let case = planned.map(|(sizes, fill)| self.family.build(sizes, *fill, self.seed));
        case.transpose()
    }

    fn get(&mut self, number: usize) -> Result<Option<&Case>> {
        if number == self.built.len() {
            let built = self.build(number)?;
            self.built.extend(built);
        }
        Ok(self.built.get(number))
    }
}

/// What became of a text.
pub(super) enum Fate {
    /// The case with this number was wrong.
    Wrong(usize, Mismatch),
    /// The shader compiler refused it.
    Refused(Error),
    /// No case was wrong.
    Right,
}

/// Runs a planted kernel through the cases until one is wrong.
///
/// # Errors
/// `Device` where the device is lost: what it says from then on would tell nothing; and those of the family.
pub(super) fn fate<F: Family>(
    device: &dyn Device,
    cases: &mut Cases<'_, F>,
    variant: &Variant,
    planted: &'static Kernel,
) -> Result<Fate> {
    let mut number = 0;
    while let Some(case) = cases.get(number)? {
        match judge(case, planted, variant, device, 1) {
            Verdict::Wrong(mismatch) => return Ok(Fate::Wrong(number, mismatch)),
            Verdict::None(NoResult::Refused(e)) => return Ok(Fate::Refused(e)),
            Verdict::None(NoResult::Lost(e)) => return Err(e),
            Verdict::Right(_) | Verdict::None(NoResult::NoRoom) => number += 1,
        }
    }
    Ok(Fate::Right)
}

impl Cases<'_, Spec> {
    /// The shape and the fill of a case.
    pub(super) fn contents(&self, number: usize) -> Option<(Shape, Fill)> {
        let &(shape, fill) = self.planned(number)?;
        Some(((self.family.fit)(shape), fill))
    }
}
