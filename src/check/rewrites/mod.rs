//! Shaders written in another way that compute the same: the control of `unlearn check`.
//!
//! Mutants show that the check finds faults. Rewrites must all pass: one that fails is a compiler
//! that translates it wrongly, or a check that cries wolf. A loop becomes a `while`, a statement moves into a
//! branch that is always taken, an expression into a function. What a rewrite adds depends on a
//! uniform, whose value no compiler knows. The check runs each rewrite alone, and stacks of some.
//!
//! Sources of the idea: Donaldson, Evrard, Lascu and Thomson, "Automated testing of graphics shader
//! compilers", OOPSLA 2017 (GraphicsFuzz); Donaldson, Thomson, Teliman, Milizia, Maselco and Karpiński,
//! "Test-case reduction and deduplication almost for free with transformation-based compiler testing",
//! PLDI 2021 (spirv-fuzz).
//!
//! Sums may be added in another order: on small integers, which the cases hold, every order is
//! exact. No rewrite moves a barrier to where only some threads come: what it adds around one has
//! the same value in all threads.

mod loops;
mod names;
mod outline;
mod pairs;
mod parsed;
mod pick;
mod reduce;
mod reorder;
mod site;
mod statements;
mod typed;
mod values;

use std::fmt;

pub use names::Operator;
use parsed::Parsed;
pub(super) use reduce::fewest;

use super::source::{Change, applied};

/// One place of a shader, written in another way.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// In what way.
    pub operator: Operator,
    /// The line of the original where it starts, from 1.
    pub line: usize,
    /// The piece of the original, or its start.
    pub from: String,
    /// The same piece, rewritten.
    pub to: String,
    changes: Vec<Change>,
}

impl fmt::Display for Rewrite {
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

impl Rewrite {
    /// Whether both can be made: no change of one touches a change of the other.
    fn is_apart_from(&self, other: &Self, end: usize) -> bool {
        let apart = |a: &Change, b: &Change| a.1 < b.0 || b.1 < a.0;
        // Functions are added at the end, in any order.
        let own = self.changes.iter().filter(|c| c.0 < end);
        own.into_iter().all(|a| {
            other
                .changes
                .iter()
                .filter(|c| c.0 < end)
                .all(|b| apart(a, b))
        })
    }
}

#[cfg(test)]
impl Rewrite {
    /// Makes it a wrong one, by another piece in place of one of what it writes.
    pub(super) fn spoil(&mut self, piece: &str, instead: &str) {
        for (_, _, to) in &mut self.changes {
            *to = to.replace(piece, instead);
        }
        self.to = self.to.replace(piece, instead);
    }
}

/// Some rewrites of one shader, which are made together.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The rewrites, by position.
    pub rewrites: Vec<Rewrite>,
}

impl Stack {
    /// The shader with all of them.
    pub fn text(&self, wgsl: &str) -> String {
        rewritten(wgsl, &self.rewrites)
    }
}

/// The shader with some rewrites, none of which touches another one.
pub(super) fn rewritten(wgsl: &str, rewrites: &[Rewrite]) -> String {
    let changes: Vec<Change> = rewrites.iter().flat_map(|r| r.changes.clone()).collect();
    applied(wgsl, &changes)
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.rewrites.iter().map(Rewrite::to_string).collect();
        f.write_str(&names.join("; "))
    }
}

/// Rewrites of a shader: each that there is once, at a place that `seed` draws, then stacks of some.
pub fn stacks(wgsl: &str, seed: u32) -> Vec<Stack> {
    pick::stacks(wgsl, candidates(wgsl), seed)
}

/// All rewrites of a shader, by operator, then position.
pub(super) fn candidates(wgsl: &str) -> Vec<Rewrite> {
    let Some(parsed) = Parsed::new(wgsl) else {
        return Vec::new();
    };
    let mut found = values::rewrites(&parsed);
    found.extend(statements::rewrites(&parsed));
    found.extend(loops::rewrites(&parsed));
    found.sort_by_key(|rewrite| rewrite.operator);
    found
}

#[cfg(test)]
mod tests;
