//! Pictures of methods beside each other.

use maud::{Markup, html};

use super::{apart, label};
use crate::compare::{Judged, MethodRow};

/// Pictures beside each other, one for each method that has one, and then for each control.
pub(super) fn panels(c: &Judged, picture: impl Fn(&MethodRow) -> Option<Markup>) -> Markup {
    let rows = apart(&c.methods, |row| row.role).concat();
    html! {
        div.panels { @for row in rows { @if let Some(picture) = picture(row) {
            figure.card { figcaption { b { (label(&row.method, row.role)) } } (picture) }
        } } }
    }
}
