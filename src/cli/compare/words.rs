//! A comparison as text: tables and sentences.

use std::fmt::Write as _;

use unlearn::compare::{Comparison, Direction, Forget, Judged, MethodRow, Summary, Value};
use unlearn::metrics::Kind;
use unlearn::metrics::floor::SPLITS;
use unlearn::report::comparison::{
    ain, known_at_once, nothing_to_forget, of_samples, over, plain, spread, stable, verdict,
};
use unlearn::verdict::{digits, fixed};

use crate::cli::table::columns;
use crate::cli::text::fold;

/// Metrics of the table over all cases.
const KEY: [&str; 6] = ["UA", "RA", "TA kept", "MIA", "U-LiRA", "relearn"];

/// What a terminal shows: the ranking, and what gives methods away.
pub(super) fn brief(c: &Comparison) -> String {
    let text = match c.cases.as_slice() {
        [only] => one(only),
        _ => all(c),
    };
    head(c) + &text + "\n" + &fold(CERTIFICATE, 0) + "\n"
}

/// The whole report, with every metric.
pub(super) fn words(c: &Comparison) -> String {
    let mut text = brief(c);
    for case in &c.cases {
        if c.cases.len() > 1 {
            let _ = write!(
                text,
                "\n\n== {}\n\n{}",
                c.settings.name(&case.case),
                one(case)
            );
        }
        text += "\n";
        text += &details(case);
    }
    text
}

const CERTIFICATE: &str = "This is no certificate. It says which methods these metrics distinguish from \
     this many retrained networks, and nothing of attacks that are not among them.";

fn head(c: &Comparison) -> String {
    let s = &c.settings;
    let what = match &s.forget {
        Forget::Digits(all) => digits(all),
        Forget::Each => "each of the ten digits, in turn".to_owned(),
        Forget::Samples(count) => format!("{count} training images"),
    };
    let second = match s.methods.iter().any(|m| m == "retrain" || m == "all") {
        true => " retrain is a second set of retrained networks.",
        false => "",
    };
    let mut text = String::new();
    for reason in &c.never_learned {
        let _ = writeln!(text, "{reason}\n");
    }
    let _ = write!(
        text,
        "Forgetting {what}: {} original networks, {} retrained ones; methods have up to {} steps.",
        s.learners, s.retrained, s.budget,
    );
    let ranked = c.cases.iter().any(|case| case.never_learned.is_none());
    if ranked {
        let _ = write!(
            text,
            " Distances are in units of the noise floor: what groups of retrained networks differ by \
             among themselves (95th percentile of {SPLITS} divisions). Up to 1 a method is not \
             distinguishable from retraining by that metric; * marks more than 1.{second}",
        );
    }
    text += "\n\n";
    if let Forget::Samples(_) = s.forget {
        let _ = writeln!(text, "{}\n", of_samples());
    }
    fold(&text, 0)
}

/// A single case.
fn one(c: &Judged) -> String {
    if c.never_learned.is_some() {
        return "Methods are not ranked.\n".to_owned();
    }
    let mut text = format!("{}\n\n{}\n\n", ranking(c), usual(c));
    for sentence in [known_at_once(c), nothing_to_forget(c)]
        .into_iter()
        .flatten()
    {
        let _ = writeln!(text, "{}", fold(sentence, 0));
    }
    for row in &c.methods {
        let _ = writeln!(text, "{}", fold(&verdict(row), INDENT));
    }
    text
}

/// What follows on a method's name is set in.
const INDENT: usize = 4;

/// Every metric of a case.
fn details(c: &Judged) -> String {
    let mut text = format!("{}\n\n{}\n\n", distances(c), values(c));
    let _ = writeln!(text, "± is the standard deviation over networks.");
    if c.methods.iter().any(|row| row.sensitivity.is_some()) {
        let _ = writeln!(text, "\n{}", sensitivities(c));
    }
    text
}

