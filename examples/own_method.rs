//! An unlearning method of one's own: every 5 is taught as a 6, beside the other digits as they are.
//!
//! `cargo run --release --example own_method -- cpu`, or without `cpu` on the device that `auto` picks.

use std::sync::Arc;

use unlearn::data::{Images, builtin};
use unlearn::device;
use unlearn::error::Result;
use unlearn::kernels::OTHER;
use unlearn::methods::{Lazy, Method, Setting, Stage, Task};
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::random::{Purpose, learner_key};

struct NextDigit;

#[rustfmt::skip]
impl Method for NextDigit {
    fn name(&self) -> &'static str { "next-digit" }
    fn rule(&self) -> &'static str { "CE(forget → the next digit) + CE(retain)" }
    fn source(&self) -> &'static str { "this example" }
    fn settings(&self) -> Vec<Setting> { vec![self.usual()] }
    fn usual(&self) -> Setting { Setting::new(0.1, 0.0) }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        // An entry of a sample list is an image's index; here with another label beside it.
        let next = |image: u32| (u32::from(task.labels[image as usize]) + 1) % 10;
        let relabelled = task.forget.iter().map(|&i| i | (next(i) + 1) << OTHER);
        let samples = Arc::new(relabelled.chain(task.retain.clone()).collect::<Vec<u32>>());
        let recipe = |&key| Recipe::plain(samples.clone(), key, setting.rate);
        Ok(vec![Stage::Train(1.0, task.keys.iter().map(recipe).collect())])
    }
}

fn main() -> Result<()> {
    let device = device::open(&std::env::args().nth(1).unwrap_or("auto".to_owned()))?;
    let images = Images::from(builtin::train(6000));
    let train = DeviceImages::upload(&*device, &images)?;
    let test = DeviceImages::upload(&*device, &Images::from(builtin::test(1000)))?;
    let model = Model::new(&[128, 64])?;
    let population = |taught: &[_]| Population::new(&*device, &model, 64, &train, &test, taught);
    let keys = |purpose| [0, 1, 2, 3].map(|learner| learner_key(1, learner, purpose));

    let all: Arc<Vec<u32>> = Arc::new((0..6000).collect());
    let recipe = |key| Recipe::plain(all.clone(), key, 0.1);
    let originals = population(&keys(Purpose::Order(0)).map(recipe))?;
    originals.initialise(&keys(Purpose::Weights))?;
    originals.train(900, &mut |_| {})?;
    show("originals", &originals)?;

    let (forget, retain) = all.iter().partition(|&&i| images.labels[i as usize] == 5);
    let task = Task {
        labels: &images.labels,
        forget,
        retain,
        digits: vec![5],
        classes: 10,
        // What other methods draw on.
        originals: Lazy::new(|| Ok(Vec::new())),
        fresh: Lazy::new(|| Ok(Vec::new())),
        nearest: Lazy::new(|| Ok(Vec::new())),
        keys: keys(Purpose::Order(1)).to_vec(),
        numbers: vec![0, 1, 2, 3],
        steps: 900,
        rate: 0.1,
        momentum: 0.0,
        decay: 0.0,
    };
    let stages = NextDigit.stages(&task, NextDigit.usual())?;
    let [Stage::Train(_, taught)] = &stages[..] else {
        panic!("this example does methods of one stage");
    };
    let unlearned = population(taught)?;
    unlearned.inherit(&originals, &[0, 1, 2, 3])?;
    unlearned.train(300, &mut |_| {})?;
    show(NextDigit.name(), &unlearned)
}

/// Prints the accuracy on the 5 and on the other digits, averaged over networks.
fn show(name: &str, networks: &Population<'_>) -> Result<()> {
    let scores = networks.evaluate()?;
    let mean = |of: fn(usize) -> bool| scores.iter().map(|s| s.accuracy(of)).sum::<f64>() / 4.0;
    let (five, others) = (100.0 * mean(|d| d == 5), 100.0 * mean(|d| d != 5));
    println!("{name}: {five:.1} % of the 5s right, {others:.1} % of the other digits");
    Ok(())
}
