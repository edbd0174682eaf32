//! Ctrl-C and SIGTERM: the first asks the work to stop, the second exits immediately.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};
use unlearn::error::{Error, Result};

/// Records whether a signal arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    came: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
}

/// Shells add this to the number of the signal that ended a program.
const BASE: i32 = 128;

impl Signals {
    /// From now on a first signal does not end the program. `main` reads the signal from `kept`.
    pub(crate) fn catch(kept: &OnceCell<Self>) -> Result<Self> {
        let signals = kept.get_or_init(Self::default).clone();
        let failed = |e| Error::Device(format!("signals cannot be handled: {e}"));
        for signal in [SIGINT, SIGTERM] {
            // In this order, so that the first signal finds no earlier one.
            let number = usize::try_from(signal).unwrap_or_default();
            register_conditional_shutdown(signal, BASE + signal, signals.came.clone())
                .and_then(|_| register_usize(signal, signals.which.clone(), number))
                .and_then(|_| register(signal, signals.came.clone()))
                .map_err(failed)?;
        }
        Ok(signals)
    }

    /// Whether a signal arrived.
    pub(crate) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }

    /// The exit code for the signal: 130 for Ctrl-C, 143 for SIGTERM.
    pub(crate) fn code(&self) -> u8 {
        let signal = self.which.load(Ordering::Relaxed);
        u8::try_from(signal)
            .ok()
            .and_then(|signal| signal.checked_add(128))
            .unwrap_or(130)
    }
}
