//! The flags of `unlearn run`, and the settings that they make.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use unlearn::config::Config;
use unlearn::error::{Error, Result};
use unlearn::run_folder::Claim;

/// Flags; what is not given comes from --config, else from the defaults.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Go on with an interrupted run in its folder, to the same bits; all settings are those of the run
    #[arg(long, value_name = "DIR", exclusive = true, value_parser = crate::cli::path())]
    pub(super) resume: Option<PathBuf>,
    /// Where the images come from: auto ($UNLEARN_DATA, the cache, a checked download, else the
    /// built-in digits), builtin, or a folder with the four idx files, packed or not
    #[arg(long, value_name = "auto|builtin|DIR", value_parser = crate::cli::path())]
    pub(super) data: Option<PathBuf>,
    #[command(flatten)]
    settings: Given,
    /// Gone: it says what took its place
    #[arg(long, hide = true)]
    pub(super) unprotected: bool,
    /// The run folder, which must not exist, or be empty [default: runs/TIME-NAME]
    #[arg(long, value_name = "DIR", value_parser = crate::cli::path())]
    out: Option<PathBuf>,
    /// Measure the kernels' variants on the device again, instead of taking what is remembered
    #[arg(long)]
    pub(super) retune: bool,
    /// Settings to start from: the config.toml of an earlier run
    #[arg(long, value_name = "FILE", value_parser = crate::cli::path())]
    config: Option<PathBuf>,
}

/// The flags that are settings, as they were given.
#[derive(Clone, Debug)]
struct Given(ArgMatches);

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        Ok(Self(matches.clone()))
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
}

impl Args for Given {
    /// Those of `Config`, with the defaults that it has.
    fn augment_args(command: Command) -> Command {
        let command = Config::augment_args(command);
        let usual = crate::cli::runs::fields(&Config::default());
        usual.iter().fold(command, |command, (name, value)| {
            let known = command.get_arguments().any(|a| a.get_id() == name.as_str());
            if !known || value.is_null() {
                return command;
            }
            command.mut_arg(name, |arg| {
                let help = arg.get_help().map(ToString::to_string);
                let value = crate::cli::runs::typed(Some(value));
                arg.help(format!("{} [default: {value}]", help.unwrap_or_default()))
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl Arguments {
    /// Flags over `--config` over defaults.
    pub(super) fn config(&self) -> Result<Config> {
        let mut config = match &self.config {
            None => Config::default(),
            Some(path) => read(path)?,
        };
        let given = &self.settings.0;
        if given.contains_id("device") {
            // Those of a config file are of its own device.
            config.variants.clear();
        }
        let method = given.get_one::<String>("method");
        if method.is_some_and(|method| *method != config.method) {
            // Another method has other defaults.
            (config.unlearn_lr, config.strength) = (None, None);
        }
        config
            .update_from_arg_matches(given)
            .map_err(|e| Error::Usage(e.to_string()))?;
        if let Some(data) = &self.data {
            config.data = data.to_string_lossy().into_owned();
        }
        config.forget.sort_unstable();
        config.forget.dedup();
        Ok(config)
    }

    /// Takes the folder.
    pub(super) fn claim(&self, config: &Config, started: &str) -> Result<Claim> {
        if let Some(out) = &self.out {
            return Claim::new(out);
        }
        let letters = config.name.chars().count();
        if letters > LONGEST_NAME {
            return Err(Error::Usage(format!(
                "--name: {letters} letters are too many for the name of a folder; use up to \
                 {LONGEST_NAME}, or name the folder with --out"
            )));
        }
        let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
        let name: String = config.name.chars().map(plain).collect();
        let time = started.replace([':', 'Z'], "").replace('T', "-");
        Claim::numbered(Path::new("runs"), &format!("{time}-{name}"))
    }
}

/// Letters of a name, so that there is room for the time: file systems take 255 bytes, or fewer.
const LONGEST_NAME: usize = 100;

fn read(path: &Path) -> Result<Config> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        action: "read",
        path: path.to_path_buf(),
        source,
    })?;
    toml::from_str(&text).map_err(|e| {
        Error::Usage(format!(
            "--config {}: not the settings of a run: {e}Take the config.toml of a run folder",
            path.display()
        ))
    })
}
