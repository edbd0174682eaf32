// The remainder of floats has the sign of the dividend too. No quotient is near an integer, where
// WGSL would allow two answers.

@group(0) @binding(0) var<storage, read> dividends: array<f32>;
@group(0) @binding(1) var<storage, read> divisors: array<f32>;
@group(0) @binding(2) var<storage, read_write> remainders: array<f32>;

@compute @workgroup_size(64)
fn float_remainder(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&remainders) {
        let dividend = dividends[id.x];
        let divisor = divisors[id.x];
        remainders[id.x] = dividend % divisor;
    }
}
