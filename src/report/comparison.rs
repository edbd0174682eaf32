//! A comparison of methods as one self-contained page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::compare::{Comparison, MethodRow, Value};
use crate::metrics::{self, Kind};
use crate::verdict::list;

const STYLE: &str = include_str!("html/style.css");
const OWN_STYLE: &str = include_str!("html/comparison.css");

/// The page.
pub fn page(comparison: &Comparison) -> String {
    let title = title(comparison);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · unlearn" }
                style { (PreEscaped(STYLE)) (PreEscaped(OWN_STYLE)) }
            }
            body { main {
                (head(comparison, &title))
                (distances(comparison))
                (verdicts(comparison))
                (values(comparison))
                (settings(comparison))
                (meanings(comparison))
                (limits())
            } }
        }
    };
    page.into_string()
}

fn title(comparison: &Comparison) -> String {
    match comparison.settings.forget.as_slice() {
        [digit] => format!("Which method forgets the {digit}?"),
        digits => format!("Which method forgets {}?", list(digits)),
    }
}

fn head(c: &Comparison, title: &str) -> Markup {
    let s = &c.settings;
    html! {
        header {
            h1 { (title) }
            p.lead {
                (c.methods.len()) " methods on the same " (s.learners) " networks, up to " (s.budget)
                " steps each, beside " (s.retrained) " networks that never saw what was to be forgotten."
            }
            p { (s.data) " · " (s.device) " · seed " (s.seed) }
        }
    }
}

/// Methods by metrics, in units of noise.
fn distances(c: &Comparison) -> Markup {
    html! {
        section {
            h2 { "Distance from retraining" }
            p {
                "In units of the noise floor: what groups of retrained networks differ by among themselves. "
                "Up to 1 (green) a method cannot be told from retraining by that metric. "
                i { "retrain" } " is a second set of retrained networks, judged like a method. "
                "The score is the mean over four kinds of metric: output, inside, relearning, membership."
            }
            div.wide { table.heat {
                thead { tr {
                    th { "method" } th.number { "score" }
                    @for kind in Kind::ALL { th.number { (kind.name()) } }
                    @for (name, _) in &c.floors { th.number { (name) } }
                } }
                tbody {
                    @for row in &c.methods { tr {
                        th scope="row" { (row.method) }
                        td.number { b { (units(row.score)) } }
                        @for (_, mean) in &row.kinds { td.number.(class(*mean)) { (units(*mean)) } }
                        @for value in &row.values { (cell(value)) }
                    } }
                    tr.control {
                        th scope="row" { "noise floor" } td {} td {} td {} td {} td {}
                        @for (_, floor) in &c.floors { td.number { (short(floor.limit)) } }
                    }
                    tr.control {
                        th scope="row" { "originals" } td {} td {} td {} td {} td {}
                        @for value in &c.originals { (cell(value)) }
                    }
                }
            } }
        }
    }
}

