//! The GPU device: wgpu, on whatever adapter it reaches.

mod adapter;
mod encode;
mod engine;
mod mirror;

pub use adapter::{Adapter, adapters};
pub use engine::Gpu;
