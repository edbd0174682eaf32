//! A parsed and validated module, and one of its compute entry points.

use std::borrow::Cow;

use naga::back::pipeline_constants::process_overrides;
use naga::valid::{Capabilities, FunctionInfo, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Function, GlobalVariable, Handle, Module, ScalarKind};
use naga::{ShaderStage, StorageAccess, TypeInner};

use super::types::{Id, Kind, Types};
use crate::error::{Error, Result};
use crate::kernels::Element;

/// A compute shader that can be run here.
#[derive(Debug)]
pub struct Program {
    pub(super) source: String,
    pub(super) module: Module,
    pub(super) types: Types,
    pub(super) codes: Vec<Code>,
    bindings: Vec<Bound>,
}

/// What is known of a function before it runs: of the module's constants first, of the entry point
/// last.
#[derive(Debug)]
pub(super) struct Code {
    /// By expression: its type.
    pub(super) types: Vec<Id>,
    /// By expression: whether it is the same for all invocations, always.
    pub(super) constant: Vec<bool>,
    /// By local variable: its type.
    pub(super) locals: Vec<Id>,
    /// By argument: its expressions.
    pub(super) arguments: Vec<Vec<Handle<Expression>>>,
    /// The number of its first expression among all of the module.
    pub(super) first: u32,
}

/// How a shader uses a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundKind {
    /// A storage buffer that it only reads.
    Read,
    /// A storage buffer that it may read and write.
    Write,
    /// A uniform.
    Uniform,
}

/// A buffer that a shader's entry point uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The variable's name.
    pub name: String,
    /// The bind group.
    pub group: u32,
    /// The binding.
    pub binding: u32,
    /// How it is used.
    pub kind: BoundKind,
    /// What the elements of an array are, or the whole of what is no array.
    pub element: Element,
    /// The name of the elements' type, in WGSL.
    pub element_type: String,
    /// Words from one element to the next, or of the whole of what is no array.
    pub element_words: u32,
    /// The number of elements, where the shader says it; 1 for what is no array. None for an array
    /// as long as its buffer, which may be at the end of a struct.
    pub count: Option<u32>,
    /// The fewest words that the buffer may have.
    pub least_words: u32,
    /// The members of a struct (of the elements, in an array): name, type in WGSL, first word.
    pub fields: Vec<(String, String, u32)>,
    pub(super) variable: usize,
    pub(super) id: Id,
}

impl Program {
    /// Parses a shader; `entry` names one of its compute entry points, or there is only one.
    ///
    /// # Errors
    /// `Shader` with what is wrong and where, or with what this interpreter does not do.
    pub fn new(wgsl: &str, entry: Option<&str>) -> Result<Self> {
        let module = naga::front::wgsl::parse_str(wgsl)
            .map_err(|e| Error::Shader(e.emit_to_string(wgsl)))?;
        let capabilities = Capabilities::all();
        let info = Validator::new(ValidationFlags::all(), capabilities)
            .validate(&module)
            .map_err(|e| Error::Shader(e.emit_to_string(wgsl)))?;
        let name = entry_name(&module, entry)?;
        let (module, info) = resolved(module, info, &name)?;
        let place = module.entry_points.iter().position(|e| e.name == name);
        let place = place.unwrap_or(0);
        let mut module = module;
        // The one that runs is the last.
        let chosen = module.entry_points.swap_remove(place);
        let used = |handle: Handle<GlobalVariable>| {
            let used: &FunctionInfo = info.get_entry_point(place);
            !used[handle].is_empty()
        };
        let mut types = Types::of(&module);
        let mut bindings = Vec::new();
        for (handle, variable) in module.global_variables.iter() {
            if used(handle) {
                let id = types.of_handle(variable.ty);
                bindings.extend(bound(&module, &mut types, handle, variable, id)?);
            }
        }
        bindings.sort_by_key(|b| (b.group, b.binding));
        let codes = codes(&module, &info, &mut types, &chosen.function, place);
        module.entry_points = vec![chosen];
        let program = Self {
            source: wgsl.to_owned(),
            module,
            types,
            codes,
            bindings,
        };
        super::refuse::check(&program)?;
        Ok(program)
    }

