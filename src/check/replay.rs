//! A recorded failure on devices that are here.

use std::path::Path;

use super::mutants::mutants;
use super::plant::planted;
use super::subject::Subject;
use super::suite::REPEATS;
use crate::device::INTERPRETER;
use crate::device::trial::{NoResult, Verdict, examine};
use crate::error::{Error, Result};
use crate::kernels::case::Case;
use crate::kernels::{Access, Cause, KERNELS, Kernel, Mismatch, Spec, Variant};
use crate::reproducer::{Description, Kind, Recorded, interpreted};

/// A recorded failure, ready to run.
#[derive(Debug)]
pub struct Replay {
    /// What the folder says.
    pub recorded: Recorded,
    /// What the user must know of how it runs.
    pub notes: Vec<String>,
    case: Case,
    /// The case's kernel, or a mutant of it.
    kernel: &'static Kernel,
    /// Whether it is a case that this version makes itself, with its own shader.
    genuine: bool,
}

/// What a replay gives on a device.
#[derive(Clone, Debug, PartialEq)]
pub enum Again {
    /// Nothing is wrong.
    Right,
    /// It goes wrong as recorded, at the same word.
    Same(Mismatch),
    /// It goes wrong in another way.
    Other(Mismatch),
    /// The device cannot run it, for this reason.
    NotRun(String),
}

/// A kernel of this program whose shader is that of the folder.
struct Own {
    spec: &'static Spec,
    kernel: &'static Kernel,
}

impl Replay {
    /// Reads a folder and verifies it.
    ///
    /// # Errors
    /// `Usage` where there is no folder; `Data` where it is damaged; `Shader` where its shader is not one
    /// that can run.
    pub fn read(folder: &Path) -> Result<Self> {
        let recorded = Recorded::read(folder)?;
        let mut notes = Vec::new();
        if recorded.edited {
            notes.push("shader.wgsl has been edited since the failure.".to_owned());
        }
        let own = Own::of(&recorded);
        let (kernel, case) = match &own {
            Some(own) => (own.kernel, own.case(&recorded)?),
            None => {
                notes.extend(strange(&recorded));
                foreign(&recorded)?
            }
        };
        let genuine = own.is_some_and(|own| own.makes(&recorded.description, &case));
        Ok(Self {
            recorded,
            notes,
            case,
            kernel,
            genuine,
        })
    }

    /// Whether devices must compile with checks of bounds and loops: of what this version does not make
    /// itself nobody knows where it reads.
    pub fn checked(&self) -> bool {
        !self.genuine
    }

    /// Runs it on a device, several times.
    pub fn run(&self, subject: &Subject) -> Again {
        let device = &*subject.device;
        let variant = match self.variant(subject) {
            Ok(variant) => variant,
            Err(why) => return Again::NotRun(why),
        };
        device.choose(self.kernel, Some(variant));
        let (verdict, _) = examine(&self.case, self.kernel, variant, device, REPEATS);
        device.choose(self.kernel, None);
        let mismatch = match verdict {
            Verdict::Right(_) => return Again::Right,
            Verdict::Wrong(mismatch) => mismatch,
            Verdict::None(NoResult::NoRoom) => {
                return Again::NotRun("it has no room for the case".to_owned());
            }
            Verdict::None(NoResult::Refused(e) | NoResult::Lost(e)) => Mismatch::from(&e),
        };
        match same(&mismatch.cause, &self.recorded.description.mismatch.cause) {
            true => Again::Same(mismatch),
            false => Again::Other(mismatch),
        }
    }

    /// What the interpreter makes of the shader, as a sentence; none where it cannot run it, of what went
    /// wrong on the CPU, which runs no shaders, and of an edited shader, which is not the one that failed.
    pub fn interpreted(&self) -> Option<String> {
        let description = &self.recorded.description;
        if description.device.backend == "CPU" || self.recorded.edited {
            return None;
        }
        let text = self.recorded.with_buffers.as_ref();
        let text = text.unwrap_or(&self.recorded.shader);
        let recorded = &description.mismatch.cause;
        interpreted(text, &self.case, description.workgroups, recorded)
    }

    /// Whether the interpreter found it: no other device can show what WGSL does not define.
    pub fn is_interpreters(&self) -> bool {
        self.recorded.description.device.backend == INTERPRETER
    }

    /// The variant for a device, or why there is none.
    fn variant(&self, subject: &Subject) -> std::result::Result<&'static Variant, String> {
        let device = &*subject.device;
        let cpu = device.record().backend == "CPU";
        if cpu && !self.genuine {
            return Err("the CPU runs this program's own cases, not shaders".to_owned());
        }
        let variants = device.variants(self.kernel);
        let name = &self.recorded.description.kernel.variant;
        let named = variants.iter().find(|v| v.name == name);
        let host = cpu || subject.interprets();
        // The CPU's variants and those of adapters have no names in common, and the interpreter has none
        // with textures: the first stands for the others.
        let first = variants.first();
        let common = self.kernel.variant(name).is_none() || host || self.kernel.is_foreign();
        let found = named.or(first.filter(|_| common));
        found.ok_or_else(|| format!("it has no variant {name}"))
    }
}

