//! Where in a shader a fault may be: what part of the program each token belongs to, and which
//! statements the number of a loop's turns depends on.

use std::collections::BTreeSet;
use std::ops::Range;

use super::source::{Place, Source, is_assignment};
use super::tokens::Kind;

/// Constants that make a thread's tile and a workgroup's shape: the host counts workgroups by
/// them, so that a change is another launch, not a fault.
pub(super) const TILE: [&str; 4] = ["ROWS", "COLS", "GROUP_X", "GROUP_Y"];

impl<'a> Source<'a> {
    /// Marks the value of the constant that is declared at `at`, unless it is the tile's.
    pub(super) fn place_constant(&mut self, at: usize) {
        if TILE.contains(&self.word(at + 1)) {
            return;
        }
        for i in self.statement(at) {
            self.places[i] = Place::Constant;
        }
    }

    /// Marks the body of the function that is declared at `at`.
    pub(super) fn place_function(&mut self, at: usize) {
        let open = (at..self.tokens.len()).find(|i| self.word(*i) == "{");
        let Some((open, close)) = open.and_then(|open| Some((open, self.partner(open)?))) else {
            return;
        };
        for i in open + 1..close {
            self.places[i] = Place::Body;
        }
        let mut tame = true;
        for i in open..close {
            tame &= self.word(i) != "for" || self.place_header(i + 1);
        }
        let unbounded = |i: usize| matches!(self.word(i), "while" | "continuing");
        if !tame || (open..close).any(unbounded) {
            // A fault there might run for ever: no mutants.
            self.places[open..close].fill(Place::Outside);
        }
    }

    /// Marks the `for` header whose bracket is at `open`; says whether it is of the kind that is
    /// known to end: it counts up in fixed steps to a bound that no function computes anew.
    fn place_header(&mut self, open: usize) -> bool {
        let close = self.partner(open).unwrap_or(open);
        let mut parts = [Place::Start, Place::Condition, Place::Update].into_iter();
        let mut part = parts.next();
        let (mut bounded, mut plain, mut counts) = (false, true, false);
        for i in open + 1..close {
            let word = self.word(i);
            if let Some(place) = part {
                self.places[i] = place;
            }
            match part {
                Some(Place::Condition) => {
                    bounded |= matches!(word, "<" | "<=");
                    plain &= self.word(i + 1) != "(" || self.function(word).is_none();
                }
                Some(Place::Update) => counts |= word == "++" || self.is_fixed_step(i),
                _ => {}
            }
            if word == ";" {
                part = parts.next();
            }
        }
        bounded && plain && counts
    }

    /// Whether a literal or a constant of the module, in capitals, is added at `at`.
    fn is_fixed_step(&self, at: usize) -> bool {
        let capitals = |c: char| c.is_ascii_uppercase() || c == '_';
        let fixed = self.is_number(at + 1) || self.word(at + 1).chars().all(capitals);
        self.word(at) == "+=" && fixed
    }

    /// The signature and the body of the function of this name.
    fn function(&self, name: &str) -> Option<(Range<usize>, Range<usize>)> {
        let count = self.tokens.len();
        let at = (0..count).find(|i| self.word(*i) == "fn" && self.word(i + 1) == name)?;
        let open = (at..count).find(|i| self.word(*i) == "{")?;
        Some((at..open, open + 1..self.partner(open)?))
    }

    /// The function that is called at `at`.
    fn called(&self, at: usize) -> Option<(Range<usize>, Range<usize>)> {
        let call = self.word(at + 1) == "(";
        call.then(|| self.function(self.word(at))).flatten()
    }

    /// Marks the statements that compute what a loop's condition reads, directly or by way of
    /// others. Names stand for variables here, whatever their scope: rather too many than too few.
    pub(super) fn place_limits(&mut self) {
        let mut limits: BTreeSet<&str> = BTreeSet::new();
        for at in 0..self.tokens.len() {
            if matches!(self.places[at], Place::Start | Place::Condition) {
                limits.extend(self.variable(at));
            }
        }
        let starts: Vec<usize> = (0..self.tokens.len())
            .filter(|i| self.starts_statement(*i) && self.word(*i) != "for")
            .collect();
        let mut known = 0;
        while known < limits.len() {
            known = limits.len();
            for at in &starts {
                if self.feeds(self.statement(*at), &limits) {
                    self.place_limit(*at, &mut limits);
                }
            }
        }
    }

    /// Whether a statement sets one of these variables, or gives a function one as its argument.
    fn feeds(&self, tokens: Range<usize>, limits: &BTreeSet<&str>) -> bool {
        let given = |i: usize| {
            let function = self.called(i);
            let mut names = function.into_iter().flat_map(|(signature, _)| signature);
            names.any(|name| limits.contains(self.word(name)))
        };
        self.assigned(tokens.clone())
            .is_some_and(|name| limits.contains(name))
            || tokens.clone().any(given)
    }

    /// Marks a statement, and the functions it calls, and adds its variables to the limits.
    fn place_limit(&mut self, at: usize, limits: &mut BTreeSet<&'a str>) {
        for i in self.statement(at) {
            self.places[i] = Place::Limit;
            limits.extend(self.variable(i));
            let body = self.called(i).map_or(0..0, |(_, body)| body);
            for place in &mut self.places[body] {
                *place = if *place == Place::Body {
                    Place::Limit
                } else {
                    *place
                };
            }
        }
    }

    /// Whether a difference, which could fall below zero, is part of the statement at `at`.
    pub(super) fn falls(&self, at: usize) -> bool {
        let number = self.statements[at];
        let mut tokens = self
            .tokens
            .iter()
            .zip(&self.statements)
            .filter(|(_, n)| **n == number);
        tokens.any(|(t, _)| matches!(t.text, "-" | "-=" | "<<" | "~" | "--"))
    }

    /// Whether a loop of the function around `at` has a bound that could fall below zero.
    pub(super) fn has_falling_bound(&self, at: usize) -> bool {
        (0..self.tokens.len()).any(|i| {
            let feeds = matches!(
                self.places[i],
                Place::Start | Place::Condition | Place::Limit
            );
            feeds && self.functions[i] == self.functions[at] && self.falls(i)
        })
    }

    /// The name at `at` if it may be a variable's: no number, field, function or type.
    fn variable(&self, at: usize) -> Option<&'a str> {
        let word = self.tokens.get(at).filter(|t| t.kind == Kind::Word)?.text;
        let called = self.word(at + 1) == "(";
        (self.before(at) != "." && !called && !matches!(word, "let" | "var")).then_some(word)
    }

    /// The variable that a statement sets.
    fn assigned(&self, mut tokens: Range<usize>) -> Option<&'a str> {
        if !tokens.clone().any(|i| is_assignment(self.word(i))) {
            return None;
        }
        tokens.find_map(|i| self.variable(i))
    }
}
