//! WGSL's functions of numbers with bounds. None has a bound where an argument may leave what the
//! function is defined for, or where WGSL promises nothing.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{Bounded, TINY, U};

/// Divisors outside of these sizes may give anything.
const DIVISORS: [f64; 2] = [f32::MIN_POSITIVE as f64, 8.507_059_173_023_462e37];
/// What sin and cos may be off by.
const SINE: f64 = 1.0 / 2048.0;
/// What atan and atan2 may be off by, in units in the last place.
const ATAN: f64 = 4096.0;
/// What asin and acos may be off by, at the least.
const ARC: f64 = 6.77e-5;
/// What tanh may be off by, at the least.
const TANH: f64 = 1e-5;

impl Bounded {
    /// The least that the number may be.
    pub(crate) fn low(self) -> f64 {
        self.value - self.error
    }

    /// The most.
    pub(crate) fn high(self) -> f64 {
        self.value + self.error
    }

    /// Whether f32 holds all that the number may be.
    pub(crate) fn is_usable(self) -> bool {
        self.value.abs() + self.error <= f64::from(f32::MAX)
    }

    /// A number about `value` that is somewhere from `low` to `high`.
    fn within(value: f64, [low, high]: [f64; 2]) -> Self {
        let error = (value - low).max(high - value).max(0.0);
        Self::term(value, error, value.abs() + error)
    }

    /// The value of a function that never falls, exact but for its argument.
    fn rising(self, f: impl Fn(f64) -> f64) -> Self {
        match self.error == 0.0 {
            true => Self::exact(f(self.value)),
            false => Self::within(f(self.value), [f(self.low()), f(self.high())]),
        }
    }

    /// The same with so much more error.
    fn and(self, error: f64) -> Self {
        Self::term(self.value, self.error + error, self.magnitude + error)
    }

    /// The same with an error of so many units in the last place.
    fn units(self, units: f64) -> Self {
        self.and(units * U * (self.value.abs() + self.error) + TINY)
    }

    /// One of two numbers.
    pub(crate) fn either(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let (low, high) = (self.low().min(other.low()), self.high().max(other.high()));
        Self::within(f64::midpoint(low, high), [low, high])
    }

    /// −self.
    pub(crate) fn negated(self) -> Self {
        Self {
            value: -self.value,
            ..self
        }
    }

    /// |self|.
    pub(crate) fn abs(self) -> Self {
        match () {
            () if self.low() >= 0.0 => self,
            () if self.high() <= 0.0 => self.negated(),
            () => Self {
                integer: self.integer,
                ..Self::term(self.value.abs(), self.error, self.magnitude)
            },
        }
    }

    /// The smaller one.
    pub(crate) fn least(self, other: Self) -> Self {
        other.negated().most(self.negated()).negated()
    }

    /// The larger one.
    pub(crate) fn most(self, other: Self) -> Self {
        match () {
            () if self.low() >= other.high() => self,
            () if other.low() >= self.high() => other,
            () => {
                let value = self.value.max(other.value);
                let low = self.low().max(other.low());
                Self::within(value, [low, self.high().max(other.high())])
            }
        }
    }

    /// The next integer below, or the number itself.
    pub(crate) fn floor(self) -> Self {
        self.rising(f64::floor)
    }

    /// The next integer above.
    pub(crate) fn ceil(self) -> Self {
        self.rising(f64::ceil)
    }

    /// The next integer towards zero.
    pub(crate) fn trunc(self) -> Self {
        self.rising(f64::trunc)
    }

    /// The nearest integer.
    pub(crate) fn round(self) -> Self {
        self.rising(f64::round_ties_even)
    }

    /// −1, 0 or 1.
    pub(crate) fn sign(self) -> Self {
        self.rising(|x| if x == 0.0 { 0.0 } else { x.signum() })
    }

    /// The quotient by a number that is not zero.
    pub(crate) fn quotient(self, divisor: Self) -> Option<Self> {
        if divisor.high() < 0.0 {
            return self.negated().quotient(divisor.negated());
        }
        if divisor.low() < DIVISORS[0] || divisor.high() > DIVISORS[1] {
            return None;
        }
        let value = self.value / divisor.value;
        let operands = (self.error + value.abs() * divisor.error) / divisor.low();
        let magnitude = self.magnitude / divisor.low();
        Some(Self::term(value, operands, magnitude).units(2.5))
    }

    /// The square root.
    pub(crate) fn root(self) -> Option<Self> {
        if self.value == 0.0 && self.error == 0.0 {
            return Some(self);
        }
        (self.low() >= 0.0).then(|| self.sqrt())
    }

    /// 1 over the square root.
    pub(crate) fn inverse_root(self) -> Option<Self> {
        let f = |x: f64| 1.0 / x.sqrt();
        let ends = [f(self.high()), f(self.low())];
        (self.low() > 0.0).then(|| Self::within(f(self.value), ends).units(2.0))
    }

    /// 2 to the self.
    pub(crate) fn exp2(self) -> Self {
        let ends = [self.low().exp2(), self.high().exp2()];
        let units = 3.0 + 2.0 * (self.value.abs() + self.error);
        Self::within(self.value.exp2(), ends).units(units)
    }

    /// A logarithm with these values.
    fn logarithm(self, f: fn(f64) -> f64) -> Option<Self> {
        if self.low() <= 0.0 {
            return None;
        }
        let exact = Self::within(f(self.value), [f(self.low()), f(self.high())]);
        let near_one = self.low() <= 2.0 && self.high() >= 0.5;
        let own = if near_one { 1.0 / 2_097_152.0 } else { 0.0 };
        Some(if near_one { exact.and(own) } else { exact }.units(3.0))
    }

