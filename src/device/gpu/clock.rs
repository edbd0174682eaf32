//! How long programs take, by the adapter's own timestamps where it has them.

use std::time::Instant;

use wgpu::{BufferUsages, Features};

use super::Gpu;
use super::compile::Compiled;
use super::encode::{Action, Stamps, encode};
use crate::error::Result;

/// Two timestamps, and their way to the host.
#[derive(Debug)]
pub(super) struct Clock {
    set: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    staging: wgpu::Buffer,
    /// Seconds of a tick.
    tick: f64,
}

impl Clock {
    /// None where the device was opened without timestamps.
    pub(super) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Option<Self> {
        if !device.features().contains(Features::TIMESTAMP_QUERY) {
            return None;
        }
        let buffer = |usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("timestamps"),
                size: 2 * u64::from(wgpu::QUERY_SIZE),
                usage,
                mapped_at_creation: false,
            })
        };
        Some(Self {
            set: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: buffer(BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC),
            staging: buffer(BufferUsages::MAP_READ | BufferUsages::COPY_DST),
            tick: 1e-9 * f64::from(queue.get_timestamp_period()),
        })
    }

    fn resolve(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.resolve_query_set(&self.set, 0..2, &self.resolved, 0);
        let bytes = self.resolved.size();
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.staging, 0, bytes);
    }
}

impl Gpu {
    /// Seconds that `times` repetitions take, in one submission: between the beginning of the first
    /// pass and the end of the last one, or, without timestamps, from the submission to its end.
    pub(super) fn seconds(&self, compiled: &Compiled, times: u32) -> Result<f64> {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encode(&compiled.before, &mut encoder, None);
        self.send(encoder)?;
        self.wait(None)?;
        // Timestamps are written where passes begin and end.
        let stamped = compiled.actions.iter().any(Action::is_dispatch);
        let clock = self.clock.as_ref().filter(|_| stamped);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        for n in 0..times {
            let stamps = clock.map(|clock| Stamps {
                set: &clock.set,
                begin: n == 0,
                end: n + 1 == times,
            });
            encode(&compiled.actions, &mut encoder, stamps);
        }
        if let Some(clock) = clock {
            clock.resolve(&mut encoder);
        }
        let commands = encoder.finish();
        let start = Instant::now();
        let submission = self.queue.submit([commands]);
        self.wait(Some(submission))?;
        let passed = start.elapsed().as_secs_f64();
        let Some(clock) = clock else {
            return Ok(passed);
        };
        let words = self.read(&clock.staging)?;
        clock.staging.unmap();
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&words);
        Ok(clock.tick * ticks[1].wrapping_sub(ticks[0]) as f64)
    }
}
