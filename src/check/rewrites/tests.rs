use std::collections::BTreeMap;

use super::*;
use crate::kernels::KERNELS;

/// Name and text of every file.
fn files() -> BTreeMap<String, &'static str> {
    let kernels = KERNELS.iter().map(|spec| &spec.kernel);
    let files = kernels.flat_map(|kernel| {
        let variants = kernel.variants.iter();
        variants.map(|v| (kernel.stem(v), kernel.shader_of(v).text))
    });
    files.collect()
}

/// What naga has against a shader.
fn fault(wgsl: &str) -> Option<String> {
    use naga::valid::{Capabilities, ValidationFlags, Validator};
    let module = match naga::front::wgsl::parse_str(wgsl) {
        Ok(module) => module,
        Err(e) => return Some(e.emit_to_string(wgsl)),
    };
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let checked = validator.validate(&module);
    checked.err().map(|e| e.emit_to_string(wgsl))
}

#[test]
fn naga_takes_every_rewrite_and_every_stack() {
    let (mut alone, mut together) = (0, 0);
    for (name, text) in files() {
        let all = candidates(text);
        for rewrite in &all {
            let fault = fault(&rewritten(text, std::slice::from_ref(rewrite)));
            assert!(fault.is_none(), "{name} {rewrite}\n{}", fault.unwrap());
        }
        for seed in 1..=3 {
            for stack in stacks(text, seed) {
                let fault = fault(&stack.text(text));
                assert!(fault.is_none(), "{name} {stack}\n{}", fault.unwrap());
                together += usize::from(stack.rewrites.len() > 1);
            }
        }
        println!("# {name}: {} rewrites", all.len());
        assert!(all.len() >= 50, "{name}");
        alone += all.len();
    }
    assert!(alone >= 5000 && together >= 200, "{alone} {together}");
}

/// A shader around statements.
fn shader(statements: &str) -> String {
    format!(
        "struct Params {{ rows: u32, rate: f32 }}\nconst ROWS: u32 = 8u;\n\
         @group(0) @binding(0) var<uniform> p: Params;\n\
         @group(0) @binding(1) var<storage, read_write> y: array<u32>;\n\
         @group(0) @binding(2) var<storage, read_write> z: array<vec4<f32>>;\n\
         fn twice(x: u32) -> u32 {{ return x + x; }}\n\
         @compute @workgroup_size(1)\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {{\n{statements}\n}}\n"
    )
}

/// What one operator makes of statements: the new pieces.
fn made(operator: Operator, statements: &str) -> Vec<String> {
    let text = shader(statements);
    let all = candidates(&text).into_iter();
    let own = all.filter(|r| r.operator == operator && r.line > 7);
    own.map(|rewrite| {
        let fault = fault(&rewritten(&text, std::slice::from_ref(&rewrite)));
        assert!(fault.is_none(), "{}", fault.unwrap());
        rewrite.to
    })
    .collect()
}

