//! `unlearn page`.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use clap::Args;
use unlearn::config::Config;
use unlearn::error::Result;
use unlearn::page::{self, Server, Site};
use unlearn::progress::Progress;
use unlearn::{data, lists};

use super::progress::Counter;
use super::signals::Signals;
use super::text::note;

/// What the page has, and where it goes.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Write the page into this folder: a new or empty one, or one with an earlier page, which it replaces.
    /// Any server of files can show it
    #[arg(long, value_name = "DIR", value_parser = super::path(), required_unless_present = "serve")]
    out: Option<PathBuf>,
    /// Show the page at this port of 127.0.0.1, until Ctrl-C
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8000")]
    serve: Option<u16>,
    /// Source of the images, as for `unlearn run`, all of which become part of the page [default: the first
    /// 10,000 of the built-in digits, and 2,000 to test on]
    #[arg(long, value_name = "NAME|DIR", value_parser = super::path())]
    data: Option<PathBuf>,
    /// Networks per arm that the page offers
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = lists::entry::<usize>, default_value = "1,4,8")]
    learners: Vec<usize>,
}

/// Makes the page, writes it, and serves it.
pub(crate) fn run(arguments: &Arguments, signals: &OnceCell<Signals>) -> Result<()> {
    // What is cheap to refuse is refused first.
    let server = arguments.serve.map(Server::bind).transpose()?;
    arguments.out.as_deref().map_or(Ok(()), page::claim)?;
    let signals = Signals::catch(signals)?;
    let data = match &arguments.data {
        None => page::digits(),
        Some(source) => data::load(source, &|text| note(text))?,
    };
    let mut learners = arguments.learners.clone();
    learners.sort_unstable();
    learners.dedup();
    let usual = Config::default();
    let config = Config {
        learners: match learners.contains(&usual.learners) {
            true => usual.learners,
            false => learners.first().copied().unwrap_or_default(),
        },
        ..usual
    };
    let mut shown = Shown {
        counter: Counter::new(),
        signals: signals.clone(),
    };
    let site = page::site(&config, &data, &learners, &mut shown)?;
    shown.counter.end();
    if let Some(folder) = &arguments.out {
        page::write(&site, folder)?;
        note(&summary(&site, folder));
    }
    if let Some(server) = server {
        note(&format!("page     {} (Ctrl-C ends it)", server.address()));
        server.serve(&site, &|| signals.came());
    }
    Ok(())
}

fn summary(site: &Site, folder: &Path) -> String {
    let bytes: usize = site.values().map(Vec::len).sum();
    format!(
        "page     {}: {} files, {}. Give it to a server, or show it with --serve: from files, browsers let \
         no page compute",
        folder.display(),
        site.len(),
        indicatif::DecimalBytes(bytes as u64)
    )
}

/// Shows progress, and stops at a signal.
struct Shown {
    counter: Counter,
    signals: Signals,
}

impl Progress for Shown {
    fn begin(&mut self, what: &str, units: u64) {
        self.counter.begin(what, units);
    }

    fn advance(&mut self, units: u64) {
        self.counter.advance(units);
    }

    fn stopped(&self) -> bool {
        self.signals.came()
    }
}
