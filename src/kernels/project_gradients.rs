//! `project_gradients`: g = f − (f·r / r·r)·r where f·r < 0, else f; shortened to `clip`;
//! w − strength·g for both learners of a pair, whose velocities become zero.
//!
//! Bound: three sums of STRIPES terms, a quotient, a root, and the products and differences behind
//! them. Which gradients are projected or shortened must not depend on a rounding: cases keep away
//! from both limits.

use super::Learner;
use super::STRIPES;
use super::bounded::Bounded;
use super::case::Case;
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch};
use super::elementwise;
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Params, Spec, Variant, kernel, params};

params! {
    /// A step that does not climb the other loss.
    pub(crate) struct ProjectGradients of PROJECT_GRADIENTS over |p| [p.vectors, 1] {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// The longest gradient.
        clip: f32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
    }
}

/// The kernel `project_gradients`.
pub(crate) static PROJECT_GRADIENTS: Spec = Spec {
    kernel: kernel!(
        "project_gradients",
        ProjectGradients,
        &[Variant::PLAIN],
        FORM
    ),
    // Pairs of learners are its learners.
    cost: |s: Sizes| {
        (
            6 * s.numbers,
            s.learners * (8 * s.inputs + 256),
            64 * s.learners,
        )
    },
    training: elementwise::training,
    shapes: || elementwise::shapes(&PROJECT_GRADIENTS.kernel),
    fit: elementwise::fit,
    case,
    terms: |_| 3,
    rounds: true,
};

/// Buffers: learners [pairs, 2], products [pairs, STRIPES, 4], velocity and parameters
/// [pairs, 2, 4 · vectors]. Units: vectors.
const FORM: Form = Form::loops(elementwise::units, touches, twin);

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let both = || Touch::Ranges(ProjectGradients::read(params).both(part, 4).to_vec());
    vec![
        Touch::Words(part.own(2 * size_of::<Learner>() / 4)),
        Touch::Words(part.own(4 * STRIPES as usize)),
        both(),
        both(),
    ]
}

impl ProjectGradients {
    /// The words of these vectors, of the pair's first learner and of its second one.
    fn both(&self, part: &Part, width: usize) -> [std::ops::Range<usize>; 2] {
        let each = self.vectors as usize * width;
        [0, each].map(|offset| part.inner(2 * each, offset, width))
    }
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = ProjectGradients::read(params);
    let [learners, products, velocity, weights, ..] = bound;
    let strength = learners.read::<Learner>(part.own(2))[0].strength;
    let (share, scale) = projection(products.read(part.own(STRIPES as usize)), p.clip);
    let [first, second] = p.both(part, 4);
    let retain = velocity.write::<f32>(second.clone()).to_vec();
    let forget = velocity.write::<f32>(first.clone());
    let step = forget.iter().zip(&retain);
    let step: Vec<f32> = step
        .map(|(f, r)| strength * ((f - share * r) * scale))
        .collect();
    for range in [first, second] {
        velocity.write::<f32>(range.clone()).fill(0.0);
        let weights = weights.write::<f32>(range).iter_mut();
        weights.zip(&step).for_each(|(w, step)| *w -= step);
    }
}

/// How much of r to take from f, and what to multiply the rest by.
fn projection(products: &[[f32; 4]], clip: f32) -> (f32, f32) {
    let sum = |i: usize| products.iter().map(|p| p[i]).sum::<f32>();
    let [fr, rr, ff] = [0, 1, 2].map(sum);
    let share = if fr < 0.0 && rr > 0.0 { fr / rr } else { 0.0 };
    let square = ff - share * fr;
    match square > clip * clip {
        true => (share, clip / square.sqrt()),
        false => (share, 1.0),
    }
}

/// The learners of a shape are pairs here.
fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (pairs, each) = (shape.learners, shape.inputs as usize);
    let params = ProjectGradients {
        vectors: shape.inputs / 4,
        clip: 0.25,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let settings: Vec<Learner> = (0..2 * pairs)
        .map(|learner| Learner {
            strength: 0.1 + 0.2 * (learner % 5) as f32,
            ..Default::default()
        })
        .collect();
    let products = products(&mut source, pairs);
    let velocity = source.floats(2 * pairs * shape.inputs);
    let weights = source.floats(2 * pairs * shape.inputs);
    let mut expected = vec![Expected::Any; weights.len()];
    for pair in 0..pairs as usize {
        let own = &products[pair * 4 * STRIPES as usize..][..4 * STRIPES as usize];
        let (share, scale) = bounded_projection(own, params.clip);
        let strength = Bounded::input(settings[2 * pair].strength);
        for i in 0..each {
            let (first, second) = (2 * pair * each + i, (2 * pair + 1) * each + i);
            let [f, r] = [first, second].map(|at| Bounded::input(velocity[at]));
            let step = strength * ((f - share * r) * scale);
            for at in [first, second] {
                expected[at] = (Bounded::input(weights[at]) - step).into();
            }
        }
    }
    let empty = vec![Expected::Word(0); velocity.len()];
    let inputs = vec![
        bytemuck::cast_slice(&settings).to_vec(),
        products,
        bits(&velocity),
        bits(&weights),
    ];
    Case::new(&params, pairs, inputs)
        .expects(2, empty)
        .expects(3, expected)
}

/// Sums of pairs that agree or are at odds, one of which has no r; some of whose f is long.
fn products(source: &mut Source, pairs: u32) -> Vec<u32> {
    let mut products = source.floats(pairs * STRIPES * 4);
    let each = 4 * STRIPES as usize;
    for (pair, products) in products.chunks_exact_mut(each).enumerate() {
        // Numbers from a half to one, or small integers.
        products.iter_mut().for_each(|v| *v = v.abs() / 2.0 + 0.5);
        let against = [-0.5, 0.5, -0.01, -0.5, 0.01][pair % 5];
        let long = [1.0, 1.0, 0.001, 1.0, 0.000_01][pair % 5];
        for sums in products.as_chunks_mut::<4>().0 {
            sums[0] *= against * if long < 1.0 { 0.1 } else { 1.0 };
            sums[1] *= if pair % 5 == 3 { 0.0 } else { 1.0 };
            sums[2] *= long * 4.0;
        }
    }
    bits(&products)
}

/// How much of r to take from f, and what to multiply the rest by.
fn bounded_projection(products: &[u32], clip: f32) -> (Bounded, Bounded) {
    let vectors = || products.chunks_exact(4);
    let sum = |i: usize| Bounded::sum(vectors().map(|v| f32::from_bits(v[i])));
    let [fr, rr, ff] = [0, 1, 2].map(sum);
    let at_odds = fr.value < 0.0 && rr.value > 0.0;
    let share = if at_odds {
        fr.divided(rr)
    } else {
        Bounded::ZERO
    };
    let square = ff - share * fr;
    let clip = Bounded::input(clip);
    match square.value > clip.value * clip.value {
        true => (share, clip.divided(square.sqrt())),
        false => (share, Bounded::exact(1.0)),
    }
}
