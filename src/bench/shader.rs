//! A user's shader at sizes of its contract: first checked, then timed.

use std::time::Duration;

use super::kernels::{Job, Observer};
use super::report::{Ceilings, KernelRow};
use super::watch::Watch;
use crate::contract::{Promise, Sizes};
use crate::device::Device;
use crate::error::Result;
use crate::kernels::Fill;
use crate::kernels::cost::Cost;

/// Checks and times a user's shader at these sizes: a row, or none where the device runs no shaders.
///
/// # Errors
/// `Device` where the device is lost; `Usage`, `Data` or `Shader` where the reference says nothing.
pub fn shader(
    device: &dyn Device,
    (promise, sizes): (&Promise, &Sizes),
    (ceilings, budget): (&Ceilings, Duration),
    rows: &mut Vec<KernelRow>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let case = promise.build(sizes, Fill::Random, promise.seed)?;
    let variants: Vec<_> = device.variants(promise.kernel).iter().collect();
    let job = Job {
        cost: Cost {
            flops: promise.flops(sizes)?.unwrap_or(0),
            bytes: promise.bytes(&case),
        },
        case: &case,
        kernel: promise.kernel,
        shape: sizes.to_string(),
    };
    let watch = Watch::new(device)?;
    observer.begin(promise.entry(), variants.len() as u64);
    job.rows(
        device,
        &variants,
        (ceilings, budget, &watch),
        rows,
        observer,
    )
}
