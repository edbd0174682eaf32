//! Arithmetic as people write it in TOML files: numbers, names, `+ - * / %`, parentheses and a few
//! functions. Read once; computed in whichever kind of numbers its place asks for.

use std::fmt;

/// Longer ones are refused, so that nesting cannot exhaust the stack.
const LONGEST: usize = 200;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    text: String,
    root: Node,
}

/// A part of one.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// A number as typed: what it is depends on the kind of numbers.
    Number(String),
    Name(String),
    Negated(Box<Node>),
    Binary(Operator, Box<[Node; 2]>),
    Call(Function, Vec<Node>),
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl Operator {
    const fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
            Self::Remainder => '%',
        }
    }
}

/// What can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// `ceil(a / b)`: the quotient, rounded up. It has two arguments: `a` and `b`.
    Ceil,
    /// `min(a, b)`
    Min,
    /// `max(a, b)`
    Max,
    /// `sqrt(a)`
    Sqrt,
}

impl Function {
    const ALL: [(&'static str, Self); 4] = [
        ("ceil", Self::Ceil),
        ("min", Self::Min),
        ("max", Self::Max),
        ("sqrt", Self::Sqrt),
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Ceil => "ceil",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sqrt => "sqrt",
        }
    }
}

/// A kind of numbers to compute in. What it does not have is an `Err` that says so.
pub(crate) trait Number: Copy {
    /// A number as typed.
    fn read(word: &str) -> Result<Self, String>;
    /// −self.
    fn negated(self) -> Result<Self, String>;
    /// The result of an operator.
    fn binary(operator: Operator, a: Self, b: Self) -> Result<Self, String>;
    /// The result of a function.
    fn call(function: Function, arguments: &[Self]) -> Result<Self, String>;
}

impl Expression {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, worded to follow "it is no …: ".
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        let mut reader = Reader { rest: text.trim() };
        let root = reader.sum()?;
        match reader.rest {
            "" => Ok(Self {
                text: text.to_owned(),
                root,
            }),
            rest => Err(format!("\"{rest}\" is left over")),
        }
    }

    /// A number.
    pub(crate) fn whole(number: u32) -> Self {
        let text = number.to_string();
        Self {
            root: Node::Number(text.clone()),
            text,
        }
    }

    /// Its value, where `named` knows the values of names.
    ///
    /// # Errors
    /// What has no value, in words.
    pub(crate) fn value<N: Number>(
        &self,
        named: &dyn Fn(&str) -> Result<N, String>,
    ) -> Result<N, String> {
        self.root.value(named)
    }

    /// The names in it, in order, which may repeat.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.root.names(&mut found);
        found
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Node {
    fn value<N: Number>(&self, named: &dyn Fn(&str) -> Result<N, String>) -> Result<N, String> {
        match self {
            Self::Number(word) => N::read(word),
            Self::Name(name) => named(name),
            Self::Negated(node) => node.value(named)?.negated(),
            Self::Binary(operator, operands) => {
                let [a, b] = &**operands;
                N::binary(*operator, a.value(named)?, b.value(named)?)
            }
            Self::Call(function, nodes) => {
                let values: Result<Vec<N>, String> = nodes.iter().map(|n| n.value(named)).collect();
                N::call(*function, &values?)
            }
        }
    }

    fn names<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) => {}
            Self::Name(name) => found.push(name),
            Self::Negated(node) => node.names(found),
            Self::Binary(_, operands) => operands.iter().for_each(|node| node.names(found)),
            Self::Call(_, nodes) => nodes.iter().for_each(|node| node.names(found)),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn sum(&mut self) -> Result<Node, String> {
        self.chain(&[Operator::Add, Operator::Subtract], Self::product)
    }

    fn product(&mut self) -> Result<Node, String> {
        use Operator::{Divide, Multiply, Remainder};
        self.chain(&[Multiply, Divide, Remainder], Self::factor)
    }

    /// Operands with these operators between them, from left to right.
    fn chain(
        &mut self,
        operators: &[Operator],
        operand: fn(&mut Self) -> Result<Node, String>,
    ) -> Result<Node, String> {
        let mut node = operand(self)?;
        while let Some(operator) = operators.iter().find(|o| self.eat(o.sign())) {
            node = Node::Binary(*operator, Box::new([node, operand(self)?]));
        }
        Ok(node)
    }

    fn factor(&mut self) -> Result<Node, String> {
        if self.eat('-') {
            return Ok(Node::Negated(Box::new(self.factor()?)));
        }
        if self.eat('(') {
            let node = self.sum()?;
            self.close()?;
            return Ok(node);
        }
        let word = self.word();
        if word.is_empty() {
            return Err("a number is missing".to_owned());
        }
        if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Ok(Node::Number(word.to_owned()));
        }
        match self.eat('(') {
            true => self.call(word),
            false => Ok(Node::Name(word.to_owned())),
        }
    }

    fn call(&mut self, name: &str) -> Result<Node, String> {
        let known = Function::ALL.iter().find(|(known, _)| *known == name);
        let Some((_, function)) = known else {
            return Err(format!("there is no function \"{name}\""));
        };
        let mut arguments = vec![self.sum()?];
        while self.eat(',') {
            arguments.push(self.sum()?);
        }
        self.close()?;
        let wanted = match function {
            Function::Ceil => return ceiling(arguments),
            Function::Min | Function::Max => 2,
            Function::Sqrt => 1,
        };
        match arguments.len() == wanted {
            true => Ok(Node::Call(*function, arguments)),
            false => Err(format!("{name} takes {wanted} argument(s)")),
        }
    }

    fn close(&mut self) -> Result<(), String> {
        match self.eat(')') {
            true => Ok(()),
            false => Err("a parenthesis is not closed".to_owned()),
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
            !(c.is_alphanumeric() || c == '.' || c == '_' || exponent && (c == '-' || c == '+'))
        };
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word
    }
}

