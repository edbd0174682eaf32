//! Metrics of forgetting, one file each. All use networks' outputs and weights, read back once, in
//! f64.
//!
//! No value means anything by itself: a group's [effect] is its position between retrained
//! networks and the originals, with an interval.

pub mod accuracy;
pub mod activation;
mod by_image;
pub(crate) mod cholesky;
pub mod cka;
pub mod destinations;
pub mod effect;
pub(crate) mod few;
pub mod figures;
pub mod forgetting_quality;
pub mod klom;
pub mod layer_distance;
pub mod membership;
pub mod probe;
pub mod prototypes;
pub mod refit;
pub mod relearning;
pub(crate) mod ridge;
pub mod u_lira;
pub mod zrf;

pub use by_image::{ImageSet, confidence, tail};

use crate::record::CLASSES;

/// Outputs of a network for a set of images.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// Logits, `[images]`.
    pub logits: Vec<[f32; CLASSES]>,
    /// The images' labels.
    pub labels: Vec<u8>,
}

/// Everything that metrics use of one network.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Training images that are to be forgotten.
    pub forget: Outputs,
    /// Training images to keep, at most as many as to forget.
    pub retain: Outputs,
    /// All test images.
    pub test: Outputs,
    /// Activations of every hidden layer for the images of `forget`, `[layers][images · width]`.
    pub forget_hidden: Vec<Vec<f32>>,
    /// The same for `retain`.
    pub retain_hidden: Vec<Vec<f32>>,
    /// Training images with labels, drawn the same for all networks, for attacks with few labels: three
    /// draws of 20 images of every digit. Each draw lists one image per digit, then the next one per
    /// digit, and so on.
    pub labelled: Activations,
    /// The images that show whether a network forgot, at most 1000: test images of the forgotten digits,
    /// or the images of `forget` if no digit is forgotten.
    pub asked: Activations,
    /// Weights and biases of every layer, the last among them, as floats of the padded shape. Of all
    /// networks that compute the same function by scaling a hidden layer up and the next down, these are
    /// the one whose hidden layers have weights of a given norm.
    pub weights: Vec<Vec<f32>>,
    /// Softmax outputs of a freshly initialised network for `forget`, a different one per network.
    pub fresh: Vec<[f64; CLASSES]>,
    /// How it learned again, in several orders of the samples, the same for all networks.
    pub relearning: Vec<Relearning>,
}

/// Activations of the last hidden layer.
#[derive(Clone, Debug, Default)]
pub struct Activations {
    /// The images' labels.
    pub labels: Vec<u8>,
    /// `[images · width]`.
    pub values: Vec<f32>,
}

/// A network trained on all images again, after it was to forget some.
#[derive(Clone, Debug, Default)]
pub struct Relearning {
    /// Steps until the forgotten images were known again; `None` if that took more than were run.
    pub steps: Option<f64>,
    /// Steps, with the accuracy on the forgotten images after them.
    pub curve: Vec<(u32, f64)>,
}

/// The aspect that a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Networks' outputs.
    Output,
    /// Whether an attacker can infer what they were trained on.
    Membership,
    /// What their hidden layers represent.
    Inside,
    /// How fast they relearn.
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

/// A metric of forgetting: the features of a network, and how to compare them.
pub trait Metric: Sync {
    /// Its name in tables.
    fn name(&self) -> &str;
    /// The name shared with the same metric on other layers; together they count once in a figure.
    fn family(&self) -> &str {
        self.name()
    }
    /// Its definition, and the ideal value.
    fn meaning(&self) -> String;
    /// A network's features, which are compared according to `form`: one number for `Form::Each`; NaN
    /// where it cannot be measured.
    fn features(&self, network: &Observed, scope: &Scope) -> Vec<f64>;
    /// How features are compared.
    fn form(&self) -> Form {
        Form::Each
    }
    /// Transforms a network's value to the scale on which distances are taken.
    fn scaled(&self, value: f64) -> f64 {
        value
    }
    /// What it is about; `None` for a value that is shown, and counts for nothing.
    fn about(&self) -> Option<About> {
        Some(About::Forgotten)
    }
    /// The aspect it measures: the part of the figures that it counts in.
    fn kind(&self) -> Kind {
        Kind::Output
    }
    /// The smallest difference that can be seen on the scale of `scaled`: about what one image makes.
    /// Smaller ones differ from nothing, however certain they are.
    fn resolution(&self) -> f64;
    /// Whether a network's value is only a lower bound.
    fn censored(&self, _: &Observed) -> bool {
        false
    }
}

