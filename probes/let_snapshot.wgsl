// `let` keeps what a variable held when it was read.

@group(0) @binding(0) var<storage, read> numbers: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> results: array<vec4<u32>>;

var<private> last: u32;

fn advance(by: u32) -> u32 {
    last += by;
    return last;
}

@compute @workgroup_size(64)
fn let_snapshot(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&results) {
        return;
    }
    var number = numbers[id.x];
    let before = number.x;
    number.x = 7u;
    let place = number.w % 4u;
    let swapped = number[place];
    number[place] = before;
    last = number.y;
    let first = last;
    let second = advance(number.x);
    results[id.x] = vec4<u32>(before, swapped, first, second);
}