/// `ceil` of a division.
fn ceiling(mut arguments: Vec<Node>) -> Result<Node, String> {
    match (arguments.pop(), arguments.is_empty()) {
        (Some(Node::Binary(Operator::Divide, operands)), true) => {
            Ok(Node::Call(Function::Ceil, operands.to_vec()))
        }
        _ => Err("ceil takes a division, such as ceil(rows / 64)".to_owned()),
    }
}

/// Whole numbers, for sizes: a division is rounded down, as WGSL's is.
impl Number for i64 {
    fn read(word: &str) -> Result<Self, String> {
        word.parse()
            .map_err(|_| format!("\"{word}\" is no whole number"))
    }

    fn negated(self) -> Result<Self, String> {
        self.checked_neg().ok_or_else(overflow)
    }

    fn binary(operator: Operator, a: Self, b: Self) -> Result<Self, String> {
        let divides = matches!(operator, Operator::Divide | Operator::Remainder);
        if divides && b == 0 {
            return Err("it divides by zero".to_owned());
        }
        let result = match operator {
            Operator::Add => a.checked_add(b),
            Operator::Subtract => a.checked_sub(b),
            Operator::Multiply => a.checked_mul(b),
            Operator::Divide => a.checked_div_euclid(b),
            Operator::Remainder => a.checked_rem_euclid(b),
        };
        result.ok_or_else(overflow)
    }

    fn call(function: Function, arguments: &[Self]) -> Result<Self, String> {
        match (function, arguments) {
            (Function::Min, [a, b]) => Ok(*a.min(b)),
            (Function::Max, [a, b]) => Ok(*a.max(b)),
            (Function::Ceil, [a, b]) => {
                let whole = Self::binary(Operator::Divide, *a, *b)?;
                Ok(whole + Self::from(a.rem_euclid(*b) != 0))
            }
            _ => Err(no_function(function, "whole numbers")),
        }
    }
}

fn overflow() -> String {
    "its numbers are too large".to_owned()
}

fn no_function(function: Function, of: &str) -> String {
    format!("there is no {} of {of}", function.name())
}

/// Floats in f64: results may be infinite, or NaN.
impl Number for f64 {
    fn read(word: &str) -> Result<Self, String> {
        let value = word.parse().ok().filter(|value: &Self| value.is_finite());
        value.ok_or_else(|| format!("\"{word}\" is no number"))
    }

