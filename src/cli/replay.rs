//! `unlearn check --replay DIR`.

use std::path::Path;

use unlearn::check::{Again, Replay, Subject};
use unlearn::device::{self, INTERPRETER, Opened, gpu::Opening};
use unlearn::error::{Error, Result};
use unlearn::kernels::Mismatch;
use unlearn::reproducer::Description;

use super::print;
use super::text::{beside, fold};

/// Width of labels.
const LABEL: usize = 12;

/// Runs a recorded failure again, prints what becomes of it, and returns whether nothing is wrong.
pub(crate) fn run(folder: &Path, spec: &str) -> Result<bool> {
    let replay = Replay::read(folder)?;
    let opening = Opening {
        checked: replay.checked(),
        ..Opening::default()
    };
    let mut devices = device::open_all(spec, opening)?;
    let interprets = devices.iter().any(|opened| opened.spec == INTERPRETER);
    if replay.is_interpreters() && !interprets {
        devices.splice(0..0, device::open_all(INTERPRETER, opening)?);
    }
    print(&recorded(&replay.recorded.description))?;
    for note in &replay.notes {
        print(&fold(&format!("\n{note}"), 0))?;
    }
    print("")?;
    for opened in &devices {
        print(&super::headline(&opened.spec, &opened.record))?;
    }
    let (right, ran) = on_devices(&replay, devices)?;
    if let Some(words) = replay.interpreted() {
        print(&fold(&format!("\n{words}"), 0))?;
    }
    match ran || !right {
        true => Ok(right),
        false => Err(Error::Device(
            "none of the devices can run it: try another --device (see `unlearn devices`)"
                .to_owned(),
        )),
    }
}

/// Runs it on devices; whether all are right, and whether any ran it.
fn on_devices(replay: &Replay, devices: Vec<Opened>) -> Result<(bool, bool)> {
    print(&format!("\n{:<LABEL$}verdict", "device"))?;
    let (mut right, mut ran) = (true, false);
    for Opened { spec, device, .. } in devices {
        let again = match device {
            Ok(device) => replay.run(&Subject {
                spec: spec.clone(),
                device,
            }),
            Err(e) => {
                right = false;
                Again::NotRun(e.to_string())
            }
        };
        ran |= !matches!(again, Again::NotRun(_));
        right &= matches!(again, Again::Right | Again::NotRun(_));
        print(&beside(&spec, LABEL, &verdict(&again)))?;
        if let Again::Other(mismatch) = &again {
            print(&words(mismatch))?;
        }
    }
    Ok((right, ran))
}

/// What became of the failure on a device.
fn verdict(again: &Again) -> String {
    match again {
        Again::Right => "right here".to_owned(),
        Again::Same(_) => "WRONG: the same wrong word as recorded".to_owned(),
        Again::Other(_) => "WRONG, in another way than recorded:".to_owned(),
        Again::NotRun(why) => format!("not run: {why}"),
    }
}

/// The recorded failure.
fn recorded(about: &Description) -> String {
    let (device, ran, program) = (&about.device, &about.kernel, &about.program);
    let text = format!(
        "{}/{}, wrong on {} ({}; {}), as unlearn {} found on {}",
        ran.name,
        ran.variant,
        device.name,
        device.backend,
        device.driver,
        program.version,
        program.os
    );
    // A folder may come from anybody, and a terminal obeys what is not text.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("{}\n{}", fold(&text, 2), words(&about.mismatch))
}

/// A mismatch, a line for each part.
pub(super) fn words(mismatch: &Mismatch) -> String {
    let labels = ["where", "got", "expected", "bound"];
    let lines = labels.iter().zip(mismatch.cause.words());
    let lines = lines.map(|(label, words)| {
        let words: String = words.chars().filter(|c| !c.is_control()).collect();
        beside(&format!("  {label}"), LABEL, &words)
    });
    lines.collect::<Vec<_>>().join("\n")
}
