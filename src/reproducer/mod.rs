//! A folder for a failure: all that it takes to run one failing case again, here, on another device, or
//! without this program, and the text of a report to whoever maintains the driver.

mod description;
mod read;
mod repeats;
mod report;
mod translations;
mod write;

pub use description::{
    Buffer, Description, File, Guard, Kind, Origin, Program, Ran, Repeats, Text,
};
pub use read::Recorded;

use crate::device::Device;
use crate::error::{Error, Result};
use crate::kernels::case::Case;
use crate::kernels::translation::Source;
use crate::kernels::{Kernel, Mismatch, Variant, WINDOW};
use description::{FORMAT, element};

/// A case that failed on a device.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    /// The case, as small as it can be.
    pub(crate) case: &'a Case,
    /// Its kernel, or a mutant of it.
    pub(crate) kernel: &'static Kernel,
    /// The variant that ran.
    pub(crate) variant: &'static Variant,
    /// How the case's inputs are made, where this program can make them again.
    pub(crate) origin: Option<Origin>,
    /// The number of the mutant that stands in for the kernel, if one does.
    pub(crate) plant: Option<usize>,
    /// The device.
    pub(crate) device: &'a dyn Device,
    /// Whether it compiled the shader with checks of bounds and loops.
    pub(crate) checked: bool,
    /// What is wrong.
    pub(crate) mismatch: &'a Mismatch,
    /// All buffers with their guard zones after the run that is wrong; none where it gave no result.
    pub(crate) got: &'a [Vec<u32>],
    /// The command that runs just this case.
    pub(crate) command: &'a str,
}

/// Bytes that a folder may take.
const LARGEST: usize = 256 << 20;

/// A failing case as the files of a folder.
#[derive(Debug)]
pub struct Reproducer {
    /// What the folder is called, unless there is one of that name.
    name: String,
    /// Names and contents, the description last: a folder without it is not complete.
    files: Vec<(String, Vec<u8>)>,
}

impl Reproducer {
    /// Collects what a failure takes, and runs it a few more times.
    ///
    /// # Errors
    /// `Data` where it is too large.
    pub(crate) fn of(found: &Found<'_>) -> Result<Self> {
        let bytes = found.bytes();
        if bytes > LARGEST {
            return Err(Error::Data(format!(
                "its buffers take {} MB, and a folder may take {}",
                bytes >> 20,
                LARGEST >> 20
            )));
        }
        let mut files = Vec::new();
        let description = found.describe(&mut files)?;
        let source = found.kernel.source(found.variant);
        translations::add(&source, &description, &mut files);
        let words = report::text(found, &description, &files);
        files.push(("report.md".to_owned(), words.into_bytes()));
        files.push((
            "compare.py".to_owned(),
            include_bytes!("compare.py").to_vec(),
        ));
        let json = serde_json::to_vec_pretty(&description);
        let json = json.map_err(|e| Error::Data(e.to_string()))?;
        files.push((read::DESCRIPTION.to_owned(), json));
        Ok(Self {
            name: name(&description),
            files,
        })
    }
}

/// What a folder is called: kernel, variant and device, in characters that every file system takes.
fn name(description: &Description) -> String {
    let Ran { name, variant, .. } = &description.kernel;
    let device: String = slug(&description.device.name).chars().take(24).collect();
    format!(
        "{}-{}-{}",
        slug(name),
        slug(variant),
        device.trim_matches('-')
    )
}

