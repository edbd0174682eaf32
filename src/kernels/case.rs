//! One comparison: a kernel's inputs, what must come back, and the judgement of what came.

use serde::{Deserialize, Serialize};

use super::bounded::Bounded;
use super::shape::{Fill, Shape};
use super::{Access, Kernel, Params, WINDOW};

/// What outputs and guard zones hold before a run: a NaN that no arithmetic makes.
pub(crate) const POISON: u32 = 0x7fc0_dead;

/// What a word must be after a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expected {
    /// These bits.
    Word(u32),
    /// An f32 within `bound` of `value`.
    Near { value: f64, bound: f32 },
    /// As near, or zero.
    NearOrZero { value: f64, bound: f32 },
    /// One of these words.
    OneOf(u32, u32),
    /// An integer in this range, ends included.
    Between(u32, u32),
    /// Whatever it is.
    Any,
}

// The largest case has 39 million of them.
const _: () = assert!(size_of::<Expected>() == 16);

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
    pub(crate) fn bound(error: f64) -> f32 {
        let near = error as f32;
        if f64::from(near) < error {
            near.next_up()
        } else {
            near
        }
    }

    /// The error as a share of its bound; none where the word must not be there. Exact words have
    /// a share of 0.
    fn share(self, got: u32) -> Option<f64> {
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
    fn bounded(self) -> bool {
        match self {
            Self::Near { bound, .. } | Self::NearOrZero { bound, .. } => bound > 0.0,
            Self::Word(_) | Self::OneOf(..) | Self::Between(..) | Self::Any => false,
        }
    }

    /// What was expected and within which bound, in words.
    fn describe(self, float: bool) -> (String, String) {
        match self {
            Self::Word(word) => (number(word, float), "exact".to_owned()),
            Self::Between(low, high) if low == high => (low.to_string(), "exact".to_owned()),
            Self::Between(low, high) => (format!("{low} to {high}"), "exact".to_owned()),
            Self::OneOf(one, other) => (format!("{one} or {other}"), "exact".to_owned()),
            Self::Any => ("anything".to_owned(), "none".to_owned()),
            Self::Near { value, bound } => (format!("{value:?}"), format!("{bound:.3e}")),
            Self::NearOrZero { value, bound } => {
                (format!("{value:?}, or 0"), format!("{bound:.3e}"))
            }
        }
    }
}

/// A word as the number that it is, and its bits.
fn number(word: u32, float: bool) -> String {
    match float {
        true => format!("{:?} ({word:#010x})", f32::from_bits(word)),
        false => format!("{word} ({word:#010x})"),
    }
}

/// One run of a kernel, with its expected result.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kernel: &'static Kernel,
    pub(crate) shape: Shape,
    pub(crate) fill: Fill,
    pub(crate) seed: u32,
    pub(crate) params: Vec<u8>,
    pub(crate) extent: [u32; 3],
    /// By binding: the words before the run.
    pub(crate) inputs: Vec<Vec<u32>>,
    /// By binding: the words after it; none where nothing may change.
    expected: Vec<Option<Vec<Expected>>>,
}

/// What differs from what was expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The binding's name in the shader, and where in it: an element, or a guard zone.
    pub place: String,
    /// What came.
    pub got: String,
    /// What should have come.
    pub expected: String,
    /// How far it may be off.
    pub bound: String,
}

impl Case {
    /// A run over `depth` learners; `inputs` by binding, of which nothing may change until `expects`
    /// says so.
    pub(crate) fn new<P: Params>(
        (shape, fill, seed): (Shape, Fill, u32),
        params: &P,
        depth: u32,
        inputs: Vec<Vec<u32>>,
    ) -> Self {
        let [x, y] = params.extent();
        Self {
            kernel: P::kernel(),
            shape,
            fill,
            seed,
            params: bytemuck::bytes_of(params).to_vec(),
            extent: [x, y, depth],
            expected: vec![None; inputs.len()],
            inputs,
        }
    }

