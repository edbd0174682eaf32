//! `unlearn check --rewrites`.

use unlearn::check::{ControlObserver, ControlScore, Options, RewriteFailure, control};
use unlearn::device::{self, gpu::Opening};
use unlearn::error::{Error, Result};
use unlearn::progress::Progress;

use super::progress::Counter;
use super::text::{beside, fold};

/// Runs the rewrites, or only that with this number, prints the table, and returns whether all
/// passed.
pub(crate) fn run(spec: &str, options: &Options, only: Option<usize>) -> Result<bool> {
    if spec == "cpu" {
        return Err(Error::Usage(
            "the CPU's kernels are not made from shaders, so there is nothing to rewrite: give \
             --rewrites an adapter (see `unlearn devices`)"
                .to_owned(),
        ));
    }
    options.validate()?;
    let mut all_passed = true;
    for opened in device::open_all(spec, Opening::default())? {
        // The CPU's kernels are not made from shaders.
        if opened.spec == "cpu" {
            continue;
        }
        super::print(&super::headline(&opened.spec, &opened.record))?;
        super::print("")?;
        let device = match opened.device {
            Ok(device) => device,
            Err(e) => {
                super::print(&(fold(&format!("  not checked: {e}"), 2) + "\n"))?;
                all_passed = false;
                continue;
            }
        };
        super::print(&format!(
            "{:<22} {:<8} {:>8} {:>7} {:>7} {:>7} {:>8}",
            "kernel", "variant", "rewrites", "passed", "refused", "failed", "time"
        ))?;
        let mut table = Table {
            counter: Counter::new(),
        };
        let scores = control(&*device, options, (1, only), &mut table)?;
        table.counter.end();
        for score in &scores {
            for failure in &score.failures {
                super::print(&failed(&opened.spec, score, failure, options.seed))?;
            }
        }
        super::print(&summary(&scores))?;
        all_passed &= scores.iter().all(|score| score.failures.is_empty());
    }
    Ok(all_passed)
}

/// Width of the labels of a failure.
const LABEL: usize = 12;

/// A failure in full.
fn failed(spec: &str, score: &ControlScore, failure: &RewriteFailure, seed: u32) -> String {
    let ControlScore {
        kernel, variant, ..
    } = score;
    let verdict = failure.case.map_or("REFUSED", |_| "WRONG");
    let mut text = format!(
        "\n{verdict}: {kernel}/{variant}, rewrite {}",
        failure.number
    );
    let mut line = |label: &str, words: &str| {
        text += &format!("\n{}", beside(&format!("  {label}"), LABEL, words));
    };
    for rewrite in &failure.sufficient {
        line("rewrite", rewrite);
    }
    let spared = failure.rewrites.len() - failure.sufficient.len();
    if spared > 0 {
        line(
            "",
            &format!("(found among {spared} more, which it does not need)"),
        );
    }
    if let Some((shape, fill)) = failure.case {
        let fill = fill.name();
        line(
            "case",
            &format!("{shape} (rows x inputs x outputs x learners), {fill}, seed {seed}"),
        );
    }
    line("what", &failure.what);
    if failure.original {
        line(
            "",
            "So is the kernel's own shader: the rewrites are not to blame.",
        );
    }
    // On one line, for copying.
    let command = format!(
        "unlearn check --device {spec} --kernel {kernel} --variant {variant} --seed {seed} \
         --rewrites={}",
        failure.number
    );
    text + &format!("\n{:<LABEL$}{command}", "  again")
}

fn summary(scores: &[ControlScore]) -> String {
    let passed: usize = scores.iter().map(|score| score.passed as usize).sum();
    let refused: usize = scores.iter().map(ControlScore::refused).sum();
    let failed: usize = scores.iter().map(ControlScore::failed).sum();
    let seconds: f64 = scores.iter().map(|score| score.seconds).sum();
    let all = passed + refused + failed;
    let text = match all - passed {
        0 => format!("\nAll {all} rewritten shaders compute the same. {seconds:.0} s."),
        _ => format!(
            "\nNot passed: of {all} rewritten shaders {failed} are wrong, and {refused} did not \
             compile. {seconds:.0} s."
        ),
    };
    fold(&text, 0)
}

/// A line for each variant, with a progress bar below on terminals.
struct Table {
    counter: Counter,
}

impl Progress for Table {
    fn begin(&mut self, kernel: &str, rewrites: u64) {
        self.counter.begin(kernel, rewrites);
    }

    fn advance(&mut self, rewrites: u64) {
        self.counter.advance(rewrites);
    }
}

impl ControlObserver for Table {
    fn score(&mut self, score: &ControlScore) {
        let line = format!(
            "{:<22} {:<8} {:>8} {:>7} {:>7} {:>7} {:>6.1} s",
            score.kernel,
            score.variant,
            score.passed as usize + score.failures.len(),
            score.passed,
            score.refused(),
            score.failed(),
            score.seconds
        );
        // A closed stdout ends the table, not the control.
        let _ = self.counter.print(&line);
    }
}
