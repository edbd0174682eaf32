//! Loading idx files: whatever is sound loads, and whatever is not is refused in clear words.

mod idx_files;

use idx_files::{NAMES, gzip, images, labels, mentions, small, write};
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use unlearn::data::{Dataset, builtin, load};
use unlearn::error::Error;

/// Loads a folder that must be sound and give no cause to tell anything.
#[track_caller]
fn load_quietly(folder: &Path) -> Dataset {
    load(folder.to_str().unwrap(), &|line| panic!("told: {line}")).unwrap()
}

#[track_caller]
fn assert_small(dataset: &Dataset) {
    assert_eq!(dataset.train, builtin::train(5).into());
    assert_eq!(dataset.test, builtin::test(3).into());
}

/// The message of the error for a small set that `spoil` had its way with. It must begin with
/// the folder.
#[track_caller]
fn refusal(spoil: impl FnOnce(&Path)) -> String {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), "");
    spoil(folder.path());
    refused(folder.path())
}

#[track_caller]
fn refused(path: &Path) -> String {
    let text = match load(path.to_str().unwrap(), &|_| ()) {
        Err(Error::Data(text)) => text,
        Err(other) => panic!("another kind of error: {other}"),
        Ok(_) => panic!("not refused"),
    };
    assert!(text.starts_with(path.to_str().unwrap()), "{text}");
    mentions(&text, &["--data auto"]);
    text
}

/// The message for a small set whose file `index` has these bytes, plain; and gzipped it must be
/// refused too. It must name the file.
#[track_caller]
fn refusal_of(index: usize, bytes: &[u8]) -> String {
    let plain = NAMES[index];
    let gzipped = format!("{plain}.gz");
    let text = refusal(|folder| {
        fs::remove_file(folder.join(plain)).unwrap();
        fs::write(folder.join(&gzipped), gzip(bytes)).unwrap();
    });
    mentions(&text, &[&gzipped]);
    let text = refusal(|folder| fs::write(folder.join(plain), bytes).unwrap());
    mentions(&text, &[plain]);
    text
}

#[test]
fn plain_gzipped_and_dotted_files_load_alike() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), "");
    let dataset = load_quietly(folder.path());
    assert_small(&dataset);
    let record = dataset.record;
    assert_eq!((record.name.as_str(), record.warning), ("idx files", None));
    assert_eq!((record.train, record.test), (5, 3));
    assert_eq!(record.folder, Some(folder.path().display().to_string()));

    let folder = TempDir::new().unwrap();
    write(folder.path(), &small().map(|bytes| gzip(&bytes)), ".gz");
    assert_small(&load_quietly(folder.path()));

    let folder = TempDir::new().unwrap();
    for (index, (name, bytes)) in NAMES.iter().zip(small()).enumerate() {
        let dotted = name.replace("-idx", ".idx");
        if index % 2 == 0 {
            fs::write(folder.path().join(dotted), bytes).unwrap();
        } else {
            let path = folder.path().join(format!("{dotted}.gz"));
            fs::write(path, gzip(&bytes)).unwrap();
        }
    }
    assert_small(&load_quietly(folder.path()));
}

#[test]
fn the_content_and_not_the_name_says_what_is_gzipped() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), ".gz");
    assert_small(&load_quietly(folder.path()));
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small().map(|bytes| gzip(&bytes)), "");
    assert_small(&load_quietly(folder.path()));
}

#[test]
fn folders_named_like_files_are_passed_over() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small().map(|bytes| gzip(&bytes)), ".gz");
    fs::create_dir(folder.path().join(NAMES[0])).unwrap();
    assert_small(&load_quietly(folder.path()));
}

#[test]
fn a_single_image_is_a_set() {
    let folder = TempDir::new().unwrap();
    let one = idx_files::files(&builtin::train(1), &builtin::test(1));
    write(folder.path(), &one, "");
    let dataset = load_quietly(folder.path());
    assert_eq!((dataset.train.len(), dataset.test.len()), (1, 1));
    assert!(!dataset.test.is_empty());
}

#[test]
fn a_missing_folder_or_file_is_named() {
    let folder = TempDir::new().unwrap();
    let text = refused(&folder.path().join("nowhere"));
    mentions(&text, &["nowhere does not exist", "--data builtin"]);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    mentions(&refused(&file), &["file is not a folder"]);
    fs::remove_file(&file).unwrap();
    mentions(&refused(folder.path()), &NAMES);
    mentions(&refused(folder.path()), &["holds nothing"]);

    for name in NAMES {
        let text = refusal(|folder| fs::remove_file(folder.join(name)).unwrap());
        mentions(&text, &[&format!("lacks {name} (plain or .gz)")]);
        let (_, held) = text.split_once("it holds").unwrap();
        for other in NAMES {
            assert_eq!(held.contains(other), other != name, "{text}");
        }
    }
    let text = refusal(|folder| {
        fs::remove_file(folder.join(NAMES[2])).unwrap();
        for i in 0..10 {
            fs::write(folder.join(format!("a{i}")), "").unwrap();
        }
    });
    mentions(&text, &["a0, a1, a2, a3, a4, a5, a6, a7 and 5 more"]);
}

