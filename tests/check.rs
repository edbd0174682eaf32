//! The check finds devices that are wrong, each in its way, and follows a failure to its smallest
//! case.

mod common;
mod faulty;

use faulty::{Fault, Faulty};
use unlearn::check::report::{Failure, Report};
use unlearn::check::{Options, Subject, check};
use unlearn::device::WINDOW;
use unlearn::device::cpu::Cpu;
use unlearn::error::Error;
use unlearn::kernels::Cause;
use unlearn::progress::Silent;

/// What the check says of a device.
fn checked(device: Faulty, options: &Options) -> Report {
    let subject = Subject {
        spec: "cpu".to_owned(),
        device: Box::new(device),
    };
    check(&[subject], options, &mut Silent).unwrap()
}

fn options(kernel: &str) -> Options {
    Options {
        kernel: Some(kernel.to_owned()),
        variant: None,
        shape: None,
        fill: None,
        seed: 3,
        plant: None,
    }
}

/// What the check says of a CPU with a fault.
fn found(fault: Fault, options: &Options) -> Option<Failure> {
    let report = checked(Faulty::new(fault), options);
    let failure = report.devices[0].rows[0].failure.clone();
    assert_eq!(report.passed, failure.is_none());
    failure
}

/// Sets the last of the words, if the buffer has more than 200 of its own.
fn late(words: &mut [u32], value: u32) {
    let end = words.len() - WINDOW;
    if end - WINDOW > 200 {
        words[end - 1] = value;
    }
}

#[test]
fn a_device_without_a_fault_passes() {
    assert!(found(|_, _, _| {}, &options("dense_forward")).is_none());
}

#[test]
fn a_wrong_element_is_followed_to_a_small_case_that_repeats() {
    let wrong: Fault = |_, binding, words| {
        if binding == 2 {
            late(words, 0x4640_e400);
        }
    };
    let failure = found(wrong, &options("dense_forward")).unwrap();
    let Cause::WrongValue { place, got, .. } = &failure.mismatch.cause else {
        panic!("{failure:?}")
    };
    assert_eq!((got.value, got.float), (Some(12345.0), true));
    assert_eq!((&*place.buffer, place.index), ("y", place.words - 1));
    let s = failure.shape.unwrap();
    let words = s.learners * s.rows.max(s.outputs + 3) * (s.inputs + s.outputs);
    assert!(words < 2000, "{s} is not small");
    let again = Options {
        shape: Some(s),
        fill: failure.fill,
        seed: failure.seed,
        ..options("dense_forward")
    };
    let same = found(wrong, &again).unwrap();
    assert_eq!(same.mismatch, failure.mismatch);
    assert!(failure.command.contains(&s.to_string()), "{failure:?}");
    let parsed: unlearn::kernels::Shape = s.to_string().parse().unwrap();
    assert_eq!(parsed, s);
}

#[test]
fn an_error_in_the_last_bits_is_found() {
    // γ is about 1e-5 at the most here; an output off by a ten-thousandth is outside.
    let failure = found(
        |_, binding, words| {
            for word in words.iter_mut() {
                if binding >= 5 && *word != 0x7fc0_dead {
                    *word = (f32::from_bits(*word) * 1.0001).to_bits();
                }
            }
        },
        &options("head"),
    );
    let Cause::WrongValue { place, .. } = failure.unwrap().mismatch.cause else {
        panic!("another mismatch")
    };
    assert!(["dlogits", "losses", "dx"].contains(&&*place.buffer));
}

#[test]
fn a_write_into_a_guard_zone_is_found() {
    let failure = found(
        |_, _, words| {
            let end = words.len() - WINDOW;
            words[end] = 0;
        },
        &options("score"),
    );
    let Cause::GuardZone { place, got } = failure.unwrap().mismatch.cause else {
        panic!("another mismatch")
    };
    assert_eq!((place.index, got.bits), (place.words, 0));
}

#[test]
fn a_result_that_changes_from_run_to_run_is_found() {
    // The sign of a zero is within every bound.
    let failure = found(
        |run, binding, words| {
            let zeros = words.iter_mut().filter(|w| **w == 0);
            zeros
                .take(usize::from(binding == 2))
                .for_each(|w| *w |= run << 31);
        },
        &Options {
            fill: Some(unlearn::kernels::Fill::Random),
            ..options("dense_forward")
        },
    );
    let mismatch = failure.unwrap().mismatch;
    let Cause::NotRepeated { got, first, .. } = mismatch.cause else {
        panic!("{mismatch:?}")
    };
    assert_eq!((got.bits ^ first.bits, got.value), (1 << 31, first.value));
}

#[test]
fn a_device_that_is_lost_is_left_alone_from_then_on() {
    let mut device = Faulty::new(|_, _, _| {});
    device.lost_at = 5;
    let report = checked(
        device,
        &Options {
            kernel: None,
            ..options("")
        },
    );
    assert!(!report.passed);
    let checked = &report.devices[0];
    // The sixth run is the last one: nothing is followed to a smaller case.
    assert_eq!(checked.stopped.as_deref(), Some("lost in run 6"));
    let (first, others) = checked.rows.split_first().unwrap();
    assert!(
        first
            .failure
            .as_ref()
            .unwrap()
            .mismatch
            .text
            .contains("lost in run 6")
    );
    assert_eq!(first.cases, 6);
    assert!(
        others
            .iter()
            .all(|row| row.cases == 0 && row.failure.is_none())
    );
}

#[test]
fn a_case_that_finds_no_room_is_skipped() {
    let mut device = Faulty::new(|_, _, _| {});
    device.room = 20_000;
    let report = checked(device, &options("dense_forward"));
    let row = &report.devices[0].rows[0];
    assert!(report.passed && row.skipped > 5 && row.cases > 5, "{row:?}");
    let mut device = Faulty::new(|_, _, _| {});
    device.room = 0;
    let report = checked(device, &options("dense_forward"));
    assert!(!report.passed, "nothing ran");
}

#[test]
fn a_kernel_that_does_not_exist_is_refused() {
    let subject = Subject {
        spec: "cpu".to_owned(),
        device: Box::new(Cpu::new("test")),
    };
    let error = check(&[subject], &options("dense_sideways"), &mut Silent)
        .err()
        .unwrap();
    let Error::Usage(text) = error else {
        panic!("{error}")
    };
    assert!(text.contains("dense_forward"), "{text}");
}
