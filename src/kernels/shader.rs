//! A shader's text, and what naga says of it: its buffers and its constants.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use naga::{AddressSpace, Expression, GlobalVariable, Literal, Module, ScalarKind, StorageAccess};
use naga::{TypeInner, VectorSize};

/// How a kernel uses a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only reads it.
    Read,
    /// Writes it, and may read it.
    Write,
    /// Reads it as a uniform.
    Uniform,
}

/// What an element of a buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// f32.
    Float,
    /// `vec4<f32>`.
    Floats,
    /// u32.
    Word,
    /// `vec4<u32>`.
    Words,
    /// A struct, an atomic or something else.
    Other,
}

/// A buffer of a shader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// Its `@group` and its `@binding`.
    pub slot: [u32; 2],
    /// How it is used.
    pub access: Access,
    /// What its elements are.
    pub element: Element,
}

impl Binding {
    /// Whether it holds labels or indices.
    pub(crate) fn is_index(&self) -> bool {
        self.access == Access::Read && self.element == Element::Word
    }

    /// Whether it holds floats and nothing else.
    pub(crate) fn is_float(&self) -> bool {
        matches!(self.element, Element::Float | Element::Floats)
    }
}

/// A shader.
#[derive(Debug)]
pub struct Shader {
    /// Its text.
    pub text: &'static str,
    /// Whether it keeps to the program's own layout: parameters in a uniform at binding 0, and storage
    /// buffers from 1 on, all of one group.
    own: bool,
    facts: OnceLock<Facts>,
}

impl PartialEq for Shader {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// What naga says of a text; nothing of one that it cannot parse.
#[derive(Debug, Default)]
struct Facts {
    bindings: Vec<Binding>,
    /// Constants of type u32: value, and the place of the value in the text.
    constants: BTreeMap<String, (u32, Range<usize>)>,
}

impl Shader {
    /// A shader with this text, which is parsed when something is first asked of it.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            own: true,
            facts: OnceLock::new(),
        }
    }

    /// A shader from outside, with whatever buffers it has.
    pub(super) const fn foreign(text: &'static str) -> Self {
        Self {
            text,
            own: false,
            facts: OnceLock::new(),
        }
    }

    /// A shader of the same layout with another text.
    pub(crate) const fn with_text(&self, text: &'static str) -> Self {
        Self {
            text,
            own: self.own,
            facts: OnceLock::new(),
        }
    }

    /// Whether it comes from outside.
    pub(super) const fn is_foreign(&self) -> bool {
        !self.own
    }

    fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let parsed = naga::front::wgsl::parse_str(self.text);
            parsed.map_or_else(|_| Facts::default(), |module| Facts::of(&module, self.own))
        })
    }

    /// Its storage buffers, by group and binding; of a shader from outside, its uniforms too.
    pub fn bindings(&self) -> &[Binding] {
        &self.facts().bindings
    }

    /// The value of `const name: u32`.
    pub fn constant(&self, name: &str) -> Option<u32> {
        self.facts().constants.get(name).map(|(value, _)| *value)
    }

    /// The text with other values for some constants.
    pub(crate) fn with_constants(&self, values: &[(&str, u32)]) -> String {
        let mut text = self.text.to_owned();
        let known = &self.facts().constants;
        let mut places: Vec<(&Range<usize>, u32)> = values
            .iter()
            .filter_map(|(name, value)| Some((&known.get(*name)?.1, *value)))
            .collect();
        places.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
        for (place, value) in places {
            text.replace_range(place.clone(), &format!("{value}u"));
        }
        text
    }
}

impl Facts {
    fn of(module: &Module, own: bool) -> Self {
        let mut bindings: Vec<Binding> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| binding(module, variable))
            .filter(|binding| !(own && binding.access == Access::Uniform))
            .collect();
        bindings.sort_by_key(|binding| binding.slot);
        let constant = |(_, constant): (_, &naga::Constant)| {
            let init = &module.global_expressions[constant.init];
            let Expression::Literal(Literal::U32(value)) = init else {
                return None;
            };
            let place = module.global_expressions.get_span(constant.init);
            Some((constant.name.clone()?, (*value, place.to_range()?)))
        };
        Self {
            bindings,
            constants: module.constants.iter().filter_map(constant).collect(),
        }
    }
}

/// A global variable, if it is a buffer.
fn binding(module: &Module, variable: &GlobalVariable) -> Option<Binding> {
    let access = match variable.space {
        AddressSpace::Uniform => Access::Uniform,
        AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => Access::Write,
        AddressSpace::Storage { .. } => Access::Read,
        _ => return None,
    };
    let element = match module.types[variable.ty].inner {
        TypeInner::Array { base, .. } => element(&module.types[base].inner),
        _ => Element::Other,
    };
    let place = variable.binding?;
    Some(Binding {
        name: variable.name.clone()?,
        slot: [place.group, place.binding],
        access,
        element,
    })
}

fn element(inner: &TypeInner) -> Element {
    match inner {
        TypeInner::Scalar(scalar) => match scalar.kind {
            ScalarKind::Float => Element::Float,
            ScalarKind::Uint => Element::Word,
            _ => Element::Other,
        },
        TypeInner::Vector {
            size: VectorSize::Quad,
            scalar,
        } => match scalar.kind {
            ScalarKind::Float => Element::Floats,
            ScalarKind::Uint => Element::Words,
            _ => Element::Other,
        },
        _ => Element::Other,
    }
}
