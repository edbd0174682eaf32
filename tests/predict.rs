//! The real binary, `predict`: test images as pictures of many kinds, and the numbers behind the answers.

mod common;
mod idx_files;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use common::{stderr, unlearn};
use idx_files::mentions;
use serde_json::Value;
use tempfile::TempDir;
use unlearn::checkpoint::{self, Networks};
use unlearn::data::{self, Images, PIXELS, SIDE, builtin};
use unlearn::model::Model;
use unlearn::random::threefry2x32;
use unlearn::record::CLASSES;

/// Test images that are shown.
const SHOWN: usize = 50;

/// A small run, and its test images.
struct Run {
    place: TempDir,
    images: Images,
}

impl Run {
    /// On MNIST if `UNLEARN_DATA` names it, else on digits that the program draws.
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let folder = place.path().join("images");
        std::fs::create_dir(&folder).unwrap();
        let own = std::env::var_os("UNLEARN_DATA").map(|own| data::load(own, &|_| {}).unwrap());
        let (train, test) = match own {
            Some(own) => (own.train, own.test),
            None => (builtin::train(6000).into(), builtin::test(500).into()),
        };
        let part = |images: &Images, count: usize| builtin::Digits {
            images: images.pixels[..count * PIXELS].to_vec(),
            labels: images.labels[..count].to_vec(),
        };
        let files = idx_files::files(&part(&train, 6000), &part(&test, 500));
        idx_files::write(&folder, &files, "");
        let run = Self {
            images: test,
            place,
        };
        let words = "run --device cpu --learners 2 --hidden 32,16 --batch 20 --epochs 3 \
                     --unlearn-epochs 0.5 --relearn-epochs 0.5 --evaluations 1 --forget 5";
        let paths = ["--data", &run.path("images"), "--out", &run.path("run")];
        let output = unlearn(&words.split_whitespace().chain(paths).collect::<Vec<_>>());
        assert!(output.status.success(), "{}", stderr(&output));
        run
    }

    fn path(&self, name: &str) -> String {
        self.place.path().join(name).to_str().unwrap().to_owned()
    }

    /// The first test images, painted anew, as PNG files.
    fn pictures(&self, name: &str, paint: impl Fn(usize, &[u8]) -> Gray) -> Vec<String> {
        let images = self.images.pixels.chunks_exact(PIXELS).take(SHOWN);
        let paint = |(number, pixels): (usize, &[u8])| {
            let path = self.path(&format!("{name}-{number}.png"));
            paint(number, pixels).write(path.as_ref());
            path
        };
        images.enumerate().map(paint).collect()
    }

    /// What `--json` says about pictures.
    fn asked(&self, pictures: &[String]) -> Value {
        let run = self.path("run");
        let mut words = vec!["predict", "--json", "-", &run];
        words.extend(pictures.iter().map(String::as_str));
        let output = unlearn(&words);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Made once for all tests.
static RUN: LazyLock<Run> = LazyLock::new(Run::new);

/// A gray picture.
struct Gray {
    width: usize,
    values: Vec<u8>,
}

impl Gray {
    fn write(&self, path: &Path) {
        let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
        let size = [self.width, self.values.len() / self.width].map(|n| u32::try_from(n).unwrap());
        let mut encoder = png::Encoder::new(file, size[0], size[1]);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&self.values).unwrap();
    }
}

fn plain(pixels: &[u8]) -> Gray {
    Gray {
        width: SIDE,
        values: pixels.to_vec(),
    }
}

/// Ink between 0 and 1 of an image that is this many times as large, between pixels' centres linear.
fn enlarged(pixels: &[u8], times: usize, (x, y): (usize, usize)) -> f64 {
    let at = |x: isize, y: isize| {
        let inside = |n: isize| usize::try_from(n).ok().filter(|&n| n < SIDE);
        let pixel = inside(x).zip(inside(y)).map(|(x, y)| pixels[y * SIDE + x]);
        f64::from(pixel.unwrap_or(0)) / 255.0
    };
    let place = |n: usize| (n as f64 + 0.5) / times as f64 - 0.5;
    let (x, y) = (place(x), place(y));
    #[expect(clippy::cast_possible_truncation, reason = "small")]
    let (left, top) = (x.floor() as isize, y.floor() as isize);
    let (right, down) = (x - x.floor(), y - y.floor());
    let row = |y| at(left, y) * (1.0 - right) + at(left + 1, y) * right;
    row(top) * (1.0 - down) + row(top + 1) * down
}

