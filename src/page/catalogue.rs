//! `program.json`: what the page has, and what its player must know of kernels.

use serde_json::{Map, Value, json};

use super::Offer;
use crate::bench::BATCH;
use crate::device::probes::PROBES;
use crate::kernels::{Access, KERNELS, Kernel, Variant};
use crate::methods::{METHODS, Method};
use crate::statistics::{CHANCE, WORTH, student};

/// The format's number: a player refuses others.
const FORMAT: u32 = 1;
/// Degrees of freedom for which the page has quantiles of Student's t: one less than learners.
pub(super) const DEGREES: usize = 64;

/// Everything but scripts, shaders and data.
pub(super) fn catalogue(offer: &Offer<'_>, methods: &[&str], sizes: &Sizes) -> Value {
    let record = &offer.data.record;
    let model = &offer.model;
    let layers = model.layers().iter();
    let widths = layers.clone().map(|layer| layer.outputs);
    let widths: Vec<u32> = layers
        .take(1)
        .map(|layer| layer.inputs)
        .chain(widths)
        .collect();
    let config = &offer.config;
    let offered = METHODS.iter().filter(|m| methods.contains(&m.name()));
    let method =
        |m: &&dyn Method| json!({ "name": m.name(), "what": m.rule(), "source": m.source() });
    json!({
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "data": {
            "name": record.name,
            "classes": record.classes.names(),
            "train": record.train,
            "test": record.test,
            "warning": record.warning,
            "bytes": sizes.data,
        },
        "network": {
            "widths": widths,
            "parameters": model.parameters(),
            "batch": config.batch,
        },
        "methods": offered.map(method).collect::<Vec<_>>(),
        "learners": offer.learners,
        "default": {
            "forget": config.forget[0],
            "method": config.method,
            "learners": config.learners,
        },
        "epochs": {
            "learn": config.epochs,
            "unlearn": config.unlearn_epochs,
            "relearn": config.relearn_epochs,
        },
        "kernels": kernels(),
        "statistics": {
            "student": (1..=DEGREES).map(student).collect::<Vec<_>>(),
            "worth": WORTH,
            "chance": CHANCE,
        },
        "look": { "file": "look.json.gz" },
        "check": { "cases": sizes.cases, "bytes": sizes.check },
        "bench": { "learners": super::BENCHED, "batch": BATCH, "bytes": sizes.data },
    })
}

/// What is worth saying before it is fetched.
pub(super) struct Sizes {
    /// Gzipped bytes of a run's images and lists.
    pub(super) data: usize,
    /// Gzipped bytes of the check's cases.
    pub(super) check: usize,
    /// Cases of the check.
    pub(super) cases: usize,
}

fn all() -> impl Iterator<Item = &'static Kernel> {
    KERNELS.iter().map(|spec| &spec.kernel).chain(PROBES)
}

/// The path of a variant's shader in the site.
fn path(kernel: &Kernel, variant: &Variant) -> String {
    format!("shaders/{}.{}.wgsl", kernel.name, variant.name)
}

/// The shaders of all variants, by path.
pub(super) fn shaders() -> impl Iterator<Item = (String, String)> {
    all().flat_map(|kernel| {
        let variants = kernel.variants.iter();
        variants.map(|variant| (path(kernel, variant), kernel.source(variant)))
    })
}

fn kernels() -> Map<String, Value> {
    let row = |kernel: &'static Kernel| {
        let access = kernel.bindings().iter().map(|b| match b.access {
            Access::Read | Access::Uniform => "read",
            Access::Write => "write",
        });
        let variants = kernel.variants.iter().map(|v| variant(kernel, v));
        let row = json!({
            "access": access.collect::<Vec<_>>(),
            "params": kernel.params_size,
            "variants": variants.collect::<Vec<_>>(),
        });
        (kernel.name.to_owned(), row)
    };
    all().map(row).collect()
}

fn variant(kernel: &Kernel, variant: &Variant) -> Value {
    let mirrors = kernel.mirrored(variant).into_iter().map(|m| {
        json!({
            "place": m.place,
            "binding": m.binding,
            "format": m.texel.format(),
            "texel": m.texel.bytes(),
        })
    });
    json!({
        "name": variant.name,
        "software": variant.software,
        "source": path(kernel, variant),
        "covers": kernel.tile(variant).covers,
        "mirrors": mirrors.collect::<Vec<_>>(),
    })
}
