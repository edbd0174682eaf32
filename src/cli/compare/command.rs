//! The command that makes a comparison again.

use clap::{Args, Command, ValueEnum};

use unlearn::data::Dataset;
use unlearn::shell::quoted;

use super::Arguments;

impl Arguments {
    /// The command: flags that have their defaults are left out, and so is the folder, on which no result
    /// depends. Reports are shared, so that folders of one's own are `FOLDER`, and files lose theirs.
    pub(super) fn command(&self, data: &Dataset) -> String {
        let known = Self::augment_args(Command::new("compare"));
        let is_default = |name: &str, value: &str| {
            let mut own = known
                .get_arguments()
                .filter(|arg| arg.get_long() == Some(name));
            own.next().is_some_and(|arg| {
                let values = arg.get_default_values().iter();
                let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
                values.join(",") == value
            })
        };
        let mut words = vec!["unlearn".to_owned(), "compare".to_owned()];
        for (name, value) in self.flags(data) {
            if !is_default(name, &value) {
                words.push(format!("--{name}"));
                words.push(quoted(&value));
            }
        }
        if self.settings.export {
            words.push("--export".to_owned());
        }
        words.join(" ")
    }

    /// All flags with a value, and what would be its text.
    fn flags(&self, data: &Dataset) -> Vec<(&'static str, String)> {
        let s = &self.settings;
        let pick = s.pick.to_possible_value();
        let data = match data.folder() {
            Some(_) => FOLDER.to_owned(),
            None => self.data.to_string_lossy().into_owned(),
        };
        let methods: Vec<_> = s.methods.iter().map(|name| without_folder(name)).collect();
        let mut flags = Vec::new();
        match self.forget_samples {
            Some(count) => flags.push(("forget-samples", count.to_string())),
            None => flags.push(("forget", self.forget.clone())),
        }
        flags.extend(pick.map(|pick| ("pick", pick.get_name().to_owned())));
        flags.extend([
            ("methods", methods.join(",")),
            ("data", data),
            ("device", s.device.clone()),
            ("learners", s.learners.to_string()),
            ("retrained", s.retrained.to_string()),
            ("hidden", listed(&s.hidden)),
            ("epochs", s.epochs.to_string()),
            ("lr", s.lr.to_string()),
            ("batch", s.batch.to_string()),
            ("budgets", listed(&s.budgets)),
            ("seeds", listed(&s.seeds)),
        ]);
        flags.extend(self.budget.map(|steps| ("budget", steps.to_string())));
        let models = self.models.iter().map(|_| FOLDER.to_owned());
        flags.extend(models.map(|models| ("models", models)));
        flags
    }
}

/// In place of a folder that reports do not name.
pub(super) const FOLDER: &str = "FOLDER";

/// A method's name, or that of its file.
fn without_folder(method: &str) -> String {
    let name = std::path::Path::new(method).file_name();
    name.map_or(method.to_owned(), |name| {
        name.to_string_lossy().into_owned()
    })
}

fn listed<T: ToString>(all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(",")
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;
    use unlearn::data::builtin;
    use unlearn::record::{Classes, DataRecord};

    use super::*;

    /// Images that `--data` found here.
    fn data(source: &str) -> Dataset {
        let images = || builtin::train(1).into();
        Dataset {
            train: images(),
            test: images(),
            record: DataRecord {
                classes: Classes::default(),
                name: "digits".to_owned(),
                sha256: None,
                warning: None,
                train: 1,
                test: 1,
            },
            source: source.into(),
        }
    }

    fn parsed(words: &[String]) -> Arguments {
        let command = Arguments::augment_args(Command::new("unlearn").no_binary_name(true));
        Arguments::from_arg_matches(&command.get_matches_from(words)).unwrap()
    }

    /// The words of a command line without quotes within words.
    fn words(line: &str) -> Vec<String> {
        let parts = line.split('\'').enumerate();
        let words = parts.flat_map(|(number, part)| match number % 2 {
            0 => part.split(' ').map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn the_command_makes_the_same_comparison_again() {
        for (given, said) in [
            ("", ""),
            ("--seed 1 --epochs 5 --out there", ""),
            ("--forget each --seeds 2,1", "--forget each --seeds 2,1"),
            (
                "--data fashion-mnist --forget 'Ankle boot' --device 1 --budget 9 --export",
                "--forget 'Ankle boot' --data fashion-mnist --device 1 --budget 9 --export",
            ),
            (
                "--forget-samples 500 --pick memorised --methods scrub,uniform --learners 4 --retrained 8 \
                 --hidden 16 --epochs .5 --lr .05 --batch 32 --budgets .5,1 --models FOLDER",
                "--forget-samples 500 --pick memorised --methods scrub,uniform --learners 4 --retrained 8 \
                 --hidden 16 --epochs 0.5 --lr 0.05 --batch 32 --budgets 0.5,1 --models FOLDER",
            ),
        ] {
            let arguments = parsed(&words(given));
            let command = arguments.command(&data("auto"));
            assert_eq!(command, format!("unlearn compare {said}").trim_end());
            let again = parsed(&words(&command)[2..]);
            let whole = |a: &Arguments| (a.settings(900), a.data.clone(), a.models.clone());
            let (one, other) = (whole(&arguments), whole(&again));
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
    }

    #[test]
    fn no_folder_is_named() {
        let here = env!("CARGO_MANIFEST_DIR");
        let given = [
            "--data",
            here,
            "--models",
            here,
            "--methods",
            "scrub,mine/own.toml",
        ];
        let arguments = parsed(&given.map(str::to_owned));
        let said = "unlearn compare --methods scrub,own.toml --data FOLDER --models FOLDER";
        assert_eq!(arguments.command(&data(here)), said);
    }

    /// A flag that the command does not know would be lost.
    #[test]
    fn the_command_knows_all_flags() {
        let flags = ["--forget-samples", "50", "--budget", "9", "--models", "m"];
        let all = [&[][..], &flags].map(|some: &[&str]| {
            let words: Vec<String> = some.iter().map(|word| (*word).to_owned()).collect();
            parsed(&words).flags(&data("auto"))
        });
        let known = |name: &str| all.iter().flatten().any(|(own, _)| *own == name);
        let command = Arguments::augment_args(Command::new("compare"));
        for name in command.get_arguments().filter_map(|arg| arg.get_long()) {
            let elsewhere = ["out", "plan", "export"].contains(&name);
            assert!(elsewhere || known(name), "{name}");
        }
    }
}
