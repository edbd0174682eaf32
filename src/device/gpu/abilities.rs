//! What an adapter can hold and do, as far as it matters to compute shaders.

use std::collections::BTreeMap;

use serde::Serialize;
use wgpu::{AdapterInfo, Features};

/// Limits and features, by the names that wgpu has for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Abilities {
    /// How much it takes.
    pub limits: AdapterLimits,
    /// Optional features, and whether it has them.
    pub features: BTreeMap<&'static str, bool>,
}

/// How much an adapter takes; sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterLimits {
    /// Size of a buffer.
    pub max_buffer_size: u64,
    /// Size of the part of a buffer that a shader sees.
    pub max_storage_buffer_binding_size: u64,
    /// Storage buffers that a shader sees.
    pub max_storage_buffers_per_shader_stage: u32,
    /// Threads in a workgroup.
    pub max_compute_invocations_per_workgroup: u32,
    /// Threads in a workgroup in x, y and z.
    pub max_compute_workgroup_size: [u32; 3],
    /// Memory that the threads of a workgroup share.
    pub max_compute_workgroup_storage_size: u32,
    /// Workgroups in x, y and z of a dispatch.
    pub max_compute_workgroups_per_dimension: u32,
    /// Texels of a texture in x and y.
    pub max_texture_dimension_2d: u32,
    /// The smallest and the largest subgroup.
    pub subgroup_size: [u32; 2],
}

/// What kernels, their timing and their start could use.
const FEATURES: [(&str, Features); 12] = [
    ("timestamp_query", Features::TIMESTAMP_QUERY),
    (
        "timestamp_query_inside_encoders",
        Features::TIMESTAMP_QUERY_INSIDE_ENCODERS,
    ),
    (
        "timestamp_query_inside_passes",
        Features::TIMESTAMP_QUERY_INSIDE_PASSES,
    ),
    ("subgroup", Features::SUBGROUP),
    ("subgroup_barrier", Features::SUBGROUP_BARRIER),
    ("shader_f16", Features::SHADER_F16),
    ("shader_int64", Features::SHADER_INT64),
    ("shader_float32_atomic", Features::SHADER_FLOAT32_ATOMIC),
    (
        "experimental_cooperative_matrix",
        Features::EXPERIMENTAL_COOPERATIVE_MATRIX,
    ),
    ("immediates", Features::IMMEDIATES),
    (
        "mappable_primary_buffers",
        Features::MAPPABLE_PRIMARY_BUFFERS,
    ),
    ("pipeline_cache", Features::PIPELINE_CACHE),
];

impl Abilities {
    pub(super) fn of(adapter: &wgpu::Adapter, info: &AdapterInfo) -> Self {
        let features = adapter.features();
        Self {
            limits: AdapterLimits::of(&adapter.limits(), info),
            features: FEATURES
                .map(|(name, f)| (name, features.contains(f)))
                .into(),
        }
    }
}

impl AdapterLimits {
    fn of(limits: &wgpu::Limits, info: &AdapterInfo) -> Self {
        Self {
            max_buffer_size: limits.max_buffer_size,
            max_storage_buffer_binding_size: limits.max_storage_buffer_binding_size,
            max_storage_buffers_per_shader_stage: limits.max_storage_buffers_per_shader_stage,
            max_compute_invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
            max_compute_workgroup_size: [
                limits.max_compute_workgroup_size_x,
                limits.max_compute_workgroup_size_y,
                limits.max_compute_workgroup_size_z,
            ],
            max_compute_workgroup_storage_size: limits.max_compute_workgroup_storage_size,
            max_compute_workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
            max_texture_dimension_2d: limits.max_texture_dimension_2d,
            subgroup_size: [info.subgroup_min_size, info.subgroup_max_size],
        }
    }
}
