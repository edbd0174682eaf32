//! The model against outcomes known from the literature; devices that break it are caught.

use std::collections::BTreeSet;

use super::histogram::{Histogram, Standing};
use super::model::{Allowed, Outcome, races};
use super::mutants::Mutant;
use super::play::{Effort, play};
use super::program::{Access, Group, Location, Place, Test};
use super::shaders::kernel;
use super::{Wanted, names};
use crate::check::Subject;
use crate::device::gpu::{Gpu, adapters};
use crate::device::{Buffer, Command, Device, Limits, Program, Recording};
use crate::error::Result;
use crate::kernels::{Cause, Kernel, Variant};
use crate::record::DeviceRecord;

/// Tries enough for a fault that always shows.
const SHORT: Effort = Effort {
    settings: 1,
    dispatches: 1,
};

fn test(name: &str) -> Test {
    let mut all = Test::all().into_iter();
    all.find(|test| test.name == name).unwrap()
}

fn texts(test: &Test, outcomes: &BTreeSet<Outcome>) -> Vec<String> {
    let mut texts: Vec<String> = outcomes.iter().map(|o| o.text(test)).collect();
    texts.sort();
    texts
}

/// The tests' outcomes in textbooks, by hand.
#[test]
fn the_model_allows_what_is_known_to_be_allowed() {
    let weak_and_barred: [(&str, &str, &str); 6] = [
        ("mp", "r0=1 r1=0", "r0=0 r1=1"),
        ("lb", "r0=1 r1=1", "r0=0 r1=0"),
        ("sb", "r0=0 r1=0", "r0=1 r1=1"),
        ("s", "r0=1 x=2", "r0=0 x=1"),
        ("r", "r0=0 y=2", "r0=1 y=1"),
        ("2+2w", "x=1 y=1", "x=2 y=2"),
    ];
    for (pattern, weak, barred) in weak_and_barred {
        for place in ["", "-shared"] {
            let free = test(&format!("{pattern}{place}"));
            let allowed = Allowed::of(&free);
            let only = allowed.all.difference(&allowed.sequential).copied();
            assert_eq!(texts(&free, &only.collect()), [weak], "{}", free.name);
            assert_eq!(allowed.all.len(), 4, "{}", free.name);
        }
        for kind in ["-bar", "-bar-plain", "-shared-bar", "-shared-bar-plain"] {
            let held = test(&format!("{pattern}{kind}"));
            let allowed = Allowed::of(&held);
            assert_eq!(texts(&held, &allowed.all), [barred], "{}", held.name);
            assert_eq!(allowed.all, allowed.sequential);
        }
    }
}

/// A location on its own is sequentially consistent.
#[test]
fn the_model_keeps_each_location_coherent() {
    for (pattern, allowed) in [
        ("corr", &["r0=0 r1=0", "r0=0 r1=1", "r0=1 r1=1"][..]),
        ("corw", &["r0=0 x=1", "r0=0 x=2", "r0=2 x=1"]),
        ("cowr", &["r0=1 x=1", "r0=1 x=2", "r0=2 x=2"]),
        (
            "coww",
            &[
                "r0=0 r1=0 x=2",
                "r0=0 r1=1 x=2",
                "r0=0 r1=2 x=2",
                "r0=1 r1=1 x=2",
                "r0=1 r1=2 x=2",
                "r0=2 r1=2 x=2",
            ],
        ),
    ] {
        for place in ["", "-shared"] {
            let test = test(&format!("{pattern}{place}"));
            let found = Allowed::of(&test);
            assert_eq!(texts(&test, &found.all), allowed, "{}", test.name);
            assert_eq!(found.all, found.sequential, "{}", test.name);
        }
    }
}

#[test]
fn sequential_outcomes_are_allowed_and_nothing_plain_races() {
    let mut names = names();
    for test in Test::all() {
        let allowed = Allowed::of(&test);
        assert!(allowed.sequential.is_subset(&allowed.all), "{}", test.name);
        assert!(!races(&test), "{}", test.name);
        let mut free = test.clone();
        free.barrier = false;
        assert_eq!(races(&free), test.plain, "{}", test.name);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), Test::all().len() + Group::ALL.len());
}

