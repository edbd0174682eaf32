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

/// The shader's file, kind of fault, the piece of the original, the same with the fault, and why nothing
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
const SCALED: &str = "a thread past the last weight scales the next learner's change, of which nothing is left once \
     it is scaled";
const EARLY_PAST: &str = "leaving early saves work: every store tests its row and column again; \
    the reads of rows and columns past the edge may leave the buffer, harmless under robust access";
const EDGE: &str = "what is read past the edge, in place of the last row or column, enters only \
    sums that are not stored; the read may leave the buffer, harmless under robust access";
const QUARTERS: &str = "the loop steps by four, and its index is divided by four; widths and \
    offsets are multiples of four";
const APART: &str = "how far apart the vectors lie in workgroup memory changes no sum";
const SHARES: &str = "how many threads share a tile changes only the order of its sums";
const SAME: &str = "all threads of a part have summed the same gradients, and store the same";
const TWICE: &str = "a thread past the last sample computes the last one again, and stores the same; \
    the interpreter finds the race";
const TURNS: &str = "how many samples a turn takes, and how many turns there are past the last \
    sample, changes no sum: a sample past the last one counts as zero";
const PAST: &str = "what is read past the last sample counts as zero; the read may leave the \
    buffer, harmless under robust access";
const FEWER: &str = "no image has a number of 2^25 or more: so many of 784 pixels are 24 GiB, and no \
    buffer has more than 2^32 words, 16 GiB";
const NOTES: &str = "a note too many leaves out less: what was noted is multiplied and added all the same, \
    and pixels and samples past the last one count as zero";
const INDEX: &str = "INDEX: u32 = 0x03ffffffu";
const INDEX_25: &str = "INDEX: u32 = 0x01ffffffu";

