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
    let record = &dataset.record;
    assert_eq!(
        (record.name.as_str(), &record.warning),
        ("idx files", &None)
    );
    assert_eq!((record.train, record.test), (5, 3));
    assert_eq!(dataset.source, folder.path());
    // As `for f in …; do sha256sum < $f | cut -d' ' -f1; done | sha256sum` has it.
    let lines = small()
        .map(|bytes| idx_files::sha256(&bytes) + "\n")
        .concat();
    assert_eq!(record.sha256, Some(idx_files::sha256(lines.as_bytes())));

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

/// Moves a file of a folder.
fn shift(folder: &Path, from: &str, to: &str) {
    let to = folder.join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(folder.join(from), to).unwrap();
}

/// Loads a small set that was moved about, and says where it was found.
#[track_caller]
fn found(moves: impl FnOnce(&Path)) -> String {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), "");
    moves(folder.path());
    let dataset = load_quietly(folder.path());
    assert_small(&dataset);
    let place = dataset.source.strip_prefix(folder.path()).unwrap();
    place.to_str().unwrap().to_owned()
}

#[test]
fn the_usual_places_and_names_are_found() {
    let below = |place: &'static str| {
        move |folder: &Path| {
            for name in NAMES {
                shift(folder, name, &format!("{place}/{name}"));
            }
        }
    };
    for place in ["MNIST/raw", "raw", "MNIST"] {
        let parts: Vec<&str> = place.split('/').collect();
        assert_eq!(
            found(below(place)).split(['/', '\\']).collect::<Vec<_>>(),
            parts
        );
    }
    let renamed = |rename: fn(&str) -> String| {
        found(move |folder| {
            for name in NAMES {
                // By way of another name: some systems take the two cases for one.
                shift(folder, name, "between");
                shift(folder, "between", &rename(name));
            }
        })
    };
    assert_eq!(renamed(|name| name.to_uppercase()), "");
    assert_eq!(renamed(|name| format!("{name}/{name}")), "");
    assert_eq!(renamed(|name| name.replace("t10k", "test")), "");
    let emnist = |name: &str| format!("emnist-digits-{}", name.replace("t10k", "test"));
    assert_eq!(renamed(emnist), "");
}

/// What is said of a folder with these entries; names that end in a slash are folders.
#[track_caller]
fn pointed(entries: &[&str], parts: &[&str]) {
    let folder = TempDir::new().unwrap();
    for entry in entries {
        let path = folder.path().join(entry);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match entry.ends_with('/') {
            true => fs::create_dir_all(&path).unwrap(),
            false => fs::write(&path, "").unwrap(),
        }
    }
    mentions(&refused(folder.path()), parts);
}

#[test]
fn other_forms_of_data_are_pointed_at() {
    pointed(&["mnist.npz"], &["mnist.npz is NumPy", "docs/data.md"]);
    let parquet = "mnist/train-00000-of-00001.parquet";
    pointed(&[parquet], &[parquet, "Hugging Face"]);
    pointed(&["a.zip", "b.txt"], &["a.zip is an archive", "unpack"]);
    pointed(&["mnist.tar.gz"], &["mnist.tar.gz is an archive"]);
    pointed(
        &["MNIST/processed/training.pt"],
        &["training.pt", "PyTorch"],
    );
    pointed(&["train/0/1.png", "train/1/2.png"], &["1.png is a picture"]);
    pointed(&["0/", "1/", "2/"], &["folders of pictures"]);
    pointed(&["x.gz.dvc"], &["x.gz.dvc is a DVC pointer", "dvc pull"]);

    let fashion = NAMES.map(|name| format!("FashionMNIST/raw/{name}"));
    pointed(&fashion.each_ref().map(String::as_str), &["raw: name it"]);
    let splits = ["digits", "letters"].map(|split| {
        NAMES.map(|name| {
            format!(
                "EMNIST/raw/emnist-{split}-{}.gz",
                name.replace("t10k", "test")
            )
        })
    });
    let splits: Vec<&str> = splits.iter().flatten().map(String::as_str).collect();
    pointed(
        &splits,
        &["emnist-digits-…, emnist-letters-…", "of their own"],
    );

    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), "");
    let text = refused(&folder.path().join(NAMES[1]));
    let place = folder.path().display();
    mentions(
        &text,
        &[&format!(
            "is not a folder: name the one that it is in, {place}"
        )],
    );
    let folder = TempDir::new().unwrap();
    let archive = folder.path().join("a.zip");
    fs::write(&archive, "").unwrap();
    mentions(&refused(&archive), &["a.zip is an archive", "unpack"]);
}

