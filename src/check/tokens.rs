//! A tokenizer for WGSL, as far as changes of shaders need one: words, numbers and operators with their
//! places, no comments. It takes any text; what is no WGSL becomes tokens of one character.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier or keyword; a type with its template, `vec4<f32>`, is one token.
    Word,
    /// A literal.
    Number,
    /// An operator, bracket or separator.
    Sign,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// The piece.
    pub(super) text: &'a str,
    /// Where it starts, in bytes.
    pub(super) start: usize,
}

impl Token<'_> {
    /// The bytes it covers.
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// Operators of more than one character, longest first.
const LONG_SIGNS: [&str; 21] = [
    "<<=", ">>=", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=", "%=",
    "&=", "|=", "^=", "->", "++", "--",
];

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let (kind, length) = if let Some(blank) = blank(rest, first) {
            (None, blank)
        } else if first.is_alphabetic() || first == '_' {
            (Some(Kind::Word), word(rest))
        } else if first.is_ascii_digit() {
            (Some(Kind::Number), number(rest))
        } else {
            (Some(Kind::Sign), sign(rest, first))
        };
        if let Some(kind) = kind {
            let text = &rest[..length];
            found.push(Token { kind, text, start });
        }
        start += length;
    }
    found
}

/// The length of the white space or comment that `rest` starts with; comments are not nested.
fn blank(rest: &str, first: char) -> Option<usize> {
    if rest.starts_with("//") {
        Some(rest.find('\n').unwrap_or(rest.len()))
    } else if let Some(comment) = rest.strip_prefix("/*") {
        Some(comment.find("*/").map_or(rest.len(), |end| end + 4))
    } else {
        first.is_whitespace().then(|| first.len_utf8())
    }
}

/// The length of an identifier, with its template if it is a type's.
fn word(rest: &str) -> usize {
    let length = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let name = &rest[..length];
    let shaped = ["vec", "mat"].iter().any(|head| {
        let dimensions = name.strip_prefix(head);
        dimensions.is_some_and(|d| d.starts_with(['2', '3', '4']))
    });
    let generic = matches!(name, "var" | "array" | "bitcast" | "atomic" | "ptr");
    if shaped || generic || name.starts_with("texture_") {
        length + template(&rest[length..]).unwrap_or(0)
    } else {
        length
    }
}

/// The length of the template list that `rest` starts with, if it does.
fn template(rest: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ';' | '{' | '}' => return None,
            _ => {}
        }
        if depth == 0 {
            return (at > 0).then_some(at + 1);
        }
    }
    None
}

/// The length of a literal, with its exponent and suffix.
fn number(rest: &str) -> usize {
    let mut before = ' ';
    for (at, c) in rest.char_indices() {
        let exponent = matches!(before, 'e' | 'E') && !rest.starts_with("0x");
        let signed = matches!(c, '+' | '-') && exponent;
        if !c.is_ascii_alphanumeric() && c != '.' && !signed {
            return at;
        }
        before = c;
    }
    rest.len()
}

/// The length of an operator.
fn sign(rest: &str, first: char) -> usize {
    let long = LONG_SIGNS.iter().find(|sign| rest.starts_with(**sign));
    long.map_or(first.len_utf8(), |sign| sign.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|t| t.text).collect()
    }

    #[test]
    fn comments_are_no_tokens_and_templates_are_one() {
        assert_eq!(
            texts("a /* b = c */ = // Σ e\n array<vec4<f32>, 4>() >> x;"),
            ["a", "=", "array<vec4<f32>, 4>", "(", ")", ">>", "x", ";"]
        );
        assert_eq!(texts("a<b&&c>d"), ["a", "<", "b", "&&", "c", ">", "d"]);
    }

    #[test]
    fn numbers_keep_exponents_and_suffixes() {
        assert_eq!(
            texts("0x1e+1u-1.5e-3f*v.x"),
            ["0x1e", "+", "1u", "-", "1.5e-3f", "*", "v", ".", "x"]
        );
    }

    #[test]
    fn any_text_has_tokens() {
        for text in [
            "",
            "/*",
            "/* Σ",
            "//",
            "vec4<Σ",
            "vec4<",
            "1.",
            "é⊙⁻¹",
            "\u{feff}<<",
            "array<;>",
        ] {
            let found = tokens(text);
            assert!(found.iter().all(|t| text[t.range()] == *t.text), "{text}");
        }
    }
}
