//! `unlearn page`: a static site whose browser trains, forgets and checks.
//!
//! A browser has no host that decides which phase follows and which networks start from which. So those
//! decisions are data: a device that only writes takes part in a run, and the page plays what it wrote. The
//! player knows buffers, dispatches, copies, repeats and read-backs, and nothing of networks. `docs/page.md`
//! describes the formats.

mod bench;
mod catalogue;
mod files;
mod look;
mod runs;
mod serve;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::Value;

use crate::check::cases::cases;
use crate::config::Config;
use crate::data::{self, Dataset};
use crate::device::script::{Blobs, gzip};
use crate::error::{Error, Result};
use crate::methods::METHODS;
use crate::model::Model;
use crate::progress::Progress;
use catalogue::Sizes;

pub use files::{claim, write};
pub use serve::Server;

/// The built-in digits that a page has, to train and to test on: a megabyte and a half.
const DIGITS: (usize, usize) = (10_000, 2_000);
/// Populations whose steps the page times.
const BENCHED: [u32; 3] = [1, 8, 64];

/// A site: the content of each file by its path.
pub type Site = BTreeMap<String, Vec<u8>>;

/// The digits that a page has by itself.
#[must_use]
pub fn digits() -> Dataset {
    data::small(DIGITS.0, DIGITS.1)
}

/// What a page offers to run.
pub(crate) struct Offer<'a> {
    config: &'a Config,
    data: &'a Dataset,
    learners: &'a [usize],
    model: Model,
}

impl Offer<'_> {
    fn most(&self) -> usize {
        self.learners.iter().copied().max().unwrap_or(1)
    }

    fn run(&self, forget: u8, method: &str, learners: usize) -> Config {
        Config {
            forget: vec![forget],
            method: method.to_owned(),
            learners,
            ..self.config.clone()
        }
    }
}

/// The site that trains on `data` with the settings of `config`, for every class to forget, every method
/// that needs no host, and each of these numbers of learners; the defaults of the page are those of `config`.
///
/// # Errors
/// `Usage` if the settings do not fit the data, or the method of `config` needs a host; `Interrupted` if
/// `progress` says so.
pub fn site(
    config: &Config,
    data: &Dataset,
    learners: &[usize],
    progress: &mut dyn Progress,
) -> Result<Site> {
    config.check()?;
    let most = learners.iter().copied().max().unwrap_or_default();
    if most > catalogue::DEGREES + 1 {
        return Err(Error::Usage(format!(
            "--learners {most}: a page offers up to {} networks per arm",
            catalogue::DEGREES + 1
        )));
    }
    let offer = Offer {
        config,
        data,
        learners,
        model: Model::new(&config.hidden)?,
    };
    let blobs = Blobs::default();
    // The default must work; the others are what else does.
    let usual = runs::script(config, data, &blobs)?;
    let size = blobs.size_of(&usual);
    let methods = methods(&offer, &blobs);
    let mut site = Site::new();
    scripts(&offer, &methods, &blobs, &mut site, progress)?;
    progress.begin("check", 1);
    let cases = cases(&blobs)?;
    let words = gzip(bytemuck::cast_slice(&cases.words));
    let sizes = Sizes {
        data: size,
        check: words.len(),
        cases: cases.cases.len(),
    };
    site.insert("check.json.gz".to_owned(), packed(&cases)?);
    site.insert("check.bin.gz".to_owned(), words);
    let steps = bench::steps(data, &BENCHED, &blobs)?;
    site.insert("bench.json.gz".to_owned(), packed(&steps)?);
    site.insert(
        "look.json.gz".to_owned(),
        packed(&look::script(&offer, &blobs)?)?,
    );
    let catalogue = catalogue::catalogue(&offer, &methods, &sizes);
    site.insert("program.json".to_owned(), json(&catalogue)?);
    let shaders = catalogue::shaders();
    site.extend(shaders.map(|(path, text)| (path, text.into_bytes())));
    site.extend(files::pages());
    let blobs = blobs.packed().into_iter();
    site.extend(blobs.map(|(name, bytes)| (format!("blobs/{name}.gz"), bytes)));
    progress.advance(1);
    Ok(site)
}

/// The methods whose runs can be written down, by trying: a part of a method may have no steps in a short run.
fn methods(offer: &Offer<'_>, blobs: &Blobs) -> Vec<&'static str> {
    let tried = METHODS.iter().map(|method| method.name()).filter(|name| {
        let config = offer.run(offer.config.forget[0], name, 1);
        runs::script(&config, offer.data, blobs).is_ok()
    });
    tried.collect()
}

fn scripts(
    offer: &Offer<'_>,
    methods: &[&str],
    blobs: &Blobs,
    site: &mut Site,
    progress: &mut dyn Progress,
) -> Result<()> {
    let classes = u8::try_from(offer.data.record.classes.count()).unwrap_or(u8::MAX);
    progress.begin("runs", (usize::from(classes) * methods.len()) as u64);
    for forget in 0..classes {
        for method in methods {
            if progress.stopped() {
                return Err(Error::Interrupted);
            }
            let written = offer.learners.par_iter().map(|&learners| {
                let config = offer.run(forget, method, learners);
                let script = runs::script(&config, offer.data, blobs)?;
                let path = format!("runs/{forget}-{method}-{learners}.json.gz");
                Ok((path, packed(&script)?))
            });
            site.extend(written.collect::<Result<Vec<_>>>()?);
            progress.advance(1);
        }
    }
    Ok(())
}

fn json(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(unusable)
}

fn packed(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    Ok(gzip(&serde_json::to_vec(value).map_err(unusable)?))
}

fn unusable(error: serde_json::Error) -> Error {
    Error::Data(format!("the page cannot be written as JSON: {error}"))
}
