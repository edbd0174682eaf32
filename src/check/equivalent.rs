//! Mutants that compute the same as the original, each with the argument why.

use super::mutants::Mutant;

/// Why a mutant of a kernel is no fault, where that has been argued.
pub(super) fn argument(kernel: &str, mutant: &Mutant) -> Option<&'static str> {
    let same = |(kernels, from, to, _): &&Argument| {
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

const TILED: &[&str] = &[
    "dense_forward",
    "image_forward",
    "dense_backward_input",
    "dense_backward_weights",
    "image_backward_weights",
];
const EARLY: &str = "leaving early saves work; every store tests its row and column again";
const EDGE: &str = "a row or column past the edge is read in place of the last one, and not stored";
const QUARTERS: &str = "the loop steps through whole vec4s, and its index is divided by four";

#[rustfmt::skip]
const EQUIVALENT: &[Argument] = &[
    (TILED, "return;", "", EARLY),
    (TILED, "p.outputs || row", "p.outputs && row", EARLY),
    (TILED, "p.inputs || row", "p.inputs && row", EARLY),
    (TILED, "row >= p.rows", "row > p.rows", EARLY),
    (TILED, "row >= p.outputs", "row > p.outputs", EARLY),
    (TILED, "min(row + i, p.rows - 1u)", "(row + i)", EDGE),
    (TILED, "1u - row", "1u + row", EDGE),
    (TILED, "1u - col", "1u + col", EDGE),
    (TILED, "min(i, last_row)", "i", EDGE),
    (TILED, "min(j, last_col)", "j", EDGE),
    (TILED, "min(col / 4u + j, x_stride - 1u)", "(col / 4u + j)", EDGE),
    (TILED, "min((row + i) / 4u, dy_stride - 1u)", "((row + i) / 4u)", EDGE),
    (TILED, "min((row + i) / 4u, stride - 1u)", "((row + i) / 4u)", EDGE),
    (&["dense_backward_weights", "image_backward_weights"], "i = 0u", "i = 1u", QUARTERS),
    (&["initialise"], "row >= p.padded_outputs", "row > p.padded_outputs",
        "a workgroup is one row high, so no thread has a row past the last one"),
    (&["initialise"], "column == 0u", "column != 0u",
        "every column but the first writes the bias's zero instead of the first"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::mutants::mutants;
    use crate::kernel::KERNELS;

    /// An argument is about one place of a kernel, and about one that there is.
    #[test]
    fn every_argument_is_about_one_mutant() {
        for (kernels, from, to, _) in EQUIVALENT {
            let mut used = 0;
            for kernel in KERNELS.iter().filter(|k| kernels.contains(&k.name)) {
                let mutants = mutants(kernel.wgsl).into_iter();
                let meant = mutants.filter(|m| m.from == *from && m.to == *to).count();
                assert!(
                    meant <= 1,
                    "{}: {meant} mutants are {from:?} -> {to:?}",
                    kernel.name
                );
                used += meant;
            }
            assert!(used > 0, "no mutant is {from:?} -> {to:?}");
        }
    }
}