#[test]
fn a_folder_in_a_file_s_place_is_named() {
    let text = refusal(|folder| {
        fs::remove_file(folder.join(NAMES[1])).unwrap();
        fs::create_dir(folder.join(NAMES[1])).unwrap();
    });
    mentions(
        &text,
        &[&format!("{} is a folder without such a file", NAMES[1])],
    );
    let text = refusal(|folder| {
        fs::remove_file(folder.join(NAMES[1])).unwrap();
        fs::create_dir_all(folder.join(NAMES[1]).join(NAMES[1])).unwrap();
        fs::remove_file(folder.join(NAMES[2])).unwrap();
    });
    let (deep, lacks) = (
        format!("{0}/{0} is a folder", NAMES[1]),
        format!("lacks {}", NAMES[2]),
    );
    mentions(&text, &[&deep, &lacks]);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_refusals_are_named() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let linked = |to: &'static str| {
        refusal(move |folder| {
            fs::remove_file(folder.join(NAMES[0])).unwrap();
            symlink(to, folder.join(format!("{}.gz", NAMES[0]))).unwrap();
        })
    };
    let name = format!("{}.gz", NAMES[0]);
    let text = linked("/no/such/file");
    mentions(
        &text,
        &[&format!("{name} is a link to /no/such/file"), "not exist"],
    );
    assert!(!text.contains("lacks"), "{text}");
    let text = linked("../.git/annex/objects/x");
    mentions(&text, &[&name, "git annex get"]);
    let text = linked("train-images-idx3-ubyte.gz");
    mentions(&text, &[&format!("{name} cannot be read: ")]);
    // Reading a pipe would wait for ever.
    let text = refusal(|folder| {
        let path = folder.join(NAMES[3]);
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    });
    mentions(&text, &[&format!("{} is a pipe", NAMES[3])]);

    let folder = TempDir::new().unwrap();
    write(folder.path(), &small(), "");
    let file = folder.path().join(NAMES[2]);
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&file, 0);
    if fs::File::open(&file).is_ok() {
        eprintln!("not judged: files and folders without permission, since root may read them");
        return;
    }
    let text = refused(folder.path()).replace(&file.display().to_string(), "FILE");
    assert!(text.contains("ermission denied"), "{text}");
    mode(&file, 0o644);
    // A folder that may be entered but not listed still has files of known names.
    mode(folder.path(), 0o311);
    assert_small(&load_quietly(folder.path()));
    for closed in [0o644, 0] {
        mode(folder.path(), closed);
        mentions(&refused(folder.path()), &["cannot be read", "chmod"]);
    }
    mode(folder.path(), 0o755);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_s_name_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join(std::ffi::OsStr::from_bytes(b"d\xffta"));
    fs::create_dir(&folder).unwrap();
    write(&folder, &small(), "");
    let dataset = load(&folder, &|line| panic!("told: {line}")).unwrap();
    assert_small(&dataset);
    assert_eq!(dataset.source, folder);
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
    mentions(&text, &[NAMES[0], "trailing garbage: 30 bytes", "gzip -d"]);
    // In a plain file, zeros may be pixels that the header's number leaves out.
    let text = refusal(|folder| {
        fs::write(folder.join(NAMES[0]), [&pixels[..], &[0; 512]].concat()).unwrap();
    });
    mentions(&text, &["the 512 bytes behind it", "truncate -s 3936"]);
}

#[test]
fn zeros_behind_gzip_data_are_passed_over_as_gzip_does() {
    let folder = TempDir::new().unwrap();
    let padded = |bytes: &Vec<u8>, zeros: usize| [gzip(bytes), vec![0; zeros]].concat();
    for zeros in [1, 512, 200_000] {
        let files = small().map(|bytes| padded(&bytes, zeros));
        write(folder.path(), &files, ".gz");
        assert_small(&load_quietly(folder.path()));
    }
    // Two members make one file, with zeros behind the second, too.
    let files = small().map(|bytes| [gzip(&bytes[..5]), padded(&bytes[5..].to_vec(), 9)].concat());
    write(folder.path(), &files, ".gz");
    assert_small(&load_quietly(folder.path()));
    // But what follows the zeros is garbage.
    let files = small().map(|bytes| [padded(&bytes, 9), vec![1]].concat());
    write(folder.path(), &files, ".gz");
    mentions(&refused(folder.path()), &["trailing garbage: 10 bytes"]);
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

/// What stands in a file's place is named, with a remedy that is not to get the same again.
#[track_caller]
fn named(index: usize, bytes: &[u8], parts: &[&str]) {
    let text = refusal_of(index, bytes);
    mentions(&text, parts);
    assert!(!text.contains("Get the file again"), "{text}");
}

#[test]
fn other_things_under_a_file_s_name_are_named_with_a_remedy() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9912422\n";
    named(0, pointer.as_bytes(), &["Git LFS pointer", "git lfs pull"]);
    let pointer = "/annex/objects/SHA256E-s9912422--4d7a.gz\n";
    named(1, pointer.as_bytes(), &["git-annex", "git annex get"]);
    let page = "\u{feff}\n<!DOCTYPE html><title>Log in</title>";
    named(2, page.as_bytes(), &["web page", "browser"]);
    let twice = gzip(&gzip(&small()[1]));
    named(1, &twice, &["gzipped twice", "gzip -dc"]);
    named(3, b"PK\x03\x04 and more", &["zip archive", "Unpack"]);
    named(3, b"BZh91AY&SY", &["bzip2", "Unpack"]);
    named(3, b"\xfd7zXZ\0\0", &["xz", "Unpack"]);
    let mut tar = vec![b't'; 257];
    tar.extend(b"ustar  ");
    named(0, &tar, &["tar archive", "Unpack"]);
    named(0, b"\x93NUMPY\x01\0", &["NumPy", "docs/data.md"]);
    let text = refusal_of(0, b"{\"message\": \"Not Found\"}\n");
    mentions(&text, &["is a text: \"{\"message\": \"Not Found\"}\""]);
}

