//! Everything to compute on: all networks, their outputs image by image, and the results as a table.
//!
//! A file is complete or absent. `networks/manifest.json` is written last and lists them: while it is
//! there, they all are, and of one comparison.

use std::borrow::Cow;
use std::path::Path;

use safetensors::{Dtype, View, serialize};
use serde::Serialize;

use super::{Comparison, MethodRow, Position, Shown, Value};
use crate::checkpoint;
use crate::engine::Case;
use crate::error::{Error, Result};
use crate::files::{self, Folders};
use crate::methods::Setting;
use crate::metrics::confidence;
use crate::metrics::{About, Observed, Outputs};
use crate::model::Model;
use crate::record::{CLASSES, Classes};

/// Where the networks of a group come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Origin {
    /// Trained on everything.
    Originals,
    /// Trained without what is forgotten.
    Retrained,
    /// The originals after a method or a control.
    Method,
    /// From a file of --models.
    Model,
}

/// A group of networks with all that is known of them.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) origin: Origin,
    /// The method's or the file's name; "originals", "retrained" or "twins".
    pub(super) name: &'a str,
    /// The method's setting.
    pub(super) setting: Option<Setting>,
    /// [networks, model.parameters()].
    pub(super) weights: &'a [f32],
    /// Of each network.
    pub(super) observed: &'a [Observed],
}

/// The folders that an export consists of.
pub(super) const FOLDERS: [&str; 2] = ["networks", "outputs"];

const MANIFEST: &str = "networks/manifest.json";

/// What `manifest.json` says of a group.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    /// The files, relative to the comparison's folder.
    networks: String,
    outputs: String,
    group: Origin,
    name: String,
    setting: Option<Setting>,
    /// The number of networks.
    count: usize,
    #[serde(flatten)]
    case: Case,
}

#[derive(Serialize)]
struct Manifest<'a> {
    version: &'static str,
    /// Widths from the pixels to the logits.
    widths: Vec<u32>,
    /// Names, by label.
    classes: &'a Classes,
    groups: &'a [Entry],
}

/// An export in progress.
pub(super) struct Export<'a> {
    folder: &'a Path,
    model: &'a Model,
    entries: Vec<Entry>,
    cases: usize,
    _made: Vec<Folders>,
}

impl<'a> Export<'a> {
    /// Begins an export into a comparison's folder, in place of an earlier one.
    ///
    /// # Errors
    /// `File` if its folders cannot be made.
    pub(super) fn begin(folder: &'a Path, model: &'a Model) -> Result<Self> {
        let made = FOLDERS.map(|name| Folders::make(&folder.join(name)));
        let old = folder.join(MANIFEST);
        match std::fs::remove_file(&old) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::file("replace", &old)(e));
            }
            _ => {}
        }
        Ok(Self {
            folder,
            model,
            entries: Vec::new(),
            cases: 0,
            _made: made.into_iter().collect::<Result<_>>()?,
        })
    }

    /// Begins the next case.
    pub(super) fn next_case(&mut self) {
        self.cases += 1;
    }

    /// Writes a group of the current case. `images` are the indices of the training images to forget
    /// and to retain that were observed; of the test images, all were.
    ///
    /// # Errors
    /// `File` if a file cannot be written.
    pub(super) fn add(
        &mut self,
        case: &Case,
        images: [&[u32]; 2],
        group: &Group<'_>,
    ) -> Result<()> {
        let file = format!("case{}-{}.safetensors", self.cases, group.name);
        let [networks, outputs] = FOLDERS.map(|folder| format!("{folder}/{file}"));
        let entry = Entry {
            networks,
            outputs,
            group: group.origin,
            name: group.name.to_owned(),
            setting: group.setting,
            count: group.observed.len(),
            case: case.clone(),
        };
        let path = self.folder.join(&entry.networks);
        let note = json(&path, &entry)?;
        checkpoint::save(&path, self.model, group.weights, &note)?;
        let path = self.folder.join(&entry.outputs);
        files::write(&path, &outputs_of(&path, group.observed, images)?)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the manifest.
    ///
    /// # Errors
    /// `File` if it cannot be written.
    pub(super) fn finish(self, classes: &Classes) -> Result<()> {
        let layers = self.model.layers();
        let inputs = layers.iter().map(|layer| layer.inputs);
        let path = self.folder.join(MANIFEST);
        let manifest = Manifest {
            version: env!("CARGO_PKG_VERSION"),
            widths: inputs.chain(layers.last().map(|l| l.outputs)).collect(),
            classes,
            groups: &self.entries,
        };
        files::write(&path, json(&path, &manifest)?.as_bytes())
    }
}

