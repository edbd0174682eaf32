//! Results as plain data: figures over learners, evaluation points, data and device.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Outputs of every network: as many classes as data may have.
pub const CLASSES: usize = 10;

/// The names of a data set's classes, by label: 2 to 10 of them.
///
/// Ten classes named 0 to 9 are digits, and are called that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Classes(Vec<String>);

impl Default for Classes {
    /// The ten digits.
    fn default() -> Self {
        Self::numbered(CLASSES)
    }
}

impl Classes {
    /// Classes with these names.
    pub fn named<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// This many classes without names of their own.
    pub fn numbered(count: usize) -> Self {
        Self::named((0..count).map(|class| class.to_string()))
    }

    /// The number of classes.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The names, by label.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The name of a class; its number if it has none.
    pub fn name(&self, class: usize) -> String {
        self.0
            .get(class)
            .map_or_else(|| class.to_string(), Clone::clone)
    }

    /// A name for narrow columns: the number, where names are longer than three letters.
    pub fn label(&self, class: usize) -> String {
        match self.are_short() {
            true => self.name(class),
            false => class.to_string(),
        }
    }

    /// What labels stand for, if they are not the names: "0 (cat), 1 (dog)".
    pub fn legend(&self) -> Option<String> {
        (!self.are_short()).then(|| self.with_numbers())
    }

    /// "0 (cat), 1 (dog)"; only the numbers of classes without names of their own.
    pub fn with_numbers(&self) -> String {
        let named = self.0.iter().enumerate();
        let named = named.map(|(class, name)| match *name == class.to_string() {
            true => name.clone(),
            false => format!("{class} ({name})"),
        });
        named.collect::<Vec<_>>().join(", ")
    }

    fn are_short(&self) -> bool {
        self.0.iter().all(|name| name.chars().count() <= 3)
    }

    /// "digit" or "class".
    pub fn noun(&self) -> &'static str {
        match *self == Self::default() {
            true => "digit",
            false => "class",
        }
    }

    /// "digits" or "classes".
    pub fn nouns(&self) -> &'static str {
        match *self == Self::default() {
            true => "digits",
            false => "classes",
        }
    }

    /// "5", "3 and 5", "Sandal, Bag and Coat"; a dash if there are none.
    pub fn list(&self, some: &[u8]) -> String {
        let words: Vec<String> = some.iter().map(|&c| self.name(c.into())).collect();
        match words.split_last() {
            None => "–".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }

    /// These classes with their noun.
    ///
    /// ```
    /// # use unlearn::record::Classes;
    /// assert_eq!(Classes::default().words(&[3, 5]), "digits 3 and 5");
    /// let pets = Classes::named(["cat", "dog", "parrot"]);
    /// assert_eq!(pets.words(&[2]), "class parrot");
    /// ```
    pub fn words(&self, some: &[u8]) -> String {
        let noun = if some.len() == 1 {
            self.noun()
        } else {
            self.nouns()
        };
        format!("{noun} {}", self.list(some))
    }

    /// The class that `text` names: by its number, or by its name in any case.
    pub fn find(&self, text: &str) -> Option<u8> {
        let lower = text.to_lowercase();
        let named = self.0.iter().position(|name| name.to_lowercase() == lower);
        named
            .and_then(|class| u8::try_from(class).ok())
            .or_else(|| text.parse().ok())
    }
}

/// A stage of the experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Training from fresh weights.
    Learn,
    /// Forgetting the chosen classes.
    Unlearn,
    /// Training on all digits again.
    Relearn,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Learn, Self::Unlearn, Self::Relearn];

    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Learn => "learn",
            Self::Unlearn => "unlearn",
            Self::Relearn => "relearn",
        }
    }
}

/// A group of learners with one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// Control: never unlearned, trained on all digits throughout, for the same number of steps.
    Original,
    /// Control: never saw the forgotten digits before the relearn phase.
    Retrained,
    /// The original after the unlearning method.
    Unlearned,
    /// The unlearned after training on all digits again.
    Relearned,
}

impl Arm {
    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Retrained => "retrained",
            Self::Unlearned => "unlearned",
            Self::Relearned => "relearned",
        }
    }
}

/// One learner's results on the test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Confusion matrix: how often an image of digit `[row]` was classified as digit `[column]`.
    pub confusion: [[u32; CLASSES]; CLASSES],
    /// Mean of the largest softmax output over the images of each digit.
    pub confidence: [f64; CLASSES],
    /// Mean cross-entropy over the images of each digit, in nats (at most 24 per image).
    pub loss: [f64; CLASSES],
}

