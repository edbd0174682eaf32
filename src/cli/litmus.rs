//! What `unlearn check` prints of litmus tests.

use unlearn::check::Options;
use unlearn::check::litmus::{self, Counted, Histogram, Power, Standing};
use unlearn::check::report::{DeviceReport, Row};
use unlearn::device::{self, gpu::Opening};
use unlearn::error::{Error, Result};

use super::text::{beside, fold};

/// Width of the tests' names.
const NAME: usize = 24;

/// A space at which no line ends.
const GLUE: &str = "\u{a0}";

/// Whether litmus tests are all that is asked for.
pub(crate) fn only(options: &Options) -> bool {
    options.kernel.as_deref() == Some("litmus")
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// All outcomes of a row's tests.
pub(crate) fn details(row: &Row) -> String {
    let lines = row.litmus.iter().map(|histogram| {
        let outcomes: Vec<String> = histogram.outcomes.iter().map(outcome).collect();
        let label = format!("  {}", histogram.test);
        beside(&label, NAME, &outcomes.join(", ")).replace(GLUE, " ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn outcome(counted: &Counted) -> String {
    let standing = match counted.standing {
        Standing::Sequential => "",
        Standing::Weak => " (weak)",
        Standing::Forbidden => " (FORBIDDEN)",
    };
    let (outcome, times) = (&counted.outcome, grouped(counted.times));
    format!("{outcome}: {times}{standing}").replace(' ', GLUE)
}

/// The weak outcomes of a device, in a sentence; none where it had no litmus tests.
pub(crate) fn summary(device: &DeviceReport) -> Option<String> {
    let tests: Vec<&Histogram> = device.rows.iter().flat_map(|row| &row.litmus).collect();
    let instances: u64 = tests.iter().map(|histogram| histogram.instances).sum();
    if instances == 0 {
        return None;
    }
    let weak = tests.iter().filter_map(|histogram| {
        let times = histogram.times(Standing::Weak);
        (times > 0).then(|| format!("{} {}", histogram.test, grouped(times)))
    });
    let weak: Vec<String> = weak.collect();
    let seen = match weak.is_empty() {
        true => "none".to_owned(),
        false => weak.join(", "),
    };
    let (device, instances) = (&device.spec, grouped(instances));
    let text = format!(
        "\nWeak outcomes that WGSL allows, on device {device}, in {instances} instances of litmus \
         tests: {seen}."
    );
    Some(fold(&text, 0))
}

/// Plays the mutants of litmus tests, and prints how often each was seen. A mutant that was not is no failure:
/// whether a device shows one is up to its hardware and its compiler.
pub(crate) fn power(spec: &str, options: &Options) -> Result<bool> {
    options.validate()?;
    let devices = device::open_all(spec, Opening::default())?;
    let adapters: Vec<_> = devices.into_iter().filter(|d| d.spec != "cpu").collect();
    if adapters.is_empty() {
        return Err(Error::Usage(
            "litmus tests run on adapters: give --device one (see `unlearn devices`)".to_owned(),
        ));
    }
    for opened in adapters {
        super::print(&super::headline(&opened.spec, &opened.record))?;
        super::print(&format!(
            "\n{:<NAME$} {:<12} {:>11} {:>11} {:>11}",
            "test", "fault", "instances", "forbidden", "outcomes"
        ))?;
        let mut told = |power: &Power| {
            let (instances, caught) = (grouped(power.instances), grouped(power.caught));
            let (test, fault) = (&power.test, power.fault);
            let outcomes = format!("{} of {}", power.outcomes, power.possible);
            // A closed stdout ends the table, not the measurement.
            let _ = super::print(&format!(
                "{test:<NAME$} {fault:<12} {instances:>11} {caught:>11} {outcomes:>11}"
            ));
        };
        let all = litmus::power(&*opened.device?, options.seed, &mut told)?;
        let caught = all.iter().filter(|power| power.caught > 0).count();
        super::print(&format!("\n{caught} of {} mutants were seen.", all.len()))?;
    }
    Ok(true)
}
