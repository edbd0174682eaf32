//! The web page, in a real browser with WebGPU on SwiftShader. Without a browser the tests say so on stderr.
#![cfg(unix)]

mod browser;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use browser::{Browser, DESK, PHONE, program};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use unlearn::check::adapters_page;
use unlearn::check::report::Report;
use unlearn::config::Config;
use unlearn::data::{Dataset, builtin};
use unlearn::device;
use unlearn::engine::Store;
use unlearn::error::Result;
use unlearn::page::{self, Server, Site};
use unlearn::progress::{Progress, Silent};
use unlearn::random::threefry2x32;
use unlearn::record::{Arm, CLASSES, Classes, Figures, Outcome, Phase, Point, Score};
use unlearn::run::{Observer, Run, State};
use unlearn::verdict::verdict;

/// What a run may take on SwiftShader, where others use the machine too.
const PATIENCE: Duration = Duration::from_secs(300);

fn data() -> Dataset {
    let digits = page::digits();
    Dataset {
        train: builtin::train(2000).into(),
        test: builtin::test(1000).into(),
        ..digits
    }
}

/// A network that SwiftShader trains in seconds: a step of the default one takes it a tenth of a second.
fn settings() -> Config {
    Config {
        learners: 2,
        hidden: vec![16, 12],
        epochs: 3.0,
        evaluations: 1,
        ..Config::default()
    }
}

/// A small site, made once for all tests.
fn site() -> Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    let make = || page::site(&settings(), &data(), &[2], &mut Silent).unwrap();
    SITE.get_or_init(make).clone()
}

/// A site on a server, until it is dropped.
struct Served {
    address: String,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

fn served(site: Site) -> Served {
    let stop = Arc::new(AtomicBool::new(false));
    let server = Server::bind(0).unwrap();
    let (address, own) = (server.address(), stop.clone());
    let thread = std::thread::spawn(move || {
        server.serve(&site, &|| own.load(Ordering::Relaxed));
    });
    Served {
        address,
        stop,
        thread: Some(thread),
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// Does something with the modules of a page: `body` is the rest of an asynchronous function that has `player`,
/// `catalogue` and `files`.
fn within(browser: &mut Browser, body: &str) -> Value {
    browser.value(&format!(
        "window.done = null; (async () => {{
            const files = await import('/player.js');
            const catalogue = await files.unpackJson('program.json');
            const player = new files.Player(await files.openDevice(), catalogue);
            {body}
        }})().then(value => {{ window.done = {{ value }} }}, e => {{ window.done = {{ trouble: String(e) }} }}); 0"
    ));
    browser.until("window.done !== null", PATIENCE);
    browser.value("window.done")
}

/// The check, for `within`.
const CHECK: &str =
    "const { check } = await import('/check.js'); return await check(player, catalogue, {});";