    /// The buffers that the entry point uses, by group and binding.
    pub fn bindings(&self) -> &[Bound] {
        &self.bindings
    }

    /// The name of the entry point.
    pub fn entry(&self) -> &str {
        &self.module.entry_points[0].name
    }

    /// Invocations of a workgroup along each axis.
    pub fn workgroup_size(&self) -> [u32; 3] {
        self.module.entry_points[0].workgroup_size
    }

    /// Invocations of a workgroup.
    pub(super) fn lanes(&self) -> usize {
        let size = self.workgroup_size();
        size.iter().map(|n| *n as usize).product()
    }

    /// The function whose code has this number; none of the module's constants.
    pub(super) fn function(&self, code: usize) -> Option<&Function> {
        if code + 1 == self.codes.len() {
            return Some(&self.module.entry_points[0].function);
        }
        let mut functions = self.module.functions.iter();
        Some(functions.nth(code.checked_sub(1)?)?.1)
    }

    /// The expressions of the code with this number.
    pub(super) fn expressions(&self, code: usize) -> &naga::Arena<Expression> {
        match self.function(code) {
            Some(function) => &function.expressions,
            None => &self.module.global_expressions,
        }
    }

    /// The bindings that a list of buffers does not fit, in words.
    pub(super) fn fits(&self, words: &[usize], groups: [u32; 3]) -> Result<()> {
        let bindings = self.bindings.len();
        if words.len() != bindings {
            let text = format!("the shader has {bindings} buffers, not {}", words.len());
            return Err(Error::Usage(text));
        }
        for (bound, &words) in self.bindings.iter().zip(words) {
            if words < bound.least_words as usize || u32::try_from(words).is_err() {
                return Err(Error::Usage(format!(
                    "the buffer of {} has {words} words; its type takes {} or more, and less than 2^32",
                    bound.name, bound.least_words
                )));
            }
        }
        if groups.iter().any(|&n| n > 65_535) {
            return Err(Error::Usage(format!(
                "a dispatch has 65535 workgroups along an axis at the most, not {groups:?}"
            )));
        }
        Ok(())
    }
}

fn entry_name(module: &Module, entry: Option<&str>) -> Result<String> {
    let compute = module.entry_points.iter();
    let names: Vec<&str> = compute
        .filter(|e| e.stage == ShaderStage::Compute)
        .map(|e| e.name.as_str())
        .collect();
    let known = || match names.is_empty() {
        true => "it has no compute entry point".to_owned(),
        false => format!("it has {}", names.join(", ")),
    };
    match (entry, &names[..]) {
        (Some(name), _) if names.contains(&name) => Ok(name.to_owned()),
        (Some(name), _) => Err(Error::Shader(format!(
            "the shader has no compute entry point {name:?}: {}",
            known()
        ))),
        (None, [one]) => Ok((*one).to_owned()),
        (None, _) => Err(Error::Shader(format!(
            "the shader needs the name of one entry point: {}",
            known()
        ))),
    }
}

/// The module with its overrides' own values, and without what the entry point does not use.
fn resolved(module: Module, info: ModuleInfo, name: &str) -> Result<(Module, ModuleInfo)> {
    let entry = Some((ShaderStage::Compute, name));
    let changed = match process_overrides(&module, &info, entry, &Default::default()) {
        Ok((Cow::Borrowed(_), _) | (_, Cow::Borrowed(_))) => None,
        Ok((Cow::Owned(module), Cow::Owned(info))) => Some((module, info)),
        Err(e) => {
            return Err(Error::Shader(format!(
                "an override has no usable value: {e}"
            )));
        }
    };
    Ok(changed.unwrap_or((module, info)))
}

fn codes(
    module: &Module,
    info: &ModuleInfo,
    types: &mut Types,
    entry: &Function,
    place: usize,
) -> Vec<Code> {
    let global = module.global_expressions.iter();
    let all = global.map(|(handle, _)| types.resolved(&info[handle]));
    let global = Code {
        types: all.collect(),
        constant: vec![true; module.global_expressions.len()],
        locals: Vec::new(),
        arguments: Vec::new(),
        first: 0,
    };
    let mut codes = vec![global];
    for (handle, function) in module.functions.iter() {
        codes.push(Code::of(types, function, &info[handle]));
    }
    let used = info.get_entry_point(place);
    codes.push(Code::of(types, entry, used));
    let mut first = 0;
    for code in &mut codes {
        code.first = first;
        first += u32::try_from(code.types.len()).unwrap_or(u32::MAX);
    }
    codes
}