#[test]
fn every_truncation_is_caught() {
    for (index, whole) in small().iter().enumerate() {
        for length in (0..whole.len()).rev().take(20).chain(0..24) {
            if length < whole.len() {
                refusal_of(index, &whole[..length]);
            }
        }
    }
    let [pixels, ..] = small();
    mentions(&refusal_of(0, &[]), &["is empty"]);
    mentions(&refusal_of(0, &pixels[..7]), &["cut off", "7 of its 16"]);
    let text = refusal_of(0, &pixels[..1000]);
    mentions(&text, &["cut off", "5 images", "3936 bytes", "are 1000"]);

    let [_, _, _, labels] = small();
    let gzipped = gzip(&labels);
    let name = format!("{}.gz", NAMES[3]);
    for length in 2..gzipped.len() {
        let text = refusal(|folder| {
            fs::remove_file(folder.join(NAMES[3])).unwrap();
            fs::write(folder.join(&name), &gzipped[..length]).unwrap();
        });
        mentions(&text, &[&name, "cut off", "gzip"]);
    }
}

#[test]
fn trailing_bytes_are_caught() {
    let [pixels, ..] = small();
    let text = refusal_of(0, &[&pixels[..], b"!"].concat());
    mentions(&text, &["goes on after its end", "3936 bytes", "are 3937"]);
    let [_, digits, ..] = small();
    let text = refusal_of(1, &[digits, vec![0; 100]].concat());
    mentions(&text, &["5 labels", "13 bytes", "are 113"]);
    // After the end of the gzip data, too.
    let text = refusal(|folder| {
        fs::write(folder.join(NAMES[0]), [gzip(&pixels), vec![7; 30]].concat()).unwrap();
    });
    mentions(&text, &["damaged", "gzip"]);
}

#[test]
fn a_wrong_magic_number_is_explained() {
    let [pixels, digits, ..] = small();
    let text = refusal_of(0, &digits);
    mentions(&text, &["holds labels, not images", "swapped"]);
    let text = refusal_of(3, &pixels);
    mentions(&text, &["holds images, not labels", "swapped"]);
    let text = refusal_of(2, b"<!DOCTYPE html><title>Log in</title>");
    mentions(&text, &["3c 21 44 4f, not 00 00 08 03", "web page"]);
    mentions(&refusal_of(1, &gzip(&gzip(&digits))), &["gzipped twice"]);
    mentions(
        &refusal_of(1, &[0, 0, 13, 1, 0, 0, 0, 1]),
        &["another type"],
    );
    mentions(&refusal_of(1, &[9; 20]), &["starts with 09 09 09 09"]);
}

#[test]
fn counts_must_agree() {
    let three = builtin::test(3);
    let text = refusal_of(0, &images(3, 28, 28, &three.images));
    mentions(&text, &[NAMES[0], "3 images", NAMES[1], "5 labels"]);
    let text = refusal(|folder| {
        fs::write(folder.join(NAMES[3]), labels(2, &[1, 2])).unwrap();
    });
    mentions(&text, &[NAMES[2], "3 images", NAMES[3], "2 labels"]);
}

#[test]
fn labels_must_be_digits() {
    let text = refusal_of(1, &labels(5, &[0, 9, 4, 10, 255]));
    mentions(&text, &["label 3", "is 10", "0 to 9"]);
}

#[test]
fn images_must_be_28_by_28() {
    let pixels = vec![0; 5 * 784];
    mentions(&refusal_of(0, &images(5, 28, 27, &pixels)), &["28 x 27"]);
    let text = refusal_of(0, &images(5, 14, 56, &pixels));
    mentions(&text, &["14 x 56", "28 x 28 are needed"]);
}

#[test]
fn an_empty_set_is_refused() {
    mentions(
        &refusal_of(2, &images(0, 28, 28, &[])),
        &["holds no images"],
    );
    mentions(&refusal_of(1, &labels(0, &[])), &["holds no labels"]);
}

#[test]
fn an_absurd_count_costs_no_memory() {
    // 3.4 terabytes, if believed.
    let text = refusal_of(0, &images(u32::MAX, 28, 28, &[0; 784]));
    mentions(&text, &["4294967295 images", "3367254359296 bytes"]);
    let text = refusal_of(3, &labels(u32::MAX, &[0; 3]));
    mentions(&text, &["4294967295 labels"]);
    // Gzipped, such a file is refused for its own length.
    let bytes = gzip(&images(u32::MAX, 28, 28, &[0; 784]));
    let text = refusal(|folder| fs::write(folder.join(NAMES[0]), bytes).unwrap());
    mentions(&text, &["claims 4294967295 images", "can hold"]);
}

