// The same as a table.

@group(0) @binding(0) var<storage, read> selectors: array<i32>;
@group(0) @binding(1) var<storage, read_write> chosen: array<i32>;

@compute @workgroup_size(1)
fn switch_default(@builtin(workgroup_id) id: vec3<u32>) {
    let selector = selectors[id.x];
    let many = select(20, 30, selector == 2 || selector == 3);
    chosen[id.x] = select(select(many, 10, selector == 0), 40, selector == -1);
}
