//! What must come out: from a plain shader, run in f64 with bounds or in f32, or from a program.

use super::Contract;
use super::buffer::{Buffer, Draw};
use super::command::Command;
use super::dispatch::{three, workgroups};
use super::layout::{Layout, Leaf, Scalar};
use super::names::{listed, unknown};
use super::schema::{self, Fault, Formula, Run, Tolerance};
use super::shader::Parsed;
use super::sizes::Sizes;
use super::tolerance::within;
use crate::error::{Error, Result};
use crate::interpret::{Memory, Program};
use crate::kernels::case::POISON;
use crate::kernels::{Expected, Fill};

/// By buffer of the shader: what its words must be.
type Results = Vec<Option<Vec<Expected>>>;

/// What says what must come out.
#[derive(Debug)]
pub(super) enum Reference {
    /// A shader with the same bindings.
    Shader(Box<Plain>),
    /// A program that reads and writes files.
    Command(Command, Tolerance),
}

/// A reference shader.
#[derive(Debug)]
pub(super) struct Plain {
    /// What messages call it.
    name: String,
    program: Program,
    dispatch: [Formula; 3],
    /// For each of its bindings: the buffer of the shader, and the layout here.
    buffers: Vec<(usize, Layout)>,
    /// How far floats may be off; none where bounds say it.
    tolerance: Option<Tolerance>,
}

impl Reference {
    pub(super) fn new(
        contract: &Contract,
        buffers: &[Buffer],
        dispatch: &[Formula; 3],
    ) -> Result<Self> {
        let reference = &contract.schema.reference;
        let fault = |text: &str| {
            contract.fault(&Fault::new(reference.span(), format!("reference: {text}")))
        };
        let of = reference.get_ref();
        let tolerance = of.tolerance.as_ref().map(|tolerance| *tolerance.get_ref());
        if let Some(Tolerance { absolute, relative }) = tolerance
            && !(absolute >= 0.0 && relative >= 0.0 && (absolute + relative).is_finite())
        {
            return Err(fault("tolerance: absolute and relative are 0 or more"));
        }
        let floats = buffers
            .iter()
            .filter(|buffer| buffer.output && !buffer.ignored);
        let mut leaves = floats.flat_map(|buffer| buffer.numbers(1));
        let rounds = leaves.any(|(_, leaf)| leaf.scalar == Scalar::Float);
        let bounded =
            of.command.is_none() && of.run.as_ref().is_none_or(|r| *r.get_ref() == Run::F64);
        match (tolerance, bounded) {
            (Some(_), true) => Err(fault(
                "the bounds in f64 say how far results may be off: leave out tolerance, or add run = \"f32\"",
            )),
            (None, false) if rounds => Err(fault(
                "say how far floats may be off, such as tolerance = { absolute = 1e-6, relative = 1e-5 }",
            )),
            _ => match (&of.shader, &of.command) {
                (Some(_), None) => {
                    let tolerance = (!bounded).then(|| tolerance.unwrap_or_default());
                    let plain = Plain::new(contract, of, buffers, dispatch)?;
                    Ok(Self::Shader(Box::new(Plain { tolerance, ..plain })))
                }
                (None, Some(command)) if of.run.is_none() && of.entry.is_none() => {
                    let command = Command::new(command.get_ref(), &contract.folder)
                        .map_err(|text| fault(&text))?;
                    Ok(Self::Command(command, tolerance.unwrap_or_default()))
                }
                (None, Some(_)) => Err(fault("run and entry go with a shader")),
                _ => Err(fault(
                    "give a shader or a command, such as shader = \"plain.wgsl\"",
                )),
            },
        }
    }

    /// What the buffers of a case must hold after it.
    pub(super) fn expected(
        &self,
        buffers: &[Buffer],
        sizes: &Sizes,
        draws: &[Draw],
        inputs: &[Vec<u32>],
    ) -> Result<Results> {
        match self {
            Self::Shader(plain) => plain.expected(buffers, sizes, draws, inputs),
            Self::Command(command, tolerance) => {
                command.expected(buffers, sizes, inputs, *tolerance)
            }
        }
    }
}

impl Plain {
    fn new(
        contract: &Contract,
        of: &schema::Reference,
        buffers: &[Buffer],
        dispatch: &[Formula; 3],
    ) -> Result<Self> {
        let span = of.shader.as_ref().map_or(0..0, toml::Spanned::span);
        let fault = |text: String| contract.fault(&Fault::new(span.clone(), text));
        let file = of.shader.as_ref().map(|shader| shader.get_ref());
        let path = contract
            .folder
            .join(file.map_or("".as_ref(), |file| file.as_path()));
        let name = path.display().to_string();
        let own = contract.reference.clone();
        let text = own.map_or_else(|| std::fs::read_to_string(&path), Ok);
        let text = text.map_err(|e| {
            fault(format!(
                "reference.shader: cannot read {name}: {e}. Write a plain WGSL there that computes \
                 the same with the same binding names, without workgroup memory or tricks"
            ))
        })?;
        let parsed = Parsed::new(&text, &name, of.entry.as_deref())?;
        let program = Program::new(&text, Some(&parsed.entry().name))
            .map_err(|e| Error::Shader(format!("{name}: {e}")))?;
        let dispatch = match &of.dispatch {
            Some(own) => three(own).map_err(|fault| contract.fault(&fault))?,
            None => dispatch.clone(),
        };
        let places =
            places(&program, &parsed, buffers).map_err(|text| fault(format!("{name}: {text}")))?;
        Ok(Self {
            name,
            program,
            dispatch,
            buffers: places,
            tolerance: None,
        })
    }

