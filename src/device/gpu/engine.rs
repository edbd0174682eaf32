//! Runs recordings on an adapter.
//!
//! Pipelines, parameter blocks and bind groups are made once, when a recording is compiled;
//! running it only encodes dispatches. Work goes out in submissions of about a tenth of a
//! second, two in flight at the most: long enough to cost nothing, short enough for the
//! watchdogs of operating systems and for live progress.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wgpu::{BufferUsages, PollType, SubmissionIndex};

use super::Adapter;
use super::encode::{Action, encode};
use super::mirror::{self, sampled_bindings, sampled_buffers, texture};
use crate::device::{Buffer, Command, Device, Dispatch, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::kernel::{Access, Kernel, TEXELS, Variant};
use crate::record::DeviceRecord;

/// A device that has not answered for this long is taken for lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a submission should last.
const SUBMISSION: Duration = Duration::from_millis(100);
const IN_FLIGHT: usize = 2;
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
    record: DeviceRecord,
    checked: bool,
    software: bool,
    device: wgpu::Device,
    queue: wgpu::Queue,
    buffers: RefCell<Vec<Option<wgpu::Buffer>>>,
    /// Textures that mirror buffers.
    mirrors: RefCell<HashMap<Buffer, wgpu::Texture>>,
    /// By the address of the kernel's row, and the variant's name.
    pipelines: RefCell<HashMap<(*const Kernel, &'static str), Pipeline>>,
    /// Variants that were chosen by name of the kernel.
    choices: RefCell<HashMap<&'static str, &'static Variant>>,
    programs: RefCell<Vec<Option<Compiled>>>,
    flying: RefCell<VecDeque<SubmissionIndex>>,
    failure: Arc<Mutex<Option<String>>>,
}

#[derive(Clone, Debug)]
struct Pipeline {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

#[derive(Debug)]
struct Compiled {
    /// Done once, before the first repetition.
    before: Vec<Action>,
    actions: Vec<Action>,
    /// Repetitions that fill a submission, by measurement.
    repetitions: Cell<u32>,
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
        let request = adapter.inner.request_device(&wgpu::DeviceDescriptor {
            label: Some("unlearn"),
            required_limits: match opening.portable {
                true => wgpu::Limits::default(),
                false => adapter.inner.limits(),
            },
            ..Default::default()
        });
        let (device, queue) = pollster::block_on(request).map_err(|e| {
            Error::Device(format!(
                "cannot open the adapter {}: {e}. Update its driver, or choose another --device",
                record.name
            ))
        })?;
        let failure = Arc::new(Mutex::new(None));
        let (uncaptured, lost) = (failure.clone(), failure.clone());
        let note = |slot: &Mutex<Option<String>>, text: String| {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.get_or_insert(text);
        };
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| {
            note(&uncaptured, e.to_string());
        }));
        device.set_device_lost_callback(move |why, message| {
            if why != wgpu::DeviceLostReason::Destroyed {
                note(&lost, format!("the device was lost: {message}"));
            }
        });
        Ok(Self {
            record,
            // A driver that checks bounds itself compiles ten times as long with both.
            checked: opening.checked && !adapter.checks_bounds(),
            software: adapter.is_software(),
            device,
            queue,
            buffers: RefCell::default(),
            mirrors: RefCell::default(),
            pipelines: RefCell::default(),
            choices: RefCell::default(),
            programs: RefCell::default(),
            flying: RefCell::default(),
            failure,
        })
    }

    /// The variant of a kernel for these buffers: a texture may not be tall enough for one.
    fn variant(&self, dispatch: &Dispatch) -> &'static Variant {
        let kernel = dispatch.kernel;
        if let Some(chosen) = self.choices.borrow().get(kernel.name) {
            return chosen;
        }
        let rows = |b: &Buffer| b.words as u64 / u64::from(4 * TEXELS) + 1;
        let tallest = self.device.limits().max_texture_dimension_2d;
        let fits = |variant: &&Variant| {
            sampled_buffers(dispatch, variant).all(|b| rows(&b) <= tallest.into())
        };
        let wanted = match self.software {
            true => &["sampled", "lanes"][..],
            false => &[],
        };
        let mut named = wanted.iter().filter_map(|name| kernel.variant(name));
        named.find(fits).unwrap_or(&Variant::PLAIN)
    }

    /// The texture that mirrors a buffer, made at its first use.
    fn mirror(&self, buffer: Buffer, format: wgpu::TextureFormat) -> Result<wgpu::Texture> {
        let bytes = self.buffer(buffer)?.size() - 4 * buffer.first as u64;
        let mut mirrors = self.mirrors.borrow_mut();
        let made = mirrors
            .entry(buffer)
            .or_insert_with(|| mirror::create(&self.device, bytes, format));
        Ok(made.clone())
    }

    /// Reports what the driver complained about since the last call.
    fn healthy(&self) -> Result<()> {
        let mut slot = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.take() {
            None => Ok(()),
            Some(text) => Err(self.error(&text)),
        }
    }

    fn error(&self, text: &str) -> Error {
        Error::Device(format!(
            "{} failed: {text}. Try again with --device cpu, or another adapter of `unlearn devices`",
            self.record.name
        ))
    }

    fn buffer(&self, buffer: Buffer) -> Result<wgpu::Buffer> {
        let buffers = self.buffers.borrow();
        let found = buffers.get(buffer.id).cloned().flatten();
        found.ok_or_else(|| self.error("a buffer was used after it was freed"))
    }

    fn create_buffer(&self, label: &str, bytes: u64, usage: BufferUsages) -> Result<wgpu::Buffer> {
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

    /// The kernel's pipeline, made at its first use.
    fn pipeline(&self, kernel: &'static Kernel, variant: &Variant) -> Result<Pipeline> {
        let key = (std::ptr::from_ref(kernel), variant.name);
        if let Some(made) = self.pipelines.borrow().get(&key) {
            return Ok(made.clone());
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = self.create_pipeline(kernel, variant);
        if let Some(e) = pollster::block_on(scope.pop()) {
            let (device, shader) = (&self.record.name, kernel.name);
            return Err(Error::Shader(format!(
                "{device} refuses the shader {shader}: {e}. Try again with --device cpu, or \
                 another adapter of `unlearn devices`"
            )));
        }
        self.pipelines.borrow_mut().insert(key, made.clone());
        Ok(made)
    }

    fn create_pipeline(&self, kernel: &Kernel, variant: &Variant) -> Pipeline {
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(kernel.name),
            source: wgpu::ShaderSource::Wgsl(kernel.source(variant).into()),
        };
        let module = match self.checked {
            true => self.device.create_shader_module(descriptor),
            false => self.create_unchecked(descriptor),
        };
        let layout = self.create_layout(kernel, variant);
        let pipelines = self
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(kernel.name),
                bind_group_layouts: &[Some(&layout)],
                ..Default::default()
            });
        let pipeline = self
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(kernel.name),
                layout: Some(&pipelines),
                module: &module,
                entry_point: Some(kernel.name),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
        Pipeline { pipeline, layout }
    }

    /// A shader module without checks, which keep compilers from unrolling the register tiles.
    fn create_unchecked(&self, descriptor: wgpu::ShaderModuleDescriptor<'_>) -> wgpu::ShaderModule {
        let checks = wgpu::ShaderRuntimeChecks {
            force_loop_bounding: false,
            bounds_checks: false,
            ..wgpu::ShaderRuntimeChecks::checked()
        };
        // SAFETY: every loop of the shaders ends: all count up to a bound, but the walk in
        // `permuted`, which follows a cycle of a permutation that holds a value below n. Every
        // index lies within its buffer: threads beyond a dispatch's extent return or repeat the
        // last element, and population.rs sizes the buffers by the numbers it gives to kernels and
        // checks labels and sample lists before they reach the device. Planted faults, whose loops
        // end too, may leave their buffers: they come here only where the driver checks bounds
        // itself (`Adapter::checks_bounds`).
        #[expect(unsafe_code, reason = "the only way to turn checks off")]
        unsafe {
            self.device.create_shader_module_trusted(descriptor, checks)
        }
    }

    /// Bind group layout of a kernel: its parameters, then its storage buffers or their mirrors.
    fn create_layout(&self, kernel: &Kernel, variant: &Variant) -> wgpu::BindGroupLayout {
        let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty,
            count: None,
        };
        let buffer = |ty, min_binding_size| wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset: false,
            min_binding_size,
        };
        let size = wgpu::BufferSize::new(kernel.params_size as u64);
        let params = entry(0, buffer(wgpu::BufferBindingType::Uniform, size));
        let sampled = sampled_bindings(kernel, variant);
        let storage = kernel.bindings.iter().enumerate().map(|(place, access)| {
            let read_only = *access == Access::Read;
            sampled.get(&place).map_or_else(
                || buffer(wgpu::BufferBindingType::Storage { read_only }, None),
                |format| texture(*format),
            )
        });
        let storage = (1..).zip(storage).map(|(binding, ty)| entry(binding, ty));
        let entries: Vec<_> = std::iter::once(params).chain(storage).collect();
        let descriptor = wgpu::BindGroupLayoutDescriptor {
            label: Some(kernel.name),
            entries: &entries,
        };
        self.device.create_bind_group_layout(&descriptor)
    }

    /// Turns a dispatch into an action; its parameters lie in `block` from byte `at` on.
    fn dispatch(
        &self,
        dispatch: &Dispatch,
        variant: &Variant,
        block: &wgpu::Buffer,
        at: u64,
    ) -> Result<Action> {
        let kernel = dispatch.kernel;
        let Pipeline { pipeline, layout } = self.pipeline(kernel, variant)?;
        let buffers = dispatch.buffers.iter().map(|&b| self.buffer(b));
        let buffers = buffers.collect::<Result<Vec<_>>>()?;
        let sampled = sampled_bindings(kernel, variant);
        let mut views: HashMap<usize, wgpu::TextureView> = HashMap::new();
        for (&place, &format) in &sampled {
            let mirror = self.mirror(dispatch.buffers[place], format)?;
            views.insert(place, mirror.create_view(&Default::default()));
        }
        let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: block,
            offset: at,
            size: wgpu::BufferSize::new(dispatch.params.len() as u64),
        });
        let storage = buffers.iter().enumerate().map(|(place, buffer)| {
            let view = views.get(&place).map(wgpu::BindingResource::TextureView);
            let whole = wgpu::BufferBinding {
                buffer,
                offset: 4 * dispatch.buffers[place].first as u64,
                size: None,
            };
            view.unwrap_or(wgpu::BindingResource::Buffer(whole))
        });
        let resources = std::iter::once(params).chain(storage);
        let entries: Vec<_> = (0..)
            .zip(resources)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
            .collect();
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.name),
            layout: &layout,
            entries: &entries,
        });
        Ok(Action::Dispatch {
            pipeline,
            group,
            groups: kernel.groups(variant, dispatch.extent),
        })
    }

    /// One buffer with the parameters of all dispatches, and the bytes from one to the next.
    fn parameter_block(&self, recording: &Recording) -> Result<(wgpu::Buffer, u64)> {
        let stride = self
            .device
            .limits()
            .min_uniform_buffer_offset_alignment
            .max(256) as usize;
        let mut bytes = Vec::new();
        for command in &recording.commands {
            if let Command::Dispatch(dispatch) = command {
                let end = bytes.len() + stride;
                bytes.extend_from_slice(&dispatch.params);
                bytes.resize(end, 0u8);
            }
        }
        bytes.resize(bytes.len().max(stride), 0);
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let block = self.create_buffer("parameters of dispatches", bytes.len() as u64, usage)?;
        self.queue.write_buffer(&block, 0, &bytes);
        Ok((block, stride as u64))
    }

    /// A recording as actions, with mirrors brought up to date where a dispatch needs them: once
    /// before the first repetition, or, where the recording writes the buffer, after each write.
    fn actions(&self, recording: &Recording) -> Result<Compiled> {
        let (block, stride) = self.parameter_block(recording)?;
        let written: HashSet<Buffer> = recording.commands.iter().flat_map(writes).collect();
        let mut fresh = HashSet::new();
        let (mut before, mut actions) = (Vec::new(), Vec::new());
        let mut at = 0;
        for command in &recording.commands {
            if let Command::Dispatch(dispatch) = command {
                let variant = self.variant(dispatch);
                actions.push(self.dispatch(dispatch, variant, &block, at)?);
                let place = actions.len() - 1;
                for buffer in sampled_buffers(dispatch, variant) {
                    if fresh.insert(buffer) {
                        let update = self.update(buffer)?;
                        match written.contains(&buffer) {
                            true => actions.insert(place, update),
                            false => before.push(update),
                        }
                    }
                }
                at += stride;
            } else {
                actions.push(self.transfer(command)?);
            }
            for buffer in writes(command) {
                fresh.remove(&buffer);
            }
        }
        Ok(Compiled {
            before,
            actions,
            repetitions: Cell::new(1),
        })
    }

    /// Brings the mirror of a buffer up to date.
    fn update(&self, buffer: Buffer) -> Result<Action> {
        let mirror = self.mirrors.borrow().get(&buffer).cloned();
        let mirror = mirror.ok_or_else(|| self.error("a buffer has no mirror"))?;
        let from = (self.buffer(buffer)?, 4 * buffer.first as u64);
        Ok(Action::Mirror(from, mirror))
    }

    fn transfer(&self, command: &Command) -> Result<Action> {
        match command {
            Command::Dispatch(_) => Err(self.error("a dispatch is no transfer")),
            Command::Clear(buffer) => Ok(Action::Clear {
                at: (self.buffer(*buffer)?, 4 * buffer.first as u64),
                bytes: 4 * buffer.words as u64,
            }),
            Command::Copy { from, to, words } => Ok(Action::Copy {
                from: (self.buffer(from.0)?, 4 * (from.0.first + from.1) as u64),
                to: (self.buffer(to.0)?, 4 * (to.0.first + to.1) as u64),
                bytes: 4 * *words as u64,
            }),
        }
    }

    /// Waits for a submission, or for all that went out.
    fn wait(&self, submission: Option<SubmissionIndex>) -> Result<()> {
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
        let part = if times == 1 { PART } else { actions.len() };
        for part in actions.chunks(part.max(1)) {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            for _ in 0..times {
                encode(part, &mut encoder);
            }
            self.send(encoder)?;
        }
        Ok(())
    }

    /// Submits, and waits until there is room for more.
    fn send(&self, encoder: wgpu::CommandEncoder) -> Result<()> {
        let index = self.queue.submit([encoder.finish()]);
        self.flying.borrow_mut().push_back(index);
        self.make_room()
    }

    /// Waits until fewer than `IN_FLIGHT` submissions are out.
    fn make_room(&self) -> Result<()> {
        while self.flying.borrow().len() >= IN_FLIGHT {
            let oldest = self.flying.borrow_mut().pop_front();
            self.wait(oldest)?;
        }
        Ok(())
    }
}

