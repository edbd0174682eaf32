//! A simulated device that is wrong.

use std::cell::Cell;
use std::time::Instant;

use unlearn::device::cpu::Cpu;
use unlearn::device::{Buffer, Device, Limits, Program, Recording};
use unlearn::error::{Error, Result};
use unlearn::kernels::{Kernel, Variant};
use unlearn::record::DeviceRecord;

/// What a faulty device does to the words that it gives back: the run's number and the binding's,
/// from 0, and the words, guard zones included.
pub(crate) type Fault = fn(u32, u32, &mut Vec<u32>);

/// What a faulty device's clock says of so many seconds.
pub(crate) type Clock = fn(f64) -> f64;

/// The CPU with a fault.
pub(crate) struct Faulty {
    cpu: Cpu,
    pub(crate) fault: Fault,
    /// What the device says that it is.
    pub(crate) record: DeviceRecord,
    pub(crate) clock: Clock,
    /// Fails in all runs from this one on.
    pub(crate) lost_at: u32,
    /// Has no room for buffers over so many words.
    pub(crate) room: usize,
    runs: Cell<u32>,
    downloads: Cell<u32>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        let cpu = Cpu::new("test");
        Self {
            record: cpu.record().clone(),
            cpu,
            fault,
            clock: |seconds| seconds,
            lost_at: u32::MAX,
            room: usize::MAX,
            runs: Cell::new(0),
            downloads: Cell::new(0),
        }
    }
}

impl Device for Faulty {
    fn record(&self) -> &DeviceRecord {
        &self.record
    }
    fn limits(&self) -> Limits {
        self.cpu.limits()
    }
    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        self.cpu.variants(kernel)
    }
    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        self.cpu.choose(kernel, variant);
    }
    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        match words > self.room {
            true => Err(Error::Device("out of memory".to_owned())),
            false => self.cpu.allocate(label, words),
        }
    }
    fn free(&self, buffers: &[Buffer], programs: &[&Program]) {
        self.cpu.free(buffers, programs);
    }
    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        self.cpu.upload(buffer, at, words)
    }
    fn compile(&self, recording: &Recording) -> Result<Program> {
        self.cpu.compile(recording)
    }
    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        self.runs.set(self.runs.get() + 1);
        self.downloads.set(0);
        if self.runs.get() > self.lost_at {
            return Err(Error::Device(format!("lost in run {}", self.runs.get())));
        }
        self.cpu.run(program, times, done)
    }
    fn time(&self, program: &Program, times: u32) -> Result<f64> {
        let start = Instant::now();
        self.run(program, times, &mut |_| {})?;
        Ok((self.clock)(start.elapsed().as_secs_f64()))
    }
    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        let mut words = self.cpu.download(buffer)?;
        let binding = self.downloads.replace(self.downloads.get() + 1);
        (self.fault)(self.runs.get() - 1, binding, &mut words);
        Ok(words)
    }
}
