//! How large a population is, and what a device can hold.

use super::buffers::{Buffers, Size};
use super::images::DeviceImages;
use super::recipe::{Recipe, distinct};
use crate::device::{Device, Limits};
use crate::error::{Error, Result};
use crate::kernels::INDEX;
use crate::memory;
use crate::model::Model;

/// Test images evaluated at a time, memory permitting.
const PART: usize = 1000;
/// The largest buffer for an evaluation, in words.
const PART_WORDS: u64 = 1 << 25;
/// Steps whose order is computed at once for small populations: for them, starting a dispatch takes
/// longer than its work.
const STEPS: usize = 8;
/// From this number of learners on, steps run one by one.
const MANY: usize = 64;
/// Steps that a population of this size takes at once.
pub(super) fn steps(learners: usize) -> usize {
    (MANY / learners).clamp(1, STEPS)
}

/// The largest population that fits the buffer limits of a device.
pub fn largest(limits: Limits, model: &Model, batch: usize) -> usize {
    let widest = model.layers().iter().map(|l| l.padded_outputs).max();
    let activations = batch as u64 * u64::from(widest.unwrap_or(0));
    let learner = activations.max(u64::from(model.parameters()));
    let by_buffers = limits.buffer_words / learner;
    usize::try_from(by_buffers.min(limits.groups.into())).unwrap_or(usize::MAX)
}

/// The largest number up to `limit` for which something fits; `fits` must be monotonic.
pub fn most(limit: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut least, mut end) = (0, limit.saturating_add(1));
    while least + 1 < end {
        let middle = least + (end - least) / 2;
        match fits(middle) {
            true => least = middle,
            false => end = middle,
        }
    }
    least
}

/// Words in the buffers of a population of this number of learners, given the total entries of
/// sample lists and target tables.
pub fn words(
    limits: Limits,
    model: &Model,
    batch: usize,
    learners: usize,
    [lists, tables]: [usize; 2],
) -> u64 {
    let part = part_size(limits, model, learners, PART);
    let size = Size {
        learners,
        lists,
        tables,
    };
    Buffers::words(model, batch, part, size)
}

/// Test images in a part, limited by buffer size.
pub(super) fn part_size(limits: Limits, model: &Model, learners: usize, count: usize) -> usize {
    let widest = model
        .layers()
        .iter()
        .map(|l| l.padded_outputs)
        .max()
        .unwrap_or(1);
    let words = limits.buffer_words.min(PART_WORDS);
    let fits = words / (learners as u64 * u64::from(widest));
    usize::try_from(fits)
        .unwrap_or(PART)
        .clamp(1, PART.min(count))
}

/// Refuses populations that would make a kernel access memory outside its buffers.
pub(super) fn check(
    device: &dyn Device,
    model: &Model,
    batch: usize,
    train: &DeviceImages,
    taught: &[Recipe],
) -> Result<()> {
    let there = |entry: &u32| ((entry & INDEX) as usize) < train.count;
    let mut lists = distinct(taught).into_iter();
    if taught.is_empty() || batch == 0 || lists.any(|l| l.is_empty() || !l.iter().all(there)) {
        return Err(Error::Usage(
            "a population needs learners, a batch of at least one sample, and sample lists that \
             name images of the training set"
                .to_owned(),
        ));
    }
    let largest = largest(device.limits(), model, batch);
    if taught.len() > largest {
        return Err(Error::Usage(format!(
            "{} cannot hold {} networks at a time; {largest} is the most that fit",
            device.record().name,
            taught.len()
        )));
    }
    let size = Size::of(taught);
    let limits = device.limits();
    let entries = [size.lists, size.tables];
    let words = words(limits, model, batch, size.learners, entries);
    // Only one copy is counted: a refusal here may come after a long phase, so only certain
    // failures are refused.
    let bytes = 4 * words * limits.copies.min(1);
    memory::left(bytes).map_err(|why| {
        Error::Device(format!(
            "{} networks on {} need {why}: use fewer --learners, or a smaller --hidden or --batch",
            taught.len(),
            device.record().name
        ))
    })?;
    Ok(())
}
