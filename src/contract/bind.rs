//! A contract meets its shader: every name is found, every buffer gets its layout.

use std::ops::Range;

use super::Contract;
use super::buffer::Buffer;
use super::dispatch::three;
use super::layout::Layout;
use super::names::unknown;
use super::promise::Promise;
use super::reference::Reference;
use super::schema::{Fault, Formula};
use super::shader::Parsed;
use super::sizes::SizeList;
use crate::error::{Error, Result};
use crate::interpret::Program;
use crate::kernels::{Binding, Kernel};

type Checked<T> = std::result::Result<T, Fault>;

impl Contract {
    /// Holds it against a shader, which messages call `name`; `seed` gives the random sizes.
    ///
    /// # Errors
    /// `Shader` where the shader or the reference is no shader that can be checked; `Usage` where the
    /// contract does not fit; `File` where the reference cannot be read.
    pub fn bind(&self, wgsl: &str, name: &str, seed: u32) -> Result<Promise> {
        let schema = &self.schema;
        let entry = schema.entry.as_ref().map(|entry| entry.get_ref().as_str());
        let parsed = Parsed::new(wgsl, name, entry)?;
        let entry = parsed.entry().name.clone();
        let kernel =
            Kernel::foreign(wgsl, &entry).map_err(|e| Error::Shader(format!("{name}: {e}")))?;
        let faulty = |fault: Fault| self.fault(&fault);
        let sizes = SizeList::new(&schema.sizes, seed).map_err(faulty)?;
        let buffers = self.buffers(&parsed, kernel).map_err(faulty)?;
        if !buffers
            .iter()
            .any(|buffer| buffer.output && !buffer.ignored)
        {
            let text = "no binding is an output: mark what the shader writes with output = true";
            return Err(self.fault(&Fault::new(0..0, text)));
        }
        self.check_names(&sizes).map_err(faulty)?;
        let dispatch = three(&schema.dispatch).map_err(faulty)?;
        let reference = Reference::new(self, &buffers, &dispatch)?;
        let promise = Promise {
            place: self.name.clone(),
            kernel,
            program: Program::new(wgsl, Some(&entry)).map_err(|e| e.to_string()),
            buffers,
            sizes,
            dispatch,
            flops: schema.flops.as_ref().map(|flops| flops.get_ref().clone()),
            reference,
            shader: name.to_owned(),
            seed,
        };
        promise.check()?;
        Ok(promise)
    }

    /// The buffers, in the kernel's order.
    fn buffers(&self, parsed: &Parsed, kernel: &Kernel) -> Checked<Vec<Buffer>> {
        let bindings = &self.schema.bindings;
        let used: Vec<&Binding> = kernel.bindings().iter().collect();
        let names = || used.iter().map(|binding| &binding.name[..]);
        for name in bindings.keys() {
            if !names().any(|known| known == name.get_ref()) {
                let text = unknown("buffer", name.get_ref(), names());
                let text = text.replace("there is no", "the shader has no");
                return Err(Fault::new(name.span(), format!("bindings: {text}")));
            }
        }
        let slots = kernel.bindings().windows(2);
        if let Some([a, b]) = slots
            .filter_map(|w| <&[Binding; 2]>::try_from(w).ok())
            .find(|[a, b]| a.slot == b.slot)
        {
            let text = format!(
                "{} and {} share a group and a binding: put the entry point into a file of its own",
                a.name, b.name
            );
            return Err(Fault::new(0..0, text));
        }
        let made = kernel
            .bindings()
            .iter()
            .map(|binding| self.buffer(parsed, binding));
        made.collect()
    }

    fn buffer(&self, parsed: &Parsed, of: &Binding) -> Checked<Buffer> {
        let name = of.name.as_str();
        let declared = self.schema.bindings.get_key_value(name);
        let span = declared.map_or(0..0, |(key, _)| key.span());
        let whole = |text: String| Fault::new(span.clone(), format!("bindings.{name}: {text}"));
        let mut variables = parsed.variables();
        let found = variables.find(|(v, _)| v.name.as_deref() == Some(name));
        let Some((variable, used)) = found else {
            return Err(whole("the shader has no such buffer".to_owned()));
        };
        let layout = Layout::of(&parsed.module, variable.ty).map_err(whole)?;
        match declared {
            Some((key, binding)) => {
                Buffer::new((name, of.access, layout), binding.get_ref(), &key.span())
            }
            None if !used => Ok(Buffer::unused(name, of.access, layout)),
            None => Err(whole(format!(
                "missing: the shader uses this buffer, so add a table [bindings.{name}]"
            ))),
        }
    }

    /// Every name in an expression must be that of a size.
    fn check_names(&self, sizes: &SizeList) -> Checked<()> {
        let schema = &self.schema;
        let dispatch = schema.dispatch.get_ref().0.iter();
        check(sizes, "dispatch", &schema.dispatch.span(), dispatch)?;
        if let Some(flops) = &schema.flops {
            check(sizes, "flops", &flops.span(), [flops.get_ref()].into_iter())?;
        }
        if let Some(dispatch) = &schema.reference.get_ref().dispatch {
            let formulas = dispatch.get_ref().0.iter();
            check(sizes, "reference.dispatch", &dispatch.span(), formulas)?;
        }
        for (name, binding) in &schema.bindings {
            let key = format!("bindings.{}", name.get_ref());
            let binding = binding.get_ref();
            for several in binding.shape.iter().chain(&binding.value) {
                check(sizes, &key, &several.span(), several.get_ref().0.iter())?;
            }
            for (field, several) in binding.fields.iter().flat_map(|f| f.get_ref()) {
                let key = format!("{key}.fields.{}", field.get_ref());
                check(sizes, &key, &several.span(), several.get_ref().0.iter())?;
            }
            if let Some(values) = &binding.values {
                let below = values.get_ref().below.iter();
                check(sizes, &key, &values.span(), below)?;
            }
        }
        Ok(())
    }
}

fn check<'a>(
    sizes: &SizeList,
    key: &str,
    span: &Range<usize>,
    formulas: impl Iterator<Item = &'a Formula>,
) -> Checked<()> {
    for name in formulas.flat_map(|formula| formula.0.names()) {
        if !sizes.names().any(|known| known == name) {
            let text = unknown("size", name, sizes.names().collect::<Vec<_>>().into_iter());
            return Err(Fault::new(span.clone(), format!("{key}: {text}")));
        }
    }
    Ok(())
}
