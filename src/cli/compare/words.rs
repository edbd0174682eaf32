//! A comparison as text: tables and sentences.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use unlearn::compare::{Comparison, Direction, Forget, Judged, MethodRow, Summary, Value};
use unlearn::metrics::Kind;
use unlearn::metrics::floor::SPLITS;
use unlearn::report::comparison::{
    ain, known_at_once, nothing_to_forget, of_samples, over, plain, spread, stable, verdict,
};
use unlearn::verdict::digits;

/// Metrics beside each other in a table.
const COLUMNS: usize = 7;
/// Columns of running text.
const WIDTH: usize = 100;
/// Metrics of the table over all cases.
const KEY: [&str; 6] = ["UA", "RA", "TA kept", "MIA", "U-LiRA", "relearn"];

/// What a terminal shows: the ranking, and what gives methods away.
pub(super) fn brief(c: &Comparison) -> String {
    let text = match c.cases.as_slice() {
        [only] => one(only),
        _ => all(c),
    };
    head(c) + &text + CERTIFICATE
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

const CERTIFICATE: &str = "\nThis is no certificate. It says which methods these metrics tell from so many retrained\n\
    networks, and nothing of attacks that are not among them.\n";

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
    let mut text = format!(
        "Forgetting {what}: {} original networks, {} retrained ones; methods have up to {} steps.\n\
         Distances are in units of the noise floor: what groups of retrained networks differ by among\n\
         themselves (95th percentile of {} divisions). Up to 1 a method cannot be told from retraining\n\
         by that metric; * marks more than 1.{second}\n\n",
        s.learners, s.retrained, s.budget, SPLITS,
    );
    if let Forget::Samples(_) = s.forget {
        let _ = writeln!(text, "{}\n", textwrap::fill(of_samples(), WIDTH));
    }
    text
}

/// A single case.
fn one(c: &Judged) -> String {
    let mut text = format!("{}\n\n", ranking(c));
    for sentence in [known_at_once(c), nothing_to_forget(c)]
        .into_iter()
        .flatten()
    {
        let _ = writeln!(text, "{}", textwrap::fill(sentence, WIDTH));
    }
    for row in &c.methods {
        let _ = writeln!(text, "{}", textwrap::fill(&verdict(row), wrapped()));
    }
    text
}

/// Running text, with what follows on a method's name set in.
fn wrapped() -> textwrap::Options<'static> {
    textwrap::Options::new(WIDTH).subsequent_indent("    ")
}

/// Every metric of a case.
fn details(c: &Judged) -> String {
    let mut text = String::new();
    for from in (0..c.floors.len()).step_by(COLUMNS) {
        let _ = writeln!(text, "{}\n", distances(c, from));
    }
    for from in (0..c.floors.len()).step_by(COLUMNS) {
        let _ = writeln!(text, "{}\n", values(c, from));
    }
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
    head.extend(strings(&["told by", "rate", "gap", "AIN", "time"]));
    let row = |r: &MethodRow| {
        let mut cells = vec![label(&r.method), marked(r.score)];
        cells.extend(r.kinds.iter().map(|(_, units)| marked(*units)));
        cells.push(format!("{} of {}", r.told_by, r.measured));
        cells.extend([
            setting(r),
            number(r.average_gap, 1),
            ain(r),
            number(r.run_time, 2),
        ]);
        cells
    };
    let rows = c.methods.iter().map(row).collect();
    table(head, rows, CellAlignment::Right)
        + "\n\ngap: mean difference to retrained networks over UA, RA, TA kept and MIA, in points; AIN: relearn\n\
           time, and time: samples that go through networks, as shares of retraining's."
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
    let _ = writeln!(
        text,
        "± is the standard deviation over {}; a value in each is the mean over its networks.",
        over(c)
    );
    for sentence in [known_at_once, nothing_to_forget] {
        let all: Option<Vec<&str>> = c.cases.iter().map(sentence).collect();
        if let Some(said) = all.as_deref().and_then(<[&str]>::first) {
            let _ = writeln!(text, "{said}");
        }
    }
    if let Some(stability) = &c.stability {
        let _ = writeln!(text, "{}", stable(stability));
        for (seed, ranking) in &stability.rankings {
            let _ = writeln!(text, "  seed {seed}: {}", ranking.join(", "));
        }
    }
    text
}

pub(super) fn table(head: Vec<String>, rows: Vec<Vec<String>>, alignment: CellAlignment) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(head);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(alignment);
    }
    table.trim_fmt()
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

/// Distances in units of noise, of some metrics.
fn distances(c: &Judged, from: usize) -> String {
    let to = (from + COLUMNS).min(c.floors.len());
    let mut head = strings(&["units of noise"]);
    head.extend(c.floors[from..to].iter().map(|(name, _)| name.clone()));
    let row = |label: String, values: &[Value]| {
        let cells = values[from..to].iter().map(|v| marked(v.units));
        std::iter::once(label).chain(cells).collect::<Vec<String>>()
    };
    let method = |r: &MethodRow| row(label(&r.method), &r.portrait.values);
    let mut rows: Vec<Vec<String>> = c.methods.iter().map(method).collect();
    rows.push(row("(originals)".to_owned(), &c.originals.values));
    table(head, rows, CellAlignment::Right)
}

/// Mean ± standard deviation over networks, of some metrics.
fn values(c: &Judged, from: usize) -> String {
    let to = (from + COLUMNS).min(c.floors.len());
    let names = c.floors[from..to].iter().map(|(name, _)| name.clone());
    let row = |label: String, first: Vec<String>, values: &[Value]| {
        let cells = values[from..to].iter().map(plain);
        let first = if from == 0 { first } else { Vec::new() };
        let row = std::iter::once(label).chain(first).chain(cells);
        row.collect::<Vec<String>>()
    };
    let more = if from == 0 { "values" } else { "more values" };
    let first = strings(if from == 0 {
        &["rate", "gap", "AIN", "quality"]
    } else {
        &[]
    });
    let head = strings(&[more]).into_iter().chain(first).chain(names);
    let method = |r: &MethodRow| {
        let (gap, quality) = (format!("{:.1}", r.average_gap), format!("{:.2}", r.quality));
        let first = vec![setting(r), gap, ain(r), quality];
        row(label(&r.method), first, &r.portrait.values)
    };
    let mut rows: Vec<Vec<String>> = c.methods.iter().map(method).collect();
    for (name, portrait) in [("(retrained)", &c.retrained), ("(originals)", &c.originals)] {
        rows.push(row(
            name.to_owned(),
            strings(&["", "", "", ""]),
            &portrait.values,
        ));
    }
    table(head.collect(), rows, CellAlignment::Right)
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
    table(head, rows, CellAlignment::Right)
        + "\nThe average gap, in points, at the chosen setting and at its neighbours, on the networks\n\
           that settings are tried on. At an end of the grid a better setting may lie beyond.\n"
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
    table(
        head,
        c.methods.iter().map(row).collect(),
        CellAlignment::Right,
    )
}

/// Scores of methods by case.
fn scores(c: &Comparison) -> String {
    let names = c.cases.iter().map(|one| c.settings.name(&one.case));
    let head = strings(&["scores"]).into_iter().chain(names);
    let row = |r: &Summary| {
        let scores = r.score.cases.iter().map(|score| marked(*score));
        std::iter::once(label(&r.method)).chain(scores).collect()
    };
    let rows = c.methods.iter().map(row).collect();
    table(head.collect(), rows, CellAlignment::Right)
}
