//! `unlearn completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use unlearn::error::Result;

/// Where each shell looks for its script.
const PLACES: &str = "\
Examples:
  unlearn completions bash > ~/.local/share/bash-completion/completions/unlearn
  unlearn completions zsh > \"${fpath[1]}/_unlearn\"
  unlearn completions fish > ~/.config/fish/completions/unlearn.fish
  unlearn completions powershell >> $PROFILE";

/// The shell.
#[derive(Debug, Args)]
#[command(after_help = PLACES)]
pub(crate) struct Arguments {
    /// Shell to generate the script for
    shell: Shell,
}

/// Prints the completion script for subcommands, flags and their values.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // In memory first: clap_complete panics if it cannot write, as in `| head`.
    let mut script = Vec::new();
    let mut command = super::Cli::command();
    clap_complete::generate(arguments.shell, &mut command, "unlearn", &mut script);
    super::print(String::from_utf8_lossy(&script).trim_end())
}
