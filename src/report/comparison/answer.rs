//! The answer in words: which methods pass for retraining, and which is nearest to it.

use crate::compare::{Across, Comparison, Judged, MethodRow, Role, Summary};
use crate::verdict::fixed;

use super::verdicts::nothing_to_forget;

/// Names that are listed, at most.
const LISTED: usize = 5;
/// The control that says what a distance means.
const NOTHING: &str = "do-nothing";
/// The controls that never saw what is to be forgotten, and train at least as long as retrained networks.
const RETRAINED: [&str; 2] = ["retrain", "retrain-longer"];

/// The answer; none where methods are not ranked.
pub(super) fn answer(c: &Comparison) -> Option<String> {
    match c.cases.as_slice() {
        _ if !c.never_learned.is_empty() => None,
        [only] => Some(of_case(only)),
        _ => Some(of_all(c)),
    }
}

/// What was found of the methods.
struct Judgement<'a> {
    all: Vec<&'a str>,
    passing: Vec<&'a str>,
    /// How many are distinguishable from retraining, or diverged; of others nothing may be known.
    failing: usize,
    /// Whether some have networks that diverged.
    diverged: bool,
    /// " in all 3 cases", if there are several.
    everywhere: String,
    /// Then the method that passes in the most cases, and in how many.
    most: Option<(&'a str, usize)>,
}

/// Of one case.
fn of_case(c: &Judged) -> String {
    if let Some(reason) = nothing_to_forget(c) {
        return reason.to_owned();
    }
    let methods = || c.methods.iter().filter(|row| row.role != Role::Control);
    let passing = methods().filter(|row| row.figures.is_some() && !row.is_distinguishable());
    let distance = |row: &MethodRow| Some(fixed(row.figures.as_ref()?.distance.value, 2));
    let nothing = c.methods.iter().find(|row| row.method == NOTHING);
    let judgement = Judgement {
        all: methods().map(|row| row.method.as_str()).collect(),
        passing: passing.map(|row| row.method.as_str()).collect(),
        failing: methods().filter(|row| row.is_distinguishable()).count(),
        diverged: methods().any(|row| row.diverged > 0),
        everywhere: String::new(),
        most: None,
    };
    // Rows are in order, nearest first.
    let nearest = methods().next().and_then(|row| {
        let near = Nearest {
            name: &row.method,
            distance: distance(row)?,
            level: row.place.map_or(0, |[first, last]| last - first),
            nothing: nothing.and_then(distance),
        };
        Some(near.said(judgement.all.len() == 1))
    });
    let retrained = c
        .methods
        .iter()
        .filter(|row| RETRAINED.contains(&row.method.as_str()) && row.is_distinguishable());
    let retrained: Vec<&str> = retrained.map(|row| row.method.as_str()).collect();
    judgement.said(nearest) + &training_shows(&retrained)
}

/// What it means that controls do not pass that never saw what is to be forgotten.
fn training_shows(controls: &[&str]) -> String {
    let (plural, verb) = match controls.len() {
        0 => return String::new(),
        1 => ("", "is"),
        _ => ("s", "are"),
    };
    format!(
        " The control{plural} {} {verb} distinguishable, too, without ever having seen it: some differences come \
         from training alone.",
        listed(controls)
    )
}

/// Of all cases together.
fn of_all(c: &Comparison) -> String {
    let blank: Vec<&str> = c.cases.iter().filter_map(nothing_to_forget).collect();
    if let (Some(reason), true) = (blank.first(), blank.len() == c.cases.len()) {
        return (*reason).to_owned();
    }
    let methods = || c.methods.iter().filter(|row| row.role != Role::Control);
    let known = |row: &&Summary| row.distance.cases.iter().any(|d| d.is_finite());
    let passing = methods()
        .filter(known)
        .filter(|row| row.distinguishable == 0);
    let mean = |a: &Across| a.mean.is_finite().then(|| fixed(a.mean, 2));
    let nothing = c.methods.iter().find(|row| row.method == NOTHING);
    let judgement = Judgement {
        all: methods().map(|row| row.method.as_str()).collect(),
        passing: passing.map(|row| row.method.as_str()).collect(),
        failing: methods().filter(|row| row.distinguishable > 0).count(),
        diverged: methods().any(|row| row.diverged > 0),
        everywhere: format!(" in all {} cases", c.cases.len()),
        most: methods()
            .map(|row| (row.method.as_str(), c.cases.len() - row.distinguishable))
            .max_by_key(|(_, passed)| *passed),
    };
    let nearest = methods().next().and_then(|row| {
        let near = Nearest {
            name: &row.method,
            distance: mean(&row.distance)?,
            level: 0,
            nothing: nothing.and_then(|row| mean(&row.distance)),
        };
        Some(near.said(judgement.all.len() == 1))
    });
    match blank.len() {
        0 => judgement.said(nearest),
        some => format!(
            "{} In {some} of the cases the originals themselves are not distinguishable from retraining.",
            judgement.said(nearest)
        ),
    }
}

