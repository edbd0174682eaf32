//! Whether the fault is in the shader or in the device: what the interpreter makes of the same shader.

use crate::interpret::{Finding, Memory, Program};
use crate::kernels::case::{Case, POISON};
use crate::kernels::{Cause, Expected, WINDOW};

/// Threads of a dispatch that the interpreter runs in a reasonable time, and words of the buffers.
const THREADS: u64 = 1 << 16;
const WORDS: usize = 1 << 22;

/// What the interpreter makes of a shader with a case's inputs, as a sentence, compared with what a device
/// made of it; none where it cannot run it, or not in a reasonable time.
pub(crate) fn interpreted(
    wgsl: &str,
    case: &Case,
    workgroups: [u32; 3],
    recorded: &Cause,
) -> Option<String> {
    let program = Program::new(wgsl, Some(case.kernel.name)).ok()?;
    let sizes = [program.workgroup_size(), workgroups].concat();
    let mut threads = sizes.iter();
    let threads = threads.try_fold(1u64, |all, n| all.checked_mul(u64::from(*n)))?;
    let words: usize = case.inputs.iter().map(Vec::len).sum();
    if threads > THREADS || words > WORDS {
        return None;
    }
    let places: Vec<Option<usize>> = program
        .bindings()
        .iter()
        .map(|bound| place(case, bound))
        .collect();
    let memory = places.iter().map(|place| memory(case, *place));
    let mut buffers: Vec<Memory> = memory.collect();
    let findings = program.run(&mut buffers, workgroups).ok()?;
    if let Some(fault) = findings.iter().find(|finding| finding.kind.is_fault()) {
        return Some(undefined(fault));
    }
    let mut after: Vec<Vec<u32>> = case.inputs.clone();
    for (place, buffer) in places.iter().zip(buffers) {
        if let Some(place) = place {
            after[*place] = buffer.words;
        }
    }
    Some(judged(case, after, recorded))
}

/// The place of an interpreter's buffer among the case's; none for the parameters.
fn place(case: &Case, bound: &crate::interpret::Bound) -> Option<usize> {
    let mut bindings = case.kernel.bindings().iter();
    bindings.position(|binding| binding.slot == [bound.group, bound.binding])
}

fn memory(case: &Case, place: Option<usize>) -> Memory {
    let Some(place) = place else {
        let words = case.params.chunks_exact(4);
        let words = words.map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
        return Memory {
            words: words.collect(),
            initialised: true,
        };
    };
    let words = case.inputs[place].clone();
    Memory {
        initialised: words.iter().any(|word| *word != POISON),
        words,
    }
}

fn undefined(fault: &Finding) -> String {
    let line = match fault.line {
        0 => String::new(),
        line => format!(" (line {line}: `{}`)", fault.snippet.trim()),
    };
    let text = fault.text.trim_end_matches('.');
    format!(
        "The interpreter finds that the shader does what WGSL does not define: {text}{line}. So the fault is in \
         the shader, or in its inputs, rather than in the driver."
    )
}

/// What the interpreter's result says.
fn judged(case: &Case, after: Vec<Vec<u32>>, recorded: &Cause) -> String {
    let after = after.into_iter().enumerate().map(|(binding, words)| {
        let zone = [case.guard(binding); WINDOW];
        [&zone[..], &words, &zone].concat()
    });
    let after: Vec<Vec<u32>> = after.collect();
    let Err(mismatch) = case.judge(&after) else {
        return "The interpreter computes from this shader and these inputs what is expected, and finds nothing \
                in it that WGSL does not define: the fault is not in the shader, but in the driver, or on \
                the way there (naga, wgpu)."
            .to_owned();
    };
    match alike(&mismatch.cause, recorded) {
        true => "The interpreter computes the same wrong word from this shader: the fault is in the shader, or \
                 in what is expected of it, not in the driver."
            .to_owned(),
        false => format!(
            "The interpreter's result is wrong as well, but in another way: {}. So the fault is, at least in \
             part, in the shader, or in what is expected of it.",
            mismatch.text
        ),
    }
}

/// Whether both say the same of the same word, but for rounding.
fn alike(interpreted: &Cause, recorded: &Cause) -> bool {
    let (
        Cause::WrongValue {
            place,
            got,
            expected,
        },
        Cause::WrongValue {
            place: there,
            got: device,
            ..
        },
    ) = (interpreted, recorded)
    else {
        return false;
    };
    let near = || {
        let (a, b) = (got.value?, device.value?);
        let bound = match expected {
            Expected::Near { bound, .. } | Expected::NearOrZero { bound, .. } => f64::from(*bound),
            _ => 0.0,
        };
        Some((a - b).abs() <= (2.0 * bound).max(1e-5 * b.abs()))
    };
    let rounded = got.float && near().unwrap_or(false);
    place == there && (got.bits == device.bits || rounded)
}
