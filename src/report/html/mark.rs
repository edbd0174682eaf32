//! Keys and bars as small pictures, whose attributes hold all that they need.

use maud::{Markup, html};

use crate::record::{Arm, Spread};
use crate::report::palette::{CARD, INK, PALE, Rgb, TRACK};
use crate::report::plot;
use crate::report::plot::chart::Mark;
use crate::report::sheet::has_std;

/// A small square in the arm's colour: unlearned and relearned share one, and differ in shade.
pub(crate) fn key(arm: Arm, faded: bool) -> Markup {
    let colour = plot::colour(arm);
    square(if faded { PALE } else { colour }, colour)
}

/// A small square.
pub(crate) fn square(fill: Rgb, edge: Rgb) -> Markup {
    html! {
        svg.key width="20" height="12" aria-hidden="true" {
            rect x="1" y="1" width="10" height="10" rx="2"
                fill=(fill) stroke=(edge) stroke-width="2" {}
        }
    }
}

/// A piece of the arm's line.
pub(crate) fn stroke_key(arm: Arm) -> Markup {
    let stroke = plot::stroke(arm);
    html! {
        svg.key width="34" height="12" aria-hidden="true" {
            line x1="0" x2="26" y1="6" y2="6" stroke=(stroke.colour) stroke-width=(stroke.width)
                stroke-dasharray=[stroke.dashes()] {}
        }
    }
}

/// What marks the points of a line.
pub(crate) fn point_key(mark: Mark, colour: Rgb) -> Markup {
    let corners = mark.corners((6.0, 6.0), 5.5);
    let points: Vec<String> = corners
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    html! {
        svg.key width="20" height="12" aria-hidden="true" {
            polygon points=(points.join(" ")) fill=(colour) {}
        }
    }
}

/// A percentage as an attribute.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

/// A share as a bar, of which a full one is `full`, with a line for its standard deviation.
pub(crate) fn bar(arm: Arm, faded: bool, share: &Spread, full: f64) -> Markup {
    let colour = plot::colour(arm);
    let fill = if faded { PALE } else { colour };
    html! {
        svg.bar width="120" height="10" aria-hidden="true" {
            rect width="100%" height="10" fill=(TRACK) {}
            @if share.mean.is_finite() {
                rect x="0" y="1" width=(percent((share.mean / full).clamp(0.0, 1.0))) height="8"
                    fill=(fill) stroke=(colour) stroke-width="2" {}
                @if has_std(share) && share.std > 0.0 { (whisker(share, full)) }
            }
        }
    }
}

/// Seen on any ground, since it has an edge.
fn whisker(share: &Spread, full: f64) -> Markup {
    let from = percent(((share.mean - share.std) / full).max(0.0));
    let to = percent(((share.mean + share.std) / full).min(1.0));
    html! {
        @for (colour, width) in [(CARD, "4"), (INK, "1.5")] {
            @for (x1, x2, y1, y2) in [(&from, &to, "5", "5"), (&from, &from, "2", "8"), (&to, &to, "2", "8")] {
                line x1=(x1) x2=(x2) y1=(y1) y2=(y2) stroke=(colour) stroke-width=(width) {}
            }
        }
    }
}
