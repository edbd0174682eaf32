//! The numbers that buffers start with.

use super::layout::Scalar;
use super::schema::{Formula, Values};
use super::sizes::Sizes;
use crate::kernels::Fill;
use crate::random::threefry2x32;

/// The range of floats where the contract names none.
const RANGE: [f64; 2] = [-1.0, 1.0];
/// The largest of exact integers, and of integers where the contract names none, in exact fills.
const SMALL: f64 = 7.0;

/// What the numbers of a buffer are.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Floats in a range, which fills may change; integers of any bits, small in exact fills.
    Range {
        /// Both ends are included.
        range: [f64; 2],
        /// Whether the range is the contract's own.
        own: bool,
        /// Whether there are special numbers too; large ones only where this is said.
        special: Option<bool>,
    },
    /// Whole numbers from one to the other.
    Integers([i64; 2]),
    /// Whole numbers from 0 to below this.
    Below(Formula),
    /// One of these.
    Set(Vec<f64>),
}

impl Content {
    /// What a contract says.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn new(values: Option<&Values>) -> Result<Self, String> {
        let Some(values) = values else {
            return Ok(Self::usual(None));
        };
        let Values {
            range,
            integers,
            below,
            set,
            special,
        } = values;
        let named = [
            range.is_some(),
            integers.is_some(),
            below.is_some(),
            set.is_some(),
        ];
        let count = named.iter().filter(|named| **named).count();
        if count > 1 {
            return Err("give one of range, integers, below and set".to_owned());
        }
        if special.is_some() && count == 1 && range.is_none() {
            return Err("special goes with a range of floats".to_owned());
        }
        if let Some(range) = *range {
            return Self::in_range(range, *special);
        }
        if let Some([low, high]) = *integers {
            let small = |n: i64| n.unsigned_abs() < 1 << 53;
            return match low <= high && small(low) && small(high) {
                true => Ok(Self::Integers([low, high])),
                false => Err("integers: give the smallest and the largest one".to_owned()),
            };
        }
        match (below, set) {
            (Some(below), _) => Ok(Self::Below(below.clone())),
            (None, Some(set)) if set.is_empty() || !set.iter().all(|x| x.is_finite()) => {
                Err("set: give one or more finite numbers".to_owned())
            }
            (None, Some(set)) => Ok(Self::Set(set.clone())),
            (None, None) => Ok(Self::usual(*special)),
        }
    }

    fn usual(special: Option<bool>) -> Self {
        Self::Range {
            range: RANGE,
            own: false,
            special,
        }
    }

    fn in_range(range: [f64; 2], special: Option<bool>) -> Result<Self, String> {
        let finite = |x: f64| x.abs() <= f64::from(f32::MAX);
        match finite(range[0]) && finite(range[1]) && range[0] <= range[1] {
            true => Ok(Self::Range {
                range,
                own: true,
                special,
            }),
            false => Err("range: give two finite numbers, the smaller one first".to_owned()),
        }
    }

    /// Why it does not suit numbers of this kind, if it does not.
    pub(super) fn fault(&self, scalar: Scalar) -> Option<String> {
        let wrong = |value: f64| scalar.word(value).is_none();
        let name = scalar.name();
        match self {
            Self::Range { own: true, .. } if scalar != Scalar::Float => Some(format!(
                "a range is of floats, and these are {name}: give integers or below"
            )),
            Self::Integers(ends) => {
                let wrong = ends.iter().find(|n| wrong(**n as f64))?;
                Some(format!("{wrong} is no {name}"))
            }
            Self::Set(set) => {
                let wrong = set.iter().find(|x| wrong(**x))?;
                Some(format!("{wrong} is no {name}"))
            }
            Self::Range { .. } | Self::Below(_) => None,
        }
    }

    /// Whether cases of this fill differ from random ones, with numbers of this kind.
    pub(super) fn takes(&self, scalar: Scalar, fill: Fill) -> bool {
        let Self::Range {
            range: [low, high],
            own,
            special,
        } = *self
        else {
            return false;
        };
        let float = scalar == Scalar::Float;
        match fill {
            Fill::Random => true,
            Fill::Exact => !float || exact([low, high], own).is_some(),
            Fill::Tiny => float && special != Some(false) && low <= 0.0 && high >= 0.0,
            Fill::Large => float && special == Some(true),
        }
    }

    /// What a case's numbers of this content are drawn from.
    ///
    /// # Errors
    /// If a bound has no value at these sizes.
    pub(super) fn at(&self, sizes: &Sizes, fill: Fill) -> Result<Drawn<'_>, String> {
        let below = match self {
            Self::Below(formula) => formula.whole(sizes)?,
            _ => 0,
        };
        Ok(Drawn {
            content: self,
            fill,
            below,
        })
    }
}

/// Contents at sizes, with a fill.
pub(super) struct Drawn<'a> {
    content: &'a Content,
    fill: Fill,
    below: u32,
}

impl Drawn<'_> {
    /// The word with this number, of this kind.
    pub(super) fn word(&self, key: [u32; 2], number: u32, scalar: Scalar) -> u32 {
        let [a, b] = threefry2x32(key, [number, 0]);
        let value = match self.content {
            Content::Range {
                range,
                own,
                special,
            } if scalar == Scalar::Float => {
                let fill = match self.content.takes(scalar, self.fill) {
                    true => self.fill,
                    false => Fill::Random,
                };
                float(*range, *own, *special == Some(true), fill, [a, b])
            }
            Content::Range { .. } if self.fill == Fill::Exact => match scalar {
                Scalar::Signed => whole([-SMALL, SMALL], a),
                _ => whole([0.0, SMALL], a),
            },
            Content::Range { .. } => return a,
            Content::Integers([low, high]) => whole([*low as f64, *high as f64], a),
            Content::Below(_) => f64::from(a % self.below),
            Content::Set(set) => set[a as usize % set.len()],
        };
        scalar.word(value).unwrap_or(0)
    }
}

