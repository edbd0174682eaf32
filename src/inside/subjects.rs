//! The networks that are looked at, with the passes that all parts share.

use super::{Example, Figure};
use crate::data::PIXELS;
use crate::engine::{Answers, Engine, Weights, spread};
use crate::error::Result;
use crate::metrics::Activations;
use crate::record::Arm;

/// Networks of each arm that are looked at, at most.
pub(crate) const MOST: usize = 8;
/// The most bytes of activations and networks, from which the number of large networks follows.
const ROOM: usize = 1 << 30;
/// Test images of the forgotten classes, and of the others, at most.
const IMAGES: usize = 500;
/// Examples of each class; of a forgotten one twice as many.
const EXAMPLES: usize = 2;

/// Parameters of networks, [networks, model.parameters()] each: learner k of every group starts from
/// the weights of the k-th original, but for given originals.
pub struct Networks {
    /// Before unlearning.
    pub original: Weights,
    /// After it.
    pub unlearned: Weights,
    /// After they learned everything again.
    pub relearned: Weights,
    /// Never saw what was forgotten.
    pub retrained: Weights,
    /// The same after they learned everything.
    pub retrained_then_taught: Weights,
    /// Whether the neurons of originals and retrained networks correspond.
    pub matched: bool,
}

/// The arms that are looked at, in order.
pub const ARMS: [Arm; 4] = [
    Arm::Original,
    Arm::Unlearned,
    Arm::Relearned,
    Arm::Retrained,
];

/// The networks with what they answer.
pub(super) struct Subjects<'a> {
    pub(super) engine: &'a Engine<'a>,
    /// Of each arm.
    pub(super) learners: usize,
    pub(super) matched: bool,
    /// The weights that learner 0 of every arm started from, where they are known.
    pub(super) start: Option<Weights>,
    /// The arms end to end.
    pub(super) weights: Weights,
    /// Test images of the forgotten classes, and of the others.
    pub(super) asked: Vec<u32>,
    pub(super) kept: Vec<u32>,
    /// All layers, for test images of the forgotten classes.
    pub(super) of_asked: Answers,
    /// The same for the others.
    pub(super) of_kept: Answers,
    /// The same for labelled training images.
    pub(super) of_labelled: Answers,
}

impl<'a> Subjects<'a> {
    pub(super) fn new(engine: &'a Engine<'a>, networks: &Networks) -> Result<Self> {
        let size = engine.size();
        let asked = spread(&engine.asked().1, IMAGES);
        let forgotten = |label: u8| engine.case.scope.forgotten(label);
        let others = (0u32..)
            .zip(engine.test_labels())
            .filter(|(_, label)| !forgotten(**label));
        let others: Vec<u32> = others.map(|(i, _)| i).collect();
        let kept = spread(&others, IMAGES);
        let labelled = engine.labelled();
        let images = asked.len() + kept.len() + labelled.len();
        let widths = engine
            .model
            .layers()
            .iter()
            .map(|l| l.padded_outputs as usize);
        // With the networks themselves, and hybrids of them.
        let numbers = images * widths.sum::<usize>() + 3 * size;
        let fit = (ROOM / (ARMS.len() * numbers * size_of::<f32>())).clamp(1, MOST);
        let learners = (networks.original.len() / size).min(fit);
        let own = |weights: &Weights| weights[..learners * size].to_vec();
        let weights = [
            own(&networks.original),
            own(&networks.unlearned),
            own(&networks.relearned),
            own(&networks.retrained),
        ]
        .concat();
        let answers = |images| engine.answers(&weights, images, 0);
        Ok(Self {
            engine,
            learners,
            matched: networks.matched,
            start: networks.matched.then(|| engine.fresh(&[0])).transpose()?,
            of_asked: answers((false, &asked[..]))?,
            of_kept: answers((false, &kept))?,
            of_labelled: answers((true, &labelled))?,
            asked,
            kept,
            weights,
        })
    }

    /// The place of an arm's learner among all networks.
    pub(super) fn place(&self, arm: Arm, learner: usize) -> usize {
        let arm = ARMS.iter().position(|other| *other == arm).unwrap_or(0);
        arm * self.learners + learner
    }

    /// The parameters of an arm's learner.
    pub(super) fn network(&self, arm: Arm, learner: usize) -> &[f32] {
        let size = self.engine.size();
        &self.weights[self.place(arm, learner) * size..][..size]
    }

    /// An arm's parameters.
    pub(super) fn group(&self, arm: Arm) -> &[f32] {
        let size = self.learners * self.engine.size();
        &self.weights[self.place(arm, 0) * self.engine.size()..][..size]
    }

    /// Hidden layers.
    pub(super) fn hidden(&self) -> usize {
        self.engine.model.layers().len() - 1
    }

    /// A number of these arms' learners.
    pub(super) fn figure(&self, arms: &[Arm], of: impl Fn(Arm, usize) -> f64) -> Figure {
        let own = |arm: &Arm| (*arm, (0..self.learners).map(|k| of(*arm, k)).collect());
        Figure::of(arms.iter().map(own))
    }

    /// Those of these arms whose neurons correspond to the originals'.
    pub(super) fn corresponding(&self, arms: &[Arm]) -> Vec<Arm> {
        let all = arms.iter().copied();
        all.filter(|arm| self.matched || *arm != Arm::Retrained)
            .collect()
    }

    /// Activations of an arm's learner on labelled images and on those asked.
    pub(super) fn attacked(&self, arm: Arm, learner: usize, layer: usize) -> [Activations; 2] {
        let network = self.place(arm, learner);
        [&self.of_labelled, &self.of_asked].map(|answers| answers.layer(network, layer))
    }

    /// A test image.
    pub(super) fn example(&self, image: u32) -> Example {
        let at = image as usize;
        let test = &self.engine.data.test;
        Example {
            label: test.labels[at],
            pixels: test.pixels[at * PIXELS..][..PIXELS].to_vec(),
        }
    }

    /// The first test images of every class.
    pub(super) fn examples(&self) -> Vec<Example> {
        let numbered = || (0u32..).zip(self.engine.test_labels());
        let of = |class: u8| {
            let twice = if self.engine.case.scope.forgotten(class) {
                2
            } else {
                1
            };
            let own = numbered().filter(move |(_, label)| **label == class);
            own.take(twice * EXAMPLES)
                .map(|(image, _)| self.example(image))
        };
        (0..self.engine.classes()).flat_map(of).collect()
    }
}
