//! Which device a run gets: `auto`, `cpu`, an adapter's number, or a part of its name.

use super::gpu::{Adapter, Gpu, adapters};
use super::{Device, cpu::Cpu};
use crate::error::{Error, Result};
use crate::record::DeviceRecord;

/// A line of the list of devices.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What `--device` takes for it.
    pub spec: String,
    /// What it is.
    pub record: DeviceRecord,
    /// Whether `auto` picks it.
    pub auto: bool,
}

/// Every device there is, the CPU twins last.
pub fn list() -> Vec<Choice> {
    let adapters = adapters();
    let picked = by_preference(&adapters).first().map(|a| a.index);
    let mut choices: Vec<Choice> = adapters
        .iter()
        .map(|a| Choice {
            spec: a.index.to_string(),
            record: a.record(""),
            auto: picked == Some(a.index),
        })
        .collect();
    choices.push(Choice {
        spec: "cpu".to_owned(),
        record: Cpu::new("").record().clone(),
        auto: picked.is_none(),
    });
    choices
}

/// Opens the device that `spec` names.
///
/// # Errors
/// `Device` where no adapter matches (the text lists the ones there are), or it does not open.
pub fn open(spec: &str) -> Result<Box<dyn Device>> {
    if spec == "cpu" {
        return Ok(Box::new(Cpu::new("asked for by --device cpu")));
    }
    let adapters = adapters();
    if spec == "auto" {
        return Ok(automatic(&adapters));
    }
    let number = spec.parse::<usize>().ok();
    let wanted = spec.to_lowercase();
    // Every name contains the empty one.
    let found = adapters
        .iter()
        .filter(|_| !spec.is_empty())
        .find(|a| match number {
            Some(number) => a.index == number,
            None => a.name().to_lowercase().contains(&wanted),
        });
    match found {
        Some(adapter) => Ok(Box::new(Gpu::open(
            adapter,
            &format!("asked for by --device {spec}"),
        )?)),
        None => Err(unknown(spec)),
    }
}

fn by_preference(adapters: &[Adapter]) -> Vec<&Adapter> {
    let mut sorted: Vec<&Adapter> = adapters.iter().collect();
    sorted.sort_by_key(|a| (a.rank(), a.index));
    sorted
}

/// The best adapter that opens; the CPU twins where none does.
fn automatic(adapters: &[Adapter]) -> Box<dyn Device> {
    let mut refused = String::new();
    for adapter in by_preference(adapters) {
        let reason = if !refused.is_empty() {
            "auto: the best adapter that opens"
        } else if adapter.is_software() {
            "auto: there is no hardware GPU, so a software adapter"
        } else {
            "auto: the best hardware GPU"
        };
        match Gpu::open(adapter, &format!("{reason}{refused}")) {
            Ok(gpu) => return Box::new(gpu),
            Err(e) => refused = format!("; {e}"),
        }
    }
    let reason = if refused.is_empty() {
        "auto: wgpu finds no adapter, so the CPU twins of the shaders (on Debian or Ubuntu \
         `apt-get install mesa-vulkan-drivers` brings a software one)"
    } else {
        "auto: no adapter opens, so the CPU twins of the shaders"
    };
    Box::new(Cpu::new(&format!("{reason}{refused}")))
}

fn unknown(spec: &str) -> Error {
    let mut text = format!("there is no device {spec:?}. --device takes auto, or one of:");
    for choice in list() {
        text += &format!("\n  {:<4} {}", choice.spec, choice.record.name);
    }
    Error::Device(text + "\nor a part of an adapter's name")
}
