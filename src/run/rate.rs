//! How long a run takes on a device, by a moment of training there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Work;
use crate::config::Config;
use crate::data::{Dataset, Images, PIXELS};
use crate::device::Device;
use crate::engine::TRAINED;
use crate::error::Result;
use crate::model::Model;
use crate::population::{DeviceImages, Population, Recipe};
use crate::random::{Purpose, learner_key};

/// Networks that train for the measurement, at most.
const NETWORKS: usize = 8;
/// Steps before it, which compile the kernels, and at a time in it.
const STEPS: u32 = 8;
/// How long it lasts.
const BUDGET: Duration = Duration::from_millis(150);

/// The seconds that the whole run will take on a device, once its kernels are compiled: from a fifth of a
/// second of training with the run's networks and batches.
///
/// # Errors
/// `Usage` or `Device` if the device cannot train them.
pub fn seconds(config: &Config, data: &Dataset, device: &dyn Device) -> Result<f64> {
    let count = data.train.len().min(STEPS as usize * config.batch);
    let some = Images {
        pixels: data.train.pixels[..count * PIXELS].to_vec(),
        labels: data.train.labels[..count].to_vec(),
    };
    let images = DeviceImages::upload(device, &some)?;
    let per_second = rate(config, device, &images, count);
    images.free(device);
    Ok(Work::new(config, data).total() as f64 / per_second?)
}

/// Work per second of training on these images.
fn rate(config: &Config, device: &dyn Device, images: &DeviceImages, count: usize) -> Result<f64> {
    let networks = (2 * config.learners).min(NETWORKS);
    let numbers = || (0u32..).take(networks);
    let keys: Vec<[u32; 2]> = numbers()
        .map(|n| learner_key(config.seed, n, Purpose::Weights))
        .collect();
    let samples: Arc<Vec<u32>> = Arc::new((0u32..).take(count).collect());
    let recipe = |key: &[u32; 2]| Recipe::plain(samples.clone(), *key, config.lr);
    let taught: Vec<Recipe> = keys.iter().map(recipe).collect();
    let model = Model::new(&config.hidden)?;
    let population = Population::new(device, &model, config.batch, images, images, &taught)?;
    population.initialise(&keys)?;
    let train = |population: &Population<'_>| {
        population.train(STEPS, &mut |_| {})?;
        // Waits for them.
        population.take_clocks()
    };
    train(&population)?;
    let (start, mut steps) = (Instant::now(), 0);
    while start.elapsed() < BUDGET {
        train(&population)?;
        steps += STEPS;
    }
    let samples = f64::from(steps) * (networks * config.batch) as f64;
    Ok(TRAINED as f64 * samples / start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::small;
    use crate::device;

    #[test]
    fn a_moment_of_training_tells_how_long_a_run_takes() {
        let data = small(300, 100);
        let cpu = device::open("cpu").unwrap();
        let config = Config {
            hidden: vec![16],
            ..Config::default()
        };
        let seconds = seconds(&config, &data, &*cpu).unwrap();
        assert!(seconds > 0.0 && seconds.is_finite(), "{seconds}");
    }
}
