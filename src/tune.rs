//! Which variant of each kernel a device runs: measured once per adapter, for few and for many
//! learners, cached on disk, and recorded in every run so that it can be repeated bit for bit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;
use indicatif::ProgressFinish;
use sha2::{Digest, Sha256};

use crate::device::Device;
use crate::device::timing;
use crate::device::trial::timed;
use crate::error::{Error, Result};
use crate::files;
use crate::kernels::case::Case;
use crate::kernels::{Fill, KERNELS, Kernel, Spec, Variant};
use crate::model::Model;
use crate::progress::{self, Pace};
use crate::record::DeviceKind;

/// The variant of each kernel, by name. For other kernels the device chooses.
pub type Variants = BTreeMap<String, String>;

/// Learners of the shapes that are timed for populations that leave hardware idle.
const FEW: u32 = 4;
/// Learners of the shapes that are timed for populations that fill hardware: other variants suit those.
pub const MANY: u32 = 64;
/// Training samples, over all networks, from which on variants are measured for a run: those of about
/// ten default runs. It takes 10 to 20 s on a software adapter, a tenth of a default run.
const LONG: f64 = 5e7;
/// What an H200 chose, for few learners and for many.
const USUAL: [(&str, [&str; 2]); 6] = [
    ("dense_backward_input", ["split", "split"]),
    ("dense_backward_weights", ["split", "split"]),
    ("dense_forward", ["split", "split"]),
    ("head", ["split", "split"]),
    ("image_backward_weights", ["split", "shared"]),
    ("image_forward", ["split", "wide"]),
];
/// How long the measurements of a variant last, together.
const BUDGET: Duration = Duration::from_millis(60);
/// Measurements of each variant.
const TURNS: u32 = 3;

/// The size at which variants are timed for a population of so many learners: the nearer by ratio.
/// Software adapters are busy with a single learner, so one size serves all.
pub fn size(device: &dyn Device, learners: u32) -> u32 {
    let hardware = device.record().kind != DeviceKind::Software;
    if hardware && learners >= (FEW * MANY).isqrt() {
        MANY
    } else {
        FEW
    }
}

/// The fastest variants on a device for so many learners: cached ones, unless `again`, or newly
/// measured ones, with messages through `note`.
///
/// # Errors
/// `Device` if the device fails.
pub fn fastest(
    device: &dyn Device,
    learners: u32,
    again: bool,
    note: &dyn Fn(&str),
) -> Result<Variants> {
    // The CPU's fast form is the fast one.
    if device.record().kind == DeviceKind::Cpu {
        return Ok(Variants::new());
    }
    let file = file(device, size(device, learners));
    fastest_by(device, learners, file.as_deref(), again, note)
}

/// What to train with: the fastest variants if they are known, or worth a measurement because so many
/// samples will pass through networks; else the usual ones.
///
/// # Errors
/// `Device` if the device fails.
pub fn worthwhile(
    device: &dyn Device,
    learners: u32,
    samples: f64,
    note: &dyn Fn(&str),
) -> Result<Variants> {
    if device.record().kind == DeviceKind::Cpu || samples >= LONG {
        return fastest(device, learners, false, note);
    }
    let size = size(device, learners);
    let file = file(device, size);
    if let Some(variants) = file.and_then(|file| remembered(device, &file)) {
        return Ok(variants);
    }
    note("tuning   none for a run this short: the usual variants; --retune measures them");
    Ok(usual(device, size))
}

/// What the measurements on devices of this kind chose: `USUAL` on hardware, and elsewhere the first
/// candidates.
fn usual(device: &dyn Device, size: u32) -> Variants {
    let choice = |kernel: &'static Kernel| {
        let offered = candidates(device, kernel);
        let known = USUAL.iter().find(|(name, _)| *name == kernel.name);
        let known = known.and_then(|(_, usual)| {
            let usual = usual[usize::from(size == MANY)];
            offered.iter().find(|v| v.name == usual)
        });
        let variant = known.or(offered.first())?;
        Some((kernel.name.to_owned(), variant.name.to_owned()))
    };
    several(device).filter_map(choice).collect()
}

