//! Faults for the shaders, made mechanically, so that the power of `unlearn check` is a number.
//!
//! A check that finds nothing wrong says little unless it is known what it would find. So every
//! shader is changed in one place, as a slip of the pen would change it: an index off by one, a
//! lost tail, two parameters swapped. Each such mutant runs through the same check; a mutant that
//! passes shows a hole in the check, or computes the same as the original. The share of mutants
//! that are caught is the mutation score.
//!
//! Source of the idea: DeMillo, Lipton and Sayward, "Hints on test data selection: help for the
//! practicing programmer", IEEE Computer 11(4), 1978.
//!
//! No mutant runs for ever: a fuse ends its loops. But a mutant does read and write beyond its
//! buffers: compile it with bounds checks.

mod fuse;
mod literals;
mod operators;
mod plant;
mod source;
mod thin;
mod tokens;

use std::collections::HashSet;
use std::fmt;

use fuse::{Change, TURNS, applied, fuses};
use operators::{Edit, edits};
pub(crate) use plant::{planted, with_text};
use source::Source;
use thin::thinned;

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `buffer[e]` → `buffer[(e) + 1u]`.
    OffByOne,
    /// A loop without its last turn.
    LostTail,
    /// A loop with a turn too many.
    ExtraTurn,
    /// The first learner's, or the next learner's, memory.
    LearnerStride,
    /// A parameter, and the one declared after it.
    SwappedParameter,
    /// `+` and `-`.
    Sign,
    /// `*` → `+`, `/` → `*`, `%` → `/`.
    Factor,
    /// A sum that forgets, or subtracts, its terms.
    Accumulation,
    /// Rows for columns, `.x` for `.y`.
    Transposed,
    /// A missing or wrong `max`, `min` or `select`.
    Mask,
    /// A wrong comparison, or `&&` for `||`.
    Relation,
    /// Wrong bit operations.
    Bits,
    /// A bit of a mask that is missing, or one too many.
    MaskBit,
    /// A named number, such as a limit, a unit or a shift, a little less or more.
    Limit,
    /// A wrong literal.
    Constant,
    /// A missing store, call or jump.
    DroppedStatement,
    /// A missing barrier.
    DroppedBarrier,
}

impl Operator {
    /// All kinds.
    pub const ALL: [Self; 17] = [
        Self::OffByOne,
        Self::LostTail,
        Self::ExtraTurn,
        Self::LearnerStride,
        Self::SwappedParameter,
        Self::Sign,
        Self::Factor,
        Self::Accumulation,
        Self::Transposed,
        Self::Mask,
        Self::Relation,
        Self::Bits,
        Self::MaskBit,
        Self::Limit,
        Self::Constant,
        Self::DroppedStatement,
        Self::DroppedBarrier,
    ];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OffByOne => "off by one",
            Self::LostTail => "lost tail",
            Self::ExtraTurn => "extra turn",
            Self::LearnerStride => "learner stride",
            Self::SwappedParameter => "swapped parameter",
            Self::Sign => "sign",
            Self::Factor => "factor",
            Self::Accumulation => "accumulation",
            Self::Transposed => "transposed",
            Self::Mask => "mask",
            Self::Relation => "relation",
            Self::Bits => "bits",
            Self::MaskBit => "mask bit",
            Self::Limit => "limit",
            Self::Constant => "constant",
            Self::DroppedStatement => "dropped statement",
            Self::DroppedBarrier => "dropped barrier",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A shader with one fault.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The kind of fault.
    pub operator: Operator,
    /// The line of the original where it is, from 1.
    pub line: usize,
    /// The piece of the original around the fault.
    pub from: String,
    /// The same piece with the fault.
    pub to: String,
    /// The whole mutated shader.
    pub text: String,
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operator,
            line,
            from,
            to,
            ..
        } = self;
        write!(f, "line {line}, {operator}: \"{from}\" -> \"{to}\"")
    }
}

/// The mutants of a shader, by position, then kind.
pub fn mutants(wgsl: &str) -> Vec<Mutant> {
    fused(wgsl, TURNS).1
}

/// The mutants of a shader from outside whose loops end after `turns`, and the shader without a fault, with
/// the same fuse.
pub(crate) fn foreign(wgsl: &str, turns: u32) -> (String, Vec<Mutant>) {
    let (original, mut mutants) = fused(wgsl, turns);
    for mutant in &mut mutants {
        // An index may be an i32: 1 is whatever the other operand is.
        let (to, text) = (mutant.to.replace("+ 1u", "+ 1"), mutant.text.replace("+ 1u", "+ 1"));
        if !compiles(&mutant.text) && compiles(&text) {
            (mutant.to, mutant.text) = (to, text);
        }
    }
    (original, mutants)
}

/// Whether naga takes a text.
fn compiles(wgsl: &str) -> bool {
    naga::front::wgsl::parse_str(wgsl).is_ok()
}

fn fused(wgsl: &str, turns: u32) -> (String, Vec<Mutant>) {
    let source = Source::new(wgsl);
    let fuses = fuses(&source, turns);
    let original = applied(wgsl, &fuses);
    let mut texts = HashSet::from([original.clone()]);
    let mut found = Vec::new();
    for edit in thinned(&source, edits(&source)) {
        let mutant = mutant(wgsl, &fuses, &edit);
        if texts.insert(mutant.text.clone()) {
            found.push(mutant);
        }
    }
    (original, found)
}

/// The mutant that an edit makes.
fn mutant(wgsl: &str, fuses: &[Change], edit: &Edit) -> Mutant {
    let Edit {
        bytes, shown, to, ..
    } = edit;
    let before = wgsl.get(shown.start..bytes.start).unwrap_or("");
    let after = wgsl.get(bytes.end..shown.end).unwrap_or("");
    let mut changes = fuses.to_vec();
    changes.push((bytes.start, bytes.end, to.clone()));
    Mutant {
        operator: edit.operator,
        line: 1 + wgsl[..bytes.start].matches('\n').count(),
        from: on_one_line(&wgsl[shown.clone()]),
        to: on_one_line(&format!("{before}{to}{after}")),
        text: applied(wgsl, &changes),
    }
}

/// `text` with each run of white space as one blank.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
