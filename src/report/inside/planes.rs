//! Where the forgotten classes go: the last hidden layer in two dimensions.

use maud::{Markup, html};

use super::{ARMS, About, Unit};
use crate::inside::Plane;
use crate::record::Arm;
use crate::report::html::mark::key;
use crate::report::palette::{CLASS, GONE, Rgb};
use crate::report::plot::NOTE;
use crate::report::plot::picture::{Anchor, Lettering, Picture, Point};

/// Size in logical units.
const SIZE: u16 = 260;
/// The edge that is left free.
const EDGE: f64 = 12.0;

pub(super) fn planes(about: &About<'_>) -> Markup {
    let p = &about.inside.plane;
    let what = about.forgotten();
    let scale = Scale::of(p);
    let [first, second] = p.variance.map(super::percents);
    html! {
        h3 { "Where " (what) @if about.forget.len() == 1 { " goes" } @else { " go" } }
        p.lead {
            "The last hidden layer of learner 0 for test images, along the two principal axes of the original's layer (" (first)
            " and " (second) " of its variance). Numbers mark the centres of the " (about.classes.nouns()) "; large dots are "
            (what) "."
            @if let Some(legend) = about.classes.legend() { " " (legend) "." }
        }
        div.four { @for arm in ARMS {
            @if let Some((_, points)) = p.arms.iter().find(|(other, _)| *other == arm) {
                figure.card {
                    figcaption { (key(arm, arm == Arm::Unlearned)) b { (arm.name()) } }
                    (picture(about, arm, points, &scale).element())
                    p.under { "separation " (Unit::Number.show(&p.separation, arm)) }
                }
            }
        } }
        p.under {
            "Separation: the distance of the centre of " (what) " from the nearest one that was kept, over the root mean "
            "square distance of its images from their centre, in all dimensions of the layer"
            @if about.forget.len() > 1 { "; the mean over " (about.classes.nouns()) }
            "; noise floor "
            (Unit::Number.floor(&p.separation)) "."
        }
    }
}

/// From the layer's coordinates to the picture's, the same for all arms.
struct Scale {
    middle: [f64; 2],
    half: f64,
}

impl Scale {
    fn of(plane: &Plane) -> Self {
        let all = || plane.arms.iter().flat_map(|(_, points)| points);
        let ends = [0, 1].map(|axis| {
            let mut values: Vec<f32> = all().map(|point| point[axis]).collect();
            values.sort_by(f32::total_cmp);
            // A few outliers do not make everything else small: they lie on the edge.
            let aside = values.len() / 200;
            let end = |at: Option<&f32>| at.map_or(0.0, |x| f64::from(*x));
            (end(values.get(aside)), end(values.iter().rev().nth(aside)))
        });
        let half = ends.map(|(low, high)| (high - low) / 2.0);
        Self {
            middle: ends.map(|(low, high)| f64::midpoint(low, high)),
            half: half[0].max(half[1]).max(f64::MIN_POSITIVE),
        }
    }

    fn place(&self, point: [f32; 2]) -> Point {
        let side = f64::from(SIZE) / 2.0;
        let along = |axis: usize| {
            ((f64::from(point[axis]) - self.middle[axis]) / self.half).clamp(-1.0, 1.0)
        };
        let room = side - EDGE;
        (side + room * along(0), side - room * along(1))
    }
}

fn picture(about: &About<'_>, arm: Arm, points: &[[f32; 2]], scale: &Scale) -> Picture {
    let labels = &about.inside.plane.labels;
    let label = format!("The last hidden layer in two dimensions: {}", arm.name());
    let mut picture = Picture::new((SIZE, SIZE), &label);
    let gone = |class: u8| about.forget.contains(&class);
    let of = |class: u8| -> Vec<Point> {
        let own = labels.iter().zip(points).filter(|(l, _)| **l == class);
        own.map(|(_, point)| scale.place(*point)).collect()
    };
    let classes = u8::try_from(about.classes.count()).unwrap_or(u8::MAX);
    // The forgotten ones on top.
    let mut order: Vec<u8> = (0..classes).collect();
    order.sort_by_key(|class| gone(*class));
    for &class in &order {
        match gone(class) {
            true => picture.dots(&of(class), GONE, 6.5, 0.8),
            false => picture.dots(&of(class), colour(class), 4.5, 0.55),
        }
    }
    for &class in &order {
        let own: Vec<[f32; 2]> = labels
            .iter()
            .zip(points)
            .filter(|(label, _)| **label == class)
            .map(|(_, point)| *point)
            .collect();
        if !own.is_empty() {
            let mean = |axis: usize| own.iter().map(|p| p[axis]).sum::<f32>() / own.len() as f32;
            let centre = scale.place([mean(0), mean(1)]);
            picture.text(&about.classes.label(class.into()), centre, NAME);
        }
    }
    picture
}

/// The names of classes.
const NAME: Lettering = Lettering {
    size: 16.0,
    bold: true,
    colour: crate::report::palette::INK,
    ..NOTE.anchored(Anchor::Middle)
};

/// A class's colour.
fn colour(class: u8) -> Rgb {
    CLASS[usize::from(class) % CLASS.len()]
}
