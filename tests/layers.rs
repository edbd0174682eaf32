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

/// The siblings that a file imports from: `use super::name::…` or `use super::{name::…, …}`.
fn siblings(text: &str, names: &[String]) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let uses = code.split("use super::").skip(1);
    let lists = uses.filter_map(|rest| rest.split(';').next());
    let words = lists.flat_map(|list| list.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let own = words.filter(|word| names.iter().any(|name| name == word));
    own.map(str::to_owned).collect()
}

/// The files that import from each other in circles.
fn circle(imports: &[(String, Vec<String>)]) -> Vec<String> {
    let mut left: Vec<_> = imports.to_vec();
    loop {
        let before = left.len();
        // What imports nothing of the rest is in no circle, and neither is what nothing imports.
        let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
        left.retain(|(_, others)| others.iter().any(|other| names.contains(other)));
        let imported: Vec<String> = left.iter().flat_map(|(_, others)| others.clone()).collect();
        left.retain(|(name, _)| imported.contains(name));
        if left.len() == before {
            return left.into_iter().map(|(name, _)| name).collect();
        }
    }
}

/// All folders of the source.
fn folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![source()];
    while let Some(folder) = left.pop() {
        let entries = std::fs::read_dir(&folder).unwrap();
        left.extend(entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()));
        found.push(folder);
    }
    found
}

#[test]
fn files_of_a_folder_import_from_each_other_in_no_circle() {
    for folder in folders() {
        let entries = std::fs::read_dir(&folder).unwrap();
        let files = entries.map(|e| e.unwrap().path());
        let files: Vec<PathBuf> = files
            .filter(|p| p.extension().is_some_and(|e| e == "rs") && !p.ends_with("mod.rs"))
            .filter(|p| !p.ends_with("tests.rs") && !is_test(p))
            .collect();
        let name = |p: &PathBuf| p.file_stem().unwrap().to_string_lossy().into_owned();
        let names: Vec<String> = files.iter().map(name).collect();
        let imports = files.iter().map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            (name(path), siblings(&text, &names))
        });
        let circle = circle(&imports.collect::<Vec<_>>());
        assert!(
            circle.is_empty(),
            "{}: {circle:?} import each other; move what they share into a file below them",
            folder.display()
        );
    }
}

#[test]
fn a_circle_of_siblings_is_found() {
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    let file = |name: &str, text: &str| (name.to_owned(), siblings(text, &names));
    let mut files = vec![
        file("a", "use super::b::B;\n"),
        file("b", "use super::{Other, c::{C, D}};\n"),
        file("c", "use super::d;\n"),
        file("d", "use crate::a;\n"),
    ];
    assert_eq!(circle(&files), [""; 0]);
    files[2] = file("c", "use super::a::{A};\n");
    assert_eq!(circle(&files), ["a", "b", "c"]);
}
