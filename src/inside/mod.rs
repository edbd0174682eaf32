//! What changed inside networks: pictures and numbers of every layer of the originals, of what
//! unlearning and relearning made of them, and of networks that never saw what was forgotten.
//!
//! [`Inside`] is plain data. Learner k of every arm starts from the same first weights, so that its
//! neurons correspond: neuron j of an unlearned network is compared with neuron j of its original. All
//! passes through networks run on the device; what is fitted to their activations (heads, axes,
//! lenses) is computed on the host, in f64.
//!
//! Numbers have a noise floor: how much they differ between two single retrained networks, on average.

mod attributions;
mod bytes;
mod heads;
mod lens;
mod likeness;
mod misread;
mod neurons;
mod plane;
mod subjects;
mod transplants;

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::record::{Arm, Spread};
use subjects::Subjects;

pub use attributions::{Attributed, Map};
pub use heads::{Head, NUMBERS};
pub use likeness::Likeness;
pub use misread::Misread;
pub use neurons::{Neuron, Neurons};
pub use plane::Plane;
pub(crate) use subjects::MOST;
pub use subjects::{ARMS, Networks};
pub use transplants::{Both, Part, Transplant, Transplants};

/// What is inside of some networks of each arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inside {
    /// Networks of each arm that were looked at: the first ones.
    pub learners: usize,
    /// Test images of the forgotten classes, and of the others.
    pub images: [usize; 2],
    /// Whether the neurons of retrained networks correspond to those of the originals, because both
    /// started from the same weights.
    pub matched: bool,
    /// The first layer.
    pub neurons: Neurons,
    /// New heads on frozen layers, by hidden layer.
    pub heads: Vec<Head>,
    /// Parts of networks put into others.
    pub transplants: Transplants,
    /// Which pixels the forgotten classes' logits rest on.
    pub attributions: Attributed,
    /// The last hidden layer in two dimensions.
    pub plane: Plane,
    /// The accuracy on the forgotten classes of a linear readout that was fitted to the original: on
    /// each hidden layer, and finally of the network itself.
    pub lens: Vec<Figure>,
    /// How much relearned networks are like the original, by hidden layer.
    pub likeness: Vec<Likeness>,
    /// Test images to look at.
    pub examples: Vec<Example>,
    /// Test images that unlearned networks misread. (Folders of older versions have none.)
    #[serde(default)]
    pub misread: Vec<Misread>,
}

/// Parts of looking inside, for its progress.
pub const PARTS: u64 = 7;

/// Looks into the networks of a case of digits. None without test images of the forgotten classes or of
/// the others.
///
/// # Errors
/// `Device` if the device fails; `Interrupted`.
pub(crate) fn look(
    engine: &Engine<'_>,
    networks: &Networks,
    progress: &mut dyn Progress,
) -> Result<Option<Inside>> {
    progress.begin("inside", PARTS);
    let subjects = Subjects::new(engine, networks)?;
    if subjects.asked.is_empty() || subjects.kept.is_empty() {
        return Ok(None);
    }
    step(progress)?;
    let (strength, neurons) = subjects.neurons()?;
    step(progress)?;
    let heads = subjects.heads();
    step(progress)?;
    let transplants = subjects.transplants(&strength)?;
    step(progress)?;
    let attributions = subjects.attributions()?;
    step(progress)?;
    let (plane, lens) = (subjects.plane(), subjects.lens());
    step(progress)?;
    let likeness = subjects.likeness(&networks.retrained_then_taught)?;
    step(progress)?;
    Ok(Some(Inside {
        learners: subjects.learners,
        images: [&subjects.asked, &subjects.kept].map(Vec::len),
        matched: subjects.matched,
        neurons,
        heads,
        transplants,
        attributions,
        plane,
        lens,
        likeness,
        examples: subjects.examples(),
        misread: subjects.misread(),
    }))
}