/// Operators, statements, and what becomes of them.
const REWRITES: &[(Operator, &str, &[&str])] = &[
    (
        Operator::While,
        "for (var i = 0u; i < p.rows; i++) { y[i] = i; }",
        &["{ var i = 0u; while i < p.rows { y[i] = i; i++; } }"],
    ),
    (
        Operator::While,
        "for (var i = 0u; i < p.rows; i++) { if i > 3u { break; } y[i] = i; }",
        &[],
    ),
    (
        Operator::Loop,
        "for (var i = 0u; i < 4u; i++) { if i > 3u { continue; } y[i] = i; }",
        &[
            "{ var i = 0u; loop { if !(i < 4u) { break; } if i > 3u { continue; } y[i] = i; \
             continuing { i++; } }…",
        ],
    ),
    (
        Operator::FirstTurn,
        "for (var i = 0u; i < 4u; i++) { y[i] = i; }",
        &["{ var i = 0u; if i < 4u { { y[i] = i; } i++; } for (; i < 4u; i++) { y[i] = i; } }"],
    ),
    (
        Operator::ReversedLoop,
        "for (var i = 0u; i < ROWS; i++) { y[i] = i; }",
        &["for (var i = (ROWS) - 1u; i < ROWS; i--) { y[i] = i; }"],
    ),
    (
        Operator::ReversedLoop,
        "for (var i = 0u; i < ROWS; i++) { y[i] = y[i + 1u]; }",
        &[],
    ),
    (
        Operator::ReversedLoop,
        "for (var i = 0u; i < ROWS; i++) { y[id.x] += i; y[id.y] -= i; }",
        &[],
    ),
    (
        Operator::ReversedLoop,
        "for (var i = 0u; i < ROWS; i++) { y[0] = i; }",
        &[],
    ),
    (
        Operator::ReversedLoop,
        "var s = 0u; for (var i = 0u; i < ROWS; i++) { s += s + i; }",
        &[],
    ),
    (
        Operator::SingleTurn,
        "y[0] = 1u;",
        &["loop { y[0] = 1u; break; }"],
    ),
    (
        Operator::SingleTurn,
        "for (var i = 0u; i < ROWS; i++) { if i > 3u { break; } }",
        &["loop { for (var i = 0u; i < ROWS; i++) { if i > 3u { break; } } break; }"],
    ),
    (
        Operator::Branch,
        "workgroupBarrier();",
        &["if p.rows < 0x80000000u { workgroupBarrier(); }"],
    ),
    (
        Operator::DeadReturn,
        "y[0] = 1u;",
        &["if p.rows >= 0x80000000u { return; } y[0] = 1u;"],
    ),
    (
        Operator::NegatedIf,
        "if id.x > 1u { y[0] = 1u; } else { y[1] = 2u; }",
        &["if !(id.x > 1u) { y[1] = 2u; } else { y[0] = 1u; }"],
    ),
    (
        Operator::Expanded,
        "y[id.x] *= 2u + id.y;",
        &["y[id.x] = y[id.x] * (2u + id.y);"],
    ),
    (
        Operator::Commuted,
        "y[0] = id.x * id.y + id.z;",
        &["((id.z) + (id.x * id.y))", "((id.y) * (id.x))"],
    ),
    (
        Operator::Associated,
        "y[0] = id.x - 1u + id.y + id.z;",
        &["((id.x - 1u) + ((id.y) + (id.z)))"],
    ),
    (Operator::Associated, "y[0] = id.x - 1u - id.y;", &[]),
    (
        Operator::Minus,
        "y[0] = id.x - id.y; z[0] = z[1] - p.rate;",
        &["((id.x) + (~(id.y) + 1u))", "((z[1]) + (-(p.rate)))"],
    ),
    (
        Operator::Shifted,
        "y[0] = id.x % 8u + id.y * 3u;",
        &["((id.x) & 7u)"],
    ),
    (
        Operator::Negated,
        "if id.x < 3u { y[0] = select(0u, 1u, p.rate < 1.0); }",
        &["(!((id.x) >= (3u)))"],
    ),
    (
        Operator::Components,
        "z[0] = p.rate * z[1];",
        &[
            "vec4<f32>((p.rate) * (z[1]).x, (p.rate) * (z[1]).y, (p.rate) * (z[1]).z, (p.rate) * (z[1]).w)",
        ],
    ),
    (
        Operator::Selected,
        "y[0] = max(id.x, id.y); z[0] = max(z[1], z[2]);",
        &["select(id.y, id.x, (id.x) > (id.y))"],
    ),
    (
        Operator::Neutral,
        "y[0] = twice(id.x);",
        &[
            "((twice(id.x)) + (p.rows >> 31u))",
            "((id.x) + (p.rows >> 31u))",
        ],
    ),
    (Operator::Selected, "y[0] = max(twice(1u), id.y);", &[]),
    (
        Operator::Outlined,
        "let at = id.x; y[at] = at + id.y * ROWS;",
        &[
            "part_372(id)",
            "part_386(at, id)",
            "part_391(id)",
            "part_391(id)",
        ],
    ),
];

#[test]
fn each_operator_makes_its_rewrites() {
    for (operator, statements, wanted) in REWRITES {
        assert_eq!(made(*operator, statements), *wanted, "{statements}");
    }
}

/// The same seed gives the same shaders, another one others; no stack has two rewrites of one place.
#[test]
fn the_seed_decides() {
    for (name, text) in files() {
        let texts = |seed| -> Vec<String> {
            let all = stacks(text, seed);
            all.iter().map(|stack| stack.text(text)).collect()
        };
        assert_eq!(texts(1), texts(1), "{name}");
        assert_ne!(texts(1), texts(2), "{name}");
        assert!(texts(1).iter().all(|t| t != text), "{name}");
    }
}

#[test]
fn any_text_is_taken_without_panic() {
    for (_, text) in files() {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(501).collect();
        for at in places {
            stacks(&text[..at], 1);
            stacks(&text[at..], 1);
        }
    }
    for text in ["", "fn", "fn f() { for (;;) { break; } }", "é"] {
        assert!(stacks(text, 1).is_empty());
    }
}
