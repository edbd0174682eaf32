//! Sums and products in another order.

use naga::BinaryOperator as Binary;

use super::parsed::{Parsed, Span};
use super::site::Site;
use super::{Operator, Rewrite};
use crate::check::source::sets;

/// `a + b + c` → `a + (b + c)`.
pub(super) fn associated(site: &Site) -> Option<Rewrite> {
    let outer = site.pair()?;
    let value = site.parsed.value(outer.spans[0])?;
    let left = Site {
        parsed: site.parsed,
        value,
        span: outer.spans[0],
    };
    let inner = left.pair()?;
    let associative = [
        Binary::Add,
        Binary::Multiply,
        Binary::And,
        Binary::ExclusiveOr,
        Binary::InclusiveOr,
    ];
    let kinds = [inner.kinds[0], inner.kinds[1], outer.kinds[1]];
    let alike = kinds.iter().all(|kind| *kind == site.value.kind);
    let same = inner.operator == outer.operator && associative.contains(&outer.operator);
    if !alike || !same {
        return None;
    }
    let (sign, [a, b, c]) = (outer.sign, [inner.left, inner.right, outer.right]);
    site.replaced(
        Operator::Associated,
        format!("(({a}) {sign} (({b}) {sign} ({c})))"),
    )
}

/// Whether the turns of a loop can be taken in any order: each changes elements of its own, or
/// adds to something that no turn looks at.
pub(super) fn is_free(parsed: &Parsed, counter: &str, (first, last): Span) -> bool {
    let source = &parsed.source;
    (first..=last).all(|at| match source.word(at) {
        "return" | "break" | "continue" | "while" | "loop" | "switch" => false,
        "let" | "var" | "for" | "if" | "else" | "{" | "}" => true,
        _ if !source.starts_statement(at) => true,
        _ => is_own(parsed, counter, at, (first, last)),
    })
}

/// Whether the statement at `at` only does what other turns need not know of.
fn is_own(parsed: &Parsed, counter: &str, at: usize, (first, last): Span) -> bool {
    let source = &parsed.source;
    let sets = |i: &usize| sets(source.word(*i));
    let Some(sign) = source.statement(at).find(sets).map(|i| source.word(i)) else {
        return false; // a call
    };
    let name = source.word(at);
    let is_name = |i: &usize| source.word(*i) == name && source.before(*i) != ".";
    let mut uses = (first..=last).filter(is_name);
    let declared = uses
        .clone()
        .any(|i| matches!(source.before(i), "let" | "var"));
    let indexed = |i: usize| {
        source.word(i + 1) == "[" && source.word(i + 2) == counter && source.word(i + 3) == "]"
    };
    let summed = |i: usize| {
        let operator = source.statement(i).find(sets);
        source.starts_statement(i) && operator.is_some_and(|o| source.word(o) == sign)
    };
    let sums = matches!(sign, "+=" | "-=" | "|=" | "&=" | "^=");
    declared || uses.clone().all(indexed) || sums && uses.all(summed)
}
