//! Scalars in f64 with error bounds: what any device may compute.

use naga::ScalarKind;

use super::lane::{Lane, Relation, Unary};
use super::words::truncated;
use crate::kernels::Expected;
use crate::kernels::bounded::Bounded;

/// What is known of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Exact {
    /// These bits.
    Word(u32),
    /// A float within a bound.
    Real(Bounded),
    /// Nothing: it depends on rounding.
    Undecided,
}

impl Default for Exact {
    fn default() -> Self {
        Self::Word(0)
    }
}

impl From<Option<Bounded>> for Exact {
    fn from(number: Option<Bounded>) -> Self {
        let usable = number.filter(|number| number.is_usable());
        usable.map_or(Self::Undecided, Self::Real)
    }
}

impl From<Bounded> for Exact {
    fn from(number: Bounded) -> Self {
        Some(number).into()
    }
}

impl Exact {
    /// What the word of a buffer must be.
    pub(super) fn expected(self) -> Expected {
        match self {
            Self::Word(bits) => Expected::Word(bits),
            Self::Real(number) => number.into(),
            Self::Undecided => Expected::Any,
        }
    }

    /// The float that it is.
    fn real(self) -> Option<Bounded> {
        match self {
            Self::Word(bits) => {
                let value = f32::from_bits(bits);
                value.is_finite().then(|| Bounded::input(value))
            }
            Self::Real(number) => Some(number),
            Self::Undecided => None,
        }
    }

    fn with(self, other: Self, f: impl Fn(Bounded, Bounded) -> Option<Bounded>) -> Self {
        let both = self.real().zip(other.real());
        both.and_then(|(a, b)| f(a, b)).into()
    }

    fn then(self, f: impl Fn(Bounded) -> Option<Bounded>) -> Self {
        self.real().and_then(f).into()
    }
}

/// The outcome of a comparison, where there is only one.
fn outcome(yes: bool, no: bool) -> Exact {
    match (yes, no) {
        (true, _) => Exact::Word(1),
        (_, true) => Exact::Word(0),
        _ => Exact::Undecided,
    }
}

impl Lane for Exact {
    const BOUNDED: bool = true;
    const UNDECIDED: Self = Self::Undecided;

    fn word(bits: u32) -> Self {
        Self::Word(bits)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "compared with the original"
    )]
    fn bits(self) -> Option<u32> {
        match self {
            Self::Word(bits) => Some(bits),
            // The sign of a zero depends on how it is computed.
            Self::Real(number) if number.error == 0.0 && number.value != 0.0 => {
                let value = number.value as f32;
                (f64::from(value) == number.value).then(|| value.to_bits())
            }
            Self::Real(_) | Self::Undecided => None,
        }
    }

    fn either(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Real(one), Self::Real(other)) => one.either(other).into(),
            // A word may be an integer, whose bits say nothing of a float.
            (Self::Real(one), Self::Word(bits)) | (Self::Word(bits), Self::Real(one)) => {
                let zero = Some(Bounded::ZERO).filter(|_| bits == 0);
                let other = Self::Word(bits)
                    .real()
                    .filter(|other| plausible(*other))
                    .or(zero);
                other.map(|other| one.either(other)).into()
            }
            _ => Self::Undecided,
        }
    }

    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| Some(a + b))
    }

    fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| Some(a - b))
    }

    fn mul(self, other: Self) -> Self {
        self.with(other, |a, b| Some(a * b))
    }

    fn div(self, other: Self) -> Self {
        self.with(other, Bounded::quotient)
    }

    fn fma(self, factor: Self, term: Self) -> Self {
        self.mul(factor).add(term)
    }

    fn lesser(self, other: Self) -> Self {
        self.with(other, |a, b| Some(a.least(b)))
    }

    fn greater(self, other: Self) -> Self {
        self.with(other, |a, b| Some(a.most(b)))
    }

    fn pow(self, exponent: Self) -> Self {
        self.with(exponent, Bounded::power)
    }

    fn atan2(self, x: Self) -> Self {
        self.with(x, Bounded::atan2)
    }

    fn compare(self, relation: Relation, other: Self) -> Self {
        let Some((a, b)) = self.real().zip(other.real()) else {
            return Self::Undecided;
        };
        match relation {
            Relation::Less => outcome(a.high() < b.low(), a.low() >= b.high()),
            Relation::LessEqual => outcome(a.high() <= b.low(), a.low() > b.high()),
            Relation::Equal => {
                let sure = a.error == 0.0 && b.error == 0.0 && a.value == b.value;
                outcome(sure, a.high() < b.low() || b.high() < a.low())
            }
        }
    }

    fn unary(function: Unary) -> fn(Self) -> Self {
        macro_rules! of {
            ($f:ident) => {
                |x| x.then(|x| Some(x.$f()))
            };
        }
        match function {
            Unary::Negate => |x| match x {
                Self::Word(bits) => Self::Word(bits ^ 0x8000_0000),
                x => x.then(|x| Some(x.negated())),
            },
            Unary::Abs => |x| match x {
                Self::Word(bits) => Self::Word(bits & 0x7fff_ffff),
                x => x.then(|x| Some(x.abs())),
            },
            Unary::Sign => of!(sign),
            Unary::Floor => of!(floor),
            Unary::Ceil => of!(ceil),
            Unary::Round => of!(round),
            Unary::Trunc => of!(trunc),
            Unary::Exp => of!(exp),
            Unary::Exp2 => of!(exp2),
            Unary::Log => |x| x.then(Bounded::ln),
            Unary::Log2 => |x| x.then(Bounded::log2),
            Unary::Sqrt => |x| x.then(Bounded::root),
            Unary::InverseSqrt => |x| x.then(Bounded::inverse_root),
            Unary::Sin => |x| x.then(Bounded::sin),
            Unary::Cos => |x| x.then(Bounded::cos),
            Unary::Tan => |x| x.then(Bounded::tan),
            Unary::Sinh => of!(sinh),
            Unary::Cosh => of!(cosh),
            Unary::Tanh => |x| x.then(Bounded::tanh),
            Unary::Asin => |x| x.then(Bounded::asin),
            Unary::Acos => |x| x.then(Bounded::acos),
            Unary::Atan => of!(atan),
            Unary::Asinh => |x| x.then(Bounded::asinh),
            Unary::Acosh => |x| x.then(Bounded::acosh),
            Unary::Atanh => |x| x.then(Bounded::atanh),
            Unary::ToHalf => |x| x.then(Bounded::to_half),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "an integer, or clamped")]
    fn to_integer(self, kind: ScalarKind) -> Self {
        let Some(number) = self.real() else {
            return Self::Undecided;
        };
        let [low, high] = [number.low(), number.high()].map(|end| truncated(end as f32, kind));
        let [a, b] = [number.low(), number.high()].map(f64::trunc);
        match a == b && low == high {
            true => Self::Word(low),
            false => Self::Undecided,
        }
    }

    fn to_float(self, kind: ScalarKind) -> Self {
        let Some(bits) = self.bits() else {
            return Self::Undecided;
        };
        let value = match kind {
            ScalarKind::Sint => f64::from(bits.cast_signed()),
            _ => f64::from(bits),
        };
        Bounded::of_integer(value).into()
    }
}

/// Whether a word is a float rather than an integer: no small integer has the bits of a normal one.
fn plausible(number: Bounded) -> bool {
    number.value != 0.0 && number.value.abs() >= f64::from(f32::MIN_POSITIVE)
}
