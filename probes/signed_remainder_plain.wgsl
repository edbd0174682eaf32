// The remainder of the magnitudes, which is unsigned, with the sign of the dividend.

@group(0) @binding(0) var<storage, read> dividends: array<i32>;
@group(0) @binding(1) var<storage, read> divisors: array<i32>;
@group(0) @binding(2) var<storage, read_write> remainders: array<i32>;

fn magnitude(number: i32) -> u32 {
    let bits = bitcast<u32>(number);
    return select(bits, ~bits + 1u, number < 0);
}

@compute @workgroup_size(1)
fn signed_remainder(@builtin(workgroup_id) id: vec3<u32>) {
    let left = magnitude(dividends[id.x]) % magnitude(divisors[id.x]);
    remainders[id.x] = bitcast<i32>(select(left, ~left + 1u, dividends[id.x] < 0));
}
