//! Integers and bools as WGSL has them: they wrap, shifts count modulo 32, and a division that has no
//! result yields its dividend.

use naga::{BinaryOperator as Op, ScalarKind};

use super::columns::pair;
use super::lane::Lane;
use super::mask::Mask;

/// Both bools; one that is false settles it.
pub(super) fn and<L: Lane>(a: L, b: L) -> L {
    match (a.bits(), b.bits()) {
        (Some(0), _) | (_, Some(0)) => L::word(0),
        _ => a.zip(b, |a, b| a & b),
    }
}

/// Either bool; one that is true settles it.
pub(super) fn or<L: Lane>(a: L, b: L) -> L {
    match (a.bits(), b.bits()) {
        (Some(1), _) | (_, Some(1)) => L::word(1),
        _ => a.zip(b, |a, b| a | b),
    }
}

fn quotient(a: u32, b: u32, kind: ScalarKind) -> u32 {
    match (kind, b) {
        (_, 0) => a,
        (ScalarKind::Sint, _) => {
            let (a, b) = (a.cast_signed(), b.cast_signed());
            a.wrapping_div(b).cast_unsigned()
        }
        _ => a / b,
    }
}

fn remainder(a: u32, b: u32, kind: ScalarKind) -> u32 {
    match (kind, b) {
        (_, 0) => 0,
        (ScalarKind::Sint, _) => {
            let (a, b) = (a.cast_signed(), b.cast_signed());
            a.wrapping_rem(b).cast_unsigned()
        }
        _ => a % b,
    }
}

/// A binary operation on integers or bools.
pub(super) fn binary<L: Lane>(
    (op, kind): (Op, ScalarKind),
    out: &mut [L],
    [a, b]: [&[L]; 2],
    (n, mask): (usize, &Mask),
) {
    let signed = kind == ScalarKind::Sint;
    macro_rules! zip {
        ($f:expr) => {
            pair(out, a, b, n, mask, |a: L, b: L| a.zip(b, $f))
        };
    }
    let less = |a: u32, b: u32| match signed {
        true => a.cast_signed() < b.cast_signed(),
        false => a < b,
    };
    match op {
        Op::Add => zip!(u32::wrapping_add),
        Op::Subtract => zip!(u32::wrapping_sub),
        Op::Multiply => zip!(u32::wrapping_mul),
        Op::Divide => zip!(|a, b| quotient(a, b, kind)),
        Op::Modulo => zip!(|a, b| remainder(a, b, kind)),
        Op::Equal => zip!(|a, b| u32::from(a == b)),
        Op::NotEqual => zip!(|a, b| u32::from(a != b)),
        Op::Less => zip!(|a, b| less(a, b).into()),
        Op::Greater => zip!(|a, b| less(b, a).into()),
        Op::LessEqual => zip!(|a, b| (!less(b, a)).into()),
        Op::GreaterEqual => zip!(|a, b| (!less(a, b)).into()),
        Op::ExclusiveOr => zip!(|a, b| a ^ b),
        Op::And | Op::LogicalAnd if kind == ScalarKind::Bool => pair(out, a, b, n, mask, and),
        Op::InclusiveOr | Op::LogicalOr if kind == ScalarKind::Bool => {
            pair(out, a, b, n, mask, or);
        }
        Op::And | Op::LogicalAnd => zip!(|a, b| a & b),
        Op::InclusiveOr | Op::LogicalOr => zip!(|a, b| a | b),
        Op::ShiftLeft => zip!(u32::wrapping_shl),
        Op::ShiftRight if signed => {
            zip!(|a, b| a.cast_signed().wrapping_shr(b).cast_unsigned())
        }
        Op::ShiftRight => zip!(u32::wrapping_shr),
    }
}
