//! The section of a run's report to draw in, in a real browser, with real input: its networks against the
//! library's, what it reads, and that the page asks for nothing. Without a browser the tests say so on stderr.
#![cfg(unix)]

mod browser;
mod common;
mod drawn;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use browser::{Browser, DESK, PHONE, Screen, program};
use common::{stderr, unlearn};
use drawn::{OTHER, PLAIN, Strokes, path};
use half::f16;
use unlearn::checkpoint::{self, Networks};
use unlearn::data::{self, Dataset, Images, PIXELS};
use unlearn::device;
use unlearn::inside::Example;
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::record::{Arm, CLASSES, Phase};
use unlearn::report::html::{draw::Drawing, page};
use unlearn::run_folder;

/// The networks in the page's order.
const STAGES: [(Phase, Arm); 4] = [
    (Phase::Learn, Arm::Original),
    (Phase::Unlearn, Arm::Unlearned),
    (Phase::Relearn, Arm::Relearned),
    (Phase::Learn, Arm::Retrained),
];

/// A run to look at.
struct Bench {
    folder: PathBuf,
    data: Dataset,
}

/// MNIST where `UNLEARN_DATA` names it, the built-in digits elsewhere.
fn source() -> &'static str {
    match std::env::var_os("UNLEARN_DATA").is_some_and(|folder| !folder.is_empty()) {
        true => "auto",
        false => "builtin",
    }
}

/// A short run, made once for all tests.
fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drawn-run");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let out = folder.to_str().unwrap();
        let place = ["run", "--data", source(), "--device", "cpu", "--out", out];
        let size = ["--learners", "2", "--epochs", "2", "--evaluations", "1"];
        let output = unlearn(&[&place[..], &size].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let data = data::load(source(), &|_| ()).unwrap();
        Bench { folder, data }
    })
}

impl Bench {
    fn networks(&self, (phase, arm): (Phase, Arm)) -> Networks {
        checkpoint::load(&run_folder::checkpoint_of(&self.folder, phase, arm)).unwrap()
    }

    /// A page with these examples, changed by `change`.
    fn page(&self, name: &str, examples: &[Example], change: impl Fn(String) -> String) -> PathBuf {
        let record = run_folder::read(&self.folder).unwrap();
        let drawing = Drawing::open(&record, &self.folder, examples).unwrap();
        let path = self.folder.join(name);
        std::fs::write(&path, change(page(&record, Some(&drawing)))).unwrap();
        path
    }

    /// The first `count` test images.
    fn images(&self, count: usize) -> Images {
        let test = &self.data.test;
        Images {
            pixels: test.pixels[..PIXELS * count].to_vec(),
            labels: test.labels[..count].to_vec(),
        }
    }

    /// One test image of every class.
    fn examples(&self) -> Vec<Example> {
        let test = &self.data.test;
        let of = |label: u8| {
            let image = test.labels.iter().position(|&l| l == label).unwrap();
            let pixels = test.pixels[PIXELS * image..][..PIXELS].to_vec();
            Example { label, pixels }
        };
        (0..10).map(of).collect()
    }

    /// The logits of learner 0 on the library's CPU device, [images, padded classes].
    fn logits(&self, stage: (Phase, Arm), images: &Images) -> Vec<f32> {
        let networks = self.networks(stage);
        let model = Model::new(&networks.hidden).unwrap();
        let device = device::open("cpu").unwrap();
        let all: Vec<u32> = (0..).take(images.len()).collect();
        let images = DeviceImages::upload(&*device, images).unwrap();
        let taught = [Recipe::plain(Arc::new(all.clone()), [0, 0], 0.0)];
        let population = Population::new(&*device, &model, 1, &images, &images, &taught).unwrap();
        let parameters = &networks.weights[..model.parameters() as usize];
        population.set_parameters(parameters).unwrap();
        let last = model.layers().len() - 1;
        let mut layers = population.activations(&images, &all, last).unwrap();
        layers.remove(0)
    }
}

