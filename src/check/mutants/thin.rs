//! Fewer mutants: of faults that the same test would catch, one is enough.

use std::collections::HashSet;
use std::ops::Range;

use super::Operator;
use super::operators::Edit;
use crate::check::source::Place;
use crate::check::source::Source;

/// The edits without those for which another one stands. Of equals the last one stays: guards come
/// first in a kernel, the uses that matter after them.
pub(super) fn thinned(source: &Source, edits: Vec<Edit>) -> Vec<Edit> {
    let addresses = addresses(source, &edits);
    let in_address = |edit: &Edit| addresses.iter().any(|a| a.contains(&edit.bytes.start));
    let mut known = HashSet::new();
    let mut kept: Vec<Edit> = edits
        .into_iter()
        .rev()
        .filter(|edit| !is_arithmetic(edit.operator) || !in_address(edit))
        .filter(|edit| is_new(source, edit, &mut known))
        .collect();
    kept.reverse();
    kept
}

/// The bytes where addresses are computed that have a fault of their own: an index that is off by
/// one, a learner's stride.
fn addresses(source: &Source, edits: &[Edit]) -> Vec<Range<usize>> {
    let address = |edit: &Edit| match edit.operator {
        Operator::OffByOne => Some(edit.bytes.clone()),
        Operator::LearnerStride => {
            let statement = source.statements[edit.at];
            let last = source.statements.iter().rposition(|s| *s == statement)?;
            Some(edit.bytes.start..source.bytes(last, last).end)
        }
        _ => None,
    };
    edits.iter().filter_map(address).collect()
}

/// Whether a fault of this kind is one of calculation: in an address with another fault, or besides
/// another of its like in the same statement, it needs the same test.
fn is_arithmetic(operator: Operator) -> bool {
    matches!(operator, Operator::Sign | Operator::Factor | Operator::Bits)
}

/// What two edits share that are one fault: where, what kind, and at what.
type Key = (usize, Operator, String);

/// Whether neither the edit's statement nor its function has the same fault already.
fn is_new(source: &Source, edit: &Edit, known: &mut HashSet<Key>) -> bool {
    let (statement, function) = (source.statements[edit.at], source.functions[edit.at]);
    let in_function = in_function(source, edit).map(|what| (function, edit.operator, what));
    let in_statement = in_statement(source, edit).map(|(operator, what)| {
        // One set holds both: the blank tells them apart.
        (statement, operator, format!(" {what}"))
    });
    let keys = [in_function, in_statement];
    let new = keys.iter().flatten().all(|key| !known.contains(key));
    if new {
        known.extend(keys.into_iter().flatten());
    }
    new
}

/// What a fault is about, if once in a function is enough.
fn in_function(source: &Source, edit: &Edit) -> Option<String> {
    let at = edit.at;
    let operand = |end| source.word(source.operand_start(end)).to_owned();
    match edit.operator {
        Operator::DroppedStatement | Operator::DroppedBarrier => None,
        // One sum is one fault, whichever of its terms is lost; so is a loop that starts late, and
        // so are threads that take the wrong place, and the next learner's memory.
        Operator::Accumulation => Some(operand(at)),
        Operator::Constant if source.places[at] == Place::Start => Some(String::new()),
        Operator::Transposed if operand(at + 1) == "id" => Some("id".to_owned()),
        Operator::LearnerStride if edit.to != "0u" => Some(String::new()),
        // A change of units, such as `/ 4u`, whatever it is that changes.
        operator if is_arithmetic(operator) && source.is_number(at + 1) => {
            Some(source.word(at).to_owned())
        }
        _ => Some(format!(
            "{} -> {}",
            &source.text[edit.shown.clone()],
            edit.to
        )),
    }
}

/// What a fault is about, and the kind that stands for its like, if once in a statement is enough.
fn in_statement<'a>(source: &Source<'a>, edit: &Edit) -> Option<(Operator, &'a str)> {
    match edit.operator {
        operator if is_arithmetic(operator) => Some((Operator::Sign, "")),
        Operator::Relation if matches!(source.word(edit.at), "&&" | "||") => {
            Some((Operator::Relation, "&&"))
        }
        Operator::Transposed if source.before(edit.at) == "." => Some((Operator::Transposed, ".")),
        // One variable for another.
        Operator::Transposed | Operator::SwappedParameter => Some((Operator::Transposed, "")),
        Operator::Relation | Operator::Constant => Some((edit.operator, "")),
        _ => None,
    }
}
