//! Whether a comparison fits the device and the machine's memory.

use super::Lab;
use super::judge::UNTRAINED;
use crate::engine::SAMPLES;
use crate::error::{Error, Result};
use crate::memory::size;
use crate::metrics::cka;
use crate::metrics::few::{DRAWS, MOST};
use crate::population::most;
use crate::record::CLASSES;

impl Lab<'_> {
    /// Host memory in bytes for judging: weights of all networks, and outputs and features of the
    /// references and of one method's networks at a time.
    fn known(&self, methods: usize, learners: usize) -> u64 {
        let asked = [true, false].map(|forgotten| {
            let images = self.engine.images(forgotten).len();
            images / images.div_ceil(SAMPLES).max(1)
        });
        let layers = self.engine.model.layers();
        let hidden = layers.len() - 1;
        let widths: usize = layers[..hidden]
            .iter()
            .map(|l| l.padded_outputs as usize)
            .sum();
        let parameters = self.engine.size();
        let images: usize = asked.iter().sum();
        let answers = (images + self.engine.test_labels().len()) * (4 * CLASSES + 1);
        let fresh = 8 * CLASSES * asked[0];
        // Last hidden layers for attacks with few labels, and of the images that are asked about.
        let attacked = DRAWS * MOST * CLASSES + SAMPLES;
        let widest = layers[hidden - 1].padded_outputs as usize;
        let network = 4 * (3 * parameters + images * widths + attacked * widest) + answers + fresh;
        let square = |n: &usize| (n / n.div_ceil(cka::SAMPLES).max(1)).pow(2);
        let squares: usize = asked.iter().map(square).sum();
        let features =
            8 * (hidden * squares + parameters + images + self.engine.test_labels().len());
        let references = 2 * learners + self.settings.retrained + UNTRAINED;
        let weights = 4 * parameters * (methods * learners + references);
        (weights + (references + learners) * (network + features)) as u64
    }

    /// Refuses more networks than fit when methods are applied to all originals at once, with some
    /// networks doubled, or when all are judged.
    pub(super) fn check_room(&self) -> Result<()> {
        let budgets = self.settings.budgets.len().max(1);
        let methods = budgets * self.methods.len();
        let engine = &self.engine;
        let (learners, name) = (self.settings.learners, &engine.device.record().name);
        let by_device = engine.room(engine.labels().len())?.min(engine.room(0)? / 2);
        let limits = engine.device.limits();
        let need = |n| {
            let training = engine.need(limits, n, engine.labels().len());
            // What is known of all, beside a population that learns again, of one network at the least.
            training.max(self.known(methods, n) + engine.need(limits, 1, 0))
        };
        let room = most(by_device, |n| need(n) <= limits.memory);
        if room >= learners {
            return Ok(());
        }
        let remedy = match room {
            0 => "not even one fits: use fewer --methods or --retrained, a smaller --hidden or --batch, \
                  or another --device"
                .to_owned(),
            _ => format!("the most that fit are {room}"),
        };
        Err(Error::Usage(match need(learners) > limits.memory {
            true => format!(
                "--learners {learners} need about {} of memory for {methods} methods on each, and {} are \
                 left: {remedy}",
                size(need(learners)),
                size(limits.memory)
            ),
            false => format!(
                "--learners {learners} are more than {name} can apply methods to at a time: {remedy}"
            ),
        }))
    }
}
