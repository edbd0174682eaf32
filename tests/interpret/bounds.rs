//! References hold what WGSL allows, and no more; what depends on rounding, or on who comes first, is open.

use super::*;

/// Random numbers from `low` to `high`.
fn numbers(seed: u32, n: u32, [low, high]: [f32; 2]) -> Vec<f32> {
    let number = |i: u32| {
        let x = (i + 1)
            .wrapping_mul(0x9e37_79b9)
            .wrapping_add(seed.wrapping_mul(0x85eb_ca6b));
        let x = (x ^ x >> 15).wrapping_mul(0x2c1b_3c6d);
        let x = (x ^ x >> 12).wrapping_mul(0x297a_2d39);
        (x ^ x >> 15) as f32 / 4_294_967_296.0
    };
    (0..n).map(|i| low + (high - low) * number(i)).collect()
}

fn shader(body: &str) -> Program {
    let wgsl = format!(
        "@group(0) @binding(0) var<storage, read> a: array<f32>;
         @group(0) @binding(1) var<storage, read> b: array<f32>;
         @group(0) @binding(2) var<storage, read_write> o: array<f32>;
         @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
             let i = id.x;
             if i >= arrayLength(&o) {{ return; }}
             {body}
         }}"
    );
    Program::new(&wgsl, None).unwrap_or_else(|e| panic!("{e}"))
}

/// What an expression of `a[i]` and `b[i]` must be.
fn expected(expression: &str, a: &[f32], b: &[f32]) -> Vec<Expected> {
    let program = shader(&format!("o[i] = {expression};"));
    let groups = [u32::try_from(a.len().div_ceil(64)).unwrap(), 1, 1];
    let inputs = [bits(a), bits(b), vec![0; a.len()]];
    program.expect(&inputs, groups).unwrap().remove(2)
}

/// A function, its exact value, what its arguments may be, and what WGSL lets it be off by: units in
/// the last place, and an absolute error.
type Function = (
    &'static str,
    fn(f64, f64) -> f64,
    [[f32; 2]; 2],
    fn(f64, f64) -> [f64; 2],
);

const ANY: [f32; 2] = [-4.0, 4.0];
const POSITIVE: [f32; 2] = [0.01, 9.0];
const UNIT: [f32; 2] = [-0.99, 0.99];
const ARC: f64 = 6.7e-5;

