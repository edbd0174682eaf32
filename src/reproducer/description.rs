//! `case.json`: all of a reproducer that is not words of buffers.

use serde::{Deserialize, Serialize};

use crate::kernels::{Access, Binding, Element, Fill, Mismatch, Shape};
use crate::record::DeviceRecord;

/// The format of the folders that this version writes.
pub(super) const FORMAT: u32 = 1;

/// A case, what a device made of it, and which files hold the rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// The format of the folder.
    pub format: u32,
    /// What wrote it, and where.
    pub program: Program,
    /// The command that found the failure.
    pub command: String,
    /// The device that is wrong.
    pub device: DeviceRecord,
    /// What ran.
    pub kernel: Ran,
    /// The shader.
    pub shader: Text,
    /// Its entry point.
    pub entry: String,
    /// Whether it was compiled with checks of bounds and loops.
    pub checked: bool,
    /// Threads of a workgroup.
    pub workgroup_size: [u32; 3],
    /// Workgroups.
    pub workgroups: [u32; 3],
    /// What the workgroups cover, where they are not counted themselves.
    pub extent: [u32; 3],
    /// The buffers, by group and binding.
    pub bindings: Vec<Buffer>,
    /// What is wrong.
    pub mismatch: Mismatch,
    /// What more runs of the same case gave.
    pub repeats: Option<Repeats>,
}

/// What wrote a folder, and where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Program {
    /// This program's version.
    pub version: String,
    /// The operating system.
    pub os: String,
    /// The processor's architecture.
    pub arch: String,
}

/// Which kernel ran, as its program knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ran {
    /// Its name.
    pub name: String,
    /// The variant's.
    pub variant: String,
    /// How its inputs are made, where this program makes them.
    pub origin: Option<Origin>,
    /// The number of the mutant that stood in for it, if one did.
    pub plant: Option<usize>,
    /// The buffers that are read through textures.
    pub mirrored: Vec<String>,
}

/// How the inputs of a case of this program's own kernels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The sizes.
    pub shape: Shape,
    /// The contents.
    pub fill: Fill,
    /// The seed.
    pub seed: u32,
}

/// A file of a shader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Text {
    /// The shader as it was compiled.
    pub as_compiled: File,
    /// The same before textures stood in for buffers, if some do.
    pub with_buffers: Option<File>,
}

/// A file of the folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub file: String,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
}

/// A buffer of the case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Buffer {
    /// Its `@group`.
    pub group: u32,
    /// Its `@binding`.
    pub binding: u32,
    /// Its name in the shader.
    pub name: String,
    /// How the shader uses it.
    pub kind: Kind,
    /// What its elements are.
    pub element: String,
    /// Its 32-bit words.
    pub words: usize,
    /// What the words before it and behind it hold.
    pub guard: Option<Guard>,
    /// The words before the run.
    pub input: File,
    /// What the words after the run must be; where there is none, they must not change.
    pub expected: Option<File>,
    /// The words after the run, if the device gave a result.
    pub got: Option<File>,
    /// The words of both guard zones after the run, if they changed.
    pub guards: Option<File>,
}

/// Words around a buffer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Guard {
    /// What each holds.
    pub word: u32,
    /// How many there are on each side.
    pub words: usize,
    /// Whether the shader's binding extends over those behind.
    pub bound: bool,
}

/// How a shader uses a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is written, and may be read.
    Write,
    /// A uniform.
    Uniform,
}

/// What more runs of a case gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// Runs.
    pub runs: u32,
    /// Those with a wrong word.
    pub wrong: u32,
    /// Different results, bit by bit.
    pub results: u32,
}

impl Kind {
    /// What WGSL calls it.
    pub(super) fn wgsl(self) -> &'static str {
        match self {
            Self::Read => "storage, read",
            Self::Write => "storage, read_write",
            Self::Uniform => "uniform",
        }
    }
}

impl From<Access> for Kind {
    fn from(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Write,
            Access::Uniform => Self::Uniform,
        }
    }
}

/// What the elements of a binding are, in WGSL.
pub(super) fn element(binding: &Binding) -> String {
    let name = match binding.element {
        Element::Float => "f32",
        Element::Floats => "vec4<f32>",
        Element::Word => "u32",
        Element::Words => "vec4<u32>",
        Element::Other => "other",
    };
    name.to_owned()
}
