//! Scalars as words, with f32 arithmetic: what a device may compute.

use half::f16;
use naga::ScalarKind;

use super::lane::{Lane, Relation, Unary};

/// The largest i32 that is an f32 too.
const MOST_INT: f32 = 2_147_483_520.0;
/// The largest u32 that is an f32 too.
const MOST_UINT: f32 = 4_294_967_040.0;

fn float(bits: u32) -> f32 {
    f32::from_bits(bits)
}

impl Lane for u32 {
    const BOUNDED: bool = false;
    const UNDECIDED: Self = 0;

    #[inline]
    fn word(bits: u32) -> Self {
        bits
    }

    #[inline]
    fn bits(self) -> Option<u32> {
        Some(self)
    }

    fn either(self, _: Self) -> Self {
        self
    }

    #[inline]
    fn add(self, other: Self) -> Self {
        (float(self) + float(other)).to_bits()
    }

    #[inline]
    fn sub(self, other: Self) -> Self {
        (float(self) - float(other)).to_bits()
    }

    #[inline]
    fn mul(self, other: Self) -> Self {
        (float(self) * float(other)).to_bits()
    }

    #[inline]
    fn div(self, other: Self) -> Self {
        (float(self) / float(other)).to_bits()
    }

    fn fma(self, factor: Self, term: Self) -> Self {
        float(self).mul_add(float(factor), float(term)).to_bits()
    }

    #[inline]
    fn lesser(self, other: Self) -> Self {
        let (a, b) = (float(self), float(other));
        if b < a { other } else { self }
    }

    #[inline]
    fn greater(self, other: Self) -> Self {
        let (a, b) = (float(self), float(other));
        if a < b { other } else { self }
    }

    fn pow(self, exponent: Self) -> Self {
        float(self).powf(float(exponent)).to_bits()
    }

    fn atan2(self, x: Self) -> Self {
        float(self).atan2(float(x)).to_bits()
    }

    #[inline]
    fn compare(self, relation: Relation, other: Self) -> Self {
        let (a, b) = (float(self), float(other));
        u32::from(match relation {
            Relation::Equal => a == b,
            Relation::Less => a < b,
            Relation::LessEqual => a <= b,
        })
    }

    fn unary(function: Unary) -> fn(Self) -> Self {
        macro_rules! of {
            ($f:expr) => {
                |bits| {
                    let f: fn(f32) -> f32 = $f;
                    f(float(bits)).to_bits()
                }
            };
        }
        match function {
            Unary::Negate => |bits| bits ^ 0x8000_0000,
            Unary::Abs => |bits| bits & 0x7fff_ffff,
            Unary::Sign => of!(|x| if x == 0.0 { 0.0 } else { x.signum() }),
            Unary::Floor => of!(f32::floor),
            Unary::Ceil => of!(f32::ceil),
            Unary::Round => of!(f32::round_ties_even),
            Unary::Trunc => of!(f32::trunc),
            Unary::Exp => of!(f32::exp),
            Unary::Exp2 => of!(f32::exp2),
            Unary::Log => of!(f32::ln),
            Unary::Log2 => of!(f32::log2),
            Unary::Sqrt => of!(f32::sqrt),
            Unary::InverseSqrt => of!(|x| 1.0 / x.sqrt()),
            Unary::Sin => of!(f32::sin),
            Unary::Cos => of!(f32::cos),
            Unary::Tan => of!(f32::tan),
            Unary::Sinh => of!(f32::sinh),
            Unary::Cosh => of!(f32::cosh),
            Unary::Tanh => of!(f32::tanh),
            Unary::Asin => of!(f32::asin),
            Unary::Acos => of!(f32::acos),
            Unary::Atan => of!(f32::atan),
            Unary::Asinh => of!(f32::asinh),
            Unary::Acosh => of!(f32::acosh),
            Unary::Atanh => of!(f32::atanh),
            Unary::ToHalf => of!(|x| f16::from_f32(x).to_f32()),
        }
    }

    fn to_integer(self, kind: ScalarKind) -> Self {
        truncated(float(self), kind)
    }

    fn to_float(self, kind: ScalarKind) -> Self {
        match kind {
            ScalarKind::Sint => (self.cast_signed() as f32).to_bits(),
            _ => (self as f32).to_bits(),
        }
    }
}

/// A float as an i32 or u32: without its fraction, and clamped to what both types can hold.
#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
#[expect(clippy::cast_sign_loss, reason = "clamped before")]
pub(super) fn truncated(value: f32, kind: ScalarKind) -> u32 {
    match kind {
        ScalarKind::Sint => (value.min(MOST_INT) as i32).cast_unsigned(),
        _ => value.min(MOST_UINT) as u32,
    }
}