/// The same for any device, with the cache file, if there is one. The cache is used only if it
/// names exactly the measurable kernels; a damaged or partial one is measured again and replaced.
///
/// # Errors
/// `Device` if the device fails.
pub fn fastest_by(
    device: &dyn Device,
    learners: u32,
    file: Option<&Path>,
    again: bool,
    note: &dyn Fn(&str),
) -> Result<Variants> {
    let known = file.filter(|_| !again);
    if let Some(variants) = known.and_then(|file| remembered(device, file)) {
        return Ok(variants);
    }
    let name = &device.record().name;
    note(&format!(
        "tuning   measuring the kernels' variants on {name}, once"
    ));
    let variants = measure(device, size(device, learners), note)?;
    if !is_complete(device, &variants) {
        let missing = several(device).filter(|kernel| !variants.contains_key(kernel.name));
        let missing: Vec<_> = missing.map(|kernel| kernel.name).collect();
        note(&format!(
            "tuning   could not measure {}: their default variants are used, and measured again next time",
            missing.join(", ")
        ));
    } else if let Some(file) = file {
        // Without the file, the next run measures again.
        let _ = write(file, &variants);
    }
    Ok(variants)
}

/// The variants in a cache file, if they are what `measure` would choose among.
fn remembered(device: &dyn Device, file: &Path) -> Option<Variants> {
    read(file).filter(|variants| is_complete(device, variants))
}

/// The kernels for which a device has several candidates.
fn several(device: &dyn Device) -> impl Iterator<Item = &'static Kernel> {
    let several = |kernel: &&'static Kernel| candidates(device, kernel).len() > 1;
    KERNELS.iter().map(|spec| &spec.kernel).filter(several)
}

/// Whether this is one candidate for every kernel that has several, and nothing else.
fn is_complete(device: &dyn Device, variants: &Variants) -> bool {
    let named = |kernel: &Kernel| {
        let name = variants.get(kernel.name);
        name.is_some_and(|name| candidates(device, kernel).iter().any(|v| v.name == name))
    };
    several(device).all(named) && several(device).count() == variants.len()
}

/// Makes a device use these variants in everything compiled from now on.
///
/// # Errors
/// `Usage` if there is no such kernel, or the device has no such variant of it.
pub fn apply(device: &dyn Device, variants: &Variants) -> Result<()> {
    for (kernel, variant) in variants {
        let mut rows = KERNELS.iter().map(|spec| &spec.kernel);
        let row = rows.find(|row| row.name == kernel);
        let found = row.and_then(|row| Some((row, named(device, row, variant)?)));
        let (row, variant) = found.ok_or_else(|| {
            Error::Usage(format!(
                "{} has no variant {variant:?} of a kernel {kernel:?}, which [variants] in \
                 the settings names: remove the line, or choose --device again",
                device.record().name
            ))
        })?;
        device.choose(row, Some(variant));
    }
    Ok(())
}

fn named(device: &dyn Device, kernel: &Kernel, name: &str) -> Option<&'static Variant> {
    device.variants(kernel).iter().find(|v| v.name == name)
}

/// The variants of a kernel intended for this kind of device. Others would cost more to compile
/// than they could ever save: on lavapipe, up to five seconds each.
fn candidates(device: &dyn Device, kernel: &Kernel) -> Vec<&'static Variant> {
    let software = device.record().kind == DeviceKind::Software;
    let variants = device.variants(kernel).iter();
    variants.filter(|v| v.software == software).collect()
}

fn measure(device: &dyn Device, learners: u32, note: &dyn Fn(&str)) -> Result<Variants> {
    let mut variants = Variants::new();
    let bar = progress::bar(KERNELS.len() as u64, progress::COUNT).with_message("tuning");
    let bar = bar.with_finish(ProgressFinish::AndClear);
    let pace = Pace::new();
    for spec in bar.wrap_iter(KERNELS.iter()) {
        if pace.due(&bar) {
            note(&format!("tuning   {}", progress::words(&bar)));
        }
        let offered = candidates(device, &spec.kernel);
        if offered.len() < 2 {
            continue;
        }
        let times = times(device, learners, spec, &offered);
        device.choose(&spec.kernel, None);
        let times = times?;
        // If the clock failed for one of them, the fastest is unknown.
        if times.iter().any(|(_, seconds)| seconds.is_nan()) {
            continue;
        }
        let best = times.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((variant, _)) = best {
            variants.insert(spec.kernel.name.to_owned(), variant.name.to_owned());
        }
    }
    Ok(variants)
}

