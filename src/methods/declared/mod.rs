//! Methods declared as data: TOML that says what is taught, stage by stage.
//!
//! The files in this folder are built-in methods; `docs/methods.md` describes the format, which
//! `schema` defines. A file of a user's has the same rights.

mod formula;
mod recipes;
mod schema;

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{Method, Passed, Setting, Stage, Task, grid, named};
use crate::error::{Error, Result};
use recipes::Plan;
use schema::{Edit, Rate, Schema, Strength, Target, Training, Update};

/// A built-in method; `None` if the text declares none.
pub(super) fn built_in(text: &str) -> Option<&'static dyn Method> {
    let declared = Declared::try_from(text.to_owned()).ok()?;
    Some(declared.method())
}

/// Whether an argument of `--method` names a file rather than a method.
pub fn is_file(name: &str) -> bool {
    name.ends_with(".toml")
}

/// A user's method. It lives as long as the process, as the built-in ones do.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Declared(&'static Declaration);

impl Declared {
    /// Reads a file.
    ///
    /// # Errors
    /// `File` if it cannot be read; `Usage` if it declares no method, or one with the name of a
    /// built-in one.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::file("read", path))?;
        let declared = Self::try_from(text)
            .map_err(|fault| Error::Usage(format!("{}, {fault}", path.display())))?;
        declared.check_name()?;
        Ok(declared)
    }

    /// The method.
    pub fn method(self) -> &'static dyn Method {
        self.0
    }

    /// Refuses the name of a built-in method: results would be taken for that one's.
    ///
    /// # Errors
    /// `Usage` if there is a built-in method of this name.
    pub fn check_name(self) -> Result<()> {
        let name = self.0.name();
        match named(name) {
            None => Ok(()),
            Some(_) => Err(Error::Usage(format!(
                "name = \"{name}\": a built-in method has this name, and results would be taken for \
                 its own; give the method in the file another name"
            ))),
        }
    }
}

impl TryFrom<String> for Declared {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        let declaration = Declaration::parse(&text)?;
        Ok(Self(Box::leak(Box::new(declaration))))
    }
}

impl From<Declared> for String {
    fn from(declared: Declared) -> Self {
        declared.0.text.clone()
    }
}

impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl fmt::Debug for Declared {
    /// The text: results depend on it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.text.fmt(f)
    }
}

/// A method declared as TOML.
struct Declaration {
    text: String,
    content: Schema,
}

/// The largest strength of a method that names none.
const MOST: f64 = 1e30;

/// A fault, and where it is in the text.
type Fault = (Range<usize>, String);

