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
pub fn entry<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|e: T::Err| e.to_string())
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
        for text in ["", "3,", "3;5", "five", "-1", "300"] {
            let said = digits(text).unwrap_err();
            assert!(said.contains("digits from 0 to 9"), "{text:?}");
        }
        assert_eq!(entry::<usize>(" 64").unwrap(), 64);
        assert!(entry::<u64>("1 2").is_err());
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