/// Methods by score, with what it is made of.
fn ranking(c: &Judged) -> String {
    let mut head = strings(&["units of noise", "score"]);
    head.extend(Kind::ALL.map(|kind| kind.name().to_owned()));
    head.push("told by".to_owned());
    let row = |r: &MethodRow| {
        let mut cells = vec![label(&r.method), marked(r.score)];
        cells.extend(r.kinds.iter().map(|(_, units)| marked(*units)));
        cells.push(format!("{} of {}", r.told_by, r.measured));
        cells
    };
    let rows: Vec<_> = c.methods.iter().map(row).collect();
    columns(&head, &rows)
}

/// What methods were set to, and what they come to in figures that others give too.
fn usual(c: &Judged) -> String {
    let head = strings(&["method", "rate", "gap", "AIN", "time"]);
    let row = |r: &MethodRow| {
        vec![
            label(&r.method),
            setting(r),
            number(r.average_gap, 1),
            ain(r),
            number(r.run_time, 2),
        ]
    };
    let rows: Vec<_> = c.methods.iter().map(row).collect();
    let legend = "gap: mean difference to retrained networks over UA, RA, TA kept and MIA, in points; \
                  AIN: relearn time, and time: samples that go through networks, as shares of \
                  retraining's.";
    columns(&head, &rows) + "\n\n" + &fold(legend, 0)
}

fn number(value: f64, digits: usize) -> String {
    match value.is_finite() {
        true => format!("{value:.digits$}"),
        false => "–".to_owned(),
    }
}

/// Several cases, together and beside each other.
fn all(c: &Comparison) -> String {
    let mut text = format!("{}\n\n{}\n\n", summaries(c), scores(c));
    let legend = format!(
        "± is the standard deviation over {}; a value in each is the mean over its networks.",
        over(c)
    );
    let _ = writeln!(text, "{}", fold(&legend, 0));
    for sentence in [known_at_once, nothing_to_forget] {
        let all: Option<Vec<&str>> = c.cases.iter().map(sentence).collect();
        if let Some(said) = all.as_deref().and_then(<[&str]>::first) {
            let _ = writeln!(text, "{}", fold(said, 0));
        }
    }
    if let Some(stability) = &c.stability {
        let _ = writeln!(text, "{}", fold(&stable(stability), 0));
        for (seed, ranking) in &stability.rankings {
            let line = format!("  seed {seed}: {}", ranking.join(", "));
            let _ = writeln!(text, "{}", fold(&line, INDENT));
        }
    }
    text
}

fn strings(head: &[&str]) -> Vec<String> {
    head.iter().map(|text| (*text).to_owned()).collect()
}

/// A method's name, with a word on the row that is not what it seems.
fn label(method: &str) -> String {
    match unlearn::methods::named(method) {
        Some(m) if m.retrains() => format!("{method} (2nd set)"),
        Some(m) if m.is_control() => format!("{method} (control)"),
        _ => method.to_owned(),
    }
}

fn marked(units: f64) -> String {
    match units {
        u if u.is_nan() => "–".to_owned(),
        u if u >= 100.0 => "100+*".to_owned(),
        u if u >= 9.95 => format!("{u:.0}*"),
        u if u >= 1.05 => format!("{u:.1}*"),
        u => format!("{u:.1}"),
    }
}

/// Distances in units of noise.
fn distances(c: &Judged) -> String {
    let mut head = strings(&["units of noise"]);
    head.extend(c.floors.iter().map(|(name, _)| name.clone()));
    let row = |label: String, values: &[Value]| {
        let cells = values.iter().map(|v| marked(v.units));
        std::iter::once(label).chain(cells).collect::<Vec<String>>()
    };
    let method = |r: &MethodRow| row(label(&r.method), &r.portrait.values);
    let mut rows: Vec<Vec<String>> = c.methods.iter().map(method).collect();
    rows.push(row("(originals)".to_owned(), &c.originals.values));
    columns(&head, &rows)
}

