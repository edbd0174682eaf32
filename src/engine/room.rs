//! How many networks fit a device and the machine's memory.

use super::Engine;
use crate::data::PIXELS;
use crate::device::Limits;
use crate::error::{Error, Result};
use crate::memory::size;
use crate::methods::PADDED;
use crate::population::{largest, most, words};

impl Engine<'_> {
    /// Networks that fit in one population, assuming a table of targets for each.
    pub(crate) fn room(&self, images: usize) -> Result<usize> {
        let limits = self.device.limits();
        let by_size = largest(limits, &self.model, self.training.batch);
        let table = (images * PADDED) as u64;
        let by_tables = usize::try_from(limits.buffer_words / (table + 64)).unwrap_or(usize::MAX);
        let need = |networks| self.need(limits, networks, images);
        match most(by_size.min(by_tables), |n| need(n) <= limits.memory) {
            0 => Err(Error::Usage(format!(
                "{} cannot hold a network with a table of targets for {images} images: it needs about \
                 {} of memory, and {} are left. Choose another --device, or a smaller --hidden or \
                 --batch",
                self.device.record().name,
                size(need(1)),
                size(limits.memory)
            ))),
            room => Ok(room),
        }
    }

    /// Bytes of the machine's memory for this number of training networks, each with a table of
    /// targets for `images` images. A second population may evaluate them, and the host holds three
    /// copies of weights: before, after, and those used by a rule.
    pub(crate) fn need(&self, limits: Limits, networks: usize, images: usize) -> u64 {
        let tables = networks * images * PADDED;
        let batch = self.training.batch;
        let population = |tables| {
            let lists = 2 * self.labels().len();
            words(limits, &self.model, batch, networks, [lists, tables])
        };
        let weights = networks as u64 * u64::from(self.model.parameters());
        let device = population(tables) + population(0) + 2 * weights;
        limits.need(device, 4 * (4 * weights + tables as u64))
    }

    /// Batch size, up to `most`, for which the device can hold the pixels of this number of
    /// networks as floats.
    pub(crate) fn batch(&self, networks: usize, most: usize) -> usize {
        let words = self.device.limits().buffer_words / (networks * PIXELS) as u64;
        usize::try_from(words).unwrap_or(most).clamp(1, most)
    }
}
