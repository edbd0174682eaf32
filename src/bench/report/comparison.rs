//! What a comparison found, as plain data.

use serde::{Deserialize, Serialize};

use crate::record::null_is_nan;

/// Times beside earlier ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// What they are compared with.
    pub with: String,
    /// Whether both took turns; else some time lies between them.
    pub interleaved: bool,
    /// Changes up to this share of the time count as none.
    pub margin: f64,
    /// What else differs, and makes the times hard to compare.
    pub differences: Vec<String>,
    /// A row for each time that both have.
    pub rows: Vec<Compared>,
    /// What only the old one has a time of.
    #[serde(default)]
    pub only_old: Vec<String>,
    /// What only the new one has.
    #[serde(default)]
    pub only_new: Vec<String>,
}

/// A time in both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// What was timed.
    pub what: String,
    /// The old time.
    #[serde(deserialize_with = "null_is_nan")]
    pub old_us: f64,
    /// The new one.
    #[serde(deserialize_with = "null_is_nan")]
    pub new_us: f64,
    /// Old by new: over 1, it has become faster.
    #[serde(deserialize_with = "null_is_nan")]
    pub ratio: f64,
    /// The lower end of the ratio's 95 % interval.
    #[serde(deserialize_with = "null_is_nan")]
    pub low: f64,
    /// The upper end.
    #[serde(deserialize_with = "null_is_nan")]
    pub high: f64,
    /// What that says.
    pub verdict: Verdict,
    /// Why nothing can be said; else empty.
    pub why: String,
}

/// What an interval says of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval is beyond the margin.
    Faster,
    /// The same on the other side.
    Slower,
    /// The whole interval is within the margin.
    Same,
    /// The interval is too wide, or something was wrong with the measurement.
    CannotSay,
}

impl Verdict {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::CannotSay => "cannot say",
        }
    }
}
