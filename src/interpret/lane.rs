//! What an invocation holds in a scalar: the same program runs in f32, and in f64 with error bounds.

use naga::ScalarKind;

/// Functions of one float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Abs,
    Sign,
    Floor,
    Ceil,
    Round,
    Trunc,
    Exp,
    Exp2,
    Log,
    Log2,
    Sqrt,
    InverseSqrt,
    Sin,
    Cos,
    Tan,
    Sinh,
    Cosh,
    Tanh,
    Asin,
    Acos,
    Atan,
    Asinh,
    Acosh,
    Atanh,
    ToHalf,
}

/// How two floats may stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Less,
    LessEqual,
}

/// A scalar of one invocation: a word, or what is known of it. Bools are 0 and 1.
pub(super) trait Lane: Copy + Default + 'static {
    /// Whether values may be undecided.
    const BOUNDED: bool;
    /// A value of which nothing is known.
    const UNDECIDED: Self;

    /// The scalar with these bits.
    fn word(bits: u32) -> Self;
    /// Its bits, where they are known.
    fn bits(self) -> Option<u32>;
    /// What is one of both.
    fn either(self, other: Self) -> Self;

    /// The sum of floats.
    fn add(self, other: Self) -> Self;
    /// The difference of floats.
    fn sub(self, other: Self) -> Self;
    /// The product of floats.
    fn mul(self, other: Self) -> Self;
    /// The quotient of floats.
    fn div(self, other: Self) -> Self;
    /// self · factor + term.
    fn fma(self, factor: Self, term: Self) -> Self;
    /// The smaller float.
    fn lesser(self, other: Self) -> Self;
    /// The larger float.
    fn greater(self, other: Self) -> Self;
    /// self to the power of a float.
    fn pow(self, exponent: Self) -> Self;
    /// The angle of the point (x, self).
    fn atan2(self, x: Self) -> Self;
    /// Whether floats stand to each other like this, as a bool.
    fn compare(self, relation: Relation, other: Self) -> Self;
    /// A function of one float.
    fn unary(function: Unary) -> fn(Self) -> Self;
    /// A float as an i32 or u32.
    fn to_integer(self, kind: ScalarKind) -> Self;
    /// An i32 or u32 as a float.
    fn to_float(self, kind: ScalarKind) -> Self;

    /// The float with this value.
    fn number(value: f32) -> Self {
        Self::word(value.to_bits())
    }

    /// A function of words.
    fn map(self, f: impl Fn(u32) -> u32) -> Self {
        self.bits()
            .map_or(Self::UNDECIDED, |bits| Self::word(f(bits)))
    }

    /// A function of two words.
    fn zip(self, other: Self, f: impl Fn(u32, u32) -> u32) -> Self {
        match (self.bits(), other.bits()) {
            (Some(a), Some(b)) => Self::word(f(a, b)),
            _ => Self::UNDECIDED,
        }
    }

    /// `accept` where the bool self is true, else `reject`.
    fn choose(self, accept: Self, reject: Self) -> Self {
        match self.bits() {
            Some(0) => reject,
            Some(_) => accept,
            None => accept.either(reject),
        }
    }
}
