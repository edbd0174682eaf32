//! UNSIR: noise images that maximise the loss on the forgotten digits impair the network, and the
//! retain samples repair it.

use super::{Method, OTHER, Passed, Setting, Stage, Task, rates};
use crate::data::PIXELS;
use crate::error::Result;
use crate::random::threefry2x32;

/// For each learner, `NOISE` images are optimised to maximise its CE for the forgotten digits, each
/// with its digit's label. Impair: CE on them, with those labels, and on the retain samples, for
/// half the budget. Repair: CE on the retain samples at half the rate. The noise consists of
/// images: pixels lie in [0, 1], have 8 bits, and follow the sign of their gradient, where the
/// authors use Adam and a penalty on ‖noise‖².
pub struct Unsir;

/// Noise images per learner.
pub const NOISE: usize = 64;
/// Ascent steps, and the size of one.
pub const STEPS: u32 = 40;
/// See `STEPS`.
pub const SIZE: f32 = 0.05;

/// The labels of a learner's noise images: the digits to forget, in turn.
pub fn labels(digits: &[u8]) -> Vec<u8> {
    digits.iter().copied().cycle().take(NOISE).collect()
}

/// Order entries for optimising them: an arbitrary image, with these labels.
pub fn entries(labels: &[u8]) -> Vec<u32> {
    let entry = |label: &u8| (u32::from(*label) + 1) << OTHER;
    labels.iter().map(entry).collect()
}

/// Initial pixels of a learner's images: random in [0, 1).
pub fn start(key: [u32; 2]) -> impl Iterator<Item = f32> {
    let pixel = move |i| threefry2x32(key, [i, NOISE_DRAW])[0] >> 8;
    (0u32..)
        .map(move |i| pixel(i) as f32 / 16_777_216.0)
        .take(NOISE * PIXELS)
}

/// Quantises pixels to 8 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels lie in [0, 1]"
)]
pub fn bytes(x: &[f32]) -> Vec<u8> {
    x.iter().map(|x| (x * 255.0 + 0.5) as u8).collect()
}

/// Counter word that sets the noise draws apart, next to the learner's key.
const NOISE_DRAW: u32 = 0x6e6f_6973;

impl Method for Unsir {
    fn name(&self) -> &'static str {
        "unsir"
    }

    fn rule(&self) -> &'static str {
        "CE(noise of maximal CE → forgotten digit) + CE(retain), then CE(retain)"
    }

    fn source(&self) -> &'static str {
        "Tarun et al. 2023"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.05, 0.085, 0.145, 0.25, 0.43, 0.73])
    }

    fn needs_digits(&self) -> bool {
        true
    }

    fn passed(&self, _: Passed) -> usize {
        NOISE * STEPS as usize
    }

    fn usual(&self) -> Setting {
        Setting::new(0.43, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let impair = task.recipes_each(setting.rate, |learner| {
            // As many noise samples as there were forget samples.
            let noise = task.noise(learner).cycle().take(task.forget.len());
            noise.chain(task.retain.iter().copied()).collect()
        });
        let mut repair = task.recipes(task.retain.clone(), setting.rate / 2.0);
        repair.iter_mut().for_each(|recipe| recipe.key[1] ^= 1);
        Ok(vec![Stage::Train(0.5, impair), Stage::Train(0.5, repair)])
    }
}