    /// What the binding with this number, from 0, must hold after the run.
    pub(crate) fn expects(mut self, binding: usize, words: Vec<Expected>) -> Self {
        assert_eq!(self.kernel.bindings()[binding].access, Access::Write);
        assert_eq!(self.inputs[binding].len(), words.len());
        self.expected[binding] = Some(words);
        self
    }

    /// The worst error as a share of its bound, none where all are exact; or the first mismatch.
    pub(crate) fn judge(&self, got: &[Vec<u32>]) -> std::result::Result<Option<f64>, Mismatch> {
        let shares = self.shares(got)?;
        Ok(shares.into_iter().flatten().reduce(f64::max))
    }

    /// By binding: the worst error as a share of its bound.
    pub(crate) fn shares(
        &self,
        got: &[Vec<u32>],
    ) -> std::result::Result<Vec<Option<f64>>, Mismatch> {
        let share = |(binding, got): (usize, &Vec<u32>)| {
            let words = self.inputs[binding].len();
            self.judge_guards(binding, got, words)?;
            let inside = &got[WINDOW..WINDOW + words];
            match &self.expected[binding] {
                None => self.judge_unchanged(binding, inside),
                Some(wants) => self.judge_words(binding, inside, wants),
            }
        };
        got.iter().enumerate().map(share).collect()
    }

    /// What the guard zones of a binding hold: poison, which spoils every sum that it gets into;
    /// around labels and indices a valid one, lest what is done with it falls out of all buffers
    /// and is lost.
    pub(crate) fn guard(&self, binding: usize) -> u32 {
        match self.kernel.bindings()[binding].is_index() {
            true => 1,
            false => POISON,
        }
    }

    fn judge_guards(
        &self,
        binding: usize,
        got: &[u32],
        words: usize,
    ) -> std::result::Result<(), Mismatch> {
        let (behind, guard) = (WINDOW + words, self.guard(binding));
        for (at, word) in got.iter().enumerate() {
            if (WINDOW..behind).contains(&at) || *word == guard {
                continue;
            }
            return Err(Mismatch {
                place: self.place(binding, at),
                got: number(*word, self.kernel.bindings()[binding].is_float()),
                expected: "an untouched guard zone".to_owned(),
                bound: "exact".to_owned(),
            });
        }
        Ok(())
    }

    fn judge_unchanged(
        &self,
        binding: usize,
        got: &[u32],
    ) -> std::result::Result<Option<f64>, Mismatch> {
        assert_eq!(got.len(), self.inputs[binding].len());
        let pairs = got.iter().zip(&self.inputs[binding]).enumerate();
        for (at, (got, before)) in pairs {
            if got != before {
                return Err(self.mismatch(binding, at, *got, Expected::Word(*before)));
            }
        }
        Ok(None)
    }

    fn judge_words(
        &self,
        binding: usize,
        got: &[u32],
        wants: &[Expected],
    ) -> std::result::Result<Option<f64>, Mismatch> {
        assert_eq!(got.len(), wants.len());
        let mut worst = None;
        for (at, (got, want)) in got.iter().zip(wants).enumerate() {
            let Some(share) = want.share(*got) else {
                return Err(self.mismatch(binding, at, *got, *want));
            };
            if want.bounded() {
                worst = Some(worst.unwrap_or(0.0f64).max(share));
            }
        }
        Ok(worst)
    }

    fn mismatch(&self, binding: usize, at: usize, got: u32, want: Expected) -> Mismatch {
        let float = self.kernel.bindings()[binding].is_float() || want.bounded();
        let (expected, bound) = want.describe(float);
        let never = if got == POISON { ", never written" } else { "" };
        Mismatch {
            place: self.place(binding, WINDOW + at),
            got: number(got, float) + never,
            expected,
            bound,
        }
    }

