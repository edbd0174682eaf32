//! What the interpreter does not do, refused in words before anything runs.

use naga::{AddressSpace, Block, BuiltIn, Expression, MathFunction, Scalar, ScalarKind};
use naga::{Span, Statement, TypeInner};

use super::mask::MOST;
use super::program::Program;
use crate::error::{Error, Result};

/// Whether a program can run here.
pub(super) fn check(program: &Program) -> Result<()> {
    let lanes = program.lanes();
    if lanes > MOST {
        return Err(refusal(
            program,
            &format!("workgroups of {lanes} invocations (it takes {MOST})"),
            Span::default(),
        ));
    }
    for (handle, ty) in program.module.types.iter() {
        if let Some(what) = unknown_type(&ty.inner) {
            return Err(refusal(
                program,
                what,
                program.module.types.get_span(handle),
            ));
        }
    }
    for (handle, variable) in program.module.global_variables.iter() {
        let what = match variable.space {
            AddressSpace::Handle => "textures and samplers",
            AddressSpace::Immediate => "immediates",
            _ => continue,
        };
        let span = program.module.global_variables.get_span(handle);
        return Err(refusal(program, what, span));
    }
    for code in 0..program.codes.len() {
        for (handle, expression) in program.expressions(code).iter() {
            if let Some(what) = unknown_expression(expression) {
                let span = program.expressions(code).get_span(handle);
                return Err(refusal(program, what, span));
            }
        }
        if let Some(function) = program.function(code) {
            check_block(program, &function.body)?;
        }
    }
    check_arguments(program)
}

/// The entry point's arguments.
fn check_arguments(program: &Program) -> Result<()> {
    let known = |binding: &Option<naga::Binding>| {
        matches!(
            binding,
            None | Some(naga::Binding::BuiltIn(
                BuiltIn::GlobalInvocationId
                    | BuiltIn::LocalInvocationId
                    | BuiltIn::LocalInvocationIndex
                    | BuiltIn::WorkGroupId
                    | BuiltIn::WorkGroupSize
                    | BuiltIn::NumWorkGroups
            ))
        )
    };
    let function = &program.module.entry_points[0].function;
    for argument in &function.arguments {
        let members = match &program.module.types[argument.ty].inner {
            TypeInner::Struct { members, .. } => &members[..],
            _ => &[],
        };
        if !known(&argument.binding) || !members.iter().all(|m| known(&m.binding)) {
            let what = "builtins of subgroups";
            return Err(refusal(program, what, Span::default()));
        }
    }
    Ok(())
}

fn refusal(program: &Program, what: &str, span: Span) -> Error {
    let place = match span.is_defined() {
        true => {
            let at = span.location(&program.source);
            format!(" (line {}, column {})", at.line_number, at.line_position)
        }
        false => String::new(),
    };
    Error::Shader(format!(
        "the interpreter does not run {what}{place}: it knows f32, i32, u32 and bool, buffers and \
         memory of workgroups and invocations"
    ))
}

fn unknown_scalar(scalar: Scalar) -> Option<&'static str> {
    match (scalar.kind, scalar.width) {
        (ScalarKind::Bool | ScalarKind::AbstractInt | ScalarKind::AbstractFloat, _) | (_, 4) => {
            None
        }
        (ScalarKind::Float, 2) => Some("f16"),
        (ScalarKind::Float, _) => Some("f64"),
        _ => Some("integers of other than 32 bits"),
    }
}

fn unknown_type(inner: &TypeInner) -> Option<&'static str> {
    match inner {
        TypeInner::Scalar(scalar)
        | TypeInner::Vector { scalar, .. }
        | TypeInner::Matrix { scalar, .. }
        | TypeInner::ValuePointer { scalar, .. } => unknown_scalar(*scalar),
        TypeInner::Atomic(scalar) if scalar.kind == ScalarKind::Float => Some("atomic floats"),
        TypeInner::Atomic(scalar) => unknown_scalar(*scalar),
        TypeInner::Pointer { .. } | TypeInner::Array { .. } | TypeInner::Struct { .. } => None,
        TypeInner::Image { .. } | TypeInner::Sampler { .. } => Some("textures and samplers"),
        TypeInner::BindingArray { .. } => Some("arrays of bindings"),
        TypeInner::CooperativeMatrix { .. } => Some("cooperative matrices"),
        TypeInner::AccelerationStructure { .. } | TypeInner::RayQuery { .. } => Some("rays"),
    }
}

fn unknown_expression(expression: &Expression) -> Option<&'static str> {
    match expression {
        Expression::Math {
            fun: MathFunction::Outer | MathFunction::Inverse,
            ..
        } => Some("this function"),
        Expression::SubgroupBallotResult | Expression::SubgroupOperationResult { .. } => {
            Some("operations of subgroups")
        }
        Expression::Derivative { .. } => Some("derivatives"),
        _ => None,
    }
}

fn check_block(program: &Program, block: &Block) -> Result<()> {
    for (statement, span) in block.span_iter() {
        let what = match statement {
            Statement::Block(block) => {
                check_block(program, block)?;
                continue;
            }
            Statement::If { accept, reject, .. } => {
                check_block(program, accept)?;
                check_block(program, reject)?;
                continue;
            }
            Statement::Switch { cases, .. } => {
                let mut bodies = cases.iter().map(|case| &case.body);
                bodies.try_for_each(|body| check_block(program, body))?;
                continue;
            }
            Statement::Loop {
                body, continuing, ..
            } => {
                check_block(program, body)?;
                check_block(program, continuing)?;
                continue;
            }
            Statement::SubgroupBallot { .. }
            | Statement::SubgroupGather { .. }
            | Statement::SubgroupCollectiveOperation { .. } => "operations of subgroups",
            Statement::ControlBarrier(barrier) | Statement::MemoryBarrier(barrier) => {
                if !barrier.contains(naga::Barrier::SUB_GROUP) {
                    continue;
                }
                "barriers of subgroups"
            }
            Statement::Emit(_)
            | Statement::Break
            | Statement::Continue
            | Statement::Return { .. }
            | Statement::Store { .. }
            | Statement::Atomic { .. }
            | Statement::WorkGroupUniformLoad { .. }
            | Statement::Call { .. } => continue,
            Statement::Kill
            | Statement::ImageStore { .. }
            | Statement::ImageAtomic { .. }
            | Statement::RayQuery { .. }
            | Statement::RayPipelineFunction(_)
            | Statement::CooperativeStore { .. } => "this statement",
        };
        return Err(refusal(program, what, *span));
    }
    Ok(())
}
