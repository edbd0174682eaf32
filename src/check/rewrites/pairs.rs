//! Rewrites of expressions with two operands.

use naga::BinaryOperator as Binary;

use super::parsed::Span;
use super::site::Site;
use super::typed::Kind;
use super::{Operator, Rewrite};

/// Characters of an expression that is written down once for each component.
const LONG: usize = 150;

/// How WGSL writes an operator.
fn sign(operator: Binary) -> Option<&'static str> {
    Some(match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Modulo => "%",
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterEqual => ">=",
        Binary::And => "&",
        Binary::ExclusiveOr => "^",
        Binary::InclusiveOr => "|",
        Binary::ShiftLeft => "<<",
        Binary::ShiftRight => ">>",
        Binary::LogicalAnd | Binary::LogicalOr => return None,
    })
}

/// An expression with two operands.
pub(super) struct Pair<'s> {
    pub(super) operator: Binary,
    pub(super) sign: &'static str,
    pub(super) left: &'s str,
    pub(super) right: &'s str,
    /// The tokens of the operands.
    pub(super) spans: [Span; 2],
    /// Their types as they are written.
    pub(super) kinds: [Kind; 2],
}

impl Site<'_, '_> {
    /// The value's operands, where it has two.
    pub(super) fn pair(&self) -> Option<Pair<'_>> {
        let binary = self.value.binary?;
        let sign = sign(binary.operator)?;
        let at = self.parsed.sign(self.span, sign)?;
        let spans = [(self.span.0, at - 1), (at + 1, self.span.1)];
        let [left, right] = spans.map(|span| self.parsed.text(span));
        Some(Pair {
            operator: binary.operator,
            sign,
            left,
            right,
            spans,
            kinds: [binary.left?, binary.right?],
        })
    }
}

/// `a + b` → `b + a`, `a < b` → `b > a`.
pub(super) fn commuted(site: &Site) -> Option<Rewrite> {
    let pair = site.pair()?;
    let sign = match pair.sign {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        same @ ("+" | "*" | "==" | "!=" | "&" | "|" | "^") => same,
        _ => return None,
    };
    let to = format!("(({}) {sign} ({}))", pair.right, pair.left);
    site.replaced(Operator::Commuted, to)
}

/// `a - b` → `a + (-b)`; without a sign, `a + (~b + 1)`.
pub(super) fn minus(site: &Site) -> Option<Rewrite> {
    let pair = site.pair()?;
    if pair.operator != Binary::Subtract {
        return None;
    }
    let kind = pair.kinds[1];
    let negative = match kind.wide(1) {
        Kind::UINT => format!("(~({}) + {})", pair.right, super::parsed::splat(kind, "1u")),
        _ => format!("(-({}))", pair.right),
    };
    site.replaced(Operator::Minus, format!("(({}) + {negative})", pair.left))
}

/// `a * 4u` → `a << 2u`, `a / 4u` → `a >> 2u`, `a % 4u` → `a & 3u`.
pub(super) fn shifted(site: &Site) -> Option<Rewrite> {
    let pair = site.pair()?;
    let digits = pair.right.strip_suffix('u')?;
    let number: u32 = digits.parse().ok().filter(|n: &u32| n.is_power_of_two())?;
    let by = number.trailing_zeros();
    let instead = match pair.operator {
        Binary::Multiply => format!("<< {by}u"),
        Binary::Divide => format!(">> {by}u"),
        Binary::Modulo => format!("& {}u", number - 1),
        _ => return None,
    };
    let scalar = pair.kinds == [Kind::UINT; 2];
    scalar
        .then(|| site.replaced(Operator::Shifted, format!("(({}) {instead})", pair.left)))
        .flatten()
}

/// `a < b` → `!(a >= b)` of integers: of floats both are false where one is no number.
pub(super) fn negated(site: &Site) -> Option<Rewrite> {
    let pair = site.pair()?;
    let opposite = match pair.sign {
        "==" => "!=",
        "!=" => "==",
        "<" => ">=",
        ">=" => "<",
        ">" => "<=",
        "<=" => ">",
        _ => return None,
    };
    let to = format!("(!(({}) {opposite} ({})))", pair.left, pair.right);
    let exact = pair.kinds.iter().all(|kind| kind.is_integer());
    exact
        .then(|| site.replaced(Operator::Negated, to))
        .flatten()
}

/// Arithmetic of vectors, component by component.
pub(super) fn components(site: &Site) -> Option<Rewrite> {
    let pair = site.pair()?;
    let width = site.value.kind.width;
    let short = site.text().len() <= LONG && !site.parsed.calls(site.span);
    if width == 1 || !short {
        return None;
    }
    let part = |text: &str, kind: Kind, name: char| match kind.width {
        1 => format!("({text})"),
        _ => format!("({text}).{name}"),
    };
    let names = "xyzw".chars().take(width.into());
    let parts: Vec<String> = names
        .map(|name| {
            let left = part(pair.left, pair.kinds[0], name);
            let right = part(pair.right, pair.kinds[1], name);
            format!("{left} {} {right}", pair.sign)
        })
        .collect();
    let to = format!("{}({})", site.value.kind.name(), parts.join(", "));
    site.replaced(Operator::Components, to)
}
