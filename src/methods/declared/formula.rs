//! Numbers of a declaration that may depend on the method's strength, such as `-(1 - strength)`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// An expression of numbers, `strength`, `+ - * /` and parentheses, computed in f32, as on devices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula(String);

/// Longer ones are refused, so that nesting cannot exhaust the stack.
const LONGEST: usize = 200;

impl Formula {
    /// Its value at this strength, which may be infinite, or NaN.
    pub(super) fn at(&self, strength: f32) -> f32 {
        Reader::new(&self.0, strength).whole().unwrap_or(f32::NAN)
    }

    /// Whether it depends on the strength.
    pub(super) fn uses_strength(&self) -> bool {
        self.0.contains(STRENGTH)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fault = match text.len() > LONGEST {
            true => Some(format!("it is longer than {LONGEST} characters")),
            false => Reader::new(text, 1.0).whole().err(),
        };
        match fault {
            None => Ok(Self(text.to_owned())),
            Some(fault) => Err(format!(
                "\"{text}\" is no formula: {fault}; write one of numbers, {STRENGTH}, + - * / and \
                 parentheses, such as \"-(1 - strength)\""
            )),
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const STRENGTH: &str = "strength";

/// Computes an expression while reading it.
struct Reader<'a> {
    rest: &'a str,
    strength: f32,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, strength: f32) -> Self {
        let rest = text.trim();
        Self { rest, strength }
    }

    fn whole(mut self) -> Result<f32, String> {
        let value = self.sum()?;
        match self.rest {
            "" => Ok(value),
            rest => Err(format!("\"{rest}\" is left over")),
        }
    }

    fn sum(&mut self) -> Result<f32, String> {
        let mut value = self.product()?;
        loop {
            if self.eat('+') {
                value += self.product()?;
            } else if self.eat('-') {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f32, String> {
        let mut value = self.factor()?;
        loop {
            if self.eat('*') {
                value *= self.factor()?;
            } else if self.eat('/') {
                value /= self.factor()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn factor(&mut self) -> Result<f32, String> {
        if self.eat('-') {
            return Ok(-self.factor()?);
        }
        if self.eat('(') {
            let value = self.sum()?;
            return match self.eat(')') {
                true => Ok(value),
                false => Err("a parenthesis is not closed".to_owned()),
            };
        }
        let word = self.word();
        match word {
            STRENGTH => Ok(self.strength),
            "" => Err("a number is missing".to_owned()),
            _ => number(word).ok_or_else(|| format!("\"{word}\" is no number")),
        }
    }

    /// Takes this character, if it is next.
    fn eat(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        if let Some(rest) = rest {
            self.rest = rest.trim_start();
        }
        rest.is_some()
    }

    /// Takes a name or a number, such as 1e-3.
    fn word(&mut self) -> &'a str {
        let mut before = ' ';
        let ends = |c: char| {
            let exponent = before == 'e' && self.rest.starts_with(|d: char| d.is_ascii_digit());
            before = c;
            !(c.is_alphanumeric() || c == '.' || exponent && (c == '-' || c == '+'))
        };
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word
    }
}

/// A finite number as typed.
fn number(word: &str) -> Option<f32> {
    let value: f32 = word.parse().ok()?;
    value.is_finite().then_some(value)
}

impl<'de> Deserialize<'de> for Formula {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Typed)
    }
}

struct Typed;

impl Visitor<'_> for Typed {
    type Value = Formula;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a formula such as \"-(1 - strength)\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Formula, E> {
        Formula::parse(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Formula, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Formula, E> {
        self.visit_str(&value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_have_the_values_that_a_person_computes() {
        for (text, value) in [
            ("3", 3.0),
            ("-1", -1.0),
            ("strength", 0.25),
            ("-(1 - strength)", -0.75),
            ("2 * strength + 1", 1.5),
            ("1 - 2 - 3", -4.0),
            ("12 / 3 / 2", 2.0),
            ("2 + 3 * 4", 14.0),
            ("(2 + 3)*4", 20.0),
            ("--1", 1.0),
            ("1e-3 - 1", 0.001 - 1.0),
            (" 2e+1 ", 20.0),
        ] {
            assert_eq!(Formula::parse(text).unwrap().at(0.25), value, "{text}");
        }
        // As f32, not as f64 rounded at the end.
        let rest = Formula::parse("-2 * (1 - strength)").unwrap();
        assert_eq!(rest.at(0.997), -2.0 * (1.0 - 0.997f32));
        assert_eq!(
            Formula::parse("1 / strength").unwrap().at(0.0),
            f32::INFINITY
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "1+".repeat(200) + "1";
        for (text, part) in [
            ("", "a number is missing"),
            ("1 +", "a number is missing"),
            ("(1", "not closed"),
            ("1)", "\")\" is left over"),
            ("1 2", "\"2\" is left over"),
            ("alpha", "\"alpha\" is no number"),
            ("inf", "\"inf\" is no number"),
            ("1e99", "\"1e99\" is no number"),
            (&long, "longer"),
        ] {
            let fault = Formula::parse(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}