/// Mean ± standard deviation over networks.
fn values(c: &Judged) -> String {
    let names = c.floors.iter().map(|(name, _)| name.clone());
    let head = strings(&["values", "quality"]).into_iter().chain(names);
    let row = |label: String, quality: String, values: &[Value]| {
        let cells = values.iter().map(plain);
        [label, quality].into_iter().chain(cells).collect()
    };
    let method = |r: &MethodRow| {
        let quality = fixed(r.quality, 2);
        row(label(&r.method), quality, &r.portrait.values)
    };
    let mut rows: Vec<Vec<String>> = c.methods.iter().map(method).collect();
    for (name, portrait) in [("(retrained)", &c.retrained), ("(originals)", &c.originals)] {
        rows.push(row(name.to_owned(), String::new(), &portrait.values));
    }
    columns(&head.collect::<Vec<_>>(), &rows)
}

fn setting(r: &MethodRow) -> String {
    match (r.setting.rate > 0.0, r.setting.strength > 0.0) {
        (false, false) => String::new(),
        (false, true) => format!("–, {}", r.setting.strength),
        (true, false) => format!("{}", r.setting.rate),
        (true, true) => format!("{}, {}", r.setting.rate, r.setting.strength),
    }
}

/// Gaps next to the chosen setting.
fn sensitivities(c: &Judged) -> String {
    let mut head = strings(&["gap on trial", "rate", "chosen"]);
    head.extend(Direction::ALL.map(|d| d.name().to_owned()));
    head.push("ends of the grid".to_owned());
    let gap = |gap: f64| match gap.is_finite() {
        true => format!("{gap:.1}"),
        false => "diverged".to_owned(),
    };
    let row = |r: &MethodRow| {
        let s = r.sensitivity.as_ref()?;
        let mut cells = vec![label(&r.method), setting(r), gap(s.gap)];
        cells.extend(Direction::ALL.map(|direction| {
            let mut next = s.neighbours.iter().filter(|n| n.direction == direction);
            next.next().map_or(String::new(), |n| gap(n.tried.gap))
        }));
        let ends: Vec<&str> = s.ends.iter().map(|end| end.name()).collect();
        cells.push(match ends.is_empty() {
            true => String::new(),
            false => format!("not tried: {}", ends.join(", ")),
        });
        Some(cells)
    };
    let rows: Vec<Vec<String>> = c.methods.iter().filter_map(row).collect();
    let legend = "The average gap, in points, at the chosen setting and at its neighbours, on the \
                  networks that settings are tried on. At an end of the grid a better setting may lie \
                  beyond.";
    columns(&head, &rows) + "\n\n" + &fold(legend, 0) + "\n"
}

/// Methods over all cases.
fn summaries(c: &Comparison) -> String {
    let mut head = strings(&["over all", "score"]);
    head.extend(Kind::ALL.map(|kind| kind.name().to_owned()));
    head.push("gap".to_owned());
    head.extend(KEY.map(str::to_owned));
    let row = |r: &Summary| {
        let mut cells = vec![label(&r.method), spread(&r.score)];
        cells.extend(r.kinds.iter().map(|(_, kind)| spread(kind)));
        cells.push(spread(&r.average_gap));
        let keys = KEY
            .iter()
            .filter_map(|key| r.values.iter().find(|(name, _)| name == key));
        cells.extend(keys.map(|(_, value)| spread(value)));
        cells
    };
    let rows: Vec<_> = c.methods.iter().map(row).collect();
    columns(&head, &rows)
}

/// Scores of methods by case.
fn scores(c: &Comparison) -> String {
    let name = |one: &Judged| c.settings.name(&one.case).replace(", ", ",\n");
    let names = c.cases.iter().map(name);
    let head: Vec<String> = strings(&["scores"]).into_iter().chain(names).collect();
    let row = |r: &Summary| {
        let scores = r.score.cases.iter().map(|score| marked(*score));
        std::iter::once(label(&r.method)).chain(scores).collect()
    };
    let rows: Vec<_> = c.methods.iter().map(row).collect();
    columns(&head, &rows)
}
