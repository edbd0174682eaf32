//! The shaders of litmus tests. They are not in the list of kernels: no training uses them, and the CPU
//! has nothing in their place, whose threads Rust keeps from racing.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use bytemuck::{Pod, Zeroable};

use super::program::Test;
use crate::kernels::{Kernel, Shader, Variant};

/// The parameters of `litmus`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Play {
    pub(super) teams: u32,
    pub(super) rounds: u32,
    pub(super) stride: u32,
    pub(super) patience: u32,
    pub(super) factor: u32,
    pub(super) shift: u32,
    pub(super) stress: u32,
    pub(super) skew: u32,
}

/// The parameters of `count_outcomes`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Count {
    pub(super) instances: u32,
    pub(super) stride: u32,
    pub(super) factor: u32,
    pub(super) shift: u32,
}

/// The test as its file has it. Bindings: `memory`, `plain`, `arrivals`, `scratch`, `seen`.
static LITMUS: Kernel = litmus(include_str!("../../../shaders/litmus/litmus.wgsl"));

/// The histogram. Bindings: `memory`, `seen`, `counts`.
pub(super) static COUNT_OUTCOMES: Kernel = Kernel {
    name: "count_outcomes",
    shader: Shader::new(include_str!("../../../shaders/litmus/count_outcomes.wgsl")),
    params_size: size_of::<Count>(),
    fields: &["instances", "stride", "factor", "shift"],
    variants: &[Variant::PLAIN],
    cpu: None,
};

/// Both shaders.
pub static SHADERS: [&Kernel; 2] = [&LITMUS, &COUNT_OUTCOMES];

const fn litmus(wgsl: &'static str) -> Kernel {
    Kernel {
        name: "litmus",
        shader: Shader::new(wgsl),
        params_size: size_of::<Play>(),
        fields: &[
            "teams", "rounds", "stride", "patience", "factor", "shift", "stress", "skew",
        ],
        variants: &[Variant::PLAIN],
        cpu: None,
    }
}

/// The text of a test with workgroups of this size.
pub(super) fn text(test: &Test, size: u32) -> String {
    let mut constants = test.constants();
    constants.push(("GROUP_X", size));
    LITMUS.shader.with_constants(&constants)
}

/// The kernel with this text. Devices know kernels by their address, for as long as they live: there is one
/// for each text, whose memory is not given back.
pub(super) fn kernel(text: String) -> &'static Kernel {
    static MADE: LazyLock<Mutex<HashMap<String, &'static Kernel>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(text)
        .or_insert_with_key(|text| Box::leak(Box::new(litmus(text.clone().leak()))))
}
