use super::*;
use crate::check::{ShaderOptions, Subject, shader};
use crate::kernels::{Cause, Expected, Fill};
use crate::progress::Silent;

pub(super) const SCALE: &str = "
    struct Params { factor: f32, n: u32, offset: vec2<i32>, pad0: u32 }
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @group(0) @binding(2) var<uniform> params: Params;
    @compute @workgroup_size(8) fn scale(@builtin(global_invocation_id) id: vec3<u32>) {
        if id.x < params.n {
            y[id.x] = params.factor * x[id.x] + f32(params.offset.y);
        }
    }";

pub(super) const SCALED: &str = r#"
dispatch = ["ceil(n / 8)"]
[sizes]
rows = { tile = 4 }
cols = [1, 3]
n = "rows * cols"
[bindings.x]
shape = ["rows", "cols"]
[bindings.y]
shape = ["n"]
output = true
[bindings.params]
fields = { factor = "1 / cols", n = "n", offset = [0, "rows - 1"] }
[reference]
shader = "scale.wgsl"
"#;

fn parsed(text: &str, reference: &str) -> Result<Contract> {
    let contract = Contract::parse(text, "scale.toml", Path::new(""))?;
    Ok(contract.with_reference(reference))
}

pub(super) fn bound(text: &str, reference: &str) -> Result<Promise> {
    parsed(text, reference)?.bind(SCALE, "scale.wgsl", 1)
}