fn json(path: &Path, value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|e| Error::file("encode", path)(e.into()))
}

/// A tensor to be written.
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Tensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        (&self.bytes[..]).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// A network's outputs for a set of images.
type Set = fn(&Observed) -> &Outputs;

/// The content of a file of outputs: for each set of images logits [networks, images, 10], margins
/// [networks, images], and of the images their indices and labels.
fn outputs_of(path: &Path, group: &[Observed], images: [&[u32]; 2]) -> Result<Vec<u8>> {
    let Some(first) = group.first() else {
        return Ok(Vec::new());
    };
    let all: Vec<u32> = (0u32..).take(first.test.labels.len()).collect();
    let sets: [(&str, Set, &[u32]); 3] = [
        ("forget", |network| &network.forget, images[0]),
        ("retain", |network| &network.retain, images[1]),
        ("test", |network| &network.test, &all),
    ];
    let mut tensors = Vec::new();
    for (set, of, images) in sets {
        let count = images.len();
        let logits = group
            .iter()
            .flat_map(|network| of(network).logits.as_flattened());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "kept as precisely as logits"
        )]
        let margin = |(logits, label): (&_, u8)| confidence(logits, label.into()) as f32;
        let margins = group
            .iter()
            .flat_map(|network| of(network).iter().map(margin));
        let mut add = |what: &str, dtype, shape: Vec<usize>, bytes: Vec<u8>| {
            let tensor = Tensor {
                dtype,
                shape,
                bytes,
            };
            tensors.push((format!("{set}.{what}"), tensor));
        };
        let networks = group.len();
        let bytes = logits.flat_map(|z| z.to_le_bytes()).collect();
        add("logits", Dtype::F32, vec![networks, count, CLASSES], bytes);
        let bytes = margins.flat_map(f32::to_le_bytes).collect();
        add("margins", Dtype::F32, vec![networks, count], bytes);
        let bytes = images.iter().flat_map(|i| i.to_le_bytes()).collect();
        add("images", Dtype::U32, vec![count], bytes);
        add("labels", Dtype::U8, vec![count], of(first).labels.clone());
    }
    serialize(tensors, None).map_err(|e| Error::file("encode", path)(std::io::Error::other(e)))
}

/// The columns of `results.csv`.
const COLUMNS: [&str; 17] = [
    "case", "seed", "method", "role", "rate", "strength", "metric", "kind", "about", "mean", "std",
    "effect", "low", "high", "p", "adjusted", "aside",
];

/// Every value and effect of a comparison, as comma-separated values; empty where there is none.
pub fn table(c: &Comparison) -> String {
    let mut rows = Vec::new();
    for case in &c.cases {
        let name = c.settings.name(&case.case);
        for row in &case.methods {
            let values = case.metrics.iter().zip(&row.portrait.values);
            rows.extend(
                values.map(|(metric, value)| line(&name, case.case.seed, row, metric, value)),
            );
        }
    }
    csv(&COLUMNS, &rows)
}

fn line(case: &str, seed: u64, row: &MethodRow, metric: &Shown, value: &Value) -> Vec<String> {
    let number = |x: f64| {
        if x.is_finite() {
            x.to_string()
        } else {
            String::new()
        }
    };
    let setting = [row.setting.rate, row.setting.strength];
    let [rate, strength] = setting.map(|x| {
        if x > 0.0 {
            x.to_string()
        } else {
            String::new()
        }
    });
    let effect = |of: fn(&Position) -> f64| {
        value
            .effect
            .as_ref()
            .map_or(String::new(), |p| number(of(p)))
    };
    vec![
        case.to_owned(),
        seed.to_string(),
        row.method.clone(),
        row.role.name().to_owned(),
        rate,
        strength,
        metric.name.clone(),
        metric.kind.name().to_owned(),
        metric.about.map_or("", About::name).to_owned(),
        number(value.value.mean),
        number(value.value.std),
        effect(|p| p.at.value),
        effect(|p| p.at.low),
        effect(|p| p.at.high),
        effect(|p| p.p),
        effect(|p| p.adjusted),
        effect(|p| p.aside),
    ]
}

/// A table as comma-separated values (RFC 4180).
pub(crate) fn csv(head: &[&str], rows: &[Vec<String>]) -> String {
    let field = |text: &str| match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let line = |cells: Vec<&str>| cells.into_iter().map(field).collect::<Vec<_>>().join(",") + "\n";
    let rows = rows
        .iter()
        .map(|row| line(row.iter().map(String::as_str).collect()));
    line(head.to_vec()) + &rows.collect::<String>()
}

#[cfg(test)]
mod tests;
