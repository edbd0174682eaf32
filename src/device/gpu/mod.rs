//! The GPU device: wgpu, on whatever adapter it reaches.

mod abilities;
mod adapter;
mod clock;
mod compile;
mod encode;
mod engine;
mod mirror;
mod pipeline;
mod timestamps;

pub use abilities::{Abilities, AdapterLimits};
pub use adapter::{Adapter, adapters, strict_adapters};
pub use engine::{Gpu, Opening};
