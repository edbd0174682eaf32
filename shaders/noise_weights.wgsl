// noise_weights: Fisher forgetting: noise where weights matter little to what is kept.
//
//   w ← w + √(α / max(F, least)) · n
//
// with F the diagonal of the Fisher information of the samples to keep, and n of mean 0 and variance 1:
// the sum of eight random numbers of 16 bits, which is close to a normal distribution up to three
// standard deviations, and exact in f32 but for its scale. Weights that are zero stay so: padding
// must. A thread per vector of four.

struct Params {
    vectors: u32,  // of four weights, per learner
    alpha: f32,
    least: f32,
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const MEAN: i32 = 262140;                   // of eight numbers from 0 to 65535
const SCALE: f32 = 1.8688123650118534e-05;  // 1 / the standard deviation of their sum

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> keys: array<vec2<u32>>;             // [learners]
@group(0) @binding(2) var<storage, read> fisher: array<vec4<f32>>;           // [learners, vectors]
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, vectors]

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

fn noise(key: vec2<u32>, weight: u32) -> f32 {
    let a = threefry2x32(key, vec2<u32>(weight, 0u));
    let b = threefry2x32(key, vec2<u32>(weight, 1u));
    let words = vec4<u32>(a, b);
    let halves = (words & vec4<u32>(0xffffu)) + (words >> vec4<u32>(16u));
    // The difference in integers: a compiler that takes SCALE into a difference of floats loses it to rounding.
    return f32(i32(halves.x + halves.y + halves.z + halves.w) - MEAN) * SCALE;
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn noise_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let at = id.z * p.vectors + id.x;
    let key = keys[id.z];
    let i = 4u * id.x;
    let n = vec4<f32>(noise(key, i), noise(key, i + 1u), noise(key, i + 2u), noise(key, i + 3u));
    let w = parameters[at];
    let deviation = sqrt(p.alpha / max(fisher[at], vec4<f32>(p.least)));
    parameters[at] = select(w + deviation * n, w, w == vec4<f32>());
}
