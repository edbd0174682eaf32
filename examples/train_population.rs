//! Trains eight networks side by side on the built-in digits, and prints their accuracy with an
//! interval.
//!
//! ```sh
//! cargo run --release --example train_population          # on the device that `auto` picks
//! cargo run --release --example train_population -- cpu   # or another
//! ```

use std::sync::Arc;

use statrs::distribution::{ContinuousCDF, StudentsT};
use unlearn::data::{Images, builtin};
use unlearn::device;
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::random::{Purpose, learner_key};
use unlearn::record::Spread;

const LEARNERS: u32 = 8;
const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = std::env::args().nth(1).unwrap_or("auto".to_owned());
    let device = device::open(&spec)?;
    println!("device: {}", device.record().name);
    let train = Images::from(builtin::train(6000));
    let test = Images::from(builtin::test(1000));
    let train = DeviceImages::upload(&*device, &train)?;
    let test = DeviceImages::upload(&*device, &test)?;

    // Each learner is taught the same images, in an order of its own.
    let samples: Arc<Vec<u32>> = Arc::new((0..6000).collect());
    let lesson = |learner| {
        let key = learner_key(SEED, learner, Purpose::Order(0));
        Recipe::plain(samples.clone(), key, 0.1)
    };
    let taught: Vec<Recipe> = (0..LEARNERS).map(lesson).collect();
    let weights = |learner| learner_key(SEED, learner, Purpose::Weights);
    let keys: Vec<[u32; 2]> = (0..LEARNERS).map(weights).collect();

    let model = Model::new(&[128, 64])?;
    let population = Population::new(&*device, &model, 64, &train, &test, &taught)?;
    population.initialise(&keys)?;
    for epoch in 1..=5 {
        population.train(6000 / 64, &mut |_| {})?;
        let scores = population.evaluate()?;
        let accuracy = Spread::of(scores.iter().map(|s| s.accuracy(|_| true)).collect());
        let (mean, half) = (100.0 * accuracy.mean, 100.0 * half(&accuracy)?);
        println!("epoch {epoch}: {mean:.1} ± {half:.1} % (95 % interval of the mean)");
    }
    Ok(())
}

/// Half of the 95 % confidence interval of the mean over learners, by Student's t.
fn half(over: &Spread) -> Result<f64, Box<dyn std::error::Error>> {
    let learners = over.learners.len() as f64;
    let t = StudentsT::new(0.0, 1.0, learners - 1.0)?.inverse_cdf(0.975);
    Ok(t * over.std / learners.sqrt())
}
