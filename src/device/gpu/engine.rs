//! Runs recordings on an adapter.
//!
//! Pipelines, parameter blocks and bind groups are made once, when a recording is compiled;
//! running it only encodes dispatches. Work goes out in submissions of about a tenth of a
//! second, two in flight at the most: long enough to cost nothing, short enough for the
//! watchdogs of operating systems and for live progress.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use wgpu::{BufferUsages, PollType, SubmissionIndex};

use super::Adapter;
use super::clock::Clock;
use super::compile::Compiled;
use super::encode::encoded;
use super::pipeline::Pipeline;
use crate::device::{Buffer, ChosenVariants, Device, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::kernels::{Element, Kernel, Variant};
use crate::memory;
use crate::record::DeviceRecord;

/// A device that has not answered for this long is taken for lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a submission should last.
const SUBMISSION: Duration = Duration::from_millis(100);
const IN_FLIGHT: usize = 2;
/// Repetitions that a processor encodes at a time.
const SHARE: u32 = 16;
/// Actions in a submission of a program that fills one on its own.
const PART: usize = 24;

/// How to open an adapter; the default is for work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening {
    /// With the limits that every WebGPU implementation has, instead of all that the adapter has.
    pub portable: bool,
    /// With bounds checks, for shaders that may be wrong.
    pub checked: bool,
}

/// An opened adapter.
#[derive(Debug)]
pub struct Gpu {
    pub(super) record: DeviceRecord,
    pub(super) checked: bool,
    /// Whether the driver checks the bounds of buffers itself.
    pub(super) driver_checks: bool,
    /// How often the machine's memory holds what lies in a buffer.
    copies: u64,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) buffers: RefCell<Vec<Option<wgpu::Buffer>>>,
    /// Textures that mirror buffers.
    pub(super) mirrors: RefCell<HashMap<Buffer, (wgpu::Texture, Element)>>,
    /// Buffers that have not been written since their mirrors were brought up to date.
    pub(super) current: RefCell<HashSet<Buffer>>,
    /// By the address of the kernel's row, and the variant's name.
    pub(super) pipelines: RefCell<HashMap<(*const Kernel, &'static str), Pipeline>>,
    pub(super) chosen: ChosenVariants,
    pub(super) programs: RefCell<Vec<Option<Compiled>>>,
    in_flight: RefCell<VecDeque<SubmissionIndex>>,
    /// Timestamps, where the adapter has them.
    pub(super) clock: Option<Clock>,
    failure: Failure,
}

/// What the driver complained about first.
type Failure = Arc<Mutex<Option<String>>>;

/// Asks for a device: with the limits of every WebGPU implementation, or all that the adapter has.
fn request(
    adapter: &Adapter,
    portable: bool,
) -> std::result::Result<(wgpu::Device, wgpu::Queue), wgpu::RequestDeviceError> {
    let (required_features, required_limits) = match portable {
        true => (wgpu::Features::empty(), wgpu::Limits::default()),
        false => (
            adapter.inner.features() & wgpu::Features::TIMESTAMP_QUERY,
            adapter.inner.limits(),
        ),
    };
    pollster::block_on(adapter.inner.request_device(&wgpu::DeviceDescriptor {
        label: Some("unlearn"),
        required_features,
        required_limits,
        ..Default::default()
    }))
}

/// Notes what the driver complains about from now on.
fn note_failures(device: &wgpu::Device, failure: &Failure) {
    let (uncaptured, lost) = (failure.clone(), failure.clone());
    let note = |failure: &Failure, text: String| {
        let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(text);
    };
    device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| {
        note(&uncaptured, e.to_string());
    }));
    device.set_device_lost_callback(move |why, message| {
        if why != wgpu::DeviceLostReason::Destroyed {
            note(&lost, format!("the device was lost: {message}"));
        }
    });
}

impl Gpu {
    /// Opens an adapter with all that it can hold.
    ///
    /// # Errors
    /// `Device` where the driver refuses.
    pub fn open(adapter: &Adapter, reason: &str) -> Result<Self> {
        Self::open_with(adapter, reason, Opening::default())
    }

