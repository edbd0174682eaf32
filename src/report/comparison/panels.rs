//! Pictures of methods beside each other.

use maud::{Markup, html};

use super::label;
use crate::compare::{Judged, MethodRow, Role};

/// Pictures beside each other, one for each method that has one, and then for each control.
pub(super) fn panels(c: &Judged, picture: impl Fn(&MethodRow) -> Option<Markup>) -> Markup {
    let of = |control: bool| {
        let rows = c.methods.iter();
        rows.filter(move |row| (row.role == Role::Control) == control)
    };
    html! {
        div.panels { @for row in of(false).chain(of(true)) { @if let Some(picture) = picture(row) {
            figure.card { figcaption { b { (label(&row.method, row.role)) } } (picture) }
        } } }
    }
}
