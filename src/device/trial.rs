//! A kernel's case on a device: brought there, run, judged, and timed.

use super::{Buffer, Device, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::interpret::Finding;
use crate::kernels::case::Case;
use crate::kernels::{Cause, Kernel, Mismatch, Variant, WINDOW};

/// A case on a device: its buffers with their guard zones, and the program that runs it.
pub(crate) struct Loaded {
    guarded: Vec<Vec<u32>>,
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) program: Program,
}

impl Loaded {
    /// Fills the buffers with the inputs, as they were before any run.
    pub(crate) fn fill(&self, device: &dyn Device) -> Result<()> {
        let mut filled = self.buffers.iter().zip(&self.guarded);
        filled.try_for_each(|(buffer, words)| device.upload(*buffer, 0, words))
    }

    pub(crate) fn free(self, device: &dyn Device) {
        device.free(&self.buffers, &[&self.program]);
    }
}

/// Why a case gave no result.
#[derive(Debug)]
pub(crate) enum NoResult {
    /// The device has no room for its buffers.
    NoRoom,
    /// The shader's compiler does not take it.
    Refused(Error),
    /// The device failed while it ran: nothing that it does from then on can be trusted.
    Lost(Error),
}

impl From<&Error> for Mismatch {
    fn from(error: &Error) -> Self {
        let error = error.to_string();
        Cause::NoResult { error }.into()
    }
}

impl From<&Finding> for Mismatch {
    fn from(finding: &Finding) -> Self {
        let Finding {
            text,
            place,
            line,
            snippet,
            ..
        } = finding;
        Cause::Undefined {
            place: place.clone(),
            what: text.clone(),
            line: *line,
            snippet: snippet.clone(),
        }
        .into()
    }
}

impl Case {
    /// Whether a device has room for it.
    pub(crate) fn fits(&self, variant: &Variant, limits: Limits) -> bool {
        let words = self.inputs.iter().map(|words| words.len() + 2 * WINDOW);
        let groups = self.kernel.groups(variant, self.extent);
        words
            .max()
            .is_none_or(|most| most as u64 <= limits.buffer_words)
            && groups.iter().all(|n| *n <= limits.groups)
    }

    /// Runs it `times` times from the same inputs with `kernel`, which may be a mutant of the
    /// case's own; returns all buffers, with their guard zones, of each run.
    pub(crate) fn run(
        &self,
        device: &dyn Device,
        kernel: &'static Kernel,
        times: u32,
    ) -> std::result::Result<Vec<Vec<Vec<u32>>>, NoResult> {
        let loaded = self.load(device, kernel)?;
        let once = || -> Result<Vec<Vec<u32>>> {
            loaded.fill(device)?;
            device.run(&loaded.program, 1, &mut |_| {})?;
            let buffers = loaded.buffers.iter();
            buffers.map(|b| device.download(*b)).collect()
        };
        let results: Result<Vec<_>> = (0..times).map(|_| once()).collect();
        loaded.free(device);
        results.map_err(NoResult::Lost)
    }

    /// Brings it to a device, with `kernel` as in `run`; its buffers are not filled yet.
    pub(crate) fn load(
        &self,
        device: &dyn Device,
        kernel: &'static Kernel,
    ) -> std::result::Result<Loaded, NoResult> {
        let inputs = self.inputs.iter().enumerate();
        let guarded: Vec<Vec<u32>> = inputs
            .map(|(binding, words)| guarded(words, self.guard(binding)))
            .collect();
        let buffers = allocate(device, &guarded).ok_or(NoResult::NoRoom)?;
        let program = self.compile(device, kernel, &buffers).inspect_err(|_| {
            device.free(&buffers, &[]);
        })?;
        Ok(Loaded {
            guarded,
            buffers,
            program,
        })
    }
}

impl Case {
    /// The program that runs it on these buffers, with the variant that is chosen now.
    pub(crate) fn compile(
        &self,
        device: &dyn Device,
        kernel: &'static Kernel,
        buffers: &[Buffer],
    ) -> std::result::Result<Program, NoResult> {
        let windows: Vec<Buffer> = buffers
            .iter()
            .zip(&self.inputs)
            .map(|(buffer, words)| buffer.window(WINDOW, words.len()))
            .collect();
        let mut recording = Recording::default();
        recording.dispatch_bytes(kernel, &self.params, self.extent, &windows);
        device.compile(&recording).map_err(|e| match e {
            Error::Shader(_) => NoResult::Refused(e),
            _ => NoResult::Lost(e),
        })
    }