/// On a sheet of paper that lies askew in the light, with noise.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "gray values"
)]
fn photo(number: usize, pixels: &[u8]) -> Gray {
    let (times, width, height) = (7, 330, 420);
    let key = |i: usize| [u32::try_from(number).unwrap(), u32::try_from(i).unwrap()];
    let share = |word: u32| f64::from(word) / 4_294_967_296.0;
    let [a, b] = threefry2x32([3, 3], key(0)).map(share);
    let corner = ((20.0 + 90.0 * a) as usize, (20.0 + 170.0 * b) as usize);
    let value = |i: usize| {
        let (x, y) = (i % width, i / width);
        let inside = (x.wrapping_sub(corner.0), y.wrapping_sub(corner.1));
        let ink = match inside.0 < times * SIDE && inside.1 < times * SIDE {
            true => enlarged(pixels, times, inside),
            false => 0.0,
        };
        let light = 150.0 + 80.0 * (a * x as f64 / 330.0 + b * y as f64 / 420.0);
        let noise = 16.0 * (share(threefry2x32([4, 4], key(i))[0]) - 0.5);
        (light * (1.0 - 0.6 * ink) + noise).clamp(0.0, 255.0) as u8
    };
    Gray {
        width,
        values: (0..width * height).map(value).collect(),
    }
}

/// Answers of all arms, [pictures][arms].
fn answers(said: &Value) -> Vec<Vec<u64>> {
    let arms = |picture: &Value| {
        let arms = picture["arms"].as_array().unwrap();
        arms.iter()
            .map(|arm| arm["answer"].as_u64().unwrap())
            .collect()
    };
    said["pictures"]
        .as_array()
        .unwrap()
        .iter()
        .map(arms)
        .collect()
}

#[test]
fn pictures_of_test_images_get_their_answers() {
    let plain = answers(&RUN.asked(&RUN.pictures("plain", |_, pixels| plain(pixels))));
    let right = plain.iter().zip(&RUN.images.labels);
    let right = right.filter(|(arms, label)| arms[0] == u64::from(**label));
    assert!(right.count() > SHOWN * 8 / 10);
    let inverted = |pixels: &[u8]| pixels.iter().map(|v| 255 - v).collect();
    let tenfold = |pixels: &[u8]| {
        let value = |i: usize| pixels[i / 280 / 10 * SIDE + i % 280 / 10];
        (0..280 * 280).map(value).collect()
    };
    let of = |name: &str, paint: &dyn Fn(usize, &[u8]) -> Gray| {
        let painted = answers(&RUN.asked(&RUN.pictures(name, paint)));
        let pairs = painted.iter().flatten().zip(plain.iter().flatten());
        let same = pairs.filter(|(a, b)| a == b).count();
        println!("{name}: {same} of {}", 4 * SHOWN);
        same
    };
    let all = of("inverted", &|_, pixels| Gray {
        width: SIDE,
        values: inverted(pixels),
    });
    assert_eq!(all, 4 * SHOWN);
    // Measured: 200 and 192 of 200 on MNIST; 180 and 180 on the built-in digits, whose centre is
    // another.
    let large = of("large", &|_, pixels| Gray {
        width: 280,
        values: tenfold(pixels),
    });
    let photos = of("photo", &photo);
    assert!(large >= 165, "{large}");
    assert!(photos >= 165, "{photos}");
}

