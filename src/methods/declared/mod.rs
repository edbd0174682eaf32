//! Methods declared as data: TOML that says what is taught, stage by stage.
//!
//! The files in this folder are built-in methods; `docs/methods.md` describes the format, which
//! `schema` defines. A file of a user's has the same rights.

mod check;
mod formula;
mod recipes;
mod schema;

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Method, Passed, Setting, Stage, Task, grid, named};
use crate::error::{Error, Result};
use crate::population::Importance;
use check::{MOST, fault_at};
use recipes::Plan;
use schema::{Edit, Schema, Target, Training, Update};

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
        declared.check_name(&path.display())?;
        Ok(declared)
    }

    /// The method.
    pub fn method(self) -> &'static dyn Method {
        self.0
    }

    /// Refuses the name of a built-in method: results would be taken for that one's. `place` says
    /// where the declaration is.
    ///
    /// # Errors
    /// `Usage` if there is a built-in method of this name.
    pub fn check_name(self, place: &dyn fmt::Display) -> Result<()> {
        let name = self.0.name();
        match named(name) {
            None => Ok(()),
            Some(_) => Err(Error::Usage(format!(
                "{place}, name = \"{name}\": a built-in method has this name, and results would be taken for \
                 its own; give this one another name"
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

impl Declaration {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let content =
            toml::from_str(text).map_err(|e| place(text, e.span().unwrap_or(0..0), e.message()))?;
        let text = text.to_owned();
        let declaration = Self { text, content };
        match declaration.content.check() {
            Ok(()) => Ok(declaration),
            Err((span, fault)) => Err(place(&declaration.text, span, &fault)),
        }
    }
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
        self.content.strengths().map(|strength| &*strength.name)
    }

    fn settings(&self) -> Vec<Setting> {
        let rates = self.content.rate().map_or(&[0.0][..], |rate| &rate.tried);
        let strengths = self.content.strengths().map_or(&[0.0][..], |s| &s.tried);
        grid(rates, strengths)
    }

    fn usual(&self) -> Setting {
        Setting {
            rate: self.content.rate().map_or(0.0, |rate| rate.usual),
            strength: self
                .content
                .strengths()
                .map_or(0.0, |strength| strength.usual),
        }
    }

    fn most(&self) -> f64 {
        self.content
            .strengths()
            .and_then(|s| s.most)
            .unwrap_or(MOST)
    }

    fn needs_digits(&self) -> bool {
        self.content
            .all()
            .any(|stage| matches!(stage, schema::Stage::Edit(Edit::Silence(_))))
    }

    fn takes_back_steps(&self) -> bool {
        self.content
            .all()
            .any(|stage| matches!(stage, schema::Stage::Edit(Edit::Undo)))
    }

    fn trains_on(&self) -> bool {
        *self.content.trains_on.get_ref()
    }

    fn passed(&self, samples: Passed) -> usize {
        let training = |found: fn(&Training) -> bool| self.content.trained().any(found);
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
                self.content.all().any(dampens),
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
        for stage in self.content.all() {
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
                    what: Importance::Fisher,
                    alpha: alpha.at(strength),
                    lambda: lambda.at(strength),
                },
                schema::Stage::Edit(Edit::Undo) => Stage::Undo,
            });
        }
        Ok(stages)
    }
}