/// Whether something is wrong in the same way: at the same word, with the same bits.
fn same(now: &Cause, recorded: &Cause) -> bool {
    use Cause::{GuardZone, NoResult, NotRepeated, Undefined, WrongValue};
    match (now, recorded) {
        (
            WrongValue { place, got, .. },
            WrongValue {
                place: recorded,
                got: bits,
                ..
            },
        )
        | (
            GuardZone { place, got },
            GuardZone {
                place: recorded,
                got: bits,
            },
        ) => place == recorded && got.bits == bits.bits,
        // Which run differs where is chance.
        (NotRepeated { .. }, NotRepeated { .. })
        | (NoResult { .. }, NoResult { .. })
        | (Undefined { .. }, Undefined { .. }) => true,
        _ => false,
    }
}

impl Own {
    /// The kernel, or the mutant, that this version knows by the recorded name, if its text is still
    /// the same.
    fn of(recorded: &Recorded) -> Option<Self> {
        let ran = &recorded.description.kernel;
        let spec = *KERNELS.iter().find(|spec| spec.kernel.name == ran.name)?;
        // What went wrong on the CPU has the plain variant's shader.
        let plain = &spec.kernel.variants[0];
        let variant = spec.kernel.variant(&ran.variant).unwrap_or(plain);
        let kernel = match ran.plant {
            None => &spec.kernel,
            Some(number) => {
                let all = mutants(spec.kernel.shader_of(variant).text);
                planted(&spec.kernel, variant, all.get(number)?.text.clone())
            }
        };
        let variant = kernel.variant(variant.name)?;
        (kernel.source(variant) == recorded.shader).then_some(Self { spec, kernel })
    }

    /// The recorded case.
    fn case(&self, recorded: &Recorded) -> Result<Case> {
        let Recorded {
            description,
            inputs,
            ..
        } = recorded;
        let (kernel, about) = (&self.spec.kernel, &description.bindings);
        let slots = kernel.bindings().iter().map(|b| b.slot);
        let slots = std::iter::once([0, 0]).chain(slots);
        let (Some((params, inputs)), true) = (
            inputs.split_first(),
            slots.eq(about.iter().map(|b| [b.group, b.binding])),
        ) else {
            return Err(damaged(&format!(
                "does not list the buffers of {}",
                kernel.name
            )));
        };
        if 4 * params.len() != kernel.params_size {
            let name = &about[0].name;
            let (size, is) = (kernel.params_size, 4 * params.len());
            return Err(damaged(&format!(
                "gives {name} {is} bytes in place of {size}"
            )));
        }
        let mut case = Case::foreign(kernel, description.extent, inputs.to_vec());
        case.params = params.iter().flat_map(|word| word.to_le_bytes()).collect();
        expecting(case, recorded, 1)
    }

    /// Whether this version makes just this case for just this shader.
    fn makes(&self, description: &Description, case: &Case) -> bool {
        let planted = !std::ptr::eq(self.kernel, &self.spec.kernel);
        let Some(origin) = description.kernel.origin.filter(|_| !planted) else {
            return false;
        };
        let made = self.spec.build(origin.shape, origin.fill, origin.seed);
        (&made.params, made.extent, &made.inputs) == (&case.params, case.extent, &case.inputs)
    }
}

/// Says that this version does not have the shader.
fn strange(recorded: &Recorded) -> Option<String> {
    let ran = &recorded.description.kernel;
    KERNELS.iter().find(|spec| spec.kernel.name == ran.name)?;
    let (name, variant) = (&ran.name, &ran.variant);
    let buffers = match ran.mirrored.is_empty() {
        true => "",
        false => ", and buffers in place of its textures (buffers.wgsl)",
    };
    Some(format!(
        "The shader is not {name}/{variant} of this version: it runs with checks of bounds and loops, buffers of \
         exact size{buffers}, which may hide a driver's fault."
    ))
}

/// The recorded case of a shader that this version does not have.
fn foreign(recorded: &Recorded) -> Result<(&'static Kernel, Case)> {
    let description = &recorded.description;
    let text = recorded.with_buffers.as_ref().unwrap_or(&recorded.shader);
    let kernel = Kernel::foreign(text, &description.entry)
        .map_err(|e| Error::Data(format!("the folder's shader cannot run: {e}")))?;
    let listed = description
        .bindings
        .iter()
        .map(|b| ([b.group, b.binding], b.kind));
    let bindings = kernel.bindings().iter();
    if !listed.eq(bindings.map(|b| (b.slot, Kind::from(b.access)))) {
        return Err(damaged("does not list the buffers of the shader"));
    }
    let case = Case::foreign(kernel, description.workgroups, recorded.inputs.clone());
    Ok((kernel, expecting(case, recorded, 0)?))
}

/// The case with what is expected, which begins with buffer `first`.
fn expecting(mut case: Case, recorded: &Recorded, first: usize) -> Result<Case> {
    for (binding, words) in recorded.expected.iter().skip(first).enumerate() {
        let Some(words) = words else { continue };
        let bound = &case.kernel.bindings()[binding];
        if bound.access != Access::Write {
            let name = &bound.name;
            return Err(damaged(&format!(
                "expects something of {name}, which the shader only reads"
            )));
        }
        case = case.expects(binding, words.clone());
    }
    Ok(case)
}

fn damaged(why: &str) -> Error {
    Error::Data(format!(
        "case.json {why}: the folder is damaged. Repeat the check that wrote it, or take an intact copy"
    ))
}

#[cfg(test)]
mod tests;
