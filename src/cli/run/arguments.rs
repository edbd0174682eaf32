//! The flags of `unlearn run`, and how they become settings.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use unlearn::checkpoint::{self, Networks};
use unlearn::config::Config;
use unlearn::error::{Error, Result};
use unlearn::run_folder::Claim;
use unlearn::{data, lists, run_folder};

use super::super::elsewhere;
use super::super::runs::no_run;
use super::name;

/// Flags; missing ones come from --config, else from the defaults.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Resume the interrupted run in this folder with its own settings, to bitwise identical results
    #[arg(long, value_name = "DIR", exclusive = true, value_parser = crate::cli::path())]
    pub(super) resume: Option<PathBuf>,
    /// Source of the images: auto ($UNLEARN_DATA, else the cache, a verified download, or the
    /// built-in digits), builtin, fashion-mnist, kmnist, or a folder with the four idx files, gzipped or
    /// not
    #[arg(long, value_name = "NAME|DIR", value_parser = crate::cli::path())]
    pub(super) data: Option<PathBuf>,
    /// Classes to forget, by number or name, such as 3,5 or Sandal,Bag
    #[arg(long, value_name = "CLASSES")]
    forget: Option<String>,
    /// Unlearn from your own networks instead of training originals: a safetensors file in PyTorch's names
    /// and shapes, one network or several, for pixels divided by 255 (docs/data.md)
    #[arg(long, value_name = "FILE", value_parser = crate::cli::path())]
    from: Option<PathBuf>,
    #[command(flatten)]
    settings: Given,
    /// Removed; the error names its replacement
    #[arg(long, hide = true)]
    pub(super) unprotected: bool,
    /// Run folder; must be empty or not exist [default: runs/TIME-METHOD-CLASSES-seedSEED, or
    /// runs/TIME-NAME with --name]
    #[arg(long, value_name = "DIR", value_parser = crate::cli::path())]
    out: Option<PathBuf>,
    /// Train the learn phase, even if an earlier run beside this one trained the same networks
    #[arg(long)]
    pub(super) fresh: bool,
    /// Measure which kernel variants are fastest on the device, even if the cache knows or the run is short
    #[arg(long)]
    pub(super) retune: bool,
    /// Read settings from the config.toml of an earlier run, or from its folder; other flags override them
    #[arg(long, value_name = "FILE|DIR", value_parser = crate::cli::path())]
    config: Option<PathBuf>,
}