impl Declaration {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let content =
            toml::from_str(text).map_err(|e| place(text, e.span().unwrap_or(0..0), e.message()))?;
        let text = text.to_owned();
        let declaration = Self { text, content };
        match declaration.check() {
            Ok(()) => Ok(declaration),
            Err((span, fault)) => Err(place(&declaration.text, span, &fault)),
        }
    }

    fn stages_of(&self) -> impl Iterator<Item = &schema::Stage> {
        self.content.stages.iter().map(Spanned::get_ref)
    }

    /// The stages of training.
    fn trained(&self) -> impl Iterator<Item = &Training> {
        self.stages_of().filter_map(|stage| match stage {
            schema::Stage::Train(training) => Some(&**training),
            schema::Stage::Edit(_) => None,
        })
    }

    fn rate(&self) -> Option<&Rate> {
        self.content.rate.as_ref().map(Spanned::get_ref)
    }

    fn strengths(&self) -> Option<&Strength> {
        self.content.strength.as_ref().map(Spanned::get_ref)
    }

    /// What serde cannot check.
    fn check(&self) -> std::result::Result<(), Fault> {
        self.check_texts()?;
        self.check_rate()?;
        self.check_strength()?;
        self.check_trains_on()?;
        self.check_shares()?;
        self.check_updates()?;
        let fixed = Strength {
            tried: vec![0.0],
            ..Strength::default()
        };
        let strengths = self.strengths().unwrap_or(&fixed);
        for strength in strengths.tried.iter().copied().chain(strengths.most) {
            for stage in &self.content.stages {
                if let Some(fault) = fault_at(stage.get_ref(), strength) {
                    return Err((stage.span(), fault));
                }
            }
        }
        Ok(())
    }

    fn check_texts(&self) -> std::result::Result<(), Fault> {
        let Schema { name, rule, .. } = &self.content;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let text = name.get_ref();
        if text.is_empty() || text.len() > 40 || !text.chars().all(plain) || text == "all" {
            let fault =
                "name: choose 1 to 40 lower-case letters, digits and dashes, but not \"all\"";
            return Err((name.span(), fault.to_owned()));
        }
        for (key, text) in [("rule", rule), ("source", &self.content.source)] {
            if text.get_ref().contains(char::is_control) {
                return Err((text.span(), format!("{key}: must be a single line")));
            }
        }
        match rule.get_ref().trim() {
            "" => Err((
                rule.span(),
                "rule: say what is taught, in one line".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    fn check_rate(&self) -> std::result::Result<(), Fault> {
        let trains = self.trained().next().is_some();
        match &self.content.rate {
            None if trains => Err((
                self.content.stages[0].span(),
                "rate: missing; stages train, so add the rates that `unlearn compare` tries, such as \
                 rate = { tried = [0.1, 0.3], usual = 0.1 }"
                    .to_owned(),
            )),
            Some(rate) if !trains => {
                let fault = "rate: no stage trains anything; leave it out";
                Err((rate.span(), fault.to_owned()))
            }
            Some(rate) => {
                let Rate { tried, usual } = rate.get_ref();
                check_tried("rate", tried, *usual, 1e6).map_err(|fault| (rate.span(), fault))
            }
            None => Ok(()),
        }
    }

    fn check_strength(&self) -> std::result::Result<(), Fault> {
        let mut stages = self.content.stages.iter();
        let names = |stage: &&Spanned<schema::Stage>| {
            let formulas = stage.get_ref().formulas();
            formulas
                .iter()
                .any(|bounded| bounded.formula.uses_strength())
        };
        let user = stages.find(names);
        match (&self.content.strength, user) {
            (None, None) => Ok(()),
            (None, Some(user)) => Err((
                user.span(),
                "strength: a formula names it, but the method has none; add one, such as strength = \
                 { name = \"α\", tried = [0.1, 1], usual = 1 }"
                    .to_owned(),
            )),
            (Some(strength), None) => {
                let fault = "strength: no formula names it; leave it out";
                Err((strength.span(), fault.to_owned()))
            }
            (Some(strength), Some(_)) => {
                let span = strength.span();
                let Strength {
                    name,
                    tried,
                    usual,
                    most,
                } = strength.get_ref();
                let most = most.unwrap_or(MOST);
                if name.trim().is_empty() || name.contains(char::is_control) {
                    let fault = "strength.name: give its symbol or meaning, such as α";
                    return Err((span, fault.to_owned()));
                }
                if !(most > 0.0 && most <= MOST) {
                    let fault = format!("strength.most: {most} must lie above 0, up to 1e30");
                    return Err((span, fault));
                }
                check_tried("strength", tried, *usual, most).map_err(|fault| (span, fault))
            }
        }
    }

    /// A run has room for no more than this beside its own arms.
    fn check_trains_on(&self) -> std::result::Result<(), Fault> {
        let on = &self.content.trains_on;
        let stages: Vec<&schema::Stage> = self.stages_of().collect();
        let plain = match stages[..] {
            [schema::Stage::Train(only)] => only.update.is_none() && !only.has_teacher(),
            _ => false,
        };
        match *on.get_ref() && !(plain && self.content.strength.is_none()) {
            false => Ok(()),
            true => Err((
                on.span(),
                "trains-on: goes with a single stage without update, distil, strength, and a network's \
                 outputs as target; leave it out"
                    .to_owned(),
            )),
        }
    }

    fn check_shares(&self) -> std::result::Result<(), Fault> {
        let Some(first) = self.content.stages.first() else {
            let fault = "stages: there are none; add a [[stages]]";
            return Err((0..0, fault.to_owned()));
        };
        let total: f64 = self.trained().map(|training| training.share).sum();
        match self.trained().next().is_none() || (total - 1.0).abs() < 1e-9 {
            true => Ok(()),
            false => Err((
                first.span(),
                format!("share: the stages take {total} of the budget together; make it 1"),
            )),
        }
    }

    /// A method with an update rule trains side by side with others of that rule, which must begin
    /// and end with it; and a mask takes back what was done to the weights that it holds.
    fn check_updates(&self) -> std::result::Result<(), Fault> {
        let ruled = |stage: &schema::Stage| match stage {
            schema::Stage::Train(training) => training.update.is_some(),
            schema::Stage::Edit(_) => false,
        };
        let stages = &self.content.stages;
        let place = stages.iter().position(|stage| ruled(stage.get_ref()));
        match place {
            Some(place) if place > 0 || self.trained().count() > 1 => Err((
                stages[place].span(),
                "update: goes with a method whose first stage is the only one that trains"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// Checks the values that a sweep tries.
fn check_tried(key: &str, tried: &[f64], usual: f64, most: f64) -> std::result::Result<(), String> {
    let wrong = tried.iter().find(|v| !(**v >= 1e-30 && **v <= most));
    match wrong {
        Some(value) => Err(format!(
            "{key}.tried: {value} must lie above 0, up to {most:?}"
        )),
        None if tried.is_empty() => Err(format!("{key}.tried: name at least one value")),
        None if !tried.contains(&usual) => Err(format!(
            "{key}.usual: {usual} must be one of {key}.tried, which are {tried:?}"
        )),
        None => Ok(()),
    }
}

/// What is wrong with a stage's formulas at this strength.
#[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
fn fault_at(stage: &schema::Stage, strength: f64) -> Option<String> {
    let wrong = |bounded: &schema::Bounded<'_>| {
        let value = bounded.formula.at(strength as f32);
        (!bounded.range.contains(&value)).then(|| {
            let (least, most) = bounded.range.clone().into_inner();
            format!(
                "{}: {} is {value} at a strength of {strength}; it must lie between {least:?} and \
                 {most:?}",
                bounded.key, bounded.formula
            )
        })
    };
    stage.formulas().iter().find_map(wrong)
}

/// A fault with its line.
fn place(text: &str, span: Range<usize>, fault: &str) -> String {
    let start = span.start.min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let number = 1 + before.matches('\n').count();
    let line = text.lines().nth(number - 1).unwrap_or_default().trim();
    format!(
        "line {number} ({line}): {}. docs/methods.md describes the format, and `unlearn methods \
         neggrad-plus` prints an example",
        fault.trim_end()
    )
}

impl Method for Declaration {
    fn name(&self) -> &str {
        self.content.name.get_ref()
    }

    fn rule(&self) -> &str {
        self.content.rule.get_ref()
    }

    fn source(&self) -> &str {
        self.content.source.get_ref()
    }

    fn declaration(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn strength(&self) -> Option<&str> {
        self.strengths().map(|strength| &*strength.name)
    }

    fn settings(&self) -> Vec<Setting> {
        let rates = self.rate().map_or(&[0.0][..], |rate| &rate.tried);
        let strengths = self.strengths().map_or(&[0.0][..], |s| &s.tried);
        grid(rates, strengths)
    }

    fn usual(&self) -> Setting {
        Setting {
            rate: self.rate().map_or(0.0, |rate| rate.usual),
            strength: self.strengths().map_or(0.0, |strength| strength.usual),
        }
    }

    fn most(&self) -> f64 {
        self.strengths().and_then(|s| s.most).unwrap_or(MOST)
    }

    fn needs_digits(&self) -> bool {
        self.stages_of()
            .any(|stage| matches!(stage, schema::Stage::Edit(Edit::Silence(_))))
    }

    fn takes_back_steps(&self) -> bool {
        self.stages_of()
            .any(|stage| matches!(stage, schema::Stage::Edit(Edit::Undo)))
    }

    fn trains_on(&self) -> bool {
        *self.content.trains_on.get_ref()
    }

    fn passed(&self, samples: Passed) -> usize {
        let training = |found: fn(&Training) -> bool| self.trained().any(found);
        let dampens =
            |stage: &schema::Stage| matches!(stage, schema::Stage::Edit(Edit::Dampen { .. }));
        let costs = [
            (training(Training::has_teacher), samples.of_teacher()),
            (
                training(|t| t.teaches(&Target::NearestLabel)),
                2 * samples.forget,
            ),
            (
                training(|t| matches!(t.update, Some(Update::Masked(_)))),
                samples.forget,
            ),
            (
                training(|t| matches!(t.update, Some(Update::Projected))),
                samples.trained,
            ),
            (
                self.stages_of().any(dampens),
                samples.forget + samples.retain,
            ),
        ];
        let due = costs.iter().filter(|(due, _)| *due);
        due.map(|(_, samples)| samples).sum()
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let strength = setting.strength as f32;
        let mut number = 0;
        let mut stages = Vec::new();
        for stage in self.stages_of() {
            if let Some(fault) = fault_at(stage, setting.strength) {
                return Err(Error::Usage(format!(
                    "--strength {}: {}: {fault}",
                    setting.strength,
                    self.name()
                )));
            }
            stages.push(match stage {
                schema::Stage::Train(training) => {
                    number += 1;
                    let plan = Plan {
                        training,
                        task,
                        rate: setting.rate * training.rate,
                        strength,
                        number: number - 1,
                        trains_on: self.trains_on(),
                    };
                    plan.stage()?
                }
                schema::Stage::Edit(Edit::Mix { own, original }) => Stage::Mix {
                    own: own.at(strength),
                    original: original.at(strength),
                },
                schema::Stage::Edit(Edit::Silence(bias)) => {
                    Stage::Silence(task.digits.clone(), bias.at(strength))
                }
                schema::Stage::Edit(Edit::Dampen { alpha, lambda }) => Stage::Dampen {
                    alpha: alpha.at(strength),
                    lambda: lambda.at(strength),
                },
                schema::Stage::Edit(Edit::Undo) => Stage::Undo,
            });
        }
        Ok(stages)
    }
}
