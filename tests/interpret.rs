//! The interpreter: small shaders with what must come out, and what must be found.

#[path = "interpret/undefined.rs"]
mod undefined;

use unlearn::interpret::{Finding, FindingKind, Memory, Program};
use unlearn::kernels::Expected;

/// A buffer with these words.
fn full(words: impl Into<Vec<u32>>) -> Memory {
    Memory {
        words: words.into(),
        initialised: true,
    }
}

/// So many words that nothing has written.
fn empty(words: usize) -> Memory {
    Memory {
        words: vec![0x7fc0_dead; words],
        initialised: false,
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Runs a shader; returns its last buffer, and what was found.
fn run(wgsl: &str, mut buffers: Vec<Memory>, groups: [u32; 3]) -> (Vec<u32>, Vec<Finding>) {
    let program = Program::new(wgsl, None).unwrap_or_else(|e| panic!("{e}"));
    let found = program.run(&mut buffers, groups).unwrap();
    (buffers.pop().unwrap().words, found)
}

/// Evaluates an expression for each invocation `i` of 4 over `a`, f32 words.
fn value(expression: &str, a: &[f32; 4]) -> Vec<u32> {
    let wgsl = format!(
        "@group(0) @binding(0) var<storage, read> a: array<f32>;
         @group(0) @binding(1) var<storage, read_write> o: array<u32>;
         @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {{
             let unused = a[i];
             o[i] = {expression};
         }}"
    );
    let (got, found) = run(&wgsl, vec![full(bits(a)), empty(4)], [1; 3]);
    assert_eq!(found, []);
    got
}

#[test]
fn functions_are_those_of_wgsl() {
    let a = [1.5, -2.5, 0.0, 300.0];
    let float = |text: &str| value(&format!("bitcast<u32>({text})"), &a);
    let floats = |text: &str| -> Vec<f32> { float(text).into_iter().map(f32::from_bits).collect() };
    assert_eq!(floats("a[i] + 1"), [2.5, -1.5, 1.0, 301.0]);
    assert_eq!(floats("round(a[i])"), [2.0, -2.0, 0.0, 300.0]);
    assert_eq!(floats("fract(a[i])"), [0.5, 0.5, 0.0, 0.0]);
    assert_eq!(floats("a[i] % 2"), [1.5, -0.5, 0.0, 0.0]);
    assert_eq!(floats("clamp(a[i], -1, 2)"), [1.5, -1.0, 0.0, 2.0]);
    assert_eq!(floats("sign(a[i])"), [1.0, -1.0, 0.0, 1.0]);
    assert_eq!(floats("ldexp(a[i], 3)"), [12.0, -20.0, 0.0, 2400.0]);
    assert_eq!(floats("modf(a[i]).fract"), [0.5, -0.5, 0.0, 0.0]);
    assert_eq!(floats("modf(a[i]).whole"), [1.0, -2.0, 0.0, 300.0]);
    assert_eq!(
        floats("frexp(a[i]).fract"),
        [0.75, -0.625, 0.0, 0.585_937_5]
    );
    assert_eq!(value("u32(frexp(a[i]).exp)", &a), [1, 2, 0, 9]);
    assert_eq!(
        floats("select(a[i], 7.0, a[i] < 0)"),
        [1.5, 7.0, 0.0, 300.0]
    );
    assert_eq!(floats("length(vec2(a[i], 0.0))"), [1.5, 2.5, 0.0, 300.0]);
    assert_eq!(
        floats("determinant(mat2x2(a[i], 1, 2, 3))"),
        [2.5, -9.5, -2.0, 898.0]
    );
    assert_eq!(
        floats("(mat2x3(1, 2, 3, 4, 5, 6) * vec2(a[i], 1)).y"),
        [8.0, 0.0, 5.0, 605.0]
    );
    assert_eq!(
        floats("(vec3(a[i], 1, 0) * mat2x3(1, 2, 3, 4, 5, 6)).y"),
        [11.0, -5.0, 5.0, 1205.0]
    );
    assert_eq!(floats("transpose(mat2x3(1, 2, 3, 4, 5, a[i]))[2].y"), a);
    assert_eq!(
        floats("cross(vec3(a[i], 2, 3), vec3(4, 5, 6)).y"),
        [3.0, 27.0, 12.0, -1788.0]
    );
    assert_eq!(
        floats("refract(vec2(0, -1), vec2(0, 1), 0.5 + a[i]*0).y"),
        [-1.0; 4]
    );
    assert_eq!(
        value("u32(i32(a[i] * 1e9))", &a)[1],
        i32::MIN.cast_unsigned()
    );
    assert_eq!(
        value("u32(a[i] * 1e9)", &a),
        [1_500_000_000, 0, 0, 4_294_967_040]
    );
    assert_eq!(
        value("pack4x8unorm(vec4(a[i]))", &a),
        [u32::MAX, 0, 0, u32::MAX]
    );
    assert_eq!(value("pack2x16float(vec2(a[i], 1))", &a)[0], 0x3c00_3e00);
    assert_eq!(
        floats("unpack4x8snorm(0x80ff7f01u).w + a[i]"),
        [0.5, -3.5, -1.0, 299.0]
    );
    assert_eq!(value("pack4xI8(vec4(i32(a[i])))", &a)[1], 0xfefe_fefe);
}

#[test]
fn integers_wrap_and_divide_as_wgsl_has_it() {
    let a = [0.0, 1.0, 2.0, 3.0];
    let of = |text: &str| value(text, &a);
    assert_eq!(of("7u / i"), [7, 7, 3, 2]);
    assert_eq!(of("7u % i"), [0, 0, 1, 1]);
    assert_eq!(
        of("u32(i32(0x80000000u + (i & 0)) / (i32(i) - 1))")[0],
        0x8000_0000
    );
    assert_eq!(of("u32((-7 - i32(i)) % 3)")[0], (-1i32).cast_unsigned());
    assert_eq!(of("1u << (i + 31u)"), [1 << 31, 1, 2, 4]);
    assert_eq!(of("u32(-8i >> i)")[1], (-4i32).cast_unsigned());
    assert_eq!(of("i - 1u")[0], u32::MAX);
    assert_eq!(of("countLeadingZeros(i)"), [32, 31, 30, 30]);
    assert_eq!(of("firstLeadingBit(i)"), [u32::MAX, 0, 1, 1]);
    assert_eq!(of("u32(firstLeadingBit(-1i - i32(i)))")[0], u32::MAX);
    assert_eq!(of("extractBits(0xabcdu, 4u * i, 4u)"), [0xd, 0xc, 0xb, 0xa]);
    assert_eq!(of("u32(extractBits(0xffi, 4u * i, 4u))")[0], u32::MAX);
    assert_eq!(
        of("insertBits(0u, 0xffu, 4u * i, 4u)"),
        [0xf, 0xf0, 0xf00, 0xf000]
    );
    assert_eq!(of("u32(dot4I8Packed(0xff02u + i * 0u, 0x0103u))"), [5; 4]);
    assert_eq!(of("reverseBits(i)"), [0, 1 << 31, 1 << 30, 3 << 30]);
    assert_eq!(
        of("select(1u, 2u, i > 0u && a[i - 1u] == 0.0)"),
        [1, 2, 1, 1]
    );
}

const CONTROL: &str = "
struct Pair { a: u32, b: vec3<f32>, c: array<u32, 2> }
@group(0) @binding(0) var<storage, read_write> o: array<u32>;
override STEP = 2u;
const TABLE = array<u32, 4>(1u, 10u, 100u, 1000u);
var<private> total: u32 = 5u;
fn add(to: ptr<function, u32>, x: u32) { *to += x; }
fn until(n: u32) -> u32 {
    for (var i = 0u; ; i += STEP) { if i * i >= n { return i; } }
    return 0u;
}
@compute @workgroup_size(2, 2) fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
) {
    var sum = 0u;
    for (var k = 0u; k < 10u; k++) {
        if k == i { continue; }
        if k > 5u { break; }
        add(&sum, k);
    }
    switch i {
        case 1u, 2u: { sum += 1000u; }
        default: { sum += 2000u; if i == 3u { break; } sum += 500u; }
    }
    var pair: Pair;
    pair.c[i % 2u] = 7u;
    pair.b[i % 3u] = 3.0;
    total += i;
    loop { if sum > 3000u { break; } continuing { sum += 1u; break if sum % 16u == 0u; } }
    o[i] = sum;
    o[4u + i] = pair.c[0] * 10u + u32(pair.b.y) + 1000u * total;
    o[8u + i] = until(10u * i) + 10u * id.y + TABLE[i];
}";

#[test]
fn control_flow_takes_every_invocation_its_way() {
    let (got, found) = run(CONTROL, vec![empty(12)], [1; 3]);
    assert_eq!(found, []);
    let sum = |i: u32| {
        let sum: u32 = (0..=5).filter(|k| *k != i).sum();
        let sum = sum + [2500, 1000, 1000, 2000][i as usize];
        (sum..).find(|s| *s > sum && s % 16 == 0).unwrap()
    };
    assert_eq!(got[..4], [0, 1, 2, 3].map(sum));
    assert_eq!(got[4..8], [5070, 6003, 7070, 8000]);
    assert_eq!(got[8..], [1, 14, 116, 1016]);
}

const MATMUL: &str = "
struct Size { n: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
var<workgroup> at: array<array<f32, 8>, 8>;
var<workgroup> bt: array<array<f32, 8>, 8>;
@compute @workgroup_size(8, 8) fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
) {
    var sum = 0.0;
    for (var k = 0u; k < size.n; k += 8u) {
        var x = 0.0;
        if id.y < size.n && k + own.x < size.n { x = a[id.y * size.n + k + own.x]; }
        at[own.y][own.x] = x;
        var y = 0.0;
        if id.x < size.n && k + own.y < size.n { y = b[(k + own.y) * size.n + id.x]; }
        bt[own.y][own.x] = y;
        workgroupBarrier();
        for (var j = 0u; j < 8u; j++) { sum += at[own.y][j] * bt[j][own.x]; }
        workgroupBarrier();
    }
    if id.x < size.n && id.y < size.n { c[id.y * size.n + id.x] = sum; }
}";

/// The shader, its inputs, and the workgroups.
fn matmul(n: u32) -> (Vec<Vec<u32>>, [u32; 3]) {
    let value = |i: u32| ((i.wrapping_mul(2_654_435_761) >> 16) as f32 / 65536.0 - 0.5).to_bits();
    let matrix = |seed: u32| (0..n * n).map(|i| value(i + seed)).collect::<Vec<u32>>();
    let zero = vec![0x7fc0_dead; (n * n) as usize];
    (
        vec![vec![n], matrix(1), matrix(77), zero],
        [n.div_ceil(8), n.div_ceil(8), 1],
    )
}

#[test]
fn a_tiled_product_is_clean_and_within_its_bounds() {
    let (inputs, groups) = matmul(65);
    let program = Program::new(MATMUL, None).unwrap();
    let names: Vec<&str> = program.bindings().iter().map(|b| b.name.as_str()).collect();
    assert_eq!(names, ["size", "a", "b", "c"]);
    let start = std::time::Instant::now();
    let expected = program.expect(&inputs, groups).unwrap();
    let bounded = start.elapsed();
    let buffers = inputs.into_iter().map(full);
    let mut buffers: Vec<Memory> = buffers.collect();
    buffers[3].initialised = false;
    let start = std::time::Instant::now();
    assert_eq!(program.run(&mut buffers, groups).unwrap(), []);
    println!("expect {bounded:?}, run {:?}", start.elapsed());
    let mut bounds = 0;
    for (expected, got) in expected
        .iter()
        .flatten()
        .zip(buffers.iter().flat_map(|b| &b.words))
    {
        assert!(expected.share(*got).is_some(), "{expected:?} {got:#x}");
        bounds += u32::from(matches!(expected, Expected::Near { bound, .. } if *bound < 1e-4));
    }
    assert_eq!(bounds, 65 * 65);
}