impl Score {
    /// The accuracy on the images of the digits that count; NaN if there are no such images.
    ///
    /// ```
    /// # use unlearn::record::Score;
    /// let mut score = Score { confusion: [[0; 10]; 10], confidence: [0.9; 10], loss: [0.1; 10] };
    /// score.confusion[5][5] = 30;
    /// score.confusion[5][3] = 10; // a 5 that is read as a 3
    /// score.confusion[7][7] = 40;
    /// assert_eq!(score.accuracy(|digit| digit == 5), 0.75);
    /// assert_eq!(score.accuracy(|_| true), 0.875);
    /// ```
    #[must_use]
    pub fn accuracy(&self, counts: impl Fn(usize) -> bool) -> f64 {
        let digits = || (0..CLASSES).filter(|&digit| counts(digit));
        let right: u32 = digits().map(|digit| self.confusion[digit][digit]).sum();
        let all: u32 = digits().flat_map(|digit| self.confusion[digit]).sum();
        f64::from(right) / f64::from(all)
    }

    /// The number of images.
    pub fn images(&self) -> u32 {
        self.confusion.iter().flatten().sum()
    }

    /// The mean test loss, in nats.
    pub fn mean_loss(&self) -> f64 {
        self.weighted(&self.loss, |_| true)
    }

    /// The mean of a per-digit mean over the images of the digits that count.
    fn weighted(&self, means: &[f64; CLASSES], counts: impl Fn(usize) -> bool) -> f64 {
        let digits = || (0..CLASSES).filter(|&d| counts(d));
        let images = |d: usize| f64::from(self.confusion[d].iter().sum::<u32>());
        digits().map(|d| means[d] * images(d)).sum::<f64>() / digits().map(images).sum::<f64>()
    }
}

/// A figure over the learners of an arm. NaN and infinity become null in JSON, which reads back as
/// NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    #[serde(deserialize_with = "null_is_nan")]
    pub mean: f64,
    /// Standard deviation over learners (n − 1); 0 for a single learner.
    #[serde(deserialize_with = "null_is_nan")]
    pub std: f64,
    /// Each learner's value.
    #[serde(deserialize_with = "nulls_are_nan")]
    pub learners: Vec<f64>,
}

/// Reads null, JSON's stand-in for NaN and infinity, as NaN.
pub(crate) fn null_is_nan<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

fn nulls_are_nan<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let numbers: Vec<Option<f64>> = Vec::deserialize(from)?;
    let known = |number: Option<f64>| number.unwrap_or(f64::NAN);
    Ok(numbers.into_iter().map(known).collect())
}

impl Spread {
    /// Mean and standard deviation of `learners`.
    ///
    /// ```
    /// # use unlearn::record::Spread;
    /// let accuracy = Spread::of(vec![0.96, 0.97, 0.98]);
    /// assert!((accuracy.mean - 0.97).abs() < 1e-12);
    /// assert!((accuracy.std - 0.01).abs() < 1e-12);
    /// ```
    pub fn of(learners: Vec<f64>) -> Self {
        let n = learners.len() as f64;
        let mean = learners.iter().sum::<f64>() / n;
        let squares: f64 = learners.iter().map(|v| (v - mean).powi(2)).sum();
        let std = if learners.len() > 1 {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        };
        Self {
            mean,
            std,
            learners,
        }
    }
}

/// The four figures that every table and curve shows; accuracies are fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Accuracy on all test images.
    pub test_accuracy: Spread,
    /// Accuracy on the test images of the forgotten digits.
    pub forget_accuracy: Spread,
    /// Accuracy on the other test images.
    pub retain_accuracy: Spread,
    /// Mean of the largest softmax output over the forgotten digits' test images.
    pub forget_confidence: Spread,
}

impl Figures {
    /// The figures of learners with these scores, given the forgotten digits.
    pub fn of(scores: &[Score], forget: &[u8]) -> Self {
        let forgotten = |digit: usize| forget.iter().any(|&f| usize::from(f) == digit);
        let over = |value: &dyn Fn(&Score) -> f64| Spread::of(scores.iter().map(value).collect());
        Self {
            test_accuracy: over(&|s| s.accuracy(|_| true)),
            forget_accuracy: over(&|s| s.accuracy(forgotten)),
            retain_accuracy: over(&|s| s.accuracy(|d| !forgotten(d))),
            forget_confidence: over(&|s| s.weighted(&s.confidence, forgotten)),
        }
    }
}