#[rustfmt::skip]
const EQUIVALENT: &[Argument] = {
    use Operator::{
        Constant, DroppedStatement, ExtraTurn, Limit, Mask, MaskBit, Relation, Sign, Transposed,
    };
    &[
        ("initialise", Relation, "row >= p.padded_outputs", "row > p.padded_outputs",
            "a workgroup is one row high, so no thread has a row past the last one"),
        ("initialise", Relation, "column == 0u", "column != 0u",
            "all columns but the first write the bias's zero; a row has four or more"),

        ("sample_order", Relation, "step >= p.steps", "step > p.steps",
            "a workgroup is one step high, so no thread has a step past the last one"),

        ("sample_order", Limit, "ROUNDS: u32 = 8u", "ROUNDS: u32 = 7u",
            "the loop takes two rounds a turn, so that seven end with the eighth"),

        ("unpack_images", MaskBit, INDEX, INDEX_25, FEWER),
        ("unpack_images", Relation, "id.y >= p.rows", "id.y > p.rows",
            "a workgroup is one sample high, so no thread has a sample past the last one"),

        ("dampen_weights", Mask, "select(vec4<f32>(1.0), forget, chosen)", "forget",
            "a quotient by zero, where no weight is chosen, is not used"),

        ("scale_changes", Relation, "id.x >= p.vectors", "id.x > p.vectors", SCALED),
        ("scale_changes", DroppedStatement, "return;", "", SCALED),

        ("log_changes", Constant, "entries = 0u", "entries = 1u",
            "of the entries only the bit of the forget samples is looked at"),

        ("project_gradients", Relation, "square > p.clip", "square >= p.clip",
            "a gradient just as long as it may be is multiplied by one"),

        ("head", Limit, "CLASSES: u32 = 12u", "CLASSES: u32 = 13u",
            "a class past the last one repeats it, and counts for nothing"),
        ("head", MaskBit, INDEX, INDEX_25, FEWER),

        ("head.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 9u", SHARES),
        ("head.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 7u", SHARES),
        ("head.split", Limit, "CLASSES: u32 = 12u", "CLASSES: u32 = 13u",
            "a class past the last one repeats it, and counts for nothing"),
        ("head.split", MaskBit, INDEX, INDEX_25, FEWER),
        ("head.split", Mask, "min(row, p.rows - 1u)", "row", EDGE),
        ("head.split", Relation, "row >= p.rows", "row > p.rows", TWICE),
        ("head.split", DroppedStatement, "return;", "", TWICE),
        ("head.split", Relation, "own.z == 0u", "own.z != 0u",
            "all threads of a sample have its loss"),

        ("image_forward", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_forward", Relation, "p.outputs || row", "p.outputs && row", EARLY_PAST),
        ("image_forward", Relation, "row >= p.rows", "row > p.rows", EARLY),
        ("image_forward", DroppedStatement, "return;", "", EARLY_PAST),
        ("image_forward", Mask, "min(row + i, p.rows - 1u)", "(row + i)", EDGE),
        ("image_forward", Sign, "1u - col", "1u + col", EDGE),
        ("image_forward", Mask, "min(j, last_col)", "j", EDGE),

        ("image_forward.shared", Limit, "STRIDE: u32 = 66u", "STRIDE: u32 = 67u", APART),
        ("image_forward.shared", Limit, "STRIDE: u32 = 66u", "STRIDE: u32 = 65u", APART),
        ("image_forward.shared", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_forward.shared", Sign, "p.outputs - 1u", "p.outputs + 1u", EDGE),
        ("image_forward.shared", Mask,
            "min(first_row + thread, p.rows - 1u)", "(first_row + thread)", EDGE),
        ("image_forward.shared", Mask,
            "min(first_col + col, last_col)", "(first_col + col)", EDGE),
        ("image_forward.shared", Mask, "min(col, last_col)", "col", EDGE),
        ("image_forward.wide", Limit, "STRIDE: u32 = 66u", "STRIDE: u32 = 67u", APART),
        ("image_forward.wide", Limit, "STRIDE: u32 = 66u", "STRIDE: u32 = 65u", APART),
        ("image_forward.wide", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_forward.wide", Sign, "p.outputs - 1u", "p.outputs + 1u", EDGE),
        ("image_forward.wide", Mask,
            "min(first_row + brought, p.rows - 1u)", "(first_row + brought)", EDGE),
        ("image_forward.wide", Mask,
            "min(first_col + brought, last_col)", "(first_col + brought)", EDGE),
        ("image_forward.wide", Mask, "min(col, last_col)", "col", EDGE),
        ("image_forward.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 9u", SHARES),
        ("image_forward.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 7u", SHARES),
        ("image_forward.split", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_forward.split", Mask, "min(row + i, p.rows - 1u)", "(row + i)", EDGE),
        ("image_forward.split", Mask, "min(col + j, p.outputs - 1u)", "(col + j)", EDGE),

        ("image_forward.ink", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_forward.ink", Mask, "min(row + i, p.rows - 1u)", "(row + i)", EDGE),
        ("image_forward.ink", Constant, "found = 0u", "found = 1u", NOTES),
        ("image_forward.ink", ExtraTurn, "k < 8u", "k <= 8u", NOTES),
        ("image_forward.ink", Mask, "min(c * 8u + k, words - 1u)", "(c * 8u + k)", EDGE),
        ("image_forward.ink", Mask, "select(0u, inked, c * 8u + k < words)", "inked", NOTES),
        ("image_forward.ink", Relation, "k < words", "k <= words", NOTES),
        ("image_forward.ink", Mask,
            "min(vector + j * GROUP_X, stride - 1u)", "(vector + j * GROUP_X)", EDGE),
        ("image_forward.ink", ExtraTurn, "k < quads", "k <= quads", NOTES),
        ("image_forward.ink", DroppedStatement, "left = ink[k / 32u];", "", NOTES),

        ("dense_forward", Relation, "p.outputs || row", "p.outputs && row", EARLY_PAST),
        ("dense_forward", Relation, "row >= p.rows", "row > p.rows", EARLY_PAST),
        ("dense_forward", DroppedStatement, "return;", "", EARLY_PAST),
        ("dense_forward", Sign, "1u - row", "1u + row", EDGE),
        ("dense_forward", Sign, "1u - col", "1u + col", EDGE),
        ("dense_forward", Mask, "min(i, last_row)", "i", EDGE),
        ("dense_forward", Mask, "min(j, last_col)", "j", EDGE),

        ("dense_forward.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 9u", SHARES),
        ("dense_forward.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 7u", SHARES),
        ("dense_forward.split", Sign, "1u - row", "1u + row", EDGE),
        ("dense_forward.split", Sign, "p.outputs - 1u", "p.outputs + 1u", EDGE),
        ("dense_forward.split", Mask, "min(i, last_row)", "i", EDGE),
        ("dense_forward.split", Mask, "min(col + j, last_col)", "(col + j)", EDGE),

        ("dense_backward_input", Relation, "p.inputs || row", "p.inputs && row", EARLY_PAST),
        ("dense_backward_input", Relation, "row >= p.rows", "row > p.rows", EARLY_PAST),
        ("dense_backward_input", DroppedStatement, "return;", "", EARLY_PAST),
        ("dense_backward_input", Sign, "1u - row", "1u + row", EDGE),
        ("dense_backward_input", Mask, "min(i, last_row)", "i", EDGE),
        ("dense_backward_input", Mask, "min(j, last_col)", "j", EDGE),

        ("dense_backward_input.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 9u", SHARES),
        ("dense_backward_input.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 7u", SHARES),
        ("dense_backward_input.split", Sign, "1u - row", "1u + row", EDGE),
        ("dense_backward_input.split", Sign, "stride - 1u", "stride + 1u", EDGE),
        ("dense_backward_input.split", Mask, "min(i, last_row)", "i", EDGE),
        ("dense_backward_input.split", Mask,
            "min(group.x * GROUP_X + own.x, stride - 1u)", "(group.x * GROUP_X + own.x)", EDGE),

        ("dense_backward_weights", Relation, "p.inputs || row", "p.inputs && row", EARLY),
        ("dense_backward_weights", Relation, "row >= p.outputs", "row > p.outputs", EARLY),
        ("dense_backward_weights", DroppedStatement, "return;", "", EARLY),
        ("dense_backward_weights", Mask,
            "min(col / 4u + j, x_stride - 1u)", "(col / 4u + j)", EDGE),
        ("dense_backward_weights", Mask,
            "min((row + i) / 4u, dy_stride - 1u)", "((row + i) / 4u)", EDGE),
        ("dense_backward_weights", Constant, "i = 0u", "i = 1u", QUARTERS),

        ("dense_backward_weights.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 9u", SHARES),
        ("dense_backward_weights.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 7u", SHARES),
        ("dense_backward_weights.split", Sign, "x_stride - 1u", "x_stride + 1u", EDGE),
        ("dense_backward_weights.split", Mask,
            "min(group.x * GROUP_X + own.x, x_stride - 1u)", "(group.x * GROUP_X + own.x)", EDGE),
        ("dense_backward_weights.split", Relation, "own.x == 0u", "own.x != 0u", SAME),
        ("dense_backward_weights.split", Transposed, "own.x", "own.y", SAME),

        // Not its `return;` and `||`: the stores do not test the column again.
        ("image_backward_weights", Relation, "row >= p.outputs", "row > p.outputs", EARLY),
        ("image_backward_weights", Limit, "STEP: u32 = 2u", "STEP: u32 = 3u", TURNS),
        ("image_backward_weights", Limit, "STEP: u32 = 2u", "STEP: u32 = 1u", TURNS),
        ("image_backward_weights", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_backward_weights", ExtraTurn, "n < p.rows", "n <= p.rows", TURNS),
        ("image_backward_weights", Mask, "min(n + u, p.rows - 1u)", "(n + u)", PAST),
        ("image_backward_weights", Sign, "p.rows - 1u", "p.rows + 1u", PAST),
        ("image_backward_weights", Mask,
            "min(row / 4u + i, stride - 1u)", "(row / 4u + i)", EDGE),
        ("image_backward_weights", Constant, "i = 0u", "i = 1u", QUARTERS),
        ("image_backward_weights.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 9u", SHARES),
        ("image_backward_weights.split", Limit, "SPLIT: u32 = 8u", "SPLIT: u32 = 7u", SHARES),
        ("image_backward_weights.split", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_backward_weights.split", Sign, "words - 1u", "words + 1u", EDGE),
        ("image_backward_weights.split", Mask,
            "min(group.x * GROUP_X + own.x, words - 1u)", "(group.x * GROUP_X + own.x)", EDGE),
        ("image_backward_weights.split", Relation, "own.x == 0u", "own.x != 0u", SAME),
        ("image_backward_weights.split", Transposed, "own.x", "own.y", SAME),
        ("image_backward_weights.ink", Limit, "STEP: u32 = 4u", "STEP: u32 = 3u", TURNS),
        ("image_backward_weights.ink", Limit, "STEP: u32 = 4u", "STEP: u32 = 5u", TURNS),
        ("image_backward_weights.ink", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_backward_weights.ink", Constant, "found = 0u", "found = 1u", NOTES),
        ("image_backward_weights.ink", ExtraTurn, "u < 32u", "u <= 32u", NOTES),
        ("image_backward_weights.ink", Mask, "min(n, p.rows - 1u)", "n", PAST),
        ("image_backward_weights.ink", Relation,
            "p.rows && packed[c % 4u]", "p.rows || packed[c % 4u]", NOTES),
        ("image_backward_weights.ink", DroppedStatement, "left = ink[n / 8u + q];", "", NOTES),
        ("image_backward_weights.ink", Mask,
            "min(vector + i * LANES, stride - 1u)", "(vector + i * LANES)", EDGE),
        ("image_backward_weights.ink", Mask, "min(own, stride - 1u)", "own", EDGE),
        ("image_backward_weights.shared", MaskBit, INDEX, INDEX_25, FEWER),
        ("image_backward_weights.shared", Mask,
            "min(group.x * GROUP_X + thread % GROUP_X, words - 1u)",
            "(group.x * GROUP_X + thread % GROUP_X)", EDGE),
        ("image_backward_weights.shared", Mask,
            "min(group.y * GROUP_Y + thread % GROUP_Y, stride - 1u)",
            "(group.y * GROUP_Y + thread % GROUP_Y)", EDGE),
        ("image_backward_weights.shared", Sign, "stride - 1u", "stride + 1u", EDGE),
        ("image_backward_weights.shared", ExtraTurn, "n < p.rows", "n <= p.rows", TURNS),
        ("image_backward_weights.shared", Mask, "min(n + m, p.rows - 1u)", "(n + m)", PAST),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::mutants::mutants;
    use crate::kernels::KERNELS;

    /// An argument is about one mutant, and about one that there is.
    #[test]
    fn every_argument_is_about_one_mutant() {
        let mut files: Vec<(String, &str)> = Vec::new();
        for kernel in KERNELS.iter().map(|spec| &spec.kernel) {
            let variants = kernel.variants.iter();
            let of = variants.map(|v| (kernel.stem(v), kernel.shader_of(v).text));
            files.extend(of);
        }
        files.sort();
        files.dedup();
        let all = files.into_iter().flat_map(|(stem, file)| {
            let mutants = mutants(file).into_iter();
            mutants.map(move |m| (stem.clone(), m))
        });
        let all: Vec<_> = all.collect();
        for argument in EQUIVALENT {
            let covered = |(name, mutant): &&(String, Mutant)| covers(argument, name, mutant);
            let count = all.iter().filter(covered).count();
            assert_eq!(count, 1, "mutants that are {argument:?}");
        }
    }
}
