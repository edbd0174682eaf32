//! UNSIR: images of noise that the network finds furthest from the forgotten digits impair it, and the
//! retain samples repair it.

use super::{Method, Setting, Stage, Task, rates};

/// For each learner `NOISE` images are made that maximise its CE for the forgotten digits, every digit
/// by its own label. Impair: CE on them, with those labels, and on the retain samples, for half the
/// budget. Repair: CE on the retain samples at half the rate. The noise is of images: pixels lie in
/// [0, 1] and have 8 bits, and climb by the sign of their gradient, where the authors take Adam and a
/// penalty on ‖noise‖².
pub struct Unsir;

/// Images of noise for each learner.
pub const NOISE: usize = 64;

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
        rates(&[0.01, 0.03, 0.1, 0.3, 1.0])
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Vec<Stage> {
        let impair = task.lessons_each(setting.rate, |learner| {
            // As many draws of noise as there were forget samples.
            let noise = task.noise(learner).cycle().take(task.forget.len());
            noise.chain(task.retain.iter().copied()).collect()
        });
        let mut repair = task.lessons(task.retain.clone(), setting.rate / 2.0);
        repair.iter_mut().for_each(|lesson| lesson.key[1] ^= 1);
        vec![Stage::Train(0.5, impair), Stage::Train(0.5, repair)]
    }
}
