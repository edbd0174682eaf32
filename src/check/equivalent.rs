//! Mutants that compute the same as the original, each with the argument why.
//!
//! They compute the same under robust access, which WGSL promises: a read past a buffer yields some
//! value, and does no harm. A read that leaves its row may also leave the buffer, and is undefined
//! behaviour where neither the compiler nor the driver checks bounds.

use super::mutants::{Mutant, Operator};

/// Why a mutant of a kernel is no fault, where that has been argued.
pub(super) fn argument(kernel: &str, mutant: &Mutant) -> Option<&'static str> {
    let covers = |argument: &&Argument| covers(argument, kernel, mutant);
    EQUIVALENT.iter().find(covers).map(|found| found.4)
}

fn covers(argument: &Argument, kernel: &str, mutant: &Mutant) -> bool {
    let (of, operator, from, to, _) = *argument;
    of == kernel && operator == mutant.operator && from == mutant.from && to == mutant.to
}

/// Kernel, kind of fault, the piece of the original, the same with the fault, and why nothing
/// changes.
type Argument = (
    &'static str,
    Operator,
    &'static str,
    &'static str,
    &'static str,
);

const EARLY: &str = "leaving early saves work: every read is held at the edge, and every store \
    tests its row and column again";
const EARLY_PAST: &str = "leaving early saves work: every store tests its row and column again; \
    the reads of rows and columns past the edge may leave the buffer, harmless under robust access";
const EDGE: &str = "what is read past the edge, in place of the last row or column, enters only \
    sums that are not stored; the read may leave the buffer, harmless under robust access";
const QUARTERS: &str = "the loop steps by four, and its index is divided by four; widths and \
    offsets are multiples of four";
const TURNS: &str = "how many samples a turn takes, and how many turns there are past the last \
    sample, changes no sum: a sample past the last one counts as zero";
const PAST: &str = "what is read past the last sample counts as zero; the read may leave the \
    buffer, harmless under robust access";

#[rustfmt::skip]
const EQUIVALENT: &[Argument] = {
    use Operator::{Constant, DroppedStatement, ExtraTurn, Mask, Relation, Sign};
    &[
        ("initialise", Relation, "row >= p.padded_outputs", "row > p.padded_outputs",
            "a workgroup is one row high, so no thread has a row past the last one"),
        ("initialise", Relation, "column == 0u", "column != 0u",
            "all columns but the first write the bias's zero; a row has four or more"),

        ("image_forward", Relation, "p.outputs || row", "p.outputs && row", EARLY_PAST),
        ("image_forward", Relation, "row >= p.rows", "row > p.rows", EARLY),
        ("image_forward", DroppedStatement, "return;", "", EARLY_PAST),
        ("image_forward", Mask, "min(row + i, p.rows - 1u)", "(row + i)", EDGE),
        ("image_forward", Sign, "1u - col", "1u + col", EDGE),
        ("image_forward", Mask, "min(j, last_col)", "j", EDGE),

        ("dense_forward", Relation, "p.outputs || row", "p.outputs && row", EARLY_PAST),
        ("dense_forward", Relation, "row >= p.rows", "row > p.rows", EARLY_PAST),
        ("dense_forward", DroppedStatement, "return;", "", EARLY_PAST),
        ("dense_forward", Sign, "1u - row", "1u + row", EDGE),
        ("dense_forward", Sign, "1u - col", "1u + col", EDGE),
        ("dense_forward", Mask, "min(i, last_row)", "i", EDGE),
        ("dense_forward", Mask, "min(j, last_col)", "j", EDGE),

        ("dense_backward_input", Relation, "p.inputs || row", "p.inputs && row", EARLY_PAST),
        ("dense_backward_input", Relation, "row >= p.rows", "row > p.rows", EARLY_PAST),
        ("dense_backward_input", DroppedStatement, "return;", "", EARLY_PAST),
        ("dense_backward_input", Sign, "1u - row", "1u + row", EDGE),
        ("dense_backward_input", Mask, "min(i, last_row)", "i", EDGE),
        ("dense_backward_input", Mask, "min(j, last_col)", "j", EDGE),

        ("dense_backward_weights", Relation, "p.inputs || row", "p.inputs && row", EARLY),
        ("dense_backward_weights", Relation, "row >= p.outputs", "row > p.outputs", EARLY),
        ("dense_backward_weights", DroppedStatement, "return;", "", EARLY),
        ("dense_backward_weights", Mask,
            "min(col / 4u + j, x_stride - 1u)", "(col / 4u + j)", EDGE),
        ("dense_backward_weights", Mask,
            "min((row + i) / 4u, dy_stride - 1u)", "((row + i) / 4u)", EDGE),
        ("dense_backward_weights", Constant, "i = 0u", "i = 1u", QUARTERS),

        // Not its `return;` and `||`: the stores do not test the column again.
        ("image_backward_weights", Relation, "row >= p.outputs", "row > p.outputs", EARLY),
        ("image_backward_weights", Constant, "u32 = 2u", "u32 = 3u", TURNS),
        ("image_backward_weights", ExtraTurn, "n < p.rows", "n <= p.rows", TURNS),
        ("image_backward_weights", Mask, "min(n + u, p.rows - 1u)", "(n + u)", PAST),
        ("image_backward_weights", Sign, "p.rows - 1u", "p.rows + 1u", PAST),
        ("image_backward_weights", Mask,
            "min(row / 4u + i, stride - 1u)", "(row / 4u + i)", EDGE),
        ("image_backward_weights", Constant, "i = 0u", "i = 1u", QUARTERS),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::mutants::mutants;
    use crate::kernel::KERNELS;

    /// An argument is about one mutant, and about one that there is.
    #[test]
    fn every_argument_is_about_one_mutant() {
        let all = KERNELS.iter().flat_map(|kernel| {
            let name = kernel.name;
            mutants(kernel.wgsl).into_iter().map(move |m| (name, m))
        });
        let all: Vec<_> = all.collect();
        for argument in EQUIVALENT {
            let covered = |(name, mutant): &&(&str, Mutant)| covers(argument, name, mutant);
            let count = all.iter().filter(covered).count();
            assert_eq!(count, 1, "mutants that are {argument:?}");
        }
    }
}
