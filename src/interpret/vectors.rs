//! Functions of vectors and matrices of floats.

use naga::MathFunction as F;

use super::lane::{Lane, Relation, Unary};
use super::machine::Machine;
use super::mask::Mask;
use super::types::Kind;

/// The vector or matrix of an invocation.
fn of<L: Lane>(values: &[L], lanes: usize, lane: usize) -> Vec<L> {
    values.chunks_exact(lanes).map(|leaf| leaf[lane]).collect()
}

/// Σ a·b.
fn dot<L: Lane>(a: impl Iterator<Item = L>, b: impl Iterator<Item = L>) -> L {
    let products = a.zip(b).map(|(a, b)| a.mul(b));
    products.reduce(L::add).unwrap_or_default()
}

fn product<L: Lane>(a: &[L], b: &[L]) -> L {
    dot(a.iter().copied(), b.iter().copied())
}

fn length<L: Lane>(a: &[L]) -> L {
    match a {
        [one] => L::unary(Unary::Abs)(*one),
        _ => L::unary(Unary::Sqrt)(product(a, a)),
    }
}

fn scaled<L: Lane>(a: &[L], factor: L) -> Vec<L> {
    a.iter().map(|a| a.mul(factor)).collect()
}

fn difference<L: Lane>(a: &[L], b: &[L]) -> Vec<L> {
    a.iter().zip(b).map(|(a, b)| a.sub(*b)).collect()
}

/// Functions of whole vectors and matrices, of so many columns and rows; whether this is one.
pub(super) fn math<L: Lane>(
    fun: F,
    out: &mut [L],
    given: &[&[L]],
    (lanes, mask, shape): (usize, &Mask, [usize; 2]),
) -> bool {
    let known = [
        F::Dot,
        F::Cross,
        F::Distance,
        F::Length,
        F::Normalize,
        F::FaceForward,
        F::Reflect,
        F::Refract,
        F::Transpose,
        F::Determinant,
    ];
    if !known.contains(&fun) {
        return false;
    }
    if fun == F::Dot {
        dots(out, [given[0], given[1]], lanes, mask);
        return true;
    }
    mask.each(|lane| {
        let a: Vec<Vec<L>> = given.iter().map(|g| of(g, lanes, lane)).collect();
        let result = one(fun, &a, shape);
        let leaves = out.chunks_exact_mut(lanes);
        leaves
            .zip(result)
            .for_each(|(leaf, value)| leaf[lane] = value);
    });
    true
}

/// The scalar products of all invocations.
fn dots<L: Lane>(out: &mut [L], [a, b]: [&[L]; 2], lanes: usize, mask: &Mask) {
    let mut columns = a.chunks_exact(lanes).zip(b.chunks_exact(lanes));
    if let Some((a, b)) = columns.next() {
        super::columns::pair(out, a, b, lanes, mask, L::mul);
    }
    for (a, b) in columns {
        mask.each(|lane| out[lane] = out[lane].add(a[lane].mul(b[lane])));
    }
}

fn one<L: Lane>(fun: F, a: &[Vec<L>], [columns, rows]: [usize; 2]) -> Vec<L> {
    let number = L::number;
    match fun {
        F::Cross => {
            let part = |i: usize, j: usize| a[0][i].mul(a[1][j]).sub(a[0][j].mul(a[1][i]));
            vec![part(1, 2), part(2, 0), part(0, 1)]
        }
        F::Distance => vec![length(&difference(&a[0], &a[1]))],
        F::Length => vec![length(&a[0])],
        F::Normalize => {
            let length = length(&a[0]);
            a[0].iter().map(|a| a.div(length)).collect()
        }
        F::FaceForward => {
            let away = product(&a[1], &a[2]).compare(Relation::Less, number(0.0));
            let flip = L::unary(Unary::Negate);
            a[0].iter().map(|a| away.choose(*a, flip(*a))).collect()
        }
        F::Reflect => {
            let twice = number(2.0).mul(product(&a[1], &a[0]));
            difference(&a[0], &scaled(&a[1], twice))
        }
        F::Refract => refract(&a[0], &a[1], a[2][0]),
        F::Transpose => (0..rows * columns)
            .map(|leaf| a[0][leaf % columns * rows + leaf / columns])
            .collect(),
        F::Determinant => vec![determinant(&a[0], rows)],
        _ => Vec::new(),
    }
}

fn refract<L: Lane>(a: &[L], normal: &[L], ratio: L) -> Vec<L> {
    let (zero, one) = (L::number(0.0), L::number(1.0));
    let along = product(normal, a);
    let k = one.sub(ratio.mul(ratio).mul(one.sub(along.mul(along))));
    let factor = ratio.mul(along).add(L::unary(Unary::Sqrt)(k.greater(zero)));
    let bent = difference(&scaled(a, ratio), &scaled(normal, factor));
    let none = k.compare(Relation::Less, zero);
    bent.into_iter().map(|b| none.choose(zero, b)).collect()
}

/// By the first column.
fn determinant<L: Lane>(matrix: &[L], size: usize) -> L {
    if size == 1 {
        return matrix[0];
    }
    let mut sum: Option<L> = None;
    for row in 0..size {
        let kept = (size..size * size).filter(|leaf| leaf % size != row);
        let minor: Vec<L> = kept.map(|leaf| matrix[leaf]).collect();
        let term = matrix[row].mul(determinant(&minor, size - 1));
        sum = Some(match sum {
            None => term,
            Some(sum) if row % 2 == 1 => sum.sub(term),
            Some(sum) => sum.add(term),
        });
    }
    sum.unwrap_or_default()
}

impl<L: Lane> Machine<'_, L> {
    /// The product of two matrices, or of one with a vector.
    pub(super) fn matrix_product(
        &self,
        kinds: [&Kind; 2],
        out: &mut [L],
        [a, b]: [&[L]; 2],
        mask: &Mask,
    ) {
        let lanes = self.lanes;
        // A vector on the left is a row, one on the right a column.
        let rows = match kinds[0] {
            Kind::Matrix(_, rows) => *rows as usize,
            _ => 1,
        };
        let inner = a.len() / lanes / rows;
        mask.each(|lane| {
            for (leaf, out) in out.chunks_exact_mut(lanes).enumerate() {
                let (column, row) = (leaf / rows, leaf % rows);
                let left = (0..inner).map(|k| a[(k * rows + row) * lanes + lane]);
                let right = (0..inner).map(|k| b[(column * inner + k) * lanes + lane]);
                out[lane] = dot(left, right);
            }
        });
    }
}