#[test]
fn a_contract_that_does_not_fit_says_where_and_why() {
    let mut wrong = Vec::new();
    for (from, to, parts) in [
        (
            "[sizes]",
            "[size]",
            &["line 3 ([size])", "unknown field `size`"][..],
        ),
        ("dispatch", "# dispatch", &["missing field `dispatch`"]),
        (
            "ceil(n / 8)",
            "ceil(m / 8)",
            &["line 2 ", "dispatch: there is no size \"m\""],
        ),
        ("ceil(n / 8)", "ceil(n)", &["ceil takes a division"]),
        (
            "\"rows * cols\"",
            "\"row * cols\"",
            &["line 6", "did you mean \"rows\"?"],
        ),
        (
            "\"rows * cols\"",
            "\"n * cols\"",
            &["sizes.n: n * cols depends on itself"],
        ),
        (
            "\"rows * cols\"",
            "\"rows - 1\"",
            &["rows - 1 is 0 at", "1 or more"],
        ),
        ("[1, 3]", "[]", &["sizes.cols: give at least one value"]),
        ("[1, 3]", "[0]", &["a size is 1 or more"]),
        ("tile = 4", "tiles = 4", &["unknown field `tiles`"]),
        (
            "[bindings.y]",
            "[bindings.z]",
            &["shader has no buffer \"z\"", "x, y, params"],
        ),
        (
            "shape = [\"n\"]",
            "",
            &["bindings.y", "say how many f32 it has"],
        ),
        (
            "shape = [\"n\"]",
            "shape = [\"n\"]\ntype = \"u32\"",
            &["the shader has f32 here, not u32"],
        ),
        (
            "output = true",
            "outputs = true",
            &["unknown field `outputs`"],
        ),
        ("output = true", "", &["no binding is an output"]),
        (
            "output = true",
            "output = true\nvalues = { range = [1, 0] }",
            &["the smaller one first"],
        ),
        (
            "output = true",
            "output = true\nvalues = { set = [1], below = 3 }",
            &["give one of range"],
        ),
        (
            "shape = [\"rows\", \"cols\"]",
            "shape = [\"rows\"]\noutput = true",
            &["only reads it"],
        ),
        (
            "factor = \"1 / cols\", ",
            "",
            &["say what factor is", "fields = { factor"],
        ),
        (
            "factor =",
            "facter =",
            &["no field \"facter\"; did you mean \"factor\"?"],
        ),
        (
            "[0, \"rows - 1\"]",
            "[0, 1, 2]",
            &["offset has 2 numbers, and 3 are given"],
        ),
        ("n = \"n\"", "n = 0.5", &["0.5: \"0.5\" is no whole number"]),
        (
            "n = \"n\"",
            "n = \"-n\"",
            &["n: -n is -1 at", "which is no u32"],
        ),
        (
            "shader = \"scale.wgsl\"",
            "run = \"f16\"",
            &["unknown variant `f16`"],
        ),
        (
            "shader = \"scale.wgsl\"",
            "",
            &["give a shader or a command"],
        ),
        (
            "shader = \"scale.wgsl\"",
            "shader = \"scale.wgsl\"\ntolerance = { absolute = 1 }",
            &["leave out tolerance"],
        ),
        (
            "shader = \"scale.wgsl\"",
            "command = [\"true\"]",
            &["say how far floats may be off"],
        ),
    ] {
        assert!(SCALED.contains(from), "{from}");
        let text = SCALED.replacen(from, to, 1);
        let said = match bound(&text, SCALE) {
            Err(e) => e.to_string(),
            // Numbers of fields are looked at when a case is built.
            Ok(promise) => {
                let (sizes, fill) = promise.plan(None).remove(0);
                promise.build(&sizes, fill, 1).unwrap_err().to_string()
            }
        };
        let missing = |part: &&&str| !said.contains(**part);
        if parts
            .iter()
            .chain(&["scale.toml"])
            .any(|part| missing(&part))
        {
            wrong.push(format!("{to}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_missing_reference_says_what_to_write() {
    let contract = Contract::parse(SCALED, "scale.toml", Path::new("/nowhere")).unwrap();
    let said = contract
        .bind(SCALE, "scale.wgsl", 1)
        .unwrap_err()
        .to_string();
    assert!(said.contains("cannot read /nowhere/scale.wgsl"), "{said}");
    assert!(said.contains("same binding names"), "{said}");
    let broken = contract
        .bind("fn f( {", "scale.wgsl", 1)
        .unwrap_err()
        .to_string();
    assert!(
        broken.contains("scale.wgsl:1:") && broken.contains('^'),
        "{broken}"
    );
    assert!(said.contains("line 15"), "{said}");
}

#[test]
fn every_value_is_tried_twice_beside_others() {
    let promise = bound(SCALED, SCALE).unwrap();
    let plan = promise.plan(None);
    assert!(plan.len() <= 60, "{}", plan.len());
    assert_eq!(plan[0].0.to_string(), "cols=1,rows=1");
    let works: Vec<u128> = plan.iter().map(|(sizes, _)| sizes.work()).collect();
    assert!(works.is_sorted());
    let with = |name: &str, value: u32| {
        let mut others: Vec<&Sizes> = plan.iter().map(|(sizes, _)| sizes).collect();
        others.retain(|sizes| sizes.0[name] == value);
        others.dedup();
        others.len()
    };
    for value in [1, 3, 4, 5, 9] {
        assert!(with("rows", value) >= 2 || value == 1, "{value}: {plan:?}");
    }
    let fills: std::collections::HashSet<Fill> = plan.iter().map(|(_, fill)| *fill).collect();
    assert_eq!(fills.len(), 3, "{fills:?}");
}

#[test]
fn fields_go_where_each_shader_has_them() {
    let other = SCALE.replace(
        "factor: f32, n: u32, offset: vec2<i32>,",
        "n: u32, offset: vec2<i32>, factor: f32,",
    );
    let promise = bound(SCALED, &other).unwrap();
    let sizes: Sizes = "rows=5,cols=3".parse().unwrap();
    let case = promise.build(&sizes, Fill::Random, 1).unwrap();
    let third = (1.0f32 / 3.0).to_bits();
    assert_eq!(case.inputs[2][..4], [third, 15, 0, 4]);
    let expected = case.expected(1).unwrap();
    let x = f32::from_bits(case.inputs[0][14]);
    let Expected::Near { value, bound } = expected[14] else {
        panic!("{expected:?}")
    };
    assert!(
        (value - (f64::from(x) / 3.0 + 4.0)).abs() < 1e-6 && bound < 1e-5,
        "{value} {bound}"
    );
    let place = crate::kernels::Place {
        buffer: "x".to_owned(),
        index: 14,
        words: 15,
    };
    assert_eq!(
        promise.element(&place, &sizes).unwrap(),
        "[4, 2] of [rows, cols]"
    );
}

fn run(promise: &Promise) -> crate::check::report::Row {
    let subjects = [Subject::interpreter()];
    let report = shader(promise, &ShaderOptions::default(), &subjects, &mut Silent);
    report.unwrap().devices.remove(0).rows.remove(0)
}

#[test]
fn a_fault_shrinks_to_its_smallest_sizes() {
    let faulty = SCALE.replace("y[id.x] =", "y[id.x] = select(0.0, 1.0, id.x == 11u) +");
    let promise = parsed(SCALED, SCALE)
        .unwrap()
        .bind(&faulty, "scale.wgsl", 1)
        .unwrap();
    let failure = run(&promise).failure.unwrap();
    let sizes = failure.sizes.unwrap();
    assert!([4, 12].contains(&sizes.0["rows"]), "{sizes}");
    assert_eq!(sizes.0["rows"] * sizes.0["cols"], 12, "{sizes}");
    let command = &failure.command;
    assert!(
        command.contains("--shader scale.wgsl --contract scale.toml --sizes cols="),
        "{command}"
    );
    assert!(
        failure.mismatch.text.contains("y[11]"),
        "{:?}",
        failure.mismatch
    );
}

#[test]
fn what_wgsl_does_not_define_is_a_failure() {
    let racing = SCALE.replace("y[id.x] =", "y[id.x / 2u] =");
    let promise = parsed(SCALED, SCALE)
        .unwrap()
        .bind(&racing, "scale.wgsl", 1)
        .unwrap();
    let failure = run(&promise).failure.unwrap();
    assert!(
        matches!(failure.mismatch.cause, Cause::Undefined { .. }),
        "{:?}",
        failure.mismatch
    );
}

#[test]
fn f32_references_have_tolerances_and_integers_are_exact() {
    let rounded = SCALED.replace(
        "shader = \"scale.wgsl\"",
        "shader = \"scale.wgsl\"\nrun = \"f32\"\ntolerance = { absolute = 1e-6 }",
    );
    let promise = bound(&rounded, SCALE).unwrap();
    let (sizes, fill) = promise.plan(Some(Fill::Random)).pop().unwrap();
    let case = promise.build(&sizes, fill, 1).unwrap();
    let tight = |e: &Expected| matches!(e, Expected::Near { bound, .. } if *bound < 1.1e-6);
    assert!(case.expected(1).unwrap().iter().all(tight));
    assert!(run(&promise).failure.is_none());
}

#[test]
fn a_first_contract_can_be_read_and_names_what_is_left() {
    const ATOMIC: &str = "
        struct Element { at: vec3<f32>, kind: u32 }
        @group(0) @binding(0) var<storage> all: array<Element>;
        @group(1) @binding(0) var<storage, read_write> counts: array<atomic<u32>, 16>;
        @group(0) @binding(5) var<uniform> n: u32;
        @compute @workgroup_size(8, 8) fn count(@builtin(global_invocation_id) id: vec3<u32>) {
            if id.x < n { atomicAdd(&counts[all[id.x].kind % 16u], 1u); }
        }";
    for wgsl in [SCALE, ATOMIC] {
        let text = init(wgsl, "some.wgsl", "some").unwrap();
        assert!(
            text.contains("TODO") && text.contains("some_plain.wgsl"),
            "{text}"
        );
        let contract = Contract::parse(&text, "some.toml", Path::new("")).unwrap();
        let promise = contract.with_reference(wgsl).bind(wgsl, "some.wgsl", 1);
        assert!(promise.is_ok(), "{text}\n{}", promise.unwrap_err());
    }
    let said = init("fn f() {}", "some.wgsl", "some")
        .unwrap_err()
        .to_string();
    assert!(said.contains("no compute entry point"), "{said}");
}

/// The blocks of code of a text, by the name in the comment that they start with.
fn block<'a>(text: &'a str, name: &str) -> &'a str {
    let blocks = text.split("```").skip(1).step_by(2);
    let code = |block: &'a str| block.split_once('\n').map_or("", |(_, code)| code);
    let named = |code: &&str| {
        code.lines()
            .next()
            .is_some_and(|first| first.ends_with(name))
    };
    blocks.map(code).find(named).unwrap()
}

#[test]
fn the_example_in_the_docs_passes() {
    let text = include_str!("../../docs/check.md");
    let [wgsl, toml, plain] =
        ["softmax.wgsl", "softmax.toml", "softmax_plain.wgsl"].map(|name| block(text, name));
    let contract = Contract::parse(toml, "softmax.toml", Path::new("")).unwrap();
    let promise = contract
        .with_reference(plain)
        .bind(wgsl, "softmax.wgsl", 1)
        .unwrap();
    let row = run(&promise);
    assert!(row.failure.is_none() && row.cases > 10, "{row:?}");
    let lost = wgsl.replace(" - largest", "");
    assert_ne!(wgsl, lost);
    let contract = Contract::parse(toml, "softmax.toml", Path::new("")).unwrap();
    let promise = contract
        .with_reference(plain)
        .bind(&lost, "softmax.wgsl", 1)
        .unwrap();
    assert!(run(&promise).failure.is_some());
}

#[test]
fn it_is_an_error_to_ask_for_sizes_that_are_not_there() {
    let promise = bound(SCALED, SCALE).unwrap();
    let said = |text: &str| {
        promise
            .filled(&text.parse().unwrap())
            .unwrap_err()
            .to_string()
    };
    assert!(said("row=3").contains("did you mean \"rows\"?"));
    assert!(said("n=3").contains("n follows from others; give rows, cols"));
    assert_eq!(
        promise
            .filled(&"rows=7".parse().unwrap())
            .unwrap()
            .to_string(),
        "cols=1,rows=7"
    );
    for text in ["rows", "rows=0", "rows=x", "=3,"] {
        assert!(text.parse::<Sizes>().is_err(), "{text}");
    }
}
