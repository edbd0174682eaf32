//! Five shaders as users write them, in examples/shaders/: right on every adapter, clean on the interpreter,
//! and red with a fault in them. Also the example that checks one from the library.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use unlearn::check::report::Report;
use unlearn::check::{ShaderOptions, Subject, shader};
use unlearn::contract::Contract;
use unlearn::device::gpu::{Opening, adapters};
use unlearn::device::open_all;
use unlearn::progress::Silent;

#[path = "../examples/check_shader.rs"]
mod check_shader;

#[test]
fn the_example_finds_its_shader_right() {
    check_shader::main().unwrap();
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/shaders")
        .join(name)
}

/// A shader, or a faulty one in its place, on every adapter and the interpreter.
fn checked(name: &str, fault: Option<(&str, &str)>) -> Report {
    let mut wgsl = std::fs::read_to_string(file(&format!("{name}.wgsl"))).unwrap();
    if let Some((piece, instead)) = fault {
        assert_eq!(wgsl.matches(piece).count(), 1, "{name}: {piece}");
        wgsl = wgsl.replace(piece, instead);
    }
    assert!(
        !adapters().is_empty(),
        "wgpu finds no adapter: install a driver"
    );
    let mut subjects = vec![Subject::interpreter()];
    for opened in open_all("all", Opening::default()).unwrap() {
        if opened.spec != "cpu" {
            let device = opened.device.unwrap();
            let spec = opened.spec;
            subjects.push(Subject { spec, device });
        }
    }
    let start = Instant::now();
    let contract = Contract::read(&file(&format!("{name}.toml"))).unwrap();
    let promise = contract.bind(&wgsl, name, 1).unwrap();
    let report = shader(&promise, &ShaderOptions::default(), &subjects, &mut Silent).unwrap();
    assert!(start.elapsed() < Duration::from_secs(60), "{name}");
    report
}

/// What a fault must show as: the word that it is in, or what the interpreter says of it.
fn is_found(name: &str, fault: (&str, &str), most: u32) {
    let report = checked(name, Some(fault));
    let rows = report.devices.iter().flat_map(|device| &device.rows);
    let failures: Vec<_> = rows.filter_map(|row| row.failure.as_ref()).collect();
    assert!(!failures.is_empty(), "{name} {fault:?}");
    for failure in failures {
        let sizes = failure.sizes.as_ref().unwrap();
        let largest = sizes.0.values().max().unwrap();
        assert!(*largest <= most, "{name} {fault:?}: {sizes}");
    }
}

#[test]
fn shaders_of_strangers_are_right() {
    for name in ["scan", "matmul", "softmax", "histogram", "stencil"] {
        let report = checked(name, None);
        for row in report.devices.iter().flat_map(|device| &device.rows) {
            assert!(row.failure.is_none() && row.cases > 0, "{name}: {row:?}");
        }
    }
}

#[test]
fn a_scan_that_loses_its_last_element_is_found() {
    is_found(
        "scan",
        (
            "    if at < params.count {\n        return",
            "    if at + 1u < params.count {\n        return",
        ),
        2,
    );
}

#[test]
fn a_scan_without_a_barrier_is_found() {
    is_found(
        "scan",
        (
            "stride /= 2u;\n        workgroupBarrier();",
            "stride /= 2u;",
        ),
        256,
    );
}

#[test]
fn a_product_without_its_ragged_columns_is_found() {
    is_found(
        "matmul",
        (
            "start + k < shape.inner;",
            "start + k < shape.inner / 2u * 2u;",
        ),
        9,
    );
}

#[test]
fn a_softmax_whose_smallest_number_is_zero_is_found() {
    is_found(
        "softmax",
        ("LOWEST: f32 = -0x1.fffffep+127", "LOWEST: f32 = 0.0"),
        64,
    );
}

#[test]
fn a_histogram_that_counts_one_bin_too_many_is_found() {
    is_found(
        "histogram",
        ("bin < i32(range.bins)", "bin <= i32(range.bins)"),
        128,
    );
}

#[test]
fn a_stencil_that_overwrites_what_others_read_is_found() {
    let piece = "    }\n    workgroupBarrier();\n    tile[lane / 8u][lane % 8u + 1u]";
    is_found(
        "stencil",
        (piece, "    }\n    tile[lane / 8u][lane % 8u + 1u]"),
        13,
    );
}
