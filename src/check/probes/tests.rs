//! Every probe is right on every adapter, and red on one that has the fault it is about.

use std::path::Path;

use super::list::{PROBES, Probe};
use crate::check::report::Report;
use crate::check::{Options, Subject, check};
use crate::device::gpu::{Gpu, adapters};
use crate::device::{Buffer, Command, Device, Limits, Program, Recording};
use crate::error::Result;
use crate::interpret::Finding;
use crate::kernels::{Expected, Kernel, Variant};
use crate::progress::Silent;
use crate::record::DeviceRecord;

impl Probe {
    /// What a faulty stack makes of the shader.
    fn miscompiled(&self) -> String {
        let mut text = self.wgsl.to_owned();
        for (piece, instead) in self.simulated {
            assert_eq!(text.matches(piece).count(), 1, "{}: {piece}", self.name);
            text = text.replace(piece, instead);
        }
        text
    }
}

/// A device whose compiler has all the faults.
struct Miscompiling(Box<dyn Device>);

impl Miscompiling {
    fn replaced(kernel: &'static Kernel) -> Result<&'static Kernel> {
        let probe = PROBES.iter().find(|probe| probe.wgsl == kernel.shader.text);
        probe.map_or(Ok(kernel), |probe| {
            Kernel::foreign(&probe.miscompiled(), probe.name)
        })
    }
}

impl Device for Miscompiling {
    fn record(&self) -> &DeviceRecord {
        self.0.record()
    }
    fn limits(&self) -> Limits {
        self.0.limits()
    }
    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        self.0.variants(kernel)
    }
    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        self.0.choose(kernel, variant);
    }
    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        self.0.allocate(label, words)
    }
    fn free(&self, buffers: &[Buffer], programs: &[&Program]) {
        self.0.free(buffers, programs);
    }
    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        self.0.upload(buffer, at, words)
    }
    fn compile(&self, recording: &Recording) -> Result<Program> {
        let mut recording = recording.clone();
        for command in &mut recording.commands {
            if let Command::Dispatch(dispatch) = command {
                dispatch.kernel = Self::replaced(dispatch.kernel)?;
            }
        }
        self.0.compile(&recording)
    }
    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        self.0.run(program, times, done)
    }
    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        self.0.download(buffer)
    }
    fn findings(&self) -> Vec<Finding> {
        self.0.findings()
    }
}

/// The probes on devices that `make` makes of every adapter, and of the interpreter.
fn probed(make: fn(Box<dyn Device>) -> Box<dyn Device>) -> Report {
    let adapters = adapters();
    assert!(
        !adapters.is_empty(),
        "wgpu finds no adapter: install a driver"
    );
    let opened = adapters
        .iter()
        .enumerate()
        .map(|(number, adapter)| Subject {
            spec: number.to_string(),
            device: Box::new(Gpu::open(adapter, "test").unwrap()),
        });
    let made = |subject: Subject| Subject {
        device: make(subject.device),
        ..subject
    };
    let subjects: Vec<Subject> = opened.chain([Subject::interpreter()]).map(made).collect();
    let options = Options {
        kernel: Some("probes".to_owned()),
        variant: None,
        shape: None,
        fill: None,
        seed: 1,
        plant: None,
    };
    let report = check(&subjects, &options, &mut Silent).unwrap();
    for device in &report.devices {
        assert_eq!(device.stopped, None);
        assert_eq!(device.rows.len(), PROBES.len());
    }
    report
}

#[test]
fn probes_are_right_on_every_adapter() {
    let report = probed(|device| device);
    for row in report.devices.iter().flat_map(|device| &device.rows) {
        assert!(row.failure.is_none() && row.cases > 0, "{row:?}");
    }
}

#[test]
fn probes_find_their_faults() {
    let report = probed(|device| Box::new(Miscompiling(device)));
    for device in &report.devices {
        for (probe, row) in PROBES.iter().zip(&device.rows) {
            assert_eq!(row.variant, probe.name);
            let failure = row.failure.as_ref();
            let known = failure.and_then(|failure| failure.known.as_ref());
            let issue = known.map(|known| known.issue.as_str());
            assert_eq!(issue, Some(probe.issue), "{row:?}");
        }
    }
}

#[test]
fn probes_are_in_the_docs_and_are_called_what_their_shaders_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("docs/probes.md")).unwrap();
    for p in PROBES {
        let row = format!(
            "| `{}` | [{}]({}) | {} | {} |",
            p.name, p.issue, p.link, p.fault, p.seen
        );
        assert!(docs.contains(&row), "docs/probes.md lacks: {row}");
        for text in [p.wgsl, p.plain] {
            assert!(text.contains(&format!("\nfn {}(", p.name)), "{}", p.name);
        }
    }
    let files = std::fs::read_dir(root.join("probes")).unwrap();
    assert_eq!(files.count(), 3 * PROBES.len());
}

#[test]
fn contracts_of_probes_leave_nothing_open() {
    for probe in PROBES {
        let promise = probe.promise(1).unwrap();
        for (sizes, fill) in promise.plan(None) {
            let case = promise.build(&sizes, fill, 1).unwrap();
            let words = promise.judged_words(&case, &sizes);
            let open = words.iter().filter(|word| **word == Expected::Any).count();
            assert_eq!(open, 0, "{} {sizes} {fill:?}", probe.name);
        }
    }
}
