//! What the page shows of one case.

use maud::{Markup, html};

use super::plots::{self, Ranked};
use super::{
    ain, class, known_at_once, label, nothing_to_forget, plain, second_set, units, verdict,
};
use crate::compare::{Judged, MethodRow, Value};
use crate::metrics::Kind;
use crate::verdict::fixed;

/// All sections of a case.
pub(super) fn sections(c: &Judged) -> Markup {
    html! {
        @if c.never_learned.is_none() { (ranking(c)) }
        (distances(c))
        @if c.never_learned.is_none() { (verdicts(c)) }
        (plots::answers(c))
        (plots::relearning(c))
        (plots::settings(c))
        (values(c))
    }
}

fn ranking(c: &Judged) -> Markup {
    let ranked = |row: &MethodRow| Ranked {
        method: row.method.clone(),
        score: row.score,
        kinds: row.kinds.clone(),
    };
    html! {
        section {
            h2 { "Ranking" }
            p {
                "The score is the mean distance over four kinds of metric, in units of the noise floor; each "
                "kind's part of the bar is what it adds. " (second_set())
            }
            (plots::ranking(&c.methods.iter().map(ranked).collect::<Vec<_>>()))
        }
    }
}

/// Methods by metrics, in units of noise.
fn distances(c: &Judged) -> Markup {
    html! {
        section {
            h2 { "Distance from retraining" }
            p {
                "In units of the noise floor: what groups of retrained networks differ by among themselves. "
                "Up to 1 (green) a method is not distinguishable from retraining by that metric. "
                "Each kind counts as the mean over its metrics."
            }
            div.wide { table.heat cellpadding="4" {
                thead { tr {
                    th { "method" } th.number { "score" }
                    @for kind in Kind::ALL { th.number { (kind.name()) } }
                    @for (name, _) in &c.floors { th.number { (name) } }
                } }
                tbody {
                    @for row in &c.methods { tr {
                        th scope="row" { (label(&row.method)) }
                        td.number { b { (units(row.score)) } }
                        @for (_, mean) in &row.kinds { td.number.(class(*mean)) { (units(*mean)) } }
                        @for value in &row.portrait.values { (cell(value)) }
                    } }
                    tr.control {
                        th scope="row" { "noise floor" } td {} td {} td {} td {} td {}
                        @for (_, floor) in &c.floors { td.number { (short(floor.limit)) } }
                    }
                    tr.control {
                        th scope="row" { "originals" } td {} td {} td {} td {} td {}
                        @for value in &c.originals.values { (cell(value)) }
                    }
                }
            } }
        }
    }
}

fn cell(value: &Value) -> Markup {
    html! { td.number.(class(value.units)) { (units(value.units)) } }
}

fn short(value: f64) -> String {
    match value {
        v if v >= 10.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.1}"),
        v => format!("{v:.3}"),
    }
}

fn verdicts(c: &Judged) -> Markup {
    html! {
        section {
            h2 { "What gives them away" }
            @if let Some(text) = nothing_to_forget(c) { p { b { (text) } } }
            ul { @for row in &c.methods { li { (verdict(row)) } } }
        }
    }
}

fn values(c: &Judged) -> Markup {
    let others = [
        ("retrained", &c.retrained.values),
        ("originals", &c.originals.values),
    ];
    html! {
        section {
            h2 { "Values" }
            p { "Mean ± standard deviation over networks; answers, U-LiRA, ε and KLoM are one number for a group, and "
                "for the retrained networks the mean over ways to divide them in two." }
            div.wide { table cellpadding="4" {
                thead { tr {
                    th { "method" } th.number { "gap" } th.number { "AIN" } th.number { "quality" } th.number { "time" }
                    @for (name, _) in &c.floors { th.number { (name) } }
                } }
                tbody {
                    @for row in &c.methods { tr {
                        th scope="row" { (label(&row.method)) }
                        td.number { (fixed(row.average_gap, 1)) }
                        td.number { (ain(row)) }
                        td.number { (fixed(row.quality, 2)) }
                        td.number { (fixed(row.run_time, 2)) }
                        @for value in &row.portrait.values { td.number { (plain(value)) } }
                    } }
                    @for (name, values) in others { tr.control {
                        th scope="row" { (name) } td {} td {} td {} td {}
                        @for value in values { td.number { (plain(value)) } }
                    } }
                }
            } }
            p { "gap: mean difference to retrained networks over UA, RA, TA kept and MIA, in points. AIN: \
                 relearn time over that of retrained networks. quality: the final score of the ε challenge, at the \
                 best that of the row retrain. time: samples that go through networks, as a share of retraining's." }
            @if let Some(text) = known_at_once(c) { p { (text) } }
        }
    }
}
