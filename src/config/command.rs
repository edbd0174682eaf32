//! The command that repeats a run.

use serde_json::Value;

use super::Config;
use crate::shell::quoted;
use crate::tune::Variants;

impl Config {
    /// The command with these settings, quoted for a shell: only flags that are not at their default, or at the
    /// method's usual value. No flag names the variants of kernels, which `--config` repeats too.
    pub fn command(&self) -> String {
        let given = self.given();
        let usual = flags(&Self::default());
        let mut words = vec!["unlearn run".to_owned()];
        for flag in flags(&given).iter().filter(|flag| !usual.contains(flag)) {
            let (name, value) = flag;
            // What begins with a dash would be taken for a flag.
            let between = if value.starts_with('-') { '=' } else { ' ' };
            let name = name.replace('_', "-");
            words.push(format!("--{name}{between}{}", quoted(value)));
        }
        words.join(" ")
    }

    /// Without what follows from other settings.
    fn given(&self) -> Self {
        let mut given = self.clone();
        (given.unlearn_lr, given.strength) = (None, None);
        // The rate and the strength that the method would have by itself.
        let own = (given.unlearn_rate(), given.setting().strength);
        let differs = |value: Option<f64>, own: f64| value.filter(|value| *value != own);
        given.unlearn_lr = differs(self.unlearn_lr, own.0);
        given.strength = differs(self.strength, own.1);
        if let Some(file) = self.method_file {
            given.method = format!("{}.toml", file.method().name());
        }
        (given.method_file, given.variants) = (None, Variants::new());
        if self.from.is_some() {
            // The file's networks have them.
            let usual = Self::default();
            (given.hidden, given.learners) = (usual.hidden, usual.learners);
        }
        given
    }
}

/// All settings that have a value, as flags.
fn flags(config: &Config) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::to_value(config) else {
        return Vec::new();
    };
    let typed = |(name, value): (String, Value)| Some((name, typed(&value)?));
    fields.into_iter().filter_map(typed).collect()
}

/// A value as typed on the command line.
fn typed(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().filter_map(typed).collect();
            all.join(",")
        }
        // Large integers are not exact in 64-bit floats.
        Value::Number(n) if n.is_f64() => n.as_f64()?.to_string(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_of_ones_own_are_flags() {
        assert_eq!(Config::default().command(), "unlearn run");
        let mut config = Config {
            name: "it's mine".to_owned(),
            forget: vec![3, 5],
            epochs: 0.5,
            lr: 0.05,
            unlearn_lr: Some(0.05),
            seed: u64::MAX,
            ..Config::default()
        };
        let uniform = r"unlearn run --epochs 0.5 --forget 3,5 --lr 0.05 --name 'it'\''s mine' --seed 18446744073709551615";
        assert_eq!(config.command(), uniform);
        config.method = "scrub".to_owned();
        let scrub = config.command();
        assert!(scrub.contains(" --method scrub ") && scrub.contains(" --unlearn-lr 0.05"));
        config.unlearn_lr = None;
        config.unlearn_lr = Some(config.unlearn_rate());
        config.strength = Some(config.setting().strength);
        let usual = config.command();
        assert!(!usual.contains("--unlearn-lr") && !usual.contains("--strength"));
    }
}