#[rustfmt::skip]
const FUNCTIONS: &[Function] = &[
    ("a[i] + b[i]", |a, b| a + b, [ANY, ANY], |_, _| [0.99, 0.0]),
    ("a[i] - b[i]", |a, b| a - b, [ANY, ANY], |_, _| [0.99, 0.0]),
    ("a[i] * b[i]", |a, b| a * b, [ANY, ANY], |_, _| [0.99, 0.0]),
    ("a[i] / b[i]", |a, b| a / b, [ANY, ANY], |_, _| [2.4, 0.0]),
    ("-a[i]", |a, _| -a, [ANY, ANY], |_, _| [0.0, 0.0]),
    ("abs(a[i] + b[i])", |a, b| (a + b).abs(), [ANY, ANY], |_, _| [0.9, 0.0]),
    ("min(a[i], b[i])", f64::min, [ANY, ANY], |_, _| [0.0, 0.0]),
    ("max(a[i] + b[i], b[i])", |a, b| (a + b).max(b), [ANY, ANY], |_, _| [0.0, 0.0]),
    ("clamp(a[i] * 2, -1, b[i])", |a, b| (2.0 * a).max(-1.0).min(b), [ANY, [0.0, 3.0]], |_, _| [0.0, 0.0]),
    ("floor(a[i])", |a, _| a.floor(), [ANY, ANY], |_, _| [0.0, 0.0]),
    ("fract(a[i])", |a, _| a - a.floor(), [ANY, ANY], |_, _| [0.9, 0.0]),
    ("trunc(a[i])", |a, _| a.trunc(), [ANY, ANY], |_, _| [0.0, 0.0]),
    ("round(a[i])", |a, _| a.round_ties_even(), [ANY, ANY], |_, _| [0.0, 0.0]),
    ("sqrt(a[i])", |a, _| a.sqrt(), [POSITIVE, ANY], |_, _| [4.4, 0.0]),
    ("inverseSqrt(a[i])", |a, _| 1.0 / a.sqrt(), [POSITIVE, ANY], |_, _| [1.9, 0.0]),
    ("exp(a[i])", |a, _| a.exp(), [ANY, ANY], |a, _| [2.9 + 1.9 * a.abs(), 0.0]),
    ("exp2(a[i])", |a, _| a.exp2(), [ANY, ANY], |a, _| [2.9 + 1.9 * a.abs(), 0.0]),
    ("log(a[i])", |a, _| a.ln(), [POSITIVE, ANY], |a, _| if (0.5..2.0).contains(&a) { [0.0, 4.7e-7] } else { [2.9, 0.0] }),
    ("log2(a[i])", |a, _| a.log2(), [POSITIVE, ANY], |a, _| if (0.5..2.0).contains(&a) { [0.0, 4.7e-7] } else { [2.9, 0.0] }),
    ("pow(a[i], b[i])", f64::powf, [POSITIVE, ANY], |a, b| [2.9 + 1.9 * (b * a.log2()).abs(), 0.0]),
    ("sin(a[i])", |a, _| a.sin(), [[-3.1, 3.1], ANY], |_, _| [0.0, 4.8e-4]),
    ("cos(a[i])", |a, _| a.cos(), [[-3.1, 3.1], ANY], |_, _| [0.0, 4.8e-4]),
    ("tan(a[i])", |a, _| a.tan(), [[-1.2, 1.2], ANY], |_, _| [2.4, 4.8e-4]),
    ("tanh(a[i])", |a, _| a.tanh(), [ANY, ANY], |_, _| [0.0, 9.9e-6]),
    ("sinh(a[i])", |a, _| a.sinh(), [ANY, ANY], |_, _| [0.9, 0.0]),
    ("cosh(a[i])", |a, _| a.cosh(), [ANY, ANY], |a, _| [2.9 + 1.9 * a.abs(), 0.0]),
    ("asin(a[i])", |a, _| a.asin(), [UNIT, ANY], |_, _| [0.0, ARC]),
    ("acos(a[i])", |a, _| a.acos(), [UNIT, ANY], |_, _| [0.0, ARC]),
    ("atan(a[i])", |a, _| a.atan(), [ANY, ANY], |_, _| [4095.0, 0.0]),
    ("atan2(a[i], b[i])", f64::atan2, [ANY, POSITIVE], |_, _| [4095.0, 0.0]),
    ("asinh(a[i])", |a, _| a.asinh(), [POSITIVE, ANY], |_, _| [0.9, 0.0]),
    ("acosh(a[i] + 1)", |a, _| (a + 1.0).acosh(), [[0.5, 4.0], ANY], |_, _| [0.9, 0.0]),
    ("atanh(a[i])", |a, _| a.atanh(), [UNIT, ANY], |_, _| [0.9, 0.0]),
    ("fma(a[i], b[i], b[i])", |a, b| a.mul_add(b, b), [ANY, ANY], |_, _| [0.9, 0.0]),
    ("mix(a[i], b[i], 0.25)", |a, b| 0.75 * a + 0.25 * b, [ANY, ANY], |_, _| [0.9, 0.0]),
    ("smoothstep(-5, 5, a[i])", |a, _| { let t = (a + 5.0) / 10.0; t * t * (3.0 - 2.0 * t) }, [ANY, ANY], |_, _| [0.9, 0.0]),
    ("degrees(a[i])", |a, _| a.to_degrees(), [ANY, ANY], |_, _| [1.4, 0.0]),
    ("length(vec2(a[i], b[i]))", f64::hypot, [ANY, ANY], |_, _| [4.4, 0.0]),
    ("dot(vec2(a[i], b[i]), vec2(b[i], 1))", |a, b| a * b + b, [ANY, ANY], |_, _| [0.9, 0.0]),
    ("quantizeToF16(a[i])", |a, _| a, [ANY, ANY], |_, _| [0.0, 0.0]),
];

