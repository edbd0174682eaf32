//! A contract that fits its shader, and the cases that it makes.

use super::buffer::{Buffer, Draw};
use super::dispatch::workgroups;
use super::reference::Reference;
use super::schema::Formula;
use super::sizes::{SizeList, Sizes};
use crate::error::{Error, Result};
use crate::interpret::Program;
use crate::kernels::case::{Case, POISON};
use crate::kernels::{Access, Expected, Fill, Kernel, Place};
use crate::random::threefry2x32;

/// Cases of all fills, about, at the most.
const CASES: usize = 60;

/// A contract with the shader that it is about.
#[derive(Debug)]
pub struct Promise {
    /// What messages call the contract.
    pub(super) place: String,
    pub(crate) kernel: &'static Kernel,
    /// The shader as the interpreter takes it, or why it does not.
    pub(crate) program: std::result::Result<Program, String>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) sizes: SizeList,
    pub(super) dispatch: [Formula; 3],
    pub(super) flops: Option<Formula>,
    pub(super) reference: Reference,
    /// What messages call the shader.
    pub(super) shader: String,
    pub(crate) seed: u32,
}

impl Promise {
    /// The entry point.
    pub fn entry(&self) -> &'static str {
        self.kernel.name
    }

    /// Whether the interpreter takes the shader.
    ///
    /// # Errors
    /// Why it does not, in words.
    pub fn interpreted(&self) -> std::result::Result<(), &str> {
        self.program.as_ref().map(|_| ()).map_err(String::as_str)
    }

    /// The shader's file and the contract's.
    pub(crate) fn files(&self) -> [&str; 2] {
        [&self.shader, &self.place]
    }

    /// Finds out whether all planned sizes have usable buffers and workgroups.
    pub(super) fn check(&self) -> Result<()> {
        for sizes in self.sizes.plan(self.seed) {
            self.shape(&sizes)?;
        }
        Ok(())
    }

    /// The values of all sizes, and the workgroups.
    fn shape(&self, sizes: &Sizes) -> Result<(Sizes, [u32; 3])> {
        let shape = || {
            let all = self.sizes.complete(sizes)?;
            for buffer in &self.buffers {
                buffer.count(&all)?;
            }
            Ok((workgroups(&self.dispatch, &all)?, all))
        };
        let shaped = shape().map_err(|why: String| self.usage(&why));
        shaped.map(|(groups, all)| (all, groups))
    }

    fn usage(&self, why: &str) -> Error {
        Error::Usage(format!("{}: {why}", self.place))
    }

    /// Sizes as given, with the smallest value of those that are missing.
    ///
    /// # Errors
    /// `Usage` if the contract has no such size.
    pub fn filled(&self, given: &Sizes) -> Result<Sizes> {
        let filled = self.sizes.filled(given).map_err(|why| self.usage(&why))?;
        self.shape(&filled)?;
        Ok(filled)
    }

    /// The largest sizes that the contract tries.
    pub fn largest(&self) -> Sizes {
        self.sizes.largest()
    }

    /// The fills that make a difference to some buffer.
    pub(crate) fn fills(&self) -> Vec<Fill> {
        let takes = |fill: &Fill| self.buffers.iter().any(|buffer| buffer.takes(*fill));
        let all = Fill::ALL.into_iter();
        all.filter(|fill| *fill == Fill::Random || takes(fill))
            .collect()
    }

    /// The cases to try, small ones first; where they would be many, not every combination of sizes has
    /// every fill.
    pub(crate) fn plan(&self, only: Option<Fill>) -> Vec<(Sizes, Fill)> {
        let fills = match only {
            Some(fill) => vec![fill],
            None => self.fills(),
        };
        let sizes = self.sizes.plan(self.seed);
        let all = sizes.len() * fills.len() <= CASES;
        let mut plan = Vec::new();
        for (number, sizes) in sizes.into_iter().enumerate() {
            let chosen = match all {
                true => &fills[..],
                false => &[fills[number % fills.len()]],
            };
            plan.extend(chosen.iter().map(|fill| (sizes.clone(), *fill)));
        }
        plan
    }

    /// Sizes that are smaller in one way, and that the shader can take; the smallest first.
    pub(crate) fn smaller(&self, sizes: &Sizes) -> Vec<Sizes> {
        let mut smaller = self.sizes.smaller(sizes);
        smaller.retain(|sizes| self.shape(sizes).is_ok());
        smaller
    }

    /// A case with what must come out of it.
    ///
    /// # Errors
    /// `Usage`, `Shader` or `Data` where the reference says nothing.
    pub(crate) fn build(&self, sizes: &Sizes, fill: Fill, seed: u32) -> Result<Case> {
        let (all, groups) = self.shape(sizes)?;
        let draws = self.draws(sizes, fill, seed);
        let filled = self.buffers.iter().zip(&draws);
        let inputs = filled.map(|(buffer, draw)| buffer.words(&buffer.layout, &all, *draw));
        let inputs: std::result::Result<Vec<_>, String> = inputs.collect();
        let inputs = inputs.map_err(|why| self.usage(&why))?;
        let expected = self
            .reference
            .expected(&self.buffers, &all, &draws, &inputs)?;
        let mut case = Case::foreign(self.kernel, groups, inputs);
        for (number, (buffer, expected)) in self.buffers.iter().zip(expected).enumerate() {
            if buffer.output {
                let words = case.inputs[number].len();
                let words = self
                    .judged(buffer, &all, expected, words)
                    .map_err(|why| self.usage(&why))?;
                case = case.expects(number, words);
            }
        }
        Ok(case)
    }

    /// What the words of an output must be: those that are numbers, as the reference says.
    fn judged(
        &self,
        buffer: &Buffer,
        sizes: &Sizes,
        expected: Option<Vec<Expected>>,
        words: usize,
    ) -> std::result::Result<Vec<Expected>, String> {
        let mut judged = vec![Expected::Any; words];
        if let Some(expected) = expected.filter(|_| !buffer.ignored) {
            let count = buffer.count(sizes).unwrap_or_default();
            for (at, _) in buffer.numbers(count) {
                let word = expected[at as usize];
                if word == Expected::Word(POISON) && !buffer.is_initialised() {
                    let name = &buffer.name;
                    return Err(format!(
                        "at {sizes} the reference never writes word {at} of {name}, so nothing says what it \
                         must be: let the reference write all of {name}; or give it `values`, if the shader is to \
                         leave parts of it as they are"
                    ));
                }
                judged[at as usize] = word;
            }
        }
        Ok(judged)
    }

    /// The same case, where what lies between the numbers of outputs must stay as it is.
    pub(crate) fn with_padding(&self, mut case: Case, sizes: &Sizes) -> Result<Case> {
        let (all, _) = self.shape(sizes)?;
        for (number, buffer) in self.buffers.iter().enumerate() {
            let Some(expected) = case.expected(number).filter(|_| !buffer.ignored) else {
                continue;
            };
            let before = case.inputs[number].iter();
            let mut words: Vec<Expected> = before.map(|word| Expected::Word(*word)).collect();
            let count = buffer.count(&all).unwrap_or_default();
            for (at, _) in buffer.numbers(count) {
                words[at as usize] = expected[at as usize];
            }
            case = case.expects(number, words);
        }
        Ok(case)
    }

    /// What must be in the words of outputs, but for padding and scratch.
    pub(crate) fn judged_words(&self, case: &Case, sizes: &Sizes) -> Vec<Expected> {
        let Ok((all, _)) = self.shape(sizes) else {
            return Vec::new();
        };
        let outputs = self.buffers.iter().enumerate();
        let outputs = outputs.filter(|(_, buffer)| buffer.output && !buffer.ignored);
        let words = outputs.flat_map(|(number, buffer)| {
            let expected = case.expected(number).unwrap_or_default();
            let count = buffer.count(&all).unwrap_or_default();
            buffer.numbers(count).map(|(at, _)| expected[at as usize])
        });
        words.collect()
    }

    /// Which element a word is in, in words, where the buffer has several axes or elements of several words.
    pub(crate) fn element(&self, place: &Place, sizes: &Sizes) -> Option<String> {
        let (all, _) = self.shape(sizes).ok()?;
        let buffer = self
            .buffers
            .iter()
            .find(|buffer| buffer.name == place.buffer)?;
        let word = u32::try_from(place.index).ok()?;
        buffer.element(word, &all)
    }

    /// Where the numbers of each buffer come from: others at other sizes.
    fn draws(&self, sizes: &Sizes, fill: Fill, seed: u32) -> Vec<Draw> {
        let mix = |key: [u32; 2], n: &u32| threefry2x32(key, [*n, 0x512e]);
        let [a, b] = sizes.0.values().fold([seed, 0], mix);
        let buffers = 0..self.buffers.len();
        let key = |number| threefry2x32([a, b], [number, 0xb0f]);
        buffers
            .zip(0u32..)
            .map(|(_, n)| Draw { fill, key: key(n) })
            .collect()
    }

    /// Bytes of all buffers that the shader uses: reads and writes once each, of what it reads and writes.
    pub(crate) fn bytes(&self, case: &Case) -> u64 {
        let buffers = self.buffers.iter().zip(&case.inputs);
        let bytes = buffers.map(|(buffer, words)| {
            let both = buffer.access == Access::Write && buffer.is_initialised();
            4 * words.len() as u64 * if both { 2 } else { 1 }
        });
        bytes.sum()
    }

    /// Floating-point operations, where the contract counts them.
    ///
    /// # Errors
    /// `Usage` if they have no value at these sizes.
    pub(crate) fn flops(&self, sizes: &Sizes) -> Result<Option<u64>> {
        let (all, _) = self.shape(sizes)?;
        let flops = self.flops.as_ref().map(|formula| formula.integer(&all));
        let flops = flops.transpose().map_err(|why| self.usage(&why))?;
        Ok(flops.map(|flops| u64::try_from(flops).unwrap_or(0)))
    }
}