/// Opens a page, if there is a browser.
fn open(what: &str) -> Option<(&'static Bench, Browser)> {
    let program = program(what)?;
    Some((bench(), Browser::open(&program)))
}

/// A layer in f64.
struct Dense {
    /// [outputs, inputs].
    weights: Vec<Vec<f64>>,
    biases: Vec<f64>,
}

/// The first learner's layers, each parameter changed by `round`.
fn layers(networks: &Networks, round: impl Fn(f32) -> f64) -> Vec<Dense> {
    let model = Model::new(&networks.hidden).unwrap();
    let numbers = |start: u32, count: u32| {
        let own = &networks.weights[start as usize..][..count as usize];
        own.iter().map(|&number| round(number)).collect()
    };
    let layer = |l: &unlearn::model::Layer| Dense {
        weights: (0..l.outputs)
            .map(|row| numbers(l.weights + row * l.padded_inputs, l.inputs))
            .collect(),
        biases: numbers(l.biases, l.outputs),
    };
    model.layers().iter().map(layer).collect()
}

/// What arithmetic may do: to every parameter relative to itself and absolutely, and to a sum of n products,
/// n times over.
#[derive(Clone, Copy)]
struct Rounding {
    relative: f64,
    absolute: f64,
    sum: f64,
}

/// 16-bit weights, exact sums.
const SIXTEEN_BITS: Rounding = Rounding {
    relative: 1.0 / 2048.0,
    absolute: 1.0 / 33_554_432.0,
    sum: 0.0,
};
/// Exact weights, 32-bit sums.
const THIRTY_TWO_BITS: Rounding = Rounding {
    relative: 0.0,
    absolute: 0.0,
    sum: 1.01 / 16_777_216.0,
};

/// The logits of an image, and how far each may be off: the bound of every layer follows from that below, for
/// ReLU moves no two numbers apart.
fn forward(layers: &[Dense], pixels: &[u8], rounding: Rounding) -> Vec<(f64, f64)> {
    let mut values: Vec<(f64, f64)> = pixels
        .iter()
        .map(|&p| (f64::from(p) / 255.0, f64::from(p) / 255.0 * rounding.sum))
        .collect();
    for (number, layer) in layers.iter().enumerate() {
        let off = |parameter: f64| rounding.relative * parameter.abs() + rounding.absolute;
        let gamma = rounding.sum * (values.len() + 2) as f64;
        let output = |(row, bias): (&Vec<f64>, &f64)| {
            let (mut sum, mut error) = (*bias, off(*bias) + gamma * bias.abs());
            for (weight, (value, own)) in row.iter().zip(&values) {
                let size = value.abs() + own;
                sum += weight * value;
                error += weight.abs() * own + (off(*weight) + gamma * weight.abs()) * size;
            }
            match number + 1 < layers.len() {
                true => (sum.max(0.0), error),
                false => (sum, error),
            }
        };
        values = layer
            .weights
            .iter()
            .zip(&layer.biases)
            .map(output)
            .collect();
    }
    values
}

/// The logits of the page's networks for these images, [networks, images, classes].
fn logits_of_page(browser: &mut Browser, images: &Images) -> Vec<f64> {
    let base64 = STANDARD.encode(&images.pixels);
    browser.numbers(&format!(
        "(() => {{ const text = atob({base64:?}), draw = unlearnDraw, all = [];
          for (const network of draw.networks)
            for (let start = 0; start < text.length; start += {PIXELS})
              all.push(...draw.forward(network,
                Float64Array.from({{length: {PIXELS}}}, (_, i) => text.charCodeAt(start + i) / 255)).pop());
          return all }})()"
    ))
}

