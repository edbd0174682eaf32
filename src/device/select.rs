//! Which device a run gets: `auto`, `cpu`, an adapter's number, or a part of its name. Letters count
//! alike in both cases, and space around the whole for nothing.

mod auto;

use serde::Serialize;

use super::gpu::{Abilities, Adapter, Gpu, Opening, adapters};
use super::{Device, cpu::Cpu, interpreter::Interpreter};
use crate::error::{Error, Result};
use crate::record::{DeviceKind, DeviceRecord};
use auto::decide;

/// A device there is.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// What `--device` takes for it.
    #[serde(rename = "device")]
    pub spec: String,
    /// Whether `auto` picks it.
    pub auto: bool,
    /// What it is; its reason says why `auto` picks it or does not.
    #[serde(flatten)]
    pub record: DeviceRecord,
    /// What it can hold and do; the CPU has none of these limits.
    #[serde(flatten)]
    pub abilities: Option<Abilities>,
}

/// Every device there is, the CPU last. Opens adapters, since `auto` picks one that opens.
pub fn list() -> Vec<Choice> {
    let adapters = adapters();
    let decision = decide(&adapters);
    let auto = |index| decision.opened.as_ref().map(|o| o.0) == index;
    let mut choices: Vec<Choice> = adapters
        .iter()
        .zip(&decision.reasons)
        .map(|(a, reason)| Choice {
            spec: a.index.to_string(),
            auto: auto(Some(a.index)),
            record: a.record(reason),
            abilities: Some(a.abilities()),
        })
        .collect();
    choices.push(Choice {
        spec: "cpu".to_owned(),
        auto: auto(None),
        record: Cpu::new(&decision.cpu).record().clone(),
        abilities: None,
    });
    choices
}

/// Opens the device that `spec` names.
///
/// ```
/// use unlearn::device;
///
/// let cpu = device::open("cpu")?;
/// assert_eq!(cpu.record().backend, "CPU");
/// assert!(device::open("no such adapter").is_err());
/// # Ok::<(), unlearn::error::Error>(())
/// ```
///
/// # Errors
/// `Device` where no adapter matches (the text lists the ones there are), or it does not open.
pub fn open(spec: &str) -> Result<Box<dyn Device>> {
    Ok(open_lasting(spec)?.0)
}

/// Opens the device that `spec` names; with what names the same one on another day, when `auto` may
/// choose another, and the numbers may have changed.
///
/// # Errors
/// As `open`.
pub fn open_lasting(spec: &str) -> Result<(Box<dyn Device>, String)> {
    let spec = &plain(spec);
    if spec == "cpu" {
        return Ok((Box::new(Cpu::new(BY_NAME)), spec.clone()));
    }
    let adapters = adapters();
    if spec == "auto" {
        let decision = decide(&adapters);
        return Ok(match decision.opened {
            Some((index, gpu)) => (Box::new(gpu), lasting(&named(&adapters), index)),
            None => (Box::new(Cpu::new(&decision.cpu)), "cpu".to_owned()),
        });
    }
    if spec == "all" {
        return Err(unknown(spec, &adapters));
    }
    let found = find(&adapters, spec)?;
    let name = lasting(&named(&adapters), found.0.index);
    Ok((opened(found, Opening::default()).device?, name))
}

/// Why there is the CPU device, where it was named.
const BY_NAME: &str = "asked for by --device cpu";

/// What `--device` takes beside numbers and names.
const WORDS: [&str; 4] = ["auto", "all", "cpu", INTERPRETER];

/// What `--device` takes for the interpreter.
pub const INTERPRETER: &str = "interpreter";

/// What `--device` got, without what makes no difference.
fn plain(spec: &str) -> String {
    let spec = spec.trim();
    match spec.to_lowercase() {
        word if WORDS.contains(&&*word) => word,
        _ => spec.to_owned(),
    }
}

/// A device that was asked for.
pub struct Opened {
    /// What `--device` takes for it.
    pub spec: String,
    /// What it is.
    pub record: DeviceRecord,
    /// The device, or why it does not open.
    pub device: Result<Box<dyn Device>>,
}

