//! What hidden layers still know: new heads by their labels, and the original's readout layer by layer.

use maud::{Markup, html};

use super::{ARMS, About, Unit, table};
use crate::inside::{Figure, Head};
use crate::record::Arm;
use crate::report::html::mark::point_key;
use crate::report::plot::chart::{Axis, Chart, Line, MARKS};
use crate::report::plot::picture::Stroke;
use crate::report::plot::{colour, stroke};

/// The arms with their names as columns.
const COLUMNS: [(Arm, &str); 4] = [
    (Arm::Original, "original"),
    (Arm::Unlearned, "unlearned"),
    (Arm::Relearned, "relearned"),
    (Arm::Retrained, "retrained"),
];

pub(super) fn heads(about: &About<'_>) -> Markup {
    let i = about.inside;
    let what = about.forgotten();
    html! {
        h3 { "What the hidden layers still know" }
        p.lead {
            "Each hidden layer is frozen, and a new last layer is fitted to a few labelled images of every "
            (about.classes.noun()) ": how many test images of " (what) " does it read? Retrained networks, which never "
            "saw " (about.it()) ", are the reference. Last: a readout of each layer that was fitted to the original and "
            "stays as it is (a tuned logit lens), and the network's own output. Bands: ± one standard deviation."
        }
        ul.legend { @for (arm, mark) in ARMS.iter().zip(MARKS) { li { (point_key(mark, colour(*arm))) (arm.name()) } } }
        div.panels {
            @for (number, head) in (1..).zip(&i.heads) {
                figure.card {
                    figcaption { b { "Hidden layer " (number) } " " span.dim { "new head" } }
                    (by_labels(number, head).svg())
                }
            }
            figure.card {
                figcaption { b { "Layer by layer" } " " span.dim { "the original's readout" } }
                (by_layer(&i.lens).svg())
            }
        }
        (table(&format!("accuracy on {what}"), &COLUMNS, &rows(about), Unit::Percent))
    }
}

/// The numbers of the pictures: of heads with the most labels.
fn rows<'a>(about: &'a About<'_>) -> Vec<(String, &'a Figure)> {
    let i = about.inside;
    let head = |(number, head): (usize, &'a Head)| {
        let (labels, figure) = head.accuracy.last()?;
        Some((
            format!("new head, hidden layer {number}, {labels} labels"),
            figure,
        ))
    };
    let heads = (1..).zip(&i.heads).filter_map(head);
    let lens = (1..).zip(&i.lens).map(|(number, figure)| {
        let name = match number == i.lens.len() {
            true => "output".to_owned(),
            false => format!("original's readout, hidden layer {number}"),
        };
        (name, figure)
    });
    heads.chain(lens).collect()
}

fn by_labels(number: usize, head: &Head) -> Chart {
    let place = |labels: usize| (labels as f64).log2();
    let points: Vec<(f64, &Figure)> = head
        .accuracy
        .iter()
        .map(|(labels, figure)| (place(*labels), figure))
        .collect();
    Chart {
        label: format!("Accuracy of a new head on hidden layer {number}, by labels"),
        x: Axis {
            from: points.first().map_or(0.0, |p| p.0),
            to: points.last().map_or(1.0, |p| p.0),
            marks: head
                .accuracy
                .iter()
                .map(|(labels, _)| (place(*labels), labels.to_string()))
                .collect(),
            title: "labelled images of each class",
        },
        y: Axis::percents(),
        lines: lines(&points),
        level: None,
        chosen: None,
    }
}

fn by_layer(lens: &[Figure]) -> Chart {
    let points: Vec<(f64, &Figure)> = lens
        .iter()
        .enumerate()
        .map(|(layer, figure)| (layer as f64, figure))
        .collect();
    let last = lens.len().saturating_sub(1);
    let name = |layer: usize| match layer == last {
        true => "output".to_owned(),
        false => format!("{}", layer + 1),
    };
    Chart {
        label: "Accuracy of the original's readout, layer by layer".to_owned(),
        x: Axis {
            from: -0.1,
            to: last as f64 + 0.1,
            marks: (0..lens.len()).map(|l| (l as f64, name(l))).collect(),
            title: "hidden layer",
        },
        y: Axis::percents(),
        lines: lines(&points),
        level: None,
        chosen: None,
    }
}

/// A line for each arm, through the points that it has.
fn lines(points: &[(f64, &Figure)]) -> Vec<Line> {
    let line = |(mark, arm): (usize, &Arm)| {
        let own: Vec<_> = points
            .iter()
            .filter_map(|(x, figure)| Some((*x, figure.arm(*arm)?)))
            .collect();
        Line {
            points: own.iter().map(|(x, spread)| (*x, spread.mean)).collect(),
            band: own.iter().map(|(_, spread)| spread.std).collect(),
            stroke: match arm {
                // Unlearned and relearned share a colour.
                Arm::Relearned => Stroke {
                    width: 1.25,
                    ..stroke(*arm)
                },
                _ => stroke(*arm),
            },
            mark: Some(MARKS[mark]),
        }
    };
    ARMS.iter().enumerate().map(line).collect()
}
