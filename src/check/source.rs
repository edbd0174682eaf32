//! A shader's tokens with what mutants and rewrites need to know of them: operands, brackets and
//! statements, and the names that are declared; and changes of its text.

use std::ops::Range;

use super::tokens::{Kind, Token, tokens};

/// Constants that make a thread's tile and a workgroup's shape: the host counts workgroups by
/// them, so that a change is another launch, not a fault.
pub(super) const TILE: [&str; 4] = ["ROWS", "COLS", "GROUP_X", "GROUP_Y"];

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
}

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
    /// The names of arrays that threads share: buffers and workgroup memory.
    pub(super) shared: Vec<&'a str>,
    /// The name of the uniform.
    pub(super) uniform: &'a str,
    /// Its struct's fields with their types.
    pub(super) fields: Vec<(&'a str, &'a str)>,
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
            shared: Vec::new(),
            uniform: "",
            fields: Vec::new(),
            partners: partners(&tokens),
            tokens,
        };
        for at in 0..source.tokens.len() {
            match source.word(at) {
                "fn" => source.place_function(at),
                "const" if source.places[at] == Place::Outside => source.place_constant(at),
                word if ["var<storage", "var<workgroup"]
                    .iter()
                    .any(|v| word.starts_with(v)) =>
                {
                    source.shared.push(source.word(at + 1));
                }
                word if word.starts_with("var<uniform") => {
                    source.uniform = source.word(at + 1);
                    source.fields = source.fields_of(source.word(at + 3));
                }
                _ => {}
            }
        }
        source
    }

    /// Marks the value of the constant that is declared at `at`, unless it is the tile's.
    fn place_constant(&mut self, at: usize) {
        if !TILE.contains(&self.word(at + 1)) {
            let statement = self.statement(at);
            self.places[statement].fill(Place::Constant);
        }
    }

    /// Marks the body of the function that is declared at `at`, and the `for` headers in it.
    fn place_function(&mut self, at: usize) {
        let Some((open, close)) = self.body(at) else {
            return;
        };
        self.places[open + 1..close].fill(Place::Body);
        for at in open..close {
            if self.word(at) != "for" {
                continue;
            }
            let (mut first, end) = (at + 2, self.partner(at + 1).unwrap_or(at));
            for place in [Place::Start, Place::Condition, Place::Update] {
                let last = (first..end).find(|i| self.word(*i) == ";").unwrap_or(end);
                if let Some(part) = self.places.get_mut(first..last) {
                    part.fill(place);
                }
                first = last + 1;
            }
        }
    }

    /// The braces around the body of the function or loop at `at`.
    pub(super) fn body(&self, at: usize) -> Option<(usize, usize)> {
        let open = (at..self.tokens.len()).find(|i| self.word(*i) == "{")?;
        Some((open, self.partner(open)?))
    }

    /// The bytes where the bodies of loops start, but for those that are sure to end.
    pub(super) fn loop_bodies(&self) -> impl Iterator<Item = usize> {
        let is_loop = |at: &usize| matches!(self.word(*at), "for" | "while" | "loop");
        let loops = (0..self.tokens.len()).filter(is_loop);
        loops.filter_map(|at| {
            let (open, close) = self.body(at)?;
            (!self.is_counted(at, open, close)).then(|| self.tokens[open].range().end)
        })
    }

    /// Whether the loop at `at` counts from one fixed number to another, and its body leaves the
    /// counter alone.
    fn is_counted(&self, at: usize, open: usize, close: usize) -> bool {
        let (header, counter) = (at + 3..open, self.word(at + 3));
        // Names in capitals are constants.
        let is_fixed = |i: usize| {
            let word = self.word(i);
            word == counter || self.is_number(i) || !word.contains(char::is_lowercase)
        };
        let counts = |i: usize| match self.word(i) {
            "+=" => self.is_number(i + 1),
            sign => sign == "++",
        };
        let is_set = |i: usize| self.word(i) == counter && sets(self.word(i + 1));
        self.word(at) == "for"
            && header.clone().all(is_fixed)
            && header.clone().any(|i| self.word(i) == "<")
            && header.clone().any(counts)
            && !(open..close).any(is_set)
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

    /// The fields of a struct with their types.
    fn fields_of(&self, name: &str) -> Vec<(&'a str, &'a str)> {
        let is_declared = |i: &usize| self.word(*i) == "struct" && self.word(i + 1) == name;
        let declared = (0..self.tokens.len()).find(is_declared);
        let body = declared.and_then(|at| self.body(at)).unwrap_or_default();
        let fields = (body.0..body.1).filter(|i| self.word(i + 1) == ":");
        fields.map(|i| (self.word(i), self.word(i + 2))).collect()
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
        if self.places[at] == Place::Start {
            return self.body(at).map_or(at, |(_, close)| close);
        }
        let mut i = at;
        while i < self.tokens.len() && self.word(i) != "}" {
            i = self.partner(i).filter(|p| *p > i).unwrap_or(i) + 1;
        }
        i
    }

    /// Whether a statement of a body starts at `at`.
    pub(super) fn starts_statement(&self, at: usize) -> bool {
        self.places.get(at) == Some(&Place::Body) && matches!(self.before(at), ";" | "{" | "}")
    }
}

/// A change of a text: start, end, and what stands there instead.
pub(super) type Change = (usize, usize, String);

/// `text` with the changes, which do not overlap.
pub(super) fn applied(text: &str, changes: &[Change]) -> String {
    let mut changes = changes.to_vec();
    changes.sort();
    let mut out = text.to_owned();
    for (start, end, to) in changes.iter().rev() {
        out.replace_range(*start..*end, to);
    }
    out
}

/// `text` with each run of white space as one blank.
pub(super) fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a token sets the variable before it.
pub(super) fn sets(word: &str) -> bool {
    let assigns = word.ends_with('=') && !matches!(word, "==" | "!=" | "<=" | ">=");
    assigns || matches!(word, "++" | "--")
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
