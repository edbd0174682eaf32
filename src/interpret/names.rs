//! Types and places in words.

use naga::{Module, ScalarKind};

use super::types::{Id, Kind, Types, column_stride};

/// The fewest words of a buffer of this type: an array without a length has one element.
pub(super) fn least_words(types: &Types, id: Id) -> u32 {
    match types.kind(id) {
        Kind::Array(_, None, stride) => *stride,
        _ => types.get(id).words,
    }
}

/// The name of a type in WGSL.
pub(super) fn wgsl(module: &Module, types: &Types, id: Id) -> String {
    match types.kind(id) {
        Kind::Scalar(kind) => scalar(*kind).to_owned(),
        Kind::Atomic(kind) => format!("atomic<{}>", scalar(*kind)),
        Kind::Vector(size, kind) => format!("vec{size}<{}>", scalar(*kind)),
        Kind::Matrix(columns, rows) => format!("mat{columns}x{rows}<f32>"),
        Kind::Array(base, count, _) => {
            let base = wgsl(module, types, *base);
            match count {
                Some(count) => format!("array<{base}, {count}>"),
                None => format!("array<{base}>"),
            }
        }
        Kind::Struct(_) => {
            let own = |(handle, _): &(naga::Handle<naga::Type>, &naga::Type)| {
                types.of_handle(*handle) == id
            };
            let named = module.types.iter().find(own);
            let name = named.and_then(|(_, ty)| ty.name.clone());
            name.unwrap_or_else(|| "struct".to_owned())
        }
        Kind::Pointer(_) | Kind::Other => "other".to_owned(),
    }
}

fn scalar(kind: ScalarKind) -> &'static str {
    match kind {
        ScalarKind::Sint => "i32",
        ScalarKind::Uint => "u32",
        ScalarKind::Float => "f32",
        ScalarKind::Bool => "bool",
        ScalarKind::AbstractInt | ScalarKind::AbstractFloat => "number",
    }
}

/// The members of a struct: name, type and first word.
pub(super) fn fields(module: &Module, types: &Types, id: Id) -> Vec<(String, String, u32)> {
    let Kind::Struct(members) = types.kind(id) else {
        return Vec::new();
    };
    let field = |m: &super::types::Member| (m.name.clone(), wgsl(module, types, m.id), m.word);
    members.iter().map(field).collect()
}

/// What lies at a word of a value of this type, as an expression after the variable's name.
pub(super) fn path(types: &Types, id: Id, word: u32, host: bool) -> String {
    match types.kind(id) {
        Kind::Vector(..) => format!(".{}", ["x", "y", "z", "w"][word.min(3) as usize]),
        Kind::Matrix(_, rows) => {
            let stride = if host { column_stride(*rows) } else { *rows };
            format!("[{}][{}]", word / stride, word % stride)
        }
        Kind::Array(base, ..) => {
            let stride = types.stride(id, host).max(1);
            let rest = path(types, *base, word % stride, host);
            format!("[{}]{rest}", word / stride)
        }
        Kind::Struct(members) => {
            let first = |m: &super::types::Member| if host { m.word } else { m.leaf };
            match members.iter().rev().find(|m| first(m) <= word) {
                Some(m) => format!(".{}{}", m.name, path(types, m.id, word - first(m), host)),
                None => String::new(),
            }
        }
        Kind::Scalar(_) | Kind::Atomic(_) | Kind::Pointer(_) | Kind::Other => String::new(),
    }
}
