//! The names of run folders: the time, and what the run is about.

use unlearn::config::Config;
use unlearn::error::{Error, Result};
use unlearn::record::Classes;

/// Longest name that is given, in bytes. It leaves room for the time: file systems limit names to 255
/// bytes or fewer.
const LONGEST: usize = 100;
/// Bytes of a method's or a class's name.
const BYTES: usize = 20;
/// More forgotten classes than these are counted, beyond the first ones.
const CLASSES: usize = 4;

/// A run's name for folders: `--name`, or else its method, what it forgets, and its seed.
///
/// # Errors
/// `Usage` if the given name is too long.
pub(super) fn of(config: &Config, classes: &Classes) -> Result<String> {
    if config.name == Config::default().name {
        let forgotten = forgotten(config, classes);
        return Ok(format!(
            "{}-{forgotten}-seed{}",
            word(&config.method),
            config.seed
        ));
    }
    let bytes = config.name.len();
    if bytes > LONGEST {
        return Err(Error::Usage(format!(
            "--name: {bytes} bytes are too many for the name of a folder; use up to {LONGEST}, or name \
             the folder with --out"
        )));
    }
    Ok(config.name.chars().map(plain).collect())
}

/// "3-5-8", "Sandal-Bag", "0-1-2-and-4-more".
fn forgotten(config: &Config, classes: &Classes) -> String {
    let shown = match config.forget.len() {
        few if few <= CLASSES => few,
        _ => CLASSES - 1,
    };
    let (first, rest) = config.forget.split_at(shown);
    let mut words: Vec<String> = first
        .iter()
        .map(|&class| word(&classes.name(class.into())))
        .collect();
    if !rest.is_empty() {
        words.push(format!("and-{}-more", rest.len()));
    }
    words.join("-")
}

/// The start of a name, as a part of a folder's.
fn word(name: &str) -> String {
    let plain: String = name.chars().map(plain).collect();
    let parts = plain.split('-').filter(|part| !part.is_empty());
    let mut short = parts.collect::<Vec<_>>().join("-");
    let mut ends = (0..=BYTES.min(short.len())).rev();
    let end = ends.find(|&end| short.is_char_boundary(end));
    short.truncate(end.unwrap_or(0));
    short.trim_end_matches('-').to_owned()
}

/// What every system allows in names.
fn plain(c: char) -> char {
    if c.is_alphanumeric() { c } else { '-' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(forget: &[u8], classes: &Classes) -> String {
        let config = Config {
            forget: forget.to_vec(),
            ..Config::default()
        };
        of(&config, classes).unwrap()
    }

    #[test]
    fn names_say_the_method_the_classes_and_the_seed() {
        let digits = Classes::default();
        assert_eq!(named(&[5], &digits), "uniform-5-seed1");
        assert_eq!(named(&[1, 3, 5, 8], &digits), "uniform-1-3-5-8-seed1");
        let many = named(&[0, 1, 2, 3, 4, 5, 6], &digits);
        assert_eq!(many, "uniform-0-1-2-and-4-more-seed1");
        let own = Classes::named(["T-shirt/top", "Ankle boot: \"left\", <and> right"]);
        assert_eq!(
            named(&[0, 1], &own),
            "uniform-T-shirt-top-Ankle-boot-left-and-seed1"
        );
    }

    #[test]
    fn names_are_short_enough_in_bytes() {
        let class = "はじめての長いクラスの名前";
        let long = Classes::named([class; 4]);
        let name = named(&[0, 1, 2, 3], &long);
        assert!(name.starts_with("uniform-はじめての長-はじ"), "{name}");
        assert!(name.len() <= LONGEST, "{name}");
        let given = |name: String| {
            let config = Config {
                name,
                ..Config::default()
            };
            of(&config, &Classes::default()).is_ok()
        };
        assert!(given("ä".repeat(LONGEST / 2)) && !given("ä".repeat(LONGEST / 2 + 1)));
    }

    #[test]
    fn a_given_name_wins() {
        let config = Config {
            name: "a/b".to_owned(),
            ..Config::default()
        };
        assert_eq!(of(&config, &Classes::default()).unwrap(), "a-b");
    }
}
