// All numbers are halves: integers of twice the size have the remainder without rounding.

@group(0) @binding(0) var<storage, read> dividends: array<f32>;
@group(0) @binding(1) var<storage, read> divisors: array<f32>;
@group(0) @binding(2) var<storage, read_write> remainders: array<f32>;

@compute @workgroup_size(1)
fn float_remainder(@builtin(workgroup_id) id: vec3<u32>) {
    let dividend = dividends[id.x];
    let left = u32(round(abs(2.0 * dividend))) % u32(round(abs(2.0 * divisors[id.x])));
    remainders[id.x] = select(0.5, -0.5, dividend < 0.0) * f32(left);
}
