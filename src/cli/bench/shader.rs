//! `unlearn bench --shader`, and what is said where nothing was measured.

use unlearn::bench::report::Report;
use unlearn::contract::{Promise, Sizes};
use unlearn::error::{Error, Result};

use super::Arguments;
use crate::cli::check::shader::bound;

impl Arguments {
    /// Refuses a shader that no device runs, and a variant that no kernel has.
    pub(super) fn nothing_measured(&self, reports: &[Report]) -> Option<Error> {
        let empty = reports.iter().all(|report| report.kernels.is_empty());
        if let (Some(shader), true) = (&self.shader, empty) {
            let why = match reports.is_empty() {
                true => "there is no adapter, and the CPU's kernels are not made from shaders",
                false => "no device that was asked for runs shaders of your own",
            };
            return Some(Error::Usage(format!(
                "--shader {}: nothing was measured: {why}. See `unlearn devices`",
                shader.display()
            )));
        }
        let variant = self.variant.as_ref()?;
        empty.then(|| {
            Error::Usage(format!(
                "no kernel that was asked for has a variant {variant:?} on this device"
            ))
        })
    }

    /// A user's shader with its contract, and the sizes to measure.
    pub(super) fn promise(&self) -> Result<Option<(Promise, Sizes)>> {
        let Some(path) = &self.shader else {
            return Ok(None);
        };
        if self.device == "cpu" {
            return Err(Error::Usage(
                "the CPU's kernels are not made from shaders: give --shader an adapter".to_owned(),
            ));
        }
        let promise = bound(path, self.contract.as_deref(), self.seed)?;
        let sizes = match &self.sizes {
            Some(given) => promise.filled(given)?,
            None => promise.largest(),
        };
        Ok(Some((promise, sizes)))
    }

    /// The flags that name a user's shader.
    pub(super) fn shader_flags(&self) -> Option<String> {
        let shader = self.shader.as_ref()?.display();
        let contract = self
            .contract
            .as_ref()
            .map(|path| format!(" --contract {}", path.display()));
        Some(format!("--shader {shader}{}", contract.unwrap_or_default()))
    }
}
