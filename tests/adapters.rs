//! `docs/adapters.md` is what the reports in `docs/adapters/` say.

use std::path::PathBuf;

use unlearn::check::adapters_page;
use unlearn::check::report::Report;

fn docs() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "docs"].iter().collect()
}

fn reports() -> Vec<Report> {
    let files = std::fs::read_dir(docs().join("adapters")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        })
        .collect()
}

#[test]
fn the_page_of_adapters_is_made_from_the_reports() {
    let reports = reports();
    assert!(!reports.is_empty());
    let page = adapters_page(&reports);
    let path = docs().join("adapters.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    assert!(
        there.replace("\r\n", "\n") == page,
        "docs/adapters.md is not what the reports say: UPDATE_DOCS=1 cargo test --release --test adapters"
    );
}

#[test]
fn a_failure_shows_on_the_page() {
    let mut reports = reports();
    let row = &mut reports[0].devices[0].rows[0];
    let name = format!("wrong: {}/{}", row.kernel, row.variant);
    row.failure = Some(
        serde_json::from_value(serde_json::json!({
            "shape": "1x4x4x1", "fill": "exact", "seed": 1, "command": "",
            "mismatch": {"place": "y[0]", "got": "1", "expected": "2", "bound": "exact"},
        }))
        .unwrap(),
    );
    assert!(adapters_page(&reports).contains(&name));
    reports[0].devices[0].rows.clear();
    reports[0].devices[0].stopped = Some("it | broke\ndown".to_owned());
    assert!(adapters_page(&reports).contains("stopped: it \\| broke down"));
}
