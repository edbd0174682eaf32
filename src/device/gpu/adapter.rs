//! The adapters that wgpu sees on this machine.

use wgpu::{Backends, DeviceType, Instance, InstanceDescriptor, InstanceFlags};

use super::Abilities;
use crate::record::{DeviceKind, DeviceRecord};

/// An adapter, by its number in wgpu's order.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Its number: what `--device N` takes.
    pub index: usize,
    pub(super) inner: wgpu::Adapter,
    info: wgpu::AdapterInfo,
}

/// All adapters of the backends that this build has.
pub fn adapters() -> Vec<Adapter> {
    adapters_under(InstanceFlags::default())
}

/// The same under wgpu's strict compliance with WebGPU: what runs there runs in browsers.
pub fn strict_adapters() -> Vec<Adapter> {
    adapters_under(InstanceFlags::default() | InstanceFlags::STRICT_WEBGPU_COMPLIANCE)
}

fn adapters_under(flags: InstanceFlags) -> Vec<Adapter> {
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::VULKAN | Backends::METAL | Backends::DX12,
        flags,
        ..InstanceDescriptor::new_without_display_handle()
    });
    let found = pollster::block_on(instance.enumerate_adapters(Backends::all()));
    found
        .into_iter()
        .enumerate()
        .map(|(index, inner)| Adapter {
            index,
            info: inner.get_info(),
            inner,
        })
        .collect()
}

impl Adapter {
    /// Its name, as the driver gives it.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Whether the driver is known to keep shaders within their buffers, textures and arrays
    /// without checks in their code. Mesa's llvmpipe does: it has robustBufferAccess2 and
    /// robustImageAccess2, which wgpu turns on, and its code generator (gallivm,
    /// lp_bld_nir_soa.c) compares every access with the storage buffer's size, and clamps the
    /// computed indices of local arrays. It does not check workgroup memory, which the variants with a
    /// file of their own have: planted faults in those are compiled with checks all the same.
    pub(super) fn checks_bounds(&self) -> bool {
        self.info.driver == "llvmpipe"
    }

    /// What kind of device it is.
    pub(crate) fn kind(&self) -> DeviceKind {
        match self.info.device_type {
            DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu,
            DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu,
            DeviceType::VirtualGpu => DeviceKind::VirtualGpu,
            DeviceType::Other => DeviceKind::OtherGpu,
            DeviceType::Cpu => DeviceKind::Software,
        }
    }

    /// How often the machine's memory holds what lies in a buffer. Software adapters have most of it
    /// twice: textures mirror what their kernels read.
    pub(super) fn copies(&self) -> u64 {
        match self.kind() {
            DeviceKind::Software => 2,
            DeviceKind::IntegratedGpu => 1,
            _ => 0,
        }
    }

    /// What it can hold and do.
    pub fn abilities(&self) -> Abilities {
        Abilities::of(&self.inner, &self.info)
    }

    /// What records say of it.
    pub fn record(&self, reason: &str) -> DeviceRecord {
        DeviceRecord {
            name: self.info.name.clone(),
            backend: format!("{:?}", self.info.backend),
            kind: self.kind(),
            driver: format!("{} {}", self.info.driver, self.info.driver_info)
                .trim()
                .to_owned(),
            reason: reason.to_owned(),
        }
    }
}
