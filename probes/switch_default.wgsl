// The default of a switch need not be its last case.

@group(0) @binding(0) var<storage, read> selectors: array<i32>;
@group(0) @binding(1) var<storage, read_write> chosen: array<i32>;

@compute @workgroup_size(64)
fn switch_default(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&chosen) {
        return;
    }
    var result = 0;
    switch selectors[id.x] {
        case 0: {
            result = 10;
        }
        default: {
            result = 20;
        }
        case 2, 3: {
            result = 30;
        }
        case -1: {
            result = 40;
        }
    }
    chosen[id.x] = result;
}
