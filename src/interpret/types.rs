//! The types of a module, with where their numbers lie.
//!
//! A value is its *leaves*, the scalars that it is made of, one after the other. In buffers and uniforms
//! they lie as WGSL says, with gaps; in all other memory without.

use std::collections::HashMap;
use std::sync::OnceLock;

use naga::proc::TypeResolution;
use naga::{ArraySize, Handle, Module, ScalarKind, Type, TypeInner};

/// The number of a type in `Types`.
pub(super) type Id = usize;

/// What a type is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A number or a bool.
    Scalar(ScalarKind),
    /// An atomic integer.
    Atomic(ScalarKind),
    /// So many scalars.
    Vector(u32, ScalarKind),
    /// Columns of so many rows.
    Matrix(u32, u32),
    /// Elements so many words apart; of no number where the buffer says it.
    Array(Id, Option<u32>, u32),
    /// Its members.
    Struct(Vec<Member>),
    /// A pointer to a value.
    Pointer(Id),
    /// Something that has no value.
    Other,
}

/// A member of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) id: Id,
    /// Where it begins in a buffer, in words.
    pub(super) word: u32,
    /// Its first leaf.
    pub(super) leaf: u32,
}

/// A type.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    /// Scalars that a value has; an array of unknown length counts as empty.
    pub(super) leaves: u32,
    /// Words that a value takes in a buffer, likewise.
    pub(super) words: u32,
    places: OnceLock<Vec<u32>>,
}

/// All types of a module.
#[derive(Debug, Default)]
pub(super) struct Types {
    all: Vec<Layout>,
    known: HashMap<Kind, Id>,
    handles: Vec<Id>,
}

impl Types {
    pub(super) fn of(module: &Module) -> Self {
        let mut types = Self::default();
        for (_, ty) in module.types.iter() {
            let id = types.add_inner(&ty.inner);
            types.handles.push(id);
        }
        types
    }

    pub(super) fn get(&self, id: Id) -> &Layout {
        &self.all[id]
    }

    pub(super) fn kind(&self, id: Id) -> &Kind {
        &self.all[id].kind
    }

    pub(super) fn of_handle(&self, handle: Handle<Type>) -> Id {
        self.handles[handle.index()]
    }

    /// The type that naga found for an expression.
    pub(super) fn resolved(&mut self, ty: &TypeResolution) -> Id {
        match ty {
            TypeResolution::Handle(handle) => self.of_handle(*handle),
            TypeResolution::Value(inner) => self.add_inner(inner),
        }
    }

    fn add(&mut self, kind: Kind) -> Id {
        if let Some(&id) = self.known.get(&kind) {
            return id;
        }
        let (leaves, words) = self.sizes(&kind);
        self.known.insert(kind.clone(), self.all.len());
        self.all.push(Layout {
            kind,
            leaves,
            words,
            places: OnceLock::new(),
        });
        self.all.len() - 1
    }

    fn sizes(&self, kind: &Kind) -> (u32, u32) {
        match kind {
            Kind::Scalar(_) | Kind::Atomic(_) => (1, 1),
            Kind::Vector(size, _) => (*size, *size),
            Kind::Matrix(columns, rows) => (columns * rows, columns * column_stride(*rows)),
            Kind::Array(base, count, stride) => {
                let count = count.unwrap_or(0);
                let leaves = count.saturating_mul(self.all[*base].leaves);
                (leaves, count.saturating_mul(*stride))
            }
            Kind::Struct(members) => {
                let end = |m: &Member| m.leaf + self.all[m.id].leaves;
                (members.last().map_or(0, end), 0)
            }
            Kind::Pointer(_) | Kind::Other => (0, 0),
        }
    }

