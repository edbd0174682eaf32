//! What WGSL leaves undefined is found, in words that say where.

use super::*;

const HEAD: &str = "@group(0) @binding(0) var<storage, read_write> o: array<u32>;
var<workgroup> tile: array<u32, 8>;
";

/// The texts of what is found in an entry point's body, of workgroups of 4.
fn found(body: &str, groups: [u32; 3]) -> Vec<String> {
    let wgsl = format!(
        "{HEAD}@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32, \
         @builtin(workgroup_id) g: vec3<u32>) {{\n{body}\n_ = arrayLength(&o); }}"
    );
    let (_, found) = run(&wgsl, vec![full([0; 16])], groups);
    found.into_iter().map(|f| f.text).collect()
}

#[test]
fn races_within_a_workgroup_are_found() {
    let races = found("tile[i] = i;\no[i] = tile[(i + 1) % 4];", [1; 3]);
    let text = "race on tile[1]: written by invocation (1,0,0) at line 4 and read by (0,0,0) at \
                line 5, with no barrier in between";
    assert_eq!(races, [text]);
    let fine = "tile[i] = i;\nworkgroupBarrier();\no[i] = tile[(i + 1) % 4];";
    assert_eq!(found(fine, [1; 3]), [""; 0]);
    let wrong_barrier = fine.replace("workgroup", "storage");
    assert_eq!(found(&wrong_barrier, [1; 3]).len(), 1);
    let storage = fine.replace("tile", "o");
    assert_eq!(found(&storage, [1; 3]).len(), 2);
    let same = found("o[0] = 7;", [1; 3]);
    assert!(
        same[0].starts_with("race on o[0]: written by invocation (0,0,0)"),
        "{same:?}"
    );
}

#[test]
fn races_of_workgroups_are_found() {
    let races = found("if i == 0 { o[0] += 1; }", [2, 1, 1]);
    let text = "race on o[0]: written by invocation (0,0,0) of workgroup (0,0,0) at line 4 and \
                read by (0,0,0) of workgroup (1,0,0) at line 4: nothing orders workgroups";
    assert!(races.iter().any(|r| r == text), "{races:?}");
    assert_eq!(
        found("o[4 * g.x + i] = o[4 * g.x + i] + 1;", [2, 1, 1]),
        [""; 0]
    );
}

#[test]
fn atomics_do_not_race() {
    let wgsl = "@group(0) @binding(0) var<storage, read_write> n: atomic<u32>;
        @compute @workgroup_size(8) fn main() { atomicAdd(&n, 2u); }";
    let (got, found) = run(wgsl, vec![full([1])], [5, 1, 1]);
    assert_eq!((got, found), (vec![81], vec![]));
    let wgsl = "@group(0) @binding(0) var<storage, read_write> n: atomic<u32>;
        @compute @workgroup_size(8) fn main() {
            loop {
                let old = atomicLoad(&n);
                if atomicCompareExchangeWeak(&n, old, old * 3u).exchanged { break; }
            }
        }";
    let (got, found) = run(wgsl, vec![full([1])], [1; 3]);
    assert_eq!((got, found), (vec![6561], vec![]));
}

#[test]
fn accesses_out_of_bounds_are_found() {
    let found = found(
        "var own: array<u32, 3>;\no[i + 14u] = own[i] + tile[i + 5u];",
        [1; 3],
    );
    assert!(
        found.contains(
            &"out of bounds: invocation (2,0,0) takes element 16 of o at line 5, which has 16"
                .to_owned()
        ),
        "{found:?}"
    );
    let locals = |name: &str| {
        found
            .iter()
            .any(|f| f.contains(&format!(" of {name} at line 5")))
    };
    assert!(locals("own") && locals("tile"), "{found:?}");
}

#[test]
fn barriers_that_some_do_not_reach_are_found() {
    let text =
        "divergent barrier: 1 of the workgroup's 4 invocations do not get there, such as (3,0,0)";
    assert_eq!(found("if i < 3 { workgroupBarrier(); }", [1; 3]), [text]);
    assert_eq!(
        found("if i == 3 { return; }\nworkgroupBarrier();", [1; 3]),
        [text]
    );
    assert_eq!(
        found(
            "for (var k = 0u; k < 3; k++) { workgroupBarrier(); }",
            [1; 3]
        ),
        [""; 0]
    );
}

#[test]
fn words_that_nothing_has_written_are_found() {
    let wgsl = "@group(0) @binding(0) var<storage, read_write> o: array<u32>;
        @compute @workgroup_size(1) fn main() { o[1] = 1; o[0] = o[1] + o[2]; }";
    let (_, found) = run(wgsl, vec![empty(3)], [1; 3]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind, &*found[0].place),
        (FindingKind::Unwritten, "o[2]")
    );
}

#[test]
fn endless_loops_are_found() {
    let found = found("loop { if o[i] > 0u { break; } }", [1; 3]);
    assert!(found[0].starts_with("endless loop"), "{found:?}");
}
