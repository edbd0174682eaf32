// A blur in two passes over a tile with its border in workgroup memory: along rows in place, then
// along columns. Also counts the bright pixels. Of the kind reported in
// https://github.com/microsoft/DirectX-Graphics-Samples/issues/870 (a tile that is overwritten
// while others still read it).

struct Picture {
    width: u32,
    height: u32,
    threshold: f32,
}

@group(0) @binding(0) var<uniform> picture: Picture;
@group(0) @binding(1) var<storage, read> pixels: array<f32>;
@group(0) @binding(3) var<storage, read_write> blurred: array<f32>;
@group(0) @binding(4) var<storage, read_write> bright: atomic<u32>;

var<workgroup> tile: array<array<f32, 10>, 10>;

fn blur(before: f32, middle: f32, behind: f32) -> f32 {
    return 0.25 * before + 0.5 * middle + 0.25 * behind;
}

fn along_row(cell: u32) -> f32 {
    let row = cell / 8u;
    let column = cell % 8u;
    return blur(tile[row][column], tile[row][column + 1u], tile[row][column + 2u]);
}

@compute @workgroup_size(8, 8)
fn stencil(
    @builtin(local_invocation_index) lane: u32,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    // The tile has a hundred cells, the workgroup 64 lanes. Pixels past an edge repeat the edge.
    let edge = vec2<i32>(i32(picture.width), i32(picture.height)) - 1;
    for (var cell = lane; cell < 100u; cell += 64u) {
        let place = vec2<i32>(vec2<u32>(cell % 10u, cell / 10u) + 8u * group.xy) - 1;
        let held = vec2<u32>(clamp(place, vec2<i32>(), edge));
        tile[cell / 10u][cell % 10u] = pixels[held.y * picture.width + held.x];
    }
    workgroupBarrier();

    // Ten rows of eight: all are read before one is written.
    let first = along_row(lane);
    var second = 0.0;
    if lane < 16u {
        second = along_row(lane + 64u);
    }
    workgroupBarrier();
    tile[lane / 8u][lane % 8u + 1u] = first;
    if lane < 16u {
        tile[lane / 8u + 8u][lane % 8u + 1u] = second;
    }
    workgroupBarrier();

    if id.x < picture.width && id.y < picture.height {
        let x = local.x + 1u;
        let y = local.y + 1u;
        let at = id.y * picture.width + id.x;
        blurred[at] = blur(tile[y - 1u][x], tile[y][x], tile[y + 1u][x]);
        if pixels[at] > picture.threshold {
            atomicAdd(&bright, 1u);
        }
    }
}
