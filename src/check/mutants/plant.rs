//! A fault in a kernel.

use super::Mutant;
use crate::kernels::{Kernel, Variant};

/// The kernel with a fault in the file of this variant, and the variants that are built from that
/// file. Devices know kernels by their address, for as long as they live, so the memory is not given
/// back.
pub(crate) fn planted(kernel: &Kernel, variant: &Variant, mutant: &Mutant) -> &'static Kernel {
    with_text(kernel, variant, mutant.text.clone())
}

/// The kernel with another text in the file of this variant.
pub(crate) fn with_text(kernel: &Kernel, variant: &Variant, text: String) -> &'static Kernel {
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
