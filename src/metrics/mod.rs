//! Metrics of forgetting: a file each. All work on what networks answer, read back once, in f64.
//!
//! No value means anything by itself: a metric also says how far a group of networks is from
//! another, and the distance of retrained networks from other retrained networks is its noise floor.

pub mod accuracy;
pub mod activation;
pub mod destinations;
pub mod forgetting_quality;
pub mod klom;
pub mod membership;
pub mod probe;
pub mod relearning;
pub mod zrf;

use crate::random::threefry2x32;
use crate::record::CLASSES;

/// Outputs of a network for a set of images.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// Logits, [images].
    pub logits: Vec<[f32; CLASSES]>,
    /// The images' labels.
    pub labels: Vec<u8>,
}

/// What is known of one network.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Training images that are to be forgotten.
    pub forget: Outputs,
    /// Training images that are to be kept, as many at the most.
    pub retain: Outputs,
    /// All test images.
    pub test: Outputs,
    /// Activations of every hidden layer for the images of `forget`, [layers][images · width].
    pub forget_hidden: Vec<Vec<f32>>,
    /// The same for `retain`.
    pub retain_hidden: Vec<Vec<f32>>,
    /// Softmax outputs of a network with fresh weights for `forget`.
    pub fresh: Vec<[f64; CLASSES]>,
    /// Steps on all training images until the forgotten digits were known again; none: not within
    /// those that were tried.
    pub relearned: Option<f64>,
    /// Steps that were tried.
    pub relearn_limit: f64,
    /// Steps of relearning, with the accuracy on what is forgotten.
    pub relearning: Vec<(u32, f64)>,
}

/// What a metric looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What networks answer.
    Output,
    /// Whether an attacker can tell what they were trained on.
    Membership,
    /// What their hidden layers know.
    Inside,
    /// How soon they learn again.
    Relearning,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Output,
        Self::Inside,
        Self::Relearning,
        Self::Membership,
    ];

    /// The name in tables and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Membership => "membership",
            Self::Inside => "probe",
            Self::Relearning => "relearning",
        }
    }
}

/// A way to measure forgetting.
pub trait Metric: Sync {
    /// Its name in tables.
    fn name(&self) -> &'static str;
    /// What it is, and which value would be ideal.
    fn meaning(&self) -> &'static str;
    /// Its value for each network; `reference` are retrained ones.
    fn values(&self, group: &[Observed], reference: &[Observed], task: &Scope) -> Vec<f64>;
    /// What it looks at.
    fn kind(&self) -> Kind {
        Kind::Output
    }
    /// Whether each network has a value that does not depend on the others; a distance is then that of
    /// the means.
    fn alone(&self) -> bool {
        true
    }
    /// The smallest distance that means anything, whatever the noise: of a metric that is at its end
    /// for all retrained networks, there is none.
    fn resolution(&self) -> f64;
    /// How far a group is from another.
    fn distance(&self, group: &[Observed], reference: &[Observed], task: &Scope) -> f64 {
        let mean = |group: &[Observed]| mean(&self.values(group, reference, task));
        (mean(group) - mean(reference)).abs()
    }
}

/// What the networks were to forget.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All images of these digits, ascending.
    Digits(Vec<u8>),
    /// So many training images of any digit.
    Samples(usize),
}

impl Scope {
    /// Whether all images with this label are to be forgotten.
    pub fn forgotten(&self, label: u8) -> bool {
        self.digits().contains(&label)
    }

    /// The digits to forget.
    pub fn digits(&self) -> &[u8] {
        match self {
            Self::Digits(digits) => digits,
            Self::Samples(_) => &[],
        }
    }

    /// What a network answers to images that show whether it forgot: test images of the forgotten digits.
    /// Where no digit is forgotten, only the forgotten training images themselves can.
    pub fn asked(&self, network: &Observed) -> Outputs {
        match self {
            Self::Digits(_) => network.test.only(|label| self.forgotten(label)),
            Self::Samples(_) => network.forget.clone(),
        }
    }

    /// What it answers to images of the same kind as the forgotten ones that no network was trained on.
    pub fn unseen(&self, network: &Observed) -> Outputs {
        match self {
            Self::Digits(_) => network.test.only(|label| self.forgotten(label)),
            Self::Samples(_) => network.test.clone(),
        }
    }
}

/// All metrics, in the order of tables.
pub static METRICS: &[&dyn Metric] = &[
    &accuracy::Unlearned,
    &accuracy::Retained,
    &accuracy::Test { kept_only: false },
    &accuracy::Test { kept_only: true },
    &probe::LinearProbe,
    &relearning::RelearnSteps,
    &membership::StartingKit,
    &membership::Efficacy,
    &destinations::Destinations,
    &activation::ActivationDistance,
    &zrf::Zrf,
    &forgetting_quality::Epsilon,
    &klom::Klom,
];

/// Distances of retrained networks from other retrained ones: the noise floor.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Floor {
    /// The mean over ways to divide them.
    pub mean: f64,
    /// One in twenty was larger; no less than the metric's resolution.
    pub limit: f64,
}

/// Ways to divide the retrained networks for a floor.
const SPLITS: u32 = 40;
/// Choices of networks over which a distance is averaged.
const CHOICES: u32 = 10;

/// A metric of two groups, whose distances are always taken between as many networks: `size` of the
/// one and `retrained − size` of the retrained ones. What differs by nothing but the number of networks
/// would be no difference.
pub struct Comparer<'a> {
    metric: &'a dyn Metric,
    retrained: &'a [Observed],
    size: usize,
    task: &'a Scope,
    /// Each retrained network's value, where networks have values of their own.
    own: Option<Vec<f64>>,
}

