//! What is added to a list by hand is missed where it is left out.

use std::path::Path;

use unlearn::methods::{METHODS, named};
use unlearn::metrics;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The public modules that a file declares.
fn modules(text: &str) -> Vec<String> {
    let lines = text.lines();
    let declared = lines.filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    declared.map(str::to_owned).collect()
}

/// The modules that the rest of a text does not name.
fn missing(modules: Vec<String>, text: &str) -> Vec<String> {
    let named = |module: &String| text.contains(&format!("{module}::"));
    modules
        .into_iter()
        .filter(|module| !named(module))
        .collect()
}

#[test]
fn every_metric_is_in_the_list_and_in_the_docs() {
    let text = read("src/metrics/mod.rs");
    let all = text.split("pub fn all(").nth(1).unwrap();
    let all = all.split("\n}\n").next().unwrap();
    // Effects and figures are made of metrics.
    let modules: Vec<String> = modules(&text)
        .into_iter()
        .filter(|m| m != "effect" && m != "figures")
        .collect();
    assert!(modules.len() > 10);
    assert_eq!(missing(modules, all), [""; 0]);
    let docs = read("docs/compare.md");
    for metric in metrics::all(2) {
        let name = metric.name().split(' ').next().unwrap();
        assert!(
            docs.contains(&format!("| {name}")),
            "no row of {name} in docs/compare.md"
        );
    }
}

#[test]
fn every_method_is_in_the_list_and_in_the_docs() {
    let text = read("src/methods/mod.rs");
    let all = text.split("static ROWS").nth(1).unwrap();
    let all = all.split("];").next().unwrap();
    let modules = modules(&text);
    assert_eq!(missing(modules, all), [""; 0]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/methods/declared");
    let files = std::fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: Vec<String> = names.filter(|name| name.ends_with(".toml")).collect();
    assert!(files.len() > 10);
    for file in &files {
        let (name, _) = file.rsplit_once('.').unwrap();
        assert!(
            all.contains(&format!("declared/{file}")),
            "{file} is no row"
        );
        assert!(
            named(name).is_some(),
            "{file} declares no method of its name"
        );
    }
    assert_eq!(METHODS.len(), all.matches("\n    ").count());
    let docs = read("docs/compare.md");
    let rows: String = docs.lines().filter(|line| line.starts_with("| ")).collect();
    for method in METHODS.iter() {
        assert!(
            rows.contains(method.name()),
            "no row of {} in docs/compare.md",
            method.name()
        );
    }
}

#[test]
fn what_is_left_out_is_found() {
    let named = modules("mod own;\npub mod one;\npub mod other;\n");
    assert_eq!(missing(named, "[&one::One]"), ["other"]);
}