fn distance(got: f64, expected: Expected) -> Option<f64> {
    match expected {
        Expected::Near { value, bound } => Some((got - value).abs() - f64::from(bound)),
        Expected::Word(word) => Some((got - f64::from(f32::from_bits(word))).abs()),
        _ => None,
    }
}

#[test]
fn functions_may_be_off_by_what_wgsl_allows() {
    for (number, (expression, f, [from_a, from_b], allowed)) in (1..).zip(FUNCTIONS) {
        let (a, b) = (
            numbers(number, 500, *from_a),
            numbers(100 + number, 500, *from_b),
        );
        let mut open = 0;
        for (i, expected) in expected(expression, &a, &b).into_iter().enumerate() {
            let (x, y) = (f64::from(a[i]), f64::from(b[i]));
            let exact = f(x, y);
            let [units, absolute] = allowed(x, y);
            let unit = (exact.abs().log2().floor() - 23.0).exp2();
            let error = units * unit + absolute;
            for result in [exact - error, exact + error] {
                let Some(over) = distance(result, expected) else {
                    open += 1;
                    continue;
                };
                assert!(
                    over <= 0.0,
                    "{expression} of {x}, {y}: {result} off {expected:?}"
                );
            }
            // A tenth off is wrong.
            let wrong = exact + 0.1 * exact.abs() + 0.1;
            assert!(
                distance(wrong, expected).is_none_or(|d| d > 0.0),
                "{expression} {expected:?}"
            );
        }
        assert!(open < 20, "{expression}: {open} open");
    }
}

#[test]
fn chains_in_f32_are_within_their_bounds() {
    let expressions = [
        "exp(a[i] * b[i] - a[i]) / (1 + b[i] * b[i])",
        "sqrt(abs(a[i] * b[i] + 0.3)) * log(a[i] * a[i] + 2.5)",
        "tanh(a[i] + b[i] * b[i]) + max(a[i] - b[i], 0)",
        "normalize(vec3(a[i], b[i], 1)).x * determinant(mat2x2(a[i], b[i], 2, 3))",
        "(a[i] % 1.5) * fract(b[i]) + pow(a[i] * a[i] + 1, b[i])",
        "dot(vec4(a[i]) * mat4x4(1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7), vec4(b[i]))",
        "unpack4x8unorm(u32(abs(a[i]) * 1000)).x + f32(i * 16777u + 3u) + smoothstep(-1, b[i] + 5, a[i])",
    ];
    let (a, b) = (numbers(7, 1000, ANY), numbers(8, 1000, ANY));
    for expression in expressions {
        let program = shader(&format!("o[i] = {expression};"));
        let mut buffers = [full(bits(&a)), full(bits(&b)), empty(1000)];
        assert_eq!(program.run(&mut buffers, [16, 1, 1]).unwrap(), []);
        let expected = expected(expression, &a, &b);
        let mut open = 0;
        for (expected, got) in expected.iter().zip(&buffers[2].words) {
            assert!(
                expected.share(*got).is_some(),
                "{expression} {expected:?} {got:#x}"
            );
            open += usize::from(*expected == Expected::Any);
        }
        assert!(open < 10, "{expression}: {open} open");
    }
}

/// Whether all words of `o` may be anything, and whether none may.
fn open(body: &str, a: f32) -> [bool; 2] {
    let inputs = [bits(&[a; 64]), bits(&[0.1; 64]), vec![0; 64]];
    let expected = shader(body).expect(&inputs, [1; 3]).unwrap();
    let open = |e: &Expected| *e == Expected::Any;
    [expected[2].iter().all(open), !expected[2].iter().any(open)]
}

