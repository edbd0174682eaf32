//! A shader, ready to be rewritten: its tokens, the types of its values, and numbers that no
//! compiler knows.

use super::super::source::{Change, Place, Source, applied, on_one_line};
use super::typed::{Kind, Typed, Value};
use super::{Operator, Rewrite};

/// Characters of a piece that are shown.
const SHOWN: usize = 100;

/// The first and the last token of a piece.
pub(super) type Span = (usize, usize);

/// A shader.
pub(super) struct Parsed<'a> {
    pub(super) source: Source<'a>,
    pub(super) typed: Typed,
    /// A u32 of the uniform: a size, far below 2³¹ in every case.
    size: String,
}

impl<'a> Parsed<'a> {
    /// Nothing where naga does not take the text, or nothing in it is unknown to a compiler.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        let typed = Typed::new(text)?;
        let source = Source::new(text);
        let (size, _) = source.fields.iter().find(|(_, kind)| *kind == "u32")?;
        let size = format!("{}.{size}", source.uniform);
        Some(Self {
            source,
            typed,
            size,
        })
    }

    /// A u32 that is not known.
    pub(super) fn size(&self) -> &str {
        &self.size
    }

    /// A zero that is not known to be one.
    pub(super) fn zero(&self) -> String {
        format!("({} >> 31u)", self.size)
    }

    /// A condition that is always true.
    pub(super) fn always(&self) -> String {
        format!("{} < 0x80000000u", self.size)
    }

    /// A condition that is never true.
    pub(super) fn never(&self) -> String {
        format!("{} >= 0x80000000u", self.size)
    }

    /// The text from one token to another.
    pub(super) fn text(&self, (first, last): Span) -> &'a str {
        &self.source.text[self.source.bytes(first, last)]
    }

    /// The token that starts at a byte.
    fn token_at(&self, start: usize) -> Option<usize> {
        let tokens = &self.source.tokens;
        tokens.binary_search_by_key(&start, |t| t.start).ok()
    }

    /// The tokens of a value that stands in a function's body, and is not what a statement sets.
    pub(super) fn tokens_of(&self, value: &Value) -> Option<Span> {
        let source = &self.source;
        let first = self.token_at(value.bytes.start)?;
        let tokens = first..source.tokens.len();
        let last = tokens
            .take_while(|i| source.tokens[*i].start < value.bytes.end)
            .last()?;
        let whole = source.tokens[last].range().end == value.bytes.end;
        // naga places a call at its name.
        let called = first == last && source.word(last + 1) == "(";
        let last = match called {
            true => source.partner(last + 1)?,
            false => last,
        };
        let places = [Place::Body, Place::Condition, Place::Start];
        let placed = (first..=last).all(|i| places.contains(&source.places[i]));
        let balanced = (first..=last).all(|i| {
            let partner = source.partner(i);
            partner.is_none_or(|p| (first..=last).contains(&p))
        });
        let set = super::super::source::sets(source.word(last + 1));
        let part = matches!(source.before(first), "." | "let" | "var");
        let pointer = source.before(first) == "&" && !source.follows_operand(first - 1);
        let usable = whole && placed && balanced && !set && !part && !pointer;
        (usable && !source.starts_statement(first)).then_some((first, last))
    }

    /// The operator between the operands of the expression that these tokens are: the last one that
    /// stands in no bracket, since operators of one rank are taken from the left.
    pub(super) fn sign(&self, (first, last): Span, sign: &str) -> Option<usize> {
        let (mut at, mut found) = (first, None);
        while at <= last {
            if self.source.word(at) == sign && at > first && self.source.follows_operand(at) {
                found = Some(at);
            }
            at = self.source.partner(at).filter(|p| *p > at).unwrap_or(at) + 1;
        }
        found
    }

    /// The value that these tokens are.
    pub(super) fn value(&self, (first, last): Span) -> Option<&Value> {
        let bytes = self.source.bytes(first, last);
        self.typed.values.iter().find(|v| v.bytes == bytes)
    }

    /// Whether the tokens call a function of the shader, or change an atomic.
    pub(super) fn calls(&self, (first, last): Span) -> bool {
        let source = &self.source;
        let own = |name: &str| {
            let mut all = 1..source.tokens.len();
            all.any(|i| source.before(i) == "fn" && source.word(i) == name)
        };
        (first..=last).any(|i| {
            let called = source.word(i + 1) == "(";
            called && (source.word(i).starts_with("atomic") || own(source.word(i)))
        })
    }

    /// A piece, replaced.
    pub(super) fn replaced(&self, operator: Operator, span: Span, to: String) -> Rewrite {
        let bytes = self.source.bytes(span.0, span.1);
        self.rewrite(operator, vec![(bytes.start, bytes.end, to)], span)
    }

    /// A piece with something before and behind it.
    pub(super) fn wrapped(
        &self,
        operator: Operator,
        span: Span,
        before: String,
        behind: &str,
    ) -> Rewrite {
        let bytes = self.source.bytes(span.0, span.1);
        let changes = vec![
            (bytes.start, bytes.start, before),
            (bytes.end, bytes.end, behind.to_owned()),
        ];
        self.rewrite(operator, changes, span)
    }

    /// Changes within a piece, and functions at the end of the text.
    pub(super) fn rewrite(&self, operator: Operator, changes: Vec<Change>, span: Span) -> Rewrite {
        let bytes = self.source.bytes(span.0, span.1);
        let inside = |c: &&Change| c.0 < self.source.text.len();
        let moved: Vec<Change> = changes
            .iter()
            .filter(inside)
            .map(|(start, end, to)| (start - bytes.start, end - bytes.start, to.clone()))
            .collect();
        let from = &self.source.text[bytes.clone()];
        Rewrite {
            operator,
            line: 1 + self.source.text[..bytes.start].matches('\n').count(),
            from: shortened(from),
            to: shortened(&applied(from, &moved)),
            changes,
        }
    }
}

/// A number of this type, for a vector in all components.
pub(super) fn splat(kind: Kind, number: &str) -> String {
    match kind.width {
        1 => number.to_owned(),
        _ => format!("{}({number})", kind.name()),
    }
}

/// A text on one line, and no more of it than is worth showing.
fn shortened(text: &str) -> String {
    let line = on_one_line(text);
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
