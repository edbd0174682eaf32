//! Actions, which are what a recording becomes, and their way into a command encoder.

use super::mirror;
use crate::kernels::Element;

/// One thing for the queue to do.
#[derive(Debug)]
pub(super) enum Action {
    Dispatch {
        pipeline: wgpu::ComputePipeline,
        /// By their numbers.
        bound: Vec<Option<wgpu::BindGroup>>,
        groups: [u32; 3],
    },
    Clear {
        at: (wgpu::Buffer, u64),
        bytes: u64,
    },
    Copy {
        from: (wgpu::Buffer, u64),
        to: (wgpu::Buffer, u64),
        bytes: u64,
    },
    /// Bring a texture up to date with its buffer from a byte on.
    Mirror((wgpu::Buffer, u64), (wgpu::Texture, Element)),
}

impl Action {
    pub(super) fn is_dispatch(&self) -> bool {
        matches!(self, Self::Dispatch { .. })
    }
}

/// Where the times go at which the first pass begins (entry 0) and the last one ends (entry 1).
#[derive(Clone, Copy)]
pub(super) struct Stamps<'a> {
    pub(super) set: &'a wgpu::QuerySet,
    pub(super) begin: bool,
    pub(super) end: bool,
}

/// Encodes a program once; neighbouring dispatches share a pass.
pub(super) fn encode(
    actions: &[Action],
    encoder: &mut wgpu::CommandEncoder,
    stamps: Option<Stamps<'_>>,
) {
    let first = actions.iter().position(Action::is_dispatch);
    let last = actions.iter().rposition(Action::is_dispatch);
    let mut at = 0;
    for part in actions.chunk_by(|a, b| a.is_dispatch() && b.is_dispatch()) {
        let within = at..at + part.len();
        at = within.end;
        match &part[0] {
            Action::Clear { at, bytes } => encoder.clear_buffer(&at.0, at.1, Some(*bytes)),
            Action::Copy { from, to, bytes } => {
                encoder.copy_buffer_to_buffer(&from.0, from.1, &to.0, to.1, *bytes);
            }
            Action::Mirror((buffer, start), mirror) => {
                mirror::encode_mirror(buffer, *start, mirror, encoder);
            }
            Action::Dispatch { .. } => {
                let here = |place: Option<usize>| place.is_some_and(|p| within.contains(&p));
                let stamps = stamps.map(|s| Stamps {
                    begin: s.begin && here(first),
                    end: s.end && here(last),
                    ..s
                });
                encode_pass(part, encoder, stamps.filter(|s| s.begin || s.end));
            }
        }
    }
}

/// The commands of a program, repeated.
pub(super) fn encoded(
    device: &wgpu::Device,
    actions: &[Action],
    times: u32,
) -> wgpu::CommandBuffer {
    let mut encoder = device.create_command_encoder(&Default::default());
    for _ in 0..times {
        encode(actions, &mut encoder, None);
    }
    encoder.finish()
}

/// Encodes dispatches as one pass.
fn encode_pass(
    dispatches: &[Action],
    encoder: &mut wgpu::CommandEncoder,
    stamps: Option<Stamps<'_>>,
) {
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
        label: None,
        timestamp_writes: stamps.map(|s| wgpu::ComputePassTimestampWrites {
            query_set: s.set,
            beginning_of_pass_write_index: s.begin.then_some(0),
            end_of_pass_write_index: s.end.then_some(1),
        }),
    });
    for action in dispatches {
        if let Action::Dispatch {
            pipeline,
            bound,
            groups: [x, y, z],
        } = action
        {
            pass.set_pipeline(pipeline);
            for (number, group) in (0..).zip(bound) {
                pass.set_bind_group(number, group.as_ref(), &[]);
            }
            pass.dispatch_workgroups(*x, *y, *z);
        }
    }
}