    /// The natural logarithm.
    pub(crate) fn ln(self) -> Option<Self> {
        self.logarithm(f64::ln)
    }

    /// The logarithm to base 2.
    pub(crate) fn log2(self) -> Option<Self> {
        self.logarithm(f64::log2)
    }

    /// The power of a positive number: WGSL takes it as exp2(exponent · log2(self)).
    pub(crate) fn power(self, exponent: Self) -> Option<Self> {
        Some((exponent * self.log2()?).exp2())
    }

    /// A function whose slope is 1 at the most, off by so much, between −π and π.
    fn wave(self, f: fn(f64) -> f64) -> Option<Self> {
        let inside = self.value.abs() + self.error <= PI;
        let value = f(self.value);
        inside.then(|| Self::term(value, self.error, value.abs() + self.error).and(SINE))
    }

    /// The sine.
    pub(crate) fn sin(self) -> Option<Self> {
        self.wave(f64::sin)
    }

    /// The cosine.
    pub(crate) fn cos(self) -> Option<Self> {
        self.wave(f64::cos)
    }

    /// sin / cos.
    pub(crate) fn tan(self) -> Option<Self> {
        self.sin()?.quotient(self.cos()?)
    }

    /// (exp(self) − exp(−self)) / 2.
    pub(crate) fn sinh(self) -> Self {
        (self.exp() - self.negated().exp()) * Self::exact(0.5)
    }

    /// (exp(self) + exp(−self)) / 2.
    pub(crate) fn cosh(self) -> Self {
        (self.exp() + self.negated().exp()) * Self::exact(0.5)
    }

    /// sinh / cosh, or an error of 10⁻⁵ where that is worse.
    pub(crate) fn tanh(self) -> Option<Self> {
        let formula = self.sinh().quotient(self.cosh())?;
        let value = self.value.tanh();
        let error = formula.error.max(TANH + self.error);
        Some(Self::term(value, error, value.abs() + error))
    }

    /// The angle whose tangent it is.
    pub(crate) fn atan(self) -> Self {
        let ends = [self.low().atan(), self.high().atan()];
        Self::within(self.value.atan(), ends).units(ATAN)
    }

    /// The angle of the point (x, self), where the point may not be at the origin, nor on both
    /// sides of the angle π.
    pub(crate) fn atan2(self, x: Self) -> Option<Self> {
        let crosses = self.low() <= 0.0 && self.high() >= 0.0;
        if crosses && x.low() <= 0.0 {
            return None;
        }
        let corner = |y: f64| [y.atan2(x.low()), y.atan2(x.high())];
        let [a, b] = [corner(self.low()), corner(self.high())];
        let low = a[0].min(a[1]).min(b[0]).min(b[1]);
        let high = a[0].max(a[1]).max(b[0]).max(b[1]);
        Some(Self::within(self.value.atan2(x.value), [low, high]).units(ATAN))
    }

    /// atan2(self, √(1 − self²)), or a fixed error where that is worse.
    pub(crate) fn asin(self) -> Option<Self> {
        let formula = self.atan2(self.cathetus()?)?;
        Some(self.arc(f64::asin, formula.error))
    }

    /// atan2(√(1 − self²), self), likewise.
    pub(crate) fn acos(self) -> Option<Self> {
        let formula = self.cathetus()?.atan2(self)?;
        Some(self.arc(f64::acos, formula.error))
    }

    fn cathetus(self) -> Option<Self> {
        (Self::exact(1.0) - self * self).root()
    }

    fn arc(self, f: fn(f64) -> f64, formula: f64) -> Self {
        let ends = [self.low(), self.high()].map(|x| f(x.clamp(-1.0, 1.0)));
        let value = f(self.value.clamp(-1.0, 1.0));
        let off = (ends[0] - value).abs().max((ends[1] - value).abs());
        let error = formula.max(off + ARC);
        Self::term(value, error, value.abs().max(FRAC_PI_2))
    }

    /// log(self + √(self² + 1)).
    pub(crate) fn asinh(self) -> Option<Self> {
        (self + (self * self + Self::exact(1.0)).root()?).ln()
    }

    /// log(self + √(self² − 1)).
    pub(crate) fn acosh(self) -> Option<Self> {
        (self + (self * self - Self::exact(1.0)).root()?).ln()
    }

    /// log((1 + self) / (1 − self)) / 2.
    pub(crate) fn atanh(self) -> Option<Self> {
        let one = Self::exact(1.0);
        let quotient = (one + self).quotient(one - self)?;
        Some(quotient.ln()? * Self::exact(0.5))
    }

    /// An f16, one of both neighbours.
    pub(crate) fn to_half(self) -> Option<Self> {
        /// The distance of f16s of this size.
        fn step(x: f64) -> f64 {
            x.abs().log2().floor().max(-14.0).exp2() / 1024.0
        }
        if self.value.abs() + self.error > 65504.0 {
            return None;
        }
        let down = |x: f64| {
            if x == 0.0 {
                x
            } else {
                (x / step(x)).floor() * step(x)
            }
        };
        let up = |x: f64| -down(-x);
        // What is subnormal may become zero.
        let small = |x: f64| x != 0.0 && x.abs() < 6.103_515_625e-5;
        let flushed = if small(self.value) {
            self.value.abs()
        } else {
            0.0
        };
        let ends = [down(self.low()), up(self.high())];
        Some(match ends[0] == ends[1] && flushed == 0.0 {
            true => Self::exact(ends[0]),
            false => Self::within(self.value, ends).and(flushed),
        })
    }

    /// An integer, to which f32 may round it up or down.
    pub(crate) fn of_integer(value: f64) -> Self {
        match value.abs() <= super::INTEGERS {
            true => Self::exact(value),
            false => Self::term(value, 0.0, value.abs()).units(1.0),
        }
    }
}