#[test]
fn an_outcome_has_one_code() {
    let outcome = Outcome {
        saw: [1, 0, 2, 3],
        last: [3, 1],
    };
    let code = 1 + 2 * 16 + 3 * 64 + 3 * 256 + 1024;
    assert_eq!(Outcome::of(code), Some(outcome));
    assert_eq!(Outcome::of(4096), None);
}

/// All that loads could see of the stores to their location, and all that could stay, if there were no rules.
fn imaginable(test: &Test) -> BTreeSet<Outcome> {
    let accesses = test.sides.concat();
    let stored = |at: Location| {
        let value = move |access: &Access| match *access {
            Access::Store(location, value) if location == at => Some(value),
            _ => None,
        };
        accesses.iter().filter_map(value).collect::<Vec<u32>>()
    };
    let fits = |outcome: &Outcome| {
        let mut saw = accesses.iter().zip(outcome.saw);
        let mut last = [Location::X, Location::Y].into_iter().zip(outcome.last);
        saw.all(|(access, saw)| match *access {
            Access::Load(at) => saw == 0 || stored(at).contains(&saw),
            _ => saw == 0,
        }) && last.all(|(at, last)| match stored(at).is_empty() {
            true => last == 0,
            false => stored(at).contains(&last),
        })
    };
    (0..4096).filter_map(Outcome::of).filter(fits).collect()
}

/// Every mutant may do what its test forbids; together, those of a test may do all that it forbids but
/// values from nowhere and lost stores.
#[test]
fn every_mutant_may_do_what_its_test_forbids() {
    for mutant in Mutant::all() {
        let (name, fault) = (&mutant.test.name, mutant.fault);
        assert!(!races(&mutant.program), "{name}: {fault}");
        let may = Allowed::of(&mutant.program).all;
        let allowed = Allowed::of(&mutant.test).all;
        assert!(!may.is_subset(&allowed), "{name}: {fault}");
    }
    for test in Test::all().iter().filter(|test| !test.plain) {
        let mutants = Mutant::all().into_iter();
        let own = mutants.filter(|mutant| mutant.test.name == test.name);
        let may = own.flat_map(|mutant| Allowed::of(&mutant.program).all);
        let all: BTreeSet<Outcome> = may.chain(Allowed::of(test).all).collect();
        assert_eq!(all, imaginable(test), "{}", test.name);
    }
}

/// A compiler that changes the text of shaders, on an adapter.
struct Compiler {
    gpu: Gpu,
    change: fn(&str) -> String,
}

impl Device for Compiler {
    fn record(&self) -> &DeviceRecord {
        self.gpu.record()
    }
    fn limits(&self) -> Limits {
        self.gpu.limits()
    }
    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        self.gpu.variants(kernel)
    }
    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        self.gpu.choose(kernel, variant);
    }
    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        self.gpu.allocate(label, words)
    }
    fn free(&self, buffers: &[Buffer], programs: &[&Program]) {
        self.gpu.free(buffers, programs);
    }
    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        self.gpu.upload(buffer, at, words)
    }
    fn compile(&self, recording: &Recording) -> Result<Program> {
        let mut recording = recording.clone();
        for command in &mut recording.commands {
            if let Command::Dispatch(dispatch) = command
                && dispatch.kernel.name == "litmus"
            {
                dispatch.kernel = kernel((self.change)(dispatch.kernel.shader.text));
            }
        }
        self.gpu.compile(&recording)
    }
    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        self.gpu.run(program, times, done)
    }
    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        self.gpu.download(buffer)
    }
}

/// The first adapter, with a compiler that makes this of shaders.
fn compiler(change: fn(&str) -> String) -> Compiler {
    let adapter = &adapters()[0];
    let gpu = Gpu::open(adapter, "test").unwrap();
    Compiler { gpu, change }
}

/// The text with one part changed.
fn changed(text: &str, from: &str, to: &str) -> String {
    let changed = text.replace(from, to);
    assert_ne!(changed, text, "{from}");
    changed
}

