//! A value, under the eyes of the rules.

use super::parsed::{Parsed, Span};
use super::typed::Value;
use super::{Operator, Rewrite};

/// A value and its place.
pub(super) struct Site<'p, 'a> {
    pub(super) parsed: &'p Parsed<'a>,
    pub(super) value: &'p Value,
    pub(super) span: Span,
}

impl Site<'_, '_> {
    /// The value's text.
    pub(super) fn text(&self) -> &str {
        self.parsed.text(self.span)
    }

    /// The value, replaced.
    pub(super) fn replaced(&self, operator: Operator, to: String) -> Option<Rewrite> {
        Some(self.parsed.replaced(operator, self.span, to))
    }

    /// Whether the text says the type: the type of a literal such as `0` depends on where it stands.
    pub(super) fn is_typed(&self) -> bool {
        let (first, last) = self.span;
        let number = first == last && self.parsed.source.is_number(first);
        !number || self.text().ends_with('u') || self.text().contains('.')
    }

    /// The arguments, where the value is a call of this function.
    pub(super) fn arguments(&self, name: &str) -> Option<Vec<&str>> {
        let source = &self.parsed.source;
        let (first, last) = self.span;
        let whole = source.word(first) == name && source.partner(first + 1) == Some(last);
        let arguments = source.arguments(first + 1).into_iter();
        whole.then(|| arguments.map(|a| self.parsed.text(a)).collect())
    }
}
