//! Loops over the scalars of all invocations. A column has one scalar per invocation; a value is its
//! columns, leaf by leaf.

use super::lane::Lane;
use super::mask::Mask;

/// The column of a leaf; of a scalar always its only one.
#[inline]
fn column<L>(values: &[L], leaf: usize, lanes: usize) -> &[L] {
    let first = if values.len() == lanes {
        0
    } else {
        leaf * lanes
    };
    &values[first..][..lanes]
}

/// `out` = f(a), leaf by leaf.
#[inline]
pub(super) fn each<L: Lane>(out: &mut [L], a: &[L], lanes: usize, mask: &Mask, f: impl Fn(L) -> L) {
    let full = mask.count() == lanes;
    for (leaf, out) in out.chunks_exact_mut(lanes).enumerate() {
        let a = column(a, leaf, lanes);
        match full {
            true => out.iter_mut().zip(a).for_each(|(out, a)| *out = f(*a)),
            false => mask.each(|lane| out[lane] = f(a[lane])),
        }
    }
}

/// `out` = f(a, b), leaf by leaf; a scalar goes with every leaf of a vector.
#[inline]
pub(super) fn pair<L: Lane>(
    out: &mut [L],
    a: &[L],
    b: &[L],
    lanes: usize,
    mask: &Mask,
    f: impl Fn(L, L) -> L,
) {
    let full = mask.count() == lanes;
    for (leaf, out) in out.chunks_exact_mut(lanes).enumerate() {
        let (a, b) = (column(a, leaf, lanes), column(b, leaf, lanes));
        match full {
            true => {
                let pairs = a.iter().zip(b);
                out.iter_mut()
                    .zip(pairs)
                    .for_each(|(out, (a, b))| *out = f(*a, *b));
            }
            false => mask.each(|lane| out[lane] = f(a[lane], b[lane])),
        }
    }
}

/// `out` = f(a, b, c), likewise.
pub(super) fn triple<L: Lane>(
    out: &mut [L],
    [a, b, c]: [&[L]; 3],
    lanes: usize,
    mask: &Mask,
    f: impl Fn(L, L, L) -> L,
) {
    for (leaf, out) in out.chunks_exact_mut(lanes).enumerate() {
        let [a, b, c] = [a, b, c].map(|values| column(values, leaf, lanes));
        mask.each(|lane| out[lane] = f(a[lane], b[lane], c[lane]));
    }
}
