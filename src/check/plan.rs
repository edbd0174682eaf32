//! What to check: which kernels, in which variants, with which cases.

use super::equivalent::argument;
use super::litmus::{self, Wanted};
use super::mutants::mutants;
use super::plant::planted;
use super::probes::{self, Asked, PROBE_ROWS};
use crate::error::{Error, Result};
use crate::kernels::cpu::VARIANTS;
use crate::kernels::{Fill, KERNELS, Kernel, MANY, Shape, Spec, Variant};

/// Random shapes for each kernel.
const RANDOM_SHAPES: u32 = 20;
/// What whole steps are called where kernels have their names.
pub(crate) const TRAINING: &str = "training";
/// What litmus tests are called there.
pub(crate) const LITMUS: &str = "litmus";

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

impl Options {
    /// The specs that are asked for.
    ///
    /// # Errors
    /// `Usage` where there is no such kernel or variant.
    pub(crate) fn specs(&self) -> Result<Vec<&'static Spec>> {
        let wanted = |f: &&&'static Spec| self.kernel.as_ref().is_none_or(|k| *k == f.kernel.name);
        let specs: Vec<&'static Spec> = KERNELS.iter().filter(wanted).copied().collect();
        let others = self.probes().is_some() || self.litmus().is_some();
        if specs.is_empty() && !self.training() && !others {
            return Err(Error::Usage(self.unknown()));
        }
        Ok(specs)
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
        if name == PROBE_ROWS {
            return format!(
                "{PROBE_ROWS} are known miscomputations: they have no shapes or mutants to choose"
            );
        }
        if name == LITMUS {
            return format!(
                "{LITMUS} is tests of the memory model: it has no shapes, fills or faults to choose"
            );
        }
        let names: Vec<&str> = KERNELS.iter().map(|f| f.kernel.name).collect();
        let names = names.join(", ");
        format!(
            "there is no kernel {name:?}: --kernel takes {names}, {TRAINING}, {LITMUS} or {PROBE_ROWS}"
        )
    }

    /// Whether all that is asked for exists, on whatever device.
    ///
    /// # Errors
    /// `Usage` where there is no such kernel, variant or mutant.
    pub fn validate(&self) -> Result<()> {
        for spec in self.specs()? {
            self.planted(&spec.kernel)?;
        }
        let names = self.variant_names();
        match &self.variant {
            Some(name) if !names.contains(name) => Err(Error::Usage(format!(
                "there is no variant {name:?}: --variant takes {}",
                names.join(", ")
            ))),
            _ => Ok(()),
        }
    }

    /// Whether whole steps are asked for.
    pub(crate) fn training(&self) -> bool {
        let chosen = self.variant.is_some() || self.shape.is_some() || self.fill.is_some();
        let whole = !chosen && self.plant.is_none();
        whole && self.kernel.as_ref().is_none_or(|name| name == TRAINING)
    }

    /// The probes that are asked for.
    pub(super) fn probes(&self) -> Option<Asked<'_>> {
        let alone = self.kernel.as_deref() == Some(PROBE_ROWS);
        let chosen = self.shape.is_some() || self.plant.is_some();
        let all = self.kernel.is_none() && self.variant.is_none() && self.fill.is_none();
        ((alone || all) && !chosen).then_some(Asked {
            name: self.variant.as_deref(),
            fill: self.fill,
            seed: self.seed,
        })
    }

    /// The litmus tests that are asked for.
    pub(super) fn litmus(&self) -> Option<Wanted<'_>> {
        let alone = self.kernel.as_deref() == Some(LITMUS);
        let chosen = self.shape.is_some() || self.fill.is_some() || self.plant.is_some();
        let wanted = alone || (self.kernel.is_none() && self.variant.is_none());
        (wanted && !chosen).then_some(Wanted {
            name: self.variant.as_deref(),
            seed: self.seed,
            alone,
        })
    }

    /// The names of all variants of all kernels, and of the CPU's; or those of litmus tests or probes.
    fn variant_names(&self) -> Vec<String> {
        match self.kernel.as_deref() {
            Some(LITMUS) => return litmus::names(),
            Some(PROBE_ROWS) => return probes::names(),
            _ => {}
        }
        let variants = KERNELS.iter().flat_map(|spec| spec.kernel.variants);
        let mut names = Vec::new();
        for name in variants
            .chain(&VARIANTS)
            .map(|variant| variant.name.to_owned())
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether a variant is asked for.
    pub(crate) fn wants(&self, variant: &Variant) -> bool {
        self.variant
            .as_ref()
            .is_none_or(|name| name == variant.name)
    }

    /// The kernel, or the mutant that is to stand in for it.
    pub(crate) fn planted(&self, kernel: &'static Kernel) -> Result<&'static Kernel> {
        let Some(number) = self.plant else {
            return Ok(kernel);
        };
        let variant = self.faulty(kernel);
        let mutants = mutants(kernel.shader_of(variant).text);
        let mutant = mutants.get(number).ok_or_else(|| {
            Error::Usage(format!(
                "{} has {} mutants: --plant takes 0 to {}",
                kernel.stem(variant),
                mutants.len(),
                mutants.len().saturating_sub(1)
            ))
        })?;
        Ok(planted(kernel, variant, mutant.text.clone()))
    }

    /// The variant in whose file a fault is planted: the one that is asked for, or the plain one.
    fn faulty(&self, kernel: &'static Kernel) -> &'static Variant {
        let named = self.variant.as_deref();
        named
            .and_then(|name| kernel.variant(name))
            .unwrap_or(&kernel.variants[0])
    }

    /// What is planted, in words, and why it computes the same, where that is known.
    pub fn fault(&self) -> Option<(String, Option<&'static str>)> {
        let kernel = &self.specs().ok()?.first()?.kernel;
        let variant = self.faulty(kernel);
        let mutants = mutants(kernel.shader_of(variant).text);
        let mutant = mutants.get(self.plant?)?;
        let stem = kernel.stem(variant);
        Some((format!("{stem} {mutant}"), argument(&stem, mutant)))
    }

    /// Shapes and fills of a spec, the telling ones first.
    pub(super) fn plan(&self, spec: &Spec) -> Vec<(Shape, Fill)> {
        let fills = match self.fill {
            Some(fill) => vec![fill],
            None => Fill::ALL.to_vec(),
        };
        if let Some(shape) = self.shape {
            return fills.into_iter().map(|fill| (shape, fill)).collect();
        }
        let mut plan = Vec::new();
        for (place, shape) in (spec.shapes)().into_iter().enumerate() {
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

/// The case whose bits must repeat: one whose sums depend on their order, if there is any, and of
/// those the one with the most samples of all learners, but for those with thousands of learners.
pub(super) fn repeated(spec: &Spec, plan: &[(Shape, Fill)]) -> usize {
    let rank = |(shape, fill): &(Shape, Fill)| {
        let s = (spec.fit)(*shape);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_case_repeats_with_every_fill() {
        for spec in KERNELS {
            for fill in [None].into_iter().chain(Fill::ALL.map(Some)) {
                let options = Options {
                    kernel: None,
                    variant: None,
                    shape: None,
                    fill,
                    seed: 1,
                    plant: None,
                };
                let plan = options.plan(spec);
                let (shape, of) = plan[repeated(spec, &plan)];
                let s = (spec.fit)(shape);
                let words = s.rows * s.inputs * s.outputs * s.learners;
                assert!(words >= 1000 && s.learners <= MANY, "{shape} {fill:?}");
                assert!(fill.is_some() || of != Fill::Exact, "{shape} {of:?}");
            }
        }
    }
}
