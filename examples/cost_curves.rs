//! What training costs as one size grows: learners, batch, width of the first hidden layer, images.
//! Prints a table for each, with the exponent of every growth and of all of it.
//!
//! `cargo run --release --example cost_curves -- --device 0`

use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use unlearn::data;
use unlearn::device::{self, Device};
use unlearn::error::Result;
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::random::{Purpose, learner_key};
use unlearn::tune;

#[derive(Parser)]
struct Arguments {
    /// As for `unlearn run`
    #[arg(long, default_value = "auto")]
    device: String,
    /// As for `unlearn run`
    #[arg(long, default_value = "auto")]
    data: String,
    /// Population sizes; the other curves are of eight learners
    #[arg(long, value_delimiter = ',', default_value = "1,4,16,64,256")]
    learners: Vec<u32>,
    /// Seconds for a point, at least
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
}

/// What is trained.
#[derive(Clone, Copy)]
struct Size {
    learners: u32,
    batch: u32,
    width: u32,
    images: u32,
}

const USUAL: Size = Size {
    learners: 8,
    batch: 64,
    width: 128,
    images: 60_000,
};

fn main() {
    if let Err(error) = curves(&Arguments::parse()) {
        eprintln!("{error}");
        std::process::exit(2);
    }
}

fn curves(arguments: &Arguments) -> Result<()> {
    let dataset = data::load(&arguments.data, &|text| eprintln!("{text}"))?;
    let device = device::open(&arguments.device)?;
    let record = device.record();
    println!("{}, {}", record.name, record.driver);
    let upload = |images| DeviceImages::upload(device.as_ref(), images);
    let most = u32::try_from(dataset.train.len()).unwrap_or(u32::MAX);
    let uploaded = [upload(&dataset.train)?, upload(&dataset.test)?];
    let curve = |name: &str, numbers: &[u32], size: &dyn Fn(u32) -> Size, epochs: bool| {
        println!(
            "\n{name}: {}",
            if epochs { "ms an epoch" } else { "µs a step" }
        );
        let mut points = Vec::new();
        for &number in numbers {
            let mut size = size(number);
            size.images = size.images.min(most);
            let step = step(arguments, device.as_ref(), &uploaded, size)?;
            let (time, unit) = match epochs {
                true => (step * f64::from(size.images / size.batch), 1e3),
                false => (step, 1e6),
            };
            let last = points
                .last()
                .map(|&before| exponent(&[before, (number, time)]));
            let last = last.map_or(String::new(), |e| format!("{e:8.2}"));
            println!("{number:8} {:12.1}{last}", unit * time);
            points.push((number, time));
        }
        println!("exponent {:.2}", exponent(&points));
        Result::Ok(())
    };
    let learners = |learners| Size { learners, ..USUAL };
    let batch = |batch| Size { batch, ..USUAL };
    let width = |width| Size { width, ..USUAL };
    let images = |images| Size { images, ..USUAL };
    curve("learners", &arguments.learners, &learners, false)?;
    curve("batch", &[16, 32, 64, 128, 256, 512], &batch, false)?;
    curve("width", &[16, 32, 64, 128, 256, 512], &width, false)?;
    curve(
        "images",
        &[1920, 7680, 15_360, 30_720, 60_000],
        &images,
        true,
    )
}

/// Seconds of a step: the median of three measurements, after one that does not count.
fn step(
    arguments: &Arguments,
    device: &dyn Device,
    images: &[DeviceImages; 2],
    size: Size,
) -> Result<f64> {
    let variants = tune::fastest(device, size.learners, false, &|_| {})?;
    tune::apply(device, &variants)?;
    let [train, test] = images;
    let samples: Arc<Vec<u32>> = Arc::new((0..size.images).collect());
    let key = |learner| learner_key(0, learner, Purpose::Order(0));
    let recipe = |learner| Recipe::plain(samples.clone(), key(learner), 0.1);
    let taught: Vec<_> = (0..size.learners).map(recipe).collect();
    let keys = (0..size.learners).map(|learner| learner_key(0, learner, Purpose::Weights));
    let model = Model::new(&[size.width as usize, 64])?;
    let batch = size.batch as usize;
    let population = Population::new(device, &model, batch, train, test, &taught)?;
    population.initialise(&keys.collect::<Vec<_>>())?;
    let timed = |steps: u32| -> Result<f64> {
        let start = Instant::now();
        population.train(steps, &mut |_| {})?;
        population.take_clocks()?;
        Ok(start.elapsed().as_secs_f64())
    };
    let mut steps = 4;
    while timed(steps)? < arguments.seconds / 8.0 {
        steps *= 2;
    }
    let mut times = [0.0; 3];
    for time in &mut times {
        *time = timed(2 * steps)? / f64::from(2 * steps);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[1])
}

/// The slope of the least-squares line through logarithms.
fn exponent(points: &[(u32, f64)]) -> f64 {
    let logs = points.iter().map(|&(x, y)| (f64::from(x).ln(), y.ln()));
    let logs: Vec<_> = logs.collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    covariance / logs.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}
