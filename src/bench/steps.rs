//! Whole training steps: how long one takes for so many learners, and where the time goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::kernels::Observer;
use super::report::{StepPart, StepRow};
use super::rounds::{Timing, split};
use super::watch::Watch;
use crate::data::Dataset;
use crate::device::Device;
use crate::device::timing::{SAMPLES, Times, measure, median, sample};
use crate::error::{Error, Result};
use crate::kernels::{KERNELS, Shape};
use crate::model::Model;
use crate::population::{DeviceImages, Population, Recipe, largest};
use crate::random::{Purpose, learner_key};
use crate::record::CLASSES;
use crate::tune::Variants;

/// Samples per learner and step, as `unlearn run` has them.
pub(crate) const BATCH: u32 = 64;
/// Budgets that the wall-clock time of a step, and its time on the device, may take.
const BUDGETS: [u32; 2] = [4, 2];
/// What would take more budgets than this is left out.
const MOST: u32 = 80;
/// A smaller budget leaves nothing out of which the first steps are fast enough for this one.
const USUAL: Duration = Duration::from_millis(250);
/// Steps that a measurement takes at the least: first ones, samples by both clocks, and all kernels
/// alone, of which each runs twice.
const STEPS: f64 = (2 * (SAMPLES + 1) + 2) as f64;

/// The images of training and test, on a device.
pub struct Images {
    train: DeviceImages,
    test: DeviceImages,
    count: usize,
}

impl Images {
    /// Copies a data set to a device.
    ///
    /// # Errors
    /// `Device` or `Data` where it does not fit.
    pub fn upload(device: &dyn Device, data: &Dataset) -> Result<Self> {
        Ok(Self {
            train: DeviceImages::upload(device, &data.train)?,
            test: DeviceImages::upload(device, &data.test)?,
            count: data.train.len(),
        })
    }
}

/// Learners with fresh weights that are taught all digits.
pub(crate) fn populate<'d>(
    device: &'d dyn Device,
    model: &Model,
    images: &Images,
    learners: u32,
    seed: u32,
) -> Result<Population<'d>> {
    let samples: Arc<Vec<u32>> = Arc::new((0u32..).take(images.count).collect());
    let key = |k, purpose| learner_key(seed.into(), k, purpose);
    let recipe = |k| Recipe {
        samples: samples.clone(),
        key: key(k, Purpose::Order(0)),
        soft_target: [1.0 / CLASSES as f32; CLASSES],
        table: None,
        weights: [1.0; 2],
        rate: 0.1,
        momentum: 0.0,
        decay: 0.0,
        strength: 0.0,
    };
    let taught: Vec<Recipe> = (0..learners).map(recipe).collect();
    let (train, test) = (&images.train, &images.test);
    let population = Population::new(device, model, BATCH as usize, train, test, &taught)?;
    let keys: Vec<_> = (0..learners).map(|k| key(k, Purpose::Weights)).collect();
    population.initialise(&keys)?;
    Ok(population)
}

/// Takes the first training step of one learner, from the upload of the images to the end.
///
/// # Errors
/// `Device` or `Data` where the device fails or the images do not fit.
pub fn first_step(device: &dyn Device, data: &Dataset, seed: u32) -> Result<Images> {
    let images = Images::upload(device, data)?;
    let population = populate(device, &Model::new(&[128, 64])?, &images, 1, seed)?;
    run(&population, 1)?;
    Ok(images)
}

