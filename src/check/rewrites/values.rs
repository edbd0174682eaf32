//! Rewrites of single values.

use super::parsed::{Parsed, splat};
use super::site::Site;
use super::typed::Kind;
use super::{Operator, Rewrite, outline, pairs, reorder};

/// The rules.
const RULES: [fn(&Site) -> Option<Rewrite>; 13] = [
    chosen,
    xor,
    neutral,
    bits,
    selected,
    swapped_select,
    outline::outlined,
    pairs::commuted,
    reorder::associated,
    pairs::minus,
    pairs::shifted,
    pairs::negated,
    pairs::components,
];

/// All rewrites of values.
pub(super) fn rewrites(parsed: &Parsed) -> Vec<Rewrite> {
    let site = |value| {
        let span = parsed.tokens_of(value)?;
        Some(Site {
            parsed,
            value,
            span,
        })
    };
    let sites = parsed.typed.values.iter().filter_map(site);
    sites
        .flat_map(|site| {
            RULES
                .iter()
                .filter_map(move |rule| rule(&site))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// `a` → `select(0, a, true)`.
fn chosen(site: &Site) -> Option<Rewrite> {
    if !site.is_typed() {
        return None;
    }
    let (kind, text) = (site.value.kind.name(), site.text());
    let to = format!("select({kind}(), {text}, {})", site.parsed.always());
    site.replaced(Operator::Chosen, to)
}

/// `a` → `a ^ k ^ k`.
fn xor(site: &Site) -> Option<Rewrite> {
    let kind = site.value.kind;
    if !kind.is_integer() || !site.is_typed() {
        return None;
    }
    let size = match kind.scalar == Kind::SINT.scalar {
        true => format!("i32({})", site.parsed.size()),
        false => site.parsed.size().to_owned(),
    };
    let key = splat(kind, &size);
    site.replaced(
        Operator::Xor,
        format!("((({}) ^ {key}) ^ {key})", site.text()),
    )
}

/// `a` → `a + 0`; of floats `a * 1`, since −0 + 0 is 0.
fn neutral(site: &Site) -> Option<Rewrite> {
    let kind = site.value.kind;
    let (zero, text) = (site.parsed.zero(), site.text());
    let one = format!("f32({zero} + 1u)");
    let to = match kind.wide(1) {
        Kind::UINT => format!("(({text}) + {})", splat(kind, &zero)),
        Kind::FLOAT => format!("(({text}) * {})", splat(kind, &one)),
        _ => return None,
    };
    site.is_typed()
        .then(|| site.replaced(Operator::Neutral, to))
        .flatten()
}

/// A number as its bits, and back.
fn bits(site: &Site) -> Option<Rewrite> {
    // Not integers as floats and back: those that are no number may lose bits.
    let kind = site.value.kind;
    if kind.wide(1) != Kind::FLOAT || !site.is_typed() {
        return None;
    }
    let (own, other) = (kind.name(), Kind::UINT.wide(kind.width).name());
    let to = format!("bitcast<{own}>(bitcast<{other}>({}))", site.text());
    site.replaced(Operator::Bits, to)
}

/// `max(a, b)` and `min(a, b)` of integers as a `select`.
fn selected(site: &Site) -> Option<Rewrite> {
    if !site.value.kind.is_integer() || site.parsed.calls(site.span) {
        return None;
    }
    [("max", ">"), ("min", "<")]
        .iter()
        .find_map(|(name, sign)| {
            let arguments = site.arguments(name)?;
            let [a, b] = arguments[..] else { return None };
            let to = format!("select({b}, {a}, ({a}) {sign} ({b}))");
            site.replaced(Operator::Selected, to)
        })
}

/// `select(a, b, c)` → `select(b, a, !(c))`.
fn swapped_select(site: &Site) -> Option<Rewrite> {
    let arguments = site.arguments("select")?;
    let [a, b, c] = arguments[..] else {
        return None;
    };
    site.replaced(Operator::SwappedSelect, format!("select({b}, {a}, !({c}))"))
}
