//! Rewrites of statements.

use super::parsed::{Parsed, Span};
use super::{Operator, Rewrite};

/// All rewrites of statements.
pub(super) fn rewrites(parsed: &Parsed) -> Vec<Rewrite> {
    let statements = (0..parsed.source.tokens.len()).filter_map(|at| Statement::new(parsed, at));
    let found = statements.flat_map(|statement| {
        let mut made = statement.wrapped();
        made.extend(statement.dead());
        made.extend(statement.negated_if());
        made.extend(statement.stored());
        made
    });
    found.chain(variables(parsed)).collect()
}

/// A statement that declares nothing and does not jump, whole.
struct Statement<'p, 'a> {
    parsed: &'p Parsed<'a>,
    span: Span,
}

impl<'p, 'a> Statement<'p, 'a> {
    fn new(parsed: &'p Parsed<'a>, at: usize) -> Option<Self> {
        let source = &parsed.source;
        if !source.starts_statement(at) {
            return None;
        }
        let last = match source.word(at) {
            "for" | "while" | "loop" => source.body(at)?.1,
            "if" => branches_end(parsed, at)?,
            "let" | "var" | "const" | "return" | "break" | "continue" | "else" | "{" | "}" => {
                return None;
            }
            _ => source.statement(at).end,
        };
        let returns = (at..=last).any(|i| source.word(i) == "return");
        (!returns).then_some(Self {
            parsed,
            span: (at, last),
        })
    }

    fn is_simple(&self) -> bool {
        self.parsed.source.word(self.span.1) == ";"
    }

    /// A number that no other statement has.
    fn number(&self) -> usize {
        self.parsed.source.tokens[self.span.0].start
    }

    fn has_barrier(&self) -> bool {
        let words = (self.span.0..=self.span.1).map(|i| self.parsed.source.word(i));
        words.into_iter().any(|word| word.ends_with("Barrier"))
    }

    /// The statement within another one, which runs it once.
    fn wrapped(&self) -> Vec<Rewrite> {
        let (parsed, number) = (self.parsed, self.number());
        let wrap = |operator, before, behind| parsed.wrapped(operator, self.span, before, behind);
        let branch = format!("if {} {{ ", parsed.always());
        let mut found = vec![wrap(Operator::Branch, branch, " }")];
        if jumps(parsed, self.span) {
            return found;
        }
        let zero = parsed.zero();
        let switch = format!("switch {zero} {{ case 0u: {{ ");
        let counted =
            format!("for (var once_{number} = {zero}; once_{number} < 1u; once_{number}++) {{ ");
        found.extend([
            wrap(Operator::Switch, switch, " } default: { } }"),
            wrap(Operator::SingleTurn, "loop { ".to_owned(), " break; }"),
            wrap(Operator::CountedOnce, counted, " }"),
        ]);
        found
    }

    /// Before the statement, something that never happens.
    fn dead(&self) -> Vec<Rewrite> {
        let (parsed, number) = (self.parsed, self.number());
        let never = parsed.never();
        let before = |operator, text| parsed.wrapped(operator, self.span, text, "");
        let mut found = Vec::new();
        if self.is_in_entry() {
            let text = format!("if {never} {{ return; }} ");
            found.push(before(Operator::DeadReturn, text));
        }
        if self.is_simple() && !self.has_barrier() {
            let own = parsed.text(self.span);
            let zero = parsed.zero();
            let turns =
                format!("var never_{number} = 0u; never_{number} < {zero}; never_{number}++");
            found.push(before(
                Operator::DeadCode,
                format!("if {never} {{ {own} }} "),
            ));
            found.push(before(
                Operator::DeadCode,
                format!("for ({turns}) {{ {own} }} "),
            ));
        }
        found
    }

    /// Whether it belongs to the entry point, the last function, which returns nothing.
    fn is_in_entry(&self) -> bool {
        let source = &self.parsed.source;
        source.functions.last() == source.functions.get(self.span.0)
    }

    /// `if c { a }` → `if !(c) { } else { a }`.
    fn negated_if(&self) -> Option<Rewrite> {
        let (parsed, source) = (self.parsed, &self.parsed.source);
        let first = self.span.0;
        let (open, close) = source.body(first)?;
        if source.word(first) != "if" {
            return None;
        }
        let condition = parsed.text((first + 1, open - 1));
        let instead = match source.word(close + 1) {
            "else" if source.word(close + 2) == "{" => parsed.text((close + 2, self.span.1)),
            "else" => return None,
            _ => "{ }",
        };
        let header = source.bytes(first, open - 1);
        let behind = source.bytes(close, self.span.1);
        let changes = vec![
            (
                header.start,
                header.end,
                format!("if !({condition}) {instead} else"),
            ),
            (behind.start, behind.end, "}".to_owned()),
        ];
        Some(parsed.rewrite(Operator::NegatedIf, changes, self.span))
    }

    /// A name for what is stored, or the operation written out.
    fn stored(&self) -> Vec<Rewrite> {
        let (parsed, source) = (self.parsed, &self.parsed.source);
        let (first, last) = self.span;
        let mut tokens = first..last;
        let sets = |i: &usize| super::super::source::sets(source.word(*i));
        let Some(at) = tokens
            .find(sets)
            .filter(|at| self.is_simple() && at + 1 < last)
        else {
            return Vec::new();
        };
        let target = parsed.text((first, at - 1));
        let (sign, value) = (source.word(at), parsed.text((at + 1, last - 1)));
        let name = format!("value_{}", self.number());
        let named = format!("{{ let {name} = {value}; {target} {sign} {name}; }}");
        let mut found = vec![parsed.replaced(Operator::Named, self.span, named)];
        let operation = sign.trim_end_matches('=');
        if !operation.is_empty() {
            let to = format!("{target} = {target} {operation} ({value});");
            found.push(parsed.replaced(Operator::Expanded, self.span, to));
        }
        found
    }
}

/// The end of an `if` with all its branches.
fn branches_end(parsed: &Parsed, at: usize) -> Option<usize> {
    let source = &parsed.source;
    let mut close = source.body(at)?.1;
    while source.word(close + 1) == "else" {
        close = source.body(close + 1)?.1;
    }
    Some(close)
}

/// Whether a `break` or `continue` in these tokens leaves them.
pub(super) fn jumps(parsed: &Parsed, (first, last): Span) -> bool {
    let source = &parsed.source;
    let mut at = first;
    while at <= last {
        match source.word(at) {
            "break" | "continue" => return true,
            "for" | "while" | "loop" => {
                at = source.body(at).map_or(at, |(_, close)| close);
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// `let` → `var`.
fn variables(parsed: &Parsed) -> Vec<Rewrite> {
    let source = &parsed.source;
    let declared = (0..source.tokens.len())
        .filter(|at| source.word(*at) == "let" && source.starts_statement(*at));
    declared
        .map(|at| {
            let bytes = source.bytes(at, at);
            let changes = vec![(bytes.start, bytes.end, "var".to_owned())];
            parsed.rewrite(Operator::Variable, changes, (at, source.statement(at).end))
        })
        .collect()
}
