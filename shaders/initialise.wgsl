// initialise: fresh weights of one layer, for every learner.
//
// w ~ U(−bound, bound) with bound = sqrt(6 / fan_in) (He et al. 2015, uniform form); biases and
// the padding of rows and columns are zero. The numbers come from Threefry-2x32, so they depend
// on nothing but the learner's key, the layer, and the weight's place.

struct Params {
    inputs: u32,        // real
    outputs: u32,       // real
    padded_inputs: u32,
    padded_outputs: u32,
    weights: u32,       // offset of W [padded_outputs, padded_inputs] in a learner's parameters
    biases: u32,        // offset of b [padded_outputs]
    parameters: u32,    // parameters per learner
    layer: u32,
    bound: f32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> keys: array<vec2<u32>>;            // [learners]
@group(0) @binding(2) var<storage, read_write> parameters: array<f32>;      // [learners, parameters]

fn rotated(v: u32, by: u32) -> u32 {
    return (v << by) | (v >> (32u - by));
}

// Threefry-2x32 with 20 rounds: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
fn threefry2x32(key: vec2<u32>, counter: vec2<u32>) -> vec2<u32> {
    let schedule = vec3<u32>(key, key.x ^ key.y ^ 0x1bd11bdau);
    var v = counter + key;
    for (var group = 0u; group < 5u; group++) {
        let turns = select(vec4<u32>(17u, 29u, 16u, 24u), vec4<u32>(13u, 15u, 26u, 6u), group % 2u == 0u);
        for (var i = 0u; i < 4u; i++) {
            v.x += v.y;
            v.y = rotated(v.y, turns[i]) ^ v.x;
        }
        v.x += schedule[(group + 1u) % 3u];
        v.y += schedule[(group + 2u) % 3u] + group + 1u;
    }
    return v;
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn initialise(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x;
    let row = id.y;
    let learner = id.z;
    if column >= p.padded_inputs || row >= p.padded_outputs {
        return;
    }
    let base = learner * p.parameters;
    var w = 0.0;
    if column < p.inputs && row < p.outputs {
        let bits = threefry2x32(keys[learner], vec2<u32>(row * p.inputs + column, p.layer)).x;
        // 24 bits make a number in [−1, 1) that f32 holds exactly: one rounding, in the product.
        w = (f32(bits >> 8u) * (1.0 / 8388608.0) - 1.0) * p.bound;
    }
    parameters[base + p.weights + row * p.padded_inputs + column] = w;
    if column == 0u {
        parameters[base + p.biases + row] = 0.0;
    }
}
