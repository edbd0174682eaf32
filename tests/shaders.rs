//! Every shader as text: naga parses and validates it with no capability beyond the portable
//! core, and its entry point, workgroup size, bindings and struct offsets are those of the table.

mod wgsl;

use naga::valid::Capabilities;
use naga::{AddressSpace, Module, StorageAccess, TypeInner};
use unlearn::kernels::{Access, Clock, KERNELS, Kernel, Learner, Variant};
use wgsl::{parsed, validated, validated_with};

/// What is wrong with a shader, if anything.
fn faults(kernel: &Kernel, text: &str, variant: &Variant) -> Result<(), String> {
    let module = parsed(kernel.name, text);
    validated(&module, text)?;
    let [entry] = &module.entry_points[..] else {
        return Err("not one entry point".to_owned());
    };
    let tile = kernel.tile(variant);
    let expected = tile.group;
    if entry.name != kernel.name || entry.workgroup_size != expected {
        return Err(format!(
            "{} {:?}, expected {expected:?}",
            entry.name, entry.workgroup_size
        ));
    }
    bindings(kernel, &module, variant)?;
    params(kernel, &module)?;
    shared_structs(&module)
}

fn bindings(kernel: &Kernel, module: &Module, variant: &Variant) -> Result<(), String> {
    let mirrored = kernel.mirrored(variant);
    let texture = |binding: u32| mirrored.iter().any(|m| m.binding == binding);
    let mut found = Vec::new();
    for (_, variable) in module.global_variables.iter() {
        let Some(place) = variable.binding else {
            continue;
        };
        let access = match variable.space {
            AddressSpace::Uniform => None,
            AddressSpace::Handle if texture(place.binding) => Some(Access::Read),
            AddressSpace::Storage { access } if access == StorageAccess::LOAD => Some(Access::Read),
            AddressSpace::Storage { .. } => Some(Access::Write),
            other => return Err(format!("binding {} in {other:?}", place.binding)),
        };
        found.push((place.group, place.binding, access));
    }
    found.sort_by_key(|b| b.1);
    let storage = (1..)
        .zip(kernel.bindings())
        .map(|(i, a)| (0, i, Some(a.access)));
    let mut expected: Vec<_> = std::iter::once((0, 0, None)).chain(storage).collect();
    let behind = mirrored
        .iter()
        .filter(|m| m.binding as usize > kernel.bindings().len());
    expected.extend(behind.map(|m| (0, m.binding, Some(Access::Read))));
    if found == expected {
        Ok(())
    } else {
        Err(format!("bindings {found:?}, expected {expected:?}"))
    }
}

/// Fields (name, offset) and size of the struct with this name.
fn layout(module: &Module, name: &str) -> Option<(Vec<(String, u32)>, u32)> {
    let named = |t: &&naga::Type| t.name.as_deref() == Some(name);
    let found = module.types.iter().map(|(_, t)| t).find(named)?;
    let TypeInner::Struct { members, span } = &found.inner else {
        return None;
    };
    let field = |m: &naga::StructMember| (m.name.clone().unwrap_or_default(), m.offset);
    Some((members.iter().map(field).collect(), *span))
}

/// The parameter struct: the fields of the Rust one, a word each, in its order.
fn params(kernel: &Kernel, module: &Module) -> Result<(), String> {
    let expected: Vec<_> = (0u32..)
        .zip(kernel.fields)
        .map(|(i, f)| ((*f).to_owned(), 4 * i))
        .collect();
    let found = layout(module, "Params").ok_or("no struct Params")?;
    if found
        == (
            expected.clone(),
            u32::try_from(kernel.params_size).map_err(|e| e.to_string())?,
        )
    {
        Ok(())
    } else {
        Err(format!(
            "Params {found:?}, expected {expected:?} in {} bytes",
            kernel.params_size
        ))
    }
}

