//! What a contract's TOML may hold. Unknown keys are refused, and faults have places.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use crate::expression::Expression;

/// A fault, and where it is in the text.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { span, text }
    }
}

/// Things by their names.
pub(super) type Named<T> = BTreeMap<Spanned<String>, Spanned<T>>;

/// A whole contract.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schema {
    pub(super) entry: Option<Spanned<String>>,
    pub(super) dispatch: Spanned<Several>,
    /// Floating-point operations, for `unlearn bench`.
    pub(super) flops: Option<Spanned<Formula>>,
    #[serde(default)]
    pub(super) sizes: Named<Size>,
    #[serde(default)]
    pub(super) bindings: Named<Binding>,
    pub(super) reference: Spanned<Reference>,
}

/// What a named size may be.
#[derive(Clone, Debug)]
pub(super) enum Size {
    /// These values.
    Values(Vec<u32>),
    /// Values around this tile's borders.
    Tile(u32),
    /// Computed from others.
    Formula(Formula),
}

/// A buffer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Binding {
    pub(super) shape: Option<Spanned<Several>>,
    #[serde(rename = "type")]
    pub(super) of: Option<Spanned<String>>,
    pub(super) values: Option<Spanned<Values>>,
    #[serde(default)]
    pub(super) output: bool,
    #[serde(default)]
    pub(super) ignore: bool,
    pub(super) fields: Option<Spanned<Named<Several>>>,
    /// The numbers of a uniform that is no struct.
    pub(super) value: Option<Spanned<Several>>,
}

/// Which numbers a buffer holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Values {
    pub(super) range: Option<[f64; 2]>,
    pub(super) integers: Option<[i64; 2]>,
    pub(super) below: Option<Formula>,
    pub(super) set: Option<Vec<f64>>,
    pub(super) special: Option<bool>,
}

/// What says what must come out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub(super) shader: Option<Spanned<PathBuf>>,
    pub(super) entry: Option<String>,
    pub(super) dispatch: Option<Spanned<Several>>,
    pub(super) run: Option<Spanned<Run>>,
    pub(super) command: Option<Spanned<Vec<String>>>,
    pub(super) tolerance: Option<Spanned<Tolerance>>,
}

/// How a reference shader runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Run {
    /// In f64, with bounds on what f32 may be off by.
    F64,
    /// In f32.
    F32,
}

/// How far floats may be off.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tolerance {
    #[serde(default)]
    pub(super) absolute: f64,
    #[serde(default)]
    pub(super) relative: f64,
}

/// A number, or an expression of sizes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula(pub(super) Expression);

/// One of them, or a list.
#[derive(Clone, Debug)]
pub(super) struct Several(pub(super) Vec<Formula>);

impl Formula {
    /// 1.
    pub(super) fn one() -> Self {
        Self(Expression::whole(1))
    }

    fn parse<E: de::Error>(text: &str) -> Result<Self, E> {
        Expression::parse(text).map(Self).map_err(|fault| {
            E::custom(format!(
                "\"{text}\" is no expression: {fault}; write one of sizes, whole numbers, + - * / %, \
                 parentheses, ceil(a / b), min(a, b) and max(a, b)"
            ))
        })
    }
}

/// Reads what may have several forms.
struct Forms<T>(PhantomData<T>);

impl<'de> Deserialize<'de> for Formula {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Forms::<Self>(PhantomData))
    }
}

impl<'de> Visitor<'de> for Forms<Formula> {
    type Value = Formula;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or an expression of sizes such as \"2 * rows\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Formula, E> {
        Formula::parse(text)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Formula, E> {
        Formula::parse(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Formula, E> {
        Formula::parse(&value.to_string())
    }
}

impl<'de> Deserialize<'de> for Several {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Forms::<Self>(PhantomData))
    }
}

impl<'de> Visitor<'de> for Forms<Several> {
    type Value = Several;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, an expression of sizes such as \"2 * rows\", or a list of these")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Several, E> {
        Ok(Several(vec![Formula::parse(text)?]))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Several, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Several, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Several, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = seq.next_element()? {
            all.push(one);
        }
        Ok(Several(all))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Forms::<Self>(PhantomData))
    }
}

/// `{ tile = 64 }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tile {
    tile: u32,
}

impl<'de> Visitor<'de> for Forms<Size> {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "values such as [1, 7, 32], { tile = 64 }, or an expression of other sizes such as \
             \"ceil(rows / 64)\"",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
        Formula::parse(text).map(Size::Formula)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Size, E> {
        let value = u32::try_from(value).map_err(|_| E::custom("a size is 1 or more"))?;
        Ok(Size::Values(vec![value]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Size, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Size::Values(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Size, A::Error> {
        Tile::deserialize(MapAccessDeserializer::new(map)).map(|tile| Size::Tile(tile.tile))
    }
}