/// Compares the page's logits with those of the CPU device, within bounds, and with f64's on the same 16-bit
/// weights. Returns the largest change of a logit by 16 bits, and the largest share of its bound.
fn compare(bench: &Bench, browser: &mut Browser, count: usize) -> Result<(f64, f64), String> {
    let images = bench.images(count);
    let shown = logits_of_page(browser, &images);
    assert_eq!(shown.len(), STAGES.len() * count * CLASSES);
    let (mut largest, mut share) = (0.0_f64, 0.0_f64);
    for (stage, shown) in STAGES.into_iter().zip(shown.chunks(count * CLASSES)) {
        let networks = bench.networks(stage);
        let exact = layers(&networks, f64::from);
        let rounded = layers(&networks, |weight| f16::from_f32(weight).to_f64());
        let device = bench.logits(stage, &images);
        let padded = device.len() / count;
        for (image, shown) in shown.chunks(CLASSES).enumerate() {
            let pixels = &images.pixels[PIXELS * image..][..PIXELS];
            let of_page = forward(&exact, pixels, SIXTEEN_BITS);
            let of_device = forward(&exact, pixels, THIRTY_TWO_BITS);
            let same = forward(&rounded, pixels, SIXTEEN_BITS);
            for class in 0..CLASSES {
                let difference = (shown[class] - f64::from(device[image * padded + class])).abs();
                let bound = of_page[class].1 + of_device[class].1;
                let at = format!("{stage:?}, image {image}, class {class}");
                if difference > bound {
                    return Err(format!("{at}: {difference} over {bound}"));
                }
                let difference_of_same = (shown[class] - same[class].0).abs();
                if difference_of_same > 1e-6 {
                    return Err(format!("{at}: {difference_of_same} on the same weights"));
                }
                largest = largest.max(difference);
                share = share.max(difference / bound);
            }
        }
    }
    Ok((largest, share))
}

#[test]
fn the_networks_of_the_page_are_those_of_the_run() {
    let Some((bench, mut browser)) = open("the networks of the page") else {
        return;
    };
    let report = bench.folder.join("report.html");
    browser.show(&report, DESK);
    let (largest, share) = compare(bench, &mut browser, 1000).unwrap();
    println!("16 bits change no logit by more than {largest:.4}, at most {share:.3} of its bound");
    assert!(largest > 0.0 && share < 1.0);
    assert_eq!(browser.faults(), [""; 0]);
    for (from, to) in [
        ("let sum = biases[o];", "let sum = 0;"),
        ("relu ? Math.max(0, sum) : sum", "sum"),
        ("relu ? Math.max(0, sum) : sum", "Math.max(0, sum)"),
        ("(1024 + fraction)", "(1024 + (fraction & 1022))"),
        ("o < outputs", "o < outputs - 1"),
    ] {
        let mutant = bench.page("mutant.html", &[], |page| {
            assert!(page.contains(from), "{from}");
            // The page's policy lets no other script run than its own.
            let (start, rest) = page.split_once("script-src 'sha256-").unwrap();
            let rest = rest.split_once('\'').unwrap().1;
            format!("{start}script-src 'unsafe-inline'{rest}").replace(from, to)
        });
        browser.show(&mutant, DESK);
        let found = compare(bench, &mut browser, 20);
        println!("{to}: {}", found.expect_err(to));
    }
}

#[test]
fn a_changed_script_does_not_run() {
    let Some((bench, mut browser)) = open("the policy of the page") else {
        return;
    };
    let changed = bench.page("changed.html", &[], |page| {
        page.replace("\"use strict\";", "\"use strict\"; ")
    });
    browser.show(&changed, DESK);
    assert_eq!(browser.text("typeof unlearnDraw"), "undefined");
    let shown = browser.text("getComputedStyle(document.querySelector('#draw-off')).display");
    assert_eq!(shown, "block");
    let faults = browser.faults();
    assert!(
        faults.iter().any(|f| f.contains("Content Security Policy")),
        "{faults:?}"
    );
}