/// Softmax outputs in f64.
fn by_hand(networks: &Networks, network: usize, pixels: &[u8]) -> Vec<f64> {
    let model = Model::new(&networks.hidden).unwrap();
    let size = model.parameters() as usize;
    let weights = &networks.weights[network * size..][..size];
    let mut values: Vec<f64> = pixels.iter().map(|&v| f64::from(v) / 255.0).collect();
    for (number, layer) in model.layers().iter().enumerate() {
        let output = |o: usize| {
            let row = &weights[layer.weights as usize + o * layer.padded_inputs as usize..];
            let products = row.iter().zip(&values).map(|(&w, v)| f64::from(w) * v);
            let sum = products.sum::<f64>() + f64::from(weights[layer.biases as usize + o]);
            let hidden = number + 1 < model.layers().len();
            if hidden { sum.max(0.0) } else { sum }
        };
        values = (0..layer.outputs as usize).map(output).collect();
    }
    let total: f64 = values.iter().map(|z| z.exp()).sum();
    values.iter().map(|z| z.exp() / total).collect()
}

#[test]
fn probabilities_are_those_of_the_checkpoints() {
    let said = RUN.asked(&RUN.pictures("exact", |_, pixels| plain(pixels)));
    assert_eq!(said["forget"], serde_json::json!([5]));
    assert_eq!(said["device"]["backend"], "CPU");
    let pictures = said["pictures"].as_array().unwrap();
    let images = RUN.images.pixels.chunks_exact(PIXELS);
    assert_eq!(pictures.len(), SHOWN);
    for (picture, image) in pictures.iter().zip(images) {
        assert_eq!(picture["pixels"], serde_json::json!(image));
        let arms = picture["arms"].as_array().unwrap();
        assert_eq!(arms.len(), 4);
        for arm in arms {
            let name = |key: &str| arm[key].as_str().unwrap().to_owned();
            let file = format!(
                "run/checkpoints/{}-{}.safetensors",
                name("phase"),
                name("arm")
            );
            let networks = checkpoint::load(RUN.path(&file).as_ref()).unwrap();
            let mut mean = [0.0; CLASSES];
            for (network, learner) in arm["learners"].as_array().unwrap().iter().enumerate() {
                let expected = by_hand(&networks, network, image);
                for class in 0..CLASSES {
                    let probability = learner[class].as_f64().unwrap();
                    assert!((probability - expected[class]).abs() < 1e-5);
                    mean[class] += expected[class] / networks.count as f64;
                }
            }
            let answer = usize::try_from(arm["answer"].as_u64().unwrap()).unwrap();
            assert!(mean.iter().all(|&other| other <= mean[answer] + 1e-5));
            let confidence = arm["confidence"].as_f64().unwrap();
            assert!((confidence - mean[answer]).abs() < 1e-5);
        }
    }
}

/// The Python code of README.md, as it stands, answers as `predict` does. It needs numpy and safetensors.
#[test]
fn the_python_of_the_readme_answers_as_the_program_does() {
    let python = |words: &[&str], folder: &Path| {
        let mut command = std::process::Command::new("python3");
        command.args(words).current_dir(folder).output()
    };
    let modules = python(&["-c", "import numpy, safetensors.numpy"], Path::new("."));
    if !modules.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: README.md's Python code: python3 has no numpy or no safetensors (`bash tests/run.sh` \
             installs them)"
        );
        return;
    }
    let code = include_str!("../README.md").split("```python").nth(1);
    let code = code.and_then(|rest| rest.split("```").next()).unwrap();
    let place = TempDir::new().unwrap();
    std::fs::create_dir(place.path().join("checkpoints")).unwrap();
    for (from, to) in [
        (
            "run/checkpoints/unlearn-unlearned.safetensors",
            "checkpoints/unlearn-unlearned.safetensors",
        ),
        ("images/t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte"),
    ] {
        std::fs::copy(RUN.path(from), place.path().join(to)).unwrap();
    }
    let output = python(&["-c", code], place.path()).unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let said = String::from_utf8(output.stdout)
        .unwrap()
        .replace(['[', ']'], " ");
    let said: Vec<f64> = said
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    assert_eq!(said.len(), 20);
    let own = RUN.asked(&RUN.pictures("python", |_, pixels| plain(pixels)));
    let mut unsure = 0;
    for (picture, (answer, confidence)) in said[..10].iter().zip(&said[10..]).enumerate() {
        let arms = own["pictures"][picture]["arms"].as_array().unwrap();
        let arm = arms.iter().find(|arm| arm["arm"] == "unlearned").unwrap();
        let probability = |class: usize| arm["learners"][0][class].as_f64().unwrap();
        let by_probability = |a: &usize, b: &usize| probability(*a).total_cmp(&probability(*b));
        let read = (0..CLASSES).max_by(by_probability).unwrap();
        let most = probability(read);
        assert!(
            (most - confidence).abs() < 1e-4,
            "{picture}: {most}, {confidence}"
        );
        assert_eq!(*answer, read as f64, "{picture}");
        unsure += usize::from(most < 0.99);
    }
    // Other scales of the pixels show where a network is not certain.
    assert!(unsure > 0);
}

