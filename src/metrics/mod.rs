//! Metrics of forgetting: a file each. All work on what networks answer, read back once, in f64.
//!
//! No value means anything by itself: a metric also says how far a group of networks is from
//! another, and the distance of retrained networks from other retrained networks is its noise floor.

pub mod accuracy;
pub mod activation;
pub mod cka;
pub mod destinations;
pub mod floor;
pub mod forgetting_quality;
pub mod klom;
pub mod layer_distance;
pub mod membership;
pub mod probe;
pub mod relearning;
pub mod u_lira;
pub mod zrf;

use crate::record::CLASSES;

/// Outputs of a network for a set of images.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// Logits, `[images]`.
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
    /// Activations of every hidden layer for the images of `forget`, `[layers][images · width]`.
    pub forget_hidden: Vec<Vec<f32>>,
    /// The same for `retain`.
    pub retain_hidden: Vec<Vec<f32>>,
    /// Weights and biases of every layer, the last among them.
    pub weights: Vec<Vec<f32>>,
    /// Softmax outputs of a network with fresh weights for `forget`: another for every network.
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
            Self::Inside => "inside",
            Self::Relearning => "relearning",
        }
    }
}

/// A way to measure forgetting: what is looked at in a network, and how that is compared.
pub trait Metric: Sync {
    /// Its name in tables.
    fn name(&self) -> &str;
    /// What it has in common with the metrics that do the same on another layer: these count once in a
    /// score.
    fn family(&self) -> &str {
        self.name()
    }
    /// What it is, and which value would be ideal.
    fn meaning(&self) -> &'static str;
    /// What of a network it looks at.
    fn features(&self, network: &Observed, task: &Scope) -> Vec<f64>;
    /// How features are compared.
    fn form(&self) -> Form {
        Form::Each
    }
    /// A network's value on the scale on which distances are taken.
    fn scaled(&self, value: f64) -> f64 {
        value
    }
    /// What it looks at.
    fn kind(&self) -> Kind {
        Kind::Output
    }
    /// The smallest distance that means anything, whatever the noise: of a metric that is at its end
    /// for all retrained networks, there is none.
    fn resolution(&self) -> f64;
    /// Whether a network's value is only known to be larger than what is given.
    fn censored(&self, _: &Observed) -> bool {
        false
    }
}

/// How a metric's features make a value, and how far two groups of networks are from each other by it.
#[derive(Clone, Copy)]
pub enum Form {
    /// Each network has a value, its only feature. The distance is that of the means, on the metric's
    /// scale.
    Each,
    /// Two networks have a value. A network's is the mean over retrained ones; the distance is that
    /// from the mean of retrained networks among themselves. Networks with the same number in their
    /// groups are not compared: they are the same, or began with the same weights, which two
    /// retrained networks never did.
    Pairs(fn(&[f64], &[f64]) -> f64),
    /// Two groups have a value, and its distance from what equal groups would have if they were large.
    Groups {
        /// The value of a group beside another.
        value: OfGroups,
        /// The value of large equal groups.
        equal: f64,
    },
}

/// A value of a group of networks beside another, by their features.
pub type OfGroups = fn(&[&[f64]], &[&[f64]]) -> f64;

/// The value of each network of a group, by a metric of the form `Each`.
pub fn each(metric: &dyn Metric, group: &[Observed], task: &Scope) -> Vec<f64> {
    let features = |network| metric.features(network, task);
    group.iter().flat_map(features).collect()
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

/// All metrics, in the order of tables, for networks with so many hidden layers.
pub fn all(hidden: usize) -> Vec<Box<dyn Metric>> {
    use cka::{Cka, Images};
    let mut all: Vec<Box<dyn Metric>> = vec![
        Box::new(accuracy::Unlearned),
        Box::new(accuracy::Retained),
        Box::new(accuracy::Test { kept_only: false }),
        Box::new(accuracy::Test { kept_only: true }),
    ];
    all.extend((0..hidden).map(|layer| Box::new(probe::LinearProbe::new(layer)) as _));
    for images in [Images::Forget, Images::Retain] {
        all.extend((0..hidden).map(|layer| Box::new(Cka::new(layer, images)) as _));
    }
    all.extend((0..=hidden).map(|layer| Box::new(layer_distance::LayerDistance::new(layer)) as _));
    let others: [Box<dyn Metric>; 10] = [
        Box::new(relearning::RelearnSteps),
        Box::new(membership::StartingKit),
        Box::new(membership::ModifiedEntropy),
        Box::new(membership::Efficacy),
        Box::new(u_lira::ULira),
        Box::new(destinations::Destinations),
        Box::new(activation::ActivationDistance),
        Box::new(zrf::Zrf),
        Box::new(forgetting_quality::Epsilon),
        Box::new(klom::Klom),
    ];
    all.extend(others);
    all
}

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Softmax in f64.
///
/// ```
/// # use unlearn::metrics::softmax;
/// let mut logits = [0.0; 10];
/// logits[5] = 9f32.ln(); // as likely as the other nine together
/// assert!((softmax(&logits)[5] - 0.5).abs() < 1e-6);
/// ```
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

    /// Normally distributed numbers.
    pub(crate) fn normal(key: u32, i: u32) -> f64 {
        let words = crate::random::threefry2x32([key, 5], [i, 0]);
        let [a, b] = words.map(|w| (f64::from(w) + 0.5) / 4_294_967_296.0);
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    /// The normal distribution function Φ, by Simpson's rule.
    pub(crate) fn phi(x: f64) -> f64 {
        let density = |t: f64| (-t * t / 2.0).exp() / std::f64::consts::TAU.sqrt();
        let h = x / 1000.0;
        let weight = |i: u32| [2.0, 4.0][i as usize % 2];
        let inner: f64 = (1..1000)
            .map(|i| weight(i) * density(h * f64::from(i)))
            .sum();
        0.5 + h / 3.0 * (density(0.0) + inner + density(x))
    }

    #[test]
    fn every_layer_has_its_metrics_and_every_metric_its_own_name() {
        let metrics = all(3);
        let mut names: Vec<&str> = metrics.iter().map(|m| m.name()).collect();
        for name in ["probe 3", "CKA 1 f", "CKA 3 r", "Δ 4", "U-LiRA"] {
            assert!(names.contains(&name), "{name}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), metrics.len());
        assert_eq!(metrics.len(), all(2).len() + 4);
        for kind in Kind::ALL {
            assert!(metrics.iter().any(|m| m.kind() == kind));
        }
    }

    #[test]
    fn the_distribution_function_has_its_known_values() {
        assert!((phi(1.96) - 0.975_002).abs() < 1e-6);
        assert!((phi(-1.0) - 0.158_655).abs() < 1e-6);
    }

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
