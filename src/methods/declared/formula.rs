//! Numbers of a declaration that may depend on the method's strength, such as `-(1 - strength)`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::expression::Expression;

/// An expression of numbers, `strength`, `+ - * /` and parentheses, computed in f32, as on devices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula(Expression);

impl Formula {
    /// Its value at this strength, which may be infinite, or NaN.
    pub(super) fn at(&self, strength: f32) -> f32 {
        value(&self.0, strength).unwrap_or(f32::NAN)
    }

    /// Whether it depends on the strength.
    pub(super) fn uses_strength(&self) -> bool {
        self.0.names().contains(&STRENGTH)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let read = || -> Result<Expression, String> {
            let expression = Expression::parse(text)?;
            value(&expression, 1.0)?;
            Ok(expression)
        };
        read().map(Self).map_err(|fault| {
            format!(
                "\"{text}\" is no formula: {fault}; write one of numbers, {STRENGTH}, + - * / and \
                 parentheses, such as \"-(1 - strength)\""
            )
        })
    }
}

fn value(expression: &Expression, strength: f32) -> Result<f32, String> {
    expression.value(&|name| match name {
        STRENGTH => Ok(strength),
        _ => Err(format!("\"{name}\" is no number")),
    })
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const STRENGTH: &str = "strength";

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
