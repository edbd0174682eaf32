use super::*;
use crate::error::Error;
use DeviceKind::{DiscreteGpu, IntegratedGpu, Software};

/// The decision where the adapters with these numbers do not open.
fn decided(kinds: &[DeviceKind], broken: &[usize]) -> Decision<()> {
    decide_among(kinds, |index, _| match broken.contains(&index) {
        true => Err(Error::Device(format!("{index} is broken"))),
        false => Ok(()),
    })
}

fn number<T>(decision: &Decision<T>) -> Option<usize> {
    decision.opened.as_ref().map(|o| o.0)
}

#[test]
fn the_best_adapter_is_taken_and_every_other_one_is_told_why_not() {
    let all = decided(&[Software, IntegratedGpu, DiscreteGpu, DiscreteGpu], &[]);
    assert_eq!(number(&all), Some(2));
    assert_eq!(
        all.reasons,
        [
            "not taken by auto: software, and there is a hardware GPU",
            "not taken by auto: 2 is a discrete GPU",
            "auto: the best hardware GPU",
            "not taken by auto: no better than 2, which comes first",
        ]
    );
    assert_eq!(all.cpu, "not taken by auto: an adapter opens");
}

#[test]
fn software_is_taken_where_there_is_nothing_else() {
    let two = decided(&[Software, Software], &[]);
    assert_eq!(number(&two), Some(0));
    assert!(two.reasons[0].contains("there is no hardware GPU"));
    assert!(two.reasons[1].contains("no better than 0"));
}

#[test]
fn an_adapter_that_does_not_open_is_passed_over_with_its_reason() {
    let all = decided(&[DiscreteGpu, Software], &[0]);
    assert_eq!(number(&all), Some(1));
    assert_eq!(all.reasons[0], "not taken by auto: 0 is broken");
    assert_eq!(
        all.reasons[1],
        "auto: the best adapter that opens; 0 is broken"
    );
}

#[test]
fn the_cpu_is_taken_where_nothing_opens() {
    let broken = decided(&[DiscreteGpu, Software], &[0, 1]);
    assert_eq!(number(&broken), None);
    assert!(broken.cpu.contains("no adapter opens"));
    assert!(broken.cpu.contains("1 is broken"));
    let none = decided(&[], &[]);
    assert_eq!(number(&none), None);
    assert!(none.cpu.contains("finds no adapter"));
}