#[test]
fn idx_files_of_another_kind_are_named_with_a_remedy() {
    let [pixels, digits, ..] = small();
    let floats = [&[0, 0, 0x0d, 3][..], &[0; 60]].concat();
    named(
        0,
        &floats,
        &["32-bit floats", "unsigned bytes", "docs/data"],
    );
    let flat = [&[0, 0, 8, 2, 0, 0, 0, 5, 0, 0, 3, 16][..], &pixels[16..]].concat();
    named(0, &flat, &["2 dimensions", "3 are needed"]);
    // Each number with its lowest byte first; then so but for the magic number.
    let turned = |bytes: &[u8], header: usize, from: usize| {
        let mut bytes = bytes.to_vec();
        bytes[from..header].chunks_mut(4).for_each(<[u8]>::reverse);
        bytes
    };
    for (index, bytes, header) in [(0, &pixels, 16), (1, &digits, 8)] {
        named(index, &turned(bytes, header, 0), &["little-endian"]);
        let text = refusal(|folder| {
            fs::write(folder.join(NAMES[index]), turned(bytes, header, 4)).unwrap();
        });
        mentions(&text, &["highest byte first (big-endian)"]);
    }
    let large = images(5, 32, 32, &[0; 5 * 1024]);
    named(0, &large, &["32 x 32", "two pixels off each side"]);
    named(0, &digits, &["holds labels", "swap their names"]);
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
    let letters = labels(5, &[1, 26, 4, 7, 8]);
    named(
        1,
        &letters,
        &["from 1 to 26", "EMNIST's letters", "splits digits"],
    );
    named(1, &labels(5, b"70925"), &["48 to 57", "Subtract 48"]);
    named(
        1,
        &labels(5, &[1, 10, 4, 7, 8]),
        &["write 10 for the digit 0"],
    );
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
    assert_eq!((made.record.sha256, made.record.warning), (None, None));
    assert_eq!(made.source, Path::new("builtin"));

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
    mentions(
        &text,
        &["WARNING: The built-in digits stand in for MNIST, which could not be downloaded"],
    );
    mentions(&text, &["ossci-datasets", "cvdf-datasets"]);
    let cache = folder.path().join("unlearn/mnist");
    assert!(!cache.exists(), "nothing is left of a download that failed");
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

/// A folder of the small set with labels changed by `f`.
fn relabelled(f: impl Fn(u8) -> u8) -> TempDir {
    let folder = TempDir::new().unwrap();
    let changed = |count| {
        let mut digits = [builtin::train, builtin::test][usize::from(count == 30)](count);
        digits
            .labels
            .iter_mut()
            .for_each(|label| *label = f(*label));
        digits
    };
    write(
        folder.path(),
        &idx_files::files(&changed(50), &changed(30)),
        "",
    );
    folder
}

#[test]
fn classes_are_as_many_as_labels_and_have_a_folders_names() {
    let folder = relabelled(|label| label % 4);
    let classes = load_quietly(folder.path()).record.classes;
    assert_eq!(
        (classes.count(), classes.words(&[3])),
        (4, "class 3".to_owned())
    );
    fs::write(
        folder.path().join("classes.txt"),
        "cat\ndog\nparrot\nnewt\n",
    )
    .unwrap();
    let classes = load_quietly(folder.path()).record.classes;
    assert_eq!(classes.words(&[3, 1]), "classes newt and dog");
    assert_eq!(unlearn::data::classes(folder.path()).unwrap(), classes);
    let ten = relabelled(|label| label);
    assert_eq!(
        load_quietly(ten.path()).record.classes.words(&[5]),
        "digit 5"
    );
}

#[test]
fn unusable_names_of_classes_are_refused() {
    let folder = relabelled(|label| label % 4);
    for (text, parts) in [
        ("cat\ndog\nparrot", &["names 3 classes", "label 3"][..]),
        ("cat", &["1 lines", "2 to 10"]),
        ("cat\ndog\n\nnewt", &["line 3", "no name"]),
        ("cat\ndog\nbird, red\nnewt", &["line 3", "comma"]),
        ("cat\ndog\n1\nnewt", &["line 3", "numbered 1"]),
        ("cat\ndog\nCat\nnewt", &["lines 1 and 3"]),
    ] {
        fs::write(folder.path().join("classes.txt"), text).unwrap();
        let error = load(folder.path(), &|_| ()).unwrap_err().to_string();
        mentions(&error, &["classes.txt", "a line each"]);
        mentions(&error, parts);
    }
}
