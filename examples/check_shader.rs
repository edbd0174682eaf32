//! Checks a shader of one's own on every adapter, and on the interpreter.
//!
//! ```sh
//! cargo run --release --example check_shader
//! ```

use unlearn::check::{ShaderOptions, Subject, shader};
use unlearn::contract::Contract;
use unlearn::device::{self, gpu::Opening};
use unlearn::progress::Silent;

/// The sums of pairs, by workgroup memory.
const SHADER: &str = "
    @group(0) @binding(0) var<storage, read> numbers: array<f32>;
    @group(0) @binding(1) var<storage, read_write> sums: array<f32>;
    var<workgroup> shared_numbers: array<f32, 64>;
    @compute @workgroup_size(64) fn pairs(
        @builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32,
    ) {
        if id.x < arrayLength(&numbers) { shared_numbers[lane] = numbers[id.x]; }
        workgroupBarrier();
        if id.x < arrayLength(&sums) { sums[id.x] = shared_numbers[lane] + shared_numbers[lane ^ 1u]; }
    }";

/// The same, plainly: what must come out.
const PLAIN: &str = "
    @group(0) @binding(0) var<storage, read> numbers: array<f32>;
    @group(0) @binding(1) var<storage, read_write> sums: array<f32>;
    @compute @workgroup_size(1) fn pairs(@builtin(workgroup_id) id: vec3<u32>) {
        sums[id.x] = numbers[id.x] + numbers[id.x ^ 1u];
    }";

/// What the shader promises, for any even number of elements.
const CONTRACT: &str = r#"
    dispatch = ["ceil(n / 64)"]
    sizes = { half = { tile = 32 }, n = "2 * half" }
    bindings.numbers = { shape = ["n"] }
    bindings.sums = { shape = ["n"], output = true }
    reference = { shader = "plain.wgsl", dispatch = ["n"] }
"#;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let contract = Contract::parse(CONTRACT, "contract", "".as_ref())?.with_reference(PLAIN);
    let promise = contract.bind(SHADER, "pairs", 1)?;
    let mut subjects = vec![Subject::interpreter()];
    for opened in device::open_all("all", Opening::default())? {
        subjects.push(Subject {
            spec: opened.spec,
            device: opened.device?,
        });
    }
    let report = shader(&promise, &ShaderOptions::default(), &subjects, &mut Silent)?;
    for device in &report.devices {
        for row in &device.rows {
            let verdict = row.failure.as_ref().map_or("right", |f| &f.mismatch.text);
            println!("{}: {} cases, {verdict}", device.device.name, row.cases);
        }
    }
    match report.passed {
        true => Ok(()),
        false => Err("the shader is wrong somewhere".into()),
    }
}
