//! Ours beside its peers: trains learners epoch by epoch, and prints a line of JSON for each.
//! `run.py` starts it; `--probe` says what there is to train on.

use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use serde_json::json;
use unlearn::data;
use unlearn::device;
use unlearn::error::Result;
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::random::{Purpose, learner_key};
use unlearn::record::Score;
use unlearn::tune;

#[derive(Parser)]
struct Arguments {
    /// Print versions and devices, and train nothing
    #[arg(long)]
    probe: bool,
    /// As for `unlearn run`
    #[arg(long, default_value = "auto")]
    device: String,
    /// As for `unlearn run`
    #[arg(long, default_value = "auto")]
    data: String,
    #[arg(long, default_value_t = 1)]
    learners: u32,
    #[arg(long, default_value_t = 64)]
    batch: u32,
    #[arg(long, default_value_t = 3)]
    epochs: u32,
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() {
    let arguments = Arguments::parse();
    let done = match arguments.probe {
        true => probe(),
        false => train(&arguments),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(2);
    }
}

fn probe() -> Result<()> {
    println!(
        "{}",
        json!({
            "program": "ours",
            "versions": { "unlearn": env!("CARGO_PKG_VERSION") },
            "devices": device::list(),
        })
    );
    Ok(())
}

fn train(arguments: &Arguments) -> Result<()> {
    let dataset = data::load(&arguments.data, &|text| eprintln!("{text}"))?;
    let device = device::open(&arguments.device)?;
    let note = |text: &str| eprintln!("{text}");
    let variants = tune::fastest(device.as_ref(), arguments.learners, false, &note)?;
    tune::apply(device.as_ref(), &variants)?;
    let train = DeviceImages::upload(device.as_ref(), &dataset.train)?;
    let test = DeviceImages::upload(device.as_ref(), &dataset.test)?;
    let samples: Arc<Vec<u32>> = Arc::new((0..).take(dataset.train.len()).collect());
    let recipe = |learner| Recipe {
        samples: samples.clone(),
        key: learner_key(arguments.seed, learner, Purpose::Order(0)),
        soft_target: [0.0; 10],
        table: None,
        weights: [1.0; 2],
        rate: 0.1,
        momentum: 0.0,
        decay: 0.0,
        strength: 0.0,
    };
    let taught: Vec<_> = (0..arguments.learners).map(recipe).collect();
    let keys: Vec<_> = (0..arguments.learners)
        .map(|learner| learner_key(arguments.seed, learner, Purpose::Weights))
        .collect();
    let model = Model::new(&[128, 64])?;
    let batch = arguments.batch as usize;
    let population = Population::new(device.as_ref(), &model, batch, &train, &test, &taught)?;
    population.initialise(&keys)?;

    let steps = u32::try_from(dataset.train.len()).unwrap_or(u32::MAX) / arguments.batch;
    let record = device.record();
    for epoch in 1..=arguments.epochs {
        let start = Instant::now();
        let mut left = steps;
        if epoch == 1 {
            run(&population, 1)?;
            println!("{}", json!({ "program": "ours", "ready": true }));
            left -= 1;
        }
        run(&population, left)?;
        let seconds = start.elapsed().as_secs_f64();
        let scores = population.evaluate()?;
        println!(
            "{}",
            json!({
                "program": "ours",
                "mode": record.backend,
                "device": record.name,
                "learners": arguments.learners,
                "batch": arguments.batch,
                "epoch": epoch,
                "seconds": seconds,
                "steps": steps,
                "accuracy": scores.iter().map(accuracy).sum::<f64>() / scores.len() as f64,
                "compiled_in_first": true,
                "versions": { "unlearn": env!("CARGO_PKG_VERSION"), "driver": record.driver },
            })
        );
    }
    Ok(())
}

/// Trains, and waits for the device.
fn run(population: &Population, steps: u32) -> Result<()> {
    population.train(steps, &mut |_| {})?;
    population.take_clocks().map(|_| ())
}

fn accuracy(score: &Score) -> f64 {
    let right: u32 = (0..10).map(|digit| score.confusion[digit][digit]).sum();
    let all: u32 = score.confusion.iter().flatten().sum();
    f64::from(right) / f64::from(all)
}