impl Code {
    fn of(types: &mut Types, function: &Function, info: &FunctionInfo) -> Self {
        let mut constant: Vec<bool> = Vec::new();
        let mut all = Vec::new();
        let mut arguments = vec![Vec::new(); function.arguments.len()];
        for (handle, expression) in function.expressions.iter() {
            all.push(types.resolved(&info[handle].ty));
            let known = is_constant(expression, &constant);
            constant.push(known);
            if let Expression::FunctionArgument(number) = expression {
                arguments[*number as usize].push(handle);
            }
        }
        let locals = function.local_variables.iter();
        Self {
            types: all,
            constant,
            locals: locals.map(|(_, l)| types.of_handle(l.ty)).collect(),
            arguments,
            first: 0,
        }
    }
}

/// Whether an expression is made of constants alone, by what is known of those before it.
fn is_constant(expression: &Expression, known: &[bool]) -> bool {
    let all = |handles: &[Handle<Expression>]| handles.iter().all(|h| known[h.index()]);
    match expression {
        Expression::Literal(_)
        | Expression::Constant(_)
        | Expression::Override(_)
        | Expression::ZeroValue(_) => true,
        Expression::Compose { components, .. } => all(components),
        Expression::Splat { value, .. } => all(&[*value]),
        Expression::Swizzle { vector, .. } => all(&[*vector]),
        Expression::AccessIndex { base, .. } => all(&[*base]),
        Expression::Unary { expr, .. } | Expression::As { expr, .. } => all(&[*expr]),
        Expression::Binary { left, right, .. } => all(&[*left, *right]),
        _ => false,
    }
}

/// The facts of a buffer; none of a variable that is none.
fn bound(
    module: &Module,
    types: &mut Types,
    handle: Handle<GlobalVariable>,
    variable: &GlobalVariable,
    id: Id,
) -> Result<Option<Bound>> {
    let kind = match variable.space {
        AddressSpace::Uniform => BoundKind::Uniform,
        AddressSpace::Storage { access } => match access.contains(StorageAccess::STORE) {
            true => BoundKind::Write,
            false => BoundKind::Read,
        },
        _ => return Ok(None),
    };
    let name = variable.name.clone().unwrap_or_default();
    let Some(place) = &variable.binding else {
        return Err(Error::Shader(format!("{name} has no @group and @binding")));
    };
    let inner = &module.types[variable.ty].inner;
    let (element, count, words) = match types.kind(id) {
        Kind::Array(base, count, stride) => (*base, *count, *stride),
        Kind::Struct(members) => {
            let last = members.last().map(|m| types.kind(m.id).clone());
            let open = matches!(last, Some(Kind::Array(_, None, _)));
            (id, (!open).then_some(1), types.get(id).words)
        }
        _ => (id, Some(1), types.get(id).words),
    };
    let least = super::names::least_words(types, id);
    let element_inner = match inner {
        TypeInner::Array { base, .. } => &module.types[*base].inner,
        other => other,
    };
    Ok(Some(Bound {
        name,
        group: place.group,
        binding: place.binding,
        kind,
        element: element_of(types, element, element_inner),
        element_type: super::names::wgsl(module, types, element),
        element_words: words,
        count,
        least_words: least,
        fields: super::names::fields(module, types, element),
        variable: handle.index(),
        id,
    }))
}

fn element_of(types: &Types, id: Id, inner: &TypeInner) -> Element {
    match (types.kind(id), inner) {
        (_, TypeInner::Atomic(_)) => Element::Other,
        (Kind::Scalar(ScalarKind::Float), _) => Element::Float,
        (Kind::Scalar(ScalarKind::Uint), _) => Element::Word,
        (Kind::Vector(4, ScalarKind::Float), _) => Element::Floats,
        (Kind::Vector(4, ScalarKind::Uint), _) => Element::Words,
        _ => Element::Other,
    }
}
