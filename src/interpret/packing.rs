//! Several numbers in a word.

use half::f16;
use naga::{MathFunction as F, ScalarKind};

use super::lane::{Lane, Unary};
use super::mask::Mask;

/// Functions that pack and unpack.
pub(super) fn math<L: Lane>(fun: F, out: &mut [L], a: &[&[L]], (n, mask): (usize, &Mask)) {
    mask.each(|lane| {
        let given: Vec<L> = a[0].chunks_exact(n).map(|leaf| leaf[lane]).collect();
        let leaves = out.chunks_exact_mut(n);
        let result = one(fun, &given);
        leaves
            .zip(result)
            .for_each(|(leaf, value)| leaf[lane] = value);
    });
}

fn one<L: Lane>(fun: F, a: &[L]) -> Vec<L> {
    match fun {
        F::Pack4x8snorm => vec![packed(a, 8, |x| steps(x, -1.0, 127.0))],
        F::Pack4x8unorm => vec![packed(a, 8, |x| steps(x, 0.0, 255.0))],
        F::Pack2x16snorm => vec![packed(a, 16, |x| steps(x, -1.0, 32767.0))],
        F::Pack2x16unorm => vec![packed(a, 16, |x| steps(x, 0.0, 65535.0))],
        F::Pack2x16float => vec![packed(a, 16, |x| {
            L::unary(Unary::ToHalf)(x).map(|b| f16::from_f32(f32::from_bits(b)).to_bits().into())
        })],
        F::Pack4xI8 | F::Pack4xU8 => vec![packed(a, 8, |x| x)],
        F::Pack4xI8Clamp => vec![packed(a, 8, |x| {
            x.map(|b| b.cast_signed().clamp(-128, 127).cast_unsigned())
        })],
        F::Pack4xU8Clamp => vec![packed(a, 8, |x| x.map(|b| b.min(255)))],
        F::Unpack4xI8 => fields(a[0], 8, true),
        F::Unpack4xU8 => fields(a[0], 8, false),
        F::Unpack4x8snorm => scaled(&fields(a[0], 8, true), (127.0, true)),
        F::Unpack4x8unorm => scaled(&fields(a[0], 8, false), (255.0, false)),
        F::Unpack2x16snorm => scaled(&fields(a[0], 16, true), (32767.0, true)),
        F::Unpack2x16unorm => scaled(&fields(a[0], 16, false), (65535.0, false)),
        F::Unpack2x16float => {
            let halves = fields(a[0], 16, false);
            let float = |half: L| {
                half.map(|bits| {
                    let half = u16::try_from(bits).unwrap_or_default();
                    f16::from_bits(half).to_f32().to_bits()
                })
            };
            halves.into_iter().map(float).collect()
        }
        _ => Vec::new(),
    }
}

/// floor(1/2 + size · clamp(x, least, 1)), as an integer.
fn steps<L: Lane>(x: L, least: f32, size: f32) -> L {
    let number = L::number;
    let x = x.greater(number(least)).lesser(number(1.0));
    let steps = number(0.5).add(number(size).mul(x));
    L::unary(Unary::Floor)(steps).to_integer(ScalarKind::Sint)
}

/// The lowest bits of each, the first one lowest.
fn packed<L: Lane>(a: &[L], width: u32, f: impl Fn(L) -> L) -> L {
    let ones = (1 << width) - 1;
    let shifts = (0..32).step_by(width as usize);
    let parts = a.iter().zip(shifts);
    let parts = parts.map(|(a, shift)| f(*a).map(|bits| (bits & ones) << shift));
    parts
        .reduce(|a, b| a.zip(b, |a, b| a | b))
        .unwrap_or_default()
}

/// The fields of a word.
fn fields<L: Lane>(word: L, width: u32, signed: bool) -> Vec<L> {
    let shifts = (0..32).step_by(width as usize);
    let field = |shift: u32| {
        word.map(|bits| {
            let up = bits << (32 - width - shift);
            match signed {
                true => (up.cast_signed() >> (32 - width)).cast_unsigned(),
                false => up >> (32 - width),
            }
        })
    };
    shifts.map(field).collect()
}

/// Integers as shares of the largest one; of signed ones −1 at the least.
fn scaled<L: Lane>(fields: &[L], (largest, signed): (f32, bool)) -> Vec<L> {
    let kind = if signed {
        ScalarKind::Sint
    } else {
        ScalarKind::Uint
    };
    let share = |field: &L| {
        let share = field.to_float(kind).div(L::number(largest));
        if signed {
            share.greater(L::number(-1.0))
        } else {
            share
        }
    };
    fields.iter().map(share).collect()
}
