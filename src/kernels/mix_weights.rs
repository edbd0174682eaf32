//! `mix_weights`: w ← own · w + other · u.
//!
//! Bound: u for each of the two products, and γ of their sum.

use bytemuck::{Pod, Zeroable};

use super::bounded::Bounded;
use super::case::{Case, Want};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, depth};
use super::elementwise;
use super::reference::bits;
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Kernel, Params, Spec, Variant, kernel, params};

params! {
    /// Weights of two networks, mixed.
    pub struct MixWeights {
    /// Vectors of four weights per learner.
    vectors: u32,
    /// The factor of the weights that are there.
    own: f32,
    /// The factor of the others.
    other: f32,
    /// Zero.
    pad: u32,
    }
}

impl Params for MixWeights {
    fn kernel() -> &'static Kernel {
        &MIX_WEIGHTS.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `mix_weights`.
pub static MIX_WEIGHTS: Spec = Spec {
    kernel: kernel!("mix_weights", MixWeights, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (3 * s.numbers, 3 * s.numbers, 0),
    training: elementwise::training,
    shapes: || elementwise::shapes(&MIX_WEIGHTS.kernel),
    fit: elementwise::fit,
    case,
    terms: |_| 3,
    rounds: true,
};

/// Buffers: others and parameters [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        let words = || elementwise::words(params, part);
        vec![words(), words()]
    },
    library: None,
    twin,
};

fn parameters(bytes: &[u8]) -> MixWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [others, weights, ..] = bound;
    let others = others.read::<f32>(range.clone());
    for (w, u) in weights.write::<f32>(range).iter_mut().zip(others) {
        *w = p.own * *w + p.other * u;
    }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners * shape.inputs;
    let params = MixWeights {
        vectors: shape.inputs / 4,
        own: -1.5,
        other: 2.25,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let others = source.rows(count, 4);
    let weights = source.floats(count);
    let mixed = weights.iter().zip(&others).map(|(&w, &u)| {
        let own = Bounded::input(params.own) * Bounded::input(w);
        Want::from(own + Bounded::input(params.other) * Bounded::input(u))
    });
    let inputs = vec![bits(&others), bits(&weights)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(1, mixed.collect())
}