/// `Learner` and `Progress`, where a shader has them, are the Rust structs `Learner` and `Clock`.
fn shared_structs(module: &Module) -> Result<(), String> {
    use std::mem::offset_of;
    let learner = [
        ("key", offset_of!(Learner, key)),
        ("list_start", offset_of!(Learner, list_start)),
        ("list_length", offset_of!(Learner, list_length)),
        ("rate", offset_of!(Learner, rate)),
        ("momentum", offset_of!(Learner, momentum)),
        ("decay", offset_of!(Learner, decay)),
        ("strength", offset_of!(Learner, strength)),
    ];
    let progress = [
        ("step", offset_of!(Clock, step)),
        ("diverged", offset_of!(Clock, diverged)),
        ("loss_sum", offset_of!(Clock, loss_sum)),
        ("pad", offset_of!(Clock, pad)),
    ];
    let structs = [
        ("Learner", &learner[..], size_of::<Learner>()),
        ("Progress", &progress[..], size_of::<Clock>()),
    ];
    for (name, fields, size) in structs {
        let Some((found, span)) = layout(module, name) else {
            continue;
        };
        let found: Vec<_> = found
            .iter()
            .map(|(n, o)| (n.as_str(), *o as usize))
            .collect();
        if found != fields || span as usize != size {
            return Err(format!(
                "{name} {found:?} in {span} bytes, expected {fields:?} in {size}"
            ));
        }
    }
    Ok(())
}

#[test]
fn every_shader_is_valid_and_agrees_with_the_table() {
    for kernel in KERNELS.iter().map(|spec| &spec.kernel) {
        for variant in kernel.variants {
            let text = kernel.source(variant);
            faults(kernel, &text, variant).unwrap_or_else(|e| panic!("{}: {e}", kernel.name));
        }
    }
}

/// A shader that is not in the list would never be checked.
#[test]
fn every_shader_is_of_a_kernel_in_the_list() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let entries = std::fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = files
        .filter_map(|file| Some(file.strip_suffix(".wgsl")?.to_owned()))
        .collect();
    let kernels = KERNELS.iter().map(|spec| &spec.kernel);
    let listed = kernels.flat_map(|k| k.variants.iter().map(|v| k.stem(v)));
    let mut listed: Vec<String> = listed.collect();
    for stems in [&mut found, &mut listed] {
        stems.sort();
        stems.dedup();
    }
    assert_eq!(found, listed);
}

/// The probes of `unlearn bench` and the litmus tests are no rows of the table, but shaders all the same.
#[test]
fn every_other_shader_is_valid_and_agrees_with_its_row() {
    let probes = unlearn::device::probes::PROBES.into_iter();
    for kernel in probes.chain(unlearn::check::litmus::SHADERS) {
        let module = parsed(kernel.name, kernel.shader.text);
        let bound = bindings(kernel, &module, &Variant::PLAIN);
        let valid = validated(&module, kernel.shader.text).map(|_| ());
        valid
            .and(bound)
            .unwrap_or_else(|e| panic!("{}: {e}", kernel.name));
        let tile = kernel.tile(&Variant::PLAIN);
        let entry = &module.entry_points[0];
        assert_eq!(entry.name, kernel.name);
        assert_eq!(entry.workgroup_size, tile.group);
        let (fields, size) = layout(&module, "Params").unwrap();
        let row = (kernel.fields.len(), kernel.params_size);
        assert_eq!((fields.len(), size as usize), row);
    }
}

