//! Functions of integers.

use naga::{MathFunction as F, ScalarKind};

use super::columns::{each, pair, triple};
use super::lane::Lane;
use super::mask::Mask;

/// Functions of integers; whether this is one.
pub(super) fn math<L: Lane>(
    (fun, kind): (F, ScalarKind),
    out: &mut [L],
    a: &[&[L]],
    (n, mask): (usize, &Mask),
) -> bool {
    let signed = kind == ScalarKind::Sint;
    macro_rules! map {
        ($f:expr) => {
            each(out, a[0], n, mask, |x: L| x.map($f))
        };
    }
    let least = |a: u32, b: u32| match signed {
        true => a.cast_signed().min(b.cast_signed()).cast_unsigned(),
        false => a.min(b),
    };
    let most = |a: u32, b: u32| match signed {
        true => a.cast_signed().max(b.cast_signed()).cast_unsigned(),
        false => a.max(b),
    };
    match fun {
        F::Abs if signed => map!(|x| x.cast_signed().unsigned_abs()),
        F::Abs => map!(|x| x),
        F::Sign => map!(|x| x.cast_signed().signum().cast_unsigned()),
        F::Min => pair(out, a[0], a[1], n, mask, |x: L, y: L| x.zip(y, least)),
        F::Max => pair(out, a[0], a[1], n, mask, |x: L, y: L| x.zip(y, most)),
        F::Clamp => triple(out, [a[0], a[1], a[2]], n, mask, |x: L, low: L, high| {
            x.zip(low, most).zip(high, least)
        }),
        F::CountTrailingZeros => map!(u32::trailing_zeros),
        F::CountLeadingZeros => map!(u32::leading_zeros),
        F::CountOneBits => map!(u32::count_ones),
        F::ReverseBits => map!(u32::reverse_bits),
        F::FirstTrailingBit => map!(|x| if x == 0 { u32::MAX } else { x.trailing_zeros() }),
        F::FirstLeadingBit => map!(|x| {
            let x = if signed && x.cast_signed() < 0 { !x } else { x };
            if x == 0 {
                u32::MAX
            } else {
                31 - x.leading_zeros()
            }
        }),
        F::ExtractBits => triple(out, [a[0], a[1], a[2]], n, mask, |x, offset, count| {
            all([x, offset, count], |[x, offset, count]| {
                extracted(x, [offset, count], signed)
            })
        }),
        F::InsertBits => insert(out, a, (n, mask)),
        F::Dot => {
            let columns = |a: &[L], lane: usize| -> Vec<L> {
                a.chunks_exact(n).map(|leaf| leaf[lane]).collect()
            };
            mask.each(|lane| {
                let (x, y) = (columns(a[0], lane), columns(a[1], lane));
                let products = x.iter().zip(&y).map(|(x, y)| x.zip(*y, u32::wrapping_mul));
                let sum = products.reduce(|x, y| x.zip(y, u32::wrapping_add));
                out[lane] = sum.unwrap_or_default();
            });
        }
        F::Dot4I8Packed => pair(out, a[0], a[1], n, mask, |x: L, y: L| x.zip(y, dot_signed)),
        F::Dot4U8Packed => pair(out, a[0], a[1], n, mask, |x: L, y: L| {
            x.zip(y, dot_unsigned)
        }),
        _ => return false,
    }
    true
}

/// A function of several words.
fn all<L: Lane, const N: usize>(given: [L; N], f: impl Fn([u32; N]) -> u32) -> L {
    let bits = given.map(L::bits);
    match bits.iter().all(Option::is_some) {
        true => L::word(f(bits.map(Option::unwrap_or_default))),
        false => L::UNDECIDED,
    }
}

/// `count` ones from bit `offset` on.
fn field([offset, count]: [u32; 2]) -> (u32, u32, u32) {
    let offset = offset.min(32);
    let count = count.min(32 - offset);
    let ones = if count == 32 {
        u32::MAX
    } else {
        (1 << count) - 1
    };
    (offset, count, ones)
}

fn extracted(x: u32, place: [u32; 2], signed: bool) -> u32 {
    let (offset, count, ones) = field(place);
    if count == 0 {
        return 0;
    }
    let bits = x >> offset & ones;
    match signed && bits >> (count - 1) & 1 == 1 {
        true => bits | !ones,
        false => bits,
    }
}

fn insert<L: Lane>(out: &mut [L], a: &[&[L]], (n, mask): (usize, &Mask)) {
    for (leaf, out) in out.chunks_exact_mut(n).enumerate() {
        mask.each(|lane| {
            let at = leaf * n + lane;
            let given = [a[0][at], a[1][at], a[2][lane], a[3][lane]];
            out[lane] = all(given, |[x, new, offset, count]| {
                let (offset, count, ones) = field([offset, count]);
                match count {
                    0 => x,
                    _ => x & !(ones << offset) | (new & ones) << offset,
                }
            });
        });
    }
}

fn dot_signed(x: u32, y: u32) -> u32 {
    let bytes = |x: u32| x.to_le_bytes().map(|b| i32::from(b.cast_signed()));
    let products = bytes(x).into_iter().zip(bytes(y)).map(|(x, y)| x * y);
    products.sum::<i32>().cast_unsigned()
}

fn dot_unsigned(x: u32, y: u32) -> u32 {
    let bytes = |x: u32| x.to_le_bytes().map(u32::from);
    let products = bytes(x).into_iter().zip(bytes(y)).map(|(x, y)| x * y);
    products.sum()
}
