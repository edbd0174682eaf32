//! **unlearn** trains networks on handwritten digits in WGSL compute shaders, makes them forget
//! chosen digits, and trains them again: a whole population of networks in every dispatch, so that
//! every figure has an error bar and stands beside networks that never saw those digits.
//!
//! The program of the same name is made of this crate; `examples/` has three more. Four networks
//! learn the built-in digits on the CPU:
//!
//! ```
//! use std::sync::Arc;
//! use unlearn::data::{Images, builtin};
//! use unlearn::device;
//! use unlearn::model::Model;
//! use unlearn::population::{Curriculum, DeviceImages, Population};
//! use unlearn::random::{Purpose, learner_key};
//! use unlearn::record::Spread;
//!
//! let device = device::open("cpu")?; // "auto" is the best adapter
//! let train = DeviceImages::upload(&*device, &Images::from(builtin::train(1000)))?;
//! let test = DeviceImages::upload(&*device, &Images::from(builtin::test(200)))?;
//!
//! let keys = |purpose| [0, 1, 2, 3].map(|learner| learner_key(1, learner, purpose));
//! let samples: Arc<Vec<u32>> = Arc::new((0..1000).collect());
//! let taught = keys(Purpose::Order(0)).map(|key| Curriculum::plain(samples.clone(), key, 0.1));
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
//! Modules stand in layers: each imports only from those above it in the list of this file, which a
//! test keeps. From the ground up:
//!
//! - [`error`], [`random`], [`record`], [`files`] and their like know nothing of networks.
//! - [`metrics`] measure forgetting; [`data`] are the images; [`model`] is the network's shape.
//! - [`kernels`] are the shaders, each with its form on the CPU and its reference in f64; a
//!   [`device`] runs recordings of them.
//! - A [`population`] is learners of one shape, trained in lockstep: it records what a step is.
//! - [`check`], [`tune`] and [`bench`](mod@bench) hold kernels and steps against references and clocks.
//! - [`methods`] say what learners are taught so that they forget.
//! - The [`engine`] takes networks through training and methods. [`config`] says what a [`run`] of the
//!   main job is, and [`compare`] sets many methods beside retrained networks.
//! - [`run_record`], [`verdict`], [`run_folder`] and [`report`] are what comes out.

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

// Lists at the command line.
pub mod lists;

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
