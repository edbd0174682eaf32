//! Reference of `sample_order`: entry permutation(epoch, t mod n) of the learner's list, with
//! t = (clock + step)·rows + row and epoch = t div n. Integers: exact.
//!
//! The permutation is `random::permuted`, whose own tests hold it against published numbers.

use super::Family;
use crate::check::case::{Case, Want, poison};
use crate::check::shape::{Fill, Shape, Source, around};
use crate::kernel::{Learner, Progress, SAMPLE_ORDER, SampleOrder};
use crate::random::permuted;

pub(super) const FAMILY: Family = Family {
    kernel: &SAMPLE_ORDER,
    shapes,
    fit,
    case,
};

fn shapes() -> Vec<Shape> {
    let tiles = around(&SAMPLE_ORDER).into_iter().enumerate();
    let mut shapes: Vec<Shape> = tiles
        .map(|(place, [x, _])| {
            let list = [1, 2, 3, 64, 65, 1000, 7][place % 7];
            Shape::new(x, list, [1, 2, 1, 5, 8][place % 5], [1, 3, 2, 5][place % 4])
        })
        .collect();
    shapes.extend([
        Shape::new(64, 60_000, 8, 1),
        Shape::new(64, 5421, 1, 64),
        Shape::new(65, 100, 1, 33_000),
    ]);
    shapes
}

/// Any number of steps, which are the outputs.
fn fit(shape: Shape) -> Shape {
    shape
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let Shape {
        rows,
        inputs,
        outputs,
        learners,
    } = shape;
    let params = SampleOrder {
        rows,
        steps: outputs,
        learners,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let keys = source.below(2 * learners, u32::MAX);
    // A clock that counts beyond 2³² samples goes on from zero.
    let latest = if fill == Fill::Large { u32::MAX } else { 5000 };
    let clocks = source.below(learners, latest);
    let settings: Vec<Learner> = (0..learners)
        .map(|i| Learner {
            key: [keys[2 * i as usize], keys[2 * i as usize + 1]],
            list_start: 3 * (i % 100),
            list_length: inputs + i % 17,
            ..Default::default()
        })
        .collect();
    let progress: Vec<Progress> = clocks
        .iter()
        .map(|&step| Progress {
            step,
            ..Default::default()
        })
        .collect();
    let lists = source.below(300 + inputs + 17, u32::MAX);
    let mut order = Vec::new();
    for step in 0..params.steps {
        for (l, clock) in settings.iter().zip(&clocks) {
            let start = clock.wrapping_add(step).wrapping_mul(rows);
            order.extend((0..rows).map(|row| Want::Word(entry(l, start, row, &lists))));
        }
    }
    let inputs = vec![
        bytemuck::cast_slice(&settings).to_vec(),
        bytemuck::cast_slice(&progress).to_vec(),
        lists.clone(),
        poison(params.steps * learners * rows),
    ];
    Case::new((shape, fill, seed), &params, learners, inputs).wants(3, order)
}

fn entry(l: &Learner, start: u32, row: u32, lists: &[u32]) -> u32 {
    let at = start.wrapping_add(row);
    let n = l.list_length;
    let place = permuted(l.key, at / n, n, at % n);
    lists[(l.list_start + place) as usize]
}
