//! How long programs take: by the adapter's own timestamps where it has them and they can be
//! believed, else by the wall clock. Drivers exist whose timestamps are all zero, or count in another
//! unit than they say, so they are tried against the wall clock before the first use. Not when the
//! device is opened: a run whose variants are remembered times nothing, and shall not pay for it.

use std::cell::OnceCell;
use std::time::Instant;

use wgpu::{BufferUsages, Features};

use super::Gpu;
use super::encode::{Action, Stamps, encode};
use super::timestamps;
use crate::device::probes::{FMA_RATE, Probe};
use crate::device::{Device, Program, WALL_CLOCK};
use crate::error::Result;

/// Two timestamps, and their way to the host.
#[derive(Debug)]
pub(super) struct Clock {
    set: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    staging: wgpu::Buffer,
    /// Seconds of a tick.
    tick: f64,
    /// What the trial found: why the timestamps cannot be believed, or none where they can.
    fault: OnceCell<Option<String>>,
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
            fault: OnceCell::new(),
        })
    }

    fn resolve(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.resolve_query_set(&self.set, 0..2, &self.resolved, 0);
        let bytes = self.resolved.size();
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.staging, 0, bytes);
    }
}

/// Work for the trial: a dispatch that is neither done at once on a large GPU nor long on a CPU.
const WORK: Probe = Probe {
    threads: 1 << 14,
    rounds: 16,
    factor: 0.999,
    term: 0.001,
};

impl Gpu {
    /// The timestamps, if they can be believed; the first call tries them.
    fn trusted_clock(&self) -> Result<Option<&Clock>> {
        let Some(clock) = &self.clock else {
            return Ok(None);
        };
        let fault = match clock.fault.get() {
            Some(fault) => fault,
            None => {
                let found = self.fault(clock)?;
                clock.fault.get_or_init(|| found)
            }
        };
        Ok(Some(clock).filter(|_| fault.is_none()))
    }

    /// Tries the timestamps.
    fn fault(&self, clock: &Clock) -> Result<Option<String>> {
        let sums = self.allocate("sums", WORK.threads as usize)?;
        let program = self.compile(&WORK.recording(&FMA_RATE, &[sums], 1))?;
        let found = timestamps::fault(clock.tick, &mut |times| {
            let (ticks, wall) = self.submit_timed(&program, times, Some(clock))?;
            Ok((ticks.unwrap_or_default(), wall))
        });
        self.free(&[sums], &[&program]);
        found
    }

    pub(super) fn clock_in_words(&self) -> String {
        let why = match (&self.clock, self.trusted_clock()) {
            (None, _) => "the adapter has no timestamps".to_owned(),
            (_, Ok(Some(_))) => return "timestamp queries".to_owned(),
            (Some(clock), Ok(None)) => clock.fault.get().cloned().flatten().unwrap_or_default(),
            (_, Err(e)) => format!("the timestamps could not be tried: {e}"),
        };
        format!("{WALL_CLOCK}, since {why}")
    }

    /// Seconds that `times` repetitions take, in one submission: between the beginning of the first
    /// pass and the end of the last one, or, without timestamps, from the submission to its end. NaN
    /// where the timestamps cannot be right.
    pub(super) fn seconds(&self, program: &Program, times: u32) -> Result<f64> {
        let clock = self.trusted_clock()?;
        let (ticks, wall) = self.submit_timed(program, times, clock)?;
        Ok(match (clock, ticks) {
            (Some(clock), Some(ticks)) => timestamps::seconds((ticks, wall), clock.tick),
            _ => wall,
        })
    }

    /// Runs a program `times` times in one submission: the ticks where the first pass begins and the
    /// last one ends, if `clock` is there to write them, and the wall-clock seconds.
    fn submit_timed(
        &self,
        program: &Program,
        times: u32,
        clock: Option<&Clock>,
    ) -> Result<(Option<[u64; 2]>, f64)> {
        let programs = self.programs.borrow();
        let Some(compiled) = &programs[program.id] else {
            return Err(self.error("a program was timed after it was freed"));
        };
        self.refresh(compiled)?;
        self.wait(None)?;
        // Timestamps are written where passes begin and end.
        let stamped = compiled.actions.iter().any(Action::is_dispatch);
        let clock = clock.filter(|_| stamped);
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
        let wall = start.elapsed().as_secs_f64();
        let Some(clock) = clock else {
            return Ok((None, wall));
        };
        let words = self.read(&clock.staging)?;
        clock.staging.unmap();
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&words);
        Ok((Some([ticks[0], ticks[1]]), wall))
    }
}
