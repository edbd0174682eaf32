//! Bounds hold for every rounding and order, and not by far.

use super::*;
use crate::random::threefry2x32;

/// Random numbers in [−1, 1) of many sizes.
fn numbers(seed: u32, n: usize) -> Vec<f32> {
    let number = |i| {
        let [a, b] = threefry2x32([seed, 0], [i, 0]);
        ((a >> 8) as f32 / 8_388_608.0 - 1.0) * 2f32.powi(-((b % 12) as i32))
    };
    (0..).map(number).take(n).collect()
}

fn holds(bounded: Bounded, computed: f32) {
    let apart = (f64::from(computed) - bounded.value).abs();
    assert!(apart <= bounded.error, "{computed} off {bounded:?}");
}

#[test]
fn dots_hold_in_every_order_and_not_by_far() {
    let mut worst = 0.0f64;
    for seed in 0..50 {
        let (a, b) = (numbers(2 * seed, 300), numbers(2 * seed + 1, 300));
        let pairs = || a.iter().copied().zip(b.iter().copied());
        let bounded = Bounded::dot(pairs());
        let forward = pairs().fold(0.0, |sum, (a, b)| sum + a * b);
        let backward = pairs().rev().fold(0.0, |sum, (a, b)| a.mul_add(b, sum));
        for sum in [forward, backward] {
            holds(bounded, sum);
            worst = worst.max((f64::from(sum) - bounded.value).abs() / bounded.error);
        }
    }
    assert!(worst > 1e-3, "the bound is {worst} of what is seen");
}

#[test]
fn a_wrong_term_leaves_the_bound() {
    let (a, b) = (numbers(1, 300), numbers(2, 300));
    let bounded = Bounded::dot(a.iter().copied().zip(b.iter().copied()));
    let products = a.iter().zip(&b).map(|(a, b)| a * b);
    let lost: f32 = products.filter(|p| p.abs() < 0.5).sum();
    assert!((f64::from(lost) - bounded.value).abs() > bounded.error);
}

#[test]
fn chains_of_operations_hold() {
    for seed in 0..200 {
        let n = numbers(seed, 4);
        let [a, b, c, d] = [n[0], n[1], n[2], n[3]];
        let [x, y, z, w] = [a, b, c, d].map(Bounded::input);
        holds(x * y + z - w, a * b + c - d);
        holds((x - y) * (z + w), (a - b) * (c + d));
        holds((x + y).over(255.0) + z, (a + b) / 255.0 + c);
        holds((x - y).exp(), (a - b).exp());
        let (root, quotient) = ((x * x + Bounded::exact(0.5)).sqrt(), a * a + 0.5);
        holds(root, quotient.sqrt());
        holds((y - z).divided(root), (b - c) / quotient.sqrt());
        holds(x.signed(b), a.copysign(a * b));
        let (total, sum) = (x.exp() + y.exp() + z.exp(), a.exp() + b.exp() + c.exp());
        holds(total.log(), sum.ln());
        holds(
            (total + Bounded::exact(1.0)).reciprocal(),
            1.0 / (sum + 1.0),
        );
        holds((x + y).relu(), (a + b).max(0.0));
    }
}

#[test]
fn integers_are_exact_until_they_are_large() {
    let threes = || std::iter::repeat_n((3.0, -5.0), 1000);
    assert_eq!(Bounded::dot(threes()).error, 0.0);
    let product = Bounded::exact(3.0) * Bounded::exact(7.0) + Bounded::exact(1.0);
    assert_eq!((product.value, product.error), (22.0, 0.0));
    let large = Bounded::dot(std::iter::repeat_n((3000.0, 5000.0), 1000));
    assert!(large.error > 0.0);
    assert!((product + Bounded::exact(0.5)).error > 0.0);
}

/// How each operation is rounded, from its exact result in f64.
type Rounding = fn(f64) -> f32;

const ROUNDINGS: [Rounding; 4] = [
    nearest,
    |x| {
        if f64::from(nearest(x)) < x {
            nearest(x).next_up()
        } else {
            nearest(x)
        }
    },
    down,
    |x| if x < 0.0 { down(x) } else { -down(-x) },
];

#[expect(clippy::cast_possible_truncation, reason = "a rounding")]
fn nearest(x: f64) -> f32 {
    x as f32
}

fn down(x: f64) -> f32 {
    if f64::from(nearest(x)) > x {
        nearest(x).next_down()
    } else {
        nearest(x)
    }
}

