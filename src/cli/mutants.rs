//! `unlearn check --mutants`.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use unlearn::check::{Options, Score, WatchScore, power};
use unlearn::device::{self, gpu::Opening};
use unlearn::error::{Error, Result};

/// Measures the check's power, prints the table, and says whether every mutant is accounted for.
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
        super::print(&(super::headline(&opened.spec, &opened.record) + "\n"))?;
        let device = match opened.device {
            Ok(device) => device,
            Err(e) => {
                super::print(&format!("  not measured: {e}\n"))?;
                all_found = false;
                continue;
            }
        };
        super::print(&format!(
            "{:<23} {:<8} {:>7} {:>7} {:>7} {:>10} {:>9} {:>9}",
            "kernel", "variant", "mutants", "refused", "caught", "equivalent", "survivors", "time"
        ))?;
        let mut table = Table {
            bar: ProgressBar::hidden(),
        };
        let scores = power(&*device, options, 1, &mut table)?;
        table.bar.finish_and_clear();
        super::print(&summary(&scores))?;
        all_found &= scores.iter().all(|score| score.survivors.is_empty());
    }
    Ok(all_found)
}

fn summary(scores: &[Score]) -> String {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for score in scores {
        for (mutant, why) in &score.equivalent {
            let name = format!("{}/{} {mutant}", score.kernel, score.variant);
            reasons.entry(why).or_default().push(name);
        }
    }
    let mut text = String::new();
    for (why, mutants) in reasons {
        text += &format!("\nEquivalent, since {why}:\n  {}\n", mutants.join("\n  "));
    }
    for score in scores {
        for mutant in &score.survivors {
            text += &format!("\nSURVIVES: {}/{} {mutant}", score.kernel, score.variant);
        }
    }
    let mutants: u32 = scores.iter().map(Score::mutants).sum();
    let caught: u32 = scores.iter().map(|score| score.caught).sum();
    let equivalent: usize = scores.iter().map(|score| score.equivalent.len()).sum();
    let refused: u32 = scores.iter().map(|score| score.refused).sum();
    let seconds: f64 = scores.iter().map(|score| score.seconds).sum();
    text + &format!(
        "\nMutation score: {caught} of {mutants} ({:.1} %); {equivalent} more compute the same \
         as the original, and {refused} did not compile. {seconds:.0} s.",
        100.0 * f64::from(caught) / f64::from(mutants.max(1))
    )
}

/// A line for each variant, with a bar below them where someone watches.
struct Table {
    bar: ProgressBar,
}

impl WatchScore for Table {
    fn begin(&mut self, kernel: &str, mutants: u64) {
        self.bar.finish_and_clear();
        self.bar = super::counting_bar(mutants, kernel);
    }

    fn advance(&mut self) {
        self.bar.inc(1);
    }

    fn score(&mut self, score: &Score) {
        let line = format!(
            "{:<23} {:<8} {:>7} {:>7} {:>7} {:>10} {:>9} {:>7.1} s",
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
        let _ = self.bar.suspend(|| super::print(&line));
    }
}
