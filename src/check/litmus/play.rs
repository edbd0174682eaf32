//! A litmus test on a device: many instances, in several settings, and how often each outcome came.

use super::model::BINS;
use super::program::{Place, Test};
use super::shaders::{COUNT_OUTCOMES, Count, Play, kernel, text};
use crate::device::{Buffer, Device, Program, Recording};
use crate::error::Result;
use crate::kernels::Kernel;
use crate::random::threefry2x32;
use crate::record::DeviceKind;

/// Words of memory that is there to be busy with.
const SCRATCH: usize = 1024;
/// The largest distance of locations, in words.
const STRIDE: u32 = 16;

/// Iterations of all its loops after which an invocation leaves them on Mesa's lavapipe.
#[cfg(test)]
const ITERATIONS: u32 = 65_535;

/// How long to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Ways to lay out instances, from the seed.
    pub(super) settings: u32,
    /// Dispatches of each.
    pub(super) dispatches: u32,
}

impl Effort {
    /// Beside all the rest of a check.
    pub(super) const BRIEF: Self = Self {
        settings: 3,
        dispatches: 4,
    };
    /// With `--kernel litmus`.
    pub(super) const LONG: Self = Self {
        settings: 12,
        dispatches: 16,
    };
}

/// How many instances a dispatch has, and in what workgroups. On a CPU a workgroup runs on one
/// thread, whose lanes move in step: there it is as narrow as the narrowest of them. And Mesa's lavapipe
/// ends the loops of an invocation after [`ITERATIONS`] iterations in all: so many it never has.
#[derive(Clone, Copy)]
struct Size {
    group: u32,
    instances: u32,
    teams: [u32; 3],
    patience: u32,
}

impl Size {
    fn of(test: &Test, software: bool) -> Self {
        let (group, teams, instances) = match (software, test.within()) {
            (true, false) => (4, [1; 3], 1 << 13),
            (true, true) => (64, [2, 4, 8], 1 << 13),
            (false, false) => (256, [4, 16, 64], 1 << 16),
            (false, true) => (256, [8, 32, 128], 1 << 16),
        };
        Self {
            group,
            instances,
            teams,
            patience: [2_000, 8_000][usize::from(software)],
        }
    }

    /// The setting with this number.
    fn setting(self, test: &Test, seed: u32, number: u32) -> Play {
        let random = |what| threefry2x32([seed, number], [what, 0]);
        let teams = self.teams[(number % 3) as usize];
        let width = self.group / if test.within() { 2 } else { 1 };
        let [factor, shift] = random(0);
        let [stride, stress] = random(1);
        let [skew, _] = random(2);
        Play {
            teams,
            rounds: self.instances / (teams * width),
            stride: [1, 4, STRIDE][(stride % 3) as usize],
            patience: self.patience,
            factor: factor | 1,
            shift,
            stress: [0, 2, 6][(stress % 3) as usize],
            skew: [1, 4, 12][(skew % 3) as usize],
        }
    }
}

/// The buffers of a test, by what shaders call them.
struct Buffers {
    memory: Buffer,
    plain: Buffer,
    arrivals: Buffer,
    scratch: Buffer,
    seen: Buffer,
    counts: Buffer,
}

impl Buffers {
    fn new(device: &dyn Device, instances: u32) -> Result<Self> {
        let instances = instances as usize;
        let memory = 2 * instances * STRIDE as usize;
        let mut made: Vec<Buffer> = Vec::new();
        let sizes = [memory, memory, instances, SCRATCH, 4 * instances, BINS];
        for words in sizes {
            match device.allocate("litmus tests", words) {
                Ok(buffer) => made.push(buffer),
                Err(e) => {
                    device.free(&made, &[]);
                    return Err(e);
                }
            }
        }
        Ok(Self {
            memory: made[0],
            plain: made[1],
            arrivals: made[2],
            scratch: made[3],
            seen: made[4],
            counts: made[5],
        })
    }

