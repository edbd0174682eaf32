//! What is wrong with a declaration whose keys and types are right.

use std::ops::Range;

use toml::Spanned;

use super::schema::{Bounded, Rate, Schema, Stage, Strength};

/// The largest strength of a method that names none.
pub(super) const MOST: f64 = 1e30;

/// A fault, and where it is in the text.
type Fault = (Range<usize>, String);

impl Schema {
    /// What serde cannot check.
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.check_texts()?;
        self.check_rate()?;
        self.check_strength()?;
        self.check_trains_on()?;
        self.check_shares()?;
        self.check_updates()?;
        let strengths = match self.strengths() {
            Some(own) => own.tried.iter().copied().chain(own.most).collect(),
            None => vec![0.0],
        };
        for strength in strengths {
            for stage in &self.stages {
                if let Some(fault) = fault_at(stage.get_ref(), strength) {
                    return Err((stage.span(), fault));
                }
            }
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), Fault> {
        let Schema { name, rule, .. } = self;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let text = name.get_ref();
        if text.is_empty() || text.len() > 40 || !text.chars().all(plain) || text == "all" {
            let fault =
                "name: choose 1 to 40 lower-case letters, digits and dashes, but not \"all\"";
            return Err((name.span(), fault.to_owned()));
        }
        for (key, text) in [("rule", rule), ("source", &self.source)] {
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

    fn check_rate(&self) -> Result<(), Fault> {
        let trains = self.trained().next().is_some();
        match &self.rate {
            None if trains => Err((
                self.stages[0].span(),
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

    fn check_strength(&self) -> Result<(), Fault> {
        let mut stages = self.stages.iter();
        let names = |stage: &&Spanned<Stage>| {
            let formulas = stage.get_ref().formulas();
            formulas
                .iter()
                .any(|bounded| bounded.formula.uses_strength())
        };
        let user = stages.find(names);
        match (&self.strength, user) {
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
    fn check_trains_on(&self) -> Result<(), Fault> {
        let on = &self.trains_on;
        let stages: Vec<&Stage> = self.all().collect();
        let plain = match stages[..] {
            [Stage::Train(only)] => only.update.is_none() && !only.has_teacher(),
            _ => false,
        };
        match *on.get_ref() && !(plain && self.strength.is_none()) {
            false => Ok(()),
            true => Err((
                on.span(),
                "trains-on: goes with a single stage without update, distil, strength, and a network's \
                 outputs as target; leave it out"
                    .to_owned(),
            )),
        }
    }

    fn check_shares(&self) -> Result<(), Fault> {
        let Some(first) = self.stages.first() else {
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
    fn check_updates(&self) -> Result<(), Fault> {
        let ruled = |stage: &Stage| match stage {
            Stage::Train(training) => training.update.is_some(),
            Stage::Edit(_) => false,
        };
        let stages = &self.stages;
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
fn check_tried(key: &str, tried: &[f64], usual: f64, most: f64) -> Result<(), String> {
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
pub(super) fn fault_at(stage: &Stage, strength: f64) -> Option<String> {
    let wrong = |bounded: &Bounded<'_>| {
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
