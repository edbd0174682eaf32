//! Mutants that compute the same as the original, each with the argument why.

use super::mutants::Mutant;

/// Why a mutant of a kernel is no fault, where that has been argued.
pub(super) fn argument(kernel: &str, mutant: &Mutant) -> Option<&'static str> {
    let same = |(kernels, from, to, _): &&(&[&str], &str, &str, &str)| {
        kernels.contains(&kernel) && *from == mutant.from && *to == mutant.to
    };
    EQUIVALENT.iter().find(same).map(|found| found.3)
}

/// Kernels, the piece of the original, the same with the fault, and why nothing changes.
type Argument = (
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const EQUIVALENT: &[Argument] = &[
];