impl<'a> Comparer<'a> {
    /// For groups of `size`, or of half of the retrained networks where that is less.
    pub fn new(
        metric: &'a dyn Metric,
        retrained: &'a [Observed],
        size: usize,
        task: &'a Scope,
    ) -> Self {
        Self {
            metric,
            retrained,
            size: size.min(retrained.len() / 2).max(1),
            task,
            own: metric.alone().then(|| metric.values(retrained, &[], task)),
        }
    }

    /// The noise floor: retrained networks, divided at random.
    pub fn floor(&self) -> Floor {
        let mut distances: Vec<f64> = (0..SPLITS)
            .map(|split| {
                let order = shuffled(self.retrained.len(), split);
                let (group, rest) = order.split_at(self.size);
                self.between((self.retrained, self.own.as_deref()), group, rest)
            })
            .collect();
        distances.sort_by(f64::total_cmp);
        // Two of forty are larger.
        let place = distances.len() * 19 / 20 - 1;
        Floor {
            mean: mean(&distances),
            limit: distances[place].max(self.metric.resolution()),
        }
    }

    /// How far a group is from the retrained networks, on the average over choices of both.
    pub fn distance(&self, group: &[Observed]) -> f64 {
        let own = self
            .metric
            .alone()
            .then(|| self.metric.values(group, &[], self.task));
        let one = |choice| {
            let order = shuffled(group.len(), choice);
            let rest = shuffled(self.retrained.len(), 1000 + choice);
            let picked = &order[..self.size.min(order.len())];
            self.between((group, own.as_deref()), picked, &rest[self.size..])
        };
        mean(&(0..CHOICES).map(one).collect::<Vec<_>>())
    }

    fn between(
        &self,
        (group, own): (&[Observed], Option<&[f64]>),
        picked: &[usize],
        rest: &[usize],
    ) -> f64 {
        if let (Some(own), Some(theirs)) = (own, &self.own) {
            let of = |values: &[f64], places: &[usize]| {
                mean(&places.iter().map(|&i| values[i]).collect::<Vec<_>>())
            };
            return (of(own, picked) - of(theirs, rest)).abs();
        }
        let pick = |networks: &[Observed], places: &[usize]| -> Vec<Observed> {
            places.iter().map(|&i| networks[i].clone()).collect()
        };
        let (group, rest) = (pick(group, picked), pick(self.retrained, rest));
        self.metric.distance(&group, &rest, self.task)
    }
}

/// 0…n − 1 in an order of its own for every number.
fn shuffled(n: usize, number: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| threefry2x32([number, 77], [index(i), 0]));
    order
}

fn index(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Softmax in f64.
pub fn softmax(logits: &[f32; CLASSES]) -> [f64; CLASSES] {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    let terms = logits.map(|z| f64::from(z - largest).exp());
    let total: f64 = terms.iter().sum();
    terms.map(|t| t / total)
}

/// The first largest logit.
pub fn answer(logits: &[f32; CLASSES]) -> usize {
    let mut best = 0;
    for class in 1..CLASSES {
        if logits[class] > logits[best] {
            best = class;
        }
    }
    best
}

impl Outputs {
    /// Logits with their labels.
    pub fn iter(&self) -> impl Iterator<Item = (&[f32; CLASSES], u8)> {
        self.logits.iter().zip(self.labels.iter().copied())
    }

    /// The share of right answers among the images that count; NaN where none does.
    pub fn accuracy(&self, counts: impl Fn(u8) -> bool) -> f64 {
        let counted = self.iter().filter(|(_, label)| counts(*label));
        let (mut right, mut all) = (0u32, 0u32);
        for (logits, label) in counted {
            right += u32::from(answer(logits) == usize::from(label));
            all += 1;
        }
        f64::from(right) / f64::from(all)
    }

    /// The cross-entropy of each image, in nats.
    pub fn losses(&self) -> Vec<f64> {
        let loss = |(logits, label): (&[f32; CLASSES], u8)| {
            let largest = logits.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            let total: f64 = logits.iter().map(|z| f64::from(z - largest).exp()).sum();
            total.ln() - f64::from(logits[usize::from(label)] - largest)
        };
        self.iter().map(loss).collect()
    }

    /// Those images that `kept` takes, by label.
    pub fn only(&self, kept: impl Fn(u8) -> bool) -> Self {
        let of = self.iter().filter(|(_, label)| kept(*label));
        let (logits, labels) = of.map(|(z, label)| (*z, label)).unzip();
        Self { logits, labels }
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;

    /// Outputs whose largest logit, by so much, is the answer.
    pub(crate) fn outputs(answers: &[u8], labels: &[u8], margin: f32) -> Outputs {
        let row = |&answer: &u8| {
            let mut row = [0.0; CLASSES];
            row[usize::from(answer)] = margin;
            row
        };
        Outputs {
            logits: answers.iter().map(row).collect(),
            labels: labels.to_vec(),
        }
    }

    #[test]
    fn accuracy_counts_and_losses_are_cross_entropies() {
        let o = outputs(&[1, 2, 5], &[1, 3, 5], 2.0);
        assert!((o.accuracy(|_| true) - 2.0 / 3.0).abs() < 1e-12);
        assert!((o.accuracy(|l| l == 5) - 1.0).abs() < 1e-12);
        let sum = 9.0 + 2f64.exp();
        let losses = o.losses();
        assert!((losses[0] - (sum.ln() - 2.0)).abs() < 1e-6);
        assert!((losses[1] - sum.ln()).abs() < 1e-6);
    }
}
