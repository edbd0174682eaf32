//! **unlearn** trains networks on handwritten digits in WGSL compute shaders, makes them forget
//! chosen digits, and trains them again. Every dispatch covers a whole population of networks, so
//! every figure has an error bar and a comparison with networks that never saw those digits.
//!
//! The program of the same name is built on this crate; `examples/` has four more. Four networks
//! learn the built-in digits on the CPU:
//!
//! ```
//! use std::sync::Arc;
//! use unlearn::data::{Images, builtin};
//! use unlearn::device;
//! use unlearn::model::Model;
//! use unlearn::population::{Recipe, DeviceImages, Population};
//! use unlearn::random::{Purpose, learner_key};
//! use unlearn::record::Spread;
//!
//! let device = device::open("cpu")?; // "auto" is the best adapter
//! let train = DeviceImages::upload(&*device, &Images::from(builtin::train(1000)))?;
//! let test = DeviceImages::upload(&*device, &Images::from(builtin::test(200)))?;
//!
//! let keys = |purpose| [0, 1, 2, 3].map(|learner| learner_key(1, learner, purpose));
//! let samples: Arc<Vec<u32>> = Arc::new((0..1000).collect());
//! let taught = keys(Purpose::Order(0)).map(|key| Recipe::plain(samples.clone(), key, 0.1));
//!
//! let model = Model::new(&[32])?;
//! let population = Population::new(&*device, &model, 20, &train, &test, &taught)?;
//! population.initialise(&keys(Purpose::Weights))?;
//! population.train(200, &mut |_| {})?;
//!
//! let scores = population.evaluate()?;
//! let accuracy = Spread::of(scores.iter().map(|score| score.accuracy(|_| true)).collect());
//! assert!(accuracy.mean > 0.7, "{} ± {}", accuracy.mean, accuracy.std);
//! # Ok::<(), unlearn::error::Error>(())
//! ```
//!
//! # Layers
//!
//! Modules are layered: each imports only from those above it in this file's list, which a test
//! enforces. From the bottom up:
//!
//! - [`error`], [`random`], [`record`], [`files`] and similar modules are independent of networks.
//! - [`metrics`] measure forgetting; [`data`] are the images, [`photo`] pictures made like them; [`model`]
//!   is the network's shape.
//! - [`kernels`] are the shaders, each with its CPU implementation and its f64 reference; a
//!   [`device`] runs recordings of them.
//! - A [`population`] is learners of one shape, trained in lockstep; it records steps and evaluations.
//! - [`check`] and [`bench`](mod@bench) test and time kernels and steps; [`tune`] picks the fastest
//!   variants.
//! - [`methods`] define what learners are taught to make them forget.
//! - The [`engine`] takes networks through training and methods. [`config`] holds the settings of a
//!   [`run`]; [`compare`] compares many methods with retrained networks.
//! - [`run_record`], [`verdict`], [`run_folder`] and [`report`] are the output; [`predict`] asks a run's
//!   networks about pictures.

#![warn(clippy::unwrap_used, clippy::expect_used)]

// Errors, worded for users.
pub mod error;

// Available memory, including container limits.
pub mod memory;

// Progress of long work.
pub mod progress;

// Counter-based random numbers, the same on host and device.
pub mod random;

// Results as plain data: figures over learners, evaluation points, devices and data.
pub mod record;

// Lists on the command line.
pub mod lists;
pub mod shell;

// Arithmetic in TOML files.
mod expression;

// The process's threads.
pub mod threads;

// Atomic file writes.
pub mod files;

// Errors and intervals of statistics of two groups.
pub mod jackknife;

// Metrics of forgetting, one file each.
pub mod metrics;

// How certain a difference is, and whether it matters.
mod statistics;

// The images: MNIST from a folder, a cache or the network, or the built-in digits.
pub mod data;

// Pictures in PNG files, as networks see them.
pub mod photo;

// Validation of settings, shared by `run` and `compare`.
mod checks;

// The network's shape and its layout in memory.
pub mod model;

// Weights as files.
pub mod checkpoint;

// The kernels: shaders, CPU implementations, costs, and references with bounds.
pub mod kernels;

// An interpreter of compute shaders: undefined behaviour, and references with bounds.
pub mod interpret;

// Devices that run recordings of kernels: adapters, and the CPU.
pub mod device;

// Contracts of users' own shaders, and the cases that they make.
pub mod contract;

// A folder for each failure, from which it runs again.
pub mod reproducer;

// Learners of one shape, trained in lockstep.
pub mod population;

// Which variant of each kernel a device runs.
pub mod tune;

// The correctness suite.
pub mod check;

// Unlearning methods, one file each.
pub mod methods;

// Benchmarks of a device.
pub mod bench;

// The settings of a run.
pub mod config;

// Verdicts: what the controls show, in words.
pub mod verdict;

// The common base of `run` and `compare`: takes networks through training and methods.
pub mod engine;

// What changed inside networks: pictures and numbers of their layers.
pub mod inside;

// A whole run as plain data.
pub mod run_record;

// Two runs beside each other.
pub mod diff;

// Comparison of many methods with retrained networks.
pub mod compare;

// `unlearn run`: learn, unlearn, relearn.
pub mod run;

// The folder of a run.
pub mod run_folder;

// Reports of runs and comparisons.
pub mod report;

// What is kept on disk, and its removal.
pub mod disk;

// What a run's networks answer to pictures.
pub mod predict;

// A page that does all this in a browser.
pub mod page;