/// The buffers that a command writes.
fn writes(command: &Command) -> Vec<Buffer> {
    match command {
        Command::Clear(buffer) => vec![*buffer],
        Command::Copy { to, .. } => vec![to.0],
        Command::Dispatch(dispatch) => {
            let bound = dispatch.buffers.iter().zip(dispatch.kernel.bindings);
            let written = bound.filter(|(_, access)| **access == Access::Write);
            written.map(|(buffer, _)| *buffer).collect()
        }
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
        }
    }

    fn variants(&self, kernel: &Kernel) -> &'static [Variant] {
        kernel.variants
    }

    fn choose(&self, kernel: &Kernel, variant: Option<&'static Variant>) {
        let mut choices = self.choices.borrow_mut();
        match variant {
            Some(variant) => choices.insert(kernel.name, variant),
            None => choices.remove(kernel.name),
        };
    }

    fn allocate(&self, label: &str, words: usize) -> Result<Buffer> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
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
        for buffer in freed {
            // Destroyed, not just dropped: work in flight may hold on to them for a while.
            if let Some(buffer) = buffers[buffer.id].take() {
                buffer.destroy();
            }
        }
        mirrors.retain(|of, mirror| {
            let kept = freed.iter().all(|buffer| buffer.id != of.id);
            if !kept {
                mirror.destroy();
            }
            kept
        });
    }

    fn upload(&self, buffer: Buffer, at: usize, words: &[u32]) -> Result<()> {
        let target = self.buffer(buffer)?;
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
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encode(&compiled.before, &mut encoder);
        self.send(encoder)?;
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

    fn download(&self, buffer: Buffer) -> Result<Vec<u32>> {
        let source = self.buffer(buffer)?;
        let bytes = 4 * buffer.words as u64;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = self.create_buffer("read-back", bytes, usage)?;
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&source, 4 * buffer.first as u64, &staging, 0, bytes);
        self.queue.submit([encoder.finish()]);
        self.flying.borrow_mut().clear();
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
