//! One comparison: a kernel's inputs, what must come back, and the judgement of what came.

use super::expected::Expected;
pub(crate) use super::expected::POISON;
use super::mismatch::{Cause, Mismatch, Number, Place};
use super::{Access, Kernel, Params, WINDOW};

/// One run of a kernel, with its expected result.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kernel: &'static Kernel,
    /// The bytes of the parameter struct; none for a foreign kernel.
    pub(crate) params: Vec<u8>,
    /// Units of work along each axis; for a foreign kernel, workgroups.
    pub(crate) extent: [u32; 3],
    /// By binding: the words before the run.
    pub(crate) inputs: Vec<Vec<u32>>,
    /// By binding: the words after it; none where nothing may change.
    expected: Vec<Option<Vec<Expected>>>,
}

impl Case {
    /// A run over `depth` learners; `inputs` by binding, of which nothing may change until `expects`
    /// says so.
    pub(crate) fn new<P: Params>(params: &P, depth: u32, inputs: Vec<Vec<u32>>) -> Self {
        let [x, y] = params.extent();
        Self {
            params: bytemuck::bytes_of(params).to_vec(),
            ..Self::foreign(P::kernel(), [x, y, depth], inputs)
        }
    }

    /// A run of a foreign kernel over so many workgroups; `inputs` as in `new`, uniforms among them.
    pub(crate) fn foreign(
        kernel: &'static Kernel,
        groups: [u32; 3],
        inputs: Vec<Vec<u32>>,
    ) -> Self {
        Self {
            kernel,
            params: Vec::new(),
            extent: groups,
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

    /// What a binding must hold after the run; none where nothing may change.
    pub(crate) fn expected(&self, binding: usize) -> Option<&[Expected]> {
        self.expected[binding].as_deref()
    }

    /// The worst error as a share of its bound, none where all are exact; or the first mismatch.
    pub(crate) fn judge(&self, got: &[Vec<u32>]) -> Result<Option<f64>, Mismatch> {
        let shares = self.shares(got)?;
        Ok(shares.into_iter().flatten().reduce(f64::max))
    }

    /// By binding: the worst error as a share of its bound.
    pub(crate) fn shares(&self, got: &[Vec<u32>]) -> Result<Vec<Option<f64>>, Mismatch> {
        let share = |(binding, got): (usize, &Vec<u32>)| {
            let words = self.inputs[binding].len();
            self.judge_guards(binding, got, words)?;
            let inside = &got[WINDOW..WINDOW + words];
            match &self.expected[binding] {
                None => self.judge_unchanged(binding, inside),
                Some(expected) => self.judge_words(binding, inside, expected),
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

    fn judge_guards(&self, binding: usize, got: &[u32], words: usize) -> Result<(), Mismatch> {
        let (behind, guard) = (WINDOW + words, self.guard(binding));
        let outside = |at: &usize| !(WINDOW..behind).contains(at);
        match (0..got.len()).filter(outside).find(|&at| got[at] != guard) {
            None => Ok(()),
            Some(at) => Err(Mismatch::from(Cause::GuardZone {
                place: self.place(binding, at),
                got: Number::new(got[at], self.kernel.bindings()[binding].is_float()),
            })),
        }
    }

    fn judge_unchanged(&self, binding: usize, got: &[u32]) -> Result<Option<f64>, Mismatch> {
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
        expected: &[Expected],
    ) -> Result<Option<f64>, Mismatch> {
        assert_eq!(got.len(), expected.len());
        let mut worst = None;
        for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
            let Some(share) = expected.share(*got) else {
                return Err(self.mismatch(binding, at, *got, *expected));
            };
            if expected.is_bounded() {
                worst = Some(worst.unwrap_or(0.0f64).max(share));
            }
        }
        Ok(worst)
    }

    /// The words of a binding that are not what they must be, with that; `got` without guard zones.
    pub(crate) fn wrong_words<'a>(
        &'a self,
        binding: usize,
        got: &'a [u32],
    ) -> impl Iterator<Item = (usize, Expected)> + 'a {
        let expected = move |at: usize| match &self.expected[binding] {
            Some(words) => words[at],
            None => Expected::Word(self.inputs[binding][at]),
        };
        let words = got
            .iter()
            .enumerate()
            .map(move |(at, got)| (at, *got, expected(at)));
        let wrong = words.filter(|(_, got, expected)| expected.share(*got).is_none());
        wrong.map(|(at, _, expected)| (at, expected))
    }

    /// What is wrong with a word.
    pub(crate) fn mismatch(
        &self,
        binding: usize,
        at: usize,
        got: u32,
        expected: Expected,
    ) -> Mismatch {
        let float = self.kernel.bindings()[binding].is_float() || expected.is_bounded();
        Mismatch::from(Cause::WrongValue {
            place: self.place(binding, WINDOW + at),
            got: Number::new(got, float),
            expected,
        })
    }

    /// The place of a word of a binding, counted from the start of its first guard zone.
    #[expect(
        clippy::cast_possible_wrap,
        reason = "a buffer has fewer than 2³² words"
    )]
    fn place(&self, binding: usize, at: usize) -> Place {
        Place {
            buffer: self.kernel.bindings()[binding].name.clone(),
            index: at as i64 - WINDOW as i64,
            words: self.inputs[binding].len() as i64,
        }
    }

    /// The first place where two runs differ.
    pub(crate) fn differs(&self, first: &[Vec<u32>], again: &[Vec<u32>]) -> Option<Mismatch> {
        for (binding, (first, again)) in first.iter().zip(again).enumerate() {
            let mut pairs = first.iter().zip(again).enumerate();
            // What may be anything may be something else in every run.
            let open = |at: usize| {
                let expected = self.expected[binding].as_ref();
                let word = at.checked_sub(WINDOW).and_then(|at| expected?.get(at));
                word == Some(&Expected::Any)
            };
            if let Some((at, (first, again))) = pairs.find(|&(at, (a, b))| a != b && !open(at)) {
                let float = self.kernel.bindings()[binding].is_float();
                return Some(Mismatch::from(Cause::NotRepeated {
                    place: self.place(binding, at),
                    got: Number::new(*again, float),
                    first: Number::new(*first, float),
                }));
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
impl Case {
    /// By binding: the size and the bound of every word that need not be exact.
    pub(crate) fn sizes_and_bounds(&self) -> Vec<Vec<[f64; 2]>> {
        let own = |words: &Option<Vec<Expected>>| {
            let words = words.iter().flatten();
            words
                .filter_map(|expected| expected.size_and_bound())
                .collect()
        };
        self.expected.iter().map(own).collect()
    }

    /// The same case with bounds that many times as large.
    pub(crate) fn loosened(mut self, times: f32) -> Self {
        for expected in self.expected.iter_mut().flatten().flatten() {
            if let Expected::Near { bound, .. } = expected {
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
    fn a_mismatch_is_where_it_is() {
        let inputs = vec![vec![1; 2], vec![POISON; 8], vec![7; 10]];
        let params = crate::kernels::ScoreCounts::default();
        let case = Case::new(&params, 1, inputs);
        let counts = case.mismatch(2, 3, 5, Expected::Between(6, 7));
        let text = "counts[3] is 5 (0x00000005), not 6 to 7 (bound: exact)";
        assert_eq!(counts.text, text);
        let logits = case.mismatch(1, 0, 1f32.to_bits(), Expected::Word(POISON));
        assert!(logits.text.contains("is 1.0 (0x3f800000)"), "{logits:?}");
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
            let [found, ..] = case.differs(&zones, &again).unwrap().cause.words();
            assert_eq!(found, place);
        }
    }
}
