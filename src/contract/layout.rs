//! Where the numbers of a buffer are: naga's layout of its type, as 32-bit words.

use naga::{Handle, Module, ScalarKind, Type, TypeInner, VectorSize};

/// Numbers of a type that are laid out one by one, at the most.
const MOST: usize = 1 << 16;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// f32.
    Float,
    /// i32.
    Signed,
    /// u32.
    Unsigned,
}

impl Scalar {
    /// The word of a number, rounded to it; none where it does not hold it.
    #[expect(clippy::cast_possible_truncation, reason = "checked, or rounded")]
    pub(crate) fn word(self, value: f64) -> Option<u32> {
        let whole = value.fract() == 0.0;
        match self {
            Self::Float => Some((value as f32).to_bits()),
            Self::Signed => (whole && (-2_147_483_648.0..2_147_483_648.0).contains(&value))
                .then(|| (value as i32).cast_unsigned()),
            Self::Unsigned => {
                (whole && (0.0..4_294_967_296.0).contains(&value)).then_some(value as u32)
            }
        }
    }

    /// As WGSL calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Float => "f32",
            Self::Signed => "i32",
            Self::Unsigned => "u32",
        }
    }
}

/// A number in a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// The names of the struct fields on the way to it, with dots between them.
    pub(crate) field: String,
    /// Its word, from the start of the type.
    pub(crate) at: u32,
    pub(crate) scalar: Scalar,
}

/// The array that makes up a buffer, or ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elements {
    /// The word where it starts.
    pub(crate) at: u32,
    /// Words from one element to the next.
    pub(crate) stride: u32,
    /// The numbers of an element.
    pub(crate) leaves: Vec<Leaf>,
    /// How many there are, where the shader says so.
    pub(crate) count: Option<u32>,
    /// An element's type, as WGSL writes it.
    pub(crate) name: String,
}

/// The layout of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Numbers that are there once.
    pub(crate) head: Vec<Leaf>,
    /// The rest.
    pub(crate) elements: Option<Elements>,
    /// The type of what is there once, as WGSL writes it.
    name: String,
    /// Words of the smallest buffer of this type.
    least: u32,
}

impl Layout {
    /// The layout of a type.
    ///
    /// # Errors
    /// What cannot be laid out, in words.
    pub(crate) fn of(module: &Module, ty: Handle<Type>) -> Result<Self, String> {
        let inner = &module.types[ty].inner;
        let mut layout = Self {
            head: Vec::new(),
            elements: None,
            name: type_name(module, ty),
            least: words(inner.size(module.to_ctx())),
        };
        match inner {
            TypeInner::Array { .. } => layout.elements = Some(Elements::of(module, ty, "", 0)?),
            TypeInner::Struct { members, .. } => {
                for member in members {
                    let name = member.name.as_deref().unwrap_or_default();
                    let at = member.offset / 4;
                    if is_unsized(module, member.ty) {
                        layout.elements = Some(Elements::of(module, member.ty, name, at)?);
                    } else {
                        push(module, member.ty, (name, at), &mut layout.head)?;
                    }
                }
            }
            _ => push(module, ty, ("", 0), &mut layout.head)?,
        }
        Ok(layout)
    }

    /// The type of its elements, or of all of it, as WGSL writes it.
    pub(crate) fn name(&self) -> &str {
        let elements = self.elements.as_ref().filter(|_| self.head.is_empty());
        elements.map_or(&self.name, |elements| &elements.name)
    }

    /// The type of all of it, as WGSL writes it.
    pub(crate) fn whole(&self) -> &str {
        &self.name
    }

