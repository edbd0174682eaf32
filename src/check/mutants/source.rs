//! A shader's tokens with what mutants need to know of them: what part of the program each one
//! belongs to, and the names that are declared.

use std::collections::BTreeSet;
use std::ops::Range;

use super::tokens::{Kind, Token, tokens};

/// What part of the program a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Structs, bindings, attributes, signatures, the constants of the tile: not to be touched.
    Outside,
    /// The value of a constant of the module.
    Constant,
    /// The three parts of a `for` header.
    Start,
    /// See `Start`.
    Condition,
    /// See `Start`.
    Update,
    /// A function's body, apart from `for` headers.
    Body,
    /// As `Body`, in a statement on whose result the number of a loop's turns depends.
    Limit,
}

/// Constants that make a thread's tile and a workgroup's shape: the host counts workgroups by
/// them, so that a change is another launch, not a fault.
pub(super) const TILE: [&str; 4] = ["ROWS", "COLS", "GROUP_X", "GROUP_Y"];

/// A shader, taken apart.
pub(super) struct Source<'a> {
    /// The whole text.
    pub(super) text: &'a str,
    /// Its tokens.
    pub(super) tokens: Vec<Token<'a>>,
    /// Where each token belongs.
    pub(super) places: Vec<Place>,
    /// The number of each token's statement: they end at `;`, `{` and `}`.
    pub(super) statements: Vec<usize>,
    /// The number of each token's function.
    pub(super) functions: Vec<usize>,
    /// For each bracket its partner.
    partners: Vec<Option<usize>>,
}

impl<'a> Source<'a> {
    /// Takes a shader apart.
    pub(super) fn new(text: &'a str) -> Self {
        let tokens = tokens(text);
        let mut source = Self {
            text,
            places: vec![Place::Outside; tokens.len()],
            statements: numbers(&tokens, &[";", "{", "}"]),
            functions: numbers(&tokens, &["fn"]),
            partners: partners(&tokens),
            tokens,
        };
        for at in 0..source.tokens.len() {
            match source.word(at) {
                "fn" => source.place_function(at),
                "const" if source.places[at] == Place::Outside => source.place_constant(at),
                _ => {}
            }
        }
        source.place_limits();
        source
    }

