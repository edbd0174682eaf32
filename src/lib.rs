//! **unlearn** trains networks on handwritten digits in WGSL compute shaders, makes them forget
//! chosen digits, and trains them again: a whole population of networks in every dispatch.
//!
//! The way through the code: [`config`] says what a run is; [`experiment`] leads a
//! [`population`] through the phases; the population records dispatches of the [`kernel`]s for a
//! [`device`]; [`record`] is what comes out, and [`report`] shows it.

#![warn(clippy::unwrap_used, clippy::expect_used)]

pub mod bench;
pub mod check;
pub mod checkpoint;
mod checks;
pub mod compare;
pub mod config;
pub mod data;
pub mod device;
pub mod error;
pub mod experiment;
pub mod files;
pub mod kernel;
pub mod memory;
pub mod methods;
pub mod metrics;
pub mod model;
pub mod population;
pub mod progress;
pub mod random;
pub mod record;
pub mod report;
pub mod run_folder;
mod statistics;
pub mod threads;
pub mod tune;
pub mod verdict;