#[test]
fn errors_and_requests_of_a_page_are_noticed() {
    let Some((bench, mut browser)) = open("what the tests notice") else {
        return;
    };
    let free = |page: String, added: &str| {
        let page = page.replace("Content-Security-Policy", "nothing");
        page.replace("</main>", &format!("{added}</main>"))
    };
    for (added, noticed) in [
        (
            "<img src='http://127.0.0.1:9/'>",
            "a request for http://127.0.0.1:9/",
        ),
        ("<img src='curves.svg'>", "a request for file:"),
        ("<script>undefined.x</script>", "TypeError"),
        ("<script>console.error('wrong')</script>", "wrong"),
    ] {
        let page = bench.page("faulty.html", &[], |page| free(page, added));
        browser.show(&page, DESK);
        let faults = browser.faults();
        let found = faults.iter().any(|fault| fault.contains(noticed));
        assert!(found, "{added}: {faults:?}");
    }
}

/// Where a digit is drawn on the pad: the sheet's corner and its side, in parts of the pad's.
const PLACES: [([f64; 2], f64); 4] = [
    ([0.1, 0.1], 0.8),
    ([0.02, 0.05], 0.5),
    ([0.6, 0.55], 0.38),
    ([0.3, 0.02], 0.65),
];

/// Draws a digit with the mouse or a finger.
fn draw(browser: &mut Browser, digit: Strokes, touch: bool, (corner, side): ([f64; 2], f64)) {
    let [left, top, width, _] = browser.place("#draw-pad");
    let corner = [left + corner[0] * width, top + corner[1] * width];
    for stroke in digit {
        let points = path(stroke, corner, side * width / 100.0);
        match touch {
            true => browser.swipe(&points),
            false => browser.drag(&points),
        }
    }
}

/// What a network answers in its card.
fn answer(browser: &mut Browser, network: usize) -> String {
    browser.text(&format!(
        "document.querySelectorAll('.draw-top b')[{network}].textContent"
    ))
}

/// The probability of a class that a network's bar shows.
fn share(browser: &mut Browser, network: usize, class: usize) -> f64 {
    let width = browser.text(&format!(
        "document.querySelectorAll('.draw-card')[{network}].querySelectorAll('i')[{class}].style.width"
    ));
    width.trim_end_matches('%').parse::<f64>().unwrap() / 100.0
}

#[test]
fn digits_are_read_as_they_are_drawn() {
    let Some((bench, mut browser)) = open("drawing") else {
        return;
    };
    let report = bench.folder.join("report.html");
    let (mut right, mut log) = (0, String::new());
    for (screen, digits) in [(DESK, &PLAIN), (PHONE, &OTHER)] {
        browser.show(&report, screen);
        assert_eq!(answer(&mut browser, 0), "–");
        for (digit, strokes) in digits.iter().enumerate() {
            draw(
                &mut browser,
                strokes,
                screen.touch,
                PLACES[digit % PLACES.len()],
            );
            let read = answer(&mut browser, 0);
            right += usize::from(read == digit.to_string());
            let _ = write!(log, " {digit}: {read}");
            let sum: f64 = (0..CLASSES)
                .map(|class| share(&mut browser, 0, class))
                .sum();
            assert!((sum - 1.0).abs() < 1e-3, "{sum}");
            for _ in *strokes {
                browser.click("#draw-undo");
            }
            assert_eq!(answer(&mut browser, 0), "–", "undone");
        }
        let wide = browser.number("document.documentElement.scrollWidth");
        assert!(
            wide <= f64::from(screen.width),
            "{wide} px are wider than the screen"
        );
        assert_eq!(browser.faults(), [""; 0]);
    }
    println!("{right} of 20 are read right:{log}");
    assert!(right >= 17, "{log}");
}

/// On a phone the answers are in sight while one draws.
#[test]
fn a_phone_shows_pad_and_answers_at_once() {
    let Some((bench, mut browser)) = open("the page on a phone") else {
        return;
    };
    browser.show(&bench.folder.join("report.html"), PHONE);
    let height = browser.number(
        "document.querySelector('.draw-cards').getBoundingClientRect().bottom \
         - document.querySelector('#draw-pad').getBoundingClientRect().top",
    );
    assert!(height < f64::from(PHONE.height), "{height}");
}

