//! What is wrong with a result: as data, and in words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::expected::{Expected, POISON};
use crate::record::null_is_nan;

/// What differs from what was expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// What it is.
    #[serde(flatten)]
    pub cause: Cause,
    /// The same as a sentence.
    #[serde(default)]
    pub text: String,
}

/// The kinds of mismatches. What is no number, or infinite, is null in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// A word is not what it must be.
    WrongValue {
        /// Where.
        place: Place,
        /// What came.
        got: Number,
        /// What should have come.
        expected: Expected,
    },
    /// A word of a guard zone has been written.
    GuardZone {
        /// Where.
        place: Place,
        /// What came.
        got: Number,
    },
    /// A word is another one than in the first run.
    NotRepeated {
        /// Where.
        place: Place,
        /// What came.
        got: Number,
        /// What came in the first run.
        first: Number,
    },
    /// The device did not run the case.
    NoResult {
        /// Why.
        error: String,
    },
    /// The shader does what WGSL does not define, whatever comes out.
    Undefined {
        /// The variable, with its element.
        place: String,
        /// What happens, as a sentence.
        what: String,
        /// The line in the shader, from 1; 0 where it is not known.
        line: u32,
        /// That line.
        snippet: String,
    },
    /// The weights of a training are too far from what f64 loops reach.
    Weights {
        /// After so many steps.
        steps: u32,
        /// How far, as a share of their way.
        #[serde(deserialize_with = "null_is_nan")]
        apart: f64,
        /// How far they may be.
        #[serde(deserialize_with = "null_is_nan")]
        tolerance: f64,
    },
    /// Its losses are.
    Losses {
        /// Up to so many steps.
        steps: u32,
        /// How far, in nats.
        #[serde(deserialize_with = "null_is_nan")]
        apart: f64,
        /// How far they may be.
        #[serde(deserialize_with = "null_is_nan")]
        tolerance: f64,
    },
    /// A litmus test has an outcome that WGSL's memory model forbids.
    Forbidden {
        /// The test.
        test: String,
        /// The outcome.
        outcome: String,
        /// How often it came.
        times: u64,
        /// How often the test was played.
        instances: u64,
        /// The outcomes that WGSL allows.
        allowed: Vec<String>,
    },
    /// Four texts: all that reports of earlier versions have.
    #[serde(untagged)]
    Words {
        /// Where.
        place: String,
        /// What came.
        got: String,
        /// What should have come.
        expected: String,
        /// How far it may be off.
        bound: String,
    },
}

/// A word of a buffer, or of the guard zones around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The buffer's name in the shader.
    pub buffer: String,
    /// The word's number; below zero or past the end in a guard zone.
    pub index: i64,
    /// The buffer's words.
    pub words: i64,
}

/// A word as the number that it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// Its bits.
    pub bits: u32,
    /// Whether they are an f32, or else a u32.
    pub float: bool,
    /// The number; none where it is NaN or infinite.
    pub value: Option<f64>,
}

impl Number {
    /// The number with these bits.
    pub(super) fn new(bits: u32, float: bool) -> Self {
        let value = match float {
            true => f64::from(f32::from_bits(bits)),
            false => bits.into(),
        };
        Self {
            bits,
            float,
            value: Some(value).filter(|value| value.is_finite()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.bits;
        match self.float {
            true => write!(f, "{:?} ({bits:#010x})", f32::from_bits(bits)),
            false => write!(f, "{bits} ({bits:#010x})"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            buffer,
            index,
            words,
        } = self;
        match *index {
            index if index < 0 => write!(f, "{} words before {buffer}", -index),
            index if index < *words => write!(f, "{buffer}[{index}]"),
            index => write!(f, "{} words past the end of {buffer}", index - words + 1),
        }
    }
}

impl From<Cause> for Mismatch {
    fn from(cause: Cause) -> Self {
        let text = cause.to_string();
        Self { cause, text }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [place, got, expected, bound] = self.words();
        write!(f, "{place} is {got}, not {expected} (bound: {bound})")
    }
}

impl Cause {
    /// Where it is, what came, what should have come, and how far it may be off, for people.
    pub fn words(&self) -> [String; 4] {
        let exact = "exact".to_owned();
        match self {
            Self::WrongValue {
                place,
                got,
                expected,
            } => {
                let never = match got.bits {
                    POISON => ", never written",
                    _ => "",
                };
                let [expected, bound] = expected.words(got.float);
                [place.to_string(), format!("{got}{never}"), expected, bound]
            }
            Self::GuardZone { place, got } => {
                let expected = "an untouched guard zone".to_owned();
                [place.to_string(), got.to_string(), expected, exact]
            }
            Self::NotRepeated { place, got, first } => [
                place.to_string(),
                got.to_string(),
                format!("the first run's {first}"),
                "the same bits in every run".to_owned(),
            ],
            Self::NoResult { error } => {
                ["the device", error, "a result", "none"].map(str::to_owned)
            }
            Self::Undefined {
                place,
                what,
                line,
                snippet,
            } => [
                match line {
                    0 => place.clone(),
                    _ => format!("{place}, line {line}: {snippet}"),
                },
                what.clone(),
                "what WGSL defines".to_owned(),
                "none".to_owned(),
            ],
            Self::Weights {
                steps,
                apart,
                tolerance,
            } => training(("weights", "of their way"), *steps, *apart, *tolerance),
            Self::Losses {
                steps,
                apart,
                tolerance,
            } => training(("losses", "nats"), *steps, *apart, *tolerance),
            Self::Forbidden {
                test,
                outcome,
                times,
                instances,
                allowed,
            } => [
                format!("the outcome of litmus test {test}"),
                format!("{outcome}, {times} times in {instances} instances"),
                allowed.join(", or "),
                "never".to_owned(),
            ],
            Self::Words {
                place,
                got,
                expected,
                bound,
            } => [place, got, expected, bound].map(String::clone),
        }
    }
}

fn training((what, unit): (&str, &str), steps: u32, apart: f64, tolerance: f64) -> [String; 4] {
    [
        format!("the {what} after {steps} steps"),
        format!("{apart:.1e} {unit} apart"),
        "what f64 loops reach".to_owned(),
        format!("{tolerance:.1e}"),
    ]
}

impl Expected {
    /// What is expected, and within which bound.
    fn words(self, float: bool) -> [String; 2] {
        let exact = |text: String| [text, "exact".to_owned()];
        match self {
            Self::Word(word) => exact(Number::new(word, float).to_string()),
            Self::Between(low, high) if low == high => exact(low.to_string()),
            Self::Between(low, high) => exact(format!("{low} to {high}")),
            Self::OneOf(one, other) => exact(format!("{one} or {other}")),
            Self::Any => ["anything", "none"].map(str::to_owned),
            Self::Near { value, bound } => [format!("{value:?}"), format!("{bound:.3e}")],
            Self::NearOrZero { value, bound } => {
                [format!("{value:?}, or 0"), format!("{bound:.3e}")]
            }
        }
    }
}

#[cfg(test)]
mod tests;
