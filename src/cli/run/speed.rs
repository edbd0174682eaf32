//! How long a run takes on a software adapter, and on the CPU.

use std::time::Duration;

use unlearn::config::Config;
use unlearn::data::Dataset;
use unlearn::device::{self, Device};
use unlearn::progress::about;
use unlearn::run::{self, Work};

use crate::cli::progress::RunProgress;

/// Shorter runs, in units of `Work`, are over before it matters where: about a second on the CPU.
const SHORT: u64 = 1_000_000;

/// Says so where this run takes longer on the software adapter that `auto` took than on the CPU.
pub(super) fn note_cpu(
    progress: &RunProgress,
    config: &Config,
    data: &Dataset,
    device: &dyn Device,
) {
    if Work::new(config, data).total() < SHORT {
        return;
    }
    let seconds = |device: &dyn Device| run::seconds(config, data, device);
    let cpu = device::open("cpu").and_then(|cpu| seconds(&*cpu));
    // It is a hint: the run itself meets the same failures.
    let (Ok(here), Ok(cpu)) = (seconds(device), cpu) else {
        return;
    };
    if let Some(text) = slower(here, cpu) {
        progress.note(&text);
    }
}

/// That a run of so many seconds takes fewer on the CPU, if it does.
fn slower(here: f64, cpu: f64) -> Option<String> {
    let [here_about, cpu_about] = [here, cpu].map(|s| about(Duration::from_secs_f64(s)));
    (cpu < here).then(|| {
        format!(
            "speed    about {here_about} on this software adapter, and {cpu_about} with --device cpu: by a \
             moment of training on each"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_adapter_is_named_with_both_times() {
        let said = slower(140.0, 21.0).unwrap();
        let both = "about 2 min on this software adapter, and 21 s with --device cpu";
        assert!(said.contains(both), "{said}");
        assert_eq!(slower(10.0, 21.0), None);
    }
}