/// The flags that are settings, as given.
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
    /// The flags of `Config`, with its defaults.
    fn augment_args(command: Command) -> Command {
        let command = Config::augment_args(command);
        let usual = crate::cli::runs::fields(&Config::default());
        usual.iter().fold(command, |command, (name, value)| {
            let known = command.get_arguments().any(|a| a.get_id() == name.as_str());
            // A run without a name is named by other settings.
            if !known || value.is_null() || name == "name" {
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
            // Variants in a config file belong to its own device.
            config.variants.clear();
        }
        let method = given.get_one::<String>("method");
        if method.is_some_and(|method| *method != config.method) {
            // Another method has other defaults.
            (config.unlearn_lr, config.strength) = (None, None);
            config.method_file = None;
        }
        config
            .update_from_arg_matches(given)
            .map_err(|e| Error::Usage(e.to_string()))?;
        config.read_method()?;
        if let Some(data) = &self.data {
            config.data = data.to_string_lossy().into_owned();
        }
        if let Some(text) = &self.forget {
            let source = self.data.as_deref().unwrap_or(Path::new(&config.data));
            let classes = lists::classes(text, &data::classes(source)?);
            config.forget = classes.map_err(|e| Error::Usage(format!("--forget {text}: {e}")))?;
        }
        config.forget.sort_unstable();
        config.forget.dedup();
        Ok(config)
    }

    /// The networks of --from, if any; their number and their hidden layers become settings.
    pub(super) fn networks(&self, config: &mut Config) -> Result<Option<Networks>> {
        let named = config.from.as_deref().map(Path::new);
        let Some(path) = self.from.as_deref().or(named) else {
            return Ok(None);
        };
        let networks = checkpoint::load(path)?;
        let Networks { hidden, count, .. } = &networks;
        let contradicts = |flag: &str, given: bool, what: String| match given
            && self.settings.0.contains_id(flag)
        {
            false => Ok(()),
            true => Err(Error::Usage(format!(
                "--{flag} contradicts --from {}, which holds {what}: leave it out",
                path.display()
            ))),
        };
        contradicts(
            "hidden",
            *hidden != config.hidden,
            format!("hidden layers of {hidden:?}"),
        )?;
        contradicts(
            "learners",
            *count != config.learners,
            format!("{count} networks"),
        )?;
        config.from = Some(
            std::path::absolute(path)
                .unwrap_or_else(|_| path.to_owned())
                .to_string_lossy()
                .into_owned(),
        );
        (config.hidden, config.learners) = (hidden.clone(), *count);
        Ok(Some(networks))
    }

    /// Claims the run folder.
    pub(super) fn claim(&self, config: &Config, started: &str) -> Result<Claim> {
        if let Some(out) = &self.out {
            return Claim::new(out).map_err(elsewhere);
        }
        let source = self.data.as_deref().unwrap_or(Path::new(&config.data));
        let name = name::of(config, &data::classes(source)?)?;
        let time = started.replace(':', "-").replace('Z', "");
        Claim::numbered(Path::new("runs"), &format!("{time}-{name}")).map_err(elsewhere)
    }
}

/// The settings in a file, or in a run's folder.
fn read(path: &Path) -> Result<Config> {
    let path = &match path.is_dir() {
        true => path.join(run_folder::CONFIG),
        false => path.to_owned(),
    };
    if !path.exists() {
        return Err(no_run(path));
    }
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        action: "read",
        path: path.clone(),
        source,
    })?;
    toml::from_str(&text).map_err(|e| {
        Error::Usage(format!(
            "--config {}: not the settings of a run: {e}Take the config.toml of a run folder",
            path.display()
        ))
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// The settings of a command, as a shell takes it apart.
    fn parsed(command: &str) -> Config {
        let words = command.strip_prefix("unlearn run").unwrap();
        let script = format!("printf '%s\\n' unlearn {words}");
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .output();
        let words = String::from_utf8(output.unwrap().stdout).unwrap();
        Only::parse_from(words.lines()).arguments.config().unwrap()
    }

    #[test]
    fn the_command_of_a_report_has_the_settings_of_its_run() {
        let usual = Config::default();
        let other = Config {
            name: "-it's \"$HOME\" `x` ü;*".to_owned(),
            data: "builtin".to_owned(),
            device: "0: llvmpipe (LLVM 15)".to_owned(),
            learners: 3,
            hidden: vec![20, 30],
            forget: vec![0, 9],
            seed: u64::MAX,
            batch: 20,
            lr: 0.1 + 0.2,
            momentum: 0.9,
            weight_decay: 1e-5,
            epochs: 0.3,
            unlearn_epochs: 0.0,
            method: "scrub".to_owned(),
            unlearn_lr: Some(1e-7),
            strength: Some(0.25),
            relearn_epochs: 2.5,
            evaluations: 7,
            ..Config::default()
        };
        let mut resolved = Config {
            method: "neggrad-plus".to_owned(),
            ..Config::default()
        };
        resolved.unlearn_lr = Some(resolved.unlearn_rate());
        resolved.strength = Some(resolved.setting().strength);
        for config in [usual, other, resolved] {
            let mut found = parsed(&config.command());
            // What the command leaves out is what the method has by itself.
            found.unlearn_lr = config.unlearn_lr.and(Some(found.unlearn_rate()));
            found.strength = config.strength.and(Some(found.setting().strength));
            assert_eq!(found, config, "{}", config.command());
        }
    }
}
