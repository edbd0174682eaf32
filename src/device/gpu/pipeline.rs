//! Pipelines of kernels: shader modules, bind group layouts, and what the compiler is told.

use std::collections::BTreeMap;

use super::Gpu;
use super::mirror;
use crate::error::{Error, Result};
use crate::kernels::{Access, Kernel, Variant};

#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub(super) pipeline: wgpu::ComputePipeline,
    /// By group; none where the shader has no such group.
    pub(super) layouts: Vec<Option<wgpu::BindGroupLayout>>,
}

impl Gpu {
    /// The kernel's pipeline, made at its first use.
    pub(super) fn pipeline(&self, kernel: &'static Kernel, variant: &Variant) -> Result<Pipeline> {
        let key = (std::ptr::from_ref(kernel), variant.name);
        if let Some(made) = self.pipelines.borrow().get(&key) {
            return Ok(made.clone());
        }
        let groups = self.device.limits().max_bind_groups;
        let beyond = kernel.bindings().iter().find(|b| b.slot[0] >= groups);
        if let Some(binding) = beyond {
            let (name, [group, _]) = (&binding.name, binding.slot);
            return Err(Error::Shader(format!(
                "{name} is in @group({group}), but {} has groups 0 to {}: give it a smaller number",
                self.record.name,
                groups - 1
            )));
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = self.create_pipeline(kernel, variant);
        if let Some(e) = pollster::block_on(scope.pop()) {
            let (device, shader) = (&self.record.name, kernel.name);
            return Err(Error::Shader(format!(
                "{device} refuses the shader {shader}: {e}. Try again with --device cpu, or \
                 another adapter of `unlearn devices`"
            )));
        }
        self.pipelines.borrow_mut().insert(key, made.clone());
        Ok(made)
    }

    fn create_pipeline(&self, kernel: &Kernel, variant: &Variant) -> Pipeline {
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(kernel.name),
            source: wgpu::ShaderSource::Wgsl(kernel.source(variant).into()),
        };
        // A driver that checks the bounds of buffers itself compiles ten times as long with both; those
        // of workgroup memory it leaves alone. Of a shader from outside nothing is known.
        let shared = kernel.shader_of(variant).text.contains("var<workgroup>");
        let checked = self.checked && (shared || !self.driver_checks);
        let module = match checked || kernel.is_foreign() {
            true => self.device.create_shader_module(descriptor),
            false => self.create_unchecked(descriptor),
        };
        let layouts = self.create_layouts(kernel, variant);
        let groups: Vec<_> = layouts.iter().map(Option::as_ref).collect();
        let pipelines = self
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(kernel.name),
                bind_group_layouts: &groups,
                ..Default::default()
            });
        let pipeline = self
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(kernel.name),
                layout: Some(&pipelines),
                module: &module,
                entry_point: Some(kernel.name),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
        Pipeline { pipeline, layouts }
    }

    /// A shader module without checks, which keep compilers from unrolling the register tiles.
    fn create_unchecked(&self, descriptor: wgpu::ShaderModuleDescriptor<'_>) -> wgpu::ShaderModule {
        let checks = wgpu::ShaderRuntimeChecks {
            force_loop_bounding: false,
            bounds_checks: false,
            ..wgpu::ShaderRuntimeChecks::checked()
        };
        // SAFETY: every loop of the shaders ends: all count up to a bound, but the walk in
        // `permuted`, which follows a cycle of a permutation that holds a value below n, and those of
        // `ink`, of which each turn takes a bit from a word until none is left. Every
        // index lies within its buffer: threads beyond a dispatch's extent return or repeat the
        // last element, and population.rs sizes the buffers by the numbers it gives to kernels and
        // checks labels and sample lists before they reach the device; bench/ceilings.rs sizes those
        // of its probes by their threads, and check/litmus/play.rs those of litmus tests by their instances, of
        // which every place is a permutation. Planted faults, whose loops
        // end too, may leave their buffers: they come here only where the driver checks bounds
        // itself (`Adapter::checks_bounds`), and the shader uses no other memory.
        #[expect(unsafe_code, reason = "the only way to turn checks off")]
        unsafe {
            self.device.create_shader_module_trusted(descriptor, checks)
        }
    }

    /// Bind group layouts of a kernel: its parameters, then its buffers or their mirrors.
    fn create_layouts(
        &self,
        kernel: &Kernel,
        variant: &Variant,
    ) -> Vec<Option<wgpu::BindGroupLayout>> {
        let buffer = |ty, min_binding_size| wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset: false,
            min_binding_size,
        };
        let size = wgpu::BufferSize::new(kernel.params_size as u64);
        let params = size.map(|_| ([0, 0], buffer(wgpu::BufferBindingType::Uniform, size)));
        let buffers = kernel.bindings().iter().map(|binding| {
            let ty = match binding.access {
                Access::Uniform => wgpu::BufferBindingType::Uniform,
                Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                Access::Write => wgpu::BufferBindingType::Storage { read_only: false },
            };
            (binding.slot, buffer(ty, None))
        });
        let mut types: Slots<_> = params.into_iter().chain(buffers).collect();
        let mirrors = kernel.mirrored(variant).into_iter();
        types.extend(mirrors.map(|m| ([0, m.binding], mirror::binding(m.texel))));
        by_group(types, &mut |group| {
            let entry = |(binding, ty)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty,
                count: None,
            };
            let entries: Vec<_> = group.into_iter().map(entry).collect();
            let descriptor = wgpu::BindGroupLayoutDescriptor {
                label: Some(kernel.name),
                entries: &entries,
            };
            self.device.create_bind_group_layout(&descriptor)
        })
    }
}

/// What stands at groups and bindings.
pub(super) type Slots<T> = BTreeMap<[u32; 2], T>;

/// Makes something of each group's bindings, by the groups' numbers.
pub(super) fn by_group<T, R>(
    slots: Slots<T>,
    make: &mut dyn FnMut(Vec<(u32, T)>) -> R,
) -> Vec<Option<R>> {
    let mut groups: Vec<Vec<(u32, T)>> = Vec::new();
    for ([group, binding], resource) in slots {
        let group = group as usize;
        groups.resize_with(groups.len().max(group + 1), Vec::new);
        groups[group].push((binding, resource));
    }
    let made = |group: Vec<_>| (!group.is_empty()).then(|| make(group));
    groups.into_iter().map(made).collect()
}
