//! What a run's networks answer to pictures.

use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::{self, Networks};
use crate::data::Images;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::metrics::softmax;
use crate::model::Model;
use crate::photo::Photo;
use crate::population::{DeviceImages, Population, Recipe};
use crate::record::{Arm, CLASSES, Phase, Spread};
use crate::report::html::{STAGES, Stage};
use crate::run_folder::checkpoint_of;

/// Networks asked at a time, so that those of any run fit on a device.
const AT_ONCE: usize = 64;

/// The networks of an arm at the end of a phase.
#[derive(Clone, Debug)]
pub struct Group {
    /// The phase.
    pub phase: Phase,
    /// The arm.
    pub arm: Arm,
    /// One for each learner.
    pub networks: Networks,
}

/// What a group answers to a picture.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The phase.
    pub phase: Phase,
    /// The arm.
    pub arm: Arm,
    /// Softmax outputs by class, of each learner.
    pub learners: Vec<[f64; CLASSES]>,
}

/// The networks of a run that are there: original, unlearned, relearned and retrained.
///
/// # Errors
/// `Data` if there are none, or a file holds something else; `File` if one cannot be read.
pub fn groups(folder: &Path) -> Result<Vec<Group>> {
    let file = |stage: &Stage| checkpoint_of(folder, stage.phase, stage.arm);
    let there = STAGES.iter().filter(|stage| file(stage).exists());
    let group = |stage: &Stage| {
        Ok(Group {
            phase: stage.phase,
            arm: stage.arm,
            networks: checkpoint::load(&file(stage))?,
        })
    };
    let groups: Vec<Group> = there.map(group).collect::<Result<_>>()?;
    if groups.is_empty() {
        return Err(Error::Data(format!(
            "{} holds no networks: there is no {}. Name the folder of a run whose learn phase was finished",
            folder.display(),
            file(&STAGES[0]).display()
        )));
    }
    Ok(groups)
}

/// The answers of each group to each picture, [pictures][groups], computed on a device.
///
/// # Errors
/// `Data` if there is no picture; `Device` if the device fails.
pub fn answers(
    device: &dyn Device,
    groups: &[Group],
    photos: &[Photo],
) -> Result<Vec<Vec<Answers>>> {
    let images = Images {
        pixels: photos.iter().flat_map(|p| p.pixels.clone()).collect(),
        // Nobody asks for them.
        labels: vec![0; photos.len()],
    };
    let images = DeviceImages::upload(device, &images)?;
    let mut all = vec![Vec::new(); photos.len()];
    for group in groups {
        let outputs = outputs(device, &group.networks, &images, photos.len())?;
        for (photo, all) in all.iter_mut().enumerate() {
            all.push(Answers {
                phase: group.phase,
                arm: group.arm,
                learners: outputs.iter().map(|of| of[photo]).collect(),
            });
        }
    }
    images.free(device);
    Ok(all)
}

/// Softmax outputs, [networks][images].
fn outputs(
    device: &dyn Device,
    networks: &Networks,
    images: &DeviceImages,
    count: usize,
) -> Result<Vec<Vec<[f64; CLASSES]>>> {
    let model = Model::new(&networks.hidden)?;
    let size = model.parameters() as usize;
    let last = model.layers().len() - 1;
    let width = model.layers()[last].padded_outputs as usize;
    let samples: Vec<u32> = (0u32..).take(count).collect();
    // The population never trains.
    let recipe = Recipe::plain(Arc::new(vec![0]), [0; 2], 0.0);
    let mut all = Vec::new();
    for weights in networks.weights.chunks(AT_ONCE * size) {
        let taught = vec![recipe.clone(); weights.len() / size];
        let population = Population::new(device, &model, 1, images, images, &taught)?;
        population.set_parameters(weights)?;
        let logits = population
            .activations(images, &samples, last)?
            .swap_remove(0);
        let row = |row: &[f32]| softmax(&std::array::from_fn(|class| row[class]));
        let own = logits.chunks_exact(count * width);
        all.extend(own.map(|own| own.chunks_exact(width).map(row).collect()));
    }
    Ok(all)
}

impl Answers {
    /// The classes, the most probable first on average over learners.
    pub fn ranking(&self) -> [usize; CLASSES] {
        let mean = std::array::from_fn::<f64, CLASSES, _>(|class| self.probability(class).mean);
        let mut ranking = std::array::from_fn(|class| class);
        ranking.sort_by(|&a, &b| mean[b].total_cmp(&mean[a]));
        ranking
    }

    /// The probability of a class over learners.
    pub fn probability(&self, class: usize) -> Spread {
        Spread::of(self.learners.iter().map(|of| of[class]).collect())
    }

    /// The number of learners whose most probable class is this one.
    pub fn learners_for(&self, class: usize) -> usize {
        let best = |of: &&[f64; CLASSES]| (0..CLASSES).all(|other| of[other] <= of[class]);
        self.learners.iter().filter(best).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_the_most_probable_class_on_average() {
        let of = |some: &[(usize, f64)]| {
            let mut all = [0.0; CLASSES];
            some.iter().for_each(|&(class, p)| all[class] = p);
            all
        };
        let answers = Answers {
            phase: Phase::Unlearn,
            arm: Arm::Unlearned,
            learners: vec![
                of(&[(3, 0.5), (5, 0.4), (8, 0.1)]),
                of(&[(3, 0.5), (5, 0.4), (8, 0.1)]),
                of(&[(5, 1.0)]),
            ],
        };
        assert_eq!(answers.ranking()[..3], [5, 3, 8]);
        assert_eq!((answers.learners_for(5), answers.learners_for(3)), (1, 2));
        assert!((answers.probability(5).mean - 0.6).abs() < 1e-12);
    }
}