/// Not even where the phone is small.
#[test]
fn no_column_of_results_is_cut_on_a_phone() {
    let Some((bench, mut browser)) = open("the results on a phone") else {
        return;
    };
    for width in [320, 360, 390, 430] {
        let screen = Screen { width, ..PHONE };
        browser.show(&bench.folder.join("report.html"), screen);
        let beyond = browser.number(
            "Math.max(document.documentElement.scrollWidth - innerWidth, \
             ...[...document.querySelectorAll('.two-lines')].map((table) => \
                 table.parentElement.scrollWidth - table.parentElement.clientWidth))",
        );
        assert_eq!(beyond, 0.0, "{width}");
    }
}

/// The card of a first-layer neuron opens to a large one, and closes again.
#[test]
fn a_neuron_is_enlarged_and_closed_again() {
    let Some((bench, mut browser)) = open("enlarged neurons") else {
        return;
    };
    for screen in [DESK, PHONE] {
        browser.show(&bench.folder.join("report.html"), screen);
        let open = "String(document.querySelector('.neuron .large').matches(':popover-open'))";
        assert_eq!(browser.text(open), "false");
        browser.click(".neuron .open");
        browser.settle();
        assert_eq!(browser.text(open), "true");
        // Its pictures are large, and there.
        let picture = "document.querySelector('.neuron .large .px')";
        let wide = browser.number(&format!("{picture}.getBoundingClientRect().width"));
        assert!(wide > 60.0, "{wide}");
        let shown = browser.text(&format!("getComputedStyle({picture}).backgroundImage"));
        assert!(shown.starts_with("url(\"data:image/png;base64,"), "{shown}");
        browser.click(".neuron .large .close");
        browser.settle();
        assert_eq!(browser.text(open), "false");
        assert_eq!(browser.faults(), [""; 0]);
    }
}

