//! Recordings become programs: parameters, mirrors and bind groups are made here, once.

use std::cell::Cell;
use std::collections::HashSet;

use wgpu::BufferUsages;

use super::Gpu;
use super::encode::{Action, encoded};
use super::mirror;
use super::pipeline::{Pipeline, Slots, by_group};
use crate::device::{Buffer, Command, Dispatch, Recording};
use crate::error::Result;
use crate::kernels::{Access, Element, Mirrored, Variant};
use crate::record::DeviceKind;

#[derive(Debug)]
pub(super) struct Compiled {
    /// Buffers whose mirrors must be up to date before the first repetition.
    pub(super) mirrored: Vec<Buffer>,
    /// Buffers that a repetition writes.
    pub(super) written: HashSet<Buffer>,
    pub(super) actions: Vec<Action>,
    /// Repetitions that fill a submission, by measurement.
    pub(super) repetitions: Cell<u32>,
}

impl Gpu {
    /// The variant of a kernel for these buffers: the chosen one, or else the first that is made for
    /// adapters of this kind, as far as its textures are not too tall.
    fn variant(&self, dispatch: &Dispatch) -> &'static Variant {
        let kernel = dispatch.kernel;
        let tallest = self.device.limits().max_texture_dimension_2d;
        let fits = |variant: &&Variant| {
            kernel.mirrored(variant).iter().all(|mirrored| {
                let bytes = 4 * dispatch.buffers[mirrored.place].words as u64;
                mirror::rows(bytes, mirrored.texel) < tallest.into()
            })
        };
        let chosen = self.chosen.get(kernel);
        let of_its_kind = kernel.variants.iter();
        let software = self.record.kind == DeviceKind::Software;
        let of_its_kind = of_its_kind.filter(|v| v.software == software);
        let mut wanted = chosen.into_iter().chain(of_its_kind);
        wanted.find(fits).unwrap_or(&Variant::PLAIN)
    }

    /// The texture that mirrors a buffer, made at its first use.
    fn mirror(&self, buffer: Buffer, texel: Element) -> Result<wgpu::Texture> {
        let bytes = self.buffer(buffer)?.size() - 4 * buffer.first as u64;
        let mut mirrors = self.mirrors.borrow_mut();
        let (made, _) = mirrors
            .entry(buffer)
            .or_insert_with(|| (mirror::create(&self.device, bytes, texel), texel));
        Ok(made.clone())
    }

    /// Turns a dispatch into an action; its parameters lie in `block` from byte `at` on.
    fn dispatch(
        &self,
        dispatch: &Dispatch,
        variant: &Variant,
        block: &wgpu::Buffer,
        at: u64,
    ) -> Result<Action> {
        let Pipeline { pipeline, layouts } = self.pipeline(dispatch.kernel, variant)?;
        let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: block,
            offset: at,
            size: wgpu::BufferSize::new(dispatch.params.len() as u64),
        });
        Ok(Action::Dispatch {
            pipeline,
            bound: self.bind_groups(dispatch, variant, &layouts, params)?,
            groups: dispatch.kernel.groups(variant, dispatch.extent),
        })
    }

    /// Binds a dispatch's parameters, and its buffers or their mirrors.
    fn bind_groups(
        &self,
        dispatch: &Dispatch,
        variant: &Variant,
        layouts: &[Option<wgpu::BindGroupLayout>],
        params: wgpu::BindingResource<'_>,
    ) -> Result<Vec<Option<wgpu::BindGroup>>> {
        let kernel = dispatch.kernel;
        let buffers = dispatch.buffers.iter().map(|&b| self.buffer(b));
        let buffers = buffers.collect::<Result<Vec<_>>>()?;
        // A foreign shader may ask for a buffer's length; of the others, a write past the end is to be done.
        let exact = |words: usize| wgpu::BufferSize::new(4 * words as u64);
        let bound = buffers.iter().zip(&dispatch.buffers).map(|(buffer, of)| {
            wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer,
                offset: 4 * of.first as u64,
                size: exact(of.words).filter(|_| kernel.is_foreign()),
            })
        });
        let slots = kernel.bindings().iter().map(|binding| binding.slot);
        let view = |m: &Mirrored| {
            let texture = self.mirror(dispatch.buffers[m.place], m.texel)?;
            Ok((m.binding, texture.create_view(&Default::default())))
        };
        let mirrored = kernel.mirrored(variant);
        let views = mirrored.iter().map(view).collect::<Result<Vec<_>>>()?;
        // A mirror stands in for its buffer, or beside it with a number of its own.
        let params = (kernel.params_size > 0).then_some(([0, 0], params));
        let mut resources: Slots<_> = params.into_iter().chain(slots.zip(bound)).collect();
        let mirrors = views.iter();
        let texture = wgpu::BindingResource::TextureView;
        resources.extend(mirrors.map(|(n, view)| ([0, *n], texture(view))));
        let mut layouts = layouts.iter().flatten();
        let made = by_group(resources, &mut |group| {
            let entry = |(binding, resource)| wgpu::BindGroupEntry { binding, resource };
            let entries: Vec<_> = group.into_iter().map(entry).collect();
            Some(self.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(kernel.name),
                layout: layouts.next()?,
                entries: &entries,
            }))
        });
        Ok(made.into_iter().map(Option::flatten).collect())
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
    pub(super) fn actions(&self, recording: &Recording) -> Result<Compiled> {
        let (block, stride) = self.parameter_block(recording)?;
        let written: HashSet<Buffer> = recording.commands.iter().flat_map(writes).collect();
        let mut fresh = HashSet::new();
        let (mut mirrored_before, mut actions) = (Vec::new(), Vec::new());
        let mut at = 0;
        for command in &recording.commands {
            if let Command::Dispatch(dispatch) = command {
                let variant = self.variant(dispatch);
                actions.push(self.dispatch(dispatch, variant, &block, at)?);
                let place = actions.len() - 1;
                for mirrored in dispatch.kernel.mirrored(variant) {
                    let buffer = dispatch.buffers[mirrored.place];
                    if fresh.insert(buffer) {
                        match written.contains(&buffer) {
                            true => actions.insert(place, self.update(buffer)?),
                            false => mirrored_before.push(buffer),
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
            mirrored: mirrored_before,
            written,
            actions,
            repetitions: Cell::new(1),
        })
    }

    /// Brings the mirrors that a program needs up to date, but for those of which the buffer has not been
    /// written since the last time: the training images are 47 MB. Then it is about to be run.
    pub(super) fn refresh(&self, program: &Compiled) -> Result<()> {
        let mut current = self.current.borrow_mut();
        let stale = program.mirrored.iter().filter(|b| current.insert(**b));
        let updates = stale.map(|b| self.update(*b)).collect::<Result<Vec<_>>>()?;
        current.retain(|mirrored| program.written.iter().all(|b| b.id != mirrored.id));
        if updates.is_empty() {
            return Ok(());
        }
        self.send([encoded(&self.device, &updates, 1)])
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
}

/// The buffers that a command writes.
fn writes(command: &Command) -> Vec<Buffer> {
    match command {
        Command::Clear(buffer) => vec![*buffer],
        Command::Copy { to, .. } => vec![to.0],
        Command::Dispatch(dispatch) => {
            let bound = dispatch.buffers.iter().zip(dispatch.kernel.bindings());
            let written = bound.filter(|(_, binding)| binding.access == Access::Write);
            written.map(|(buffer, _)| *buffer).collect()
        }
    }
}
