use super::*;
use crate::device::gpu::{Gpu, Opening, adapters};
use crate::kernels::Expected;
use crate::kernels::case::poison;
use crate::reproducer::{Found, Reproducer};

/// Buffers in two groups, whose names no file system keeps apart, and one with letters beyond ASCII.
const WGSL: &str = "
    struct Sizes { n: u32 }
    @group(1) @binding(3) var<storage, read_write> Y: array<f32>;
    @group(0) @binding(2) var<storage, read> y: array<f32>;
    @group(0) @binding(5) var<storage, read> größe: array<u32>;
    @group(1) @binding(0) var<uniform> sizes: Sizes;
    var<workgroup> all: array<f32, 4>;
    @compute @workgroup_size(4) fn double(@builtin(global_invocation_id) at: vec3<u32>) {
        if at.x < sizes.n { Y[at.x] = 2.0 * y[at.x] + f32(größe[0]); }
    }";

#[test]
fn a_shader_from_outside_is_recorded_and_replayed() {
    let kernel = Kernel::foreign(WGSL, "double").unwrap();
    let numbers = [1.0f32, 2.0, 3.0, 4.0, 5.0].map(f32::to_bits).to_vec();
    let inputs = vec![numbers, vec![7], vec![5], poison(6)];
    // What the author of the contract expects is wrong in the third word.
    let right = [9.0, 11.0, 12.0, 15.0, 17.0].map(|value| Expected::Near { value, bound: 0.5 });
    let mut expected = right.to_vec();
    expected.push(Expected::Any);
    let case = Case::foreign(kernel, [2, 1, 1], inputs).expects(3, expected);
    let adapter = &adapters()[0];
    let gpu = Gpu::open_with(adapter, "test", Opening::default()).unwrap();
    let (verdict, got) = examine(&case, kernel, &Variant::PLAIN, &gpu, 1);
    let Verdict::Wrong(mismatch) = verdict else {
        panic!("it is right")
    };
    assert!(mismatch.text.starts_with("Y[2] is 13.0"), "{mismatch:?}");
    let made = Reproducer::of(&Found {
        case: &case,
        kernel,
        variant: &Variant::PLAIN,
        origin: None,
        plant: None,
        device: &gpu,
        checked: true,
        mismatch: &mismatch,
        got: &got,
        command: "unlearn check --shader double.wgsl",
    });
    let under = tempfile::TempDir::new().unwrap();
    let folder = made.unwrap().write(under.path()).unwrap();
    for name in [
        "y.in.bin",
        "gre_0_5.in.bin",
        "Y_1_3.got.bin",
        "Y_1_3.expected.bin",
        "shader.spv",
        "shader.hlsl",
        "shader.metal",
    ] {
        assert!(folder.join(name).exists(), "{name}");
    }
    let replay = Replay::read(&folder).unwrap();
    assert!(replay.checked() && replay.notes.is_empty());
    assert_eq!(replay.case.inputs, case.inputs);
    assert_eq!(replay.case.expected(3), case.expected(3));
    let subject = Subject {
        spec: "0".to_owned(),
        device: Box::new(gpu),
    };
    assert_eq!(replay.run(&subject), Again::Same(mismatch));
    let said = replay.interpreted().unwrap();
    assert!(said.contains("the same wrong word"), "{said}");
}

#[test]
fn the_interpreter_tells_a_shaders_fault_from_a_devices() {
    let wgsl = |index: &str| {
        format!(
            "@group(0) @binding(0) var<storage, read> x: array<u32>;
             @group(0) @binding(1) var<storage, read_write> y: array<u32>;
             @compute @workgroup_size(4) fn copy(@builtin(global_invocation_id) at: vec3<u32>) {{
                y[at.x] = x[{index}];
             }}"
        )
    };
    let said = |index: &str, got: u32| {
        let text = wgsl(index);
        let kernel = Kernel::foreign(&text, "copy").unwrap();
        let expected = [1, 2, 3, 4].map(Expected::Word).to_vec();
        let inputs = vec![vec![1, 2, 3, 4], poison(4)];
        let case = Case::foreign(kernel, [1, 1, 1], inputs).expects(1, expected);
        let recorded = case.mismatch(1, 0, got, Expected::Word(1)).cause;
        interpreted(&text, &case, [1, 1, 1], &recorded).unwrap()
    };
    for (index, got, words) in [
        ("at.x", 9, "the fault is not in the shader"),
        ("at.x ^ 1u", 2, "the same wrong word"),
        (
            "at.x ^ 1u",
            9,
            "wrong as well, but in another way: y[0] is 2",
        ),
        ("at.x + 1u", 2, "does not define"),
    ] {
        let said = said(index, got);
        assert!(said.contains(words), "{index}: {said}");
    }
}
