//! A buffer of a user's shader: what it starts with, and whether it is judged.

use super::layout::{Layout, Leaf};
use super::names::unknown;
use super::schema::{Binding, Fault, Formula};
use super::sizes::Sizes;
use super::values::Content;
use crate::kernels::case::POISON;
use crate::kernels::{Access, Fill};

/// Words of a buffer at the most: 256 MiB.
const LARGEST: u64 = 1 << 26;

/// A buffer of a user's shader.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) name: String,
    pub(super) access: Access,
    pub(super) layout: Layout,
    /// Its elements, as a product.
    pub(super) shape: Vec<Formula>,
    /// What it starts with; nothing where it starts as poison.
    content: Option<Content>,
    /// Numbers by the names of fields.
    fields: Vec<(String, Vec<Formula>)>,
    /// Whether the shader may write it.
    pub(super) output: bool,
    /// Whether it may end as anything.
    pub(super) ignored: bool,
}

/// Where the numbers of a case come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Draw {
    pub(super) fill: Fill,
    pub(super) key: [u32; 2],
}

impl Buffer {
    /// A buffer that the entry point does not use.
    pub(super) fn unused(name: &str, access: Access, layout: Layout) -> Self {
        Self {
            name: name.to_owned(),
            access,
            layout,
            shape: Vec::new(),
            content: None,
            fields: Vec::new(),
            output: false,
            ignored: access == Access::Write,
        }
    }

    /// A buffer as a contract has it.
    pub(super) fn new(
        (name, access, layout): (&str, Access, Layout),
        binding: &Binding,
        span: &std::ops::Range<usize>,
    ) -> Result<Self, Fault> {
        let whole = |text: String| Fault::new(span.clone(), format!("bindings.{name}: {text}"));
        let written = binding.output || binding.ignore;
        if written && access != Access::Write {
            return Err(whole(
                "the shader only reads it: leave out output and ignore, or declare it as \
                 var<storage, read_write>"
                    .to_owned(),
            ));
        }
        let values = binding.values.as_ref();
        let content = Content::new(values.map(toml::Spanned::get_ref)).map_err(|text| {
            let span = values.map_or(span.clone(), toml::Spanned::span);
            Fault::new(span, format!("bindings.{name}.values: {text}"))
        })?;
        let shape = binding
            .shape
            .as_ref()
            .map(|shape| shape.get_ref().0.clone());
        let buffer = Self {
            name: name.to_owned(),
            access,
            layout,
            shape: shape.unwrap_or_default(),
            content: (!written || values.is_some()).then_some(content),
            fields: fields(binding),
            output: binding.output || binding.ignore,
            ignored: binding.ignore,
        };
        buffer.check_shape(binding).map_err(whole)?;
        buffer.check_type(binding).map_err(whole)?;
        buffer.check_numbers(binding).map_err(whole)?;
        Ok(buffer)
    }

