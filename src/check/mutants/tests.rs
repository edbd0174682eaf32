use super::*;
use crate::check::Options;
use crate::device::Device;
use crate::device::gpu::{Gpu, Opening, adapters};
use crate::device::trial::NoResult;
use crate::kernels::{Fill, KERNELS, Kernel, MANY, Spec, Variant};

/// Name and text of every shader.
fn shaders() -> Vec<(String, String)> {
    let kernels = crate::kernels::KERNELS.iter().map(|spec| &spec.kernel);
    kernels
        .flat_map(|k| {
            k.variants
                .iter()
                .map(|v| (k.stem(v), k.shader_of(v).text.to_owned()))
        })
        .collect()
}

/// The shader without a fault, as its mutants are built.
fn fused(wgsl: &str) -> String {
    applied(wgsl, &fuses(&Source::new(wgsl), TURNS))
}

/// Whether naga takes the shader.
fn is_valid(wgsl: &str) -> bool {
    use naga::valid::{Capabilities, ValidationFlags, Validator};
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::all());
    naga::front::wgsl::parse_str(wgsl).is_ok_and(|module| validator.validate(&module).is_ok())
}

#[test]
fn every_mutant_of_the_shaders_compiles() {
    for (name, text) in shaders() {
        assert!(is_valid(&text), "{name}");
        let made = mutants(&text);
        println!("# {name}: {}", made.len());
        for mutant in &made {
            println!("{name} {mutant}");
            assert!(is_valid(&mutant.text), "{name} {mutant}");
        }
        // The smallest shader, of one statement without a second operand, has six.
        assert!(made.len() >= 6, "{name}");
    }
}

/// A shader around statements.
fn shader(statements: &str) -> String {
    format!(
        "// Σ a + b: a comment\nstruct Params {{ rows: u32, cols: u32, rate: f32, pad0: u32 }}\n\
         const ROWS: u32 = 8u;\nconst LIMIT: f32 = 2.5; /* x * y */\n\
         const MASK: u32 = 0x03ffffffu;\nconst BITS: u32 = 31u;\n\
         var<private> cell: u32;\n\
         @group(0) @binding(0) var<uniform> p: Params;\n\
         @group(0) @binding(1) var<storage, read_write> buffer: array<u32>;\n\
         @compute @workgroup_size(1, 1)\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {{\n{statements}\n}}\n"
    )
}

/// The faults of one kind in a shader around statements, as "from -> to".
fn faults(operator: Operator, statements: &str) -> Vec<String> {
    let made = mutants(&shader(statements));
    let wanted = made.iter().filter(|m| m.operator == operator);
    wanted.map(|m| format!("{} -> {}", m.from, m.to)).collect()
}

