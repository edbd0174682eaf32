//! What a word of a buffer must be after a run.

use serde::{Deserialize, Deserializer, Serialize};

use super::bounded::Bounded;

/// What outputs and guard zones hold before a run: a NaN that no arithmetic makes.
pub(crate) const POISON: u32 = 0x7fc0_dead;
use crate::record::null_is_nan;

/// What a word must be after a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// These bits.
    Word(u32),
    /// An f32 within `bound` of `value`.
    Near {
        /// What comes out without any rounding.
        #[serde(deserialize_with = "null_is_nan")]
        value: f64,
        /// How far off the result may be.
        #[serde(deserialize_with = "null_is_infinite")]
        bound: f32,
    },
    /// As near, or zero.
    NearOrZero {
        /// What comes out without any rounding.
        #[serde(deserialize_with = "null_is_nan")]
        value: f64,
        /// How far off the result may be, if it is not zero.
        #[serde(deserialize_with = "null_is_infinite")]
        bound: f32,
    },
    /// One of these words.
    OneOf(u32, u32),
    /// An integer in this range, ends included.
    Between(u32, u32),
    /// Whatever it is.
    Any,
}

// The largest case has 39 million of them.
const _: () = assert!(size_of::<Expected>() == 16);

/// Reads a bound, whose infinity JSON has no way to write.
fn null_is_infinite<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f32::INFINITY))
}

impl From<Bounded> for Expected {
    fn from(b: Bounded) -> Self {
        Self::Near {
            value: b.value,
            bound: Self::bound(b.error),
        }
    }
}

impl Expected {
    /// An error as an f32 that is no smaller.
    #[expect(clippy::cast_possible_truncation, reason = "rounded, then up")]
    fn bound(error: f64) -> f32 {
        let near = error as f32;
        if f64::from(near) < error {
            near.next_up()
        } else {
            near
        }
    }

    /// As four words: which kind it is, then two words, or a bound as f32 and a value as f64, the lower
    /// half first.
    pub(crate) fn coded(self) -> [u32; 4] {
        let near = |kind: u32, value: f64, bound: f32| {
            let [low, high] = halves(value);
            [kind, bound.to_bits(), low, high]
        };
        match self {
            Self::Word(word) => [0, word, 0, 0],
            Self::Near { value, bound } => near(1, value, bound),
            Self::NearOrZero { value, bound } => near(2, value, bound),
            Self::OneOf(one, other) => [3, one, other, 0],
            Self::Between(low, high) => [4, low, high, 0],
            Self::Any => [5, 0, 0, 0],
        }
    }

    /// What `coded` gave; none where the kind is unknown.
    pub(crate) fn decoded([kind, a, b, c]: [u32; 4]) -> Option<Self> {
        let value = f64::from_bits(u64::from(c) << 32 | u64::from(b));
        let bound = f32::from_bits(a);
        Some(match kind {
            0 => Self::Word(a),
            1 => Self::Near { value, bound },
            2 => Self::NearOrZero { value, bound },
            3 => Self::OneOf(a, b),
            4 => Self::Between(a, b),
            5 => Self::Any,
            _ => return None,
        })
    }

    /// The error as a share of its bound; none where the word must not be there. Exact words have
    /// a share of 0.
    pub fn share(self, got: u32) -> Option<f64> {
        let right = |yes: bool| yes.then_some(0.0);
        match self {
            Self::Word(word) => right(got == word),
            Self::Between(low, high) => right((low..=high).contains(&got)),
            Self::OneOf(one, other) => right(got == one || got == other),
            Self::Any => Some(0.0),
            Self::NearOrZero { value, bound } => match f32::from_bits(got) {
                0.0 => Some(0.0),
                _ => Self::Near { value, bound }.share(got),
            },
            Self::Near { value, bound } => {
                let apart = (f64::from(f32::from_bits(got)) - value).abs();
                let bound = f64::from(bound);
                match bound > 0.0 {
                    true => (apart <= bound).then(|| apart / bound),
                    false => right(apart == 0.0),
                }
            }
        }
    }

    /// Whether it is a number that may be off by something.
    pub(super) fn is_bounded(self) -> bool {
        match self {
            Self::Near { bound, .. } | Self::NearOrZero { bound, .. } => bound > 0.0,
            Self::Word(_) | Self::OneOf(..) | Self::Between(..) | Self::Any => false,
        }
    }
}

/// The two words of an f64, the lower one first.
#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
pub(crate) fn halves(number: f64) -> [u32; 2] {
    let bits = number.to_bits();
    [bits as u32, (bits >> 32) as u32]
}

#[cfg(test)]
impl Expected {
    /// The size of what is expected and how far it may be off; nothing where it must be exact.
    pub(super) fn size_and_bound(self) -> Option<[f64; 2]> {
        match self {
            Self::Near { value, bound } | Self::NearOrZero { value, bound } => {
                Some([value.abs(), bound.into()])
            }
            Self::Between(low, high) if low < high => Some([high.into(), (high - low).into()]),
            Self::Any => Some([0.0, f64::INFINITY]),
            Self::Word(_) | Self::OneOf(..) | Self::Between(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_between_two_values_is_right() {
        let near = Expected::NearOrZero {
            value: 4.0,
            bound: 0.5,
        };
        let right = |expected: Expected, x: f32| expected.share(x.to_bits()).is_some();
        assert!([0.0, -0.0, 3.5, 4.25].iter().all(|&x| right(near, x)));
        let wrong = [1e-40, 2.0, 3.0, 5.0, -4.0, f32::NAN, f32::INFINITY];
        assert!(wrong.iter().all(|&x| !right(near, x)));
        let word = |word| Expected::OneOf(0, 7).share(word).is_some();
        assert_eq!([0, 7, 1, 6, 8].map(word), [true, true, false, false, false]);
    }

    #[test]
    fn four_words_say_the_same() {
        let (value, bound) = (-1.25e-3, 1e-7);
        let all = [
            Expected::Word(7),
            Expected::Near { value, bound },
            Expected::NearOrZero { value, bound },
            Expected::OneOf(1, u32::MAX),
            Expected::Between(2, 3),
            Expected::Any,
        ];
        for expected in all {
            assert_eq!(Expected::decoded(expected.coded()), Some(expected));
        }
        assert_eq!(Expected::decoded([6, 0, 0, 0]), None);
    }
}
