//! Reports what a folder contains instead of the four files, and what to do with it.

use super::names::{holds_all, listing, prefixes};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const UNPACK: &str = "an archive: unpack it, and name the folder with the idx files";
const CONVERT: &str = "which is not read here: write the data as idx files (docs/data.md shows \
                       how), or, for MNIST, use --data auto";

/// File extensions, and what to do with such files.
const FORMS: [(&[&str], &str, &str); 13] = [
    (
        &[
            ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar",
        ],
        "",
        UNPACK,
    ),
    (
        &[".dvc"],
        "",
        "a DVC pointer: run dvc pull to get the file that it stands for",
    ),
    (&[".npz", ".npy"], "NumPy's form, as from Keras, ", CONVERT),
    (
        &[".parquet"],
        "a parquet file, as from Hugging Face, ",
        CONVERT,
    ),
    (
        &[".arrow"],
        "an Arrow file, as from Hugging Face, ",
        CONVERT,
    ),
    (&[".pt", ".pth"], "PyTorch's form, ", CONVERT),
    (
        &[".pkl", ".pkl.gz", ".pickle"],
        "a Python pickle, ",
        CONVERT,
    ),
    (&[".mat"], "MATLAB's form, ", CONVERT),
    (&[".csv", ".csv.gz", ".tsv"], "a table, ", CONVERT),
    (&[".h5", ".hdf5"], "an HDF5 file, ", CONVERT),
    (&[".arff"], "an ARFF file, as from OpenML, ", CONVERT),
    (&[".tfrecord"], "TensorFlow's form, ", CONVERT),
    (
        &[".png", ".jpg", ".jpeg", ".bmp", ".gif"],
        "a picture, ",
        CONVERT,
    ),
];

/// How deep below a folder to look for the files, and in how many folders at most.
const DEPTH: usize = 3;
const FOLDERS: usize = 300;

/// What is in a folder without any of the four files; worded to follow the list of names.
pub(super) fn pointer(folder: &Path) -> String {
    let folders = tree(folder);
    if let Some(found) = folders.iter().find(|folder| holds_all(folder)) {
        return format!(". The four files are in {}: name it", found.display());
    }
    let several = |folder: &PathBuf| Some((folder.clone(), prefixes(&listing(folder).ok()?)));
    let mut sets = folders.iter().filter_map(several);
    if let Some((at, sets)) = sets.find(|(_, sets)| sets.len() > 1) {
        let sets: Vec<_> = sets.into_iter().collect();
        return format!(
            ". {} holds several sets ({}…): move or link the four files of one into a folder of \
             their own. Of EMNIST's, digits and mnist show digits",
            at.display(),
            sets.join("…, ")
        );
    }
    let words = |at: &PathBuf| {
        let below = at.strip_prefix(folder).ok()?.display().to_string();
        let slash = if below.is_empty() { "" } else { "/" };
        Some(form(&listing(at).ok()?, &(below + slash))).filter(|words| !words.is_empty())
    };
    if pictures(folder) {
        return format!(". That looks like folders of pictures, {CONVERT}");
    }
    folders.iter().find_map(words).unwrap_or_default()
}

/// The first file of a known format; its name is shown relative to `below`.
pub(super) fn form(names: &[OsString], below: &str) -> String {
    let lower: Vec<_> = names
        .iter()
        .map(|name| name.to_string_lossy().to_lowercase())
        .collect();
    let found = FORMS.iter().find_map(|(ends, what, remedy)| {
        let known = |name: &String| ends.iter().any(|end| name.ends_with(end));
        let at = lower.iter().position(known)?;
        let name = names[at].to_string_lossy();
        Some(format!(". {below}{name} is {what}{remedy}"))
    });
    // TensorFlow numbers the parts of a set: mnist-train.tfrecord-00000-of-00001.
    let numbered = || {
        let at = lower.iter().position(|name| name.contains(".tfrecord-"))?;
        let name = names[at].to_string_lossy();
        Some(format!(". {below}{name} is TensorFlow's form, {CONVERT}"))
    };
    found.or_else(numbered).unwrap_or_default()
}

/// A folder and its subfolders, breadth first.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_path_buf()];
    let mut level = all.clone();
    for _ in 0..DEPTH {
        level = level.iter().flat_map(|folder| folders(folder)).collect();
        level.sort();
        level.truncate(FOLDERS.saturating_sub(all.len()));
        all.extend_from_slice(&level);
    }
    all
}

/// The folders in a folder. Links are not followed, because they may form cycles.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let real = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    real.map(|entry| entry.path()).collect()
}

/// Whether this is a tree with one folder per digit, or one each for training and testing.
fn pictures(folder: &Path) -> bool {
    let known = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default();
        let name = name.to_string_lossy().to_lowercase();
        let digit = matches!(name.as_bytes(), [b'0'..=b'9']);
        digit || ["train", "training", "test", "testing"].contains(&name.as_str())
    };
    folders(folder)
        .iter()
        .filter(|folder| known(folder))
        .count()
        >= 2
}
