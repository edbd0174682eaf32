//! **unlearn** trains networks on handwritten digits in WGSL compute shaders, makes them forget
//! chosen digits, and trains them again: a whole population of networks in every dispatch.
//!
//! The way through the code: [`config`] says what a run is; [`run`] leads a
//! [`population`] through the phases; the population records dispatches of the [`kernels`] for a
//! [`device`]; [`run_record`] is what comes out, and [`report`] shows it.
//!
//! Modules stand in layers: each imports only from those above it in the list of this file, which a
//! test keeps.

#![warn(clippy::unwrap_used, clippy::expect_used)]

// What can go wrong, in words for people.
pub mod error;

// The memory that is left, limits of containers included.
pub mod memory;

// How far long work is.
pub mod progress;

// Counter-based random numbers, the same on host and device.
pub mod random;

// Results as plain data: figures over learners, evaluation points, devices and data.
pub mod record;

// The process's threads.
pub mod threads;

// Files that are either whole or not there.
pub mod files;

// Metrics of forgetting, a file each.
pub mod metrics;

// How sure a difference is, and which one is worth a word.
mod statistics;

// The images: MNIST from a folder, a cache or the network, or the built-in digits.
pub mod data;

// What settings must be, for `run` and `compare` alike.
mod checks;

// The network's shape and its layout in memory.
pub mod model;

// Weights as files.
pub mod checkpoint;

// The kernels: shaders, forms on the CPU, costs, and references with bounds.
pub mod kernels;

// What runs recordings of kernels: adapters, and the CPU.
pub mod device;

// Learners of one shape, trained in lockstep.
pub mod population;

// Which variant of each kernel a device runs.
pub mod tune;

// The correctness suite.
pub mod check;

// Unlearning methods, a file each.
pub mod methods;

// How fast a device is.
pub mod bench;

// The settings of a run.
pub mod config;

// A whole run as plain data.
pub mod run_record;

// What the controls show, in words.
pub mod verdict;

// What `run` and `compare` stand on: networks on their way through training and methods.
pub mod engine;

// Many methods beside retrained networks.
pub mod compare;

// The main job: learn, unlearn, relearn.
pub mod run;

// The folder of a run.
pub mod run_folder;

// Reports of runs and comparisons.
pub mod report;
