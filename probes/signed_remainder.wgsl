// The remainder of integers has the sign of the dividend.

@group(0) @binding(0) var<storage, read> dividends: array<i32>;
@group(0) @binding(1) var<storage, read> divisors: array<i32>;
@group(0) @binding(2) var<storage, read_write> remainders: array<i32>;

@compute @workgroup_size(64)
fn signed_remainder(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&remainders) {
        let dividend = dividends[id.x];
        let divisor = divisors[id.x];
        remainders[id.x] = dividend % divisor;
    }
}
