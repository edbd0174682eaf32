//! Clocks that are wrong: benchmarks and tuning end all the same, claim nothing that they do not know,
//! and remember nothing of it.

mod faulty;

use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use faulty::{Clock, Faulty};
use unlearn::bench::report::{Ceilings, Samples};
use unlearn::bench::{Observer, Options, ceilings, first_step, kernels, steps};
use unlearn::check;
use unlearn::data;
use unlearn::progress::{Progress, Silent};
use unlearn::tune::{self, Variants};

/// The CPU as a GPU with such a clock.
fn with(clock: Clock) -> Faulty {
    let mut device = Faulty::new(|_, _, _| {});
    device.clock = clock;
    device.record.backend = "Vulkan".to_owned();
    device.record.kind = unlearn::record::DeviceKind::DiscreteGpu;
    device
}

const BUDGET: Duration = Duration::from_millis(5);

#[test]
fn ceilings_by_a_wrong_clock_are_unknown() {
    let found = ceilings(&with(|_| 0.0), BUDGET).unwrap();
    let all = [
        found.gflops,
        found.gbs,
        found.read_gbs,
        found.write_gbs,
        found.workgroup_gbs,
        found.empty_dispatch_us,
        found.dependent_dispatch_us,
    ];
    assert!(all.iter().all(|figure| figure.is_nan()), "{found:?}");
    assert!(found.curve.is_empty(), "{found:?}");
    // Those by the wall clock.
    assert!(found.upload_gbs > 0.0 && found.download_gbs > 0.0);
}

#[test]
fn kernels_and_steps_by_a_wrong_clock_have_no_times() {
    let options = Options {
        check: check::Options {
            kernel: Some("dense_forward".to_owned()),
            variant: None,
            shape: "3x8x4x2".parse().ok(),
            fill: None,
            seed: 1,
            plant: None,
        },
        budget: BUDGET,
    };
    let ceilings = Ceilings {
        gflops: f64::NAN,
        gbs: 1.0,
        empty_dispatch_us: 1.0,
        dependent_dispatch_us: 1.0,
        ..Ceilings::default()
    };
    let device = with(|_| 0.0);
    let mut rows = Vec::new();
    kernels(&device, &options, &ceilings, &mut rows, &mut Silent).unwrap();
    for row in rows {
        assert!(row.failure.is_none());
        let measured = row.measured.unwrap();
        let all = [measured.time.us, measured.gflops, measured.share];
        assert!(all.iter().all(|figure| figure.is_nan()), "{measured:?}");
        assert_eq!(measured.bound_by, "–");
    }
    let images = first_step(&device, &data::load("builtin", &|_| {}).unwrap(), 1).unwrap();
    let (mut rows, mut left_out) = (Vec::new(), Vec::new());
    let results = (&mut rows, &mut left_out);
    steps(
        &device,
        &images,
        (&[1], &Variants::new()),
        (1, BUDGET),
        results,
        &mut Silent,
    )
    .unwrap();
    let row = &rows[0];
    assert!(row.us_per_step > 0.0 && row.device_us_per_step.is_nan());
    assert!(row.parts.iter().all(|part| part.us.is_nan()), "{row:?}");
}

/// Calls of a clock that falls.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Counts them from the end of the checks on.
struct Restart;

impl Progress for Restart {
    fn advance(&mut self, _: u64) {
        CALLS.store(0, Ordering::Relaxed);
    }
}

impl Observer for Restart {}

#[test]
fn a_clock_that_falls_during_a_measurement_is_noticed() {
    // A machine that stalls takes other numbers of calls.
    let noticed = |_| {
        let samples = measured_while_falling();
        assert_eq!((samples.rounds.len(), samples.clock.len()), (5, 6));
        println!("{samples:?}");
        samples.unsteady().is_some_and(|change| change < -0.25)
            && samples
                .remark()
                .is_some_and(|remark| remark.starts_with("clock fell"))
    };
    assert!((0..4).any(noticed));
}

/// A measurement during which the clock falls to half its frequency.
fn measured_while_falling() -> Samples {
    let options = Options {
        check: check::Options {
            kernel: Some("dense_forward".to_owned()),
            variant: Some("twin".to_owned()),
            shape: "3x8x4x2".parse().ok(),
            fill: None,
            seed: 1,
            plant: None,
        },
        budget: Duration::from_millis(50),
    };
    // Up to three calls for the repetitions, more for a look; five rounds have six looks.
    let falling = with(|seconds| match CALLS.fetch_add(1, Ordering::Relaxed) {
        0..20 => 0.5 * seconds,
        _ => seconds,
    });
    let mut rows = Vec::new();
    kernels(
        &falling,
        &options,
        &Ceilings::default(),
        &mut rows,
        &mut Restart,
    )
    .unwrap();
    rows.remove(0).measured.unwrap().samples
}

/// What tuning remembers in a file, and what it said.
fn tuned(device: &Faulty, file: &Path, again: bool) -> (Variants, String) {
    let said = RefCell::new(String::new());
    let note = |text: &str| said.borrow_mut().push_str(text);
    let variants = tune::fastest_by(device, 1, Some(file), again, &note).unwrap();
    (variants, said.into_inner())
}

#[test]
fn tuning_by_a_wrong_clock_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("variants.toml");
    let (variants, said) = tuned(&with(|_| 0.0), &file, false);
    assert_eq!(variants, Variants::new());
    assert!(said.contains("could not measure"), "{said}");
    assert!(said.contains("dense_forward"), "{said}");
    assert!(!file.exists());
    // Nor is what comes of a device on which every result is wrong.
    let mut wrong = with(|seconds| seconds);
    wrong.fault = |_, _, words| words.iter_mut().for_each(|word| *word ^= 1 << 30);
    let (variants, said) = tuned(&wrong, &file, false);
    assert_eq!(variants, Variants::new());
    assert!(said.contains("could not measure"), "{said}");
    assert!(!file.exists());
}

#[test]
fn only_a_complete_memory_of_variants_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("variants.toml");
    let device = with(|seconds| seconds);
    let (variants, said) = tuned(&device, &file, false);
    assert!(variants.len() > 1 && said.contains("measuring"), "{said}");
    let whole = std::fs::read_to_string(&file).unwrap();
    let (again, said) = tuned(&device, &file, false);
    assert_eq!((again, said.as_str()), (variants.clone(), ""));
    let first = whole.lines().next().unwrap();
    let kernel = variants.keys().next().unwrap();
    for (damaged, why) in [
        ("".to_owned(), "empty"),
        (first.to_owned() + "\n", "partial"),
        (whole[..whole.len() - 3].to_owned(), "cut off"),
        (
            whole.replace(first, &format!("{kernel} = \"lanes\"")),
            "no such variant",
        ),
        (whole.clone() + "sideways = \"plain\"\n", "foreign"),
        ("not = [toml".to_owned(), "no TOML"),
    ] {
        std::fs::write(&file, damaged).unwrap();
        let (now, said) = tuned(&device, &file, false);
        assert!(said.contains("measuring"), "{why}: {said}");
        assert!(now.keys().eq(variants.keys()), "{why}: {now:?}");
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(toml::from_str::<Variants>(&text).unwrap(), now, "{why}");
    }
}
