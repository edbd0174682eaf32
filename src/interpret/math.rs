//! WGSL's functions.

use naga::{MathFunction as F, ScalarKind};

use super::columns::{each, pair, triple};
use super::lane::{Lane, Relation, Unary};
use super::machine::Machine;
use super::mask::Mask;
use super::types::{Id, Kind};
use super::{packing, vectors};

impl<L: Lane> Machine<'_, L> {
    /// A function of arguments whose first has scalars of this kind.
    pub(super) fn math(
        &self,
        (fun, kind, id): (F, ScalarKind, Id),
        out: &mut [L],
        a: &[&[L]],
        mask: &Mask,
    ) {
        let (n, types) = (self.lanes, &self.program.types);
        if let Some(function) = unary(fun).filter(|_| kind == ScalarKind::Float) {
            each(out, a[0], n, mask, L::unary(function));
            return;
        }
        let shape = match types.kind(id) {
            Kind::Matrix(columns, rows) => [*columns as usize, *rows as usize],
            _ => [1, types.get(id).leaves as usize],
        };
        let done = match kind {
            ScalarKind::Float => {
                floats(fun, out, a, (n, mask)) || vectors::math(fun, out, a, (n, mask, shape))
            }
            _ => super::bits::math((fun, kind), out, a, (n, mask)),
        };
        if !done {
            packing::math(fun, out, a, (n, mask));
        }
    }
}

/// The functions of one float that domains know.
fn unary(fun: F) -> Option<Unary> {
    Some(match fun {
        F::Abs => Unary::Abs,
        F::Cos => Unary::Cos,
        F::Cosh => Unary::Cosh,
        F::Sin => Unary::Sin,
        F::Sinh => Unary::Sinh,
        F::Tan => Unary::Tan,
        F::Tanh => Unary::Tanh,
        F::Acos => Unary::Acos,
        F::Asin => Unary::Asin,
        F::Atan => Unary::Atan,
        F::Asinh => Unary::Asinh,
        F::Acosh => Unary::Acosh,
        F::Atanh => Unary::Atanh,
        F::Ceil => Unary::Ceil,
        F::Floor => Unary::Floor,
        F::Round => Unary::Round,
        F::Trunc => Unary::Trunc,
        F::Exp => Unary::Exp,
        F::Exp2 => Unary::Exp2,
        F::Log => Unary::Log,
        F::Log2 => Unary::Log2,
        F::Sign => Unary::Sign,
        F::Sqrt => Unary::Sqrt,
        F::InverseSqrt => Unary::InverseSqrt,
        F::QuantizeToF16 => Unary::ToHalf,
        _ => return None,
    })
}

/// Functions of each float of a vector by itself; whether this is one.
fn floats<L: Lane>(fun: F, out: &mut [L], a: &[&[L]], (n, mask): (usize, &Mask)) -> bool {
    let number = L::number;
    let clamp = |x: L, low: L, high: L| x.greater(low).lesser(high);
    match fun {
        F::Min => pair(out, a[0], a[1], n, mask, L::lesser),
        F::Max => pair(out, a[0], a[1], n, mask, L::greater),
        F::Pow => pair(out, a[0], a[1], n, mask, L::pow),
        F::Atan2 => pair(out, a[0], a[1], n, mask, L::atan2),
        F::Step => pair(out, a[0], a[1], n, mask, |edge, x| {
            let passed = edge.compare(Relation::LessEqual, x);
            passed.choose(number(1.0), number(0.0))
        }),
        F::Ldexp => pair(out, a[0], a[1], n, mask, ldexp),
        F::Saturate => each(out, a[0], n, mask, |x| clamp(x, number(0.0), number(1.0))),
        F::Radians => each(out, a[0], n, mask, |x| {
            times(x, std::f64::consts::PI / 180.0)
        }),
        F::Degrees => each(out, a[0], n, mask, |x| {
            times(x, 180.0 / std::f64::consts::PI)
        }),
        F::Fract => each(out, a[0], n, mask, |x| x.sub(L::unary(Unary::Floor)(x))),
        F::Clamp => triple(out, [a[0], a[1], a[2]], n, mask, clamp),
        F::Fma => triple(out, [a[0], a[1], a[2]], n, mask, L::fma),
        F::Mix => triple(out, [a[0], a[1], a[2]], n, mask, |x, y, share| {
            let rest = number(1.0).sub(share);
            x.mul(rest).add(y.mul(share))
        }),
        F::SmoothStep => triple(out, [a[0], a[1], a[2]], n, mask, |low, high, x| {
            let share = x.sub(low).div(high.sub(low));
            let t = clamp(share, number(0.0), number(1.0));
            let slope = number(3.0).sub(number(2.0).mul(t));
            t.mul(t).mul(slope)
        }),
        F::Modf | F::Frexp => split(fun, out, a[0], (n, mask)),
        _ => return false,
    }
    true
}

/// The product with a constant that no f32 holds, in two parts: a device may take the first alone.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what is cut off is the second part"
)]
fn times<L: Lane>(x: L, factor: f64) -> L {
    let most = factor as f32;
    let rest = (factor - f64::from(most)) as f32;
    x.mul(L::number(most)).add(x.mul(L::number(rest)))
}

/// x · 2^e.
fn ldexp<L: Lane>(x: L, exponent: L) -> L {
    let Some(exponent) = exponent.bits() else {
        return L::UNDECIDED;
    };
    // In two steps, each of which an f32 can hold.
    let exponent = exponent.cast_signed().clamp(-300, 300);
    let half = exponent / 2;
    let power = |e: i32| L::number(2f32.powi(e));
    x.mul(power(half)).mul(power(exponent - half))
}

/// The parts of a float, as a struct of fraction and the other part.
fn split<L: Lane>(fun: F, out: &mut [L], a: &[L], (n, mask): (usize, &Mask)) {
    let (first, second) = out.split_at_mut(a.len());
    match fun {
        F::Modf => {
            each(second, a, n, mask, L::unary(Unary::Trunc));
            pair(first, a, second, n, mask, L::sub);
        }
        _ => {
            each(first, a, n, mask, |x| x.map(|bits| fraction(bits).0));
            each(second, a, n, mask, |x| x.map(|bits| fraction(bits).1));
        }
    }
}

/// The bits of a float's fraction, from 0.5 up to 1, and its exponent.
fn fraction(bits: u32) -> (u32, u32) {
    let value = f32::from_bits(bits);
    if value == 0.0 || !value.is_finite() {
        return (bits, 0);
    }
    let (scaled, less) = match value.is_subnormal() {
        true => (value * 16_777_216.0, 24),
        false => (value, 0),
    };
    let bits = scaled.to_bits();
    let exponent = (bits >> 23 & 255).cast_signed() - 126;
    let fraction = bits & 0x807f_ffff | 126 << 23;
    (fraction, (exponent - less).cast_unsigned())
}
