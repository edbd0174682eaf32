//! The web page, in a real browser with WebGPU on SwiftShader. Without a browser the tests say so on stderr.
#![cfg(unix)]

mod browser;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use browser::{Browser, DESK, program};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use unlearn::config::Config;
use unlearn::data::{Dataset, builtin};
use unlearn::device;
use unlearn::engine::Store;
use unlearn::error::Result;
use unlearn::page::{self, Site};
use unlearn::progress::{Progress, Silent};
use unlearn::record::{Outcome, Phase, Point};
use unlearn::run::{Observer, Run, State};

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
    let (sender, receiver) = channel();
    let own = stop.clone();
    let thread = std::thread::spawn(move || {
        let ready = |address: &str| sender.send(address.to_owned()).unwrap();
        page::serve(&site, 0, &ready, &|| own.load(Ordering::Relaxed)).unwrap();
    });
    Served {
        address: receiver.recv().unwrap(),
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
    let check =
        "const { check } = await import('/check.js'); return await check(player, catalogue, {});";
    let mut site = with_cases("dense_forward");
    let mut browser = Browser::with_webgpu(&program);
    {
        let served = served(site.clone());
        browser.visit(&served.address, DESK);
        let report = within(&mut browser, check);
        assert_eq!(report["value"]["passed"], true, "{report:#}");
    }
    let path = "shaders/dense_forward.plain.wgsl";
    let text = String::from_utf8(site[path].clone()).unwrap();
    let faulty = text.replacen("out = max(", "out = min(", 1);
    assert_ne!(text, faulty);
    site.insert(path.to_owned(), faulty.into_bytes());
    let served = served(site);
    browser.visit(&served.address, DESK);
    let report = within(&mut browser, check);
    assert_eq!(report["value"]["passed"], false, "{report:#}");
    let rows = report["value"]["devices"][0]["rows"].as_array().unwrap();
    let failed = rows.iter().filter(|row| !row["failure"].is_null());
    let failed: Vec<_> = failed.map(|row| row["variant"].as_str().unwrap()).collect();
    assert_eq!(failed, ["plain"]);
}