#[test]
fn drawings_are_scaled_and_centred() {
    let Some((bench, mut browser)) = open("the image that networks see") else {
        return;
    };
    browser.show(&bench.folder.join("report.html"), DESK);
    let seen = |browser: &mut Browser, strokes: &str| -> Vec<f64> {
        browser.numbers(&format!("[...unlearnDraw.normalise({strokes})]"))
    };
    let bar = seen(&mut browser, "[[[0.2, 0.1], [0.2, 0.9]]]");
    let small = seen(&mut browser, "[[[0.7, 0.7], [0.7, 0.9]]]");
    let largest = |a: &[f64], b: &[f64]| {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    assert!(largest(&bar, &small) < 1e-9, "size and place do not matter");
    let rows: Vec<usize> = (0..28)
        .filter(|row| bar[28 * row..28 * (row + 1)].iter().any(|&v| v >= 0.5))
        .collect();
    assert_eq!(rows.len(), 20, "{rows:?}");
    let dot = seen(&mut browser, "[[[0.9, 0.9]]]");
    let wobbly = seen(&mut browser, "[[[0.9, 0.9], [0.903, 0.9]]]");
    let tee = seen(
        &mut browser,
        "[[[0.2, 0.2], [0.8, 0.2]], [[0.5, 0.2], [0.5, 0.6]]]",
    );
    assert!(
        tee.iter().any(|v| (0.1..0.9).contains(v)),
        "not antialiased"
    );
    let images = [
        ("bar", &bar),
        ("T", &tee),
        ("dot", &dot),
        ("wobbly dot", &wobbly),
    ];
    for (name, image) in images {
        let mass: f64 = image.iter().sum();
        let x: f64 = image
            .iter()
            .enumerate()
            .map(|(i, v)| v * (i % 28) as f64)
            .sum();
        let y: f64 = image
            .iter()
            .enumerate()
            .map(|(i, v)| v * (i / 28) as f64)
            .sum();
        let (x, y) = (x / mass, y / mass);
        assert!(
            (x - 14.0).abs() < 0.05 && (y - 14.0).abs() < 0.05,
            "{name}: {x} {y}"
        );
        assert!(!name.ends_with("dot") || mass < 8.0, "{name}: {mass}");
        assert!(image.iter().all(|v| (0.0..=1.0).contains(v)));
    }
    // A tap draws a dot.
    browser.click("#draw-pad");
    assert_ne!(answer(&mut browser, 0), "–");
    assert_eq!(browser.faults(), [""; 0]);
}

#[test]
fn pixels_follow_a_gradient_there_and_back() {
    let Some((bench, mut browser)) = open("following gradients") else {
        return;
    };
    let page = bench.page("examples.html", &bench.examples(), |page| page);
    browser.show(&page, DESK);
    let ended = "new Promise(done => setTimeout(() => done(0), 500))";
    // "Make it a 5" follows each network in turn, from a 3.
    browser.click(".draw-example:nth-child(4)");
    assert_eq!(answer(&mut browser, 0), "3");
    for network in 0..STAGES.len() {
        let before = browser.numbers("[...unlearnDraw.image()]");
        let was = share(&mut browser, network, 5);
        browser.value(&format!(
            "document.querySelector('#draw-network').value = {network}; 0"
        ));
        browser.click("#draw-more");
        browser.value(ended);
        let now = share(&mut browser, network, 5);
        assert!(now > was, "network {network}: {was} {now}");
        browser.click("#draw-undo");
        assert_eq!(browser.numbers("[...unlearnDraw.image()]"), before);
        assert_eq!(share(&mut browser, network, 5), was);
        browser.click("#draw-less");
        browser.value(ended);
        let less = share(&mut browser, network, 5);
        assert!(less < was, "network {network}: {was} {less}");
        browser.click("#draw-undo");
    }
    let words = browser.text("document.querySelector('#draw-less').textContent");
    assert_eq!(words, "Make it not a 5");
    // Who wants no motion gets none.
    let still =
        serde_json::json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    browser.call("Emulation.setEmulatedMedia", still);
    browser.click("#draw-more");
    let once = browser.numbers("[...unlearnDraw.image()]");
    browser.value(ended);
    assert_eq!(browser.numbers("[...unlearnDraw.image()]"), once);
    assert!(once.iter().all(|v| (0.0..=1.0).contains(v)));
    browser.click("#draw-clear");
    assert_eq!(answer(&mut browser, 0), "–");
    assert_eq!(browser.faults(), [""; 0]);
}

#[test]
fn contributions_add_up_to_the_logit() {
    let Some((bench, mut browser)) = open("contributions") else {
        return;
    };
    browser.show(&bench.folder.join("report.html"), DESK);
    draw(&mut browser, PLAIN[5], false, PLACES[0]);
    let row = |network: usize, class: usize| {
        let (network, class) = (network + 1, class + 1);
        format!(".draw-card:nth-child({network}) .draw-row:nth-child({class})")
    };
    for network in 0..STAGES.len() {
        for class in [5, 3] {
            browser.point(&row(network, class));
            browser.settle();
            let [sum, logit, step] = browser.numbers(&format!(
                "(() => {{ const draw = unlearnDraw, values = draw.answers()[{network}].values;
                  const {{ terms, biases, logit }} = draw.contributions(draw.networks[{network}], values, {class});
                  return [terms.reduce((a, b) => a + b, biases), values[values.length - 1][{class}], logit] }})()"
            ))[..] else {
                panic!("three numbers")
            };
            assert!((sum - logit).abs() < 1e-9 && step == logit, "{sum} {logit}");
            // The numbers of the page, rounded to two places, add up to what it says of their sum.
            let text = browser.text("document.querySelector('#draw-sum').textContent");
            let numbers: Vec<f64> = text
                .split(": ")
                .skip(1)
                .map(|rest| {
                    let number = rest.split(". ").next().unwrap().trim_end_matches('.');
                    number.replace('−', "-").parse().unwrap()
                })
                .collect();
            let [these, others, biases, whole] = numbers[..] else {
                panic!("{text}")
            };
            assert!((these + others + biases - whole).abs() < 0.021, "{text}");
            assert!((whole - logit).abs() < 0.006, "{text}");
            let tiles = browser.value(
                "[...document.querySelectorAll('.draw-neuron b')].map(b => Number(b.textContent.replace('−', '-')))",
            );
            let tiles: Vec<f64> = serde_json::from_value(tiles).unwrap();
            assert_eq!(tiles.len(), 8);
            assert!(
                tiles.windows(2).all(|pair| pair[0].abs() >= pair[1].abs()),
                "{tiles:?}"
            );
            assert!(
                (tiles.iter().sum::<f64>() - these).abs() < 0.05,
                "{tiles:?} {these}"
            );
        }
    }
    // By keyboard.
    browser.value("document.querySelector('.draw-row[tabindex=\"0\"]').focus(); 0");
    browser.press("Home");
    browser.press("ArrowDown");
    let title = browser.text("document.querySelector('#draw-title').textContent");
    assert_eq!(title, "For and against 1: the original network's neurons");
    assert_eq!(browser.faults(), [""; 0]);
}

