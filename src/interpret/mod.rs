//! An interpreter of compute shaders, by their text alone: what naga makes of WGSL runs here.
//!
//! It runs a dispatch in f32 and finds what WGSL leaves undefined: data races, reads of words that
//! nothing has written, indices out of bounds, barriers that not all invocations reach, loops that do
//! not end. And it runs one in f64 with error bounds, and says what every word must be on any
//! adapter.
//!
//! It follows WGSL to the letter: a `workgroupBarrier` orders workgroup memory and nothing else, a
//! `storageBarrier` storage; nothing but atomics orders the workgroups of a dispatch; and two writes
//! of the same value race as well.

mod access;
mod bits;
mod columns;
mod exact;
mod expressions;
mod findings;
mod integers;
mod lane;
mod machine;
mod mask;
mod math;
mod names;
mod packing;
mod program;
mod races;
mod refuse;
mod reports;
mod statements;
mod stores;
mod types;
mod vectors;
mod words;

use crate::error::{Error, Result};
use crate::kernels::Expected;
use exact::Exact;
use machine::Machine;

pub use findings::{Finding, FindingKind};
pub use program::{Bound, BoundKind, Program};

/// A buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Its words.
    pub words: Vec<u32>,
    /// Whether they hold something; else nothing may read one before it is written.
    pub initialised: bool,
}

impl Program {
    /// Runs workgroups in f32; `buffers` in the order of `bindings`. Returns what the shader does
    /// that WGSL does not define, one finding for each kind and place.
    ///
    /// # Errors
    /// `Usage` where the buffers do not fit the shader, or there are too many workgroups.
    pub fn run(&self, buffers: &mut [Memory], groups: [u32; 3]) -> Result<Vec<Finding>> {
        let words: Vec<usize> = buffers.iter().map(|b| b.words.len()).collect();
        self.fits(&words, groups)?;
        let taken = buffers.iter().map(|b| (b.words.clone(), b.initialised));
        let mut machine: Machine<'_, u32> = Machine::new(self, taken.collect(), groups);
        machine.dispatch();
        for (place, buffer) in buffers.iter_mut().enumerate() {
            if let Some(words) = machine.buffer(place) {
                buffer.words = words;
            }
        }
        Ok(machine.findings.sorted())
    }

    /// Runs workgroups in f64 with error bounds. Returns, by buffer, what each word must be on any
    /// adapter that keeps WGSL's rules: `Any` where that depends on rounding.
    ///
    /// # Errors
    /// `Usage` as `run`; `Shader` where a loop does not end, and where the shader does what WGSL does
    /// not define.
    pub fn expect(&self, inputs: &[Vec<u32>], groups: [u32; 3]) -> Result<Vec<Vec<Expected>>> {
        let words: Vec<usize> = inputs.iter().map(Vec::len).collect();
        self.fits(&words, groups)?;
        let words = |input: &Vec<u32>| input.iter().map(|bits| Exact::Word(*bits)).collect();
        let buffers = inputs.iter().map(|input| (words(input), true));
        let mut machine: Machine<'_, Exact> = Machine::new(self, buffers.collect(), groups);
        machine.dispatch();
        if let Some(span) = machine.halted {
            let line = findings::position(&self.source, span).0;
            return Err(Error::Shader(format!(
                "the loop at line {line} does not end within {} turns",
                machine::TURNS
            )));
        }
        let faults = std::mem::take(&mut machine.findings).sorted();
        if let Some(fault) = faults.iter().find(|f| f.kind.is_fault()) {
            return Err(Error::Shader(fault.to_string()));
        }
        let mut expected = |(place, input): (usize, &Vec<u32>)| match machine.buffer(place) {
            Some(cells) => cells.into_iter().map(Exact::expected).collect(),
            None => input.iter().map(|word| Expected::Word(*word)).collect(),
        };
        Ok(inputs.iter().enumerate().map(&mut expected).collect())
    }
}
