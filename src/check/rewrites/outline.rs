//! An expression in a function of its own.

use super::parsed::{Parsed, Span};
use super::site::Site;
use super::typed::Names;
use super::{Operator, Rewrite};
use crate::check::tokens::Kind;

/// Tokens of an expression that is worth a function.
const LEAST: usize = 3;

/// `a + b` → `part(a, b)`. Its parameters are the local names in it.
pub(super) fn outlined(site: &Site) -> Option<Rewrite> {
    let parsed = site.parsed;
    let (first, last) = site.span;
    if last - first + 1 < LEAST {
        return None;
    }
    let names = locals(parsed, site.span)?;
    let bytes = parsed.source.bytes(first, last);
    let name = format!("part_{}", bytes.start);
    let list = |pair: fn(&(&str, &str)) -> String| -> String {
        let texts: Vec<String> = names.iter().map(pair).collect();
        texts.join(", ")
    };
    let call = format!("{name}({})", list(|(name, _)| (*name).to_owned()));
    let function = format!(
        "\nfn {name}({}) -> {} {{ return {}; }}\n",
        list(|(name, kind)| format!("{name}: {kind}")),
        site.value.kind.name(),
        site.text()
    );
    let end = parsed.source.text.len();
    let changes = vec![(bytes.start, bytes.end, call), (end, end, function)];
    Some(parsed.rewrite(Operator::Outlined, changes, site.span))
}

/// The local names in an expression with their types; nothing where one has none that can be
/// written.
fn locals<'p>(parsed: &'p Parsed, (first, last): Span) -> Option<Vec<(&'p str, &'p str)>> {
    let source = &parsed.source;
    let own = function(parsed, first)?;
    let mut found: Vec<(&str, &str)> = Vec::new();
    for at in first..=last {
        let word = source.word(at);
        let name = source.tokens[at].kind == Kind::Word;
        if !name || source.before(at) == "." || source.word(at + 1) == "(" {
            continue;
        }
        if let Some((word, kind)) = own.get_key_value(word) {
            let pair = (word.as_str(), kind.as_deref()?);
            if !found.contains(&pair) {
                found.push(pair);
            }
        }
    }
    Some(found)
}

/// The local names of the function that a token belongs to.
fn function<'p>(parsed: &'p Parsed, at: usize) -> Option<&'p Names> {
    let declared = (0..at).rev().find(|i| parsed.source.word(*i) == "fn")?;
    parsed.typed.names.get(parsed.source.word(declared + 1))
}