#[test]
fn a_point_of_a_stroke_takes_less_than_a_frame() {
    let Some((bench, mut browser)) = open("the time of a stroke's point") else {
        return;
    };
    browser.show(&bench.folder.join("report.html"), DESK);
    let points: Vec<[f64; 2]> = PLAIN[8]
        .iter()
        .flat_map(|stroke| path(stroke, [0.1, 0.1], 0.008))
        .collect();
    let mut times = browser.numbers(&format!(
        "{points:?}.map((point, i) => {{
           const start = performance.now();
           if (i === 0) unlearnDraw.begin(point); else unlearnDraw.extend(point);
           unlearnDraw.refresh();
           return performance.now() - start }})"
    ));
    times.sort_by(f64::total_cmp);
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "a point takes {median:.1} ms (median of {}; at most {most:.1} ms)",
        times.len()
    );
    assert!(median < 16.0, "{median} ms");
}

#[test]
fn without_scripts_the_page_says_what_is_missing() {
    let Some((bench, mut browser)) = open("the page without scripts") else {
        return;
    };
    let off = serde_json::json!({"value": true});
    browser.call("Emulation.setScriptExecutionDisabled", off);
    let page = std::fs::read_to_string(bench.folder.join("report.html")).unwrap();
    browser.show(&bench.folder.join("report.html"), DESK);
    let shown = |browser: &mut Browser, selector: &str| {
        browser.text(&format!(
            "getComputedStyle(document.querySelector('{selector}')).display"
        ))
    };
    assert_eq!(shown(&mut browser, "#draw-off"), "block");
    assert_eq!(shown(&mut browser, "#draw-all"), "none");
    assert!(page.len() < 3_000_000, "{}", page.len());
}

#[test]
fn a_report_is_made_again_with_the_networks_that_are_there() {
    let bench = bench();
    let copy = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(copy.path().join("checkpoints")).unwrap();
    for name in [
        "config.toml",
        "metrics.jsonl",
        "summary.json",
        "inside.json",
    ] {
        std::fs::copy(bench.folder.join(name), copy.path().join(name)).unwrap();
    }
    let report = |kept: &[(Phase, Arm)]| {
        for &(phase, arm) in kept {
            let file = |folder: &Path| run_folder::checkpoint_of(folder, phase, arm);
            std::fs::copy(file(&bench.folder), file(copy.path())).unwrap();
        }
        let output = unlearn(&["report", copy.path().to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        std::fs::read_to_string(copy.path().join("report.html")).unwrap()
    };
    let none = report(&[]);
    assert!(!none.contains("draw-all") && !none.contains("<script"));
    let damaged = run_folder::checkpoint_of(copy.path(), Phase::Relearn, Arm::Relearned);
    std::fs::write(damaged, "no weights").unwrap();
    let two = report(&[STAGES[0], STAGES[3]]);
    assert_eq!(two.matches("role=\"group\"").count(), 2);
    assert!(two.contains("of weights that 16 bits can hold: unlearned, relearned."));
    let all = report(&STAGES);
    let first = std::fs::read_to_string(bench.folder.join("report.html")).unwrap();
    assert!(all == first, "the report differs from the run's own");
}
