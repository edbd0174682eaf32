//! The ways of writing a shader otherwise.

use std::fmt;

/// A way of writing something else that computes the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `for` → `while`.
    While,
    /// `for` → `loop` with a `break`.
    Loop,
    /// The first turn before the loop.
    FirstTurn,
    /// Two loops, the second one from where the first ends.
    SplitLoop,
    /// The turns from the last to the first.
    ReversedLoop,
    /// A statement in an `if` whose condition is always true.
    Branch,
    /// A statement in a `switch`.
    Switch,
    /// A statement in a `loop` that ends after its first turn.
    SingleTurn,
    /// A statement in a `for` that counts to one.
    CountedOnce,
    /// A return that is never taken.
    DeadReturn,
    /// A statement a second time, where no thread comes.
    DeadCode,
    /// `if c { }` → `if !(c) { } else { }`.
    NegatedIf,
    /// A name for what a statement stores.
    Named,
    /// `x += a` → `x = x + (a)`.
    Expanded,
    /// `let` → `var`.
    Variable,
    /// `a + b` → `b + a`, `a < b` → `b > a`.
    Commuted,
    /// `a + b + c` → `a + (b + c)`.
    Associated,
    /// `a - b` → `a + (-b)`.
    Minus,
    /// Factors, divisors and remainders of powers of two as shifts and masks.
    Shifted,
    /// `a < b` → `!(a >= b)` of integers.
    Negated,
    /// Arithmetic of vectors, component by component.
    Components,
    /// `max` and `min` of integers as a `select`.
    Selected,
    /// `select(a, b, c)` → `select(b, a, !(c))`.
    SwappedSelect,
    /// `a` → `select(0, a, true)`.
    Chosen,
    /// `a` → `a ^ k ^ k`.
    Xor,
    /// `a` → `a + 0`, of floats `a * 1`.
    Neutral,
    /// A number as its bits, and back.
    Bits,
    /// An expression in a function of its own.
    Outlined,
}

impl Operator {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::While => "while",
            Self::Loop => "loop",
            Self::FirstTurn => "first turn",
            Self::SplitLoop => "split loop",
            Self::ReversedLoop => "reversed loop",
            Self::Branch => "branch",
            Self::Switch => "switch",
            Self::SingleTurn => "single turn",
            Self::CountedOnce => "counted once",
            Self::DeadReturn => "dead return",
            Self::DeadCode => "dead code",
            Self::NegatedIf => "negated if",
            Self::Named => "named",
            Self::Expanded => "expanded",
            Self::Variable => "variable",
            Self::Commuted => "commuted",
            Self::Associated => "associated",
            Self::Minus => "minus",
            Self::Shifted => "shifted",
            Self::Negated => "negated",
            Self::Components => "components",
            Self::Selected => "selected",
            Self::SwappedSelect => "swapped select",
            Self::Chosen => "chosen",
            Self::Xor => "xor",
            Self::Neutral => "neutral",
            Self::Bits => "bits",
            Self::Outlined => "outlined",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
