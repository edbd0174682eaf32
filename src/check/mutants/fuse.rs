//! A fuse for the loops of a shader: it blows when a thread has taken more turns than any case
//! takes, and then ends every loop. So a fault may change what a loop's end depends on.
//!
//! Loops between fixed numbers have none: no fault keeps them from their end, and compilers would
//! no longer unroll them, which makes some shaders several times as slow.

use super::source::Source;

/// The turns that all loops of a thread have together. Some case of the check takes more than
/// 4,096, and none this many.
pub(super) const TURNS: u32 = 1 << 20;

/// A change of a text: start, end, and what stands there instead.
pub(super) type Change = (usize, usize, String);

/// The changes that give a shader a fuse; without a loop there is nothing to do.
pub(super) fn fuses(source: &Source, turns: u32) -> Vec<Change> {
    let taken = |name: &str| source.tokens.iter().any(|token| token.text == name);
    let name = ["fuse", "fuse_1", "fuse_2"].into_iter().find(|name| !taken(name));
    let name = name.unwrap_or("fuse_3");
    let turn = format!(" {name}++; if {name} > {turns}u {{ break; }}");
    let bodies = source.loop_bodies();
    let mut changes: Vec<Change> = bodies.map(|at| (at, at, turn.clone())).collect();
    if !changes.is_empty() {
        // At the end: the lines keep their numbers.
        let end = source.text.len();
        changes.push((end, end, format!("\nvar<private> {name}: u32;\n")));
    }
    changes
}

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
