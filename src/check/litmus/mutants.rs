//! The power of the litmus tests: mutants, which do what a device with a fault would, and whose outcomes
//! the test would count as forbidden (Levine et al., "MC Mutants", ASPLOS 2023).

use super::histogram::{Histogram, Standing};
use super::model::Allowed;
use super::play::{Effort, play};
use super::program::Test;
use crate::device::Device;
use crate::error::Result;

/// A test whose program is another one than the test believes.
pub(super) struct Mutant {
    pub(super) test: Test,
    /// What differs, in words.
    pub(super) fault: &'static str,
    pub(super) program: Test,
}

/// How often a mutant was seen.
#[derive(Clone, Debug)]
pub struct Power {
    /// The test.
    pub test: String,
    /// What its program does wrong.
    pub fault: &'static str,
    /// How often it was played.
    pub instances: u64,
    /// How often an outcome came that the test forbids.
    pub caught: u64,
    /// How many outcomes that the test forbids came.
    pub outcomes: usize,
    /// How many WGSL allows the mutant.
    pub possible: usize,
}

impl Mutant {
    /// The mutants of every test that forbids more than values nobody stores: accesses to one location swapped;
    /// a barrier dropped, or an access moved past it. Where accesses would race then, they are atomic.
    pub(super) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for test in Test::all() {
            let mut add = |fault, change: &dyn Fn(&mut Test)| {
                let mut program = test.clone();
                program.plain = false;
                change(&mut program);
                let test = test.clone();
                all.push(Self {
                    test,
                    fault,
                    program,
                });
            };
            let one_location = test.name.starts_with("co");
            // With atomics in their place, mutants of plain tests would be those of the atomic ones.
            if !one_location && (!test.barrier || test.plain) {
                continue;
            }
            if test.barrier {
                add("no barrier", &|program| program.barrier = false);
            }
            let moves = |side: usize| {
                let accesses = test.sides[side].iter();
                accesses.filter(|a| a.location().is_some()).count() == 2
            };
            if moves(0) {
                add("A swapped", &|program| program.swapped[0] = true);
            }
            if moves(1) {
                add("B swapped", &|program| program.swapped[1] = true);
            }
            if one_location && moves(0) && moves(1) {
                add("both swapped", &|program| program.swapped = [true; 2]);
            }
        }
        all
    }
}

/// Plays every mutant.
///
/// # Errors
/// `Shader` where the device refuses one, `Device` where it fails.
pub fn power(device: &dyn Device, seed: u32, told: &mut dyn FnMut(&Power)) -> Result<Vec<Power>> {
    let mut all = Vec::new();
    for mutant in Mutant::all() {
        let played = play(device, &mutant.program, seed, Effort::LONG)?;
        let histogram = Histogram::new(&mutant.test, &played);
        let may = Allowed::of(&mutant.program).all;
        let forbidden = histogram.outcomes.iter();
        let forbidden = forbidden.filter(|counted| counted.standing == Standing::Forbidden);
        let power = Power {
            fault: mutant.fault,
            instances: histogram.instances,
            caught: histogram.times(Standing::Forbidden),
            outcomes: forbidden.count(),
            possible: may.difference(&Allowed::of(&mutant.test).all).count(),
            test: mutant.test.name,
        };
        told(&power);
        all.push(power);
    }
    Ok(all)
}