/// Side A's accesses in the other order.
fn swap_a(text: &str) -> String {
    changed(
        text,
        "const A_SWAPPED: u32 = 0u",
        "const A_SWAPPED: u32 = 1u",
    )
}

/// What comes of a test on this device.
fn histogram(device: &dyn Device, name: &str) -> Histogram {
    let test = test(name);
    let played = play(device, &test, 1, SHORT).unwrap();
    Histogram::new(&test, &played)
}

#[test]
fn a_device_without_a_fault_passes_every_test() {
    let sound = compiler(str::to_owned);
    for test in Test::all() {
        let played = play(&sound, &test, 1, SHORT).unwrap();
        let histogram = Histogram::new(&test, &played);
        let what = histogram.violation(&test);
        assert!(what.is_none(), "{what:?}");
        assert!(histogram.instances >= 8192);
    }
}

#[test]
fn a_compiler_that_drops_barriers_is_caught() {
    let device = compiler(|text| {
        let held = "            } else {\n                storageBarrier();\n            }\n";
        changed(text, held, "            }\n")
    });
    assert!(histogram(&device, "mp-bar").times(Standing::Forbidden) > 0);
    let device = compiler(|text| {
        let held =
            "            if SHARED == 1u {\n                workgroupBarrier();\n            }";
        changed(text, held, "            if SHARED == 1u {\n            }")
    });
    assert!(histogram(&device, "sb-shared-bar").times(Standing::Forbidden) > 0);
}

#[test]
fn a_compiler_that_swaps_accesses_to_one_location_is_caught() {
    let device = compiler(swap_a);
    for name in ["corw", "cowr-shared", "coww"] {
        let caught = histogram(&device, name).times(Standing::Forbidden);
        assert!(caught > 0, "{name}");
    }
}

#[test]
fn values_from_nowhere_and_lost_stores_are_caught() {
    let device = compiler(|text| changed(text, "access / 2u)", "access / 2u + 7u)"));
    let found = histogram(&device, "corr");
    assert_eq!(found.times(Standing::Forbidden), found.instances);
    let device = compiler(|text| {
        let stored = "    store(at, access / 2u);";
        changed(
            text,
            stored,
            "    if at % 64u != 0u { store(at, access / 2u); }",
        )
    });
    assert!(histogram(&device, "lb").times(Standing::Forbidden) > 0);
}

/// The check names the test, the outcome, how often it came, and the command.
#[test]
fn a_failure_says_what_came_and_how_to_see_it_again() {
    let device = compiler(swap_a);
    let subject = Subject {
        spec: "0".to_owned(),
        device: Box::new(device),
    };
    let wanted = Wanted {
        name: Some("coww-shared"),
        seed: 3,
        alone: false,
    };
    let rows = wanted.rows(&subject, &mut None, &mut || {});
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let failure = row.failure.as_ref().unwrap();
    let Cause::Forbidden {
        test,
        times,
        instances,
        allowed,
        ..
    } = &failure.mismatch.cause
    else {
        panic!("{failure:?}")
    };
    assert_eq!((test.as_str(), allowed.len()), ("coww-shared", 6));
    assert!(*times > 0 && times <= instances);
    let command = "unlearn check --device 0 --kernel litmus --variant coww-shared --seed 3";
    assert_eq!(failure.command, command);
    assert_eq!(row.litmus[0].test, "coww-shared");
}

#[test]
fn rows_are_of_the_tests_that_were_asked_for() {
    let count = |name| {
        let (seed, alone) = (1, true);
        Wanted { name, seed, alone }.count()
    };
    assert_eq!(count(None), 44);
    assert_eq!(count(Some("storage")), 10);
    assert_eq!(count(Some("shared")), 10);
    assert_eq!(count(Some("barriers")), 24);
    assert_eq!(count(Some("mp")), 1);
    let between = Test::all();
    let between = between.iter().filter(|test| test.place == Place::Between);
    assert_eq!(between.count(), 10);
}