/// One arm at one evaluation point: a line of `metrics.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point {
    /// The phase.
    pub phase: Phase,
    /// The arm.
    pub arm: Arm,
    /// Steps done in this phase.
    pub step: u32,
    /// The same in epochs of this phase's unlearning or training set.
    pub epoch: f64,
    /// Seconds since the run's first step.
    pub seconds: f64,
    /// Test images evaluated: at the ends of phases all, before about 1500, the same share of every class.
    /// 0 in records of older versions, which evaluated all.
    #[serde(default)]
    pub images: u32,
    /// Mean training loss since the previous point, in nats; `None` before the first step.
    pub train_loss: Option<Spread>,
    /// Mean test loss, in nats.
    pub test_loss: Spread,
    /// Accuracies and confidence.
    #[serde(flatten)]
    pub figures: Figures,
}

/// One arm at the end of a phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The phase that ended.
    pub phase: Phase,
    /// The arm.
    pub arm: Arm,
    /// Accuracies and confidence.
    pub figures: Figures,
    /// Each learner's score.
    pub scores: Vec<Score>,
    /// The SHA-256 of the networks after the learn phase, by which another run knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Outcome {
    /// Accuracy per digit, over the learners; NaN if there is no test image of it.
    pub fn digit_accuracy(&self, digit: usize) -> Spread {
        let share = |score: &Score| {
            let row = score.confusion[digit];
            f64::from(row[digit]) / f64::from(row.iter().sum::<u32>())
        };
        Spread::of(self.scores.iter().map(share).collect())
    }

    /// The mean over learners of the fraction of digit `[row]` classified as `[column]`.
    pub fn mean_confusion(&self) -> [[f64; CLASSES]; CLASSES] {
        let mut mean = [[0.0; CLASSES]; CLASSES];
        for score in &self.scores {
            for (row, counts) in mean.iter_mut().zip(&score.confusion) {
                let total = f64::from(counts.iter().sum::<u32>().max(1));
                for (cell, &count) in row.iter_mut().zip(counts) {
                    *cell += f64::from(count) / total / self.scores.len() as f64;
                }
            }
        }
        mean
    }
}

/// The kinds of devices, the better ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DeviceKind {
    /// A GPU with memory of its own.
    #[serde(rename = "discrete GPU")]
    DiscreteGpu,
    /// A GPU that shares the CPU's memory.
    #[serde(rename = "integrated GPU")]
    IntegratedGpu,
    /// A GPU that a virtual machine sees.
    #[serde(rename = "virtual GPU")]
    VirtualGpu,
    /// A GPU of which the driver does not say more.
    #[serde(rename = "GPU")]
    OtherGpu,
    /// An adapter that runs shaders on the CPU.
    #[serde(rename = "software")]
    Software,
    /// The CPU without shaders.
    #[serde(rename = "CPU")]
    Cpu,
}

impl DeviceKind {
    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::DiscreteGpu => "discrete GPU",
            Self::IntegratedGpu => "integrated GPU",
            Self::VirtualGpu => "virtual GPU",
            Self::OtherGpu => "GPU",
            Self::Software => "software",
            Self::Cpu => "CPU",
        }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the computing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// The adapter's name, or "CPU".
    pub name: String,
    /// "Vulkan", "Metal", "DX12", or "CPU".
    pub backend: String,
    /// What kind of device it is.
    pub kind: DeviceKind,
    /// Driver name and version, where there is one.
    pub driver: String,
    /// Why `auto` chose it, if it did.
    pub reason: String,
}

impl DeviceRecord {
    /// The device in a few words: "llvmpipe (software, Vulkan)", "CPU (AMD EPYC, 2 threads)".
    pub fn words(&self) -> String {
        let Self {
            name,
            backend,
            kind,
            driver,
            ..
        } = self;
        match kind {
            DeviceKind::Cpu => format!("{name} ({driver})"),
            _ => format!("{name} ({kind}, {backend})"),
        }
    }
}

/// The data used for training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// "MNIST", "Fashion-MNIST", "KMNIST", "built-in digits", or "idx files".
    pub name: String,
    /// The names of the classes.
    #[serde(default)]
    pub classes: Classes,
    /// For files: the SHA-256 over the SHA-256 of each of the four, unpacked, in hex and a line
    /// each. (Their location is left out, because reports are shared.)
    pub sha256: Option<String>,
    /// Something the reader must know, such as that the built-in digits replaced MNIST.
    pub warning: Option<String>,
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
}

impl DataRecord {
    /// The start of the hash, enough for display.
    pub fn hash(&self) -> Option<&str> {
        let hash = self.sha256.as_deref()?;
        Some(hash.get(..12).unwrap_or(hash))
    }

    /// The name, and what distinguishes this content from others of that name.
    pub fn label(&self) -> String {
        match self.hash() {
            None => self.name.clone(),
            Some(hash) => format!("{} (SHA-256 {hash})", self.name),
        }
    }
}
