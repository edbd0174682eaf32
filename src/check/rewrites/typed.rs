//! What naga knows of the values in a shader's text: where each stands, and its type.

use std::collections::HashMap;
use std::ops::Range;

use naga::valid::{Capabilities, FunctionInfo, ValidationFlags, Validator};
use naga::{BinaryOperator, Expression, Function, Handle, Module, ScalarKind, TypeInner};

/// The type of a number, a truth value, or a vector of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) scalar: ScalarKind,
    /// 1 for what is no vector.
    pub(super) width: u8,
}

impl Kind {
    pub(super) const UINT: Self = Self::of(ScalarKind::Uint);
    pub(super) const SINT: Self = Self::of(ScalarKind::Sint);
    pub(super) const FLOAT: Self = Self::of(ScalarKind::Float);

    const fn of(scalar: ScalarKind) -> Self {
        Self { scalar, width: 1 }
    }

    fn new(inner: &TypeInner) -> Option<Self> {
        let (scalar, width) = match *inner {
            TypeInner::Scalar(scalar) => (scalar, 1),
            TypeInner::Vector { size, scalar } => (scalar, size as u8),
            _ => return None,
        };
        let found = Self::of(scalar.kind).wide(width);
        let known = matches!(scalar.kind, ScalarKind::Bool) || scalar.width == 4;
        let abstracted = matches!(
            scalar.kind,
            ScalarKind::AbstractInt | ScalarKind::AbstractFloat
        );
        (known && !abstracted).then_some(found)
    }

    /// A vector of this type.
    pub(super) const fn wide(self, width: u8) -> Self {
        Self {
            scalar: self.scalar,
            width,
        }
    }

    /// Whether it is an integer, or a vector of them.
    pub(super) fn is_integer(self) -> bool {
        matches!(self.scalar, ScalarKind::Uint | ScalarKind::Sint)
    }

    /// What WGSL calls it.
    pub(super) fn name(self) -> String {
        let scalar = match self.scalar {
            ScalarKind::Uint => "u32",
            ScalarKind::Sint => "i32",
            ScalarKind::Bool => "bool",
            _ => "f32",
        };
        match self.width {
            1 => scalar.to_owned(),
            width => format!("vec{width}<{scalar}>"),
        }
    }
}

/// The operator of an expression, and the types of its operands as they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binary {
    pub(super) operator: BinaryOperator,
    pub(super) left: Option<Kind>,
    pub(super) right: Option<Kind>,
}

/// A value in the text.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) bytes: Range<usize>,
    pub(super) kind: Kind,
    pub(super) binary: Option<Binary>,
}

/// The types of local names in a function by name; none where there are several, or WGSL has
/// no short word for it.
pub(super) type Names = HashMap<String, Option<String>>;

/// All values of a shader, by position.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) values: Vec<Value>,
    /// By function.
    pub(super) names: HashMap<String, Names>,
}

impl Typed {
    /// Nothing where naga does not take the text.
    pub(super) fn new(wgsl: &str) -> Option<Self> {
        let module = naga::front::wgsl::parse_str(wgsl).ok()?;
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::all());
        let info = validator.validate(&module).ok()?;
        let mut typed = Self::default();
        for (handle, function) in module.functions.iter() {
            let name = function.name.clone().unwrap_or_default();
            Reading::new(wgsl, &module, function, &info[handle]).into(&mut typed, name);
        }
        for (number, entry) in module.entry_points.iter().enumerate() {
            let own = info.get_entry_point(number);
            Reading::new(wgsl, &module, &entry.function, own).into(&mut typed, entry.name.clone());
        }
        let order = |v: &Value| (v.bytes.start, std::cmp::Reverse(v.bytes.end));
        typed.values.sort_by_key(order);
        Some(typed)
    }
}

/// A function that is read.
struct Reading<'a> {
    wgsl: &'a str,
    module: &'a Module,
    function: &'a Function,
    info: &'a FunctionInfo,
}

impl<'a> Reading<'a> {
    fn new(
        wgsl: &'a str,
        module: &'a Module,
        function: &'a Function,
        info: &'a FunctionInfo,
    ) -> Self {
        Self {
            wgsl,
            module,
            function,
            info,
        }
    }

    fn into(self, typed: &mut Typed, name: String) {
        let mut known = std::collections::HashSet::new();
        for (handle, _) in self.function.expressions.iter() {
            // The first of several that share a place is what is written there: the others
            // convert it.
            let value = self.value(handle);
            typed
                .values
                .extend(value.filter(|v| known.insert(v.bytes.clone())));
        }
        typed.names.insert(name, self.names());
    }

    fn value(&self, handle: Handle<Expression>) -> Option<Value> {
        let bytes = self.function.expressions.get_span(handle).to_range()?;
        let kind = self.kind(handle)?;
        let binary = match self.function.expressions[handle] {
            Expression::Binary { op, left, right } => Some(Binary {
                operator: op,
                left: self.kind(left),
                right: self.kind(right),
            }),
            _ => None,
        };
        Some(Value {
            bytes,
            kind,
            binary,
        })
    }

    fn kind(&self, handle: Handle<Expression>) -> Option<Kind> {
        let kind = Kind::new(self.info[handle].ty.inner_with(&self.module.types))?;
        let text = self.function.expressions.get_span(handle).to_range();
        let text = text.and_then(|bytes| self.wgsl.get(bytes)).unwrap_or("");
        // A number beside a vector becomes one.
        let splat = matches!(self.function.expressions[handle], Expression::Splat { .. });
        let number = text.starts_with(|c: char| c.is_ascii_digit());
        let widened = (splat || number) && !text.starts_with("vec");
        Some(if widened { kind.wide(1) } else { kind })
    }

    fn names(&self) -> Names {
        let types = &self.module.types;
        let text = |inner: &TypeInner, name: &Option<String>| match Kind::new(inner) {
            Some(kind) => Some(kind.name()),
            None => name.clone(),
        };
        let of = |ty: Handle<naga::Type>| text(&types[ty].inner, &types[ty].name);
        let mut all: Vec<(String, Option<String>)> = Vec::new();
        let function = self.function;
        for argument in &function.arguments {
            all.extend(argument.name.clone().map(|name| (name, of(argument.ty))));
        }
        for (_, local) in function.local_variables.iter() {
            all.extend(local.name.clone().map(|name| (name, of(local.ty))));
        }
        for (handle, name) in &function.named_expressions {
            let resolution = &self.info[*handle].ty;
            let named = resolution.handle().and_then(|ty| types[ty].name.clone());
            all.push((name.clone(), text(resolution.inner_with(types), &named)));
        }
        let mut names = Names::new();
        for (name, kind) in all {
            let entry = names.entry(name).or_insert_with(|| kind.clone());
            if *entry != kind {
                *entry = None;
            }
        }
        names
    }
}
