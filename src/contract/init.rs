//! A first contract for a shader: what naga knows of it, and what is left to say.

use naga::{AddressSpace, StorageAccess};

use super::layout::{Elements, Layout, Scalar};
use super::shader::Parsed;
use crate::error::{Error, Result};

/// A contract to start from, as TOML, for a shader in the file `STEM.wgsl`. It is a contract that can
/// be read; what is left to say is marked with `TODO`.
///
/// # Errors
/// `Shader` in naga's words where it is no shader, or has no compute entry point; of several entry
/// points the first is taken.
pub fn init(wgsl: &str, name: &str, stem: &str) -> Result<String> {
    let parsed = Parsed::first(wgsl, name)?;
    let entry = parsed.entry();
    let [x, y, z] = entry.workgroup_size;
    let group = match [x, y, z] {
        [x, 1, 1] => format!("{x}"),
        [x, y, 1] => format!("{x} x {y}"),
        _ => format!("{x} x {y} x {z}"),
    };
    let (sizes, dispatch) = extents([x, y, z]);
    let mut text = format!(
        "# What {name} promises, for `unlearn check --shader {name} --contract {stem}.toml`.\n\
         # A first draft: go through the lines marked TODO. docs/check.md describes the format.\n\n\
         entry = {:?}\n\
         # Workgroups along x, y and z; each has {group} threads.\n\
         # TODO: is this how many you launch?\n\
         dispatch = [{dispatch}]\n\n\
         # The sizes of your problem. {{ tile = 64 }} tries 1, 63, 64, 65, 129 and random values; a list\n\
         # such as [1, 7, 32] just these; \"rows * cols\" follows from others.\n\
         # TODO: name the sizes as you call them.\n\
         [sizes]\n{sizes}",
        entry.name
    );
    let mut rounds = false;
    for (variable, used) in parsed.variables() {
        let Some(name) = variable.name.as_deref().filter(|_| used) else {
            continue;
        };
        let access = match variable.space {
            AddressSpace::Uniform => "uniform",
            AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => "written",
            AddressSpace::Storage { .. } => "read",
            _ => continue,
        };
        let layout = Layout::of(&parsed.module, variable.ty)
            .map_err(|why| Error::Shader(format!("{name}: {why}")))?;
        text += &binding(name, access, &layout);
        let elements = layout.elements.iter().flat_map(|e| &e.leaves);
        let mut numbers = layout.head.iter().chain(elements);
        rounds |= access == "written" && numbers.any(|leaf| leaf.scalar == Scalar::Float);
    }
    Ok(text + &reference(stem, rounds))
}

/// Sizes along the axes that workgroups have threads along, and how many workgroups cover them.
fn extents(group: [u32; 3]) -> (String, String) {
    let (mut sizes, mut dispatch) = (String::new(), Vec::new());
    let named = ["n", "rows", "layers"];
    for (axis, (threads, name)) in group.into_iter().zip(named).enumerate() {
        if axis > 0 && threads == 1 {
            dispatch.push("1".to_owned());
            continue;
        }
        sizes += &format!("{name} = {{ tile = {} }}\n", threads.max(2));
        dispatch.push(match threads {
            1 => format!("\"{name}\""),
            _ => format!("\"ceil({name} / {threads})\""),
        });
    }
    (sizes, dispatch.join(", "))
}

fn binding(name: &str, access: &str, layout: &Layout) -> String {
    let mut text = format!("\n[bindings.{name}]\n");
    if let Some(elements) = &layout.elements {
        text += &elements_of(name, access, elements);
    }
    let mut fields: Vec<&str> = Vec::new();
    for leaf in &layout.head {
        if fields.last() != Some(&leaf.field.as_str()) {
            fields.push(&leaf.field);
        }
    }
    match fields[..] {
        [] => {}
        [""] => {
            text += &format!(
                "# A {}: a number, or an expression of sizes.\n# TODO: which?\nvalue = 1\n",
                layout.name()
            );
        }
        _ => {
            text += &format!(
                "# Its fields: numbers, or expressions of sizes such as \"n\"; a list for a vector.\n\
                 # TODO: say what each one is.\n[bindings.{name}.fields]\n"
            );
            for field in fields {
                let of = layout.head.iter().find(|leaf| leaf.field == field);
                let scalar = of.map_or("", |leaf| leaf.scalar.name());
                let guess = match field {
                    "n" | "rows" => "\"n\"",
                    _ => "1",
                };
                text += &format!("{field:?} = {guess}  # {scalar}\n");
            }
        }
    }
    text
}

fn elements_of(name: &str, access: &str, elements: &Elements) -> String {
    let of = &elements.name;
    let mut text = match elements.count {
        Some(count) => format!("# {count} elements of {of}, as the shader says.\n"),
        None => {
            format!("# Elements of {of}: a product of sizes.\n# TODO: how many?\nshape = [\"n\"]\n")
        }
    };
    let float = elements
        .leaves
        .iter()
        .any(|leaf| leaf.scalar == Scalar::Float);
    match access {
        "written" => {
            text += "# The shader may write it. It starts as NaN, which shows what is never written; with\n\
                     # values, it is read too. TODO: ignore = true for what may end as anything.\n\
                     output = true\n";
            if of.starts_with("atomic") {
                text += "# Atomics are read before they are written.\nvalues = { set = [0] }\n";
            }
        }
        _ if float => {
            text += "# Random numbers of this range, then small integers, then zeros and tiny numbers.\n\
                     values = { range = [-1, 1] }\n";
        }
        _ => {
            text += &format!(
                "# Integers from one to the other; for indices of {name}: values = {{ below = \"n\" }}.\n\
                 # TODO: which does the shader take?\nvalues = {{ integers = [0, 7] }}\n"
            );
        }
    }
    text
}

fn reference(stem: &str, rounds: bool) -> String {
    let mut text = format!(
        "\n# What says what must come out: a plain shader with the same bindings, which runs in f64 with\n\
         # bounds on what f32 may be off by.\n\
         # TODO: write it; or name {stem}.wgsl itself, to find out whether devices run it as it is.\n\
         [reference]\nshader = \"{stem}_plain.wgsl\"\n\
         # Its own workgroups, if they differ: dispatch = [\"n\", 1, 1]\n\
         # Or a program that reads sizes.json and NAME.bin and writes NAME.bin:\n\
         # command = [\"python3\", \"{stem}.py\"]\n"
    );
    if rounds {
        text += "# tolerance = { absolute = 1e-6, relative = 1e-5 }  # with a command\n";
    }
    text
}
