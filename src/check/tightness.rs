//! Tests of the bounds themselves: small beside the results, so that they judge, and not much
//! larger than what honest rounding comes to.

use crate::device::Device;
use crate::device::cpu::Cpu;
use crate::kernels::case::Case;
use crate::kernels::{Fill, KERNELS, MANY, Shape, Spec};

/// Fewer words of an output than this tell nothing of most of them, nor of the worst.
const ENOUGH: usize = 100;
/// A bound is at most this share of the typical size. For K products of random sign a bound is
/// u·K·|ab| and a sum √K·|ab|: of each other u·√K·K, 0.003 for K = 784.
const SMALL: f64 = 5e-3;

/// The kernel's shapes but for those with thousands of learners, and some random ones.
fn shapes(spec: &Spec) -> Vec<Shape> {
    let mut shapes = (spec.shapes)();
    shapes.retain(|shape| shape.learners <= MANY);
    shapes.extend((0..6).map(|number| Shape::random(1, number)));
    shapes
}

/// The terms of a kernel's sums, or the operations in their place.
fn terms(spec: &Spec, shape: Shape) -> f64 {
    f64::from((spec.terms)((spec.fit)(shape)))
}

/// The outputs of which so few words have a small bound that the case judges little, with that
/// share. What a typical size is, the same shape says with random numbers.
fn unjudged(case: &Case, random: &Case) -> Vec<(usize, f64)> {
    let mut unjudged = Vec::new();
    let random = random.sizes_and_bounds();
    for (binding, words) in case.sizes_and_bounds().iter().enumerate() {
        let n = words.len() as f64;
        let sizes = random[binding].iter().map(|[size, _]| size);
        let typical = sizes.sum::<f64>() / random[binding].len() as f64;
        let small = |[_, bound]: &&[f64; 2]| *bound <= SMALL * typical;
        let share = words.iter().filter(small).count() as f64 / n;
        // One class has a probability of 1 and a loss of 0, and nothing is typical.
        if words.len() >= ENOUGH && typical > 0.0 && share < 0.9 {
            unjudged.push((binding, share));
        }
    }
    unjudged
}

#[test]
fn bounds_are_small_beside_the_results_of_random_numbers() {
    for spec in KERNELS {
        for shape in shapes(spec) {
            let random = spec.build(shape, Fill::Random, 1);
            for fill in [Fill::Random, Fill::Tiny, Fill::Large] {
                let case = spec.build(shape, fill, 1);
                let unjudged = unjudged(&case, &random);
                let (kernel, fill) = (spec.kernel.name, fill.name());
                assert!(unjudged.is_empty(), "{kernel} {shape} {fill}: {unjudged:?}");
            }
        }
    }
}

/// The outputs whose bound is far from what the twins' rounding comes to, with the worst share.
///
/// K products of random sign have partial sums of √k·|ab|, so their roundings, of random sign as
/// well, come to u·K·|ab|, and the bound is u·K²·|ab|: shares fall like 1/K. (Like √K/K, were all
/// products of one sign.) The worst of 100 words and more was never under 0.2/K.
fn loose(terms: f64, case: &Case) -> Vec<(usize, f64)> {
    let device = Cpu::new("test");
    device.choose(case.kernel, device.variants(case.kernel).last());
    let got = case.run(&device, case.kernel, 1).unwrap();
    let shares = case.shares(&got[0]).unwrap();
    let words = case.sizes_and_bounds();
    let telling = |binding: &usize| words[*binding].len() >= ENOUGH;
    let share = |binding: usize| shares[binding].map(|share| (binding, share));
    let shares = (0..words.len()).filter(telling).filter_map(share);
    shares.filter(|(_, s)| *s < 0.1 / terms).collect()
}

#[test]
fn bounds_are_near_what_rounding_comes_to() {
    for spec in KERNELS {
        for shape in shapes(spec) {
            let case = spec.build(shape, Fill::Random, 1);
            let terms = terms(spec, shape);
            // One class or one sample: all is exact.
            if terms > 1.0 {
                let loose = loose(terms, &case);
                assert!(loose.is_empty(), "{} {shape}: {loose:?}", case.kernel.name);
            }
        }
    }
}

#[test]
fn bounds_that_judge_nothing_are_found() {
    for spec in KERNELS {
        if !spec.rounds {
            continue;
        }
        let terms = |shape: &Shape| terms(spec, *shape);
        let shapes = shapes(spec);
        let name = spec.kernel.name;
        // In large images some pixels are always zero, so that a few outputs are nearly exact.
        let found = shapes.iter().rev().any(|shape| {
            let case = spec.build(*shape, Fill::Random, 1);
            !loose(terms(shape), &case.loosened(20.0)).is_empty()
        });
        assert!(found, "{name}");
        let most = |a: &&Shape, b: &&Shape| terms(a).total_cmp(&terms(b));
        let shape = shapes.iter().max_by(most).unwrap();
        let case = spec.build(*shape, Fill::Random, 1);
        let huge = case.clone().loosened(1e6);
        assert!(!unjudged(&huge, &case).is_empty(), "{name}");
    }
}
