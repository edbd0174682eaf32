//! How many networks fit a device and the machine's memory.

use super::Engine;
use crate::data::PIXELS;
use crate::device::Limits;
use crate::error::{Error, Result};
use crate::memory::size;
use crate::methods::PADDED;
use crate::population::{largest, most, words};

impl Engine<'_> {
    /// Networks that fit in one population, each with a table of targets at the worst.
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

    /// Bytes of the machine's memory for so many networks that train, each with a table of targets for
    /// so many images: a second population may ask them something, and their weights are on the host
    /// as before, as after, and as what a rule goes by.
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

    /// Samples of a batch, so many at the most, whose pixels as floats the device can hold for so many
    /// networks.
    pub(crate) fn batch(&self, networks: usize, most: usize) -> usize {
        let words = self.device.limits().buffer_words / (networks * PIXELS) as u64;
        usize::try_from(words).unwrap_or(most).clamp(1, most)
    }
}
