//! The real binary, `completions`: a script for every shell, with every subcommand in it.

mod common;

use common::{stderr, unlearn};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// What `unlearn --help` lists, but for `help` itself.
fn subcommands() -> Vec<String> {
    let output = unlearn(&["--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let listed = text.split("Commands:\n").nth(1).unwrap();
    let listed = listed.split("\n\n").next().unwrap();
    // A name stands two columns in; the lines on which its text goes on, further.
    let names = listed.lines().filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

#[test]
fn every_shell_gets_a_script_that_names_every_subcommand() {
    let subcommands = subcommands();
    for name in ["run", "compare", "completions"] {
        assert!(subcommands.iter().any(|s| s == name), "{subcommands:?}");
    }
    for shell in SHELLS {
        let output = unlearn(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(output.stderr.is_empty(), "{}", stderr(&output));
        let script = String::from_utf8(output.stdout).unwrap();
        let words: Vec<&str> = script
            .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
            .collect();
        for name in &subcommands {
            assert!(words.contains(&name.as_str()), "{shell}: {name}");
        }
        assert!(script.contains("learners"), "{shell}: flags of `run`");
    }
}

#[test]
fn what_is_no_shell_is_refused() {
    for arguments in [&["completions"][..], &["completions", "tcsh"]] {
        let output = unlearn(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    let said = stderr(&unlearn(&["completions", "tcsh"]));
    for shell in SHELLS {
        assert!(said.contains(shell), "{said}");
    }
}