/// Each variant's total time over all training shapes; NaN if the clock failed. Variants that are
/// wrong or do not fit are left out.
fn times(
    device: &dyn Device,
    learners: u32,
    spec: &'static Spec,
    offered: &[&'static Variant],
) -> Result<Vec<(&'static Variant, f64)>> {
    let model = Model::new(&[128, 64])?;
    let mut all: Vec<(&Variant, f64)> = offered.iter().map(|v| (*v, 0.0)).collect();
    for shape in (spec.training)(&model, learners) {
        let case = spec.build(shape, Fill::Random, 1);
        let mut right = Vec::new();
        for (variant, before) in all {
            if let (Some(()), _) = timed(device, &case, &spec.kernel, variant, &|_| Ok(()))? {
                right.push((variant, before));
            }
        }
        let variants: Vec<&Variant> = right.iter().map(|(variant, _)| *variant).collect();
        let times = turns(device, &case, &spec.kernel, &variants)?;
        for ((_, sum), time) in right.iter_mut().zip(times) {
            *sum += time;
        }
        all = right;
    }
    Ok(all)
}

/// The shortest time of each variant. They take turns, one right after the other: the clock of an idle
/// GPU is low, and rises while the first of them run.
fn turns(
    device: &dyn Device,
    case: &Case,
    kernel: &'static Kernel,
    variants: &[&'static Variant],
) -> Result<Vec<f64>> {
    let mut best = vec![f64::INFINITY; variants.len()];
    for _ in 0..TURNS {
        for (variant, best) in variants.iter().zip(&mut best) {
            device.choose(kernel, Some(variant));
            let time = match case.load(device, kernel) {
                Ok(loaded) => {
                    let filled = loaded.fill(device);
                    let time = filled
                        .and_then(|()| timing::median(device, &loaded.program, BUDGET / TURNS));
                    loaded.free(device);
                    time?
                }
                Err(why) => why.timed()?.0.unwrap_or(f64::NAN),
            };
            // A time that is NaN stays so.
            *best = if time < *best || time.is_nan() {
                time
            } else {
                *best
            };
        }
    }
    Ok(best)
}

/// The cache file for a device's variants at a size; other drivers and shaders have other files.
/// `None` if the user has no home.
fn file(device: &dyn Device, learners: u32) -> Option<PathBuf> {
    let record = device.record();
    let mut hash = Sha256::new();
    for part in [&record.name, &record.backend, &record.driver] {
        hash.update(part);
        hash.update([0]);
    }
    for kernel in KERNELS.iter().map(|spec| &spec.kernel) {
        for variant in kernel.variants {
            hash.update(kernel.source(variant));
        }
    }
    let hash = hash.finalize();
    Some(folder()?.join(format!("{}-{learners}.toml", files::hex(&hash[..8]))))
}

/// The folder of the cache files; `None` if the user has no home.
fn folder() -> Option<PathBuf> {
    let cache = etcetera::choose_base_strategy().ok()?.cache_dir();
    Some(cache.join("unlearn").join("variants"))
}

/// The cache files of all devices.
pub fn kept() -> Vec<PathBuf> {
    let is_own = |name: &str| {
        let stem = name
            .strip_suffix(".toml")
            .and_then(|stem| stem.split_once('-'));
        stem.is_some_and(|(hash, size)| hash.len() == 16 && size.parse::<u32>().is_ok())
    };
    folder().map_or_else(Vec::new, |folder| files::named(&folder, is_own))
}

fn read(file: &Path) -> Option<Variants> {
    toml::from_str(&std::fs::read_to_string(file).ok()?).ok()
}

fn write(file: &Path, variants: &Variants) -> Result<()> {
    let text = toml::to_string(variants).map_err(|e| Error::Data(e.to_string()))?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    files::write(file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu::Cpu;
    use crate::device::gpu::{Gpu, adapters};

    #[test]
    fn what_is_measured_can_be_applied_and_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/variants.toml");
        for adapter in adapters() {
            let gpu = Gpu::open(&adapter, "test").unwrap();
            let variants = measure(&gpu, FEW, &|_| {}).unwrap();
            assert!(is_complete(&gpu, &variants));
            apply(&gpu, &variants).unwrap();
            write(&file, &variants).unwrap();
            assert_eq!(read(&file), Some(variants));
            let usual = usual(&gpu, FEW);
            assert!(is_complete(&gpu, &usual));
            apply(&gpu, &usual).unwrap();
        }
        std::fs::write(&file, "not = [toml").unwrap();
        assert_eq!(read(&file), None);
    }

    #[test]
    fn what_a_device_does_not_have_is_refused() {
        let cpu = Cpu::new("test");
        for (kernel, variant) in [("dense_forward", "mirrored"), ("dense_sideways", "plain")] {
            let variants = Variants::from([(kernel.to_owned(), variant.to_owned())]);
            let error = apply(&cpu, &variants).unwrap_err().to_string();
            assert!(error.contains(kernel) && error.contains(variant), "{error}");
        }
        assert_eq!(fastest(&cpu, 1, true, &|_| {}).unwrap(), Variants::new());
    }
}
