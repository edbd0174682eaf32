//! Words for names that are not there.

use crate::lists::near;

/// A name that is not there, the one that may be meant, and all that are.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let more = match (near(name, known.clone()), known.clone().next()) {
        (Some(other), _) => format!("; did you mean \"{other}\"?"),
        (None, Some(_)) => format!(": there are {}", listed(known)),
        (None, None) => ", nor any other".to_owned(),
    };
    format!("there is no {what} \"{name}\"{more}")
}

/// Names with commas between them.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood() {
        let known = ["rows", "columns"];
        let said = |name| unknown("size", name, known.into_iter());
        assert_eq!(
            said("row"),
            "there is no size \"row\"; did you mean \"rows\"?"
        );
        assert_eq!(
            said("colunms"),
            "there is no size \"colunms\"; did you mean \"columns\"?"
        );
        assert_eq!(
            said("depth"),
            "there is no size \"depth\": there are rows, columns"
        );
        let none = unknown("size", "n", [].into_iter());
        assert_eq!(none, "there is no size \"n\", nor any other");
    }
}
