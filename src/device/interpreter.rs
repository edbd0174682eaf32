//! The interpreter as a device: it runs shaders as WGSL defines them, on the host, and notes what WGSL
//! does not define.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{
    Buffer, ChosenVariants, Command, Device, Dispatch, INTERPRETER, Limits, Program, Recording,
};
use crate::error::{Error, Result};
use crate::interpret::{self, Finding, Memory};
use crate::kernels::case::POISON;
use crate::kernels::{Kernel, Variant};
use crate::memory;
use crate::record::{DeviceKind, DeviceRecord};

/// The work of a case that it takes at the most (`Shape::work`).
const WORK: u64 = 400_000;
/// Words that a buffer may have: more take too long.
const LARGEST: u64 = 1 << 26;
/// Workgroups of a case along an axis that it takes at the most.
const GROUPS: u32 = 4096;

/// Shaders by the addresses of kernels and the names of variants.
type Programs = HashMap<(usize, &'static str), Rc<interpret::Program>>;

/// The interpreter.
#[derive(Debug)]
pub struct Interpreter {
    record: DeviceRecord,
    chosen: ChosenVariants,
    buffers: RefCell<Vec<Vec<u32>>>,
    programs: RefCell<Vec<Vec<Step>>>,
    known: RefCell<Programs>,
    findings: RefCell<Vec<Finding>>,
    /// By the address of a kernel's variants: those that it can run.
    variants: RefCell<HashMap<usize, &'static [Variant]>>,
}

#[derive(Debug)]
enum Step {
    Dispatch(Rc<interpret::Program>, Dispatch, [u32; 3]),
    Other(Command),
}

impl Interpreter {
    /// A device of its own; `reason` says why it was chosen.
    pub fn new(reason: &str) -> Self {
        Self {
            record: DeviceRecord {
                name: "WGSL interpreter".to_owned(),
                backend: INTERPRETER.to_owned(),
                kind: DeviceKind::Cpu,
                driver: "races, bounds, barriers, unwritten words".to_owned(),
                reason: reason.to_owned(),
            },
            chosen: ChosenVariants::default(),
            buffers: RefCell::default(),
            programs: RefCell::default(),
            known: RefCell::default(),
            findings: RefCell::default(),
            variants: RefCell::default(),
        }
    }

    /// The shader that a kernel runs.
    fn program(&self, kernel: &'static Kernel) -> Result<Rc<interpret::Program>> {
        let variant = self.chosen.get(kernel).unwrap_or(&kernel.variants[0]);
        let key = (std::ptr::from_ref(kernel) as usize, variant.name);
        if let Some(program) = self.known.borrow().get(&key) {
            return Ok(program.clone());
        }
        let text = kernel.source(variant);
        let program = Rc::new(interpret::Program::new(&text, Some(kernel.name))?);
        self.known.borrow_mut().insert(key, program.clone());
        Ok(program)
    }

    fn step(&self, command: &Command) -> Result<Step> {
        let Command::Dispatch(dispatch) = command else {
            return Ok(Step::Other(command.clone()));
        };
        let kernel = dispatch.kernel;
        let variant = self.chosen.get(kernel).unwrap_or(&kernel.variants[0]);
        let groups = kernel.groups(variant, dispatch.extent);
        Ok(Step::Dispatch(
            self.program(kernel)?,
            dispatch.clone(),
            groups,
        ))
    }

    fn words(&self, buffer: Buffer) -> Vec<u32> {
        let words = &self.buffers.borrow()[buffer.id];
        words[buffer.first..buffer.first + buffer.words].to_vec()
    }

    fn write(&self, buffer: Buffer, at: usize, words: &[u32]) {
        let first = buffer.first + at;
        self.buffers.borrow_mut()[buffer.id][first..first + words.len()].copy_from_slice(words);
    }

    fn dispatch(
        &self,
        program: &interpret::Program,
        dispatch: &Dispatch,
        groups: [u32; 3],
    ) -> Result<()> {
        let bindings = dispatch.kernel.bindings();
        let place = |bound: &interpret::Bound| {
            let slot = [bound.group, bound.binding];
            bindings.iter().position(|binding| binding.slot == slot)
        };
        let places: Vec<_> = program.bindings().iter().map(place).collect();
        let memory = |place: &Option<usize>| {
            let words = match place {
                Some(place) => self.words(dispatch.buffers[*place]),
                // What is no buffer is the block of parameters.
                None => bytemuck::pod_collect_to_vec(&dispatch.params),
            };
            let initialised = words.iter().any(|word| *word != POISON);
            Memory { words, initialised }
        };
        let mut memories: Vec<Memory> = places.iter().map(memory).collect();
        let found = program.run(&mut memories, groups)?;
        self.findings.borrow_mut().extend(found);
        for (place, memory) in places.iter().zip(memories) {
            if let Some(place) = place {
                self.write(dispatch.buffers[*place], 0, &memory.words);
            }
        }
        Ok(())
    }
}

impl Device for Interpreter {
    fn record(&self) -> &DeviceRecord {
        &self.record
    }

    fn limits(&self) -> Limits {
        Limits {
            buffer_words: LARGEST,
            groups: GROUPS,
            memory: memory::available(),
            copies: 1,
        }
    }

    fn work(&self) -> u64 {
        WORK
    }

    /// Those that are the shader as it stands, or another file, which it reads through buffers: textures are
    /// not for it.
    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        let own = |v: &&Variant| v.constants.is_empty();
        let through_buffers = |v: &Variant| Variant {
            mirrored: &[],
            ..*v
        };
        let mut known = self.variants.borrow_mut();
        known
            .entry(kernel.variants.as_ptr() as usize)
            .or_insert_with(|| {
                let variants = kernel.variants.iter().filter(own).map(through_buffers);
                variants.collect::<Vec<_>>().leak()
            })
    }

    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        self.chosen.set(kernel, variant);
    }

    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        if words as u64 > LARGEST {
            return Err(Error::Device(format!(
                "the buffer of {label} is larger than the interpreter takes"
            )));
        }
        let mut buffers = self.buffers.borrow_mut();
        buffers.push(vec![0; words]);
        Ok(Buffer {
            id: buffers.len() - 1,
            first: 0,
            words,
        })
    }

    fn free(&self, freed: &[Buffer], programs: &[&Program]) {
        for program in programs {
            self.programs.borrow_mut()[program.id] = Vec::new();
        }
        for buffer in freed {
            self.buffers.borrow_mut()[buffer.id] = Vec::new();
        }
    }

    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        self.write(buffer, at, words);
        Ok(())
    }

    fn compile(&self, recording: &Recording) -> Result<Program> {
        let steps = recording.commands.iter().map(|command| self.step(command));
        let steps = steps.collect::<Result<Vec<_>>>()?;
        let mut programs = self.programs.borrow_mut();
        programs.push(steps);
        Ok(Program {
            id: programs.len() - 1,
        })
    }

    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        for _ in 0..times {
            for step in &self.programs.borrow()[program.id] {
                match step {
                    Step::Dispatch(program, of, groups) => self.dispatch(program, of, *groups)?,
                    Step::Other(Command::Clear(buffer)) => {
                        self.write(*buffer, 0, &vec![0; buffer.words]);
                    }
                    Step::Other(Command::Copy { from, to, words }) => {
                        let all = self.words(from.0);
                        self.write(to.0, to.1, &all[from.1..from.1 + words]);
                    }
                    Step::Other(Command::Dispatch(_)) => {}
                }
            }
            done(1);
        }
        Ok(())
    }

    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        Ok(self.words(buffer))
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings.take()
    }
}
