//! The real binary, `check --shader` and `--init`: users' own shaders.

mod common;

use std::fs;
use std::path::Path;

use common::{stderr, unlearn};
use tempfile::TempDir;
use unlearn::check::report::Report;

const DOUBLE: &str = "@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn double(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&x) {
        y[id.x] = 2.0 * x[id.x];
    }
}
";

const CONTRACT: &str = r#"
dispatch = ["ceil(n / 64)"]
sizes = { n = { tile = 64 } }
bindings.x = { shape = ["n"] }
bindings.y = { shape = ["n"], output = true }
reference = { shader = "plain.wgsl" }
"#;

/// A folder with a shader, its contract and its reference.
fn folder(shader: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("double.wgsl", shader),
        ("double.toml", CONTRACT),
        ("plain.wgsl", DOUBLE),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_shader_that_keeps_its_contract_exits_with_zero() {
    let folder = folder(DOUBLE);
    let shader = path(folder.path(), "double.wgsl");
    let json = path(folder.path(), "report.json");
    let output = unlearn(&["check", "--shader", &shader, "--json", &json]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
    assert!(
        said.contains("interp") && said.contains("planted faults"),
        "{said}"
    );
    assert!(
        said.lines().all(|line| line.chars().count() <= 80),
        "{said}"
    );
    let report: Report = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert!(report.passed && report.power.unwrap().caught > 0);
    assert_eq!(report.open, Some(0.0));
    let output = unlearn(&["check", "--shader", &shader, "--mutants"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("The contract catches"));
}

#[test]
fn a_shader_that_breaks_its_contract_exits_with_one() {
    let folder = folder(&DOUBLE.replace("2.0 *", "select(2.0, 3.0, id.x == 64u) *"));
    let shader = path(folder.path(), "double.wgsl");
    let under = path(folder.path(), "failures");
    let check = ["check", "--shader", &shader, "--reproduce", &under];
    let output = unlearn(&[&check[..], &["--device", "interpreter"]].concat());
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(&output));
    for part in ["WRONG", "n=65", "y[64]", "--sizes n=65 --fill"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let again = said.lines().find(|line| line.contains("  again")).unwrap();
    let mut arguments: Vec<&str> = again.split_whitespace().skip(2).collect();
    arguments.extend(["--reproduce", &under]);
    let output = unlearn(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("y[64]"));
}

/// Every result is right, but two invocations write y[0]: only the interpreter can know.
#[test]
fn a_race_is_found_again_from_its_folder_and_is_no_credit_to_the_contract() {
    let folder = folder(&DOUBLE.replace("2.0 * x[id.x];", "2.0 * x[id.x]; y[0] = 2.0 * x[0];"));
    let shader = path(folder.path(), "double.wgsl");
    let under = path(folder.path(), "failures");
    let output = unlearn(&["check", "--shader", &shader, "--reproduce", &under]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(&output));
    assert!(said.contains("race on y[0]"), "{said}");
    let left = fs::read_dir(&under).unwrap().next().unwrap().unwrap();
    let left = left.path().to_str().unwrap().to_owned();
    let report = fs::read_to_string(Path::new(&left).join("report.md")).unwrap();
    assert!(report.contains("The shader: the interpreter"), "{report}");
    let again = unlearn(&["check", "--replay", &left]);
    let said = stdout(&again);
    assert_eq!(again.status.code(), Some(1), "{said}{}", stderr(&again));
    assert!(said.contains("as recorded"), "{said}");
    let mutants = unlearn(&["check", "--shader", &shader, "--mutants"]);
    assert_eq!(mutants.status.code(), Some(2), "{}", stdout(&mutants));
}

/// A reference that overflows says nothing, and nothing is no proof.
#[test]
fn results_that_nobody_judges_are_not_right() {
    let folder = folder(DOUBLE);
    let infinite = DOUBLE.replace("2.0 * x[id.x]", "1e30 * (1e30 + x[id.x])");
    fs::write(folder.path().join("plain.wgsl"), infinite).unwrap();
    let shader = path(folder.path(), "double.wgsl");
    let output = unlearn(&["check", "--shader", &shader]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(&output));
    assert!(said.contains("not judged"), "{said}");
}

#[test]
fn a_first_contract_is_written_and_never_overwritten() {
    let folder = TempDir::new().unwrap();
    let shader = path(folder.path(), "double.wgsl");
    fs::write(&shader, DOUBLE).unwrap();
    let none = unlearn(&["check", "--shader", &shader]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("--init"), "{}", stderr(&none));
    let output = unlearn(&["check", "--init", &shader]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = fs::read_to_string(folder.path().join("double.toml")).unwrap();
    assert!(
        text.contains("[bindings.y]") && text.contains("TODO"),
        "{text}"
    );
    assert_eq!(
        unlearn(&["check", "--init", &shader]).status.code(),
        Some(2)
    );
    let without = unlearn(&["check", "--shader", &shader]);
    assert_eq!(without.status.code(), Some(2));
    let said = stderr(&without);
    assert!(
        said.contains("double_plain.wgsl") && said.contains("line "),
        "{said}"
    );
}

#[test]
fn a_shader_that_does_not_compile_shows_the_place() {
    let folder = folder("@compute fn f( {");
    let shader = path(folder.path(), "double.wgsl");
    for arguments in [["check", "--shader", &shader], ["check", "--init", &shader]] {
        let output = unlearn(&arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(
            said.contains("double.wgsl:1:") && said.contains('^'),
            "{said}"
        );
    }
    let output = unlearn(&["check", "--shader", &shader, "--kernel", "head"]);
    assert_eq!(output.status.code(), Some(2));
}

fn stdout(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