    fn all(&self) -> [Buffer; 6] {
        let Self {
            memory,
            plain,
            arrivals,
            scratch,
            seen,
            counts,
        } = *self;
        [memory, plain, arrivals, scratch, seen, counts]
    }

    /// Plays all instances of a setting, and counts.
    fn recording(&self, test: &Test, kernel: &'static Kernel, size: Size, play: Play) -> Recording {
        let mut recording = Recording::default();
        for buffer in [self.memory, self.plain, self.arrivals] {
            recording.clear(buffer);
        }
        let groups = play.teams * if test.within() { 1 } else { 2 };
        let extent = [groups * size.group, 1, 1];
        let bound = [
            self.memory,
            self.plain,
            self.arrivals,
            self.scratch,
            self.seen,
        ];
        recording.dispatch_bytes(kernel, bytemuck::bytes_of(&play), extent, &bound);
        let count = Count {
            instances: size.instances,
            stride: play.stride,
            factor: play.factor,
            shift: play.shift,
        };
        let plain = test.plain && test.place != Place::Shared;
        let last = if plain { self.plain } else { self.memory };
        let bound = [last, self.seen, self.counts];
        let extent = [size.instances, 1, 1];
        recording.dispatch_bytes(&COUNT_OUTCOMES, bytemuck::bytes_of(&count), extent, &bound);
        recording
    }
}

/// What came of a test.
pub(super) struct Played {
    /// How often it was played.
    pub(super) instances: u64,
    /// How often each outcome came, by its code.
    pub(super) counts: Vec<u32>,
}

/// Plays a test.
///
/// # Errors
/// `Shader` where the device refuses a test, `Device` where it has no room or fails.
pub(super) fn play(device: &dyn Device, test: &Test, seed: u32, effort: Effort) -> Result<Played> {
    let software = device.record().kind == DeviceKind::Software;
    let size = Size::of(test, software);
    let buffers = Buffers::new(device, size.instances)?;
    let kernel = kernel(text(test, size.group));
    let mut programs: Vec<Program> = Vec::new();
    let mut run = || {
        for number in 0..effort.settings {
            let play = size.setting(test, seed, number);
            let recording = buffers.recording(test, kernel, size, play);
            let program = device.compile(&recording)?;
            let ran = device.run(&program, effort.dispatches, &mut |_| {});
            programs.push(program);
            ran?;
        }
        device.download(buffers.counts)
    };
    let counts = run();
    let programs: Vec<&Program> = programs.iter().collect();
    device.free(&buffers.all(), &programs);
    let dispatches = u64::from(effort.settings) * u64::from(effort.dispatches);
    Ok(Played {
        instances: u64::from(size.instances) * dispatches,
        counts: counts?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_has_more_loops_than_software_adapters_run() {
        for test in Test::all() {
            let size = Size::of(&test, true);
            for (seed, number) in (0..50).flat_map(|seed| (0..12).map(move |n| (seed, n))) {
                let p = size.setting(&test, seed, number);
                // Lanes take turns in using up their patience, at worst.
                let waits = if test.within() {
                    0
                } else {
                    size.group * p.patience
                };
                let each = 1 + p.stress + p.skew / 2;
                assert!(p.rounds * each + waits < ITERATIONS, "{}: {p:?}", test.name);
            }
        }
    }

    #[test]
    fn every_setting_plays_all_instances() {
        for test in Test::all() {
            for software in [true, false] {
                let size = Size::of(&test, software);
                for number in 0..12 {
                    let p = size.setting(&test, 1, number);
                    let width = size.group / if test.within() { 2 } else { 1 };
                    assert_eq!(p.teams * p.rounds * width, size.instances);
                    assert!(p.teams.is_power_of_two() && p.rounds.is_power_of_two());
                    assert!(p.factor % 2 == 1 && p.stride <= STRIDE && p.skew > 0);
                }
            }
        }
    }
}
