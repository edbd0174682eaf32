//! Kernels that show what a device can do at the most, with the same on the CPU. They are not
//! in the list of kernels: no training uses them, and `unlearn check` does not loop over them.

use crate::device::{Buffer, Recording};
use crate::kernels::cpu::{Form, MOST_BINDINGS, Part, Touch, Work};
use crate::kernels::slot::Slot;
use crate::kernels::{Kernel, Shader, Variant};
use bytemuck::{Pod, Zeroable};

/// The parameters of all probes; most use `threads` alone.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(crate) struct Probe {
    /// Threads that do something.
    pub(crate) threads: u32,
    /// `fma_rate`: times four multiply-adds of each of a thread's `CHAINS`.
    pub(crate) rounds: u32,
    /// `fma_rate`: what a chain is multiplied by.
    pub(crate) factor: f32,
    /// `fma_rate`: what is added to it.
    pub(crate) term: f32,
}

/// Numbers that a thread of `fma_rate` keeps.
pub(crate) const CHAINS: u32 = 32;

const fn row(name: &'static str, wgsl: &'static str, cpu: Form) -> Kernel {
    Kernel {
        name,
        shader: Shader::new(wgsl),
        params_size: size_of::<Probe>(),
        fields: &["threads", "rounds", "factor", "term"],
        variants: &[Variant::PLAIN],
        cpu: Some(cpu),
    }
}

/// What a probe is on the CPU: its units are its threads, each with so many words of every buffer.
const fn form(touches: fn(&[u8], &Part) -> Vec<Touch>, twin: Work) -> Form {
    Form {
        learners: |_, _| 1,
        units: |params| probe(params).threads as usize,
        touches,
        library: None,
        twin,
    }
}

fn probe(params: &[u8]) -> Probe {
    bytemuck::pod_read_unaligned(params)
}

const FMA_RATE_FORM: Form = form(|_, part| vec![Touch::Words(part.units.clone())], fma_rate);
const COPY_WORDS_FORM: Form = form(
    |_, part| {
        let words = || Touch::Words(4 * part.units.start..4 * part.units.end);
        vec![words(), words()]
    },
    copy_words,
);
const EMPTY_DISPATCH_FORM: Form = form(|_, _| Vec::new(), |_, _, _| {});
const DEPENDENT_DISPATCH_FORM: Form = form(
    |_, part| vec![Touch::Words(part.units.clone())],
    dependent_dispatch,
);

/// Multiply-adds in registers. Binding: a sum for each thread.
pub(crate) static FMA_RATE: Kernel = row(
    "fma_rate",
    include_str!("../../shaders/bench/fma_rate.wgsl"),
    FMA_RATE_FORM,
);
/// A copy, 16 bytes a thread. Bindings: source, target.
pub(crate) static COPY_WORDS: Kernel = row(
    "copy_words",
    include_str!("../../shaders/bench/copy_words.wgsl"),
    COPY_WORDS_FORM,
);
/// Nothing.
pub(crate) static EMPTY_DISPATCH: Kernel = row(
    "empty_dispatch",
    include_str!("../../shaders/bench/empty_dispatch.wgsl"),
    EMPTY_DISPATCH_FORM,
);
/// One is added to each thread's count.
pub(crate) static DEPENDENT_DISPATCH: Kernel = row(
    "dependent_dispatch",
    include_str!("../../shaders/bench/dependent_dispatch.wgsl"),
    DEPENDENT_DISPATCH_FORM,
);
/// All probes.
pub static PROBES: [&Kernel; 4] = [&FMA_RATE, &COPY_WORDS, &EMPTY_DISPATCH, &DEPENDENT_DISPATCH];

impl Probe {
    /// A recording of one dispatch, `times` times.
    pub(crate) fn recording(
        self,
        kernel: &'static Kernel,
        buffers: &[Buffer],
        times: u32,
    ) -> Recording {
        let mut recording = Recording::default();
        for _ in 0..times {
            let params = bytemuck::bytes_of(&self);
            recording.dispatch_bytes(kernel, params, [self.threads, 1, 1], buffers);
        }
        recording
    }
}

fn copy_words(_: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let words = 4 * part.units.start..4 * part.units.end;
    let [source, target, ..] = bound;
    target
        .write::<u32>(words.clone())
        .copy_from_slice(source.read(words));
}

fn dependent_dispatch(_: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let counts = bound[0].write::<u32>(part.units.clone());
    counts.iter_mut().for_each(|n| *n = n.wrapping_add(1));
}

/// Chains of two threads: enough to keep two units busy over the latency of a multiply-add.
type Pair = [f32; 2 * CHAINS as usize];

fn fma_rate(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = probe(params);
    let sums = bound[0].write::<f32>(part.units.clone());
    for (number, pair) in (part.units.start / 2..).zip(sums.chunks_mut(2)) {
        let start = |i: usize| (2 * number + i / CHAINS as usize) % 8 + i % CHAINS as usize;
        let mut chains: Pair = std::array::from_fn(|i| start(i) as f32);
        turn(&mut chains, p);
        for (sum, own) in pair.iter_mut().zip(chains.chunks_exact(CHAINS as usize)) {
            *sum = own.iter().sum();
        }
    }
}

/// All multiply-adds of two threads, with the processor's widest units.
fn turn(chains: &mut Pair, p: Probe) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has what the function is compiled for.
        #[expect(unsafe_code, reason = "the only way to call it")]
        return unsafe { turn_fused(chains, p) };
    }
    let mut lanes: [wide::f32x8; 8] =
        std::array::from_fn(|i| std::array::from_fn(|j| chains[8 * i + j]).into());
    let (factor, term) = (wide::f32x8::splat(p.factor), wide::f32x8::splat(p.term));
    for _ in 0..4 * p.rounds {
        lanes = lanes.map(|a| a.mul_add(factor, term));
    }
    let turned = lanes.iter().flat_map(|a| a.to_array());
    chains.iter_mut().zip(turned).for_each(|(a, b)| *a = b);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn turn_fused(chains: &mut Pair, p: Probe) {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps};
    let mut lanes: [wide::f32x8; 8] =
        std::array::from_fn(|i| std::array::from_fn(|j| chains[8 * i + j]).into());
    let (factor, term) = (_mm256_set1_ps(p.factor), _mm256_set1_ps(p.term));
    let mut registers = lanes.map(bytemuck::cast);
    for _ in 0..4 * p.rounds {
        registers = registers.map(|a| _mm256_fmadd_ps(a, factor, term));
    }
    lanes = registers.map(bytemuck::cast);
    let turned = lanes.iter().flat_map(|a| a.to_array());
    chains.iter_mut().zip(turned).for_each(|(a, b)| *a = b);
}

#[cfg(test)]
mod tests;
