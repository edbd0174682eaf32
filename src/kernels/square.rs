//! `square`: v². Bound: a product.

use bytemuck::{Pod, Zeroable};

use super::bounded::Bounded;
use super::case::{Case, Want};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::elementwise;
use super::reference::bits;
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Kernel, Params, Spec, Variant, kernel, params};

params! {
    /// Squares.
    pub struct Square {
    /// Vectors of four numbers per learner.
    vectors: u32,
    /// Zero.
    pad0: u32,
    /// Zero.
    pad1: u32,
    /// Zero.
    pad2: u32,
    }
}

impl Params for Square {
    fn kernel() -> &'static Kernel {
        &SQUARE.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `square`.
pub static SQUARE: Spec = Spec {
    kernel: kernel!("square", Square, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (s.numbers, 2 * s.numbers, 0),
    training: elementwise::training,
    shapes: || elementwise::shapes(&SQUARE.kernel),
    fit: elementwise::fit,
    case,
    terms: |_| 2,
    rounds: true,
};

/// Buffers: values [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        vec![Touch::Words(
            part.rows(parameters(params).vectors as usize, 4),
        )]
    },
    library: None,
    twin,
};

fn parameters(bytes: &[u8]) -> Square {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let vectors = parameters(params).vectors as usize;
    let values = bound[0].write::<f32>(part.rows(vectors, 4));
    values.iter_mut().for_each(|v| *v *= *v);
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let params = Square {
        vectors: shape.inputs / 4,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let values = source.rows(shape.learners * shape.inputs, 4);
    let squared = values.iter().map(|&v| {
        let v = Bounded::input(v);
        Want::from(v * v)
    });
    let inputs = vec![bits(&values)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(0, squared.collect())
}
