//! The operators: each looks at one token and says what faults can be made there.

use std::ops::Range;

use super::Operator;
use super::literals::{another, edges, neighbours};
use crate::check::source::{Place, Source, TILE, sets};

/// A change of one piece of the text.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    /// What kind of fault it is.
    pub(super) operator: Operator,
    /// The bytes that are replaced.
    pub(super) bytes: Range<usize>,
    /// What replaces them.
    pub(super) to: String,
    /// The bytes to show around the change.
    pub(super) shown: Range<usize>,
    /// The token where it starts.
    pub(super) at: usize,
}

/// A place in a shader, under an operator's eyes.
struct Site<'s, 'a> {
    source: &'s Source<'a>,
    at: usize,
}

/// The identifiers of threads and workgroups: three components.
const THREADS: [&str; 3] = ["id", "group", "own"];

/// The rules; `Site::allows` says which of their edits are made where.
const RULES: [fn(&Site) -> Vec<Edit>; 12] = [
    off_by_one,
    lost_tail,
    learner_stride,
    swapped_parameter,
    dropped_sign,
    swapped_token,
    transposed,
    missing_mask,
    mask_bit,
    limit,
    constant,
    dropped_statement,
];

/// All edits of a shader, by position, then operator.
pub(super) fn edits(source: &Source) -> Vec<Edit> {
    let mut found = Vec::new();
    for at in 0..source.tokens.len() {
        let site = Site { source, at };
        let made = RULES.iter().flat_map(|rule| rule(&site));
        found.extend(made.filter(|edit| site.allows(edit.operator)));
    }
    found.sort_by_key(|edit| (edit.bytes.start, edit.operator));
    found
}

impl<'a> Site<'_, 'a> {
    /// The token's text.
    fn word(&self) -> &'a str {
        self.source.word(self.at)
    }

    /// The text of the token `ahead` places on.
    fn next(&self, ahead: usize) -> &'a str {
        self.source.word(self.at + ahead)
    }

    /// The text from one token to another.
    fn text(&self, (first, last): (usize, usize)) -> &'a str {
        &self.source.text[self.source.bytes(first, last)]
    }

    /// The variable that the operand before the token belongs to.
    fn operand_before(&self) -> &'a str {
        self.source.word(self.source.operand_start(self.at))
    }

    /// Whether the token is a variable's name where its value is used.
    fn is_value(&self) -> bool {
        let declared = matches!(self.source.before(self.at), "." | "let" | "var" | "const");
        let set = sets(self.next(1)) || matches!(self.next(1), ":" | "(");
        !declared && !set
    }

    /// Whether an edit of this kind is made where the token is: few in the headers of loops, which
    /// have faults of their own.
    fn allows(&self, operator: Operator) -> bool {
        use Operator::*;
        match self.source.places[self.at] {
            Place::Outside | Place::Update => false,
            Place::Constant => matches!(operator, MaskBit | Limit),
            Place::Start => matches!(operator, Constant | SwappedParameter),
            Place::Condition => matches!(operator, LostTail | ExtraTurn | SwappedParameter),
            Place::Body => !matches!(operator, LostTail | ExtraTurn),
        }
    }

    /// The mask that the token is, and the tokens to show with it: a module's constant in hexadecimal
    /// digits, or the literal that is the right operand of an `&`, alone or in a vector.
    fn mask(&self) -> Option<(u32, (usize, usize))> {
        let (source, at) = (self.source, self.at);
        let digits = self.word().trim_end_matches('u');
        let mask = match digits.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => digits.parse().ok()?,
        };
        if source.places[at] == Place::Constant {
            return digits.starts_with("0x").then(|| (mask, self.declaration()));
        }
        let vector = source.before(at) == "(" && source.before(at - 1).starts_with("vec");
        let operator = at.checked_sub(if vector { 3 } else { 1 })?;
        let is_operand = source.word(operator) == "&" && source.follows_operand(operator);
        let shown = (source.operand_start(operator), source.operand_end(operator));
        is_operand.then_some((mask, shown))
    }

    /// The name, the type and the value of the constant whose value the token is.
    fn declaration(&self) -> (usize, usize) {
        let named = (0..self.at).rev().find(|i| self.source.word(*i) == "const");
        (named.map_or(self.at, |i| i + 1), self.at)
    }

    /// An edit that replaces the tokens `first` to `last` and shows those of `shown`.
    fn edit(
        &self,
        operator: Operator,
        (first, last): (usize, usize),
        to: impl Into<String>,
        shown: (usize, usize),
    ) -> Edit {
        Edit {
            operator,
            bytes: self.source.bytes(first, last),
            to: to.into(),
            shown: self.source.bytes(shown.0, shown.1),
            at: self.at,
        }
    }

    /// An edit of the token itself, shown with the operands on its sides.
    fn operator_edit(&self, operator: Operator, to: &str) -> Edit {
        let shown = (
            self.source.operand_start(self.at),
            self.source.operand_end(self.at),
        );
        self.edit(operator, (self.at, self.at), to, shown)
    }

    /// An edit of the token itself, shown with what it belongs to.
    fn word_edit(&self, operator: Operator, to: impl Into<String>) -> Edit {
        let first = self.source.operand_start(self.at + 1);
        self.edit(operator, (self.at, self.at), to, (first, self.at))
    }
}

