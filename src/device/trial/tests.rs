use super::*;
use crate::device::gpu::{Gpu, adapters};
use crate::kernels::Expected;
use crate::kernels::case::poison;

/// A uniform in a group of its own, and a buffer that knows its length.
const LENGTH: &str = "
    @group(2) @binding(1) var<uniform> added: vec4<u32>;
    @group(0) @binding(7) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(8) fn length(@builtin(global_invocation_id) at: vec3<u32>) {
        y[at.x] = arrayLength(&y) + added.y;
    }";

#[test]
fn adapters_run_foreign_kernels() {
    let kernel = Kernel::foreign(LENGTH, "length").unwrap();
    let case = |sum: u32| {
        let inputs = vec![poison(11), vec![1, 100, 2, 3]];
        let expected = vec![Expected::Word(sum); 11];
        Case::foreign(kernel, [2, 1, 1], inputs).expects(0, expected)
    };
    for adapter in adapters() {
        let gpu = Gpu::open(&adapter, "test").unwrap();
        let verdict = |sum| judge(&case(sum), kernel, &Variant::PLAIN, &gpu, 2);
        assert!(matches!(verdict(111), Verdict::Right(None)));
        assert!(matches!(verdict(112), Verdict::Wrong(_)));
    }
}
