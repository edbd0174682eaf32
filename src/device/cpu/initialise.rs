//! `initialise.wgsl` on the CPU: the same bits.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, one};
use super::slot::Slot;
use crate::kernel::Initialise;
use crate::random::threefry2x32;

/// Buffers: keys [learners, 2], parameters [learners, parameters].
pub static FORM: Form = Form {
    learners: depth,
    units: one,
    touches,
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> Initialise {
    bytemuck::pod_read_unaligned(bytes)
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let own = part.own(parameters(params).parameters as usize);
    vec![Touch::Words(part.own(2)), Touch::Words(own)]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [keys, parameters, ..] = bound;
    let key = keys.read::<[u32; 2]>(part.own(1))[0];
    layer(&p, key, parameters.write(part.own(p.parameters as usize)));
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
