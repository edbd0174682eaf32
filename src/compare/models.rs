//! Networks of any origin, to be judged like those of a method.

use std::path::{Path, PathBuf};

use crate::checkpoint::{self, Networks};
use crate::engine::Weights;
use crate::error::{Error, Result};
use crate::methods;
use crate::model::Model;

/// The networks of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loaded {
    /// The file's name, without `.safetensors`.
    pub(super) name: String,
    /// Their parameters, [networks, model.parameters()].
    pub(super) weights: Weights,
    /// How many there are.
    pub(super) networks: usize,
}

/// The networks of every safetensors file in a folder, in the order of names. `declared` are the names
/// of methods from files.
///
/// # Errors
/// `File` if something cannot be read; `Data` if a file does not hold networks of this shape; `Usage` if
/// there is no such file, or one has the name of a method.
pub(super) fn models(folder: &Path, model: &Model, declared: &[&str]) -> Result<Vec<Loaded>> {
    let files = files(folder)?;
    if files.is_empty() {
        return Err(Error::Usage(format!(
            "--models {}: there is no .safetensors file in it. Each is a row of the comparison: put them \
             there, or name the folder that they are in",
            folder.display()
        )));
    }
    let all = files.iter().map(|path| loaded(path, model, declared));
    all.collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = || Error::file("read", folder);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if path.extension().is_some_and(|end| end == "safetensors") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn loaded(path: &Path, model: &Model, declared: &[&str]) -> Result<Loaded> {
    let name = path.file_stem().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let taken =
        ["originals", "retrained", "twins"].contains(&&*name) || methods::named(&name).is_some();
    if taken || declared.contains(&&*name) {
        return Err(Error::Usage(format!(
            "{} has the name of another row or group of the comparison: rename it",
            path.display()
        )));
    }
    let Networks {
        hidden,
        count,
        weights,
    } = checkpoint::load(path)?;
    let layers = model.layers();
    let own: Vec<usize> = layers.iter().skip(1).map(|l| l.inputs as usize).collect();
    if hidden != own {
        let flag = |widths: &[usize]| {
            let words: Vec<String> = widths.iter().map(usize::to_string).collect();
            words.join(",")
        };
        return Err(Error::Usage(format!(
            "{} holds networks with hidden layers of widths {}, but those of this comparison have {}, and \
             metrics compare layer by layer: use --hidden {}, and only models of one shape",
            path.display(),
            flag(&hidden),
            flag(&own),
            flag(&hidden)
        )));
    }
    Ok(Loaded {
        name,
        weights,
        networks: count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with networks of these hidden widths under these names.
    fn folder(files: &[(&str, &[usize], usize)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, hidden, count) in files {
            let model = Model::new(hidden).unwrap();
            let mut weights = vec![0.0; count * model.parameters() as usize];
            // The weight of the first pixel for the first unit.
            weights[0] = 0.5;
            let path = folder.path().join(name);
            checkpoint::save(&path, &model, &weights, "").unwrap();
        }
        folder
    }

    #[track_caller]
    fn refused(folder: &Path, parts: &[&str]) {
        let model = Model::new(&[30, 17]).unwrap();
        let said = models(folder, &model, &[]).unwrap_err().to_string();
        for part in parts {
            assert!(said.contains(part), "no {part:?} in: {said}");
        }
    }

    #[test]
    fn every_file_is_a_row() {
        let widths = &[30, 17][..];
        let folder = folder(&[("b.safetensors", widths, 1), ("a 2.safetensors", widths, 3)]);
        std::fs::write(folder.path().join("notes.txt"), "none of them").unwrap();
        let model = Model::new(widths).unwrap();
        let loaded = models(folder.path(), &model, &[]).unwrap();
        let names: Vec<(&str, usize)> = loaded.iter().map(|l| (&*l.name, l.networks)).collect();
        assert_eq!(names, [("a 2", 3), ("b", 1)]);
        let size = model.parameters() as usize;
        assert_eq!(loaded[0].weights.len(), 3 * size);
        assert_eq!((loaded[1].weights[0], loaded[1].weights[1]), (0.5, 0.0));
    }

    #[test]
    fn what_cannot_be_a_row_is_refused() {
        refused(
            Path::new("/nowhere/at/all"),
            &["cannot read /nowhere/at/all"],
        );
        refused(folder(&[]).path(), &["--models", "no .safetensors file"]);
        let other = folder(&[("mine.safetensors", &[64], 1)]);
        refused(
            other.path(),
            &["mine.safetensors", "widths 64", "have 30,17", "--hidden 64"],
        );
        let same = folder(&[("scrub.safetensors", &[30, 17], 1)]);
        refused(same.path(), &["scrub.safetensors", "rename it"]);
        let none = folder(&[]);
        std::fs::write(none.path().join("x.safetensors"), "none").unwrap();
        refused(none.path(), &["x.safetensors", "not a safetensors file"]);
    }
}
