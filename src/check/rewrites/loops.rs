//! Rewrites of loops.

use super::parsed::{Parsed, Span};
use super::statements::jumps;
use super::{Operator, Rewrite};

/// All rewrites of loops.
pub(super) fn rewrites(parsed: &Parsed) -> Vec<Rewrite> {
    let loops = (0..parsed.source.tokens.len()).filter_map(|at| For::new(parsed, at));
    loops.flat_map(|each| each.rewrites()).collect()
}

/// A `for` loop.
struct For<'p, 'a> {
    parsed: &'p Parsed<'a>,
    /// The keyword, and the brackets of the header and of the body.
    at: usize,
    header_end: usize,
    open: usize,
    close: usize,
    start: &'a str,
    condition: &'a str,
    update: &'a str,
}

impl<'p, 'a> For<'p, 'a> {
    fn new(parsed: &'p Parsed<'a>, at: usize) -> Option<Self> {
        let source = &parsed.source;
        if source.word(at) != "for" || !source.starts_statement(at) {
            return None;
        }
        let header_end = source.partner(at + 1)?;
        let ends: Vec<usize> = (at + 2..header_end)
            .filter(|i| source.word(*i) == ";")
            .collect();
        let [first, second] = ends[..] else {
            return None;
        };
        let part = |first: usize, end: usize| (first < end).then(|| parsed.text((first, end - 1)));
        let (open, close) = source.body(at)?;
        let found = Self {
            parsed,
            at,
            header_end,
            open,
            close,
            start: part(at + 2, first)?,
            condition: part(first + 1, second)?,
            update: part(second + 1, header_end)?,
        };
        let declares = source.word(at + 2) == "var";
        (declares && !found.is_shadowed()).then_some(found)
    }

    /// The counter.
    fn counter(&self) -> &'a str {
        self.parsed.source.word(self.at + 3)
    }

    /// Whether the body has another variable of the counter's name.
    fn is_shadowed(&self) -> bool {
        let source = &self.parsed.source;
        let mut body = self.open..self.close;
        body.any(|i| source.word(i) == self.counter() && matches!(source.before(i), "let" | "var"))
    }

    fn rewrites(&self) -> Vec<Rewrite> {
        let jumps = jumps(self.parsed, (self.open + 1, self.close - 1));
        let returns = (self.open..self.close).any(|i| self.parsed.source.word(i) == "return");
        let mut found = vec![self.with_break()];
        if !jumps && !returns {
            found.extend([self.while_loop(), self.first_turn(), self.split()]);
            found.extend(
                super::reorder::is_free(self.parsed, self.counter(), self.body())
                    .then(|| self.reversed())
                    .flatten(),
            );
        }
        found
    }

    /// The tokens between the braces.
    fn body(&self) -> Span {
        (self.open + 1, self.close - 1)
    }

    /// Another header, something at the body's start and at its end, and a brace around all, in
    /// which the counter lives.
    fn with_header(&self, operator: Operator, header: &str, first: &str, last: &str) -> Rewrite {
        let source = &self.parsed.source;
        let (head, open) = (
            source.bytes(self.at, self.header_end),
            source.bytes(self.open, self.open),
        );
        let close = source.bytes(self.close, self.close);
        let changes = vec![
            (head.start, head.end, format!("{{ {}; {header}", self.start)),
            (open.start, open.end, format!("{{{first}")),
            (close.start, close.end, format!("{last}}} }}")),
        ];
        self.parsed
            .rewrite(operator, changes, (self.at, self.close))
    }

    fn while_loop(&self) -> Rewrite {
        let (header, last) = (
            format!("while {}", self.condition),
            format!("{}; ", self.update),
        );
        self.with_header(Operator::While, &header, "", &last)
    }

    fn with_break(&self) -> Rewrite {
        let first = format!(" if !({}) {{ break; }}", self.condition);
        let last = format!("continuing {{ {}; }} ", self.update);
        self.with_header(Operator::Loop, "loop", &first, &last)
    }

    /// The loop without a start: the counter has been declared before.
    fn rest(&self) -> String {
        let body = self.parsed.text((self.open, self.close));
        format!("for (; {}; {}) {body}", self.condition, self.update)
    }

    fn first_turn(&self) -> Rewrite {
        let body = self.parsed.text((self.open, self.close));
        let Self {
            start,
            condition,
            update,
            ..
        } = self;
        let rest = self.rest();
        let to = format!("{{ {start}; if {condition} {{ {body} {update}; }} {rest} }}");
        self.parsed
            .replaced(Operator::FirstTurn, (self.at, self.close), to)
    }

    /// Two turns of the one loop, the rest in the other.
    fn split(&self) -> Rewrite {
        let body = self.parsed.text((self.open, self.close));
        let turn = format!("turn_{}", self.parsed.source.tokens[self.at].start);
        let Self {
            start,
            condition,
            update,
            ..
        } = self;
        let first = format!(
            "for (var {turn} = 0u; {turn} < 2u && {condition}; {turn}++) {{ {body} {update}; }}"
        );
        let to = format!("{{ {start}; {first} {} }}", self.rest());
        self.parsed
            .replaced(Operator::SplitLoop, (self.at, self.close), to)
    }

    /// `for (var i = 0u; i < n; i++)` → `for (var i = n - 1u; i < n; i--)`: below zero comes the
    /// largest number.
    fn reversed(&self) -> Option<Rewrite> {
        let counter = self.counter();
        let end = self.condition.strip_prefix(&format!("{counter} < "))?;
        let plain = self.start == format!("var {counter} = 0u")
            && self.update == format!("{counter}++")
            && is_fixed(end, self.parsed.source.uniform);
        let header = self.parsed.source.bytes(self.at, self.header_end);
        let to = format!("for (var {counter} = ({end}) - 1u; {counter} < {end}; {counter}--)");
        let changes = vec![(header.start, header.end, to)];
        let span = (self.at, self.close);
        plain.then(|| self.parsed.rewrite(Operator::ReversedLoop, changes, span))
    }
}

/// Whether a number cannot change: one of the uniform, or of constants, whose names are in capitals.
fn is_fixed(text: &str, uniform: &str) -> bool {
    let of_uniform = text.strip_prefix(uniform).and_then(|t| t.strip_prefix('.'));
    let name = |c: char| c.is_alphanumeric() || c == '_';
    match of_uniform {
        Some(field) => field.chars().all(name),
        None => !text.contains(|c: char| c.is_lowercase() && c != 'u'),
    }
}