/// Kinds of faults, statements, and the faults of that kind in them.
const FAULTS: &[(Operator, &str, &[&str])] = &[
    (
        Operator::OffByOne,
        "cell = buffer[id.x];",
        &["buffer[id.x] -> buffer[(id.x) + 1u]"],
    ),
    (
        Operator::LostTail,
        "for (var i = 0u; i < 9u; i += 4u) {}",
        &["i < 9u -> i + 4u < 9u"],
    ),
    (
        Operator::LostTail,
        "for (var i = 0u; i < p.rows; i++) {}",
        &["i < p.rows -> i + 1u < p.rows"],
    ),
    (
        Operator::ExtraTurn,
        "for (var i = 0u; i < 9u; i++) {}",
        &["i < 9u -> i <= 9u"],
    ),
    (
        Operator::ExtraTurn,
        "for (var i = 0u; i < ROWS; i++) {}",
        &[],
    ),
    (
        Operator::LearnerStride,
        "let at = learner * p.rows;",
        &[
            "learner * p.rows -> 0u * p.rows",
            "learner * p.rows -> (learner + 1u) * p.rows",
        ],
    ),
    (
        Operator::SwappedParameter,
        "cell = p.cols;",
        &["p.cols -> p.rows"],
    ),
    (Operator::SwappedParameter, "let rate = p.rate;", &[]),
    (Operator::Sign, "let a = b + c;", &["b + c -> b - c"]),
    (Operator::Sign, "let a = f(-b);", &["-b -> b"]),
    (
        Operator::Factor,
        "let a = b(1u).x * c[2];",
        &["b(1u).x * c[2] -> b(1u).x + c[2]"],
    ),
    (Operator::Factor, "let a = b % c;", &["b % c -> b / c"]),
    (
        Operator::Accumulation,
        "cell ^= 1u;",
        &["cell ^= 1u -> cell = 1u"],
    ),
    (Operator::Transposed, "let a = id.x;", &["id.x -> id.y"]),
    (
        Operator::Transposed,
        "let row = 1u; let col = 2u; cell = row;",
        &["row -> col"],
    ),
    (
        Operator::Transposed,
        "{ let row = 1u; } let col = 2u; cell = col;",
        &[],
    ),
    (
        Operator::Mask,
        "let a = max(b, c);",
        &["max(b, c) -> b", "max(b, c) -> min(b, c)"],
    ),
    (
        Operator::Mask,
        "let a = select(b + 1, c, d);",
        &["select(b + 1, c, d) -> (b + 1)", "select(b + 1, c, d) -> c"],
    ),
    (Operator::Relation, "let a = b > c;", &["b > c -> b >= c"]),
    (Operator::Bits, "let a = b << c;", &["b << c -> b >> c"]),
    (
        Operator::Constant,
        "let a = 0x0fu;",
        &["a = 0x0fu -> a = 0x10u"],
    ),
    (Operator::Constant, "let a = 0.0;", &["a = 0.0 -> a = 1.0"]),
    (Operator::Constant, "let a = b[3];", &["3 -> 2"]),
    (
        Operator::MaskBit,
        "let a = b & 6u;",
        &[
            "b & 6u -> b & 7u",
            "b & 6u -> b & 4u",
            "b & 6u -> b & 2u",
            "b & 6u -> b & 14u",
        ],
    ),
    (
        Operator::MaskBit,
        "let a = c[b] & vec4<u32>(0x80000000u);",
        &[
            "c[b] & vec4<u32>(0x80000000u) -> c[b] & vec4<u32>(0xc0000000u)",
            "c[b] & vec4<u32>(0x80000000u) -> c[b] & vec4<u32>(0x00000000u)",
        ],
    ),
    (Operator::MaskBit, "let a = f(b & c, 6u);", &[]),
    (
        Operator::DroppedStatement,
        "if a { return; }",
        &["return; -> "],
    ),
    (
        Operator::DroppedStatement,
        "cell = 1u;",
        &["cell = 1u; -> "],
    ),
    (
        Operator::DroppedBarrier,
        "workgroupBarrier();",
        &["workgroupBarrier(); -> "],
    ),
];

#[test]
fn each_operator_makes_its_faults() {
    for (operator, statements, wanted) in FAULTS {
        let found = faults(*operator, statements);
        let own = found
            .iter()
            .filter(|f| !CONSTANTS.iter().any(|c| f.starts_with(c)));
        assert_eq!(own.collect::<Vec<_>>(), *wanted, "{statements}");
    }
}

/// The constants of `shader`, but for the tile's.
const CONSTANTS: [&str; 3] = ["LIMIT: ", "MASK: ", "BITS: "];

#[test]
fn constants_lose_and_gain_bits_or_a_little() {
    let faults = |operator| faults(operator, "");
    assert_eq!(
        faults(Operator::Limit),
        [
            "LIMIT: f32 = 2.5 -> LIMIT: f32 = 2.4975",
            "LIMIT: f32 = 2.5 -> LIMIT: f32 = 2.5025",
            "BITS: u32 = 31u -> BITS: u32 = 30u",
            "BITS: u32 = 31u -> BITS: u32 = 32u",
        ]
    );
    let masks = ["0x03fffffe", "0x03ffefff", "0x01ffffff", "0x07ffffff"];
    let mut wanted = masks.map(|m| format!("MASK: u32 = 0x03ffffffu -> MASK: u32 = {m}u"));
    let mut found = faults(Operator::MaskBit);
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
    assert!(faults(Operator::Constant).is_empty());
}

#[test]
fn every_loop_that_might_not_end_has_a_fuse() {
    let turn = format!("{{ fuse++; if fuse > {}u {{ break; }}", fuse::TURNS);
    for (statements, loops) in [
        ("cell = 1u;", 0),
        ("while cell < 9u { cell += 2u; }", 1),
        ("loop { cell += 1u; continuing { break if cell > 9u; } }", 1),
        (
            "for (var i = p.rows - 1u; i > 0u; i--) { for (;;) { cell = i; break; } }",
            2,
        ),
        ("cell = 1u; } fn f() { loop { if cell > 1u { break; } }", 1),
        ("for (var i = 0u; i < 4u * ROWS; i += 2u) { cell = i; }", 0),
        ("for (var i = 0u; i < ROWS; i++) { cell = i; i -= 1u; }", 1),
        ("for (var i = 0u; i < ROWS; i++) { cell = i; i--; }", 1),
        ("for (var i = 0u; i < ROWS; i += cell) { cell = i; }", 1),
        ("for (var i = 0u; i < p.rows; i++) { cell = i; }", 1),
        ("for (var i = 9u; i > 0u; i--) { cell = i; }", 1),
    ] {
        let text = shader(statements);
        for mutant in mutants(&text) {
            assert!(is_valid(&mutant.text), "{mutant}\n{}", mutant.text);
            assert_eq!(mutant.text.matches(&turn).count(), loops, "{mutant}");
        }
        assert_eq!(fused(&text).len() > text.len(), loops > 0);
    }
}

