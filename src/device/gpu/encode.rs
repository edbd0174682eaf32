//! Actions, which are what a recording becomes, and their way into a command encoder.

use super::mirror;

/// One thing for the queue to do.
#[derive(Debug)]
pub(super) enum Action {
    Dispatch {
        pipeline: wgpu::ComputePipeline,
        group: wgpu::BindGroup,
        groups: [u32; 3],
    },
    Clear(wgpu::Buffer),
    Copy {
        from: (wgpu::Buffer, u64),
        to: (wgpu::Buffer, u64),
        bytes: u64,
    },
    /// Bring a texture up to date with its buffer.
    Mirror(wgpu::Buffer, wgpu::Texture),
}

/// Encodes a program once; neighbouring dispatches share a pass.
pub(super) fn encode(actions: &[Action], encoder: &mut wgpu::CommandEncoder) {
    let mut rest = actions;
    while let Some(first) = rest.first() {
        match first {
            Action::Clear(buffer) => encoder.clear_buffer(buffer, 0, None),
            Action::Copy { from, to, bytes } => {
                encoder.copy_buffer_to_buffer(&from.0, from.1, &to.0, to.1, *bytes);
            }
            Action::Mirror(buffer, mirror) => mirror::encode_mirror(buffer, mirror, encoder),
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