#[test]
fn what_rounding_may_turn_is_open() {
    // 0.1 · 3 is 0.3 or one of its neighbours.
    let near = 0.3;
    for (body, a, known) in [
        ("o[i] = select(1.0, 2.0, a[i] < b[i] * 3);", 0.4, true),
        (
            "if a[i] < b[i] * 3 { o[i] = bitcast<f32>(7u); }",
            near,
            false,
        ),
        (
            "if a[i] < b[i] * 3 { o[i] = 1.0; } else { o[i] = bitcast<f32>(3u); }",
            near,
            false,
        ),
        (
            "if a[i] < b[i] * 3 { return; } o[i] = bitcast<f32>(9u);",
            near,
            false,
        ),
        (
            "var n = 0u; for (var x = b[i]; x * 3 < a[i] + 1e-8; x += 0.1) { n++; } o[i] = bitcast<f32>(n);",
            near,
            false,
        ),
        (
            "var n = 0u; for (var k = 0u; k < 9u; k++) { if a[i] < b[i] * 3 { break; } n++; } o[i] = bitcast<f32>(n);",
            near,
            false,
        ),
        (
            "var n = 0u; for (var k = 0u; k < 9u; k++) { if a[i] < b[i] * 3 { continue; } n++; } o[i] = bitcast<f32>(n);",
            near,
            false,
        ),
        (
            "var x = 1.0; if a[i] < b[i] * 3 { x = a[i]; } o[i] = 2.0;",
            near,
            true,
        ),
        ("o[i] = max(a[i], b[i] * 3);", near, true),
        ("o[u32(a[i] * 1e6 - b[i] * 3e6 + 1.0)] = 2.0;", near, false),
        (
            "o[i] = bitcast<f32>(bitcast<u32>(b[i] * 3) ^ 1u);",
            near,
            false,
        ),
        ("o[i] = bitcast<f32>(bitcast<u32>(b[i] * 3));", near, true),
        ("o[i] = f32(u32(b[i] * 30));", near, false),
        ("o[i] = f32(u32(b[i] * 35));", near, true),
    ] {
        let [all, none] = open(body, a);
        assert_eq!([all, none], [!known, known], "{body}");
    }
}

#[test]
fn what_depends_on_who_comes_first_is_open() {
    let head = "@group(0) @binding(0) var<storage, read_write> n: array<atomic<u32>, 2>;
        @group(0) @binding(1) var<storage, read_write> o: array<u32>;
        var<workgroup> w: atomic<u32>;
        @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {";
    let expect = |body: &str| {
        let program = Program::new(&format!("{head}{body}}}"), None).unwrap();
        program.expect(&[vec![5, 5], vec![0; 4]], [1; 3])
    };
    let words = expect("atomicAdd(&n[0], i); atomicMax(&n[1], i + 3); _ = o[0];").unwrap();
    assert_eq!(words[0], [Expected::Word(11), Expected::Word(6)]);
    let words = expect("o[i] = atomicAdd(&n[0], i);").unwrap();
    assert_eq!(
        (words[0][0], &words[1][..]),
        (Expected::Word(11), &[Expected::Any; 4][..])
    );
    let words = expect("atomicStore(&n[0], i); _ = o[0];").unwrap();
    assert_eq!(words[0][0], Expected::Any);
    let words = expect("atomicAdd(&w, i); workgroupBarrier(); o[i] = atomicLoad(&w) + n_of();} fn n_of() -> u32 { return 0u;").unwrap();
    assert_eq!(words[1], [Expected::Word(6); 4]);
    let race = expect("o[0] = i;").unwrap_err().to_string();
    assert!(race.contains("race on o[0]"), "{race}");
}
