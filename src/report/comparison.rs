//! A comparison of methods as one self-contained page.

mod case;
mod plots;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::compare::{Across, Comparison, Forget, MethodRow, Settings, Stability, Summary, Value};
use crate::metrics::{self, Kind};
use crate::report::palette;
use crate::verdict::{fixed, list};
use plots::Ranked;

const STYLE: &str = include_str!("html/style.css");
const OWN_STYLE: &str = include_str!("html/comparison.css");

/// The page.
pub fn page(comparison: &Comparison) -> String {
    let title = title(&comparison.settings);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · unlearn" }
                style { (PreEscaped(palette::css())) (PreEscaped(STYLE)) (PreEscaped(OWN_STYLE)) }
            }
            body { main {
                (head(comparison, &title))
                @if let [only] = comparison.cases.as_slice() {
                    (case::sections(only))
                } @else {
                    (overview(comparison))
                    @for one in &comparison.cases {
                        details {
                            summary { (comparison.settings.name(&one.case)) }
                            (case::sections(one))
                        }
                    }
                }
                (meanings(comparison))
                (limits())
            } }
        }
    };
    page.into_string()
}

fn title(settings: &Settings) -> String {
    match &settings.forget {
        Forget::Digits(digits) => match digits.as_slice() {
            [digit] => format!("Which method forgets the {digit}?"),
            digits => format!("Which method forgets {}?", list(digits)),
        },
        Forget::Each => "Which method forgets a digit, whichever it is?".to_owned(),
        Forget::Samples(count) => format!("Which method forgets {count} of the images?"),
    }
}

fn head(c: &Comparison, title: &str) -> Markup {
    let s = &c.settings;
    let seeds: Vec<String> = s.seeds.iter().map(u64::to_string).collect();
    html! {
        header {
            h1 { (title) }
            p.lead {
                (c.methods.len()) " methods on the same " (s.learners) " networks, up to " (s.budget)
                " steps each, beside " (s.retrained) " networks that never saw what was to be forgotten."
            }
            @for reason in &c.never_learned { p { b { (reason) } } }
            @if let Forget::Samples(_) = s.forget { p { (of_samples()) } }
            p { (s.data) " · " (s.device) " · seed " (seeds.join(", ")) }
        }
    }
}

/// What metrics look at where no digit is forgotten.
pub fn of_samples() -> &'static str {
    "The images were drawn at random from all digits, so no digit is forgotten: TA kept is TA all, and \
     answers and relearning ask for the forgotten training images themselves."
}

/// Where the originals pass for retrained networks, so does a method that does nothing.
pub fn nothing_to_forget(c: &crate::compare::Judged) -> Option<&'static str> {
    let units: Vec<f64> = c.originals.values.iter().map(|v| v.units).collect();
    (!c.chance.exceeded(&units)).then_some(
        "The originals themselves are not distinguishable from retrained networks here: there is nothing to \
         forget that these metrics see, and a method that does nothing looks perfect.",
    )
}

/// What a standard deviation over cases is over: "10 digits".
pub fn over(c: &Comparison) -> String {
    let seeds = c.settings.seeds.len();
    match (&c.settings.forget, seeds) {
        (Forget::Each, 1) => format!("{} digits", c.cases.len()),
        (Forget::Each, _) => format!("{} pairs of a digit and a seed", c.cases.len()),
        _ => format!("{seeds} seeds"),
    }
}

/// A method's name in a table.
fn label(method: &str) -> Markup {
    let named = crate::methods::named(method);
    let note = match named {
        Some(m) if m.retrains() => " (2nd set)",
        Some(m) if m.is_control() => " (control)",
        _ => "",
    };
    html! { (method) span.pm { (note) } }
}

/// What the row of retraining is.
fn second_set() -> Markup {
    html! { i { "retrain" } " is a second set of retrained networks, judged like a method." }
}