    /// The place of a word of a binding, counted from the start of its first guard zone.
    fn place(&self, binding: usize, at: usize) -> String {
        let name = &self.kernel.bindings()[binding].name;
        let behind = WINDOW + self.inputs[binding].len();
        match at {
            _ if at < WINDOW => format!("{} words before {name}", WINDOW - at),
            _ if at < behind => format!("{name}[{}]", at - WINDOW),
            _ => format!("{} words past the end of {name}", at - behind + 1),
        }
    }

    /// The first place where two runs differ.
    pub(crate) fn differs(&self, first: &[Vec<u32>], again: &[Vec<u32>]) -> Option<Mismatch> {
        for (binding, (first, again)) in first.iter().zip(again).enumerate() {
            let mut pairs = first.iter().zip(again).enumerate();
            if let Some((at, (first, again))) = pairs.find(|(_, (a, b))| a != b) {
                let float = self.kernel.bindings()[binding].is_float();
                return Some(Mismatch {
                    place: self.place(binding, at),
                    got: number(*again, float),
                    expected: format!("the first run's {}", number(*first, float)),
                    bound: "the same bits in every run".to_owned(),
                });
            }
        }
        None
    }
}

/// So many words that nothing has written yet.
pub(crate) fn poison(words: u32) -> Vec<u32> {
    vec![POISON; words as usize]
}

#[cfg(test)]
impl Expected {
    /// The size of what is wanted and how far it may be off; nothing where it must be exact.
    fn size_and_bound(self) -> Option<[f64; 2]> {
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
impl Case {
    /// By binding: the size and the bound of every word that need not be exact.
    pub(crate) fn sizes_and_bounds(&self) -> Vec<Vec<[f64; 2]>> {
        let own = |wants: &Option<Vec<Expected>>| {
            let wants = wants.iter().flatten();
            wants.filter_map(|want| want.size_and_bound()).collect()
        };
        self.expected.iter().map(own).collect()
    }

    /// The same case with bounds that many times as large.
    pub(crate) fn loosened(mut self, times: f32) -> Self {
        for want in self.expected.iter_mut().flatten().flatten() {
            if let Expected::Near { bound, .. } = want {
                *bound *= times;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_want_takes_nothing_between_two_values() {
        let near = Expected::NearOrZero {
            value: 4.0,
            bound: 0.5,
        };
        let right = |want: Expected, x: f32| want.share(x.to_bits()).is_some();
        assert!([0.0, -0.0, 3.5, 4.25].iter().all(|&x| right(near, x)));
        let wrong = [1e-40, 2.0, 3.0, 5.0, -4.0, f32::NAN, f32::INFINITY];
        assert!(wrong.iter().all(|&x| !right(near, x)));
        let word = |word| Expected::OneOf(0, 7).share(word).is_some();
        assert_eq!([0, 7, 1, 6, 8].map(word), [true, true, false, false, false]);
    }

    #[test]
    fn places_and_numbers_are_named_as_what_they_are() {
        let inputs = vec![vec![1; 2], vec![POISON; 8], vec![7; 10]];
        let params = crate::kernels::ScoreCounts::default();
        let case = Case::new((Shape::new(1, 1, 2, 1), Fill::Exact, 1), &params, 1, inputs);
        let counts = case.mismatch(2, 3, 5, Expected::Between(6, 7));
        assert_eq!(counts.place, "counts[3]");
        assert_eq!(counts.got, "5 (0x00000005)");
        let logits = case.mismatch(1, 0, 1f32.to_bits(), Expected::Word(POISON));
        assert_eq!(logits.got, "1.0 (0x3f800000)");
        let zones: Vec<Vec<u32>> = (0..3)
            .map(|b| vec![0; 2 * WINDOW + case.inputs[b].len()])
            .collect();
        for (at, place) in [
            (WINDOW - 1, "1 words before counts"),
            (WINDOW + 9, "counts[9]"),
            (WINDOW + 10, "1 words past the end of counts"),
        ] {
            let mut again = zones.clone();
            again[2][at] = 1;
            assert_eq!(case.differs(&zones, &again).unwrap().place, place);
        }
    }
}
