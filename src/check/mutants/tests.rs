use super::*;
use std::collections::BTreeMap;

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

/// Whether naga takes the shader.
fn is_valid(wgsl: &str) -> bool {
    use naga::valid::{Capabilities, ValidationFlags, Validator};
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::all());
    naga::front::wgsl::parse_str(wgsl).is_ok_and(|module| validator.validate(&module).is_ok())
}

#[test]
fn nearly_all_mutants_of_the_shaders_compile() {
    let mut all: BTreeMap<Operator, (usize, usize)> = BTreeMap::new();
    let (mut total, mut total_valid) = (0, 0);
    for (name, text) in shaders() {
        assert!(is_valid(&text), "{name}");
        let made = mutants(&text);
        let mut valid = 0;
        for mutant in &made {
            let fine = is_valid(&mutant.text);
            let count = all.entry(mutant.operator).or_default();
            count.0 += usize::from(fine);
            count.1 += 1;
            valid += usize::from(fine);
            println!("{name} {mutant}{}", if fine { "" } else { "  STILLBORN" });
        }
        println!("# {name}: {valid} / {}", made.len());
        total += made.len();
        total_valid += valid;
        // The smallest shader, of one statement without a second operand, has six.
        assert!(valid >= 6, "{name}");
    }
    for (operator, (valid, made)) in all {
        println!("# {operator}: {valid} / {made}");
    }
    println!("# all: {total_valid} / {total}");
    assert!(total_valid * 100 >= total * 95);
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

#[test]
fn each_operator_makes_its_faults() {
    let cases: &[(Operator, &str, &[&str])] = &[
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
    for (operator, statements, wanted) in cases {
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
fn no_mutant_can_run_for_ever() {
    for (text, unsafe_faults) in [
        // Nothing but its kind's fault in a header, and no difference.
        (
            "for (var i = 0u; i < p.rows - 1u; i++) {}",
            &["p.rows -> p.cols", "+ 1u; i", "2u"][..],
        ),
        // What feeds a bound.
        (
            "let n = p.rows + 1u; for (var i = 0u; i < n; i++) {}",
            &["- 1u"],
        ),
        (
            "let m = p.rows + 1u; let n = 2u * m; for (var i = 0u; i < n; i++) {}",
            &["- 1u"],
        ),
        (
            "let n = p.rows - 1u; for (var i = 0u; i < n; i++) {}",
            &["p.cols", "p.rows + 1u", "2u"],
        ),
        (
            "let n = less(p.rows + 1u); for (var i = 0u; i < n; i++) {} }\n\
             fn less(a: u32) -> u32 { let b = a + 2u; return b - 1u;",
            &["- 1u ->", "- 2u", "p.rows - 1u", "+ 1u ->"],
        ),
        (
            "less(p.rows + 1u); } fn less(a: u32) { for (var i = 0u; i < a; i++) {}",
            &["p.rows - 1u"],
        ),
        (
            "if p.rows > 1u { n = p.rows - 1u; } for (var i = 0u; i < n; i++) {}",
            &[">=", "p.rows + 1u"],
        ),
        // A counter that moves within its loop.
        (
            "for (var i = 0u; i < 9u; i++) { i = i + 1u; }",
            &["i = i + 1u; ->", "i - 1u"],
        ),
        // Loops that are not understood.
        ("while a < b { cell = a; }", &["->"]),
        ("for (var i = 8u; 0u < i; i--) { cell = 1u; }", &["->"]),
        (
            "for (var i = 0u; i < 8u; i += step) { cell = 1u; }",
            &["->"],
        ),
        ("for (;;) { cell = 1u; break; }", &["->"]),
        ("for (var i = 0u; i != 8u; i += 2u) { cell = 1u; }", &["->"]),
        ("loop { cell = 1u; continuing { break if a; } }", &["->"]),
    ] {
        for mutant in mutants(&shader(text))
            .iter()
            .filter(|m| !CONSTANTS.iter().any(|c| m.from.starts_with(c)))
        {
            let fault = format!("{} -> {}", mutant.from, mutant.to);
            assert!(
                !unsafe_faults.iter().any(|u| fault.contains(u)),
                "{text}: {fault}"
            );
        }
    }
    for mutant in mutants(&shader("loop { cell += 1u; if cell > 9u { break; } }")) {
        assert!(mutant.text.contains(BOUNDED_LOOP) && !mutant.text.contains("loop {"));
    }
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
        let bounded = text.replace("loop {", &format!("{BOUNDED_LOOP} {{"));
        let made = mutants(&text);
        let mut descriptions = HashSet::new();
        let mut texts = HashSet::from([bounded.as_str()]);
        for mutant in &made {
            let (before, after) = difference(&bounded, &mutant.text);
            let (before, after) = (on_one_line(before), on_one_line(after));
            assert!(
                mutant.from.contains(before.trim()),
                "{name} {mutant}: {before}"
            );
            assert!(mutant.to.contains(after.trim()), "{name} {mutant}: {after}");
            assert_ne!(code(&bounded), code(&mutant.text), "{name} {mutant}");
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
        ". . . ) . ( [ }",
        "fn f() { max(,) }",
    ] {
        mutants(text);
    }
}
