//! What a declaration may hold: the keys of its TOML, their types and ranges.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use super::formula::Formula;
use crate::record::CLASSES;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Schema {
    pub(super) name: Spanned<String>,
    pub(super) rule: Spanned<String>,
    #[serde(default = "missing")]
    pub(super) source: Spanned<String>,
    /// The rates that a sweep tries; none if nothing is trained.
    pub(super) rate: Option<Spanned<Rate>>,
    pub(super) strength: Option<Spanned<Strength>>,
    /// Whether networks keep training with the run's rate, momentum and decay.
    #[serde(default = "missing")]
    pub(super) trains_on: Spanned<bool>,
    pub(super) stages: Vec<Spanned<Stage>>,
}

impl Schema {
    /// The stages.
    pub(super) fn all(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().map(Spanned::get_ref)
    }

    /// The stages of training.
    pub(super) fn trained(&self) -> impl Iterator<Item = &Training> {
        self.all().filter_map(|stage| match stage {
            Stage::Train(training) => Some(&**training),
            Stage::Edit(_) => None,
        })
    }

    /// The rates, if anything is trained.
    pub(super) fn rate(&self) -> Option<&Rate> {
        self.rate.as_ref().map(Spanned::get_ref)
    }

    /// The strengths, if it has any.
    pub(super) fn strengths(&self) -> Option<&Strength> {
        self.strength.as_ref().map(Spanned::get_ref)
    }
}

/// What a key that is left out stands for.
fn missing<T: Default>() -> Spanned<T> {
    Spanned::new(0..0, T::default())
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { tried = [0.1, 0.3], usual = 0.1 }"
)]
pub(super) struct Rate {
    pub(super) tried: Vec<f64>,
    pub(super) usual: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { name = \"α\", tried = [0.1, 1], usual = 1, most = 10 }"
)]
pub(super) struct Strength {
    /// Its meaning, such as α.
    pub(super) name: String,
    pub(super) tried: Vec<f64>,
    pub(super) usual: f64,
    pub(super) most: Option<f64>,
}

/// Training or an edit.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Keys")]
pub(super) enum Stage {
    Train(Box<Training>),
    Edit(Edit),
}

#[derive(Clone, Debug)]
pub(super) struct Training {
    /// Of the budget.
    pub(super) share: f64,
    /// Factor of the learning rate.
    pub(super) rate: f64,
    pub(super) order: Order,
    pub(super) forget: Option<Lesson>,
    pub(super) retain: Option<Lesson>,
    pub(super) update: Option<Update>,
}

/// The keys of a stage.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    share: Option<f64>,
    rate: Option<f64>,
    order: Option<Order>,
    forget: Option<Lesson>,
    retain: Option<Lesson>,
    update: Option<Update>,
    edit: Option<Edit>,
}

/// How the samples of both lists become one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// The samples to forget, then the others.
    ForgetFirst,
    /// In the order of the training images.
    ByIndex,
    /// The shorter list is repeated until it is as long as the other: half of a batch comes from
    /// each, in expectation.
    Halves,
}

/// What is taught about a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { target = \"uniform\", weight = 0.5 }, or {} for labels"
)]
pub(super) struct Lesson {
    #[serde(default)]
    pub(super) target: Target,
    /// 1 if missing.
    pub(super) weight: Option<Formula>,
    /// Adds this many times KL(θ₀ ‖ θ) to the loss of the label.
    pub(super) distil: Option<Formula>,
}

/// A sample's target.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Target {
    #[default]
    Label,
    /// Drawn once for each sample and learner.
    AnyLabel,
    /// The same, but never the true one.
    WrongLabel,
    /// The nearest wrong label by FGSM.
    NearestLabel,
    Digit(u8),
    Uniform,
    Distribution([f32; CLASSES]),
    /// The mean of the original's softmax over the retain samples.
    RetainMean,
    /// The original's softmax.
    Original,
    /// The softmax of a fresh network.
    Fresh,
}

