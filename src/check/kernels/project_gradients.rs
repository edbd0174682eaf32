//! Reference of `project_gradients`: g = f − (f·r / r·r)·r where f·r < 0, else f; shortened to `clip`;
//! w − strength·g for both learners of a pair, whose velocities become zero.
//!
//! Bound: three sums of STRIPES terms, a quotient, a root, and the products and differences behind
//! them. Which gradients are projected or shortened must not depend on a rounding: cases keep away
//! from both limits.

use super::{Family, bits, in_vectors, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{Learner, PROJECT_GRADIENTS, ProjectGradients, STRIPES};

pub(super) const FAMILY: Family = Family {
    kernel: &PROJECT_GRADIENTS,
    shapes: || vectors(&PROJECT_GRADIENTS),
    fit: in_vectors,
    case,
};

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
    let mut wanted = vec![Want::Any; weights.len()];
    for pair in 0..pairs as usize {
        let own = &products[pair * 4 * STRIPES as usize..][..4 * STRIPES as usize];
        let (share, scale) = projection(own, params.clip);
        let strength = Bounded::input(settings[2 * pair].strength);
        for i in 0..each {
            let (first, second) = (2 * pair * each + i, (2 * pair + 1) * each + i);
            let [f, r] = [first, second].map(|at| Bounded::input(velocity[at]));
            let step = strength * ((f - share * r) * scale);
            for at in [first, second] {
                wanted[at] = (Bounded::input(weights[at]) - step).into();
            }
        }
    }
    let empty = vec![Want::Word(0); velocity.len()];
    let inputs = vec![
        bytemuck::cast_slice(&settings).to_vec(),
        products,
        bits(&velocity),
        bits(&weights),
    ];
    Case::new((shape, fill, seed), &params, pairs, inputs)
        .wants(2, empty)
        .wants(3, wanted)
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
fn projection(products: &[u32], clip: f32) -> (Bounded, Bounded) {
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