fn cell(value: &Value) -> Markup {
    html! { td.number.(class(value.units)) { (units(value.units)) } }
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

fn short(value: f64) -> String {
    match value {
        v if v >= 10.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.1}"),
        v => format!("{v:.3}"),
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

fn verdicts(c: &Comparison) -> Markup {
    html! {
        section {
            h2 { "What gives them away" }
            ul { @for row in &c.methods { li { (verdict(row)) } } }
        }
    }
}

/// What gives a method away, in words.
pub fn verdict(row: &MethodRow) -> String {
    if row.diverged > 0 {
        return format!(
            "{}: {} networks diverged; with all settings that were tried, this budget ruins them.",
            row.method, row.diverged
        );
    }
    let mut told: Vec<&Value> = row.values.iter().filter(|v| v.units > 1.0).collect();
    told.sort_by(|a, b| b.units.total_cmp(&a.units));
    let name = &row.method;
    if !row.told() {
        return format!(
            "{name}: cannot be told from retraining: {} of {} metrics tell it, and by chance up to {} tell \
             retrained networks from each other.",
            told.len(),
            row.values.len(),
            row.chance.told
        );
    }
    let times = |v: &&Value| format!("{} ({} times the noise)", v.metric, units(v.units));
    let worst: Vec<String> = told.iter().take(3).map(times).collect();
    format!(
        "{name}: told from retraining by {} of {} metrics ({} by chance), most of all {}.",
        told.len(),
        row.values.len(),
        row.chance.told,
        worst.join(", ")
    )
}

fn values(c: &Comparison) -> Markup {
    let others = [("retrained", &c.retrained), ("originals", &c.originals)];
    html! {
        section {
            h2 { "Values" }
            p { "Mean ± standard deviation over networks; answers, U-LiRA, ε and KLoM are one number for a group, and "
                "for the retrained networks the mean over ways to divide them in two." }
            div.wide { table {
                thead { tr {
                    th { "method" } th.number { "gap" } th.number { "AIN" } th.number { "quality" } th.number { "time" }
                    @for (name, _) in &c.floors { th.number { (name) } }
                } }
                tbody {
                    @for row in &c.methods { tr {
                        th scope="row" { (row.method) }
                        td.number { (format!("{:.1}", row.average_gap)) }
                        td.number { (ain(row)) }
                        td.number { (format!("{:.2}", row.quality)) }
                        td.number { (format!("{:.2}", row.run_time)) }
                        @for value in &row.values { td.number { (plain(value)) } }
                    } }
                    @for (name, values) in others { tr.control {
                        th scope="row" { (name) } td {} td {} td {} td {}
                        @for value in values { td.number { (plain(value)) } }
                    } }
                }
            } }
            p { "gap: mean difference to retrained networks over UA, RA, TA kept and MIA, in points. AIN: \
                 relearn time over that of retrained networks. quality: the final score of the ε challenge, at the \
                 best that of the row retrain. time: steps over those of retraining." }
        }
    }
}

fn plain(value: &Value) -> String {
    let digits = if value.value.mean.abs() >= 10.0 { 1 } else { 2 };
    match value.value.learners.len() {
        0 | 1 => mean(value),
        _ => format!("{} ± {:.digits$}", mean(value), value.value.std),
    }
}

/// The mean, in few digits; a dash where there is none, and > where it is only known to be larger.
pub fn mean(value: &Value) -> String {
    let more = if value.censored > 0 { "> " } else { "" };
    match value.value.mean {
        mean if !mean.is_finite() => "–".to_owned(),
        mean if mean.abs() >= 10.0 => format!("{more}{mean:.1}"),
        mean => format!("{more}{mean:.2}"),
    }
}

/// A method's AIN; > where networks did not learn again within the steps that were tried.
pub fn ain(row: &MethodRow) -> String {
    let censored = row.values.iter().any(|value| value.censored > 0);
    format!("{}{:.2}", if censored { "> " } else { "" }, row.ain)
}

/// The settings that were tried: how fast results decay away from the chosen one.
fn settings(c: &Comparison) -> Markup {
    let swept = c.methods.iter().filter(|row| row.tried.len() > 1);
    html! {
        section {
            h2 { "Settings" }
            p {
                "The average gap, in points, after every setting that was tried, on two networks that methods "
                "are not scored on, and against six retrained networks that they are not scored by (those of "
                "the row " i { "retrain" } "). The smallest was taken."
            }
            div.wide { table {
                thead { tr { th { "method" } th { "rate (and strength): gap" } } }
                tbody { @for row in swept { tr {
                    th scope="row" { (row.method) }
                    td { @for tried in &row.tried {
                        span.tried.chosen[tried.setting == row.setting] {
                            (tried.setting.rate)
                            @if tried.setting.strength > 0.0 { ", " (tried.setting.strength) }
                            ": " (if tried.gap.is_finite() { format!("{:.1}", tried.gap) } else { "diverged".to_owned() })
                        }
                        " "
                    } }
                } } }
            } }
        }
    }
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
                "It is no certificate. It says which methods these metrics tell from so many retrained "
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
        assert_eq!(mean(&value(&[192.0, 192.0], 2)), "> 192.0");
        assert_eq!(mean(&value(&[1.0, 2.0], 0)), "1.50");
        assert_eq!(mean(&value(&[f64::NAN], 0)), "–");
        assert_eq!(units(f64::NAN), "–");
    }
}
