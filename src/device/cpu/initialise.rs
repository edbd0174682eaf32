//! Twin of `initialise.wgsl`: the same bits.

use rayon::prelude::*;

use super::View;
use crate::kernel::Initialise;
use crate::random::threefry2x32;

/// Buffers: keys [learners, 2], parameters [learners, parameters].
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &Initialise = bytemuck::from_bytes(params);
    let keys = buffers[0].read::<[u32; 2]>();
    let mut parameters = buffers[1].write::<f32>();
    let learners = parameters.par_chunks_exact_mut(p.parameters as usize);
    learners
        .zip(&*keys)
        .for_each(|(parameters, &key)| layer(p, key, parameters));
}

fn layer(p: &Initialise, key: [u32; 2], parameters: &mut [f32]) {
    let (width, height) = (p.padded_inputs as usize, p.padded_outputs as usize);
    let weights = &mut parameters[p.weights as usize..][..width * height];
    for (row, weights) in (0..).zip(weights.chunks_exact_mut(width)) {
        for (column, w) in (0..).zip(weights) {
            let inside = column < p.inputs && row < p.outputs;
            *w = if inside {
                let bits = threefry2x32(key, [row * p.inputs + column, p.layer])[0];
                ((bits >> 8) as f32 * (1.0 / 8_388_608.0) - 1.0) * p.bound
            } else {
                0.0
            };
        }
    }
    parameters[p.biases as usize..][..height].fill(0.0);
}