/// `buffer[e]` → `buffer[(e) + 1u]`.
fn off_by_one(site: &Site) -> Vec<Edit> {
    let close = site.source.partner(site.at + 1);
    let (Some(close), "[") = (close, site.next(1)) else {
        return Vec::new();
    };
    if !site.source.shared.contains(&site.word()) {
        return Vec::new();
    }
    let index = (site.at + 2, close - 1);
    let to = format!("({}) + 1u", site.text(index));
    vec![site.edit(Operator::OffByOne, index, to, (site.at, close))]
}

/// `i < n` → `i + 1u < n`, with the loop's own step.
fn lost_tail(site: &Site) -> Vec<Edit> {
    let source = site.source;
    if source.places[site.at] != Place::Condition || site.next(1) != "<" || !site.is_value() {
        return Vec::new();
    }
    let mut after = site.at..source.tokens.len();
    let update = after.find(|i| source.places[*i] == Place::Update);
    let step = match update.map(|counter| counter + 1) {
        Some(sign) if source.word(sign) == "+=" => site.text((sign + 1, source.operand_end(sign))),
        _ => "1u",
    };
    let to = format!("{} + {step}", site.word());
    let shown = (site.at, source.operand_end(site.at + 1));
    vec![site.edit(Operator::LostTail, (site.at, site.at), to, shown)]
}

/// `learner * n` → `0u * n` and `(learner + 1u) * n`.
fn learner_stride(site: &Site) -> Vec<Edit> {
    if site.word() != "learner" || site.next(1) != "*" || site.source.before(site.at) == "." {
        return Vec::new();
    }
    let shown = (site.at, site.source.operand_end(site.at + 1));
    ["0u", "(learner + 1u)"]
        .map(|to| site.edit(Operator::LearnerStride, (site.at, site.at), to, shown))
        .into()
}

/// `p.field` → `p.next`, the next field of the same type that is no padding.
fn swapped_parameter(site: &Site) -> Vec<Edit> {
    let fields = &site.source.fields;
    let place = fields.iter().position(|(name, _)| *name == site.word());
    let (Some(place), ".") = (place, site.source.before(site.at)) else {
        return Vec::new();
    };
    if site.source.before(site.at - 1) != site.source.uniform {
        return Vec::new();
    }
    let is_padding = |name: &str| name.trim_end_matches(char::is_numeric) == "pad";
    let mut others = fields[place + 1..].iter().chain(&fields[..place]);
    let other = others.find(|(name, kind)| *kind == fields[place].1 && !is_padding(name));
    other
        .map(|(name, _)| site.word_edit(Operator::SwappedParameter, *name))
        .into_iter()
        .collect()
}

