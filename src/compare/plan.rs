//! A plan: everything that processes must agree on to share the work of comparisons.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::data::Dataset;
use crate::device::Device;
use crate::engine::{build, digest, hardware};
use crate::error::{Error, Result};
use crate::files;
use crate::tune::Variants;

/// The file of a plan in its folder.
pub const PLAN: &str = "plan.toml";

/// Comparisons to be made, and what their results depend on bit for bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    made_by: Build,
    /// Source of the images.
    pub data: PathBuf,
    /// Identifies their content.
    digest: String,
    /// The device, by a name that lasts.
    pub device: String,
    /// Identifies its kind.
    hardware: String,
    /// Folder with networks to be judged as well.
    models: Option<PathBuf>,
    /// The comparisons.
    comparisons: Vec<Settings>,
}

/// The program that made a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Build {
    version: String,
    build: String,
}

impl Build {
    fn own() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: build().to_owned(),
        }
    }
}

/// What every version of a plan begins with.
#[derive(Deserialize)]
struct Head {
    made_by: Build,
}

impl Plan {
    /// A plan of comparisons with these images on this device, each by the name under which it was
    /// opened.
    pub fn new(
        comparisons: Vec<Settings>,
        (source, data): (&Path, &Dataset),
        (name, device): (&str, &dyn Device),
    ) -> Self {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let models = comparisons.iter().find_map(|c| c.models.as_deref());
        Self {
            made_by: Build::own(),
            data: match source.is_dir() {
                true => absolute(source),
                false => source.to_owned(),
            },
            digest: digest(data),
            device: name.to_owned(),
            hardware: hardware(device),
            models: models.map(absolute),
            comparisons,
        }
    }

    /// Reads the plan in a folder.
    ///
    /// # Errors
    /// `Usage` if there is none, or another program made it; `File` if it cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(PLAN);
        if !path.is_file() {
            return Err(Error::Usage(format!(
                "{} holds no plan: make one with unlearn compare … --plan {0}",
                folder.display()
            )));
        }
        let text = std::fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let damaged = |e: toml::de::Error| {
            Error::Usage(format!(
                "{} is not a plan: {e}Make it again with unlearn compare … --plan {}",
                path.display(),
                folder.display()
            ))
        };
        let Head { made_by } = toml::from_str(&text).map_err(damaged)?;
        let own = Build::own();
        if made_by != own {
            return Err(Error::Usage(format!(
                "{} was made by unlearn {} (build {}), and this is {} (build {}): other builds may compute \
                 other bits. Use one program everywhere, or make the plan again",
                path.display(),
                made_by.version,
                made_by.build,
                own.version,
                own.build
            )));
        }
        toml::from_str(&text).map_err(damaged)
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    /// `File` if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = toml::to_string(self).map_err(|e| Error::Data(e.to_string()))?;
        files::write(&folder.join(PLAN), text.as_bytes())
    }

    /// The comparisons.
    pub fn comparisons(&self) -> Vec<Settings> {
        let of = |settings: &Settings| Settings {
            models: self.models.clone(),
            ..settings.clone()
        };
        self.comparisons.iter().map(of).collect()
    }

    /// The kernels' variants.
    pub fn variants(&self) -> Option<Variants> {
        self.comparisons.first().map(|c| c.variants.clone())
    }

    /// Whether this device computes the same bits as the plan's.
    pub fn is_for(&self, device: &dyn Device) -> bool {
        self.hardware == hardware(device)
    }

    /// Refuses other images and other devices than the plan's.
    ///
    /// # Errors
    /// `Usage`, naming both.
    pub fn check(&self, data: &Dataset, device: &dyn Device) -> Result<()> {
        if self.digest != digest(data) {
            return Err(Error::Usage(format!(
                "the plan is for other images than {}: give every part the same data, or make the plan \
                 again",
                self.data.display()
            )));
        }
        if !self.is_for(device) {
            return Err(Error::Usage(format!(
                "the plan is for {}, and this is {}: other devices compute other bits. Work on devices of \
                 one kind, and make the plan on one of them",
                self.hardware,
                hardware(device)
            )));
        }
        Ok(())
    }
}
