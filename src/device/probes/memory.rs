//! Kernels that show how fast memory is: read alone, written alone, and within a workgroup.

use bytemuck::{Pod, Zeroable};

use crate::device::{Buffer, Recording};
use crate::kernels::cpu::{Form, MOST_BINDINGS, Part, Touch, Work};
use crate::kernels::slot::Slot;
use crate::kernels::{Kernel, Shader, Variant};

/// Threads of a workgroup of `read_words`.
pub(crate) const READERS: u32 = 256;
/// Threads of a workgroup of `workgroup_words`.
pub(crate) const PASSERS: u32 = 128;
/// Vectors in each half of its workgroup memory.
const HALF: usize = 512;

/// The parameters of these probes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(crate) struct Stream {
    /// Threads that do something.
    pub(crate) threads: u32,
    /// How often each thread reads four vectors, loads and stores them, or writes one.
    pub(crate) rounds: u32,
    /// `read_words`: vectors of four words in the working set, a power of two, less one.
    pub(crate) mask: u32,
    /// `write_words`: what every word becomes. `workgroup_words`: how far off a thread loads.
    pub(crate) value: u32,
}

impl Stream {
    /// A recording of one dispatch.
    pub(crate) fn recording(self, kernel: &'static Kernel, buffers: &[Buffer]) -> Recording {
        let mut recording = Recording::default();
        let params = bytemuck::bytes_of(&self);
        recording.dispatch_bytes(kernel, params, [self.threads, 1, 1], buffers);
        recording
    }

    /// Bytes that a run of `read_words` reads.
    pub(crate) fn read(self) -> f64 {
        64.0 * f64::from(self.threads) * f64::from(self.rounds)
    }

    /// Bytes that a run of `workgroup_words` loads and stores.
    pub(crate) fn passed(self) -> f64 {
        2.0 * self.read()
    }
}

const fn row(name: &'static str, wgsl: &'static str, cpu: Form) -> Kernel {
    Kernel {
        name,
        shader: Shader::new(wgsl),
        params_size: size_of::<Stream>(),
        fields: &["threads", "rounds", "mask", "value"],
        variants: &[Variant::PLAIN],
        cpu: Some(cpu),
    }
}

/// What a probe is on the CPU: its units are workgroups of so many threads.
const fn form(
    units: fn(&[u8]) -> usize,
    touches: fn(&[u8], &Part) -> Vec<Touch>,
    twin: Work,
) -> Form {
    Form {
        learners: |_, _| 1,
        units,
        touches,
        library: None,
        twin,
    }
}

fn stream(params: &[u8]) -> Stream {
    bytemuck::pod_read_unaligned(params)
}

const READ_WORDS_FORM: Form = form(
    |params| stream(params).threads.div_ceil(READERS) as usize,
    |_, part| vec![Touch::Whole, Touch::Words(part.units.clone())],
    read_words,
);
const WRITE_WORDS_FORM: Form = form(
    |params| {
        let p = stream(params);
        p.threads as usize * p.rounds as usize
    },
    |_, part| vec![Touch::Words(4 * part.units.start..4 * part.units.end)],
    write_words,
);
const WORKGROUP_WORDS_FORM: Form = form(
    |params| stream(params).threads.div_ceil(PASSERS) as usize,
    |_, part| {
        let each = PASSERS as usize;
        vec![Touch::Words(each * part.units.start..each * part.units.end)]
    },
    workgroup_words,
);

/// A sum of a working set. Bindings: the working set, a sum for each workgroup.
pub(crate) static READ_WORDS: Kernel = row(
    "read_words",
    include_str!("../../../shaders/bench/read_words.wgsl"),
    READ_WORDS_FORM,
);
/// A fill, 16 bytes a thread and round. Binding: what is filled.
pub(crate) static WRITE_WORDS: Kernel = row(
    "write_words",
    include_str!("../../../shaders/bench/write_words.wgsl"),
    WRITE_WORDS_FORM,
);
/// Loads and stores in workgroup memory; on the CPU in the core's own cache. Binding: what each
/// thread got in the end, of whole workgroups.
pub(crate) static WORKGROUP_WORDS: Kernel = row(
    "workgroup_words",
    include_str!("../../../shaders/bench/workgroup_words.wgsl"),
    WORKGROUP_WORDS_FORM,
);

fn read_words(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = stream(params);
    let [source, sums, ..] = bound;
    let set = source.read::<u32>(0..4 * (p.mask as usize + 1));
    let each = 16 * READERS as usize * p.rounds as usize;
    let sums = sums.write::<u32>(part.units.clone());
    for (group, sum) in part.units.clone().zip(sums) {
        let (mut left, mut at) = (each, group * each % set.len());
        *sum = 0;
        while left > 0 {
            let piece = &set[at..set.len().min(at + left)];
            *sum = sum.wrapping_add(total(piece));
            left -= piece.len();
            at = 0;
        }
    }
}

/// The sum of words, with the processor's widest units.
fn total(words: &[u32]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for.
        #[expect(unsafe_code, reason = "the only way to call it")]
        return unsafe { total_wide(words) };
    }
    plain_total(words)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn total_wide(words: &[u32]) -> u32 {
    plain_total(words)
}

/// In as many sums at a time as hide the latency of an addition.
#[inline(always)]
fn plain_total(words: &[u32]) -> u32 {
    let mut sums = [0u32; 64];
    let (whole, rest) = words.as_chunks::<64>();
    for chunk in whole {
        for (sum, word) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*word);
        }
    }
    let all = sums.iter().chain(rest);
    all.fold(0, |sum, word| sum.wrapping_add(*word))
}

fn write_words(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let words = 4 * part.units.start..4 * part.units.end;
    bound[0].write::<u32>(words).fill(stream(params).value);
}

fn workgroup_words(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = stream(params);
    let each = PASSERS as usize;
    let passed = bound[0].write::<u32>(each * part.units.start..each * part.units.end);
    for own in passed.chunks_mut(each) {
        let mut halves = [0u32; 2 * 4 * HALF];
        let (from, to) = halves.split_at_mut(4 * HALF);
        for (place, vector) in (0u32..).zip(from.chunks_exact_mut(4)) {
            vector.fill(place);
        }
        let (mut from, mut to) = (from, to);
        // Four words a vector; what a thread loads lies `value` vectors on, around the end.
        let far = 4 * (p.value as usize % HALF);
        for _ in 0..p.rounds {
            let (near, wrapped) = to.split_at_mut(4 * HALF - far);
            pass(&from[far..], near);
            pass(&from[..far], wrapped);
            std::mem::swap(&mut from, &mut to);
        }
        for (word, vector) in own.iter_mut().zip(from.chunks_exact(4)) {
            *word = vector[0];
        }
    }
}

/// Stores each word, one larger.
fn pass(from: &[u32], to: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for.
        #[expect(unsafe_code, reason = "the only way to call it")]
        return unsafe { pass_wide(from, to) };
    }
    plain_pass(from, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn pass_wide(from: &[u32], to: &mut [u32]) {
    plain_pass(from, to);
}

#[inline(always)]
fn plain_pass(from: &[u32], to: &mut [u32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.wrapping_add(1);
    }
}