    /// Opens an adapter in a way.
    ///
    /// # Errors
    /// `Device` where the driver refuses.
    pub fn open_with(adapter: &Adapter, reason: &str, opening: Opening) -> Result<Self> {
        let record = adapter.record(reason);
        let (device, queue) = request(adapter, opening.portable).map_err(|e| {
            Error::Device(format!(
                "cannot open the adapter {}: {e}. Update its driver, or choose another --device",
                record.name
            ))
        })?;
        let failure = Failure::default();
        note_failures(&device, &failure);
        Ok(Self {
            record,
            checked: opening.checked,
            driver_checks: adapter.checks_bounds(),
            copies: adapter.copies(),
            clock: Clock::new(&device, &queue),
            device,
            queue,
            buffers: RefCell::default(),
            mirrors: RefCell::default(),
            current: RefCell::default(),
            pipelines: RefCell::default(),
            chosen: ChosenVariants::default(),
            programs: RefCell::default(),
            in_flight: RefCell::default(),
            failure,
        })
    }

    /// Reports what the driver complained about since the last call.
    fn healthy(&self) -> Result<()> {
        let mut slot = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.take() {
            None => Ok(()),
            Some(text) => Err(self.error(&text)),
        }
    }

    pub(super) fn error(&self, text: &str) -> Error {
        Error::Device(format!(
            "{} failed: {text}. Try again with --device cpu, or another adapter of `unlearn devices`",
            self.record.name
        ))
    }

    pub(super) fn buffer(&self, buffer: Buffer) -> Result<wgpu::Buffer> {
        let buffers = self.buffers.borrow();
        let found = buffers.get(buffer.id).cloned().flatten();
        found.ok_or_else(|| self.error("a buffer was used after it was freed"))
    }

    pub(super) fn create_buffer(
        &self,
        label: &str,
        bytes: u64,
        usage: BufferUsages,
    ) -> Result<wgpu::Buffer> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let valid = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage,
            mapped_at_creation: false,
        });
        let refused = pollster::block_on(valid.pop()).or(pollster::block_on(memory.pop()));
        match refused {
            None => Ok(buffer),
            Some(e) => Err(Error::Device(format!(
                "{} cannot hold the buffer of {label} ({bytes} bytes): {e}. Use fewer --learners \
                 or a smaller --batch",
                self.record.name
            ))),
        }
    }

    /// Waits for a submission, or for all that went out.
    pub(super) fn wait(&self, submission: Option<SubmissionIndex>) -> Result<()> {
        let waited = self.device.poll(PollType::Wait {
            submission_index: submission,
            timeout: Some(PATIENCE),
        });
        self.healthy()?;
        waited
            .map(|_| ())
            .map_err(|e| self.error(&format!("no answer ({e})")))
    }

    /// Sends a program out `times` times. A single repetition goes in parts, since nothing bounds
    /// what it takes: an evaluation of a large population runs for seconds.
    fn submit(&self, compiled: &Compiled, times: u32) -> Result<()> {
        let actions = &compiled.actions[..];
        if times == 1 {
            for part in actions.chunks(PART) {
                self.send([encoded(&self.device, part, 1)])?;
            }
            return Ok(());
        }
        // wgpu takes longer to encode a short step than a fast GPU to run it, so processors share it.
        let device = &self.device;
        let shares = (0..times.div_ceil(SHARE)).into_par_iter();
        let shares = shares.map(|at| encoded(device, actions, SHARE.min(times - at * SHARE)));
        self.send(shares.collect::<Vec<_>>())
    }

    /// Submits, and waits until there is room for more.
    pub(super) fn send(
        &self,
        encoded: impl IntoIterator<Item = wgpu::CommandBuffer>,
    ) -> Result<()> {
        let index = self.queue.submit(encoded);
        self.in_flight.borrow_mut().push_back(index);
        self.make_room()
    }

    /// Waits until fewer than `IN_FLIGHT` submissions are out.
    fn make_room(&self) -> Result<()> {
        while self.in_flight.borrow().len() >= IN_FLIGHT {
            let oldest = self.in_flight.borrow_mut().pop_front();
            self.wait(oldest)?;
        }
        Ok(())
    }

    /// The words of a buffer that the host can map, after all work so far. It stays mapped.
    pub(super) fn read(&self, staging: &wgpu::Buffer) -> Result<Vec<u32>> {
        let (sender, mapped) = std::sync::mpsc::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only when the wait below has failed and said why.
            let _ = sender.send(result);
        });
        self.wait(None)?;
        match mapped.try_recv() {
            Ok(Ok(())) => {}
            Ok(Err(e)) => return Err(self.error(&e.to_string())),
            Err(_) => return Err(self.error("the read-back never arrived")),
        }
        let view = staging
            .get_mapped_range(..)
            .map_err(|e| self.error(&e.to_string()))?;
        Ok(bytemuck::pod_collect_to_vec(&view[..]))
    }
}