#[test]
fn a_shader_that_disagrees_is_found() {
    for (from, to) in [
        ("    pad: u32,\n}", "    spare: u32,\n}"),
        (
            "@binding(2) var<storage, read>",
            "@binding(7) var<storage, read>",
        ),
        (
            "var<storage, read> parameters",
            "var<storage, read_write> parameters",
        ),
        ("fn dense_forward", "fn dense_backward"),
        (
            "@workgroup_size(GROUP_X, GROUP_Y)",
            "@workgroup_size(GROUP_Y, 4u)",
        ),
        ("    pad: u32,\n}", "    pad: u32,\n    more: vec4<u32>,\n}"),
    ] {
        let kernel = kernel("dense_forward");
        let text = kernel.shader.text.replacen(from, to, 1);
        assert_ne!(text, kernel.shader.text, "{from:?} finds nothing");
        assert!(
            faults(kernel, &text, &Variant::PLAIN).is_err(),
            "{from:?} -> {to:?}"
        );
    }
}

/// What is no part of the portable core is refused for just that: with all capabilities it is
/// valid.
#[test]
fn a_shader_that_needs_a_capability_is_found() {
    for (name, head, statement) in [
        ("subgroups", "", "let sum = subgroupAdd(1u);"),
        ("f16", "enable f16;", "let half = 1.0h + 2.0h;"),
        (
            "texture formats",
            "@group(0) @binding(0) var image: texture_storage_2d<r16unorm, write>;",
            "textureStore(image, vec2(0, 0), vec4(1.0));",
        ),
        ("64 bits", "", "var long = 1lu; long++;"),
    ] {
        let text = format!("{head} @compute @workgroup_size(64) fn main() {{ {statement} }}");
        let module = parsed(name, &text);
        let all = validated_with(Capabilities::all(), &module, &text);
        all.unwrap_or_else(|e| panic!("{name}: {e}"));
        validated(&module, &text).expect_err(name);
    }
}

#[test]
fn variants_name_constants_and_bindings_of_the_file() {
    for kernel in KERNELS.iter().map(|spec| &spec.kernel) {
        assert_eq!(kernel.variants[0], Variant::PLAIN, "{}", kernel.name);
        for variant in kernel.variants {
            let at = format!("{}/{}", kernel.name, variant.name);
            for (name, _) in variant.constants {
                let declaration = format!("const {name}: u32 = ");
                assert_eq!(
                    kernel.shader.text.matches(&declaration).count(),
                    1,
                    "{at}: {name}"
                );
            }
            let mirrored = kernel.mirrored(variant);
            assert_eq!(mirrored.len(), variant.mirrored.len(), "{at}");
            assert!(mirrored.len() <= 4, "{at}: portable storage textures");
        }
    }
}

#[test]
fn mirroring_rewrites_every_read() {
    let kernel = kernel("dense_forward");
    let text = kernel.source(kernel.variant("mirrored").unwrap());
    for name in ["x", "parameters"] {
        let declared = format!("var {name}: texture_storage_2d<rgba32float, read>;");
        assert!(text.contains(&declared), "{text}");
        assert!(!text.contains(&format!(" {name}[")), "{text}");
    }
    assert!(kernel.source(&Variant::PLAIN) == kernel.shader.text);
}

/// What is written stays a buffer; it is read as it was before.
#[test]
fn mirroring_leaves_writes_alone() {
    let kernel = kernel("image_backward_weights");
    let variant = kernel.variant("mirrored").unwrap();
    let text = kernel.source(variant);
    let of = kernel.mirrored(variant);
    let of = of.iter().find(|m| m.name == "parameters").unwrap();
    assert_eq!(of.binding as usize, kernel.bindings().len() + 1);
    for part in [
        "let w = textureLoad(parameters_before, ",
        "    parameters[at] = ",
        "var<storage, read_write> parameters: ",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

/// WGSL has no includes: what several shaders share stands in each, and must stay one thing.
#[test]
fn shared_functions_and_structs_read_alike_in_every_shader() {
    for head in [
        "fn threefry2x32(",
        "fn permuted(",
        "fn unpack(",
        "fn descend(",
        "struct Learner ",
    ] {
        let found =
            files().filter_map(|(k, v)| Some((k.stem(v), block(k.shader_of(v).text, head)?)));
        let found: Vec<_> = found.collect();
        assert!(!found.is_empty(), "{head} is nowhere");
        for (name, text) in &found {
            assert_eq!(*text, found[0].1, "{head} in {name} and {}", found[0].0);
        }
    }
}

/// The kernel with this name.
fn kernel(name: &str) -> &'static Kernel {
    let mut kernels = KERNELS.iter().map(|spec| &spec.kernel);
    kernels.find(|kernel| kernel.name == name).unwrap()
}

/// Every kernel with every variant.
fn files() -> impl Iterator<Item = (&'static Kernel, &'static Variant)> {
    let kernels = KERNELS.iter().map(|spec| &spec.kernel);
    kernels.flat_map(|kernel| kernel.variants.iter().map(move |v| (kernel, v)))
}

/// From `head` to the brace that closes it in the first column.
fn block<'a>(text: &'a str, head: &str) -> Option<&'a str> {
    let start = text.find(head)?;
    let end = start + text[start..].find("\n}")?;
    Some(&text[start..end])
}

