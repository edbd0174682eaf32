// x / 0 = x, x % 0 = 0; the smallest number divided by -1, negated, or without its sign is itself.

@group(0) @binding(0) var<storage, read> left: array<i32>;
@group(0) @binding(1) var<storage, read> right: array<i32>;
@group(0) @binding(2) var<storage, read_write> results: array<vec4<i32>>;

fn negated(number: i32) -> i32 {
    return bitcast<i32>(~bitcast<u32>(number) + 1u);
}

@compute @workgroup_size(1)
fn integer_extremes(@builtin(workgroup_id) id: vec3<u32>) {
    let a = left[id.x];
    let b = right[id.x];
    let size = select(a, negated(a), a < 0);
    var quotient = a;
    var remainder = 0;
    if b == -1 {
        quotient = negated(a);
    } else if b != 0 {
        let divisor = bitcast<u32>(select(b, negated(b), b < 0));
        let whole = bitcast<i32>(bitcast<u32>(size) / divisor);
        let rest = bitcast<i32>(bitcast<u32>(size) % divisor);
        quotient = select(whole, negated(whole), (a < 0) != (b < 0));
        remainder = select(rest, negated(rest), a < 0);
    }
    results[id.x] = vec4<i32>(quotient, remainder, size, negated(a));
}
