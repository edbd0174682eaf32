//! The GPU device: wgpu, on whatever adapter it reaches.

mod adapter;
mod engine;

pub use adapter::{Adapter, adapters};
pub use engine::Gpu;
