// fma_rate: how many fused multiply-adds a device sustains, with nothing to wait for but them.
//
// A thread keeps 32 numbers in registers and repeats a ← a·factor + term for each: 32 chains that do
// not depend on each other hide the latency of each. Their sum is stored, so that no compiler drops
// the work.

struct Params {
    threads: u32,
    rounds: u32,   // each is 4 multiply-adds of every chain
    factor: f32,
    term: f32,
}

const GROUP_X: u32 = 256u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>; // [threads]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn fma_rate(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.threads {
        return;
    }
    let m = vec4<f32>(p.factor);
    let t = vec4<f32>(p.term);
    let start = vec4<f32>(0.0, 1.0, 2.0, 3.0) + f32(id.x % 8u);
    var a = start;
    var b = start + 4.0;
    var c = start + 8.0;
    var d = start + 12.0;
    var e = start + 16.0;
    var f = start + 20.0;
    var g = start + 24.0;
    var h = start + 28.0;
    for (var i = 0u; i < p.rounds; i++) {
        for (var q = 0u; q < 4u; q++) {
            a = fma(a, m, t);
            b = fma(b, m, t);
            c = fma(c, m, t);
            d = fma(d, m, t);
            e = fma(e, m, t);
            f = fma(f, m, t);
            g = fma(g, m, t);
            h = fma(h, m, t);
        }
    }
    sums[id.x] = dot(((a + b) + (c + d)) + ((e + f) + (g + h)), vec4<f32>(1.0));
}