/// Wall-clock seconds of so many steps, to their end.
fn run(population: &Population<'_>, steps: u32) -> Result<f64> {
    let start = Instant::now();
    population.train(steps, &mut |_| {})?;
    population.take_clocks()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Times steps of populations of these sizes, the smallest first, with the `variants` that the device
/// was told to run; `rows` and `left_out` get what comes of each.
///
/// # Errors
/// `Device` where the device fails.
pub fn steps(
    device: &dyn Device,
    images: &Images,
    (learners, variants): (&[u32], &Variants),
    (seed, budget): (u32, Duration),
    (rows, left_out): (&mut Vec<StepRow>, &mut Vec<String>),
    observer: &mut dyn Observer,
) -> Result<()> {
    let model = Model::new(&[128, 64])?;
    let most = largest(device.limits(), &model, BATCH as usize);
    let watch = Watch::new(device)?;
    observer.begin("steps", learners.len() as u64);
    for &count in learners {
        let last = rows.last();
        let step = last.map_or(0.0, |row: &StepRow| {
            1e-6 * row.us_per_step * f64::from(count) / f64::from(row.learners)
        });
        let allowed = match count as usize > most {
            true => Err(format!("it can hold {most} at the most")),
            false => too_long(step, budget).map_or(Ok(()), Err),
        };
        let row = match allowed {
            Ok(()) => measured(device, &model, images, count, (seed, budget, &watch))?,
            Err(why) => Err(why),
        };
        match row {
            Ok(mut row) => {
                row.variants = variants.clone();
                observer.step(&row);
                rows.push(row);
            }
            Err(why) => {
                let text = format!("steps of {count} learners: {why}");
                observer.left_out(&text);
                left_out.push(text);
            }
        }
        observer.advance(1);
    }
    Ok(())
}

/// What steps of so many learners take, or why they are left out.
fn measured(
    device: &dyn Device,
    model: &Model,
    images: &Images,
    learners: u32,
    (seed, budget, watch): (u32, Duration, &Watch<'_>),
) -> Result<std::result::Result<StepRow, String>> {
    let population = match populate(device, model, images, learners, seed) {
        Ok(population) => population,
        // A device without room for all says so here.
        Err(Error::Device(why)) => return Ok(Err(why)),
        Err(e) => return Ok(Err(e.to_string())),
    };
    match first_steps(&population, budget)? {
        Some(why) => Ok(Err(why)),
        None => row(
            device,
            (model, images, learners),
            &population,
            (budget, watch),
        )
        .map(Ok),
    }
}

/// Why a measurement of steps that take so many seconds is left out, where it is.
fn too_long(step: f64, budget: Duration) -> Option<String> {
    let (needed, allowed) = (STEPS * step, (MOST * budget).as_secs_f64());
    let text = || format!("it would take about {needed:.0} s, and {allowed:.0} s are allowed");
    (needed > allowed).then(text)
}

/// Warms up, and says why the measurement is left out where it is: the first population has no
/// smaller one to judge by.
fn first_steps(population: &Population<'_>, budget: Duration) -> Result<Option<String>> {
    let budget = budget.max(USUAL);
    if too_long(run(population, 1)?, budget).is_none() {
        return Ok(None);
    }
    // A part of the first step was the compilation of its shaders.
    Ok(too_long(run(population, 1)?, budget))
}

fn row(
    device: &dyn Device,
    (model, images, learners): (&Model, &Images, u32),
    population: &Population<'_>,
    (budget, watch): (Duration, &Watch<'_>),
) -> Result<StepRow> {
    let [wall, alone] = BUDGETS.map(|n| n * budget);
    let mut looks = vec![watch.look()?];
    let samples = sample(wall, SAMPLES, &mut |steps| run(population, steps))?;
    looks.push(watch.look()?);
    let rounds = split(&samples);
    let wall = Times::of(samples);
    let (n, program) = population.steps();
    let device_seconds = measure(device, program, alone)?.median / f64::from(n);
    let parts = parts(device, images, population, device_seconds, budget)?;
    let steps = images.count as f64 / f64::from(BATCH);
    Ok(StepRow {
        learners,
        variants: Variants::new(),
        batch: BATCH,
        us_per_step: 1e6 * wall.median,
        us_low: 1e6 * wall.low,
        us_high: 1e6 * wall.high,
        device_us_per_step: 1e6 * device_seconds,
        seconds_per_learner_epoch: wall.median * steps / f64::from(learners),
        gflops: 1e-9 * operations(model, learners) as f64 / wall.median,
        parts,
        samples: Timing { rounds, looks }.into(),
    })
}

/// The kernels of a step, each timed alone on the step's own buffers, and what they leave of it.
fn parts(
    device: &dyn Device,
    images: &Images,
    population: &Population<'_>,
    step: f64,
    budget: Duration,
) -> Result<Vec<StepPart>> {
    let mut times: Vec<(&str, f64)> = Vec::new();
    for (kernel, program) in population.dispatches(&images.train, BATCH)? {
        let seconds = median(device, &program, budget / 5)?;
        device.free(&[], &[&program]);
        match times.iter_mut().find(|(name, _)| *name == kernel) {
            Some((_, sum)) => *sum += seconds,
            None => times.push((kernel, seconds)),
        }
    }
    let kernels: f64 = times.iter().map(|(_, seconds)| seconds).sum();
    times.push(("other", step - kernels));
    let part = |(kernel, seconds): (&str, f64)| StepPart {
        kernel: kernel.to_owned(),
        us: 1e6 * seconds,
        share: seconds / step,
    };
    Ok(times.into_iter().map(part).collect())
}

/// Floating-point operations of a step.
pub(crate) fn operations(model: &Model, learners: u32) -> u64 {
    const INSIDE: [&str; 8] = [
        "sample_order",
        "image_forward",
        "dense_forward",
        "head",
        "dense_backward_input",
        "dense_backward_weights",
        "image_backward_weights",
        "close_step",
    ];
    let inside = KERNELS
        .iter()
        .filter(|spec| INSIDE.contains(&spec.kernel.name));
    let shapes = inside.flat_map(|spec| {
        let mut shapes = (spec.training)(model, learners);
        // The last layer is `head`'s; `dense_forward` has it in an evaluation.
        if spec.kernel.name == "dense_forward" {
            shapes.pop();
        }
        let flops = |shape: Shape| spec.cost(shape).flops;
        shapes.into_iter().map(flops)
    });
    shapes.sum()
}
