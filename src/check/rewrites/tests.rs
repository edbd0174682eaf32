use std::collections::BTreeMap;

use super::*;
use crate::kernels::KERNELS;

/// Name and text of every file.
fn files() -> BTreeMap<String, &'static str> {
    let kernels = KERNELS.iter().map(|spec| &spec.kernel);
    let files = kernels.flat_map(|kernel| {
        let variants = kernel.variants.iter();
        variants.map(|v| (kernel.stem(v), kernel.shader_of(v).text))
    });
    files.collect()
}

/// What naga has against a shader.
fn fault(wgsl: &str) -> Option<String> {
    use naga::valid::{Capabilities, ValidationFlags, Validator};
    let module = match naga::front::wgsl::parse_str(wgsl) {
        Ok(module) => module,
        Err(e) => return Some(e.emit_to_string(wgsl)),
    };
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let checked = validator.validate(&module);
    checked.err().map(|e| e.emit_to_string(wgsl))
}

#[test]
fn naga_takes_every_rewrite_and_every_stack() {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut alone, mut together, mut faults) = (0, 0, 0);
    for (name, text) in files() {
        let all = candidates(text);
        for rewrite in &all {
            *kinds.entry(rewrite.operator.name()).or_default() += 1;
            if let Some(fault) = fault(&rewritten(text, std::slice::from_ref(rewrite))) {
                faults += 1;
                println!("{name} {rewrite}\n{fault}");
            }
        }
        alone += all.len();
        let made = stacks(text, 1);
        together += made.len();
        println!("# {name}: {} rewrites, {} stacks", all.len(), made.len());
        for seed in 1..=3 {
            for stack in stacks(text, seed) {
                if let Some(fault) = fault(&stack.text(text)) {
                    faults += 1;
                    println!("{name} {stack}\n{fault}");
                }
            }
        }
    }
    println!("{alone} {together} {kinds:#?}");
    assert_eq!(faults, 0);
}
