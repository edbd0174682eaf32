//! Lists at the command line, with spaces where people put them.

use std::fmt::Display;
use std::str::FromStr;

use crate::record::Classes;

/// Classes in any order, by number or name, such as "5, 3" or "Bag,Coat": ascending, and each once.
///
/// # Errors
/// If one is neither a number nor a name; worded to follow `--forget TEXT: `.
pub fn classes(text: &str, known: &Classes) -> Result<Vec<u8>, String> {
    let unknown = |name: &str| match *known == Classes::default() {
        _ if let Some(list) = with_commas(name, |part| known.find(part).is_some()) => list,
        true => "name digits from 0 to 9, such as 5 or 3,5".to_owned(),
        false => format!(
            "there is no class {name:?}; name classes by number or name: {}",
            known.with_numbers()
        ),
    };
    let entries = text.split(',').map(str::trim);
    let found = entries.map(|entry| known.find(entry).ok_or_else(|| unknown(entry)));
    let mut found = found.collect::<Result<Vec<u8>, String>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// An entry of a list.
///
/// # Errors
/// If it is none, in words to follow the list's flag.
pub fn entry<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|e: T::Err| {
        let list = with_commas(text, |part| part.parse::<T>().is_ok());
        list.unwrap_or_else(|| e.to_string())
    })
}

/// That commas are missing between entries, if each is one.
fn with_commas(text: &str, is_one: impl Fn(&str) -> bool) -> Option<String> {
    let parts = text.split(|c: char| c.is_whitespace() || c == ';');
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let several = parts.len() > 1 && parts.iter().all(|part| is_one(part));
    several.then(|| format!("put commas between several: {}", parts.join(",")))
}

/// The one among these names that is most likely meant by another one.
///
/// ```
/// # use unlearn::lists::near;
/// assert_eq!(near("scrubb", ["scrub", "ssd"].into_iter()), Some("scrub"));
/// assert_eq!(near("depth", ["scrub", "ssd"].into_iter()), None);
/// ```
pub fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let apart = known.map(|other| (strsim::damerau_levenshtein(name, other), other));
    let near = apart
        .min()
        .filter(|(apart, _)| *apart <= 1 + name.len() / 4 && *apart < name.len());
    near.map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_any_form() {
        let digits = |text| classes(text, &Classes::default());
        for text in ["3,5", "3, 5", " 5 ,3,5"] {
            assert_eq!(digits(text).unwrap(), [3, 5], "{text:?}");
        }
        for text in ["", "3,", "five", "-1", "3 five"] {
            let said = digits(text).unwrap_err();
            assert!(said.contains("digits from 0 to 9"), "{text:?}");
        }
        for text in ["3 5", "3;5", " 3;  5 "] {
            assert_eq!(digits(text).unwrap_err(), "put commas between several: 3,5");
        }
        assert_eq!(entry::<usize>(" 64").unwrap(), 64);
        assert_eq!(
            entry::<u64>("1 2").unwrap_err(),
            "put commas between several: 1,2"
        );
        assert!(entry::<u64>("1 two").is_err());
    }

    #[test]
    fn classes_come_by_number_and_by_name() {
        let pets = Classes::named(["cat", "dog", "Ankle boot"]);
        assert_eq!(classes("ankle boot, 0", &pets).unwrap(), [0, 2]);
        assert_eq!(classes("DOG,1", &pets).unwrap(), [1]);
        let said = classes("dog,newt", &pets).unwrap_err();
        assert!(said.contains("no class \"newt\""), "{said}");
        assert!(said.ends_with("0 (cat), 1 (dog), 2 (Ankle boot)"), "{said}");
    }
}