    /// Whether another has numbers of the same kinds at the same words. An array without a length
    /// may have any.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let length = |layout: &Self| layout.elements.as_ref().and_then(|e| e.count);
        // Two elements show where the next ones are.
        let of = |own: &Self, than: &Self| length(own).or(length(than)).unwrap_or(2);
        let (ours, theirs) = (of(self, other), of(other, self));
        let numbers = self.leaves(ours).map(|(at, leaf)| (at, leaf.scalar));
        let others = other.leaves(theirs).map(|(at, leaf)| (at, leaf.scalar));
        self.words(ours) == other.words(theirs) && numbers.eq(others)
    }

    /// The buffer's words with so many elements.
    pub(crate) fn words(&self, count: u32) -> Option<u32> {
        let end = match &self.elements {
            Some(elements) => elements
                .stride
                .checked_mul(count)?
                .checked_add(elements.at)?,
            None => 0,
        };
        Some(end.max(self.least))
    }

    /// The elements of a buffer with so many words.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a buffer has fewer than 2³² words"
    )]
    pub(crate) fn count_of(&self, words: usize) -> u32 {
        let elements = self.elements.as_ref();
        elements.map_or(0, |e| (words as u32).saturating_sub(e.at) / e.stride.max(1))
    }

    /// All numbers of a buffer with so many elements.
    pub(crate) fn leaves(&self, count: u32) -> impl Iterator<Item = (u32, &Leaf)> {
        let head = self.head.iter().map(|leaf| (leaf.at, leaf));
        let elements = self.elements.iter().flat_map(move |elements| {
            (0..count).flat_map(move |number| {
                let start = elements.at + number * elements.stride;
                elements
                    .leaves
                    .iter()
                    .map(move |leaf| (start + leaf.at, leaf))
            })
        });
        head.chain(elements)
    }
}

impl Elements {
    fn of(module: &Module, ty: Handle<Type>, name: &str, at: u32) -> Result<Self, String> {
        let TypeInner::Array { base, size, stride } = module.types[ty].inner else {
            return Err("it is no array".to_owned());
        };
        let mut leaves = Vec::new();
        push(module, base, (name, 0), &mut leaves)?;
        let count = match size {
            naga::ArraySize::Constant(count) => Some(count.get()),
            naga::ArraySize::Dynamic => None,
            naga::ArraySize::Pending(_) => {
                return Err("its length is an override, which has no value here".to_owned());
            }
        };
        Ok(Self {
            at,
            stride: stride / 4,
            leaves,
            count,
            name: type_name(module, base),
        })
    }
}

fn words(bytes: u32) -> u32 {
    bytes.div_ceil(4)
}

fn is_unsized(module: &Module, ty: Handle<Type>) -> bool {
    let inner = &module.types[ty].inner;
    matches!(
        inner,
        TypeInner::Array {
            size: naga::ArraySize::Dynamic,
            ..
        }
    )
}

/// A type as WGSL writes it.
pub(crate) fn type_name(module: &Module, ty: Handle<Type>) -> String {
    let scalar = |scalar: &naga::Scalar| match scalar_of(*scalar) {
        Ok(scalar) => scalar.name(),
        Err(_) => "?",
    };
    match &module.types[ty].inner {
        TypeInner::Scalar(s) => scalar(s).to_owned(),
        TypeInner::Atomic(s) => format!("atomic<{}>", scalar(s)),
        TypeInner::Vector { size, scalar: s } => format!("vec{}<{}>", *size as u32, scalar(s)),
        TypeInner::Matrix {
            columns,
            rows,
            scalar: s,
        } => format!("mat{}x{}<{}>", *columns as u32, *rows as u32, scalar(s)),
        TypeInner::Array { base, size, .. } => match size {
            naga::ArraySize::Constant(n) => format!("array<{}, {n}>", type_name(module, *base)),
            _ => format!("array<{}>", type_name(module, *base)),
        },
        _ => module.types[ty].name.clone().unwrap_or_default(),
    }
}

fn scalar_of(scalar: naga::Scalar) -> Result<Scalar, String> {
    match (scalar.kind, scalar.width) {
        (ScalarKind::Float, 4) => Ok(Scalar::Float),
        (ScalarKind::Sint, 4) => Ok(Scalar::Signed),
        (ScalarKind::Uint, 4) => Ok(Scalar::Unsigned),
        (kind, width) => {
            let kind = match kind {
                ScalarKind::Float => "float",
                ScalarKind::Bool => "bool",
                _ => "integer",
            };
            let bits = 8 * u32::from(width);
            Err(format!(
                "it holds a {kind} of {bits} bits: only f32, u32 and i32 can be checked"
            ))
        }
    }
}