const NAMED: [(&str, Target); 8] = [
    ("label", Target::Label),
    ("any-label", Target::AnyLabel),
    ("wrong-label", Target::WrongLabel),
    ("nearest-label", Target::NearestLabel),
    ("uniform", Target::Uniform),
    ("retain-mean", Target::RetainMean),
    ("original", Target::Original),
    ("fresh", Target::Fresh),
];

/// What steps do beyond the gradient.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Update {
    /// An ℓ1 penalty with this factor, which fades out by the end of the stage.
    Sparse(Formula),
    /// Only this fraction of the weights moves.
    Masked(Formula),
    /// Steps follow the forget samples' gradient without what would harm the retain samples.
    Projected,
}

/// A change of all weights.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Edit {
    /// θ ← own · θ + original · θ₀.
    Mix { own: Formula, original: Formula },
    /// The forgotten digits' rows of the last layer become 0, and their biases this.
    Silence(Formula),
    /// Selective synaptic dampening.
    Dampen { alpha: Formula, lambda: Formula },
    /// Takes back the steps of the original's training that saw samples to forget.
    Undo,
}

impl TryFrom<Keys> for Stage {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let Keys {
            share,
            rate,
            order,
            forget,
            retain,
            update,
            edit,
        } = keys;
        let lists = usize::from(forget.is_some()) + usize::from(retain.is_some());
        if let Some(edit) = edit {
            let alone = lists == 0 && order.is_none() && update.is_none();
            return match alone && share.is_none() && rate.is_none() {
                true => Ok(Self::Edit(edit)),
                false => Err("edit: takes no steps; give it a [[stages]] of its own".to_owned()),
            };
        }
        let training = Training {
            share: share.unwrap_or(1.0),
            rate: rate.unwrap_or(1.0),
            order: order.unwrap_or(Order::ForgetFirst),
            forget,
            retain,
            update,
        };
        match training.fault(lists, order) {
            Some(fault) => Err(fault),
            None => Ok(Self::Train(Box::new(training))),
        }
    }
}

impl Training {
    /// What it teaches about the lists.
    pub(super) fn lessons(&self) -> impl Iterator<Item = &Lesson> {
        self.forget.iter().chain(&self.retain)
    }

    /// Whether it has samples with this target.
    pub(super) fn teaches(&self, target: &Target) -> bool {
        self.lessons().any(|lesson| lesson.target == *target)
    }

    /// Whether a network's outputs are among the targets.
    pub(super) fn has_teacher(&self) -> bool {
        let by = [Target::RetainMean, Target::Original, Target::Fresh];
        self.lessons()
            .any(|lesson| by.contains(&lesson.target) || lesson.distil.is_some())
    }

    /// What is wrong with it.
    fn fault(&self, lists: usize, order: Option<Order>) -> Option<String> {
        let projected = matches!(self.update, Some(Update::Projected));
        let fault = match (&self.forget, &self.retain) {
            (None, None) => "a stage needs something to do: forget, retain, or edit",
            (_, Some(r)) if r.target == Target::NearestLabel => {
                "retain.target: nearest-label is known of the forget samples only"
            }
            _ if order.is_some() && lists < 2 => "order: there is one list; leave it out",
            _ if order.is_some() && projected => {
                "order: update = \"projected\" takes a batch of each list; leave it out"
            }
            _ if projected && lists < 2 => {
                "update = \"projected\" needs both lists, forget and retain"
            }
            _ if !(self.share > 0.0 && self.share <= 1.0) => {
                return Some(format!(
                    "share: {} is no share of the budget; choose a number above 0, and up to 1",
                    self.share
                ));
            }
            _ if !(self.rate > 0.0 && self.rate <= 1e6) => {
                return Some(format!(
                    "rate: {} is no factor of the learning rate; choose a number above 0, such as 0.5",
                    self.rate
                ));
            }
            _ => {
                let mut distilled = self.lessons().filter(|lesson| lesson.distil.is_some());
                return distilled
                    .any(|lesson| lesson.target != Target::Label)
                    .then(|| "distil: goes with target = \"label\" only".to_owned());
            }
        };
        Some(fault.to_owned())
    }
}