#[test]
fn constants_agree_with_the_host() {
    let constant = |name: &str, text: &str| -> Option<f64> {
        let module = parsed("constants", text);
        let named = |c: &&naga::Constant| c.name.as_deref() == Some(name);
        let (_, constant) = module.constants.iter().find(|(_, c)| named(c))?;
        Some(match module.global_expressions[constant.init] {
            naga::Expression::Literal(naga::Literal::F32(v)) => v.into(),
            naga::Expression::Literal(naga::Literal::U32(v)) => v.into(),
            ref other => panic!("{name}: {other:?}"),
        })
    };
    use unlearn::kernels::*;
    let value = |of: &str, name: &str| constant(name, kernel(of).shader.text).unwrap();
    assert_eq!(
        value("score", "CONFIDENCE_UNIT"),
        f64::from(CONFIDENCE_UNIT)
    );
    assert_eq!(value("score", "LOSS_UNIT"), f64::from(LOSS_UNIT));
    assert_eq!(value("score", "LARGEST_LOSS"), f64::from(LARGEST_LOSS));
    assert_eq!(value("close_step", "UNUSABLE"), f64::from(UNUSABLE_LOSS));
    assert_eq!(value("head", "SOFT"), f64::from(SOFT));
    assert_eq!(value("head", "FORGET"), f64::from(FORGET));
    assert_eq!(value("log_changes", "FORGET"), f64::from(FORGET));
    assert_eq!(value("head", "OTHER"), f64::from(OTHER));
    assert_eq!(value("head", "LESSON"), f64::from(LESSON));
    assert_eq!(value("head", "CLASSES"), f64::from(MOST_CLASSES));
    assert_eq!(value("gradient_products", "STRIPES"), f64::from(STRIPES));
    assert_eq!(value("project_gradients", "STRIPES"), f64::from(STRIPES));
    let index = files().filter_map(|(k, v)| constant("INDEX", k.shader_of(v).text));
    let index: Vec<f64> = index.collect();
    assert!(index.len() >= 7 && index.iter().all(|&n| n == f64::from(INDEX)));
}

#[test]
fn portable_limits_are_kept() {
    for kernel in KERNELS.iter().map(|spec| &spec.kernel) {
        assert!(
            kernel.bindings().len() <= 8,
            "{}: storage buffers",
            kernel.name
        );
        for variant in kernel.variants {
            let group = kernel.tile(variant).group;
            let threads: u32 = group.iter().product();
            assert!(threads <= 256, "{}: invocations", kernel.name);
            let module = parsed(kernel.name, kernel.shader_of(variant).text);
            let variables = module.global_variables.iter();
            let shared: u32 = variables
                .filter(|(_, v)| v.space == AddressSpace::WorkGroup)
                .map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx()))
                .sum();
            assert!(
                shared <= 16_384,
                "{}: workgroup memory",
                kernel.stem(variant)
            );
        }
    }
}