impl Judgement<'_> {
    /// Which methods pass; then which is nearest.
    fn said(&self, nearest: Option<String>) -> String {
        let everywhere = &self.everywhere;
        let judged = match (&*self.passing, &*self.all) {
            (_, []) => {
                return "Only controls were compared: there is no method to judge.".to_owned();
            }
            ([], [only]) => format!("{only} does not pass{everywhere}{}", self.why("it")),
            ([], all) => format!(
                "None of the {} methods passes{everywhere}{}",
                all.len(),
                self.why("each")
            ),
            (_, [only]) => {
                format!("{only} passes{everywhere}: it is not distinguishable from retraining.")
            }
            ([one], all) => format!(
                "1 of the {} methods passes{everywhere}: {one} is not distinguishable from retraining.",
                all.len()
            ),
            (some, all) => format!(
                "{} of the {} methods pass{everywhere}: {} are not distinguishable from retraining.",
                some.len(),
                all.len(),
                listed(some)
            ),
        };
        match nearest {
            Some(nearest) => format!("{judged} {nearest}"),
            None => judged,
        }
    }

    /// Why none passes, where that is the same for all.
    fn why(&self, each: &str) -> String {
        match self.most {
            Some((name, passed @ 1..)) => {
                let who = if self.all.len() == 1 { "it" } else { name };
                return format!("; {who} passes in {passed} of them.");
            }
            Some((_, 0)) => return ", nor in any of them.".to_owned(),
            None => {}
        }
        if self.failing < self.all.len() {
            return ".".to_owned();
        }
        let diverged = if self.diverged { ", or diverged" } else { "" };
        format!(": {each} is distinguishable from retraining{diverged}.")
    }
}

/// "a, b and c", or "a, b, c, d, e and 4 others".
fn listed(names: &[&str]) -> String {
    let (shown, rest) = names.split_at(names.len().min(LISTED));
    match (shown, rest.len()) {
        (_, 1..) => {
            let plural = if rest.len() == 1 { "" } else { "s" };
            format!("{} and {} other{plural}", shown.join(", "), rest.len())
        }
        ([before @ .., last], 0) if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        _ => shown.join(", "),
    }
}

/// The method nearest to retraining.
struct Nearest<'a> {
    name: &'a str,
    distance: String,
    /// Others that may be as near.
    level: usize,
    /// The distance of doing nothing.
    nothing: Option<String>,
}

impl Nearest<'_> {
    fn said(&self, alone: bool) -> String {
        let distance = &self.distance;
        let mut text = match alone {
            true => format!("Its distance from retraining is {distance}"),
            false => format!(
                "Nearest to retraining is {}, at a distance of {distance}",
                self.name
            ),
        };
        if let Some(nothing) = &self.nothing {
            text += &format!(" (doing nothing: {nothing})");
        }
        text += match self.level {
            0 => ".".to_owned(),
            1 => "; 1 other may be as near.".to_owned(),
            others => format!("; {others} others may be as near."),
        }
        .as_str();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_who_passes_and_who_is_nearest() {
        let near = Nearest {
            name: "a",
            distance: "0.20".to_owned(),
            level: 1,
            nothing: Some("1.00".to_owned()),
        };
        let judged = |passing: &[&str], all: &[&str], failing, everywhere: &str, most| {
            let judgement = Judgement {
                all: all.to_vec(),
                passing: passing.to_vec(),
                failing,
                diverged: false,
                everywhere: everywhere.to_owned(),
                most,
            };
            judgement.said(Some(near.said(all.len() == 1)))
        };
        let text = |passing: &[&str], all: &[&str]| {
            judged(passing, all, all.len() - passing.len(), "", None)
        };
        assert_eq!(
            text(&[], &["a", "b", "c"]),
            "None of the 3 methods passes: each is distinguishable from retraining. Nearest to retraining is a, \
             at a distance of 0.20 (doing nothing: 1.00); 1 other may be as near."
        );
        assert!(text(&["b"], &["a", "b"]).starts_with("1 of the 2 methods passes: b is not"));
        assert!(text(&[], &["a"]).starts_with("a does not pass: it is"));
        assert!(text(&["a"], &["a"]).contains("passes: it is not"));
        assert!(text(&[], &[]).starts_with("Only controls"));
        let everywhere = |most| judged(&[], &["a", "b"], 2, " in all 3 cases", Some(("b", most)));
        assert!(
            everywhere(2).starts_with("None of the 2 methods passes in all 3 cases; b passes in 2")
        );
        assert!(
            everywhere(0)
                .starts_with("None of the 2 methods passes in all 3 cases, nor in any of them.")
        );
        let unknown = judged(&[], &["a", "b"], 1, "", None);
        assert!(unknown.starts_with("None of the 2 methods passes. Nearest"));
    }

    #[test]
    fn controls_that_do_not_pass_are_named() {
        assert_eq!(training_shows(&[]), "");
        let one = training_shows(&["retrain"]);
        assert!(one.starts_with(" The control retrain is distinguishable, too"));
        let two = training_shows(&RETRAINED);
        assert!(two.starts_with(" The controls retrain and retrain-longer are"));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        let many = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(listed(&many), "a, b, c, d, e and 2 others");
        assert_eq!(listed(&many[..6]), "a, b, c, d, e and 1 other");
    }
}