/// What a metric is about: this decides which networks are at the other end of its scale from
/// retraining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// What is to be forgotten: the scale ends at the originals, and effects are residual knowledge.
    Forgotten,
    /// What is to be kept: the scale ends at untrained networks, and effects are damage.
    Kept,
}

impl About {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forgotten => "forgotten",
            Self::Kept => "kept",
        }
    }
}

/// How features become values, and values positions of groups of networks; see [`effect`].
#[derive(Clone, Copy)]
pub enum Form {
    /// Each network has a value, its only feature.
    Each,
    /// Each pair of networks has a value, a squared distance in some space, or a scalar product of
    /// unit vectors. A network's value is the mean over retrained ones. Networks with the same
    /// number in their groups are not compared: they are the same, or share initial weights, unlike
    /// any two retrained networks.
    Pairs(fn(&[f64], &[f64]) -> f64),
    /// Features are vectors that can only be compared between networks with the same initial
    /// weights. A network's value is the relative distance from the retrained network of its number.
    Twins,
    /// Each pair of groups has a value.
    Groups {
        /// The value of a group relative to another.
        value: OfGroups,
    },
}

/// Computes a value of one group of networks relative to another, from their features.
pub type OfGroups = fn(&[&[f64]], &[&[f64]]) -> f64;

/// The value of each network of a group, for metrics of the form `Each`.
pub fn each(metric: &dyn Metric, group: &[Observed], task: &Scope) -> Vec<f64> {
    let features = |network| metric.features(network, task);
    group.iter().flat_map(features).collect()
}

/// What is to be forgotten.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All images of these digits, ascending.
    Digits(Vec<u8>),
    /// This number of training images of any digit.
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

    /// A network's answers that show whether it forgot: to test images of the forgotten digits, or
    /// to the forgotten training images themselves if no digit is forgotten.
    pub fn asked(&self, network: &Observed) -> Outputs {
        match self {
            Self::Digits(_) => network.test.only(|label| self.forgotten(label)),
            Self::Samples(_) => network.forget.clone(),
        }
    }

    /// Its answers to images of the same kind as the forgotten ones that no network was trained on.
    pub fn unseen(&self, network: &Observed) -> Outputs {
        match self {
            Self::Digits(_) => network.test.only(|label| self.forgotten(label)),
            Self::Samples(_) => network.test.clone(),
        }
    }
}

/// All metrics, in table order, for networks with this number of hidden layers.
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
    all.extend(refit::HeadRefit::all().map(|metric| Box::new(metric) as _));
    all.extend(prototypes::Prototypes::all().map(|metric| Box::new(metric) as _));
    let others: Vec<Box<dyn Metric>> = vec![
        Box::new(relearning::RelearnSteps),
        Box::new(relearning::RelearnArea),
        Box::new(membership::StartingKit),
        Box::new(membership::ModifiedEntropy),
        Box::new(membership::Efficacy),
        Box::new(membership::Kept),
        Box::new(u_lira::ULira::mean()),
        Box::new(u_lira::AtLowRate),
        Box::new(destinations::Destinations),
        Box::new(activation::ActivationDistance),
        Box::new(zrf::Zrf),
        Box::new(forgetting_quality::Epsilon),
        Box::new(klom::Klom::mean()),
    ];
    all.extend(others);
    for images in [ImageSet::Forget, ImageSet::Retain, ImageSet::Test] {
        all.push(Box::new(u_lira::ULira::worst(images)));
        all.push(Box::new(klom::Klom::worst(images)));
    }
    all
}

/// The arithmetic mean; 0 if empty.
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

/// The index of the first largest logit.
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

    /// The accuracy on the images that count; NaN if none does.
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

    /// The images that `kept` accepts, by label.
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
        let mut meanings: Vec<String> = metrics.iter().map(|m| m.meaning()).collect();
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), metrics.len(), "two metrics read alike");
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

    /// Outputs whose largest logit, by this margin, is the answer.
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
