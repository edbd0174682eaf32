//! Gets one file after another from mirrors that may be down, slow, or not what they seem.

use super::cache::Archive;
use crate::error::{Error, Result};
use indicatif::{DecimalBytes, ProgressBar, ProgressFinish, ProgressStyle};
use std::io::Read;
use std::time::Duration;

/// How long to wait for a mirror before the next one is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until the connection stands, name look-up and encryption included.
    pub connect: Duration,
    /// Until an answer begins, and from one piece of it to the next.
    pub stall: Duration,
    /// For one file from start to end.
    pub whole: Duration,
}

impl Default for Patience {
    /// 5 seconds, 10 seconds, and 5 minutes, enough for the largest file at 32 KiB a second.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(10),
            whole: Duration::from_secs(300),
        }
    }
}

/// The reason why a mirror did not yield a file.
type Attempt = std::result::Result<Vec<u8>, String>;

/// Downloads files, with a progress bar where the standard error is a terminal, and a line per
/// file where it is not.
pub(super) struct Downloader<'a> {
    agent: ureq::Agent,
    mirrors: &'a [String],
    patience: Patience,
    notify: &'a dyn Fn(&str),
    bar: ProgressBar,
    /// The mirror to try first: the one that yielded the last file.
    first: usize,
    /// Bytes of the files that are finished, for the bar.
    done: u64,
}

impl<'a> Downloader<'a> {
    /// A downloader for `wanted`, which is all that its progress bar will know of.
    pub(super) fn new(
        mirrors: &'a [String],
        patience: Patience,
        wanted: &[Archive],
        notify: &'a dyn Fn(&str),
    ) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_resolve(Some(patience.connect))
            .timeout_connect(Some(patience.connect))
            .timeout_per_read(Some(patience.stall))
            .timeout_global(Some(patience.whole))
            .user_agent(concat!("unlearn/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self {
            agent,
            mirrors,
            patience,
            notify,
            bar: new_bar(wanted.iter().map(|archive| archive.size).sum()),
            first: 0,
            done: 0,
        }
    }

    /// The file, checked, from the first mirror that has it right.
    pub(super) fn fetch(&mut self, archive: &Archive) -> Result<Vec<u8>> {
        let mut failures = Vec::new();
        for turn in 0..self.mirrors.len() {
            let mirror = (self.first + turn) % self.mirrors.len();
            let url = address(&self.mirrors[mirror], archive.name);
            self.announce(&url, archive);
            match self.attempt(&url, archive) {
                Ok(bytes) => {
                    self.first = mirror;
                    self.done += archive.size;
                    self.bar.set_position(self.done);
                    return Ok(bytes);
                }
                Err(reason) => {
                    let failure = format!("{url} {reason}");
                    self.say(&format!("download failed: {failure}"));
                    failures.push(failure);
                }
            }
        }
        Err(Error::Data(format!(
            "cannot download {}: {}",
            archive.name,
            failures.join("; ")
        )))
    }

    fn attempt(&self, url: &str, archive: &Archive) -> Attempt {
        let mut request = self.agent.get(url);
        // A proxy for the outside world cannot reach this machine's own servers.
        if url.starts_with("http://127.0.0.1") {
            request = request.config().proxy(None).build();
        }
        let explain = |error| explain(&error, self.patience);
        let response = request.call().map_err(explain)?;
        let announced = response.body().content_length();
        let limit = 2 * archive.size;
        let mut body = response.into_body().into_reader().take(limit + 1);
        let mut bytes = Vec::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            match body.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
                Err(error) => {
                    let reason = explain(error.into());
                    return Err(format!("{reason}, after {} bytes", bytes.len()));
                }
            }
            let position = (bytes.len() as u64).min(archive.size);
            self.bar.set_position(self.done + position);
        }
        judge(bytes, announced, limit, archive)
    }

    fn announce(&self, url: &str, archive: &Archive) {
        self.bar.set_message(archive.name);
        if self.bar.is_hidden() {
            let size = DecimalBytes(archive.size);
            self.say(&format!("downloading {url} ({size})"));
        }
    }

    /// Passes a line on without tearing the progress bar apart.
    fn say(&self, line: &str) {
        self.bar.suspend(|| (self.notify)(line));
    }
}

/// Hides itself where the standard error is no terminal, and clears itself away at the end.
fn new_bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes).with_finish(ProgressFinish::AndClear);
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn address(mirror: &str, name: &str) -> String {
    format!("{}/{name}", mirror.trim_end_matches('/'))
}

/// Passes a body on if it is the file.
fn judge(bytes: Vec<u8>, announced: Option<u64>, limit: u64, archive: &Archive) -> Attempt {
    let length = bytes.len() as u64;
    if length > limit {
        return Err(format!("is far too long (more than {limit} bytes)"));
    }
    if let Some(announced) = announced.filter(|&announced| length < announced) {
        return Err(format!("broke off after {length} of {announced} bytes"));
    }
    match archive.fault(&bytes) {
        Some(fault) => Err(fault),
        None => Ok(bytes),
    }
}

/// What went wrong, in words to follow the address.
fn explain(error: &ureq::Error, patience: Patience) -> String {
    use ureq::{Error, Timeout};
    match error {
        Error::StatusCode(404) => "is not there (the server answers 404)".to_owned(),
        Error::StatusCode(code) => format!("was refused (the server answers {code})"),
        Error::HostNotFound => "is on a host whose name cannot be found: offline?".to_owned(),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            format!("gave no connection in {:?}", patience.connect)
        }
        Error::Timeout(Timeout::Global) => format!("was not done in {:?}", patience.whole),
        Error::Timeout(_) => format!("sent nothing for {:?}", patience.stall),
        Error::Io(error) => format!("failed ({error})"),
        other => format!("failed ({other})"),
    }
}
