//! What the tests share: the adapters, and random numbers.

#![allow(dead_code, reason = "every test binary uses its own part")]

use std::cell::Cell;
use std::process::{Command, Output};

use unlearn::device::Device;
use unlearn::device::gpu::{Adapter, Gpu, adapters};
use unlearn::error::Result;
use unlearn::progress::Progress;
use unlearn::random::threefry2x32;
use unlearn::record::{Outcome, Phase, Point};
use unlearn::run::{Observer, State};

/// Every adapter of the machine. GPU tests are never skipped in silence: none is a failure.
pub(crate) fn all_adapters() -> Vec<Adapter> {
    let found = adapters();
    assert!(
        !found.is_empty(),
        "wgpu finds no adapter: install a driver; a software one will do (Debian or Ubuntu: \
         apt-get install mesa-vulkan-drivers). `bash tests/run.sh` does so"
    );
    found
}

/// Whether an adapter is SwiftShader, which `tests/run.sh` takes as a second implementation of Vulkan
/// where it is there. Barriers take it so long that it gets a part of the cases.
pub(crate) fn is_slow(adapter: &Adapter) -> bool {
    adapter.name().starts_with("SwiftShader")
}

/// Opens an adapter.
pub(crate) fn gpu(adapter: &Adapter) -> Gpu {
    Gpu::open(adapter, "test").unwrap()
}

/// Every adapter, opened, with its name.
pub(crate) fn gpus() -> Vec<(String, Gpu)> {
    let open = |a: &Adapter| (format!("{} [{}]", a.name(), a.index), gpu(a));
    all_adapters().iter().map(open).collect()
}

/// Opens every adapter as a plain device.
pub(crate) fn devices() -> Vec<(String, Box<dyn Device>)> {
    let boxed = |(name, gpu): (String, Gpu)| (name, Box::new(gpu) as Box<dyn Device>);
    gpus().into_iter().map(boxed).collect()
}

/// `n` numbers in [−1, 1), none of them special.
pub(crate) fn floats(seed: u32, n: usize) -> Vec<f32> {
    let number = |i| (threefry2x32([seed, 1], [i, 0])[0] >> 8) as f32 / 8_388_608.0 - 1.0;
    (0u32..).map(number).take(n).collect()
}

/// `n` integers below `end`.
pub(crate) fn integers(seed: u32, n: usize, end: u32) -> Vec<u32> {
    let number = |i| threefry2x32([seed, 2], [i, 0])[0] % end;
    (0u32..).map(number).take(n).collect()
}

/// The bits of floats.
pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Runs the real binary.
pub(crate) fn unlearn(arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_unlearn");
    Command::new(binary).args(arguments).output().unwrap()
}

/// What it said on stderr.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Keeps everything, and stops once so many steps are done.
#[derive(Default)]
pub(crate) struct Keeper {
    pub(crate) patience: Option<u64>,
    pub(crate) done: Cell<u64>,
    pub(crate) points: Vec<Point>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) weights: Vec<Vec<f32>>,
    pub(crate) state: Vec<u8>,
}

impl Progress for Keeper {
    fn advance(&mut self, steps: u64) {
        self.done.set(self.done.get() + steps);
    }

    fn stopped(&self) -> bool {
        self.patience.is_some_and(|end| self.done.get() >= end)
    }
}

impl Observer for Keeper {
    fn phase(&mut self, _: Phase, _: u32, _: u32) {}

    fn evaluated(&mut self, points: &[Point]) -> Result<()> {
        self.points.extend_from_slice(points);
        Ok(())
    }

    fn end(&mut self, outcomes: &[Outcome], weights: &[Vec<f32>]) -> Result<()> {
        self.outcomes.extend_from_slice(outcomes);
        self.weights.extend_from_slice(weights);
        Ok(())
    }

    fn keep(&mut self, state: &State) -> Result<()> {
        self.state = state.to_bytes()?;
        Ok(())
    }
}