#[test]
fn the_table_names_arms_and_answers() {
    // A 5 that the originals read.
    let pictures = RUN.pictures("any", |_, pixels| plain(pixels));
    let read = answers(&RUN.asked(&pictures));
    let five = read.iter().position(|arms| arms[0] == 5).unwrap();
    let path = pictures[five].clone();
    let output = unlearn(&["predict", &RUN.path("run"), &path, &path]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches(&path).count(), 2);
    for arm in ["original", "unlearned", "relearned", "retrained"] {
        let rows = text.lines().filter(|line| line.starts_with(arm));
        assert_eq!(rows.count(), 2, "{text}");
    }
    mentions(
        &text,
        &[" 5* ", " of 2", " ± ", "* The run forgets digit 5"],
    );
    // Pictures are for terminals.
    assert!(!text.contains(['▀', '▄', '█']), "{text}");
    assert!(output.stderr.is_empty());
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_is_computed() {
    let (run, good) = (RUN.path("run"), RUN.path("good.png"));
    plain(&RUN.images.pixels[..PIXELS]).write(good.as_ref());
    let refused = |words: &[&str], parts: &[&str]| {
        let output = unlearn(&[&["predict"], words].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
        mentions(&stderr(&output), parts);
    };
    refused(&[&run], &["IMAGE"]);
    let none = RUN.path("none.png");
    refused(&[&run, &none], &["cannot read", "none.png"]);
    let jpeg = RUN.path("photo.jpg");
    std::fs::write(&jpeg, b"\xff\xd8\xff\xe0").unwrap();
    refused(
        &[&run, &jpeg, &none],
        &["photo.jpg is a JPEG", "magick", "none.png"],
    );
    // What can be read is answered all the same.
    let some = unlearn(&["predict", &run, &none, &good, &jpeg]);
    assert_eq!(some.status.code(), Some(2));
    mentions(&stderr(&some), &["none.png", "photo.jpg is a JPEG"]);
    mentions(
        &String::from_utf8(some.stdout).unwrap(),
        &["good.png", "unlearned"],
    );
    refused(
        &[&RUN.path("images"), &good],
        &["images holds no finished run"],
    );
    refused(
        &["--device", "no such thing", &run, &good],
        &["no such thing"],
    );
    refused(
        &["--json", "/no/such/folder/file", &run, &good],
        &["/no/such"],
    );
    // A run without its networks, or with some of them.
    let bare = PathBuf::from(RUN.path("bare"));
    std::fs::create_dir_all(bare.join("checkpoints")).unwrap();
    for file in ["summary.json", "metrics.jsonl"] {
        std::fs::copy(Path::new(&run).join(file), bare.join(file)).unwrap();
    }
    let bare = bare.to_str().unwrap();
    refused(
        &[bare, &good],
        &["bare holds no networks", "learn-original"],
    );
    let file = "checkpoints/unlearn-unlearned.safetensors";
    std::fs::copy(Path::new(&run).join(file), Path::new(bare).join(file)).unwrap();
    let output = unlearn(&["predict", bare, &good]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("\nunlearned ") && !text.contains("\noriginal "),
        "{text}"
    );
}
