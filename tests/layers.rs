//! The house stands in layers: `src/lib.rs` lists the modules from the ground up, and a module imports
//! only from those above it in that list.

use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of a `lib.rs`, from the ground up.
fn modules(lib: &str) -> Vec<String> {
    let declared = |line: &str| {
        let name = line.strip_prefix("pub ").unwrap_or(line);
        Some(name.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
    };
    lib.lines().filter_map(declared).collect()
}

/// All files of a module, but for those that are tests.
fn files(module: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![source().join(format!("{module}.rs")), source().join(module)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            left.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.is_file() && !path.ends_with("tests.rs") && !is_test(&path) {
            found.push(path);
        }
    }
    found
}

/// Whether a file's module is declared for tests only.
fn is_test(path: &Path) -> bool {
    let stem = path.file_stem().unwrap().to_string_lossy();
    let declared = format!("#[cfg(test)]\nmod {stem};");
    let public = format!("#[cfg(test)]\npub(crate) mod {stem};");
    let folder = path.parent().unwrap();
    [folder.join("mod.rs"), folder.with_extension("rs")]
        .iter()
        .filter_map(|parent| std::fs::read_to_string(parent).ok())
        .any(|text| text.contains(&declared) || text.contains(&public))
}

/// The modules of this crate that a text names outside of its comments and its tests.
fn imports(text: &str, modules: &[String]) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: Vec<&str> = code
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .collect();
    let code = code.join("\n");
    let mut named = Vec::new();
    for rest in code.split("crate::").skip(1) {
        // `use crate::{a, b::c}` names several.
        let part = match rest.strip_prefix('{') {
            Some(list) => list.split(';').next().unwrap(),
            None => rest
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap(),
        };
        let words = part.split(|c: char| !c.is_alphanumeric() && c != '_');
        named.extend(
            words
                .filter(|word| modules.iter().any(|m| m == word))
                .map(str::to_owned),
        );
    }
    named
}

/// What a module imports from beside or below itself.
fn faults(module: &str, text: &str, modules: &[String]) -> Vec<String> {
    let place = |name: &str| modules.iter().position(|m| m == name);
    let own = place(module);
    let wrong = |other: &String| other != module && place(other) > own;
    imports(text, modules).into_iter().filter(wrong).collect()
}

#[test]
fn modules_import_only_from_those_above_them() {
    let modules = modules(&std::fs::read_to_string(source().join("lib.rs")).unwrap());
    assert!(modules.len() > 20, "{modules:?}");
    let mut wrong = Vec::new();
    for module in &modules {
        let files = files(module);
        assert!(!files.is_empty(), "{module}");
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            for other in faults(module, &text, &modules) {
                wrong.push(format!("{} imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_from_below_is_found() {
    let modules = modules("pub mod error;\nmod data;\npub mod report;\n");
    let text = "//! crate::report\nuse crate::error::Error;\nuse crate::{data, report::page};\n\
                #[cfg(test)]\nmod tests { use crate::report; }";
    assert_eq!(faults("data", text, &modules), ["report"]);
    assert_eq!(faults("report", text, &modules), Vec::<String>::new());
    assert_eq!(faults("error", "crate::data::load()", &modules), ["data"]);
}
