//! Gets files from mirrors that may be down, slow, or serve something else.

use super::archive::{Archive, Patience};
use super::failure::{Failure, Remedy};
use super::trust;
use crate::error::{Error, Result};
use crate::progress::{self, Pace};
use crate::threads;
use indicatif::{DecimalBytes, ProgressBar, ProgressFinish};
use std::io::Read;
use ureq::tls::TlsConfig;

/// A file, or the reason why a mirror did not yield it.
type Attempt = std::result::Result<Vec<u8>, Failure>;

/// Downloads files, with a progress bar on terminals, and lines elsewhere.
pub(super) struct Downloader<'a> {
    agent: ureq::Agent,
    /// Problems with the system's certificates.
    untrusted: Vec<String>,
    mirrors: &'a [String],
    patience: Patience,
    notify: &'a dyn Fn(&str),
    bar: ProgressBar,
    pace: Pace,
    /// The mirror to try first: the one that yielded the last file.
    first: usize,
    /// Bytes of the files that are finished, for the bar.
    done: u64,
}

impl<'a> Downloader<'a> {
    /// A downloader for `wanted`, the total of its progress bar.
    pub(super) fn new(
        mirrors: &'a [String],
        patience: Patience,
        wanted: &[Archive],
        notify: &'a dyn Fn(&str),
    ) -> Self {
        // ureq runs DNS look-ups with a timeout on a thread, and panics if it cannot spawn one.
        let bounded = threads::another();
        let (roots, untrusted) = trust::trusted();
        let agent = ureq::Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_resolve(bounded.then_some(patience.connect))
            .timeout_connect(Some(patience.connect))
            .timeout_per_read(Some(patience.stall))
            .timeout_global(bounded.then_some(patience.whole))
            .user_agent(concat!("unlearn/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self {
            agent,
            untrusted,
            mirrors,
            patience,
            notify,
            bar: new_bar(wanted.iter().map(|archive| archive.size).sum()),
            pace: Pace::new(),
            first: 0,
            done: 0,
        }
    }

    /// The file, checked, from the first mirror that has it right.
    pub(super) fn fetch(&mut self, archive: &Archive) -> Result<Vec<u8>> {
        let (mut failures, mut remedies) = (Vec::new(), Vec::new());
        for turn in 0..self.mirrors.len() {
            let mirror = (self.first + turn) % self.mirrors.len();
            let url = address(&self.mirrors[mirror], archive.name);
            self.announce(&url, archive);
            match self.attempt(&url, archive) {
                Ok(bytes) => {
                    // Where all fail, the error says why.
                    for (url, reason) in failures {
                        self.say(&format!("download failed: {url} {reason}"));
                    }
                    self.first = mirror;
                    self.done += archive.size;
                    self.bar.set_position(self.done);
                    return Ok(bytes);
                }
                Err(Failure { reason, remedy }) => {
                    failures.push((url, reason));
                    if !remedies.contains(&remedy) {
                        remedies.push(remedy);
                    }
                }
            }
        }
        if remedies.contains(&Remedy::Certificates) {
            // Not part of the error, which may end up in a report: these name folders.
            for fault in &self.untrusted {
                self.say(&format!("certificates: {fault}"));
            }
        }
        let remedies: Vec<_> = remedies.iter().map(ToString::to_string).collect();
        Err(Error::Data(format!(
            "cannot download {}: {}. {}",
            archive.name,
            reasons(&failures),
            remedies.join(". ")
        )))
    }

    fn attempt(&self, url: &str, archive: &Archive) -> Attempt {
        let mut request = self.agent.get(url);
        // A proxy for external hosts cannot reach this machine's own servers.
        let own = ["http://127.0.0.1", "https://127.0.0.1"];
        if own.iter().any(|own| url.starts_with(own)) {
            request = request.config().proxy(None).build();
        }
        let explain = |error| Failure::new(&error, self.patience);
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
                    let mut failure = explain(error.into());
                    failure.reason += &format!(", after {} bytes", bytes.len());
                    return Err(failure);
                }
            }
            let position = (bytes.len() as u64).min(archive.size);
            self.bar.set_position(self.done + position);
            if self.pace.due(&self.bar) {
                self.say(&format!("downloads  {}", progress::words(&self.bar)));
            }
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

    /// Prints a line without garbling the progress bar.
    fn say(&self, line: &str) {
        self.bar.suspend(|| (self.notify)(line));
    }
}

/// Clears the bar when dropped.
fn new_bar(bytes: u64) -> ProgressBar {
    let template = "{wide_bar:.cyan/dim} {bytes}/{total_bytes} {bytes_per_sec}  {msg}";
    progress::bar(bytes, template).with_finish(ProgressFinish::AndClear)
}

/// Where downloads failed and why, each reason once: "at A and B it failed (…); at C it …".
fn reasons(failures: &[(String, String)]) -> String {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for (url, reason) in failures {
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, folders)) => folders.push(folder(url)),
            None => by_reason.push((reason, vec![folder(url)])),
        }
    }
    let said =
        |(reason, folders): &(&str, Vec<&str>)| format!("at {} it {reason}", folders.join(" and "));
    by_reason.iter().map(said).collect::<Vec<_>>().join("; ")
}

/// An address without the file's name.
fn folder(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(folder, _)| folder)
}

fn address(mirror: &str, name: &str) -> String {
    format!("{}/{name}", mirror.trim_end_matches('/'))
}

/// Returns a body if it is the requested file.
fn judge(bytes: Vec<u8>, announced: Option<u64>, limit: u64, archive: &Archive) -> Attempt {
    let length = bytes.len() as u64;
    let fault = if length > limit {
        format!("is far too long (more than {limit} bytes)")
    } else if let Some(announced) = announced.filter(|&announced| length < announced) {
        format!("broke off after {length} of {announced} bytes")
    } else {
        match archive.fault(&bytes) {
            Some(fault) => fault,
            None => return Ok(bytes),
        }
    };
    Err(Failure {
        reason: fault,
        remedy: Remedy::Retry,
    })
}