    fn negated(self) -> Result<Self, String> {
        Ok(-self)
    }

    fn binary(operator: Operator, a: Self, b: Self) -> Result<Self, String> {
        Ok(match operator {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            Operator::Divide => a / b,
            Operator::Remainder => a % b,
        })
    }

    fn call(function: Function, arguments: &[Self]) -> Result<Self, String> {
        match (function, arguments) {
            (Function::Min, [a, b]) => Ok(a.min(*b)),
            (Function::Max, [a, b]) => Ok(a.max(*b)),
            (Function::Ceil, [a, b]) => Ok((a / b).ceil()),
            (Function::Sqrt, [a]) => Ok(a.sqrt()),
            _ => Err(no_function(function, "these")),
        }
    }
}

/// Floats as devices have them; without functions, which no formula of a method needs.
impl Number for f32 {
    fn read(word: &str) -> Result<Self, String> {
        let value = word.parse().ok().filter(|value: &Self| value.is_finite());
        value.ok_or_else(|| format!("\"{word}\" is no number"))
    }

    fn negated(self) -> Result<Self, String> {
        Ok(-self)
    }

    fn binary(operator: Operator, a: Self, b: Self) -> Result<Self, String> {
        match operator {
            Operator::Add => Ok(a + b),
            Operator::Subtract => Ok(a - b),
            Operator::Multiply => Ok(a * b),
            Operator::Divide => Ok(a / b),
            Operator::Remainder => Err("there is no %".to_owned()),
        }
    }

    fn call(function: Function, _: &[Self]) -> Result<Self, String> {
        Err(no_function(function, "strengths"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Result<i64, String> {
        let named = |name: &str| match name {
            "rows" => Ok(130),
            "in_1" => Ok(7),
            _ => Err(format!("no {name}")),
        };
        Expression::parse(text)?.value(&named)
    }

    #[test]
    fn sizes_have_the_values_that_a_person_computes() {
        for (text, value) in [
            ("3", 3),
            ("rows", 130),
            ("ceil(rows / 64)", 3),
            ("ceil(128 / 64)", 2),
            ("ceil(rows * 2 / 64)", 5),
            ("rows / 64 * 64", 128),
            ("rows % 64", 2),
            ("2 * (rows - 1)", 258),
            ("min(rows, in_1) + max(1, rows - 200)", 8),
            ("-3 / 2", -2),
        ] {
            assert_eq!(whole(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_says_why() {
        let deep = "(".repeat(300);
        for (text, part) in [
            ("rows / 0", "divides by zero"),
            ("rows % (rows - rows)", "divides by zero"),
            ("ceil(rows / 0)", "divides by zero"),
            ("9223372036854775807 + 1", "too large"),
            ("1.5", "no whole number"),
            ("99999999999999999999", "no whole number"),
            ("cols", "no cols"),
            ("floor(rows)", "no function \"floor\""),
            ("ceil(rows)", "ceil takes a division"),
            ("ceil(1 / 2, 3)", "ceil takes a division"),
            ("min(rows)", "min takes 2"),
            ("sqrt(rows)", "no sqrt of whole numbers"),
            ("min(1, 2", "not closed"),
            ("rows cols", "\"cols\" is left over"),
            ("2 ^ 3", "\"^ 3\" is left over"),
            ("", "a number is missing"),
            (&deep, "longer"),
        ] {
            let fault = whole(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }

    #[test]
    fn floats_divide_as_floats() {
        let value = |text: &str| Expression::parse(text).unwrap().value(&|_| Ok(64.0f64));
        assert_eq!(value("1 / sqrt(cols)"), Ok(0.125));
        assert_eq!(value("ceil(1 / cols)"), Ok(1.0));
        assert_eq!(value("1e-3 + 1"), Ok(1.001));
    }

    #[test]
    fn names_are_found_wherever_they_are() {
        let names = Expression::parse("ceil(a / 4) + min(b_2, -(a))").unwrap();
        assert_eq!(names.names(), ["a", "b_2", "a"]);
    }
}