#[test]
fn a_flipped_bit_in_a_gzip_file_never_goes_unnoticed() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), "");
    let sound = gzip(&small()[2]);
    let path = folder.path().join(NAMES[2]);
    let mut accepted = 0;
    for bit in 0..sound.len() * 8 {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, bytes).unwrap();
        // A few bits do no harm: the time stamp in the gzip header, say, or from how far back in
        // an all-white stretch more white is copied.
        if let Ok(dataset) = load(folder.path().to_str().unwrap(), &|_| ()) {
            assert_small(&dataset);
            accepted += 1;
        }
    }
    let bits = sound.len() * 8;
    assert!(accepted < bits / 20, "{accepted} of {bits} bits");
}

/// The `mnist` crate reads nothing but sets of MNIST's size, as plain files.
#[test]
fn the_mnist_crate_reads_the_same_from_a_full_size_set() {
    let made = load("builtin", &|line| panic!("told: {line}")).unwrap();
    assert_eq!(made.record.name, "built-in digits");
    assert_eq!((made.record.train, made.record.test), (60_000, 10_000));
    assert_eq!((made.record.folder, made.record.warning), (None, None));

    let folder = TempDir::new().unwrap();
    let [train, test] = [made.train, made.test].map(|set| builtin::Digits {
        images: set.pixels,
        labels: set.labels,
    });
    write(folder.path(), &idx_files::files(&train, &test), "");
    let ours = load_quietly(folder.path());
    let theirs = mnist::MnistBuilder::new()
        .base_path(folder.path().to_str().unwrap())
        .training_set_length(60_000)
        .validation_set_length(0)
        .test_set_length(10_000)
        .finalize();
    assert!(ours.train.pixels == theirs.trn_img, "train images differ");
    assert!(ours.train.labels == theirs.trn_lbl, "train labels differ");
    assert!(ours.test.pixels == theirs.tst_img, "test images differ");
    assert!(ours.test.labels == theirs.tst_lbl, "test labels differ");
    assert!(ours.train == train.into() && ours.test == test.into());
}

/// Runs the test `child_loads_auto` alone in a process of its own with these environment
/// variables, and returns what it prints.
fn auto(variables: &[(&str, &Path)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_loads_auto", "--ignored", "--nocapture"])
        .env_remove("UNLEARN_DATA")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "not a test: the other half of the tests that set environment variables"]
fn child_loads_auto() {
    let told = RefCell::new(String::new());
    match load("auto", &|line| *told.borrow_mut() += line) {
        Ok(dataset) => println!("loaded {:?}", dataset.record),
        Err(error) => println!("refused {error}"),
    }
    println!("told {}", told.borrow());
}

#[test]
fn auto_obeys_the_variable_and_forgives_it_nothing() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), "");
    let text = auto(&[("UNLEARN_DATA", folder.path())]);
    mentions(&text, &["loaded", "idx files", "train: 5, test: 3"]);

    fs::remove_file(folder.path().join(NAMES[1])).unwrap();
    let text = auto(&[("UNLEARN_DATA", folder.path())]);
    mentions(
        &text,
        &["refused", NAMES[1], "UNLEARN_DATA names this folder"],
    );
}

#[test]
fn auto_without_a_network_falls_back_to_the_built_in_digits() {
    let folder = TempDir::new().unwrap();
    // All mirrors are behind a proxy that does not exist. An empty variable is as good as none.
    let text = auto(&[
        ("UNLEARN_DATA", Path::new("")),
        ("XDG_CACHE_HOME", folder.path()),
        ("LOCALAPPDATA", folder.path()),
        ("ALL_PROXY", Path::new("http://127.0.0.1:9")),
        ("NO_PROXY", Path::new("")),
    ]);
    mentions(&text, &["loaded", "built-in digits", "train: 60000"]);
    mentions(&text, &["told", "WARNING: MNIST could not be had"]);
    mentions(&text, &["ossci-datasets", "cvdf-datasets"]);
    let cache = folder.path().join("unlearn/mnist");
    assert_eq!(fs::read_dir(cache).unwrap().count(), 0);
}

#[test]
fn mnist_itself_where_unlearn_data_names_it() {
    if std::env::var_os("UNLEARN_DATA").is_none() {
        eprintln!("not judged: MNIST itself, since UNLEARN_DATA names no folder");
        return;
    }
    let dataset = load("auto", &|line| panic!("told: {line}")).unwrap();
    assert_eq!(dataset.record.name, "MNIST");
    assert_eq!((dataset.train.len(), dataset.test.len()), (60_000, 10_000));
    assert_eq!(dataset.train.labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(dataset.test.labels[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
}