impl Lesson {
    /// Whether the samples' weight is given.
    pub(super) fn is_weighted(&self) -> bool {
        self.weight.is_some() || self.distil.is_some()
    }

    /// Whether targets are distributions.
    pub(super) fn is_soft(&self) -> bool {
        use Target::{Distribution, Fresh, Original, RetainMean, Uniform};
        let soft = matches!(
            self.target,
            Uniform | Distribution(_) | RetainMean | Original | Fresh
        );
        soft || self.distil.is_some()
    }

    /// Its formulas.
    fn formulas(&self) -> impl Iterator<Item = Bounded<'_>> {
        let weight = self
            .weight
            .iter()
            .map(|weight| Bounded::any("weight", weight));
        let distil = self.distil.iter();
        weight.chain(distil.map(|distil| Bounded::new("distil", distil, 0.0..=MOST)))
    }
}

/// The largest value of a formula.
const MOST: f32 = 1e30;

/// A formula, its key, and the values that it may have.
pub(super) struct Bounded<'a> {
    pub(super) key: &'static str,
    pub(super) formula: &'a Formula,
    pub(super) range: RangeInclusive<f32>,
}

impl<'a> Bounded<'a> {
    fn new(key: &'static str, formula: &'a Formula, range: RangeInclusive<f32>) -> Self {
        Self {
            key,
            formula,
            range,
        }
    }

    fn any(key: &'static str, formula: &'a Formula) -> Self {
        Self::new(key, formula, -MOST..=MOST)
    }
}

impl Stage {
    /// Its formulas.
    pub(super) fn formulas(&self) -> Vec<Bounded<'_>> {
        match self {
            Self::Train(training) => {
                let update = match &training.update {
                    Some(Update::Sparse(penalty)) => {
                        Some(Bounded::new("sparse", penalty, 0.0..=MOST))
                    }
                    Some(Update::Masked(fraction)) => {
                        Some(Bounded::new("masked", fraction, 0.0..=1.0))
                    }
                    Some(Update::Projected) | None => None,
                };
                let lessons = training.lessons().flat_map(Lesson::formulas);
                lessons.chain(update).collect()
            }
            Self::Edit(Edit::Mix { own, original }) => {
                vec![Bounded::any("own", own), Bounded::any("original", original)]
            }
            Self::Edit(Edit::Silence(bias)) => vec![Bounded::any("silence", bias)],
            Self::Edit(Edit::Dampen { alpha, lambda }) => vec![
                Bounded::new("alpha", alpha, 0.0..=MOST),
                Bounded::new("lambda", lambda, 0.0..=MOST),
            ],
            Self::Edit(Edit::Undo) => Vec::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Typed)
    }
}

struct Typed;

impl<'de> Visitor<'de> for Typed {
    type Value = Target;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = NAMED.iter().map(|(n, _)| format!("\"{n}\"")).collect();
        let names = names.join(", ");
        write!(f, "{names}, a digit, or ten probabilities")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Target, E> {
        let named = NAMED.iter().find(|(name, _)| *name == text);
        let target = named.map(|(_, target)| target.clone());
        target.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Target, E> {
        let digit = u8::try_from(value).ok();
        let digit = digit.filter(|digit| usize::from(*digit) < CLASSES);
        let digit = digit.map(Target::Digit);
        digit.ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a target in f32")]
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Target, A::Error> {
        let mut all: Vec<f64> = Vec::new();
        while let Some(probability) = seq.next_element()? {
            all.push(probability);
        }
        let total: f64 = all.iter().sum();
        let valid = all.iter().all(|p| (0.0..=1.0).contains(p)) && (total - 1.0).abs() < 1e-6;
        match <[f64; CLASSES]>::try_from(all) {
            Ok(all) if valid => Ok(Target::Distribution(all.map(|p| p as f32))),
            Ok(_) => Err(de::Error::custom(format!(
                "probabilities lie between 0 and 1, and add up to 1; these add up to {total}"
            ))),
            Err(all) => Err(de::Error::custom(format!(
                "{} probabilities do not fit {CLASSES} digits",
                all.len()
            ))),
        }
    }
}