/// A whole number from one to the other, where both are.
fn whole([low, high]: [f64; 2], a: u32) -> f64 {
    low + (f64::from(a) % (high - low + 1.0)).floor()
}

/// The small integers in a range; anywhere near zero, where the contract names no range.
fn exact([low, high]: [f64; 2], own: bool) -> Option<[f64; 2]> {
    let ends = match own {
        true => [low.max(-SMALL).ceil(), high.min(SMALL).floor()],
        false => [-SMALL, SMALL],
    };
    (ends[0] <= ends[1]).then_some(ends)
}

/// A float, as the fill has it.
#[expect(clippy::cast_possible_truncation, reason = "rounded to an f32")]
fn float(range: [f64; 2], own: bool, large: bool, fill: Fill, [a, b]: [u32; 2]) -> f64 {
    let [low, high] = range;
    let part = f64::from(a >> 8) / 16_777_215.0;
    // Rounding may leave the range.
    let random = f64::from((low + part * (high - low)) as f32).clamp(low, high);
    let tiny = f64::from(f32::from_bits(1 + (a >> 9)));
    let least = f64::from(f32::MIN_POSITIVE);
    let special = match (fill, b % 16) {
        (Fill::Exact, _) => return exact(range, own).map_or(random, |ends| whole(ends, a)),
        (Fill::Tiny, 0) => 0.0,
        (Fill::Tiny, 1) => -0.0,
        (Fill::Tiny, 2) => tiny,
        (Fill::Tiny, 3) => -tiny,
        (Fill::Tiny, 4 | 5) => f64::from((1e-30 * random) as f32),
        (Fill::Tiny, 6) => least,
        (Fill::Tiny, 7) => -least,
        (Fill::Tiny, 8) => low,
        (Fill::Tiny, 9) => high,
        (Fill::Large, 0..4) => f64::from((1e15 * random) as f32),
        _ => random,
    };
    match (low..=high).contains(&special) || large && !own {
        true => special,
        false => random,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(content: &Content, scalar: Scalar, fill: Fill) -> Vec<u32> {
        let drawn = content.at(&Sizes::default(), fill).unwrap();
        (0..2000).map(|n| drawn.word([1, 2], n, scalar)).collect()
    }

    fn floats(content: &Content, fill: Fill) -> Vec<f32> {
        let words = drawn(content, Scalar::Float, fill);
        words.into_iter().map(f32::from_bits).collect()
    }

    #[test]
    fn floats_keep_to_their_range_in_every_fill() {
        for range in [[-1.0, 1.0], [0.1, 0.3], [0.0, 1e30], [5.0, 5.0]] {
            let content = Content::in_range(range, None).unwrap();
            for fill in Fill::ALL {
                let inside = |x: &f32| (range[0]..=range[1]).contains(&f64::from(*x));
                let all = floats(&content, fill);
                let wrong: Vec<&f32> = all.iter().filter(|x| !inside(x)).collect();
                // 0.1 and 0.3 are no f32s.
                let ends = wrong
                    .iter()
                    .all(|x| (f64::from(**x) - 0.2).abs() < 0.1 + 1e-7);
                assert!(wrong.is_empty() || ends, "{range:?} {fill:?}: {wrong:?}");
            }
        }
    }

    #[test]
    fn fills_are_what_they_are_called() {
        let usual = Content::usual(None);
        let exact = floats(&usual, Fill::Exact);
        assert!(exact.iter().all(|x| x.fract() == 0.0 && x.abs() <= 7.0));
        assert!((-7..=7).all(|n| exact.contains(&(n as f32))));
        let tiny = floats(&usual, Fill::Tiny);
        assert!(tiny.iter().any(|x| x.is_subnormal()) && tiny.contains(&1.0));
        assert!(tiny.iter().any(|x| *x == 0.0 && x.is_sign_negative()));
        let special = Content::usual(Some(true));
        assert!(floats(&special, Fill::Large).iter().any(|x| x.abs() > 1e13));
        assert!(floats(&special, Fill::Large).iter().all(|x| x.is_finite()));
        let positive = Content::in_range([0.5, 9.0], None).unwrap();
        let exact = floats(&positive, Fill::Exact);
        assert!(
            exact
                .iter()
                .all(|x| (1.0..=7.0).contains(x) && x.fract() == 0.0)
        );
        assert!(!positive.takes(Scalar::Float, Fill::Tiny));
        let narrow = Content::in_range([0.25, 0.75], None).unwrap();
        assert!(!narrow.takes(Scalar::Float, Fill::Exact));
    }

    #[test]
    fn integers_cover_what_they_may_be() {
        let content = Content::Integers([-2, 2]);
        let words = drawn(&content, Scalar::Signed, Fill::Random);
        assert!((-2i32..=2).all(|n| words.contains(&n.cast_unsigned())));
        assert!(words.iter().all(|w| (-2..=2).contains(&w.cast_signed())));
        let fault = content.fault(Scalar::Unsigned).unwrap();
        assert!(fault.contains("-2 is no u32"), "{fault}");
        let bits = drawn(&Content::usual(None), Scalar::Unsigned, Fill::Random);
        assert!(bits.iter().any(|w| w >> 31 == 1));
    }
}
