// A stack machine: a switch in a loop, which moves the place that it reads its selector from.

@group(0) @binding(0) var<storage, read> programs: array<u32>;
@group(0) @binding(1) var<storage, read_write> results: array<vec2<u32>>;

@compute @workgroup_size(16)
fn switch_in_loop(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&results) {
        return;
    }
    var stack = array<u32, 8>();
    var top = 0u;
    var steps = 0u;
    var sum = 0u;
    loop {
        if steps == 8u {
            break;
        }
        let step = programs[id.x * 8u + steps];
        steps++;
        switch step % 4u {
            case 0u: {
                stack[top] += 1u;
            }
            case 1u: {
                if top == 7u {
                    continue;
                }
                top++;
                stack[top] = step;
            }
            case 2u: {
                if top == 0u {
                    break;
                }
                top--;
            }
            default: {
                if step > 90u {
                    results[id.x] = vec2<u32>(steps, sum);
                    return;
                }
                continue;
            }
        }
        sum += stack[top];
    }
    results[id.x] = vec2<u32>(steps, sum);
}
