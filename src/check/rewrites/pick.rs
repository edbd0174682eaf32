//! Which rewrites are made.

use super::{Rewrite, Stack};
use crate::random::threefry2x32;

/// Stacks of each shader.
const STACKS: u32 = 6;
/// Rewrites of a stack: from three to five.
const LEAST: u32 = 3;
/// See `LEAST`.
const MOST: u32 = 5;
/// Draws in search of one that fits on a stack.
const DRAWS: u32 = 60;

/// A number below `end` for a purpose.
fn below(seed: u32, purpose: [u32; 2], end: usize) -> usize {
    let [word, _] = threefry2x32([seed, 0x0072_6577], purpose);
    word as usize % end.max(1)
}

/// From candidates in order of their operators: one of each operator, then stacks of several
/// operators.
pub(super) fn stacks(wgsl: &str, candidates: Vec<Rewrite>, seed: u32) -> Vec<Stack> {
    let operators: Vec<&[Rewrite]> = candidates
        .chunk_by(|a, b| a.operator == b.operator)
        .collect();
    let draw = |group: &[Rewrite], purpose| group[below(seed, purpose, group.len())].clone();
    let alone = operators.iter().zip(0..).map(|(group, number)| Stack {
        rewrites: vec![draw(group, [number, 0])],
    });
    let mut found: Vec<Stack> = alone.collect();
    for stack in 1..=STACKS {
        let size = LEAST as usize + below(seed, [0, stack], (MOST - LEAST + 1) as usize);
        let mut rewrites: Vec<Rewrite> = Vec::new();
        for number in 1..=DRAWS {
            if rewrites.len() == size || operators.is_empty() {
                break;
            }
            let group = operators[below(seed, [2 * number, stack], operators.len())];
            let next = draw(group, [2 * number + 1, stack]);
            let fits = |r: &Rewrite| r.is_apart_from(&next, wgsl.len());
            if rewrites.iter().all(fits) {
                rewrites.push(next);
            }
        }
        rewrites.sort_by_key(|rewrite| rewrite.line);
        found.push(Stack { rewrites });
    }
    found.retain(|stack| !stack.rewrites.is_empty());
    found
}
