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

mod functions;

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

/// γ(n): what n roundings, one after the other, may come to; so many that there is no bound, anything.
fn gamma(n: f64) -> f64 {
    match n * U < 1.0 {
        true => n * U / (1.0 - n * U),
        false => f64::INFINITY,
    }
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
mod tests;