    fn expected(
        &self,
        buffers: &[Buffer],
        sizes: &Sizes,
        draws: &[Draw],
        inputs: &[Vec<u32>],
    ) -> Result<Results> {
        let groups = workgroups(&self.dispatch, sizes);
        let groups = groups.map_err(|why| Error::Usage(format!("reference.{why}")))?;
        let words = self.buffers.iter().map(|(number, layout)| {
            buffers[*number].translated(layout, sizes, draws[*number], &inputs[*number])
        });
        let words: std::result::Result<Vec<_>, String> = words.collect();
        let words = words.map_err(Error::Usage)?;
        let results = match self.tolerance {
            None => self.program.expect(&words, groups).map_err(|e| {
                Error::Shader(format!(
                    "the reference {} at {sizes}: {e}. Without a dispatch of its own, under [reference], it \
                     has the shader's workgroups",
                    self.name
                ))
            })?,
            Some(tolerance) => {
                let memories = self.run(buffers, words, groups)?;
                // Special numbers may lead to what WGSL leaves to the device, such as 1 / 0.
                let special = draws.iter().any(|draw| draw.fill != Fill::Random);
                self.rounded(buffers, &memories, tolerance, special)
                    .map_err(|why| Error::Data(format!("{} at {sizes}: {why}", self.name)))?
            }
        };
        let mut all: Results = vec![None; buffers.len()];
        for ((number, _), result) in self.buffers.iter().zip(results) {
            all[*number] = Some(result);
        }
        Ok(all)
    }

    /// What it leaves in its buffers in f32.
    fn run(
        &self,
        buffers: &[Buffer],
        words: Vec<Vec<u32>>,
        groups: [u32; 3],
    ) -> Result<Vec<Memory>> {
        let memory = |(words, (number, _)): (Vec<u32>, &(usize, Layout))| Memory {
            words,
            initialised: buffers[*number].is_initialised(),
        };
        let mut memories: Vec<Memory> = words.into_iter().zip(&self.buffers).map(memory).collect();
        let findings = self.program.run(&mut memories, groups)?;
        match findings.iter().find(|finding| finding.kind.is_fault()) {
            Some(finding) => Err(Error::Shader(format!(
                "{}: the reference itself is wrong: {finding}",
                self.name
            ))),
            None => Ok(memories),
        }
    }

    /// Its results in f32, with a tolerance. Those that are not finite may be anything on `special`
    /// numbers, and are a fault on others.
    fn rounded(
        &self,
        buffers: &[Buffer],
        memories: &[Memory],
        tolerance: Tolerance,
        special: bool,
    ) -> std::result::Result<Vec<Vec<Expected>>, String> {
        let results = memories.iter().zip(&self.buffers);
        let results = results.map(|(memory, (number, layout))| {
            let words = &memory.words;
            let mut expected: Vec<_> = words.iter().map(|w| Expected::Word(*w)).collect();
            let buffer = &buffers[*number];
            let free = special || !buffer.output || buffer.ignored;
            for (at, leaf) in layout.leaves(layout.count_of(words.len())) {
                let got = words[at as usize];
                expected[at as usize] = match judged(leaf, got, tolerance) {
                    Some(expected) => expected,
                    // What it does not write.
                    None if free || got == POISON => Expected::Any,
                    None => {
                        let (name, value) = (&buffer.name, f32::from_bits(got));
                        return Err(format!(
                            "{name}[{at}] is {value}, which says nothing: give the inputs values \
                             that lead to finite numbers"
                        ));
                    }
                };
            }
            Ok(expected)
        });
        results.collect()
    }
}

/// What a word must be where a reference in f32 has this one; none where a float is not finite.
fn judged(leaf: &Leaf, word: u32, tolerance: Tolerance) -> Option<Expected> {
    match leaf.scalar {
        Scalar::Float => within(f64::from(f32::from_bits(word)), tolerance),
        Scalar::Signed | Scalar::Unsigned => Some(Expected::Word(word)),
    }
}

/// The buffers that a reference shader's bindings are.
fn places(
    program: &Program,
    parsed: &Parsed,
    buffers: &[Buffer],
) -> std::result::Result<Vec<(usize, Layout)>, String> {
    let names = || buffers.iter().map(|buffer| &buffer.name[..]);
    let mut places = Vec::new();
    for bound in program.bindings() {
        let place = names().position(|name| name == bound.name).ok_or_else(|| {
            let text = unknown("buffer", &bound.name, names());
            text.replace("there is no", "the shader under check has no")
        })?;
        let mut variables = parsed.variables();
        let found = variables.find(|(v, _)| v.name.as_deref() == Some(&bound.name));
        let (variable, _) = found.ok_or("a binding has no variable")?;
        let layout = Layout::of(&parsed.module, variable.ty)
            .map_err(|why| format!("{}: {why}", bound.name))?;
        let buffer = &buffers[place];
        if !buffer.fits(&layout) {
            return Err(format!(
                "{} is {} here and {} in the shader under check: give it the same type",
                bound.name,
                layout.whole(),
                buffer.layout.whole()
            ));
        }
        places.push((place, layout));
    }
    let missing = buffers.iter().enumerate().filter(|(number, buffer)| {
        buffer.output && !buffer.ignored && !places.iter().any(|(place, _)| place == number)
    });
    let missing: Vec<&str> = missing.map(|(_, buffer)| &buffer.name[..]).collect();
    match missing.is_empty() {
        true => Ok(places),
        false => Err(format!(
            "it has no {}, which is an output",
            listed(missing.into_iter())
        )),
    }
}