impl Device for Gpu {
    fn record(&self) -> &DeviceRecord {
        &self.record
    }

    fn limits(&self) -> Limits {
        let limits = self.device.limits();
        let bytes = limits
            .max_buffer_size
            .min(limits.max_storage_buffer_binding_size);
        Limits {
            buffer_words: (bytes / 4).min(u64::from(u32::MAX)),
            groups: limits.max_compute_workgroups_per_dimension,
            memory: memory::available(),
            copies: self.copies,
        }
    }

    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        kernel.variants
    }

    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        self.chosen.set(kernel, variant);
    }

    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        let usage = BufferUsages::STORAGE
            | BufferUsages::UNIFORM
            | BufferUsages::COPY_SRC
            | BufferUsages::COPY_DST;
        let made = self.create_buffer(label, 4 * words.max(4) as u64, usage)?;
        let mut buffers = self.buffers.borrow_mut();
        buffers.push(Some(made));
        Ok(Buffer {
            id: buffers.len() - 1,
            first: 0,
            words,
        })
    }

    fn free(&self, freed: &[Buffer], programs: &[&Program]) {
        for program in programs {
            self.programs.borrow_mut()[program.id] = None;
        }
        let mut buffers = self.buffers.borrow_mut();
        let mut mirrors = self.mirrors.borrow_mut();
        let of_freed = |of: &Buffer| freed.iter().any(|buffer| buffer.id == of.id);
        self.current.borrow_mut().retain(|of| !of_freed(of));
        for buffer in freed {
            // Destroyed, not just dropped: work in flight may hold on to them for a while.
            if let Some(buffer) = buffers[buffer.id].take() {
                buffer.destroy();
            }
        }
        mirrors.retain(|of, (mirror, _)| {
            let freed = of_freed(of);
            if freed {
                mirror.destroy();
            }
            !freed
        });
    }

    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        let target = self.buffer(buffer)?;
        self.current.borrow_mut().retain(|b| b.id != buffer.id);
        self.queue.write_buffer(
            &target,
            4 * (buffer.first + at) as u64,
            bytemuck::cast_slice(words),
        );
        self.healthy()
    }

    fn compile(&self, recording: &Recording) -> Result<Program> {
        let compiled = self.actions(recording)?;
        self.healthy()?;
        let mut programs = self.programs.borrow_mut();
        programs.push(Some(compiled));
        Ok(Program {
            id: programs.len() - 1,
        })
    }

    fn run(&self, program: &Program, times: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        let programs = self.programs.borrow();
        let Some(compiled) = &programs[program.id] else {
            return Err(self.error("a program was run after it was freed"));
        };
        self.refresh(compiled)?;
        let mut left = times;
        while left > 0 {
            let now = left.min(compiled.repetitions.get());
            let start = Instant::now();
            self.submit(compiled, now)?;
            left -= now;
            done(now);
            // With two in flight, the wait for the older one lasts about as long as it runs.
            let lasted = start.elapsed();
            if lasted > 2 * SUBMISSION {
                compiled.repetitions.set((now / 2).max(1));
            } else if lasted < SUBMISSION / 2 && now == compiled.repetitions.get() {
                compiled.repetitions.set((now * 2).min(1024));
            }
        }
        self.healthy()
    }

    fn time(&self, program: &Program, times: u32) -> Result<f64> {
        self.seconds(program, times)
    }

    fn clock(&self) -> String {
        self.clock_in_words()
    }

    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        let source = self.buffer(buffer)?;
        let bytes = 4 * buffer.words as u64;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = self.create_buffer("read-back", bytes, usage)?;
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&source, 4 * buffer.first as u64, &staging, 0, bytes);
        self.queue.submit([encoder.finish()]);
        self.in_flight.borrow_mut().clear();
        self.read(&staging)
    }
}
