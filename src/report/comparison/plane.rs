//! The first picture: residual knowledge against damage.

use maud::{Markup, html};

use super::{apart, label};
use crate::compare::{Interval, Role};
use crate::report::html::mark::point_key;
use crate::report::palette::{BLUE, BOUNDARY, CARD, GREEN, GREY, GRID, OCHRE, Rgb};
use crate::report::plot::NOTE;
use crate::report::plot::chart::{Frame, MARKS, Mark};
use crate::report::plot::picture::{Anchor, Picture, Stroke};

/// A method in the plane.
pub(super) struct Plotted {
    pub(super) method: String,
    pub(super) role: Role,
    pub(super) residual: Interval,
    pub(super) damage: Interval,
}

const SIZE: (u16, u16) = (520, 420);
const FRAME: Frame = Frame {
    left: 52.0,
    right: 504.0,
    top: 14.0,
    bottom: 368.0,
};
/// Figures with a line of the grid. Axes are square roots: most methods are near the corner.
const MARKED: [f64; 7] = [0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0];
/// The end of both axes.
const MOST: f64 = 1.3;
/// The radius of a mark.
const RADIUS: f64 = 8.0;

/// The plane, with what its crosses are; nothing where methods are not ranked.
pub(super) fn shown(all: &[Plotted], crosses: &str) -> Markup {
    let Some(picture) = picture(all) else {
        return html! {};
    };
    let [methods, controls] = apart(all, |p| p.role);
    html! {
        ul.legend { @for role in [Role::Method, Role::Control, Role::Model] {
            @if all.iter().any(|p| p.role == role) {
                li { (point_key(mark(role), colour(role))) (name(role)) }
            }
        } }
        div.plane { (picture.element()) div {
            ol { @for p in methods { li { (label(&p.method, p.role)) } } }
            ol type="A" { @for p in controls { li { (label(&p.method, p.role)) } } }
        } }
        p {
            "Numbers are methods, nearest to retraining first; letters are controls. Doing nothing is at 1, with "
            "hardly any damage, and retraining in the corner. Crosses: " (crosses) ". Both axes are square roots."
        }
    }
}

/// The picture; none where there is nothing to show.
pub(super) fn picture(all: &[Plotted]) -> Option<Picture> {
    (!all.is_empty()).then(|| drawn(all))
}

/// What a row is marked with: controls can be told apart without their colour.
fn mark(role: Role) -> Mark {
    match role {
        Role::Control => MARKS[3],
        _ => MARKS[0],
    }
}

/// What marks say: numbers of methods, letters of controls.
fn signs(all: &[Plotted]) -> Vec<String> {
    let (mut numbers, mut letters) = (1u32.., 'A'..='Z');
    let mut sign = |p: &Plotted| match p.role {
        Role::Control => letters.next().map(String::from),
        _ => numbers.next().map(|number| number.to_string()),
    };
    all.iter().map(|p| sign(p).unwrap_or_default()).collect()
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Method => "methods",
        Role::Control => "controls",
        Role::Model => "models from files",
    }
}

fn colour(role: Role) -> Rgb {
    match role {
        Role::Method => BLUE,
        Role::Control => GREY,
        Role::Model => OCHRE,
    }
}

/// Where a figure is along an axis.
fn share(x: f64) -> f64 {
    (x.clamp(0.0, MOST) / MOST).sqrt()
}

fn drawn(all: &[Plotted]) -> Picture {
    let mut picture = Picture::new(SIZE, "Residual knowledge against damage, by method");
    grid(&mut picture);
    let place = |p: &Plotted| FRAME.place(share(p.residual.value), share(p.damage.value));
    for p in all {
        let (x, y) = place(p);
        let across = [p.residual.low, p.residual.high].map(|at| FRAME.place(share(at), 0.0).0);
        let up = [p.damage.low, p.damage.high].map(|at| FRAME.place(0.0, share(at)).1);
        let thin = Stroke::plain(colour(p.role), 1.0);
        if across.iter().chain(&up).all(|end| end.is_finite()) {
            picture.line(&[(across[0], y), (across[1], y)], thin);
            picture.line(&[(x, up[0]), (x, up[1])], thin);
        }
    }
    // The best on top.
    for (p, sign) in all.iter().zip(signs(all)).rev() {
        picture.area(&mark(p.role).corners(place(p), RADIUS), colour(p.role), 1.0);
        let lettering = NOTE.anchored(Anchor::Middle).coloured(CARD);
        picture.text(&sign, place(p), lettering);
    }
    picture
}

fn grid(picture: &mut Picture) {
    let (least, most) = ((0.0, 0.0), (1.0, 1.0));
    for value in MARKED {
        let (x, y) = FRAME.place(share(value), share(value));
        let (left, bottom) = FRAME.place(least.0, least.1);
        let (right, top) = FRAME.place(most.0, most.1);
        let colour = if value == 0.0 { BOUNDARY } else { GRID };
        picture.line(&[(x, bottom), (x, top)], Stroke::plain(colour, 1.0));
        picture.line(&[(left, y), (right, y)], Stroke::plain(colour, 1.0));
        let text = value.to_string();
        picture.text(&text, (x, bottom + 14.0), NOTE.anchored(Anchor::Middle));
        picture.text(&text, (left - 7.0, y), NOTE.anchored(Anchor::End));
    }
    // Retraining's corner.
    picture.area(&MARKS[1].corners(FRAME.place(0.0, 0.0), 6.0), GREEN, 0.6);
    let middle = f64::midpoint(FRAME.left, FRAME.right);
    let below = (middle, FRAME.bottom + 34.0);
    picture.text("residual knowledge", below, NOTE.anchored(Anchor::Middle));
    picture.text("damage", (FRAME.left + 6.0, FRAME.top + 8.0), NOTE);
}