/// A part is done.
fn step(progress: &mut dyn Progress) -> Result<()> {
    progress.advance(1);
    match progress.stopped() {
        true => Err(Error::Interrupted),
        false => Ok(()),
    }
}

/// A number of each arm, over learners.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The arms that have it.
    pub arms: Vec<(Arm, Spread)>,
    /// The mean absolute difference between two retrained networks; none for fewer than two.
    pub floor: Option<f64>,
}

impl Figure {
    /// From each arm's numbers, learner by learner.
    pub(crate) fn of(arms: impl IntoIterator<Item = (Arm, Vec<f64>)>) -> Self {
        let arms: Vec<(Arm, Spread)> = arms
            .into_iter()
            .map(|(arm, values)| (arm, Spread::of(values)))
            .collect();
        let retrained = arms.iter().find(|(arm, _)| *arm == Arm::Retrained);
        Self {
            floor: retrained.and_then(|(_, spread)| apart(&spread.learners)),
            arms,
        }
    }

    /// The arm's number.
    pub fn arm(&self, arm: Arm) -> Option<&Spread> {
        let own = self.arms.iter().find(|(other, _)| *other == arm);
        own.map(|(_, spread)| spread)
    }

    /// The arm's mean; NaN without it.
    pub fn mean(&self, arm: Arm) -> f64 {
        self.arm(arm).map_or(f64::NAN, |spread| spread.mean)
    }
}

/// The mean absolute difference of two of these numbers.
fn apart(values: &[f64]) -> Option<f64> {
    let pairs = values
        .iter()
        .enumerate()
        .flat_map(|(i, a)| values[..i].iter().map(move |b| (a - b).abs()));
    let pairs: Vec<f64> = pairs.collect();
    (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64)
}

/// Signed numbers of 28 × 28 pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pixels {
    /// What 127 stands for.
    pub scale: f32,
    /// The numbers, in 127ths of the scale.
    #[serde(with = "bytes")]
    pub values: Vec<i8>,
}

impl Pixels {
    /// Of numbers with at most this absolute value.
    #[expect(clippy::cast_possible_truncation, reason = "between −127 and 127")]
    pub(crate) fn of(values: &[f32], scale: f32) -> Self {
        let short = |v: &f32| match scale > 0.0 {
            true => (127.0 * v / scale).round() as i8,
            false => 0,
        };
        Self {
            scale,
            values: values.iter().map(short).collect(),
        }
    }

    /// Several on the scale of the largest number among them.
    pub(crate) fn together(all: &[&[f32]]) -> Vec<Self> {
        let numbers = all.iter().flat_map(|values| values.iter());
        let scale = numbers.fold(0.0f32, |most, v| most.max(v.abs()));
        all.iter().map(|values| Self::of(values, scale)).collect()
    }
}

/// A test image to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its class.
    pub label: u8,
    /// Its pixels, `data::PIXELS` of them, 0 for the background.
    #[serde(with = "bytes")]
    pub pixels: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_the_mean_difference_of_two_retrained_networks() {
        let figure = Figure::of([
            (Arm::Unlearned, vec![9.0, 9.0, 9.0]),
            (Arm::Retrained, vec![1.0, 2.0, 4.0]),
        ]);
        assert_eq!(figure.floor, Some(2.0));
        assert_eq!(figure.mean(Arm::Unlearned), 9.0);
        assert!(figure.mean(Arm::Original).is_nan());
        assert_eq!(Figure::of([(Arm::Retrained, vec![1.0])]).floor, None);
    }

    #[test]
    fn pixels_keep_their_sign_and_share_a_scale() {
        let both = Pixels::together(&[&[0.5, -0.25], &[-1.0, 0.0]]);
        assert_eq!(both[0].values, [64, -32]);
        assert_eq!(both[1].values, [-127, 0]);
        let text = serde_json::to_string(&both).unwrap();
        let back: Vec<Pixels> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, both);
        assert_eq!(Pixels::of(&[0.0], 0.0).values, [0]);
    }
}
