use super::*;
use DeviceKind::{DiscreteGpu, IntegratedGpu, Software};

fn adapters<const N: usize>(named: [(&str, &str, DeviceKind); N]) -> [Named; N] {
    named.map(|(name, backend, kind)| Named::new(name, backend, kind))
}

#[test]
fn a_number_is_an_adapters_or_else_a_part_of_a_name() {
    let two = adapters([
        ("llvmpipe (LLVM 15.0.6, 256 bits)", "Vulkan", Software),
        ("NVIDIA GeForce RTX 4090", "Vulkan", DiscreteGpu),
    ]);
    for (spec, found) in [
        ("0", &[0][..]),
        ("1", &[1]),
        ("256", &[0]),
        ("4090", &[1]),
        ("geforce rtx", &[1]),
        ("VULKAN", &[1, 0]),
        ("2", &[0]),
        ("7", &[]),
        ("", &[]),
    ] {
        assert_eq!(matching(&two, spec), found, "{spec}");
    }
    assert_eq!(
        ["Auto", " CPU ", "aLL", " Two "].map(plain),
        ["auto", "cpu", "all", "Two"]
    );
}

#[test]
fn of_several_names_the_whole_one_and_the_better_adapter_come_first() {
    let longer = adapters([
        ("RTX 4090 Laptop", "Vulkan", DiscreteGpu),
        ("RTX 4090", "Vulkan", IntegratedGpu),
    ]);
    assert_eq!(matching(&longer, "rtx 4090"), [1]);
    assert_eq!(matching(&longer, "4090 L"), [0]);
    assert_eq!(matching(&longer, "rtx"), [0, 1]);
    let better = adapters([
        ("Intel UHD", "Vulkan", IntegratedGpu),
        ("Intel Arc", "Vulkan", DiscreteGpu),
    ]);
    assert_eq!(matching(&better, "intel"), [1, 0]);
}

#[test]
fn what_is_recorded_means_the_same_adapter_again() {
    let all = adapters([
        ("RTX 4090", "Vulkan", DiscreteGpu),
        ("RTX 4090", "Dx12", DiscreteGpu),
        ("Arc", "Vulkan", DiscreteGpu),
        ("Arc", "Vulkan", DiscreteGpu),
        ("2", "Vulkan", DiscreteGpu),
        ("cpu", "Vulkan", DiscreteGpu),
        ("Arc A770", "Vulkan", DiscreteGpu),
    ]);
    let names = [
        "RTX 4090 (Vulkan)",
        "RTX 4090 (Dx12)",
        "2",
        "3",
        "2 (Vulkan)",
        "cpu (Vulkan)",
        "Arc A770",
    ];
    for (number, name) in names.into_iter().enumerate() {
        assert_eq!(lasting(&all, number), name);
        assert_eq!(matching(&all, &plain(name))[0], number, "{name}");
    }
}