    fn add_inner(&mut self, inner: &TypeInner) -> Id {
        let kind = match inner {
            TypeInner::Scalar(scalar) => Kind::Scalar(scalar.kind),
            TypeInner::Atomic(scalar) => Kind::Atomic(scalar.kind),
            TypeInner::Vector { size, scalar } => Kind::Vector(*size as u32, scalar.kind),
            TypeInner::Matrix { columns, rows, .. } => Kind::Matrix(*columns as u32, *rows as u32),
            TypeInner::Array { base, size, stride } => {
                let count = match size {
                    ArraySize::Constant(count) => Some(count.get()),
                    _ => None,
                };
                Kind::Array(self.of_handle(*base), count, stride / 4)
            }
            TypeInner::Pointer { base, .. } => Kind::Pointer(self.of_handle(*base)),
            TypeInner::ValuePointer { size, scalar, .. } => {
                let to = match size {
                    Some(size) => Kind::Vector(*size as u32, scalar.kind),
                    None => Kind::Scalar(scalar.kind),
                };
                Kind::Pointer(self.add(to))
            }
            TypeInner::Struct { members, span } => return self.add_struct(members, *span),
            _ => Kind::Other,
        };
        self.add(kind)
    }

    fn add_struct(&mut self, members: &[naga::StructMember], span: u32) -> Id {
        let mut leaf = 0;
        let mut all = Vec::new();
        for member in members {
            let id = self.of_handle(member.ty);
            all.push(Member {
                name: member.name.clone().unwrap_or_default(),
                id,
                word: member.offset / 4,
                leaf,
            });
            leaf += self.all[id].leaves;
        }
        let id = self.add(Kind::Struct(all));
        self.all[id].words = span / 4;
        id
    }

    /// Where each leaf of a value lies in a buffer, in words from its beginning.
    pub(super) fn places(&self, id: Id) -> &[u32] {
        let layout = &self.all[id];
        layout.places.get_or_init(|| match &layout.kind {
            Kind::Scalar(_) | Kind::Atomic(_) | Kind::Pointer(_) | Kind::Other => vec![0],
            Kind::Vector(size, _) => (0..*size).collect(),
            Kind::Matrix(columns, rows) => {
                let column = |c| (0..*rows).map(move |r| c * column_stride(*rows) + r);
                (0..*columns).flat_map(column).collect()
            }
            Kind::Array(base, count, stride) => {
                let base = self.places(*base);
                let element = |i| base.iter().map(move |place| i * stride + place);
                (0..count.unwrap_or(0)).flat_map(element).collect()
            }
            Kind::Struct(members) => {
                let own = |m: &Member| -> Vec<u32> {
                    let places = self.places(m.id).iter();
                    places.map(|place| m.word + place).collect()
                };
                members.iter().flat_map(own).collect()
            }
        })
    }

    /// The number of leaves, or of words in a buffer, from one element of a composite to the next.
    pub(super) fn stride(&self, id: Id, host: bool) -> u32 {
        match self.kind(id) {
            Kind::Matrix(_, rows) if host => column_stride(*rows),
            Kind::Matrix(_, rows) => *rows,
            Kind::Array(_, _, stride) if host => *stride,
            Kind::Array(base, ..) => self.get(*base).leaves,
            _ => 1,
        }
    }

    /// The number of elements of a composite, where its type says it.
    pub(super) fn count(&self, id: Id) -> Option<u32> {
        match self.kind(id) {
            Kind::Vector(size, _) => Some(*size),
            Kind::Matrix(columns, _) => Some(*columns),
            Kind::Array(_, count, _) => *count,
            Kind::Struct(members) => u32::try_from(members.len()).ok(),
            _ => Some(1),
        }
    }

    /// What the scalars of a vector, a matrix or a scalar are.
    pub(super) fn scalar(&self, id: Id) -> ScalarKind {
        match self.kind(id) {
            Kind::Scalar(kind) | Kind::Atomic(kind) | Kind::Vector(_, kind) => *kind,
            Kind::Matrix(..) => ScalarKind::Float,
            _ => ScalarKind::Uint,
        }
    }
}

/// Words from one column of a matrix to the next.
pub(super) fn column_stride(rows: u32) -> u32 {
    if rows == 3 { 4 } else { rows }
}
