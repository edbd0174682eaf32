//! `unlearn check --mutants`.

use std::collections::BTreeMap;

use unlearn::check::{MutationObserver, MutationScore, Options, power};
use unlearn::device::{self, gpu::Opening};
use unlearn::error::{Error, Result};
use unlearn::progress::Progress;

use super::progress::Counter;
use super::text::fold;

/// Measures the check's power, prints the table, and returns whether every mutant is accounted for.
pub(crate) fn run(spec: &str, options: &Options) -> Result<bool> {
    if spec == "cpu" {
        return Err(Error::Usage(
            "the CPU's kernels are not made from shaders, so no fault can be planted: give --mutants \
             an adapter (see `unlearn devices`)"
                .to_owned(),
        ));
    }
    let checked = Opening {
        checked: true,
        ..Opening::default()
    };
    options.validate()?;
    let mut all_found = true;
    for opened in device::open_all(spec, checked)? {
        // The CPU's kernels are not made from shaders.
        if opened.spec == "cpu" {
            continue;
        }
        super::print(&super::headline(&opened.spec, &opened.record))?;
        super::print("")?;
        let device = match opened.device {
            Ok(device) => device,
            Err(e) => {
                super::print(&(fold(&format!("  not measured: {e}"), 2) + "\n"))?;
                all_found = false;
                continue;
            }
        };
        super::print(&format!(
            "{:<22} {:<8} {:>7} {:>7} {:>6} {:>6} {:>7} {:>8}",
            "kernel", "variant", "mutants", "refused", "caught", "equiv.", "survive", "time"
        ))?;
        let mut table = Table {
            counter: Counter::new(),
        };
        let scores = power(&*device, options, 1, &mut table)?;
        table.counter.end();
        super::print(&summary(&scores))?;
        all_found &= scores.iter().all(|score| score.survivors.is_empty());
    }
    Ok(all_found)
}

fn summary(scores: &[MutationScore]) -> String {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for score in scores {
        for (mutant, why) in &score.equivalent {
            let name = format!("{}/{} {mutant}", score.kernel, score.variant);
            reasons.entry(why).or_default().push(name);
        }
    }
    let mut text = String::new();
    for (why, mutants) in reasons {
        text += &fold(&format!("\nEquivalent, since {why}:"), 2);
        text += &fold(&format!("\n  {}\n", mutants.join("\n  ")), 2);
    }
    for score in scores {
        for mutant in &score.survivors {
            let line = format!("\nSURVIVES: {}/{} {mutant}", score.kernel, score.variant);
            text += &fold(&line, 2);
        }
    }
    let mutants: u32 = scores.iter().map(MutationScore::mutants).sum();
    let caught: u32 = scores.iter().map(|score| score.caught).sum();
    let equivalent: usize = scores.iter().map(|score| score.equivalent.len()).sum();
    let refused: u32 = scores.iter().map(|score| score.refused).sum();
    let seconds: f64 = scores.iter().map(|score| score.seconds).sum();
    let all = format!(
        "\nMutation score: {caught} of {mutants} ({:.1} %); {equivalent} more compute the same \
         as the original, and {refused} did not compile. {seconds:.0} s.",
        100.0 * f64::from(caught) / f64::from(mutants.max(1))
    );
    text + &fold(&all, 0)
}

/// A line for each variant, with a progress bar below on terminals.
struct Table {
    counter: Counter,
}

impl Progress for Table {
    fn begin(&mut self, kernel: &str, mutants: u64) {
        self.counter.begin(kernel, mutants);
    }

    fn advance(&mut self, mutants: u64) {
        self.counter.advance(mutants);
    }
}

impl MutationObserver for Table {
    fn score(&mut self, score: &MutationScore) {
        let line = format!(
            "{:<22} {:<8} {:>7} {:>7} {:>6} {:>6} {:>7} {:>6.1} s",
            score.kernel,
            score.variant,
            (score.mutants() + score.refused) as usize + score.equivalent.len(),
            score.refused,
            score.caught,
            score.equivalent.len(),
            score.survivors.len(),
            score.seconds
        );
        // A closed stdout ends the table, not the measurement.
        let _ = self.counter.print(&line);
    }
}