/// All cases together: methods by cases.
fn overview(c: &Comparison) -> Markup {
    let unranked = !c.never_learned.is_empty();
    let ranked = |row: &Summary| Ranked {
        method: row.method.clone(),
        score: row.score.mean,
        kinds: row.kinds.iter().map(|(kind, a)| (*kind, a.mean)).collect(),
    };
    html! {
        @if !unranked { section {
            h2 { "Ranking" }
            p {
                "The score is the mean distance over four kinds of metric, in units of the noise floor; each "
                "kind's part of the bar is what it adds. Mean over " (over(c)) "."
            }
            (plots::ranking(&c.methods.iter().map(ranked).collect::<Vec<_>>()))
            @if let Some(stability) = &c.stability { p { (stable(stability)) } }
        } }
        section {
            h2 { "All together" }
            p {
                "Scores, in units of the noise floor: up to 1 (green) a method is not distinguishable from "
                "retraining. Left, mean ± standard deviation over " (over(c)) "; right, each by itself"
                @if c.settings.forget == Forget::Each && c.settings.seeds.len() > 1 { " (digit · seed)" }
                ". "
                (second_set())
            }
            div.wide { table.heat cellpadding="4" {
                thead { tr {
                    th { "method" } th.number { "score" }
                    @for kind in Kind::ALL { th.number { (kind.name()) } }
                    @for one in &c.cases { th.number { (short_name(c, one)) } }
                } }
                tbody { @for row in &c.methods { tr {
                    th scope="row" { (label(&row.method)) }
                    (across(&row.score))
                    @for (_, kind) in &row.kinds { (across(kind)) }
                    @for score in &row.score.cases { td.number.(class(*score)) { (units(*score)) } }
                } } }
            } }
        }
        section {
            h2 { "Values" }
            p { "Mean ± standard deviation over " (over(c)) " of the mean over networks." }
            div.wide { table cellpadding="4" {
                thead { tr {
                    th { "method" } th.number { "gap" }
                    @for (name, _) in c.methods.first().map_or(&[][..], |row| &row.values) { th.number { (name) } }
                } }
                tbody { @for row in &c.methods { tr {
                    th scope="row" { (label(&row.method)) }
                    td.number { (spread(&row.average_gap)) }
                    @for (_, value) in &row.values { td.number { (spread(value)) } }
                } } }
            } }
        }
    }
}

/// A case's name where a table's head has little room.
fn short_name(c: &Comparison, one: &crate::compare::Judged) -> String {
    let seed = one.case.seed;
    match (one.case.scope.digits(), c.settings.seeds.len()) {
        (digits, 1) => list(digits),
        (digits, _) if c.settings.forget == Forget::Each => format!("{} · {seed}", list(digits)),
        _ => format!("seed {seed}"),
    }
}

fn across(value: &Across) -> Markup {
    html! { td.number.(class(value.mean)) {
        b { (units(value.mean)) } span.pm { " ± " (units(value.std)) }
    } }
}

/// A number over cases.
pub fn spread(value: &Across) -> String {
    if !value.mean.is_finite() {
        return "–".to_owned();
    }
    let digits = if value.mean.abs() >= 10.0 { 1 } else { 2 };
    format!(
        "{} ± {}",
        fixed(value.mean, digits),
        fixed(value.std, digits)
    )
}

/// Whether the ranking is the same under every seed, in words.
pub fn stable(s: &Stability) -> String {
    let judgement = match s.stable {
        true => "The ranking is stable",
        false => "The ranking is not stable: read it as groups of methods, not as an order",
    };
    let end = s.end;
    format!(
        "{judgement}. Any two of the {} seeds share at least {} of the {end} best and {} of the {end} \
         worst methods, and Kendall's τ of their rankings is {} at least.",
        s.rankings.len(),
        s.best_shared,
        s.worst_shared,
        fixed(s.tau, 2)
    )
}

/// The class of a cell, by its distance.
fn class(units: f64) -> &'static str {
    match units {
        u if u <= 1.0 || u.is_nan() => "inside",
        u if u <= 3.0 => "near",
        u if u <= 10.0 => "far",
        _ => "farther",
    }
}

fn units(units: f64) -> String {
    match units {
        u if u.is_nan() => "–".to_owned(),
        u if u >= 100.0 => "100+".to_owned(),
        u if u >= 9.95 => format!("{u:.0}"),
        u => format!("{u:.1}"),
    }
}

