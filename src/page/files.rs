//! The site's own files, and how a site comes into a folder.

use std::fs;
use std::path::Path;

use super::Site;
use crate::error::{Error, Result};
use crate::files::{self, Folders};

/// A file of the site that is the same in every site.
macro_rules! pages {
    ($($name:literal: $path:literal),+ $(,)?) => {
        [$(($name, include_str!($path))),+]
    };
}

/// Files that every site has.
pub(super) fn pages() -> impl Iterator<Item = (String, Vec<u8>)> {
    let all = pages![
        "index.html": "site/index.html",
        "page.css": "site/page.css",
        "icon.svg": "site/icon.svg",
        "adapter.js": "site/adapter.js",
        "bench.js": "site/bench.js",
        "check.js": "site/check.js",
        "curves.js": "site/curves.js",
        "dom.js": "site/dom.js",
        "files.js": "site/files.js",
        "look.js": "site/look.js",
        "main.js": "site/main.js",
        "methods.js": "site/methods.js",
        "player.js": "site/player.js",
        "run.js": "site/run.js",
        "script.js": "site/script.js",
        "tables.js": "site/tables.js",
        "verdict.js": "site/verdict.js",
        // How a drawing becomes an image: the same as in a run's report.
        "ink.js": "../report/html/draw/ink.js",
    ];
    all.into_iter()
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
}

/// The file by which a folder is known for a site, written last.
const CATALOGUE: &str = "program.json";
/// Folders of a site.
const PARTS: [&str; 3] = ["blobs", "runs", "shaders"];

/// Whether there is an earlier site in a folder.
fn holds_site(folder: &Path) -> bool {
    folder.join(CATALOGUE).is_file() && folder.join("index.html").is_file()
}

/// Refuses a folder into which `write` would write no site, before the work on one.
///
/// # Errors
/// `Usage` if it holds anything but an earlier site; `File` if it cannot be made, or not be written into.
pub fn claim(folder: &Path) -> Result<()> {
    if folder.exists() && !files::is_empty(folder) && !holds_site(folder) {
        return Err(files::refuse(
            folder,
            "is not empty, and holds no page of this program",
        ));
    }
    // What was made for the trial goes again.
    let _made = Folders::make(folder)?;
    files::probe_folder(folder)
}

/// Writes a site into a folder: a new or empty one, or one that holds an earlier site, which goes.
///
/// # Errors
/// As `claim`; `File` if the disk is full.
pub fn write(site: &Site, folder: &Path) -> Result<()> {
    claim(folder)?;
    let mut made = Folders::make(folder)?;
    if holds_site(folder) {
        clear(folder)?;
    }
    for part in PARTS {
        made.add(&folder.join(part))?;
    }
    for (path, bytes) in site.iter().filter(|(path, _)| *path != CATALOGUE) {
        files::write(&folder.join(path), bytes)?;
    }
    match site.get(CATALOGUE) {
        Some(bytes) => files::write(&folder.join(CATALOGUE), bytes),
        None => Ok(()),
    }
}

/// Removes the parts of an earlier site whose files have other names now.
fn clear(folder: &Path) -> Result<()> {
    let catalogue = folder.join(CATALOGUE);
    fs::remove_file(&catalogue).map_err(Error::file("remove", &catalogue))?;
    for part in PARTS.map(|part| folder.join(part)) {
        for entry in fs::read_dir(&part).into_iter().flatten().flatten() {
            let path = entry.path();
            let ours = ["gz", "wgsl"]
                .map(Some)
                .contains(&path.extension().and_then(|e| e.to_str()));
            if ours {
                fs::remove_file(&path).map_err(Error::file("remove", &path))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::palette;

    #[test]
    fn the_page_has_the_colours_of_reports() {
        let style = include_str!("site/page.css");
        for (name, colour) in [
            ("card", palette::CARD),
            ("ink", palette::INK),
            ("dim", palette::FAINT),
            ("axis", palette::BOUNDARY),
            ("line", palette::GRID),
            ("track", palette::TRACK),
            ("pale", palette::PALE),
            ("blue", palette::BLUE),
            ("ochre", palette::OCHRE),
            ("purple", palette::PURPLE),
            ("green", palette::GREEN),
            ("grey", palette::GREY),
            ("gone", palette::GONE),
        ] {
            let declared = format!("--{name}:{colour}");
            assert!(style.contains(&declared), "{declared}");
        }
    }

    #[test]
    fn only_an_earlier_page_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("site");
        let mut site: Site = pages().collect();
        site.insert("program.json".to_owned(), b"{}".to_vec());
        site.insert("blobs/old.gz".to_owned(), b"old".to_vec());
        write(&site, &out).unwrap();
        site.remove("blobs/old.gz").unwrap();
        site.insert("blobs/new.gz".to_owned(), b"new".to_vec());
        write(&site, &out).unwrap();
        assert!(out.join("blobs/new.gz").exists() && !out.join("blobs/old.gz").exists());
        let own = folder.path().join("own");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("index.html"), "mine").unwrap();
        let said = write(&site, &own).unwrap_err().to_string();
        assert!(said.contains("holds no page"), "{said}");
        assert_eq!(
            std::fs::read_to_string(own.join("index.html")).unwrap(),
            "mine"
        );
    }
}
