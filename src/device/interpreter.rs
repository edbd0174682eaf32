//! The interpreter as a device: it runs every shader as its text says, and what WGSL leaves undefined
//! is an error.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{Buffer, ChosenVariants, Command, Device, Dispatch, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::interpret::{Finding, Memory, Program as Shader};
use crate::kernels::{Kernel, Variant, case::POISON};
use crate::memory;
use crate::record::{DeviceKind, DeviceRecord};

/// The work of a case that it takes at the most (`Shape::work`).
const WORK: u64 = 400_000;
/// Findings that an error tells of.
const TOLD: usize = 3;

/// The interpreter as a device.
#[derive(Debug)]
pub struct Interpreter {
    record: DeviceRecord,
    chosen: ChosenVariants,
    buffers: RefCell<Vec<Vec<u32>>>,
    programs: RefCell<Vec<Vec<Step>>>, // freed ones are empty
    /// By text: shaders that have been parsed.
    shaders: RefCell<HashMap<String, Rc<Shader>>>,
    /// By the address of a kernel's variants: those that it can run.
    variants: RefCell<HashMap<usize, &'static [Variant]>>,
}

/// A command with what it needs.
#[derive(Debug)]
enum Step {
    Run {
        shader: Rc<Shader>,
        groups: [u32; 3],
        dispatch: Dispatch,
    },
    Other(Command),
}

impl Interpreter {
    /// The interpreter; `reason` says why it was chosen.
    pub fn new(reason: &str) -> Self {
        Self {
            record: DeviceRecord {
                name: "interpreter".to_owned(),
                backend: "none".to_owned(),
                kind: DeviceKind::Software,
                driver: "naga's IR, one workgroup at a time".to_owned(),
                reason: reason.to_owned(),
            },
            chosen: ChosenVariants::default(),
            buffers: RefCell::default(),
            programs: RefCell::default(),
            shaders: RefCell::default(),
            variants: RefCell::default(),
        }
    }

    fn shader(&self, kernel: &Kernel, variant: &Variant) -> Result<Rc<Shader>> {
        let text = kernel.source(variant);
        if let Some(known) = self.shaders.borrow().get(&text) {
            return Ok(known.clone());
        }
        let shader = Rc::new(Shader::new(&text, Some(kernel.name))?);
        self.shaders.borrow_mut().insert(text, shader.clone());
        Ok(shader)
    }

    fn step(&self, command: &Command) -> Result<Step> {
        let Command::Dispatch(dispatch) = command else {
            return Ok(Step::Other(command.clone()));
        };
        let kernel = dispatch.kernel;
        let variant = self.chosen.get(kernel).unwrap_or(&Variant::PLAIN);
        Ok(Step::Run {
            shader: self.shader(kernel, variant)?,
            groups: kernel.groups(variant, dispatch.extent),
            dispatch: dispatch.clone(),
        })
    }

    fn execute(&self, step: &Step) -> Result<()> {
        match step {
            Step::Run {
                shader,
                groups,
                dispatch,
            } => self.interpret(shader, *groups, dispatch),
            Step::Other(Command::Clear(buffer)) => {
                let zeros = vec![0; buffer.words];
                self.upload(*buffer, 0, &zeros)
            }
            Step::Other(Command::Copy { from, to, words }) => {
                let source = self.download(from.0)?;
                self.upload(to.0, to.1, &source[from.1..from.1 + words])
            }
            Step::Other(Command::Dispatch(_)) => Ok(()),
        }
    }

    /// Runs a dispatch. Each buffer is the window's words and no more, so that what lies behind is
    /// out of bounds. Outputs are poison before anything is written.
    fn interpret(&self, shader: &Shader, groups: [u32; 3], dispatch: &Dispatch) -> Result<()> {
        let mut memory = Vec::new();
        if dispatch.kernel.params_size > 0 {
            memory.push(Memory {
                words: bytemuck::pod_collect_to_vec(&dispatch.params),
                initialised: true,
            });
        }
        let parameters = memory.len();
        for buffer in &dispatch.buffers {
            let words = self.download(*buffer)?;
            memory.push(Memory {
                initialised: words.iter().any(|word| *word != POISON),
                words,
            });
        }
        let found = shader.run(&mut memory, groups);
        let found = found.map_err(|e| Error::Device(e.to_string()))?;
        for (buffer, memory) in dispatch.buffers.iter().zip(&memory[parameters..]) {
            self.upload(*buffer, 0, &memory.words)?;
        }
        let faults: Vec<&Finding> = found.iter().filter(|f| f.kind.is_fault()).collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Error::Undefined(told(&faults))),
        }
    }
}

/// The first findings in words.
fn told(faults: &[&Finding]) -> String {
    let texts: Vec<&str> = faults.iter().map(|f| &f.text[..]).take(TOLD).collect();
    let more = match faults.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    texts.join("; ") + &more
}

impl Device for Interpreter {
    fn record(&self) -> &DeviceRecord {
        &self.record
    }

    fn limits(&self) -> Limits {
        Limits {
            buffer_words: u64::from(u32::MAX),
            groups: 65_535,
            memory: memory::available(),
            copies: 1,
        }
    }

    fn work(&self) -> u64 {
        WORK
    }

    /// Those that are the shader as it stands, or another file: textures are not for it.
    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        let own = |v: &&Variant| v.mirrored.is_empty() && v.constants.is_empty();
        let mut known = self.variants.borrow_mut();
        known
            .entry(kernel.variants.as_ptr() as usize)
            .or_insert_with(|| {
                let variants: Vec<Variant> = kernel.variants.iter().filter(own).copied().collect();
                variants.leak()
            })
    }

    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        self.chosen.set(kernel, variant);
    }

    fn allocate(&self, _: &str, words: usize) -> Result<Buffer> {
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
        let first = buffer.first + at;
        self.buffers.borrow_mut()[buffer.id][first..first + words.len()].copy_from_slice(words);
        Ok(())
    }

    fn compile(&self, recording: &Recording) -> Result<Program> {
        let steps = recording.commands.iter().map(|c| self.step(c));
        let steps = steps.collect::<Result<Vec<Step>>>()?;
        let mut programs = self.programs.borrow_mut();
        programs.push(steps);
        Ok(Program {
            id: programs.len() - 1,
        })
    }

    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        let steps = &self.programs.borrow()[program.id];
        for _ in 0..times {
            steps.iter().try_for_each(|step| self.execute(step))?;
            done(1);
        }
        Ok(())
    }

    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        let words = &self.buffers.borrow()[buffer.id];
        Ok(words[buffer.first..buffer.first + buffer.words].to_vec())
    }
}
