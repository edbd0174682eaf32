//! Real numbers with what f32 arithmetic may be off by: the arithmetic of the references.
//!
//! A `Bounded` holds a value computed in f64, and a bound on how far an f32 computation of the
//! same formula may end from it on any adapter that keeps WGSL's rules ("WebGPU Shading Language",
//! section 15.7.4, Floating Point Accuracy):
//!
//! - +, − and × are rounded to one of the two neighbours, WGSL does not say to which: off by
//!   u·|result| at the most, u = 2⁻²³, twice that of rounding to the nearest;
//! - sums may be reassociated and multiply-adds fused or not: so every operation is charged
//!   u·M, where M, the magnitude, is the same formula with every term taken positive, and a sum of
//!   K products γ(K)·Σ|a||b| with γ(K) = K·u / (1 − K·u) (Higham, "Accuracy and Stability of
//!   Numerical Algorithms", 2002, chapter 3), which holds in every order;
//!   A `Bounded` that is a sum knows its terms, so it makes no difference how a sum is put
//!   together;
//! - a division is off by 2.5 units in the last place, exp(x) by 3 + 2·|x|, log by 3, or by 2⁻²¹
//!   between ½ and 2. A unit in the last place of r is at most u·|r|;
//! - subnormal inputs and results may become zero.
//!
//! Where every term is an integer and the magnitude does not exceed 2²⁴, all partial results in
//! every order are integers that f32 holds exactly: then +, − and × are off by nothing.

use std::ops::{Add, Mul, Sub};

/// The distance from 1 to the next f32, with room for products of such errors.
const U: f64 = 1.0 / 8_388_608.0 * 1.001;
/// The smallest normal f32: what a flushed result is off by at the most.
const TINY: f64 = f32::MIN_POSITIVE as f64;
/// Up to here f32 holds all integers.
const INTEGERS: f64 = 16_777_216.0;

/// A value, and what f32 may be off by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounded {
    /// The exact value.
    pub(crate) value: f64,
    /// |f32 result − value| is at most this.
    pub(crate) error: f64,
    /// The formula with all terms positive.
    magnitude: f64,
    /// Whether all terms are integers.
    integer: bool,
    /// So many terms of a sum, which may be added in any order, together with those of another sum
    /// that is added to it. One, where something other than a sum has been computed last.
    terms: f64,
    /// What the terms are off by before they are added.
    before: f64,
}

/// What rounding a result costs.
fn rounding(magnitude: f64, integer: bool) -> f64 {
    match integer && magnitude <= INTEGERS {
        true => 0.0,
        false => U * magnitude + TINY,
    }
}

/// γ(n): what n roundings, one after the other, may come to.
fn gamma(n: f64) -> f64 {
    assert!(n * U < 1.0, "{n} terms have no bound");
    n * U / (1.0 - n * U)
}

impl Bounded {
    pub(crate) const ZERO: Self = Self::exact(0.0);

    /// A number that f32 holds.
    pub(crate) const fn exact(value: f64) -> Self {
        let magnitude = value.abs();
        let integer = magnitude <= INTEGERS && magnitude % 1.0 == 0.0;
        Self {
            integer,
            ..Self::term(value, 0.0, magnitude)
        }
    }

    /// A result that is one term of whatever sum it gets into.
    const fn term(value: f64, error: f64, magnitude: f64) -> Self {
        Self {
            value,
            error,
            magnitude,
            integer: false,
            terms: 1.0,
            before: error,
        }
    }

    /// A number from memory, which may be flushed to zero.
    pub(crate) fn input(value: f32) -> Self {
        let flushed = value.is_subnormal();
        let error = if flushed { f64::from(value.abs()) } else { 0.0 };
        Self {
            error,
            before: error,
            ..Self::exact(value.into())
        }
    }

    /// Σ a·b over pairs from memory, in any order.
    pub(crate) fn dot(pairs: impl Iterator<Item = (f32, f32)>) -> Self {
        let (mut terms, mut value, mut magnitude, mut flushed) = (0.0f64, 0.0, 0.0, 0.0);
        let mut integer = true;
        for (a, b) in pairs {
            let product = f64::from(a) * f64::from(b);
            terms += 1.0;
            value += product;
            magnitude += product.abs();
            integer &= a.fract() == 0.0 && b.fract() == 0.0;
            if a.is_subnormal() || b.is_subnormal() {
                flushed += product.abs();
            }
        }
        let (error, before) = match integer && magnitude <= INTEGERS {
            true => (0.0, 0.0),
            false => {
                let lost = terms * TINY + flushed;
                (gamma(terms) * magnitude + lost, U * magnitude + lost)
            }
        };
        Self {
            value,
            error,
            magnitude,
            integer,
            terms,
            before,
        }
    }

    /// Σ a over numbers from memory, in any order.
    pub(crate) fn sum(terms: impl Iterator<Item = f32>) -> Self {
        Self::dot(terms.map(|a| (a, 1.0)))
    }

    /// a − b for numbers from memory: one operation, which nothing can reassociate within.
    pub(crate) fn difference(a: f32, b: f32) -> Self {
        let (x, y) = (Self::input(a), Self::input(b));
        let value = x.value - y.value;
        Self {
            error: x.error
                + y.error
                + if a == b {
                    0.0
                } else {
                    rounding(value.abs(), false)
                },
            ..x - y
        }
    }