/// `-x` → `x`.
fn dropped_sign(site: &Site) -> Vec<Edit> {
    if site.word() != "-" || site.source.follows_operand(site.at) {
        return Vec::new();
    }
    let shown = (site.at, site.source.operand_end(site.at));
    vec![site.edit(Operator::Sign, (site.at, site.at), "", shown)]
}

/// One operator for another.
fn swapped_token(site: &Site) -> Vec<Edit> {
    use Operator::*;
    let others: &[(Operator, &str)] = match site.word() {
        "+" => &[(Sign, "-")],
        "-" => &[(Sign, "+")],
        // The stride of a learner and the identifier of a thread have their own faults.
        "*" if matches!(site.operand_before(), "learner" | "id") => &[],
        "*" => &[(Factor, "+")],
        "/" => &[(Factor, "*")],
        "%" => &[(Factor, "/")],
        "+=" => &[(Accumulation, "-="), (Accumulation, "=")],
        "-=" => &[(Accumulation, "+="), (Accumulation, "=")],
        "*=" | "/=" | "^=" | "&=" | "|=" => &[(Accumulation, "=")],
        "==" => &[(Relation, "!=")],
        "!=" => &[(Relation, "==")],
        "<" => &[(Relation, "<="), (ExtraTurn, "<=")],
        "<=" => &[(Relation, "<")],
        ">" => &[(Relation, ">=")],
        ">=" => &[(Relation, ">")],
        "&&" => &[(Relation, "||")],
        "||" => &[(Relation, "&&")],
        "&" | "^" => &[(Bits, "|")],
        "|" => &[(Bits, "&")],
        "<<" => &[(Bits, ">>")],
        ">>" => &[(Bits, "<<")],
        _ => &[],
    };
    if !site.source.follows_operand(site.at) {
        return Vec::new();
    }
    // A turn beyond the tile is beyond its registers, where anything may be.
    let beyond = |operator| operator == ExtraTurn && TILE.contains(&site.next(1));
    let safe = others.iter().filter(|(operator, _)| !beyond(*operator));
    safe.map(|(operator, to)| site.operator_edit(*operator, to))
        .collect()
}

/// `v.x` ↔ `v.y`, `v.z` ↔ `v.w`; `row` ↔ `col` and `i` ↔ `j` where both are in scope.
fn transposed(site: &Site) -> Vec<Edit> {
    let (word, source) = (site.word(), site.source);
    let is_field = source.before(site.at) == ".";
    let others: &[&str] = match (word, is_field) {
        ("x", true) => &["y"],
        ("y", true) => &["x"],
        // There is no fourth component, and learners have their own faults.
        ("z", true) if THREADS.contains(&source.before(site.at - 1)) => &[],
        ("z", true) => &["w"],
        ("w", true) => &["z"],
        ("row", false) => &["col", "column", "word"],
        ("col" | "column" | "word", false) => &["row"],
        ("i", false) => &["j", "q"],
        ("j" | "q", false) => &["i"],
        _ => &[],
    };
    let in_scope = |name: &str| source.in_scope(name, site.at);
    let fits = |other: &&&str| is_field || site.is_value() && in_scope(word) && in_scope(other);
    let found = others.iter().filter(fits);
    found
        .map(|other| site.word_edit(Operator::Transposed, *other))
        .collect()
}

