//! Another shader in the place of a kernel's own.

use crate::kernels::{Kernel, Variant};

/// The kernel with another text in the place of this variant's file, and the variants that are built
/// from that file. Devices know kernels by their address, for as long as they live, so the memory is
/// not given back.
pub(crate) fn planted(kernel: &Kernel, variant: &Variant, text: String) -> &'static Kernel {
    let same = |v: &&Variant| v.shader == variant.shader;
    let variants = kernel.variants.iter().filter(same);
    let variants: Vec<Variant> = variants.map(|v| Variant { shader: None, ..*v }).collect();
    Box::leak(Box::new(Kernel {
        name: kernel.name,
        shader: kernel.shader.with_text(text.leak()),
        params_size: kernel.params_size,
        fields: kernel.fields,
        variants: variants.leak(),
        cpu: kernel.cpu,
    }))
}