/// Adds the numbers of a type of fixed size that starts at this word.
fn push(
    module: &Module,
    ty: Handle<Type>,
    (field, at): (&str, u32),
    leaves: &mut Vec<Leaf>,
) -> Result<(), String> {
    let mut add = |at: u32, scalar: naga::Scalar| {
        let field = field.to_owned();
        let scalar = scalar_of(scalar)?;
        leaves.push(Leaf { field, at, scalar });
        match leaves.len() > MOST {
            true => Err(format!("it has more than {MOST} numbers beside its array")),
            false => Ok(()),
        }
    };
    match &module.types[ty].inner {
        TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar) => add(at, *scalar),
        TypeInner::Vector { size, scalar } => {
            (0..*size as u32).try_for_each(|lane| add(at + lane, *scalar))
        }
        TypeInner::Matrix {
            columns,
            rows,
            scalar,
        } => {
            let stride = if *rows == VectorSize::Bi { 2 } else { 4 };
            (0..*columns as u32).try_for_each(|column| {
                (0..*rows as u32).try_for_each(|row| add(at + stride * column + row, *scalar))
            })
        }
        TypeInner::Array { base, size, stride } => {
            let naga::ArraySize::Constant(count) = size else {
                return Err("an array within it has no fixed length".to_owned());
            };
            let element = |n: u32| (field, at + n * stride / 4);
            (0..count.get()).try_for_each(|n| push(module, *base, element(n), leaves))
        }
        TypeInner::Struct { members, .. } => members.iter().try_for_each(|member| {
            let name = member.name.as_deref().unwrap_or_default();
            let name = match field.is_empty() {
                true => name.to_owned(),
                false => format!("{field}.{name}"),
            };
            push(module, member.ty, (&name, at + member.offset / 4), leaves)
        }),
        _ => Err("it holds something other than numbers".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(wgsl: &str) -> Layout {
        let module = naga::front::wgsl::parse_str(wgsl).unwrap();
        let (_, variable) = module.global_variables.iter().next().unwrap();
        Layout::of(&module, variable.ty).unwrap()
    }

    fn places(leaves: &[Leaf]) -> Vec<(&str, u32, Scalar)> {
        leaves
            .iter()
            .map(|l| (&l.field[..], l.at, l.scalar))
            .collect()
    }

    #[test]
    fn structs_are_laid_out_as_wgsl_says() {
        let layout = layout(
            "struct Inner { a: u32, b: vec3<f32> }
             struct Outer { n: i32, m: mat2x3<f32>, inner: Inner, tail: array<vec3<f32>> }
             @group(0) @binding(0) var<storage> all: Outer;",
        );
        use Scalar::{Float, Signed, Unsigned};
        let m = [4, 5, 6, 8, 9, 10].map(|at| ("m", at, Float));
        let b = [16, 17, 18].map(|at| ("inner.b", at, Float));
        let mut expected = vec![("n", 0, Signed)];
        expected.extend(m);
        expected.push(("inner.a", 12, Unsigned));
        expected.extend(b);
        assert_eq!(places(&layout.head), expected);
        let tail = layout.elements.as_ref().unwrap();
        assert_eq!((tail.at, tail.stride, tail.count), (20, 4, None));
        assert_eq!(tail.name, "vec3<f32>");
        assert_eq!(layout.words(3), Some(32));
        let last = layout.leaves(3).last().unwrap();
        assert_eq!((last.0, last.1.field.as_str()), (30, "tail"));
    }

    #[test]
    fn a_buffer_is_never_smaller_than_its_type() {
        let layout = layout(
            "struct All { a: vec4<u32>, rest: array<u32> }
             @group(0) @binding(0) var<storage> all: All;",
        );
        assert_eq!([1, 4, 5].map(|n| layout.words(n)), [8, 8, 9].map(Some));
        assert_eq!(layout.words(u32::MAX), None);
    }

    #[test]
    fn numbers_become_words_where_they_fit() {
        assert_eq!(Scalar::Float.word(0.5), Some(0.5f32.to_bits()));
        assert_eq!(Scalar::Signed.word(-1.0), Some(u32::MAX));
        assert_eq!(Scalar::Unsigned.word(4_294_967_295.0), Some(u32::MAX));
        for (scalar, value) in [
            (Scalar::Unsigned, -1.0),
            (Scalar::Unsigned, 0.5),
            (Scalar::Signed, 2_147_483_648.0),
            (Scalar::Unsigned, f64::NAN),
        ] {
            assert_eq!(scalar.word(value), None, "{scalar:?} {value}");
        }
    }
}
