//! How fast a device is: what it could do at the most, what every kernel does of that, and how long
//! whole steps take. `unlearn bench` shows it.
//!
//! The way through: `timing` finds out how long a program takes; `probes` are kernels that show a
//! device's ceilings, which `ceilings` measures; `cost` says what a kernel has to compute and to
//! move; `kernels` times each beside that; `steps` times whole training steps; `report` is what
//! comes out, and `compare` holds two reports beside each other.

mod ceilings;
mod compare;
mod kernels;
pub mod report;
mod steps;

pub use ceilings::ceilings;
pub use compare::{Ratio, compare, counterparts, differences};
pub use kernels::{Observer, Options, kernels};
pub(crate) use steps::{BATCH, operations, populate};
pub use steps::{Images, first_step, steps};