/// A sum of terms from the left, from the right, in pairs of pairs, and in seven lanes.
fn sums(terms: &[f32], rounding: Rounding) -> [f32; 4] {
    let add = |a: f32, b: f32| rounding(f64::from(a) + f64::from(b));
    let mut pairs = terms.to_vec();
    while pairs.len() > 1 {
        let halves = pairs.chunks(2);
        pairs = halves
            .map(|p| p.iter().copied().reduce(add).unwrap())
            .collect();
    }
    let lane = |n| terms.iter().copied().skip(n).step_by(7).reduce(add);
    [
        terms.iter().copied().reduce(add).unwrap(),
        terms.iter().rev().copied().reduce(add).unwrap(),
        pairs[0],
        (0..7).filter_map(lane).reduce(add).unwrap(),
    ]
}

/// Terms of both signs, and of one, where all errors add up.
#[test]
fn sums_hold_in_all_orders_and_roundings_and_not_by_far() {
    for terms in [3, 20, 300] {
        let mut worst = 0.0f64;
        for seed in 0..100 {
            let (mut a, mut b) = (numbers(2 * seed, terms), numbers(2 * seed + 1, terms));
            if seed % 2 == 0 {
                a.iter_mut().chain(&mut b).for_each(|x| *x = x.abs());
            }
            let pairs = || a.iter().copied().zip(b.iter().copied());
            let dot = Bounded::dot(pairs());
            // The same sum from parts: term by term, and a term beside the others.
            let input = |(a, b)| Bounded::input(a) * Bounded::input(b);
            let apart = pairs().map(input).reduce(Add::add).unwrap();
            let parts = input((a[0], b[0])) + Bounded::dot(pairs().skip(1));
            for rounding in ROUNDINGS {
                let product = |(a, b)| rounding(f64::from(a) * f64::from(b));
                let products: Vec<f32> = pairs().map(product).collect();
                for sum in sums(&products, rounding) {
                    for bounded in [dot, apart, parts] {
                        holds(bounded, sum);
                        let error = (f64::from(sum) - bounded.value).abs();
                        worst = worst.max(error / bounded.error);
                    }
                }
            }
        }
        assert!(worst > 0.1, "{terms} terms: {worst} of the bound is seen");
    }
}

/// Each sum is charged for any order of all its terms, however it is written.
#[test]
fn chains_are_charged_as_one_sum() {
    let n = [1.0, 1e-3, -0.3, 0.7].map(Bounded::input);
    let [a, b, c, d] = n;
    let ways = [
        a + b + c + d,
        a + (b + (c + d)),
        (d + c) + (b + a),
        Bounded::total(&n),
    ];
    for way in ways {
        assert!((way.error - ways[0].error).abs() < 1e-20, "{way:?}");
        assert!(way.error >= 3.0 * U * 2.001, "{way:?}");
    }
    let over = (a + b).over(3.0) + c;
    assert!(over.error < (a + b + c).error * 2.0);
    let dot = Bounded::dot([(1.0, 0.1), (0.5, 0.3)].into_iter());
    assert!((dot + a).error > dot.error + 1.5 * U * (dot.magnitude + 1.0));
}

#[test]
fn an_uncertain_argument_has_a_large_bound() {
    let argument = |error| Bounded::term(0.5, error, 0.5).exp();
    assert!(argument(3.0).error >= 3.5f64.exp() - 0.5f64.exp());
    assert_eq!(argument(1e6).error, f64::INFINITY);
    assert_eq!(argument(f64::INFINITY).error, f64::INFINITY);
    let wide = Bounded::term(1.0, 2.0, 1.0);
    assert_eq!(wide.reciprocal().error, f64::INFINITY);
    assert_eq!(wide.log().error, f64::INFINITY);
    let lowest = Bounded::term(-1e15, 1e9, 1e15).exp();
    assert!(lowest.value == 0.0 && lowest.error <= TINY);
}

#[test]
fn a_sum_too_long_for_a_bound_has_none() {
    let sum = Bounded::dot(std::iter::repeat_n((0.1, 0.1), 8_400_000));
    assert_eq!(sum.error, f64::INFINITY);
}

#[test]
fn subnormals_may_become_zero() {
    let small = f32::from_bits(77);
    holds(Bounded::input(small), 0.0);
    holds(Bounded::dot([(small, 1e9)].into_iter()), 0.0);
    holds(Bounded::input(-200.0).exp(), 0.0);
}