    /// Σ of numbers, in any order.
    pub(crate) fn total(terms: &[Self]) -> Self {
        terms.iter().copied().reduce(Add::add).unwrap_or(Self::ZERO)
    }

    /// The quotient by a number that f32 holds.
    pub(crate) fn over(self, divisor: f64) -> Self {
        let magnitude = self.magnitude / divisor;
        let error = self.error / divisor + 2.5 * U * magnitude + TINY;
        Self::term(self.value / divisor, error, magnitude)
    }

    /// The quotient by a positive number.
    pub(crate) fn divided(self, divisor: Self) -> Self {
        let least = (divisor.value - divisor.error).max(0.0);
        let value = self.value / divisor.value;
        let operands = (self.error + value.abs() * divisor.error) / least;
        let magnitude = self.magnitude / divisor.value;
        Self::term(value, operands + 2.5 * U * value.abs() + TINY, magnitude)
    }

    /// The square root of a positive number: WGSL takes it as 1 / inverseSqrt, 2 and 2.5 units in the
    /// last place.
    pub(crate) fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        let argument = self.error / (value + (self.value - self.error).max(0.0).sqrt());
        Self::term(value, argument + 4.6 * U * value + TINY, value)
    }

    /// The number with the sign of another one.
    pub(crate) fn signed(self, sign: f32) -> Self {
        Self {
            value: self.value * f64::from(sign.signum()),
            ..self
        }
    }

    /// 1 / self, for values of 1 and more.
    pub(crate) fn reciprocal(self) -> Self {
        let value = 1.0 / self.value;
        let argument = value * self.error / (self.value - self.error).max(0.0);
        Self::term(value, argument + 2.5 * U * value + TINY, value)
    }

    /// e to the self.
    pub(crate) fn exp(self) -> Self {
        let value = self.value.exp();
        // The farther end of what the argument may be, where the result and its units are largest.
        let most = (self.value + self.error).exp();
        let units = (3.0 + 2.0 * (self.value.abs() + self.error)) * U * most;
        // An infinite number of units of nothing is nothing.
        let units = if most > 0.0 { units } else { 0.0 };
        let argument = if most.is_finite() { most - value } else { most };
        Self::term(value, argument + units + TINY, value)
    }

    /// The natural logarithm, for values over 1/2.
    pub(crate) fn log(self) -> Self {
        let value = self.value.ln();
        let argument = self.error / (self.value - self.error).max(0.0);
        let own = match self.value <= 2.0 + self.error {
            true => 1.0 / 2_097_152.0,
            false => 3.0 * U * value.abs(),
        };
        Self::term(value, argument + own, value.abs())
    }

    /// max(self, 0), which adds no error.
    pub(crate) fn relu(self) -> Self {
        match self.value < -self.error {
            true => Self::ZERO,
            false => Self::term(self.value.max(0.0), self.error, self.magnitude),
        }
    }

    /// The largest of some numbers, and its place. Whichever is found to be the largest, it is off
    /// by no more than the one that is off by most.
    pub(crate) fn largest(numbers: &[Self]) -> (Self, usize) {
        let (mut place, mut error) = (0, 0.0f64);
        for (i, number) in numbers.iter().enumerate() {
            error = error.max(number.error);
            if number.value > numbers[place].value {
                place = i;
            }
        }
        let Self { value, .. } = numbers[place];
        (Self::term(value, error, value.abs() + error), place)
    }

    /// The smaller one of self and a number that f32 holds. Of what self may be, nothing over that
    /// number is left, so the value moves to the middle of the rest.
    pub(crate) fn at_most(self, most: f64) -> Self {
        let low = (self.value - self.error).min(most);
        match self.value + self.error > most {
            true => Self::term(f64::midpoint(low, most), (most - low) / 2.0, most),
            false => Self::term(self.value, self.error, self.magnitude),
        }
    }
}

impl Add for Bounded {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let magnitude = self.magnitude + other.magnitude;
        let integer = self.integer && other.integer;
        let terms = self.terms + other.terms;
        let before = self.before + other.before;
        let additions = terms - 1.0;
        let error = match integer && magnitude <= INTEGERS {
            true => before,
            false => before + gamma(additions) * (before + magnitude) + additions * TINY,
        };
        Self {
            value: self.value + other.value,
            error,
            magnitude,
            integer,
            terms,
            before,
        }
    }
}

impl Sub for Bounded {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + Self {
            value: -other.value,
            ..other
        }
    }
}

impl Mul for Bounded {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let magnitude = self.magnitude * other.magnitude;
        let integer = self.integer && other.integer;
        let cross = self.error * other.magnitude + other.error * self.magnitude;
        let error = cross + self.error * other.error + rounding(magnitude, integer);
        Self {
            integer,
            ..Self::term(self.value * other.value, error, magnitude)
        }
    }
}

#[cfg(test)]
mod tests {
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
    #[should_panic(expected = "have no bound")]
    fn a_sum_too_long_for_a_bound_is_refused() {
        Bounded::dot(std::iter::repeat_n((0.1, 0.1), 8_400_000));
    }

    #[test]
    fn subnormals_may_become_zero() {
        let small = f32::from_bits(77);
        holds(Bounded::input(small), 0.0);
        holds(Bounded::dot([(small, 1e9)].into_iter()), 0.0);
        holds(Bounded::input(-200.0).exp(), 0.0);
    }
}
