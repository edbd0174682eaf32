//! Expressions, each for all invocations at once. What those that are not asked for get is not used.

use naga::{BinaryOperator, Expression, Handle, Literal, ScalarKind, UnaryOperator};

use super::columns::{each, pair};
use super::integers;
use super::lane::{Lane, Relation, Unary};
use super::machine::{Machine, Place, Pointer};
use super::mask::Mask;
use super::types::{Id, Kind};

impl<L: Lane> Machine<'_, L> {
    /// Evaluates an expression whose operands have been evaluated.
    pub(super) fn evaluate(&mut self, code: usize, handle: Handle<Expression>, mask: &Mask) {
        let program = self.program;
        let expression = &program.expressions(code)[handle];
        let id = program.codes[code].types[handle.index()];
        if matches!(program.types.kind(id), Kind::Pointer(_)) {
            self.point(code, handle, mask);
            return;
        }
        let leaves = program.types.get(id).leaves as usize;
        let mut out = std::mem::take(&mut self.frames[code].values[handle.index()]);
        out.resize(leaves * self.lanes, L::word(0));
        match expression {
            Expression::Load { pointer } => {
                self.read(code, *pointer, &mut out, mask);
            }
            Expression::ArrayLength(pointer) => self.length(code, *pointer, &mut out),
            Expression::Access { base, index } => {
                self.element(code, (handle, *base, *index), &mut out, mask);
            }
            _ => self.compute(code, (expression, id), &mut out, mask),
        }
        self.frames[code].values[handle.index()] = out;
    }

    /// Evaluates what touches no memory.
    fn compute(
        &self,
        code: usize,
        (expression, id): (&Expression, Id),
        out: &mut [L],
        mask: &Mask,
    ) {
        let of = |handle: Handle<Expression>| &self.frames[code].values[handle.index()][..];
        let types = &self.program.types;
        let lanes = self.lanes;
        match expression {
            Expression::Literal(literal) => out.fill(L::word(bits(*literal))),
            Expression::ZeroValue(_) => out.fill(L::word(0)),
            Expression::Constant(constant) => {
                let init = self.program.module.constants[*constant].init;
                out.copy_from_slice(&self.frames[0].values[init.index()]);
            }
            Expression::Compose { components, .. } => {
                let mut rest = out;
                for component in components {
                    let (own, others) = rest.split_at_mut(of(*component).len());
                    own.copy_from_slice(of(*component));
                    rest = others;
                }
            }
            Expression::Splat { value, .. } => {
                let leaves = out.chunks_exact_mut(lanes);
                leaves.for_each(|leaf| leaf.copy_from_slice(of(*value)));
            }
            Expression::Swizzle {
                vector, pattern, ..
            } => {
                for (leaf, from) in out.chunks_exact_mut(lanes).zip(pattern) {
                    leaf.copy_from_slice(&of(*vector)[*from as usize * lanes..][..lanes]);
                }
            }
            Expression::AccessIndex { base, index } => {
                let base_id = self.program.codes[code].types[base.index()];
                let first = match types.kind(base_id) {
                    Kind::Struct(members) => members[*index as usize].leaf,
                    _ => index * types.get(id).leaves,
                };
                out.copy_from_slice(&of(*base)[first as usize * lanes..][..out.len()]);
            }
            Expression::Unary { op, expr } => {
                self.unary((*op, types.scalar(id)), out, of(*expr), mask);
            }
            Expression::Binary { op, left, right } => {
                let ids = [*left, *right].map(|h| self.program.codes[code].types[h.index()]);
                self.binary((*op, ids), out, [of(*left), of(*right)], mask);
            }
            Expression::Select {
                condition,
                accept,
                reject,
            } => {
                let condition = of(*condition);
                let (accept, reject) = (of(*accept), of(*reject));
                let one = condition.len() == lanes;
                mask.each(|lane| {
                    for leaf in 0..out.len() / lanes {
                        let at = leaf * lanes + lane;
                        let condition = condition[if one { lane } else { at }];
                        out[at] = condition.choose(accept[at], reject[at]);
                    }
                });
            }
            Expression::Relational { fun, argument } => {
                self.relational(*fun, out, of(*argument), mask);
            }
            Expression::As {
                expr,
                kind,
                convert,
            } => {
                let from = types.scalar(self.program.codes[code].types[expr.index()]);
                let f = match convert {
                    None => |value, _, _| value,
                    Some(_) => converted::<L>,
                };
                each(out, of(*expr), lanes, mask, |value| f(value, from, *kind));
            }
            Expression::Math {
                fun,
                arg,
                arg1,
                arg2,
                arg3,
            } => {
                let arg_id = self.program.codes[code].types[arg.index()];
                let kind = types.scalar(arg_id);
                let given = [Some(*arg), *arg1, *arg2, *arg3];
                let arguments: Vec<&[L]> = given.into_iter().flatten().map(of).collect();
                self.math((*fun, kind, arg_id), out, &arguments, mask);
            }
            // Results are set by the statements that they are of; arguments by the call.
            _ => {}
        }
    }

    fn unary(&self, (op, kind): (UnaryOperator, ScalarKind), out: &mut [L], a: &[L], mask: &Mask) {
        let lanes = self.lanes;
        match (op, kind) {
            (UnaryOperator::Negate, ScalarKind::Float) => {
                each(out, a, lanes, mask, L::unary(Unary::Negate));
            }
            (UnaryOperator::Negate, _) => {
                each(out, a, lanes, mask, |a| a.map(u32::wrapping_neg));
            }
            (UnaryOperator::LogicalNot, _) => each(out, a, lanes, mask, |a| a.map(|a| a ^ 1)),
            (UnaryOperator::BitwiseNot, _) => each(out, a, lanes, mask, |a| a.map(|a| !a)),
        }
    }

    fn binary(
        &self,
        (op, ids): (BinaryOperator, [Id; 2]),
        out: &mut [L],
        values: [&[L]; 2],
        mask: &Mask,
    ) {
        let types = &self.program.types;
        let matrix = |id: Id| matches!(types.kind(id), Kind::Matrix(..));
        let scalar = |id: Id| matches!(types.kind(id), Kind::Scalar(_));
        let either = ids.iter().any(|id| matrix(*id)) && !ids.iter().any(|id| scalar(*id));
        if op == BinaryOperator::Multiply && either {
            let kinds = ids.map(|id| types.kind(id));
            self.matrix_product(kinds, out, values, mask);
            return;
        }
        match types.scalar(ids[0]) {
            ScalarKind::Float => self.floats(op, out, values, mask),
            kind => integers::binary((op, kind), out, values, (self.lanes, mask)),
        }
    }

    fn floats(&self, op: BinaryOperator, out: &mut [L], [a, b]: [&[L]; 2], mask: &Mask) {
        use BinaryOperator as Op;
        let n = self.lanes;
        let not = |value: L| value.map(|bit| bit ^ 1);
        match op {
            Op::Add => pair(out, a, b, n, mask, L::add),
            Op::Subtract => pair(out, a, b, n, mask, L::sub),
            Op::Multiply => pair(out, a, b, n, mask, L::mul),
            Op::Divide => pair(out, a, b, n, mask, L::div),
            Op::Modulo => pair(out, a, b, n, mask, |a, b| {
                let turns = L::unary(Unary::Trunc)(a.div(b));
                a.sub(b.mul(turns))
            }),
            Op::Equal => pair(out, a, b, n, mask, |a, b| a.compare(Relation::Equal, b)),
            Op::NotEqual => pair(
                out,
                a,
                b,
                n,
                mask,
                |a, b| not(a.compare(Relation::Equal, b)),
            ),
            Op::Less => pair(out, a, b, n, mask, |a, b| a.compare(Relation::Less, b)),
            Op::LessEqual => pair(out, a, b, n, mask, |a, b| a.compare(Relation::LessEqual, b)),
            Op::Greater => pair(out, a, b, n, mask, |a, b| b.compare(Relation::Less, a)),
            Op::GreaterEqual => pair(out, a, b, n, mask, |a, b| b.compare(Relation::LessEqual, a)),
            // Not of floats.
            _ => {}
        }
    }

    fn relational(
        &self,
        fun: naga::RelationalFunction,
        out: &mut [L],
        argument: &[L],
        mask: &Mask,
    ) {
        use naga::RelationalFunction as F;
        let lanes = self.lanes;
        let joined = |f: fn(L, L) -> L, lane: usize| {
            let leaves = argument.chunks_exact(lanes).map(|leaf| leaf[lane]);
            leaves.reduce(f).unwrap_or_default()
        };
        match fun {
            F::All => mask.each(|lane| out[lane] = joined(integers::and, lane)),
            F::Any => mask.each(|lane| out[lane] = joined(integers::or, lane)),
            F::IsNan => each(out, argument, lanes, mask, |a| {
                a.map(|bits| u32::from(f32::from_bits(bits).is_nan()))
            }),
            F::IsInf => each(out, argument, lanes, mask, |a| {
                a.map(|bits| u32::from(f32::from_bits(bits).is_infinite()))
            }),
        }
    }

    /// The number of elements of an array at the end of a buffer.
    fn length(&self, code: usize, pointer: Handle<Expression>, out: &mut [L]) {
        let Some(pointer) = &self.frames[code].pointers[pointer.index()] else {
            return;
        };
        let count = self.count(pointer);
        out.fill(L::word(count));
    }

    /// The elements that what a pointer points to has.
    pub(super) fn count(&self, pointer: &Pointer) -> u32 {
        let types = &self.program.types;
        types.count(pointer.id).unwrap_or_else(|| {
            let Place::Global(variable) = pointer.place else {
                return 0;
            };
            let words = self.globals[variable].as_ref().map_or(0, |r| r.cells.len());
            let rest = words - pointer.at.first().map_or(0, |at| *at as usize);
            let stride = types.stride(pointer.id, true).max(1);
            u32::try_from(rest).unwrap_or(u32::MAX) / stride
        })
    }
}

/// A literal's bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "abstract numbers fit where they are used"
)]
fn bits(literal: Literal) -> u32 {
    match literal {
        Literal::F32(value) => value.to_bits(),
        Literal::U32(value) => value,
        Literal::I32(value) => value.cast_unsigned(),
        Literal::Bool(value) => value.into(),
        Literal::AbstractInt(value) => (value as i32).cast_unsigned(),
        Literal::AbstractFloat(value) => (value as f32).to_bits(),
        Literal::F64(_)
        | Literal::F16(_)
        | Literal::U16(_)
        | Literal::I16(_)
        | Literal::U64(_)
        | Literal::I64(_) => 0,
    }
}

/// A number of one kind as one of another.
fn converted<L: Lane>(value: L, from: ScalarKind, to: ScalarKind) -> L {
    use ScalarKind::{Bool, Float};
    match (from, to) {
        (Float, Float) => value,
        (Float, Bool) => {
            let zero = value.compare(Relation::Equal, L::word(0));
            zero.map(|bit| bit ^ 1)
        }
        (Float, to) => value.to_integer(to),
        (from, Float) => value.to_float(from),
        (_, Bool) => value.map(|bits| u32::from(bits != 0)),
        _ => value,
    }
}