    /// The text of a token; nothing beyond the end.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |t| t.text)
    }

    /// Whether a token is a literal.
    pub(super) fn is_number(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| t.kind == Kind::Number)
    }

    /// The text of the token before.
    pub(super) fn before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |before| self.word(before))
    }

    /// The bracket that belongs to the bracket at `at`.
    pub(super) fn partner(&self, at: usize) -> Option<usize> {
        self.partners.get(at).copied().flatten()
    }

    /// The bytes from the token `first` to the token `last`, both included.
    pub(super) fn bytes(&self, first: usize, last: usize) -> Range<usize> {
        let end = self
            .tokens
            .get(last)
            .map_or(self.text.len(), |t| t.range().end);
        let start = self.tokens.get(first).map_or(end, |t| t.start);
        start.min(end)..end
    }

    /// Whether the token at `at` stands after an operand, so that an operator there is binary.
    pub(super) fn follows_operand(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|b| self.tokens.get(b)) else {
            return false;
        };
        match before.kind {
            Kind::Word => before.text != "return",
            Kind::Number => true,
            Kind::Sign => matches!(before.text, ")" | "]"),
        }
    }

    /// The first token of the operand that ends before the token at `at`.
    pub(super) fn operand_start(&self, at: usize) -> usize {
        let mut first = at.saturating_sub(1);
        loop {
            if matches!(self.word(first), ")" | "]") {
                let open = self.partner(first).unwrap_or(first);
                let applied = open > 0 && open < first && self.follows_operand(open);
                first = if applied { open - 1 } else { open };
                if applied {
                    continue;
                }
            }
            if self.before(first) != "." || first < 2 {
                return first;
            }
            first -= 2;
        }
    }

    /// The last token of the operand that starts after the token at `at`.
    pub(super) fn operand_end(&self, at: usize) -> usize {
        let mut last = at + 1;
        while matches!(self.word(last), "-" | "!" | "&" | "~") {
            last += 1;
        }
        last = self.partner(last).filter(|p| *p > last).unwrap_or(last);
        loop {
            last = match self.word(last + 1) {
                "(" | "[" => match self.partner(last + 1) {
                    Some(close) => close,
                    None => return last,
                },
                "." => last + 2,
                _ => return last,
            };
        }
    }

    /// The arguments of a call, from the first to the last token of each; `open` is its bracket.
    pub(super) fn arguments(&self, open: usize) -> Vec<(usize, usize)> {
        let Some(close) = self.partner(open) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let (mut first, mut at) = (open + 1, open + 1);
        while at < close {
            if self.word(at) == "," {
                found.push((first, at - 1));
                first = at + 1;
            }
            at = self.partner(at).unwrap_or(at) + 1;
        }
        if first < close {
            found.push((first, close - 1));
        }
        found
    }

    /// The tokens of the statement that starts at `at`, without its end.
    pub(super) fn statement(&self, at: usize) -> Range<usize> {
        let number = self.statements.get(at);
        let length = self.statements[at.min(self.statements.len())..]
            .iter()
            .take_while(|n| Some(*n) == number)
            .count();
        at..(at + length).saturating_sub(1).max(at)
    }

    /// The names of arrays that threads share: buffers and workgroup memory.
    pub(super) fn shared_arrays(&self) -> Vec<&'a str> {
        let shared = |t: &Token| {
            ["var<storage", "var<workgroup"]
                .iter()
                .any(|v| t.text.starts_with(v))
        };
        let places = self.tokens.iter().zip(1..).filter(|(t, _)| shared(t));
        places.map(|(_, name)| self.word(name)).collect()
    }

    /// The name of the uniform and its struct's fields with their types.
    pub(super) fn uniform(&self) -> (&'a str, Vec<(&'a str, &'a str)>) {
        let uniform = |t: &Token| t.text.starts_with("var<uniform");
        let Some(at) = self.tokens.iter().position(uniform) else {
            return ("", Vec::new());
        };
        let (name, kind) = (self.word(at + 1), self.word(at + 3));
        let declared =
            (0..self.tokens.len()).find(|i| self.word(*i) == "struct" && self.word(i + 1) == kind);
        let close = declared.and_then(|i| self.partner(i + 2));
        let body = declared.zip(close).map_or(0..0, |(i, close)| i + 3..close);
        let fields = body.filter(|i| self.word(i + 1) == ":");
        (
            name,
            fields.map(|i| (self.word(i), self.word(i + 2))).collect(),
        )
    }

    /// Whether the token at `at` lies in the scope of a local variable of this name.
    pub(super) fn in_scope(&self, name: &str, at: usize) -> bool {
        (0..at).any(|i| {
            let declares = matches!(self.word(i), "let" | "var") && self.word(i + 1) == name;
            declares && self.scope_end(i) > at
        })
    }

    /// Where the scope of the declaration at `at` ends.
    fn scope_end(&self, at: usize) -> usize {
        let mut i = at;
        if self.places[at] == Place::Start {
            while i < self.tokens.len() && self.word(i) != "{" {
                i += 1;
            }
            return self.partner(i).unwrap_or(i);
        }
        while i < self.tokens.len() && self.word(i) != "}" {
            i = self.partner(i).filter(|p| *p > i).unwrap_or(i) + 1;
        }
        i
    }

    /// Marks the value of the constant that is declared at `at`, unless it is the tile's.
    fn place_constant(&mut self, at: usize) {
        if TILE.contains(&self.word(at + 1)) {
            return;
        }
        for i in self.statement(at) {
            self.places[i] = Place::Constant;
        }
    }

    /// Marks the body of the function that is declared at `at`.
    fn place_function(&mut self, at: usize) {
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
    fn place_limits(&mut self) {
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

    /// Whether a statement of a body starts at `at`.
    pub(super) fn starts_statement(&self, at: usize) -> bool {
        let place = self.places.get(at);
        matches!(place, Some(Place::Body | Place::Limit))
            && matches!(self.before(at), ";" | "{" | "}")
    }
}

/// Whether a token assigns.
pub(super) fn is_assignment(word: &str) -> bool {
    word.ends_with('=') && !matches!(word, "==" | "!=" | "<=" | ">=")
}

/// For each token how many of `ends` stand before it.
fn numbers(tokens: &[Token], ends: &[&str]) -> Vec<usize> {
    let mut number = 0;
    let count = |t: &Token| {
        let this = number;
        number += usize::from(ends.contains(&t.text));
        this
    };
    tokens.iter().map(count).collect()
}

/// For each bracket the place of its partner.
fn partners(tokens: &[Token]) -> Vec<Option<usize>> {
    let mut found = vec![None; tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => open.push(at),
            ")" | "]" | "}" => {
                if let Some(partner) = open.pop() {
                    found[at] = Some(partner);
                    found[partner] = Some(at);
                }
            }
            _ => {}
        }
    }
    found
}