/// Every shader with its fuse, on every adapter but SwiftShader, which takes too long.
#[test]
fn a_fuse_changes_no_bit() {
    for adapter in adapters() {
        if adapter.name().starts_with("SwiftShader") {
            continue;
        }
        let checked = Opening {
            checked: true,
            ..Opening::default()
        };
        let device = Gpu::open_with(&adapter, "test", checked).unwrap();
        for spec in KERNELS {
            let own = |v: &&Variant| **v == Variant::PLAIN || v.shader.is_some();
            for variant in device.variants(&spec.kernel).iter().filter(own) {
                keeps_its_bits(&device, spec, variant);
            }
        }
    }
}

fn keeps_its_bits(device: &Gpu, spec: &'static Spec, variant: &'static Variant) {
    let unchanged = Mutant {
        operator: Operator::Sign,
        line: 1,
        from: String::new(),
        to: String::new(),
        text: fused(spec.kernel.shader_of(variant).text),
    };
    let fused = planted(&spec.kernel, variant, &unchanged);
    let options = Options {
        kernel: None,
        variant: None,
        shape: None,
        fill: Some(Fill::Random),
        seed: 1,
        plant: None,
    };
    let mut plan = options.plan(spec);
    plan.retain(|(shape, _)| shape.learners <= MANY);
    for (shape, fill) in plan {
        let case = spec.build(shape, fill, 1);
        let bits = |kernel: &'static Kernel| {
            device.choose(kernel, kernel.variant(variant.name));
            case.run(device, kernel, 1)
        };
        match (bits(&spec.kernel), bits(fused)) {
            (Ok(plain), Ok(fused)) => assert!(plain == fused, "{} {shape}", spec.kernel.name),
            (Err(NoResult::NoRoom), Err(NoResult::NoRoom)) => {}
            (plain, fused) => panic!("{:?} {:?}", plain.err(), fused.err()),
        }
    }
    device.choose(&spec.kernel, None);
}

/// The text without its comments: its tokens.
fn code(wgsl: &str) -> Vec<&str> {
    tokens::tokens(wgsl).iter().map(|t| t.text).collect()
}

/// What remains of two texts without their common start and end.
fn difference<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    let start: usize = a
        .chars()
        .zip(b.chars())
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.len_utf8())
        .sum();
    let (a, b) = (&a[start..], &b[start..]);
    let ends = a.chars().rev().zip(b.chars().rev());
    let end: usize = ends
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.len_utf8())
        .sum();
    (&a[..a.len() - end], &b[..b.len() - end])
}

#[test]
fn a_mutant_has_one_fault_and_its_description_is_its_own() {
    for (name, text) in shaders() {
        let original = fused(&text);
        let made = mutants(&text);
        let mut descriptions = HashSet::new();
        let mut texts = HashSet::from([original.as_str()]);
        for mutant in &made {
            let (before, after) = difference(&original, &mutant.text);
            let (before, after) = (on_one_line(before), on_one_line(after));
            assert!(
                mutant.from.contains(before.trim()),
                "{name} {mutant}: {before}"
            );
            assert!(mutant.to.contains(after.trim()), "{name} {mutant}: {after}");
            assert_ne!(code(&original), code(&mutant.text), "{name} {mutant}");
            assert!(texts.insert(&mutant.text), "{name} {mutant}");
            assert!(descriptions.insert(mutant.to_string()), "{name} {mutant}");
        }
        let comments = |text: &str| text.matches("//").count();
        assert!(
            made.iter().all(|m| comments(&m.text) == comments(&text)),
            "{name}"
        );
    }
}

#[test]
fn any_text_is_taken_without_panic() {
    for (_, text) in shaders() {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(101).collect();
        for at in places {
            mutants(&text[at..]);
            mutants(&text[..at]);
        }
    }
    for text in [
        "",
        "fn",
        "fn f(",
        "fn f() { p.",
        "fn f() { ) ] }",
        "fn f() { for",
        "é",
        "var<uniform>",
        "fn f() { for ( } ) ; }",
        "fn f() { max( }",
        "fn f() { -",
        "fn f() { x[",
        "const",
        "const X",
        "var<storage>b:u; fn f() { b[]; b[ }",
        "fn f() { loop }",
        "fn f(){for}",
        "fn f(){for(;)}",
        ". . . ) . ( [ }",
        "fn f() { max(,) }",
    ] {
        mutants(text);
    }
}