/// `max(a, b)` → `a`, `min(a, b)` → `a`, one for the other; `select(a, b, c)` → `a` and `b`.
fn missing_mask(site: &Site) -> Vec<Edit> {
    let (kept, other): (&[usize], _) = match site.word() {
        "max" => (&[0], Some("min")),
        "min" => (&[0], Some("max")),
        "select" => (&[0, 1], None),
        _ => return Vec::new(),
    };
    let (Some(close), "(") = (site.source.partner(site.at + 1), site.next(1)) else {
        return Vec::new();
    };
    let call = (site.at, close);
    let arguments = site.source.arguments(site.at + 1);
    let instead = kept
        .iter()
        .filter_map(|k| arguments.get(*k))
        .map(|argument| {
            let text = site.text(*argument);
            let alone = site.source.operand_end(argument.0.saturating_sub(1)) == argument.1;
            if alone {
                text.to_owned()
            } else {
                format!("({text})")
            }
        });
    let mut found: Vec<Edit> = instead
        .map(|to| site.edit(Operator::Mask, call, to, call))
        .collect();
    let other = other.map(|to| site.edit(Operator::Mask, (site.at, site.at), to, call));
    found.extend(other);
    found
}

/// A mask without the lowest, the highest or, where it is long, the middle one of a run of its bits,
/// or with one below or above: the other bits of a run need the same tests.
fn mask_bit(site: &Site) -> Vec<Edit> {
    let Some((mask, shown)) = site.mask() else {
        return Vec::new();
    };
    let token = (site.at, site.at);
    let hexadecimal = site.word().starts_with("0x");
    let others = edges(mask).into_iter().map(|bit| mask ^ 1 << bit);
    let texts = others.map(|other| match hexadecimal {
        true => format!("{other:#010x}u"),
        false => format!("{other}u"),
    });
    let edit = |to| site.edit(Operator::MaskBit, token, to, shown);
    texts.map(edit).collect()
}

/// A module's constant that is no mask: the numbers on both sides.
fn limit(site: &Site) -> Vec<Edit> {
    let source = site.source;
    let alone = source.before(site.at) == "=" && site.next(1) == ";";
    let named = source.places[site.at] == Place::Constant && alone;
    if !named || !source.is_number(site.at) || site.mask().is_some() {
        return Vec::new();
    }
    let token = (site.at, site.at);
    let edit = |to| site.edit(Operator::Limit, token, to, site.declaration());
    neighbours(site.word()).into_iter().map(edit).collect()
}

/// An integer literal and the next one; a float literal and its double, or 0.0 and 1.0.
fn constant(site: &Site) -> Vec<Edit> {
    if !site.source.is_number(site.at) || site.mask().is_some() {
        return Vec::new();
    }
    let before = site.source.before(site.at);
    let index = before == "[" && site.next(1) == "]";
    // The next index may be past the end, which no compiler takes.
    let lower = neighbours(site.word()).into_iter().next();
    let Some(to) = (if index { lower } else { another(site.word()) }) else {
        return Vec::new();
    };
    let shown = match before {
        // The fault of the operator stands for that of its operand.
        "+" | "-" | "*" | "/" | "%" | "<<" | ">>" | "==" | "!=" | "<" | ">" | "<=" | ">=" => {
            return Vec::new();
        }
        "=" => site.source.operand_start(site.at - 1),
        _ => site.at,
    };
    vec![site.edit(Operator::Constant, (site.at, site.at), to, (shown, site.at))]
}

/// A store, a call, a barrier, `return;` or `break;` → nothing.
fn dropped_statement(site: &Site) -> Vec<Edit> {
    let source = site.source;
    let tokens = source.statement(site.at);
    let end = tokens.end;
    let declares = matches!(site.word(), "let" | "var" | "const" | "for");
    if !source.starts_statement(site.at) || source.word(end) != ";" || declares {
        return Vec::new();
    }
    let call = site.next(1) == "(" && source.partner(site.at + 1) == end.checked_sub(1);
    let jump = end == site.at + 1 && matches!(site.word(), "return" | "break" | "continue");
    let stores = tokens.clone().any(|i| source.word(i) == "=");
    let operator = match site.word() {
        word if call && word.ends_with("Barrier") => Operator::DroppedBarrier,
        _ if call || jump || stores => Operator::DroppedStatement,
        _ => return Vec::new(),
    };
    let all = (site.at, end);
    vec![site.edit(operator, all, "", all)]
}
