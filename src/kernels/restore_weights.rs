//! `restore_weights`: a weight stays where its salience reaches the threshold, and else
//! becomes the original's. Bits are copied: exact.

use bytemuck::{Pod, Zeroable};

use super::THRESHOLD_ROUNDS;
use super::case::{Case, Want};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::elementwise;
use super::reference::bits;
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Kernel, Params, Spec, Variant, kernel, params};

params! {
    /// Weights under a threshold of salience, as they were.
    pub struct RestoreWeights {
    /// Vectors of four weights per learner.
    vectors: u32,
    /// Zero.
    pad0: u32,
    /// Zero.
    pad1: u32,
    /// Zero.
    pad2: u32,
    }
}

impl Params for RestoreWeights {
    fn kernel() -> &'static Kernel {
        &RESTORE_WEIGHTS.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `restore_weights`.
pub static RESTORE_WEIGHTS: Spec = Spec {
    kernel: kernel!("restore_weights", RestoreWeights, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (0, s.learners * (4 * s.inputs + 1), 0),
    training: elementwise::training,
    shapes: || elementwise::shapes(&RESTORE_WEIGHTS.kernel),
    fit: elementwise::fit,
    case,
    terms: |shape| shape.rows,
    rounds: false,
};

/// Buffers: salience [learners, 4 · vectors], counts [learners, THRESHOLD_ROUNDS], originals and
/// parameters [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        let words = || elementwise::words(params, part);
        let counts = Touch::Words(part.own(THRESHOLD_ROUNDS as usize));
        vec![words(), counts, words(), words()]
    },
    library: None,
    twin,
};

fn parameters(bytes: &[u8]) -> RestoreWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let range = part.rows(parameters(params).vectors as usize, 4);
    let [salience, counts, originals, weights, ..] = bound;
    let counts = counts.read::<u32>(part.own(THRESHOLD_ROUNDS as usize));
    let threshold = counts[THRESHOLD_ROUNDS as usize - 1];
    let salience = salience.read::<u32>(range.clone());
    let originals = originals.read::<u32>(range.clone());
    let weights = weights.write::<u32>(range).iter_mut();
    for ((w, original), salience) in weights.zip(originals).zip(salience) {
        if salience & !(1 << 31) < threshold {
            *w = *original;
        }
    }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (count, each) = (shape.learners, shape.inputs as usize);
    let params = RestoreWeights {
        vectors: shape.inputs / 4,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let salience = source.floats(count * shape.inputs);
    let originals = bits(&source.floats(count * shape.inputs));
    let weights = bits(&source.floats(count * shape.inputs));
    let mut counts = source.below(count * THRESHOLD_ROUNDS, u32::MAX);
    let thresholds = counts.chunks_exact_mut(THRESHOLD_ROUNDS as usize);
    for (counts, salience) in thresholds.zip(salience.chunks_exact(each)) {
        // One of the numbers is the threshold itself.
        counts[THRESHOLD_ROUNDS as usize - 1] = salience[each / 3].abs().to_bits();
    }
    let wanted = (0..weights.len()).map(|at| {
        let last = (at / each + 1) * THRESHOLD_ROUNDS as usize - 1;
        match salience[at].abs().to_bits() >= counts[last] {
            true => Want::Word(weights[at]),
            false => Want::Word(originals[at]),
        }
    });
    let wanted = wanted.collect();
    let inputs = vec![bits(&salience), counts, originals, weights];
    Case::new((shape, fill, seed), &params, count, inputs).wants(3, wanted)
}
