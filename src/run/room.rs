//! Whether a run fits its data, the device, and the machine's memory.

use crate::checks;
use crate::config::{ARMS, Config};
use crate::data::{Dataset, PIXELS};
use crate::device::{Device, Limits};
use crate::error::{Error, Result};
use crate::memory::size;
use crate::methods::{Method, PADDED};
use crate::model::Model;
use crate::population::{largest, most, words};

/// The most test images per class for the fixed-point sums of `score.wgsl`.
const MOST_OF_A_CLASS: usize = 10_000;
/// Bytes that every run takes: code, threads, reports.
const BASE: u64 = 32 << 20;
/// The same on a software adapter, which compiles shaders on the CPU.
const SOFTWARE_BASE: u64 = 320 << 20;

/// Every list must hold a batch, and every class to forget must occur.
pub(super) fn check_data(config: &Config, data: &Dataset) -> Result<()> {
    checks::kept(&config.forget, data)?;
    for class in 0..10u8 {
        let images = data.test.labels.iter().filter(|&&l| l == class).count();
        if images > MOST_OF_A_CLASS {
            return Err(Error::Usage(format!(
                "the test set of {} holds {images} images of {}: more than the \
                 {MOST_OF_A_CLASS} that the evaluation can count. Use a smaller test set",
                data.record.name,
                data.record.classes.words(&[class])
            )));
        }
    }
    let forgotten = |label: &&u8| config.forget.contains(label);
    let all = data.train.len();
    let forget = data.train.labels.iter().filter(forgotten).count();
    checks::fits(config.batch, all, "training images")?;
    let what = "training images that are not to be forgotten";
    checks::fits(config.batch, all - forget, what)
}

/// All arms of all learners must fit on the device at once, and in memory with all their copies.
pub(super) fn check_size(
    config: &Config,
    data: &Dataset,
    device: &dyn Device,
    model: &Model,
) -> Result<()> {
    let (limits, name) = (device.limits(), &device.record().name);
    let by_buffers = largest(limits, model, config.batch) / ARMS;
    let need = |learners| need(config, data, limits, model, learners);
    let most = most(by_buffers, |learners| need(learners) <= limits.memory);
    let learners = config.learners;
    if learners <= most {
        return Ok(());
    }
    let remedy = match most {
        0 => "not even one fits: use a smaller --batch or --hidden".to_owned(),
        most => format!("the most that fit are --learners {most}"),
    };
    Err(Error::Usage(match learners <= by_buffers {
        true => format!(
            "--learners {learners} need about {} of memory, and {} are left: {ARMS} arms of them train \
             side by side; {remedy}",
            size(need(learners)),
            size(limits.memory)
        ),
        false => format!(
            "--learners {learners} is more than {name} can hold with its limits on buffers: {ARMS} \
             arms of them train side by side, and {remedy}"
        ),
    }))
}

/// Peak memory of a run in bytes, in addition to what it uses at the start.
fn need(config: &Config, data: &Dataset, limits: Limits, model: &Model, learners: usize) -> u64 {
    let images = (data.train.len() + data.test.len()) as u64;
    let population = |networks, tables| {
        let lists = 2 * data.train.len();
        words(limits, model, config.batch, networks, [lists, tables])
    };
    let arms = population(ARMS * learners, 0);
    let (parameters, networks) = (u64::from(model.parameters()), learners as u64);
    // Between two phases the host holds the weights of both, and others on their way from and to the
    // device; a state and its file take less.
    let state = 4 * 5 * ARMS as u64 * networks * parameters;
    let mut more = (0, state);
    if !config.method().is_some_and(Method::trains_on) {
        // A method's networks may be pairs, each with a target for every image, and its inputs and
        // weights are on the host.
        let tables = learners * data.train.len() * PADDED;
        let device = population(2 * learners, tables) + 2 * networks * parameters;
        let host = 4 * (6 * networks * parameters + 3 * tables as u64);
        more = (device, host + state);
    }
    let each = (PIXELS / 4 + 2) as u64;
    let worst = limits.need(arms + more.0 + images * each, more.1);
    let base = match limits.copies {
        0 | 1 => BASE,
        _ => SOFTWARE_BASE,
    };
    worst + base
}