fn unpacked(bytes: &[u8]) -> Value {
    let mut text = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn packed(value: &Value) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(value.to_string().as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// The site with the cases of one kernel.
fn with_cases(kernel: &str) -> Site {
    let mut site = site();
    let mut plan = unpacked(&site["check.json.gz"]);
    let cases = plan["cases"].as_array_mut().unwrap();
    cases.retain(|case| case["kernel"] == kernel);
    assert!(cases.len() > 5, "{kernel}");
    plan["training"] = Value::Array(Vec::new());
    site.insert("check.json.gz".to_owned(), packed(&plan));
    site
}

/// Keeps the last phase's outcomes.
#[derive(Default)]
struct Kept(Vec<Outcome>);

impl Progress for Kept {}

impl Observer for Kept {
    fn phase(&mut self, _: Phase, _: u32, _: u32) {}

    fn evaluated(&mut self, _: &[Point]) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, outcomes: &[Outcome], _: &[Vec<f32>]) -> Result<()> {
        self.0.extend(outcomes.to_vec());
        Ok(())
    }

    fn keep(&mut self, _: &State) -> Result<()> {
        Ok(())
    }
}

/// What the same run reaches on the CPU.
fn native() -> Vec<Outcome> {
    let (config, data, store) = (settings(), data(), Store::nowhere());
    let cpu = device::open("cpu").unwrap();
    let run = Run::new(&config, &data, &*cpu, &store).unwrap();
    let mut kept = Kept::default();
    run.run(run.start(None).unwrap(), &mut kept).unwrap();
    kept.0
}

#[test]
fn a_run_ends_where_the_programs_own_ends() {
    let Some(program) = program("runs in a browser") else {
        return;
    };
    let served = served(site());
    let mut browser = Browser::with_webgpu(&program);
    browser.visit(&served.address, DESK);
    let done = within(
        &mut browser,
        "const script = await player.load(await files.unpackJson('runs/5-uniform-2.json.gz'));
         const ends = []; let reads = [];
         const read = (as, words) => { if (as === 'counts') reads.push(...words) };
         const note = (op) => {
             if (op.end) ends.push(reads);
             if (op.evaluated) window.last = reads;
             if (op.evaluated || op.end) { if (op.end) ends[ends.length - 1] = window.last; reads = []; }
         };
         await player.play(script, { read, note });
         player.free(script);
         return ends;",
    );
    let ends = done["value"].as_array().unwrap_or_else(|| panic!("{done}"));
    let counts = ends.iter().flat_map(|end| end.as_array().unwrap());
    let counts: Vec<u64> = counts.map(|n| n.as_u64().unwrap()).collect();
    let mut learners = counts.chunks_exact(120);
    let mut apart: BTreeMap<String, f64> = BTreeMap::new();
    for outcome in native() {
        let own: u64 = learners
            .by_ref()
            .take(outcome.scores.len())
            .map(|learner| (0..10).map(|digit| learner[11 * digit]).sum::<u64>())
            .sum();
        let native: u32 = outcome
            .scores
            .iter()
            .map(|score| (0..10).map(|d| score.confusion[d][d]).sum::<u32>())
            .sum();
        println!(
            "{} {}: {own} in the browser, {native} here",
            outcome.phase.name(),
            outcome.arm.name()
        );
        let images = 1000.0 * outcome.scores.len() as f64;
        let points = 100.0 * (own as f64 - f64::from(native)) / images;
        apart.insert(
            format!("{} {}", outcome.phase.name(), outcome.arm.name()),
            points,
        );
    }
    println!("{apart:?}");
    assert_eq!(learners.count(), 0);
    assert!(
        apart.values().all(|points| points.abs() <= 1.0),
        "{apart:?}"
    );
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[test]
fn a_planted_fault_is_found() {
    let Some(program) = program("the check in a browser") else {
        return;
    };
    let mut site = with_cases("dense_forward");
    let mut browser = Browser::with_webgpu(&program);
    {
        let served = served(site.clone());
        browser.visit(&served.address, DESK);
        let report = within(&mut browser, CHECK);
        assert_eq!(report["value"]["passed"], true, "{report:#}");
    }
    let path = "shaders/dense_forward.plain.wgsl";
    let text = String::from_utf8(site[path].clone()).unwrap();
    let faulty = text.replacen("out = max(", "out = min(", 1);
    assert_ne!(text, faulty);
    site.insert(path.to_owned(), faulty.into_bytes());
    let served = served(site);
    browser.visit(&served.address, DESK);
    let report = within(&mut browser, CHECK);
    assert_eq!(report["value"]["passed"], false, "{report:#}");
    let rows = report["value"]["devices"][0]["rows"].as_array().unwrap();
    let failed = rows.iter().filter(|row| !row["failure"].is_null());
    let failed: Vec<_> = failed.map(|row| row["variant"].as_str().unwrap()).collect();
    assert_eq!(failed, ["plain"]);
}

#[test]
fn every_case_is_right_and_the_report_is_one_of_the_programs() {
    let Some(program) = program("the whole check in a browser") else {
        return;
    };
    let served = served(site());
    let mut browser = Browser::with_webgpu(&program);
    browser.visit(&served.address, DESK);
    let found = within(&mut browser, CHECK);
    let report: Report = serde_json::from_value(found["value"].clone()).unwrap();
    let [device] = &report.devices[..] else {
        panic!("{report:#?}");
    };
    let failed = device.rows.iter().filter(|row| row.failure.is_some());
    assert_eq!(failed.count(), 0, "{report:#?}");
    assert!(report.passed && device.cases() > 500, "{}", device.cases());
    let trained = device.rows.iter().filter(|row| row.kernel == "training");
    assert_eq!(trained.count(), 2);
    let line = adapters_page(&[report]);
    assert!(
        line.contains("| WebGPU |") && line.contains("all right"),
        "{line}"
    );
}

/// An outcome of learners that are right on about so many of a hundred images of each digit.
fn outcome(phase: Phase, arm: Arm, learners: u32, right: [u32; 2], seed: u32) -> Outcome {
    let score = |learner| {
        let draw = |digit: u32, most: u32| threefry2x32([seed, learner], [digit, 7])[0] % most;
        let mut confusion = [[0; CLASSES]; CLASSES];
        let (mut confidence, mut loss) = ([0.0; CLASSES], [0.0; CLASSES]);
        for digit in 0..CLASSES {
            let number = u32::try_from(digit).unwrap();
            let own = (right[usize::from(digit != 5)] + draw(number, 5)).min(100);
            confusion[digit][digit] = own;
            confusion[digit][(digit + 1) % CLASSES] += 100 - own;
            confidence[digit] = 0.8 + 0.002 * f64::from(draw(number + 10, 90));
            loss[digit] = 0.01 * f64::from(draw(number + 20, 50));
        }
        Score {
            confusion,
            confidence,
            loss,
        }
    };
    let scores: Vec<Score> = (0..learners).map(score).collect();
    let figures = Figures::of(&scores, &[5]);
    Outcome {
        phase,
        arm,
        figures,
        scores,
        sha256: None,
    }
}

/// Outcomes of all phases: the unlearned networks are right on so many images of the forgotten digit, the
/// relearned on so many of all.
fn outcomes(learners: u32, unlearned: u32, relearned: u32, seed: u32) -> Vec<Outcome> {
    use Arm::{Original, Relearned, Retrained, Unlearned};
    use Phase::{Learn, Relearn, Unlearn};
    let all = [
        (Learn, Original, [95, 95]),
        (Learn, Retrained, [0, 95]),
        (Unlearn, Unlearned, [unlearned, 95]),
        (Unlearn, Original, [96, 96]),
        (Unlearn, Retrained, [0, 96]),
        (Relearn, Relearned, [relearned, relearned]),
        (Relearn, Original, [96, 96]),
        (Relearn, Retrained, [90, 96]),
    ];
    let outcome = |(n, (phase, arm, right))| {
        // Where unlearning changes nothing, it changes nothing at all.
        let same = arm == Unlearned && unlearned == 95;
        outcome(
            phase,
            arm,
            learners,
            right,
            100 * seed + if same { 0 } else { n },
        )
    };
    (0u32..).zip(all).map(outcome).collect()
}

#[test]
fn sentences_are_those_of_the_report() {
    let Some(program) = program("the sentences in a browser") else {
        return;
    };
    let site = site();
    let catalogue: Value = serde_json::from_slice(&site["program.json"]).unwrap();
    let statistics = catalogue["statistics"].clone();
    let served = served(site);
    let mut browser = Browser::open(&program);
    browser.visit(&served.address, DESK);
    let (config, classes) = (Config::default(), Classes::default());
    let mut said = Vec::new();
    let cases = [(0, 95), (5, 96), (60, 80), (95, 90)];
    for (seed, (unlearned, relearned)) in (0u32..).zip(cases) {
        for learners in [1, 2, 4, 8] {
            let outcomes = outcomes(learners, unlearned, relearned, seed);
            let settings = json!({
                "forget": [5],
                "from": null,
                "unlearn_epochs": 1,
                "relearn_epochs": 1,
                "statistics": statistics,
            });
            let names = json!(classes.names());
            let call = format!(
                "import('/verdict.js').then(({{ verdict }}) => verdict({settings}, {names}, {}))",
                json!(outcomes)
            );
            let here = verdict(&config, &classes, &outcomes);
            assert_eq!(browser.value(&call), json!(here));
            said.extend(here);
        }
    }
    let kinds = [
        "distinguishable from both",
        "still match",
        "a single learner",
        "gained less",
    ];
    for kind in kinds {
        assert!(
            said.iter().any(|text| text.contains(kind)),
            "{kind}: {said:#?}"
        );
    }
}

#[test]
fn the_page_trains_forgets_and_concludes() {
    let Some(program) = program("a run on the page") else {
        return;
    };
    let served = served(site());
    for screen in [DESK, PHONE] {
        let mut browser = Browser::with_webgpu(&program);
        browser.visit(&served.address, screen);
        browser.until("!document.querySelector('#start').disabled", PATIENCE);
        browser.click("#start");
        browser.until("!document.querySelector('#results').hidden", PATIENCE);
        let text = browser.text("document.querySelector('main').innerText");
        for part in [
            "Unlearning took accuracy on digit 5",
            "After relearning, test accuracy is",
        ] {
            assert!(text.contains(part), "no {part:?} in {text}");
        }
        let sideways = "document.documentElement.scrollWidth - innerWidth";
        assert!(browser.number(sideways) <= 0.0);
        assert_eq!(browser.faults(), Vec::<String>::new());
    }
}

/// What the page says of itself, in its alerts and where no device is.
fn alert(browser: &mut Browser) -> String {
    let alerts = "[...document.querySelectorAll('#trouble, #without:not([hidden])')].map(box => box.innerText).join(' ')";
    browser.until(&format!("({alerts}).trim() !== ''"), PATIENCE);
    browser.text(alerts)
}

#[test]
fn a_site_that_is_damaged_says_so() {
    let Some(program) = program("damaged sites in a browser") else {
        return;
    };
    let without = |path: &str| {
        let mut site = site();
        site.remove(path).unwrap();
        site
    };
    let mut half = site();
    let catalogue = half.get_mut("program.json").unwrap();
    catalogue.truncate(catalogue.len() / 2);
    let mut browser = Browser::with_webgpu(&program);
    for (name, site) in [
        ("program.json", half),
        ("program.json", without("program.json")),
        ("player.js", without("player.js")),
    ] {
        let served = served(site);
        browser.visit(&served.address, DESK);
        let said = alert(&mut browser);
        assert!(said.contains(name), "no {name} in {said}");
    }
    let run = "runs/5-uniform-2.json.gz";
    let mut cut = site();
    let script = cut.get_mut(run).unwrap();
    script.truncate(script.len() / 2);
    let mut faulty = site();
    let shader = "shaders/head.mirrored.wgsl";
    faulty.insert(shader.to_owned(), b"fn head( {".to_vec());
    for (name, site) in [(run, cut), (run, without(run)), (shader, faulty)] {
        let served = served(site);
        browser.visit(&served.address, DESK);
        browser.until("!document.querySelector('#start').disabled", PATIENCE);
        browser.click("#start");
        let said = alert(&mut browser);
        assert!(said.contains(name), "no {name} in {said}");
    }
}

#[test]
fn a_browser_without_webgpu_learns_what_has_it() {
    let Some(program) = program("a browser without WebGPU") else {
        return;
    };
    let served = served(site());
    let mut browser = Browser::open(&program);
    browser.visit(&served.address, PHONE);
    let said = alert(&mut browser);
    assert!(
        ["Chrome", "Safari", "Firefox"]
            .iter()
            .all(|name| said.contains(name)),
        "{said}"
    );
    assert!(browser.value("document.querySelector('#start').disabled") == true);
}

#[test]
fn a_lost_device_ends_a_run_with_words() {
    let Some(program) = program("a lost device in a browser") else {
        return;
    };
    let served = served(site());
    let mut browser = Browser::with_webgpu(&program);
    browser.visit(&served.address, DESK);
    browser.until("!document.querySelector('#start').disabled", PATIENCE);
    browser.click("#start");
    browser.until(
        "document.querySelector('#phases progress')?.value > 0",
        PATIENCE,
    );
    browser.value("unlearnPage.opened.device.destroy(); 0");
    let said = alert(&mut browser);
    assert!(said.contains("closed") && said.contains("Reload"), "{said}");
}

#[test]
fn a_device_without_room_says_so() {
    let Some(program) = program("a full device in a browser") else {
        return;
    };
    let served = served(site());
    let mut browser = Browser::with_webgpu(&program);
    browser.visit(&served.address, DESK);
    let done = within(
        &mut browser,
        "const buffers = [{ words: 2 ** 31, label: 'parameters' }];
         const script = await player.load({ buffers, ops: [{ do: 'allocate', buffer: 0 }] });
         await player.play(script, {});",
    );
    let said = done["trouble"].as_str().unwrap_or_else(|| panic!("{done}"));
    for part in ["cannot hold parameters", "Choose fewer learners"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
}

#[test]
fn the_first_view_is_small() {
    let first = |path: &&String| {
        ["html", "css", "js", "svg", "json"].contains(&path.rsplit('.').next().unwrap())
    };
    let site = site();
    let first: usize = site.keys().filter(first).map(|path| site[path].len()).sum();
    println!("{first} bytes");
    assert!(first < 300_000, "{first}");
}
