//! Lists at the command line, with spaces where people put them.

use std::fmt::Display;
use std::str::FromStr;

/// Digits to forget. (`clap` takes a field of type `Vec` for several values.)
pub type Digits = Vec<u8>;

/// Digits in any order, such as "5, 3": ascending, and each once.
pub fn digits(text: &str) -> Result<Digits, String> {
    let digits: Result<Digits, _> = text.split(',').map(|digit| digit.trim().parse()).collect();
    let mut digits = digits.map_err(|_| "name digits from 0 to 9, such as 5 or 3,5".to_owned())?;
    digits.sort_unstable();
    digits.dedup();
    Ok(digits)
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
        for text in ["3,5", "3, 5", " 5 ,3,5"] {
            assert_eq!(digits(text).unwrap(), [3, 5], "{text:?}");
        }
        for text in ["", "3,", "3;5", "five", "-1", "300"] {
            assert!(digits(text).is_err(), "{text:?}");
        }
        assert_eq!(entry::<usize>(" 64").unwrap(), 64);
        assert!(entry::<u64>("1 2").is_err());
    }
}