/// What gives a method away, in words.
pub fn verdict(row: &MethodRow) -> String {
    if row.diverged > 0 {
        let plural = if row.diverged == 1 { "" } else { "s" };
        return format!(
            "{}: {} network{plural} diverged; with all settings that were tried, this budget ruins them.",
            row.method, row.diverged
        );
    }
    let values = row.portrait.values.iter();
    let mut told: Vec<&Value> = values.filter(|v| v.units > 1.0).collect();
    told.sort_by(|a, b| b.units.total_cmp(&a.units));
    let (name, count, all) = (&row.method, row.told_by, row.measured);
    let chance = row.chance.told;
    if !row.told {
        return format!(
            "{name}: not distinguishable from retraining: {count} of {all} metrics are beyond their noise, as \
             up to {chance} are by chance among retrained networks."
        );
    }
    let times = |v: &&Value| format!("{} ({} times the noise)", v.metric, units(v.units));
    let worst: Vec<String> = told.iter().take(3).map(times).collect();
    let mut text = format!(
        "{name}: distinguishable from retraining by {count} of {all} metrics ({chance} by chance), most of \
         all {}.",
        worst.join(", ")
    );
    if count <= chance {
        let most = units(row.chance.units);
        text += &format!(" By chance the largest is {most} times the noise at the most.");
    }
    text
}

/// The mean ± standard deviation in few digits; a dash where there is none, and > where it is only known
/// to be larger.
pub fn plain(value: &Value) -> String {
    let more = if value.censored > 0 { "> " } else { "" };
    let (mean, std) = (value.value.mean, value.value.std);
    let digits = if mean.abs() >= 10.0 { 1 } else { 2 };
    match value.value.learners.len() {
        _ if !mean.is_finite() => "–".to_owned(),
        0 | 1 => format!("{more}{}", fixed(mean, digits)),
        _ => format!("{more}{} ± {}", fixed(mean, digits), fixed(std, digits)),
    }
}

/// A method's AIN; > where networks did not learn again within the steps that were tried.
pub fn ain(row: &MethodRow) -> String {
    let censored = row.portrait.values.iter().any(|value| value.censored > 0);
    let more = if censored { "> " } else { "" };
    row.ain
        .map_or("–".to_owned(), |ain| format!("{more}{ain:.2}"))
}

/// Relearning tells nothing where retrained networks need none of it.
pub fn known_at_once(c: &crate::compare::Judged) -> Option<&'static str> {
    let none = c.methods.iter().all(|row| row.ain.is_none());
    none.then_some(
        "Retrained networks know the forgotten images at once: they relearn in 0 steps, so AIN is no \
         number, and relearning can tell only what ruins networks.",
    )
}

fn meanings(c: &Comparison) -> Markup {
    let metrics = metrics::all(c.settings.hidden.len());
    html! {
        section {
            h2 { "Metrics" }
            dl { @for metric in &metrics { dt { (metric.name()) } dd { (metric.meaning()) } } }
        }
    }
}

fn limits() -> Markup {
    html! {
        section {
            h2 { "What this does not say" }
            p {
                "It is no certificate. It says which methods these metrics distinguish from so many retrained "
                "networks on this task, and nothing of attacks that are not among them. Output that looks "
                "forgotten is not erased: the zero-logit control changes nothing but the last layer."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Spread;

    #[test]
    fn values_say_where_they_are_cut_off_and_where_there_are_none() {
        let value = |values: &[f64], censored| Value {
            metric: "relearn".to_owned(),
            value: Spread::of(values.to_vec()),
            distance: 0.0,
            units: f64::NAN,
            censored,
        };
        assert_eq!(plain(&value(&[192.0, 192.0], 2)), "> 192.0 ± 0.0");
        assert_eq!(plain(&value(&[1.0, 2.0], 0)), "1.50 ± 0.71");
        assert_eq!(plain(&value(&[f64::NAN], 0)), "–");
        assert_eq!(units(f64::NAN), "–");
    }
}
