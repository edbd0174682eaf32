// Nine pixels each.

struct Picture {
    width: u32,
    height: u32,
    threshold: f32,
}

@group(0) @binding(0) var<uniform> picture: Picture;
@group(0) @binding(1) var<storage, read> pixels: array<f32>;
@group(0) @binding(3) var<storage, read_write> blurred: array<f32>;
@group(0) @binding(4) var<storage, read_write> bright: u32;

fn pixel(x: i32, y: i32) -> f32 {
    let column = u32(clamp(x, 0, i32(picture.width) - 1));
    let row = u32(clamp(y, 0, i32(picture.height) - 1));
    return pixels[row * picture.width + column];
}

@compute @workgroup_size(1)
fn stencil() {
    for (var y = 0; y < i32(picture.height); y++) {
        for (var x = 0; x < i32(picture.width); x++) {
            let corners = pixel(x - 1, y - 1) + pixel(x + 1, y - 1)
                + pixel(x - 1, y + 1) + pixel(x + 1, y + 1);
            let sides = pixel(x - 1, y) + pixel(x + 1, y) + pixel(x, y - 1) + pixel(x, y + 1);
            let at = u32(y) * picture.width + u32(x);
            blurred[at] = 0.0625 * corners + 0.125 * sides + 0.25 * pixel(x, y);
            if pixels[at] > picture.threshold {
                bright += 1u;
            }
        }
    }
}