    fn check_shape(&self, binding: &Binding) -> Result<(), String> {
        match (&self.layout.elements, &binding.shape) {
            (Some(elements), None) if elements.count.is_none() => Err(format!(
                "say how many {} it has, such as shape = [\"rows\", \"cols\"]",
                elements.name
            )),
            (None, Some(_)) => Err("it is no array: leave out shape".to_owned()),
            (_, Some(shape)) if shape.get_ref().0.is_empty() => {
                Err("shape: give at least one number".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_type(&self, binding: &Binding) -> Result<(), String> {
        let Some(wanted) = &binding.of else {
            return Ok(());
        };
        let is = self.layout.name();
        match long(wanted.get_ref()) == is.replace(' ', "") {
            true => Ok(()),
            false => Err(format!(
                "type: the shader has {is} here, not {}",
                wanted.get_ref()
            )),
        }
    }

    /// Every number must come from somewhere, and every field must be there.
    fn check_numbers(&self, binding: &Binding) -> Result<(), String> {
        let named = || {
            let all = self.layout.head.iter();
            all.map(|leaf| leaf.field.as_str())
        };
        for (key, numbers) in &self.fields {
            let count = named().filter(|field| belongs(field, key)).count();
            if count == 0 && key.is_empty() {
                return Err("value: it is a struct or an array: give fields or values".to_owned());
            }
            if count == 0 {
                return Err(format!("fields: {}", unknown("field", key, named())));
            }
            if numbers.len() != 1 && numbers.len() != count {
                let given = numbers.len();
                return Err(format!("{key} has {count} numbers, and {given} are given"));
            }
        }
        let elements = self.layout.elements.iter().flat_map(|e| &e.leaves);
        for (leaf, once) in self
            .layout
            .head
            .iter()
            .map(|l| (l, true))
            .chain(elements.map(|l| (l, false)))
        {
            let Some(content) = self
                .content
                .as_ref()
                .filter(|_| self.field_of(leaf).is_none())
            else {
                continue;
            };
            if let Some(text) = content.fault(leaf.scalar) {
                return Err(format!("values: {text}"));
            }
            if once && binding.values.is_none() && !is_padding(&leaf.field) {
                return Err(match leaf.field.as_str() {
                    "" => "say what it is, such as value = \"rows\"".to_owned(),
                    field => {
                        format!("say what {field} is, such as fields = {{ {field} = \"rows\" }}")
                    }
                });
            }
        }
        Ok(())
    }

    /// The numbers that a leaf is one of.
    fn field_of(&self, leaf: &Leaf) -> Option<usize> {
        let fields = &self.fields;
        fields.iter().position(|(key, _)| belongs(&leaf.field, key))
    }

    /// Whether it starts with numbers, all or some of them.
    pub(super) fn is_initialised(&self) -> bool {
        self.content.is_some() || !self.fields.is_empty()
    }

    /// Whether cases of this fill have other numbers than random ones.
    pub(super) fn takes(&self, fill: Fill) -> bool {
        let elements = self.layout.elements.iter().flat_map(|e| &e.leaves);
        let mut leaves = self.layout.head.iter().chain(elements);
        self.content.as_ref().is_some_and(|content| {
            leaves.any(|leaf| self.field_of(leaf).is_none() && content.takes(leaf.scalar, fill))
        })
    }

    /// Its elements at these sizes.
    ///
    /// # Errors
    /// What is wrong with their number, in words.
    pub(super) fn count(&self, sizes: &Sizes) -> Result<u32, String> {
        let of = |why: String| format!("bindings.{}.shape: {why}", self.name);
        let fixed = self.layout.elements.as_ref().map(|e| e.count);
        let own = match fixed {
            None => return Ok(0),
            Some(count) => count,
        };
        if self.shape.is_empty() {
            return Ok(own.unwrap_or(1));
        }
        let mut count = 1u64;
        for formula in &self.shape {
            count = count.saturating_mul(formula.whole(sizes).map_err(of)?.into());
        }
        let large = || of(format!("{count} elements at {sizes} are too many"));
        let count = u32::try_from(count).map_err(|_| large())?;
        if own.is_some_and(|own| own != count) {
            let own = own.unwrap_or_default();
            return Err(of(format!(
                "it is {count} at {sizes}, but the shader says {own}"
            )));
        }
        let words = self.layout.words(count).map(u64::from);
        match words.is_some_and(|words| words <= LARGEST) {
            true => Ok(count),
            false => Err(large()),
        }
    }

    /// What it starts with, in its own layout or in that of a reference.
    ///
    /// # Errors
    /// What has no value at these sizes, in words.
    pub(super) fn words(
        &self,
        layout: &Layout,
        sizes: &Sizes,
        draw: Draw,
    ) -> Result<Vec<u32>, String> {
        let count = self.count(sizes)?;
        let words = layout.words(count).unwrap_or_default();
        let mut words = vec![POISON; words as usize];
        let of = |why: String| format!("bindings.{}: {why}", self.name);
        let content = self.content.as_ref();
        let content = content
            .map(|c| c.at(sizes, draw.fill))
            .transpose()
            .map_err(of)?;
        let mut given = vec![0; self.fields.len()];
        // Elements have the same numbers in every layout.
        let head = u32::try_from(layout.head.len()).unwrap_or_default();
        let numbers = (0u32..).map(|place| place.wrapping_sub(head));
        for (number, (at, leaf)) in numbers.zip(layout.leaves(count)) {
            let word = match (self.field_of(leaf), &content) {
                (Some(field), _) => {
                    let (_, numbers) = &self.fields[field];
                    let formula = numbers.get(given[field]).unwrap_or(&numbers[0]);
                    given[field] += 1;
                    number_of(formula, leaf, sizes).map_err(of)?
                }
                (None, Some(_)) if is_padding(&leaf.field) && self.access == Access::Uniform => 0,
                (None, Some(content)) => content.word(draw.key, number, leaf.scalar),
                (None, None) => POISON,
            };
            words[at as usize] = word;
        }
        Ok(words)
    }

    /// Whether a reference's layout of it holds the same numbers: in the same places, or in any with the
    /// same names.
    pub(super) fn fits(&self, layout: &Layout) -> bool {
        self.names(layout) || layout.is_like(&self.layout)
    }

    /// Whether the names of fields say where each number goes in a reference's layout.
    fn names(&self, layout: &Layout) -> bool {
        let lengths = |(key, _): &(String, _)| {
            let of = |l: &Layout| l.head.iter().filter(|f| belongs(&f.field, key)).count();
            of(layout) == 0 || of(layout) == of(&self.layout)
        };
        let given = |leaf: &Leaf| self.field_of(leaf).is_some() || is_padding(&leaf.field);
        let stream = |layout: &Layout| {
            let of = |leaves: &[Leaf]| leaves.iter().map(|leaf| leaf.scalar).collect::<Vec<_>>();
            let elements = layout.elements.as_ref();
            elements.map(|e| (e.stride, e.count, of(&e.leaves)))
        };
        let alone = !self.fields.is_empty() && !self.output;
        alone
            && self.fields.iter().all(lengths)
            && layout.head.iter().all(given)
            && stream(layout) == stream(&self.layout)
    }

    /// Which element a word is in, where that says more than the word's number.
    pub(super) fn element(&self, word: u32, sizes: &Sizes) -> Option<String> {
        let elements = self.layout.elements.as_ref()?;
        let mut number = word.checked_sub(elements.at)? / elements.stride.max(1);
        if self.shape.len() < 2 && elements.stride == 1 && elements.at == 0 {
            return None;
        }
        if number >= self.count(sizes).ok()? {
            return None;
        }
        let mut indices = Vec::new();
        for formula in self.shape.iter().rev() {
            let length = formula.whole(sizes).ok()?;
            indices.push((number % length).to_string());
            number /= length;
        }
        indices.reverse();
        let shape: Vec<String> = self.shape.iter().map(|f| f.0.to_string()).collect();
        Some(format!(
            "[{}] of [{}]",
            indices.join(", "),
            shape.join(", ")
        ))
    }

    /// What a reference starts with, in its layout of the buffer.
    ///
    /// # Errors
    /// What has no value at these sizes, in words.
    pub(super) fn translated(
        &self,
        layout: &Layout,
        sizes: &Sizes,
        draw: Draw,
        own: &[u32],
    ) -> Result<Vec<u32>, String> {
        match self.names(layout) {
            true => self.words(layout, sizes, draw),
            false => Ok(own.to_vec()),
        }
    }

    /// The places of words that are numbers, not padding.
    pub(super) fn numbers(&self, count: u32) -> impl Iterator<Item = (u32, &Leaf)> {
        self.layout.leaves(count)
    }
}

/// A field's number as the word that it is.
fn number_of(formula: &Formula, leaf: &Leaf, sizes: &Sizes) -> Result<u32, String> {
    use super::layout::Scalar;
    let value = match leaf.scalar {
        Scalar::Float => formula.float(sizes)?,
        Scalar::Signed | Scalar::Unsigned => formula.integer(sizes)? as f64,
    };
    let word = leaf.scalar.word(value);
    word.ok_or_else(|| {
        let (field, name) = (&leaf.field, leaf.scalar.name());
        format!(
            "{field}: {} is {value} at {sizes}, which is no {name}",
            formula.0
        )
    })
}

/// Whether a field is the one with this key, or within it.
fn belongs(field: &str, key: &str) -> bool {
    let rest = field.strip_prefix(key);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether a field only fills a place.
fn is_padding(field: &str) -> bool {
    let last = field.rsplit('.').next().unwrap_or_default();
    let name = last.trim_matches(|c: char| c == '_' || c.is_ascii_digit());
    last.starts_with('_') || name == "pad" || name == "padding"
}

fn fields(binding: &Binding) -> Vec<(String, Vec<Formula>)> {
    let named = binding.fields.iter().flat_map(|fields| fields.get_ref());
    let named = named.map(|(key, numbers)| (key.get_ref().clone(), numbers.get_ref().0.clone()));
    let alone = binding.value.iter();
    let alone = alone.map(|numbers| (String::new(), numbers.get_ref().0.clone()));
    named
        .chain(alone)
        .filter(|(_, numbers)| !numbers.is_empty())
        .collect()
}

/// A type in WGSL's long form: vec4f is `vec4<f32>`.
fn long(name: &str) -> String {
    let name = name.replace(' ', "");
    let scalars = [("f", "f32"), ("u", "u32"), ("i", "i32")];
    let shaped = name.starts_with("vec") || name.starts_with("mat");
    for (short, scalar) in scalars {
        if let Some(shape) = name.strip_suffix(short).filter(|_| shaped) {
            return format!("{shape}<{scalar}>");
        }
    }
    name
}