/// Opens every device that `spec` names: `all` for all adapters and the CPU, or whatever `open`
/// takes. Of `all`, one that does not open is in the list, with its error.
///
/// # Errors
/// `Device` where no adapter matches, there is none at all, or the one that `spec` names does not
/// open.
pub fn open_all(spec: &str, opening: Opening) -> Result<Vec<Opened>> {
    let spec = &plain(spec);
    let cpu = |reason: &str| {
        let device = Cpu::new(reason);
        Opened {
            spec: "cpu".to_owned(),
            record: device.record().clone(),
            device: Ok(Box::new(device)),
        }
    };
    if spec == "cpu" {
        return Ok(vec![cpu(BY_NAME)]);
    }
    if spec == INTERPRETER {
        let device = Interpreter::new("asked for by --device interpreter");
        return Ok(vec![Opened {
            spec: spec.clone(),
            record: device.record().clone(),
            device: Ok(Box::new(device)),
        }]);
    }
    let adapters = adapters();
    if spec == "auto" {
        let decision = decide(&adapters);
        return match decision.opened {
            Some((index, _)) => {
                let reason = decision.reasons[index].clone();
                Ok(vec![opened((&adapters[index], reason), opening)])
            }
            None => Ok(vec![cpu(&decision.cpu)]),
        };
    }
    if spec != "all" {
        let mut one = opened(find(&adapters, spec)?, opening);
        one.device = Ok(one.device?);
        return Ok(vec![one]);
    }
    if adapters.is_empty() {
        return Err(Error::Device(
            "wgpu finds no adapter. Install a driver for your GPU, or a software one (on Debian or \
             Ubuntu: apt-get install mesa-vulkan-drivers); --device cpu takes the CPU alone"
                .to_owned(),
        ));
    }
    let adapters = adapters.iter();
    let reason = || "asked for by --device all".to_owned();
    let all = adapters.map(|adapter| opened((adapter, reason()), opening));
    Ok(all.chain([cpu(&reason())]).collect())
}

fn opened((adapter, reason): (&Adapter, String), opening: Opening) -> Opened {
    let device = Gpu::open_with(adapter, &reason, opening);
    Opened {
        spec: adapter.index.to_string(),
        record: adapter.record(&reason),
        device: device.map(|gpu| Box::new(gpu) as Box<dyn Device>),
    }
}

/// An adapter as `--device` knows it; its number is its place in the list.
struct Named {
    /// Its name, and the same with its backend.
    names: [String; 2],
    kind: DeviceKind,
}

impl Named {
    fn new(name: &str, backend: &str, kind: DeviceKind) -> Self {
        let name = name.trim();
        Self {
            names: [name.to_owned(), format!("{name} ({backend})")],
            kind,
        }
    }
}

fn named(adapters: &[Adapter]) -> Vec<Named> {
    let named = |a: &Adapter| Named::new(a.name(), &a.record("").backend, a.kind());
    adapters.iter().map(named).collect()
}

/// The numbers of the adapters that `spec` may mean, the best first: the one with this number, else
/// those with this whole name, else those with it in their name.
fn matching(adapters: &[Named], spec: &str) -> Vec<usize> {
    let numbers = || 0..adapters.len();
    let number = spec.parse().ok();
    if let Some(number) = number.filter(|number| numbers().contains(number)) {
        return vec![number];
    }
    let wanted = spec.to_lowercase();
    let names = |n: usize| adapters[n].names.each_ref().map(|name| name.to_lowercase());
    let whole = |n: &usize| names(*n).contains(&wanted);
    // Every name contains the empty one.
    let part = |n: &usize| !wanted.is_empty() && names(*n)[1].contains(&wanted);
    let mut found: Vec<usize> = numbers().filter(whole).collect();
    if found.is_empty() {
        found = numbers().filter(part).collect();
    }
    found.sort_by_key(|&n| adapters[n].kind);
    found
}

/// What means this adapter and no other: its name, or that with its backend; of several that have
/// both in common the number.
fn lasting(adapters: &[Named], number: usize) -> String {
    let mut names = adapters[number].names.iter();
    let own =
        names.find(|name| !WORDS.contains(&&*plain(name)) && matching(adapters, name) == [number]);
    own.cloned().unwrap_or_else(|| number.to_string())
}

/// The adapter that `spec`, a number or a part of a name, means, and why.
fn find<'a>(adapters: &'a [Adapter], spec: &str) -> Result<(&'a Adapter, String)> {
    let found = matching(&named(adapters), spec);
    let mut reason = format!("asked for by --device {spec}");
    match &found[..] {
        [] => return Err(unknown(spec, adapters)),
        [_] => {}
        [best, others @ ..] => {
            let others: Vec<String> = others.iter().map(usize::to_string).collect();
            let others = others.join(", ");
            reason += &format!(", which {best} and {others} match: {best} comes first");
        }
    }
    Ok((&adapters[found[0]], reason))
}

fn unknown(spec: &str, adapters: &[Adapter]) -> Error {
    let mut text = format!(
        "there is no device {spec:?}. --device takes auto (of check and bench also all), or one of:"
    );
    for adapter in adapters {
        text += &format!("\n  {:<4} {}", adapter.index, adapter.name());
    }
    text += &format!("\n  cpu  {}", Cpu::new("").record().name);
    Error::Device(text + "\nor a part of an adapter's name")
}

#[cfg(test)]
mod tests;
