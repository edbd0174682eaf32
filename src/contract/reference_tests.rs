use super::tests::{SCALE, SCALED, bound};
use super::*;
use crate::kernels::{Expected, Fill};

#[cfg(unix)]
#[test]
fn programs_are_references_and_their_failures_are_told() {
    let with = |command: &str| {
        let reference =
            format!("command = [\"sh\", \"-c\", {command:?}]\ntolerance = {{ absolute = 10 }}");
        bound(
            &SCALED.replace("shader = \"scale.wgsl\"", &reference),
            SCALE,
        )
        .unwrap()
    };
    let build =
        |promise: &Promise| promise.build(&"rows=2,cols=3".parse().unwrap(), Fill::Random, 1);
    let case = build(&with(
        "test -f sizes.json && test -f params.bin && cp x.bin y.bin",
    ))
    .unwrap();
    let near = |(e, x): (&Expected, &u32)| matches!(e, Expected::Near { value, .. } if *value == f64::from(f32::from_bits(*x)));
    assert!(
        case.expected(1)
            .unwrap()
            .iter()
            .zip(&case.inputs[0])
            .all(near)
    );
    for (command, part) in [
        ("echo no numpy >&2; exit 3", "no numpy"),
        ("true", "it has left no y.bin"),
        ("printf abc > y.bin", "y.bin has 3 bytes, not 24"),
        ("printf abc > y.f64.bin", "y.f64.bin has 3 bytes, not 48"),
    ] {
        let said = build(&with(command)).unwrap_err().to_string();
        assert!(
            said.contains(part) && said.contains("cols=3,n=6,rows=2"),
            "{said}"
        );
    }
    let missing = SCALED.replace(
        "shader = \"scale.wgsl\"",
        "command = [\"no-such-program\"]\ntolerance = { absolute = 1 }",
    );
    let said = build(&bound(&missing, SCALE).unwrap())
        .unwrap_err()
        .to_string();
    assert!(said.contains("cannot start no-such-program"), "{said}");
}

/// A contract with one buffer of this type, written in place, held against a program.
#[cfg(unix)]
fn in_place(of: &str, command: &str) -> Result<crate::kernels::case::Case> {
    let wgsl = format!(
        "@group(0) @binding(0) var<storage, read_write> y: array<{of}>;
         @compute @workgroup_size(1) fn f(@builtin(workgroup_id) id: vec3<u32>) {{ y[id.x] += y[id.x]; }}"
    );
    let text = format!(
        "dispatch = [2]\n[sizes]\nn = [2]\n[bindings.y]\nshape = [\"n\"]\noutput = true\n\
         values = {{ integers = [0, 8] }}\n[reference]\ncommand = [\"sh\", \"-c\", {command:?}]\n\
         tolerance = {{ absolute = 1, relative = 1e-5 }}"
    );
    let promise = Contract::parse(&text, "own.toml", Path::new(""))?.bind(&wgsl, "own.wgsl", 1)?;
    promise.build(&"n=2".parse().unwrap(), Fill::Random, 1)
}

#[cfg(unix)]
#[test]
fn a_program_that_writes_nothing_is_no_reference() {
    let said = in_place("f32", "test -f y.in.bin").unwrap_err().to_string();
    assert!(said.contains("it has left no y.bin"), "{said}");
    let case = in_place("f32", "test ! -e y.bin && cp y.in.bin y.bin").unwrap();
    assert!(matches!(
        case.expected(0).unwrap()[0],
        Expected::Near { .. }
    ));
}

#[cfg(unix)]
#[test]
fn a_program_must_leave_numbers_that_the_buffer_can_hold() {
    let zero = r"\000\000\000\000";
    let double = |high: &str| format!("printf '{zero}{zero}{zero}{high}' > y.f64.bin");
    for (of, command, part) in [
        (
            "f32",
            format!(r"printf '{zero}\000\000\300\177' > y.bin"),
            "y.bin: number 1 is NaN",
        ),
        (
            "f32",
            double(r"\000\000\360\177"),
            "y.f64.bin: number 1 is inf, which is no finite f32",
        ),
        ("f32", double(r"\000\000\340\177"), "which is no finite f32"),
        (
            "u32",
            double(r"\000\000\340\077"),
            "number 1 is 0.5, which is no u32",
        ),
        (
            "u32",
            double(r"\000\000\360\277"),
            "number 1 is -1, which is no u32",
        ),
        (
            "i32",
            double(r"\000\000\370\177"),
            "number 1 is NaN, which is no i32",
        ),
    ] {
        let said = in_place(of, &command).unwrap_err().to_string();
        assert!(said.contains(part) && said.contains("n=2"), "{said}");
    }
    assert!(in_place("u32", &double(r"\000\000\360\077")).is_ok());
}

#[test]
fn a_reference_in_f32_must_be_finite_but_on_special_numbers() {
    let text = SCALED.replace(
        "shader = \"scale.wgsl\"",
        "shader = \"scale.wgsl\"\nrun = \"f32\"\ntolerance = { absolute = 1 }",
    );
    let infinite = SCALE.replace("y[id.x] = ", "y[id.x] = 1.0 / (x[id.x] - x[id.x]) + ");
    let promise = bound(&text, &infinite).unwrap();
    let sizes: Sizes = "rows=1,cols=1".parse().unwrap();
    let said = promise
        .build(&sizes, Fill::Random, 1)
        .unwrap_err()
        .to_string();
    assert!(said.contains("y[0] is inf"), "{said}");
    assert!(promise.build(&sizes, Fill::Exact, 1).is_ok());
}

#[test]
fn a_reference_has_the_same_numbers_in_the_same_places() {
    let shader = |of: &str| {
        format!(
            "struct Pair {{ a: f32, b: u32 }} struct Other {{ a: u32, b: f32 }}
             @group(0) @binding(0) var<storage, read_write> y: {of};
             @compute @workgroup_size(1) fn f() {{ let address = &y; _ = (*address)[0]; }}"
        )
    };
    let bind = |of: &str, reference: &str| {
        let text = "dispatch = [1]\n[sizes]\nn = [4]\n[bindings.y]\nshape = [\"n\"]\noutput = true\n\
                    values = {}\n[reference]\nshader = \"plain.wgsl\"";
        parsed(text, &shader(reference))
            .bind(&shader(of), "own.wgsl", 1)
            .map(|_| ())
    };
    for (of, reference) in [
        ("array<f32>", "array<u32>"),
        ("array<u32>", "array<i32>"),
        ("array<f32, 4>", "array<f32, 8>"),
        ("array<f32>", "array<vec2<f32>>"),
        ("array<Pair>", "array<Other>"),
    ] {
        let said = bind(of, reference).unwrap_err().to_string();
        let part = format!("y is {reference} here and {of} in the shader under check");
        assert!(said.contains(&part), "{said}");
    }
    for (of, reference) in [
        ("array<f32, 4>", "array<f32>"),
        ("array<vec2<u32>>", "array<vec2<u32>>"),
    ] {
        bind(of, reference).unwrap();
    }
}

#[test]
fn fields_with_other_names_must_be_in_the_same_places() {
    let other = SCALE
        .replace("params.n", "params.count")
        .replace("n: u32", "count: u32");
    assert!(bound(SCALED, &other).is_ok());
    let moved = other.replace("factor: f32, count: u32", "count: u32, factor: f32");
    assert!(bound(SCALED, &moved).is_err());
}

fn parsed(text: &str, reference: &str) -> Contract {
    let contract = Contract::parse(text, "own.toml", Path::new("")).unwrap();
    contract.with_reference(reference)
}
