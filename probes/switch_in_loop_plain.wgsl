// The same by conditions alone.

@group(0) @binding(0) var<storage, read> programs: array<u32>;
@group(0) @binding(1) var<storage, read_write> results: array<vec2<u32>>;

@compute @workgroup_size(1)
fn switch_in_loop(@builtin(workgroup_id) id: vec3<u32>) {
    var stack = array<u32, 8>();
    var top = 0u;
    var steps = 0u;
    var sum = 0u;
    var left = false;
    while steps < 8u && !left {
        let step = programs[id.x * 8u + steps];
        let kind = step % 4u;
        steps++;
        var counts = true;
        if kind == 0u {
            stack[top] += 1u;
        } else if kind == 1u {
            counts = top < 7u;
            if counts {
                top++;
                stack[top] = step;
            }
        } else if kind == 2u {
            top = max(top, 1u) - 1u;
        } else {
            counts = false;
            left = step > 90u;
        }
        if counts {
            sum += stack[top];
        }
    }
    results[id.x] = vec2<u32>(steps, sum);
}