    /// Bytes of its buffers.
    pub(crate) fn bytes(&self) -> u64 {
        let words = self.inputs.iter().map(|words| 4 * words.len() as u64);
        words.sum()
    }
}

/// A buffer for each of these, or none where the device has no room for all of them.
fn allocate(device: &dyn Device, contents: &[Vec<u32>]) -> Option<Vec<Buffer>> {
    let mut buffers = Vec::new();
    for words in contents {
        let Ok(buffer) = device.allocate("check", words.len()) else {
            device.free(&buffers, &[]);
            return None;
        };
        buffers.push(buffer);
    }
    Some(buffers)
}

/// Words between two guard zones.
fn guarded(words: &[u32], guard: u32) -> Vec<u32> {
    let zone = [guard; WINDOW];
    [&zone[..], words, &zone[..]].concat()
}

/// How a case ended.
pub(crate) enum Verdict {
    /// Right, with the worst error as a share of its bound.
    Right(Option<f64>),
    /// Wrong.
    Wrong(Mismatch),
    /// It gave no result.
    None(NoResult),
}

/// Runs a case on a device, with the case's own kernel or a mutant of it.
pub(crate) fn judge(
    case: &Case,
    kernel: &'static Kernel,
    variant: &Variant,
    device: &dyn Device,
    times: u32,
) -> Verdict {
    examine(case, kernel, variant, device, times).0
}

/// The same, with all buffers, guard zones included, of the run that is wrong, or else of the first one.
pub(crate) fn examine(
    case: &Case,
    kernel: &'static Kernel,
    variant: &Variant,
    device: &dyn Device,
    times: u32,
) -> (Verdict, Vec<Vec<u32>>) {
    if !case.fits(variant, device.limits()) {
        return (Verdict::None(NoResult::NoRoom), Vec::new());
    }
    // Those of a run that gave no result.
    device.findings();
    let mut runs = match case.run(device, kernel, times) {
        Ok(runs) => runs,
        Err(why) => return (Verdict::None(why), Vec::new()),
    };
    let findings = device.findings();
    if let Some(finding) = findings.iter().find(|finding| finding.kind.is_fault()) {
        return (Verdict::Wrong(Mismatch::from(finding)), runs.swap_remove(0));
    }
    let Some((first, others)) = runs.split_first() else {
        return (Verdict::Right(None), Vec::new());
    };
    let mut differing = others.iter().map(|run| case.differs(first, run));
    if let Some(place) = differing.position(|found| found.is_some())
        && let Some(mismatch) = case.differs(first, &others[place])
    {
        return (Verdict::Wrong(mismatch), runs.swap_remove(place + 1));
    }
    let verdict = case
        .judge(first)
        .map_or_else(Verdict::Wrong, Verdict::Right);
    (verdict, runs.swap_remove(0))
}

/// The time of a variant, or what is wrong with its result; neither where the device has no room.
pub(crate) type Timed<T> = (Option<T>, Option<Mismatch>);

/// Holds what a variant computes against the case's reference, then times it on the same inputs.
///
/// # Errors
/// `Device` where the device is lost.
pub(crate) fn timed<T>(
    device: &dyn Device,
    case: &Case,
    kernel: &'static Kernel,
    variant: &'static Variant,
    time: &dyn Fn(&Program) -> Result<T>,
) -> Result<Timed<T>> {
    device.choose(kernel, Some(variant));
    let no_result = match judge(case, kernel, variant, device, 1) {
        Verdict::Wrong(mismatch) => return Ok((None, Some(mismatch))),
        Verdict::None(why) => why,
        Verdict::Right(_) => match case.load(device, kernel) {
            Ok(loaded) => {
                let time = loaded.fill(device).and_then(|()| time(&loaded.program));
                loaded.free(device);
                return Ok((Some(time?), None));
            }
            Err(why) => why,
        },
    };
    no_result.timed()
}

impl NoResult {
    /// What a case that gave no result is for one who times it.
    ///
    /// # Errors
    /// `Device` where the device is lost.
    pub(crate) fn timed<T>(self) -> Result<Timed<T>> {
        match self {
            Self::NoRoom => Ok((None, None)),
            Self::Refused(e) => Ok((None, Some(Mismatch::from(&e)))),
            Self::Lost(e) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests;