/// Letters, digits and underscores; anything else between them becomes a hyphen.
fn slug(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !kept(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

impl Found<'_> {
    /// What its buffers take in files.
    fn bytes(&self) -> usize {
        let inputs = self.case.inputs.iter().enumerate();
        let words = inputs.map(|(binding, words)| {
            let expected = self.case.expected(binding).map_or(0, |_| 4);
            words.len() * (1 + expected + usize::from(!self.got.is_empty()))
        });
        4 * words.sum::<usize>() + self.case.params.len()
    }

    /// The description, and the files that it names.
    fn describe(&self, files: &mut Vec<(String, Vec<u8>)>) -> Result<Description> {
        let (kernel, variant) = (self.kernel, self.variant);
        let as_compiled = kernel.source(variant);
        let plain = kernel.source_with_buffers(variant);
        let mirrored = kernel.mirrored(variant).into_iter();
        let mirrored: Vec<String> = mirrored.map(|m| m.name.to_owned()).collect();
        let with_buffers =
            (!mirrored.is_empty()).then(|| write::keep(files, "buffers.wgsl", plain.as_bytes()));
        let shader = Text {
            as_compiled: write::keep(files, "shader.wgsl", as_compiled.as_bytes()),
            with_buffers,
        };
        let source = Source::new(&as_compiled, kernel.name)?;
        Ok(Description {
            format: FORMAT,
            program: Program {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                os: std::env::consts::OS.to_owned(),
                arch: std::env::consts::ARCH.to_owned(),
            },
            command: self.command.to_owned(),
            device: self.device.record().clone(),
            kernel: Ran {
                name: kernel.name.to_owned(),
                variant: variant.name.to_owned(),
                origin: self.origin,
                plant: self.plant,
                mirrored,
            },
            shader,
            entry: kernel.name.to_owned(),
            checked: self.checked,
            workgroup_size: source.workgroup_size(),
            workgroups: kernel.groups(variant, self.case.extent),
            extent: self.case.extent,
            bindings: self.buffers(&source, files),
            mismatch: self.mismatch.clone(),
            repeats: repeats::of(self),
        })
    }

    /// The buffers, and their files: the parameters first, where the kernel has some of its own.
    fn buffers(&self, source: &Source, files: &mut Vec<(String, Vec<u8>)>) -> Vec<Buffer> {
        let mut all = Vec::new();
        if !self.case.params.is_empty() {
            let name = source
                .name_at([0, 0])
                .unwrap_or_else(|| "params".to_owned());
            let input = write::keep(files, &format!("{name}.in.bin"), &self.case.params);
            all.push(Buffer {
                group: 0,
                binding: 0,
                name,
                kind: Kind::Uniform,
                element: "other".to_owned(),
                words: self.case.params.len() / 4,
                guard: None,
                input,
                expected: None,
                got: None,
                guards: None,
            });
        }
        let bindings = 0..self.case.inputs.len();
        all.extend(bindings.map(|binding| self.buffer(binding, files)));
        all
    }

    /// A buffer, and its files.
    fn buffer(&self, place: usize, files: &mut Vec<(String, Vec<u8>)>) -> Buffer {
        let binding = &self.kernel.bindings()[place];
        let [group, number] = binding.slot;
        let stem = write::stem(files, &binding.name, binding.slot);
        let mut keep = |what: &str, words: &[u32]| {
            write::keep(files, &format!("{stem}.{what}.bin"), &write::bytes(words))
        };
        let words = self.case.inputs[place].len();
        let expected = self.case.expected(place);
        let expected = expected.map(|e| e.iter().flat_map(|e| e.coded()).collect::<Vec<u32>>());
        let got = self.got.get(place);
        let guard = self.case.guard(place);
        let zones = got.map(|got| [&got[..WINDOW], &got[WINDOW + words..]].concat());
        let zones = zones.filter(|zones| zones.iter().any(|word| *word != guard));
        Buffer {
            group,
            binding: number,
            name: binding.name.clone(),
            kind: binding.access.into(),
            element: element(binding),
            words,
            guard: Some(Guard {
                word: guard,
                words: WINDOW,
                bound: !self.kernel.is_foreign(),
            }),
            input: keep("in", &self.case.inputs[place]),
            expected: expected.map(|words| keep("expected", &words)),
            got: got.map(|got| keep("got", &got[WINDOW..WINDOW + words])),
            guards: zones.map(|zones| keep("guards", &zones)),
        }
    }
}
