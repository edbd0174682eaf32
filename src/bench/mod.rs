//! How fast a device is: what it could do at the most, what every kernel does of that, and how long
//! whole steps take. `unlearn bench` shows it.
//!
//! The way through: `timing` finds out how long a program takes; `probes` are kernels that show a
//! device's ceilings, which `ceilings` and `memory` measure; `cost` says what a kernel has to compute
//! and to move; `rounds` times the variants of a kernel in turn while `watch` looks whether the clock
//! holds; `kernels` sets each beside the ceilings (`roofline`); `steps` times whole training steps;
//! `report` is what comes out; `compare` judges two reports, and `turns` two programs that took
//! turns, by the intervals of `interval`.

mod ceilings;
mod clock;
mod compare;
mod interval;
mod kernels;
mod memory;
pub mod report;
mod roofline;
mod rounds;
mod shader;
mod steps;
mod turns;
mod watch;

use std::time::Duration;

use crate::device::timing::{Times, measure};
use crate::device::{Device, Recording};
use crate::error::Result;

pub use ceilings::ceilings;
pub use clock::{CHANGE, change};
pub use compare::{compare, counterparts, differences, only};
pub use kernels::{Observer, Options, kernels};
pub use shader::shader;
pub(crate) use steps::{BATCH, operations, populate};
pub use steps::{Images, first_step, steps};
pub use turns::{Taken, judged, taken, unpaired};

/// What a recording takes. Of a ceiling the fast samples tell more than the slow ones, in which
/// something else ran: the lower quartile.
fn seconds(device: &dyn Device, recording: &Recording, budget: Duration) -> Result<Times> {
    let program = device.compile(recording)?;
    let times = measure(device, &program, budget)?;
    device.free(&[], &[&program]);
    Ok(times)
}
