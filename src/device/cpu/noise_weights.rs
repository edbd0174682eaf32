//! `noise_weights.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, of_vectors, vectors};
use super::slot::Slot;
use crate::kernel::NoiseWeights;

use crate::random::threefry2x32;

/// Buffers: keys [learners, 2], fisher and parameters [learners, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        let words = || of_vectors(params, part);
        vec![Touch::Words(part.own(2)), words(), words()]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> NoiseWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [keys, fisher, weights, ..] = bound;
    let key = keys.read::<[u32; 2]>(part.own(1))[0];
    let fisher = fisher.read::<f32>(range.clone());
    let numbers = (0u32..).skip(4 * part.units.start);
    let weights = weights.write::<f32>(range).iter_mut();
    for (number, (w, fisher)) in numbers.zip(weights.zip(fisher)) {
        if *w != 0.0 {
            *w += (p.alpha / fisher.max(p.least)).sqrt() * noise(key, number);
        }
    }
}

/// The sum of eight numbers of 16 bits, less its mean, over its standard deviation.
fn noise(key: [u32; 2], weight: u32) -> f32 {
    const MEAN: f32 = 262_140.0;
    const SCALE: f32 = 1.868_812_3e-5;
    let [a, b] = [0, 1].map(|half| threefry2x32(key, [weight, half]));
    let words = a.into_iter().chain(b);
    let sum: u32 = words.map(|word| (word & 0xffff) + (word >> 16)).sum();
    (sum as f32 - MEAN) * SCALE
}
