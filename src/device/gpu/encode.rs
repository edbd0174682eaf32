//! Actions, which are what a recording becomes, and their way into a command encoder.

use super::mirror;
use crate::kernel::Texel;

/// One thing for the queue to do.
#[derive(Debug)]
pub(super) enum Action {
    Dispatch {
        pipeline: wgpu::ComputePipeline,
        group: wgpu::BindGroup,
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
    Mirror((wgpu::Buffer, u64), (wgpu::Texture, Texel)),
}

/// Encodes a program once; neighbouring dispatches share a pass.
pub(super) fn encode(actions: &[Action], encoder: &mut wgpu::CommandEncoder) {
    let mut rest = actions;
    while let Some(first) = rest.first() {
        match first {
            Action::Clear { at, bytes } => encoder.clear_buffer(&at.0, at.1, Some(*bytes)),
            Action::Copy { from, to, bytes } => {
                encoder.copy_buffer_to_buffer(&from.0, from.1, &to.0, to.1, *bytes);
            }
            Action::Mirror((buffer, start), mirror) => {
                mirror::encode_mirror(buffer, *start, mirror, encoder);
            }
            Action::Dispatch { .. } => {
                rest = encode_pass(rest, encoder);
                continue;
            }
        }
        rest = &rest[1..];
    }
}

/// Encodes the dispatches at the head of `actions`; what follows them is returned.
fn encode_pass<'a>(actions: &'a [Action], encoder: &mut wgpu::CommandEncoder) -> &'a [Action] {
    let mut pass = encoder.begin_compute_pass(&Default::default());
    for (done, action) in actions.iter().enumerate() {
        let Action::Dispatch {
            pipeline,
            group,
            groups: [x, y, z],
        } = action
        else {
            return &actions[done..];
        };
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, group, &[]);
        pass.dispatch_workgroups(*x, *y, *z);
    }
    &[]
}
