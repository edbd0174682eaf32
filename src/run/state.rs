//! The state from which a run resumes: the weights, velocities and clocks of all learners at a
//! step, and the run's results so far. It is a single safetensors file, so that it is complete or
//! absent.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

use safetensors::{Dtype, SafeTensors, View, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Past, Run, Stopwatch, Underway};
use crate::config::Config;
use crate::engine::{Crew, CrewState, Weights};
use crate::error::{Error, Result};
use crate::files::hex;
use crate::kernels::Clock;
use crate::record::{DataRecord, DeviceRecord, Outcome, Phase};
use crate::run_record::RunRecord;
use crate::verdict::verdict;

/// A run's state.
#[derive(Clone, Debug)]
pub struct State {
    header: Header,
    originals: Rc<Weights>,
    crews: Vec<CrewState>,
}

/// Everything but the large arrays.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    /// What else the bits depend on: build, data, device.
    origin: String,
    /// The settings.
    config: String,
    started: String,
    /// What the run began on, and with.
    device: DeviceRecord,
    data: DataRecord,
    phase: Phase,
    evaluated: Option<u32>,
    points: usize,
    outcomes: Vec<Outcome>,
    seconds: BTreeMap<String, f64>,
    /// Seconds of the run and of its phase so far.
    elapsed: [f64; 2],
    /// The run that the learn phase was a part of, if not this one.
    #[serde(default)]
    reused: Option<String>,
    /// By crew: its step, number of tracks, and whether it is edited.
    crews: Vec<(u32, usize, bool)>,
}

/// An array in the file.
struct Tensor<'a> {
    dtype: Dtype,
    shape: [usize; 1],
    bytes: &'a [u8],
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.bytes.into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

const ORIGINALS: &str = "originals";

/// The name of a track's weights.
fn weights(crew: usize, track: usize) -> String {
    format!("crew{crew}.track{track}")
}

/// The names of the clocks and velocities of a crew.
fn population(crew: usize) -> [String; 2] {
    [format!("crew{crew}.clocks"), format!("crew{crew}.velocity")]
}

impl State {
    /// The current phase.
    pub fn phase(&self) -> Phase {
        self.header.phase
    }

    /// Steps of this phase that all arms have taken.
    pub fn step(&self) -> u32 {
        let steps = self.crews.iter().map(|crew| crew.step);
        steps.min().unwrap_or(0)
    }

    /// Evaluation points so far, in the order reported to the observer.
    pub fn points(&self) -> usize {
        self.header.points
    }

    /// The outcomes of earlier phases.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.header.outcomes
    }

    /// What an unfinished run has found so far, as far as the phases that ended say; without its points.
    pub fn record(&self, config: &Config) -> RunRecord {
        let Header { data, outcomes, .. } = &self.header;
        let (phase, step) = (self.phase().name(), self.step());
        RunRecord {
            version: String::new(),
            started: self.header.started.clone(),
            device: self.header.device.clone(),
            seconds: self.header.seconds.clone(),
            points: Vec::new(),
            verdict: verdict(config, &data.classes, outcomes),
            outcomes: outcomes.clone(),
            inside: None,
            learning: None,
            reused: self.header.reused.clone(),
            incomplete: Some(format!(
                "Interrupted in the {phase} phase after step {step}"
            )),
            data: data.clone(),
            config: config.reported(),
        }
    }

    /// The phase, and the steps of it that are done, of the state in a file.
    pub fn place(path: &Path) -> Option<(Phase, u32)> {
        let mut file = File::open(path).ok()?;
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let mut start = Vec::new();
        let length = u64::from_le_bytes(length);
        file.take(length).read_to_end(&mut start).ok()?;
        let start: Start = serde_json::from_slice(&start).ok()?;
        let header: Header = serde_json::from_str(start.notes.get(NOTE)?).ok()?;
        let step = header.crews.iter().map(|(step, ..)| *step).min()?;
        Some((header.phase, step))
    }

    /// The file's content.
    ///
    /// # Errors
    /// `Data` if it cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut tensors = Vec::new();
        let mut add = |name: String, dtype, bytes| {
            let shape = [<[u8]>::len(bytes) / 4];
            let tensor = Tensor {
                dtype,
                shape,
                bytes,
            };
            tensors.push((name, tensor));
        };
        let originals = bytemuck::cast_slice(&self.originals[..]);
        add(ORIGINALS.to_owned(), Dtype::F32, originals);
        for (number, crew) in self.crews.iter().enumerate() {
            for (track, own) in crew.weights.iter().enumerate() {
                add(
                    weights(number, track),
                    Dtype::F32,
                    bytemuck::cast_slice(own),
                );
            }
            let [clocks, velocity] = population(number);
            add(clocks, Dtype::U32, bytemuck::cast_slice(&crew.clocks));
            add(velocity, Dtype::F32, bytemuck::cast_slice(&crew.velocity));
        }
        let header = serde_json::to_string(&self.header).map_err(unusable)?;
        let digest = digest(
            &header,
            tensors.iter().map(|(name, t)| (name.as_str(), t.bytes)),
        );
        let notes = HashMap::from([(NOTE.to_owned(), header), (DIGEST.to_owned(), digest)]);
        serialize(tensors, Some(notes)).map_err(unusable)
    }

    /// Parses the output of `to_bytes`.
    ///
    /// # Errors
    /// `Data` if it is invalid.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unusable)?;
        let notes = metadata.metadata().as_ref();
        let note = |name| {
            notes
                .and_then(|notes| notes.get(name))
                .map_or("", String::as_str)
        };
        let file = SafeTensors::deserialize(bytes).map_err(unusable)?;
        let tensors = file.tensors();
        let parts = tensors.iter().map(|(name, t)| (name.as_str(), t.data()));
        if digest(note(NOTE), parts) != note(DIGEST) {
            return Err(unusable("it is damaged"));
        }
        let header: Header = serde_json::from_str(note(NOTE)).map_err(unusable)?;
        let words = |name: &str| -> Result<Vec<u32>> {
            let tensor = file.tensor(name).map_err(unusable)?;
            let words = tensor.data().as_chunks::<4>().0.iter();
            Ok(words.map(|b| u32::from_le_bytes(*b)).collect())
        };
        let floats = |name: &str| -> Result<Weights> {
            Ok(words(name)?.into_iter().map(f32::from_bits).collect())
        };
        let mut crews = Vec::new();
        for (number, &(step, tracks, edited)) in header.crews.iter().enumerate() {
            let [clocks, velocity] = population(number);
            let tracks = (0..tracks).map(|track| floats(&weights(number, track)));
            crews.push(CrewState {
                step,
                weights: tracks.collect::<Result<_>>()?,
                clocks: words(&clocks)?
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|words| bytemuck::cast::<[u32; 4], Clock>(*words))
                    .collect(),
                velocity: floats(&velocity)?,
                edited,
            });
        }
        Ok(Self {
            originals: floats(ORIGINALS)?.into(),
            crews,
            header,
        })
    }
}

/// The keys in the file's metadata of the header, and of the digest of everything.
const NOTE: &str = "unlearn";
const DIGEST: &str = "sha256";

/// The start of a safetensors file, as far as `State::place` needs it.
#[derive(Deserialize)]
struct Start {
    #[serde(rename = "__metadata__")]
    notes: HashMap<String, String>,
}

/// The SHA-256 of a header and of arrays in the order of their names.
fn digest<'a>(header: &str, arrays: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut arrays: Vec<_> = arrays.collect();
    arrays.sort_by_key(|(name, _)| *name);
    let mut hash = Sha256::new();
    hash.update(header);
    for (name, bytes) in arrays {
        hash.update(name);
        hash.update(bytes);
    }
    hex(&hash.finalize())
}

fn unusable(error: impl std::fmt::Display) -> Error {
    Error::Data(format!("not the state of a run: {error}"))
}

impl Run<'_> {
    /// The state from which the run could resume.
    pub(super) fn state(&self, now: &Underway<'_>) -> Result<State> {
        let states = now.crews.iter().map(|crew| crew.state());
        let crews: Vec<CrewState> = states.collect::<Result<_>>()?;
        let past = &now.past;
        Ok(State {
            originals: now.originals.clone(),
            header: Header {
                origin: self.engine.origin.clone(),
                config: self.settings(),
                started: past.started.clone(),
                device: past.device.clone(),
                data: past.data.clone(),
                phase: now.phase,
                evaluated: now.evaluated,
                points: past.points,
                outcomes: past.outcomes.clone(),
                seconds: past.seconds.clone(),
                elapsed: [past.watch.seconds(), now.own.seconds()],
                reused: past.reused.clone(),
                crews: crews
                    .iter()
                    .map(|crew| (crew.step, crew.weights.len(), crew.edited))
                    .collect(),
            },
            crews,
        })
    }

    /// The settings that the bits depend on, as text.
    fn settings(&self) -> String {
        format!("{:?}", self.config)
    }

    /// The point at which this state was saved.
    pub(super) fn resume(&self, state: State) -> Result<Underway<'_>> {
        let State {
            header,
            originals,
            mut crews,
        } = state;
        let differs = match (
            header.origin == self.engine.origin,
            header.config == self.settings(),
        ) {
            (true, true) => None,
            (false, _) => Some("another build of unlearn, other data, or another device"),
            (true, false) => {
                Some("other settings, or another method_file, than config.toml has now")
            }
        };
        if let Some(what) = differs {
            return Err(Error::Usage(format!(
                "it was started with {what}, so the results would differ"
            )));
        }
        let take = |crew: &mut CrewState| std::mem::take(&mut crew.weights);
        let tracks: Vec<usize> = crews.iter().map(|crew| crew.weights.len()).collect();
        let weights: Vec<Weights> = crews.iter_mut().flat_map(take).collect();
        let arm = self.config.learners * self.engine.size();
        let begun = match header.phase {
            Phase::Unlearn => arm,
            Phase::Learn | Phase::Relearn => 0,
        };
        let whole = weights.len() == self.members(header.phase).len()
            && weights.iter().all(|weights| weights.len() == arm)
            && originals.len() == begun;
        if !whole {
            return Err(unusable("it lacks weights"));
        }
        let past = Past {
            started: header.started,
            device: header.device,
            data: header.data,
            points: header.points,
            outcomes: header.outcomes,
            seconds: header.seconds,
            watch: Stopwatch::from(header.elapsed[0]),
            reused: header.reused,
        };
        let mut now = self.arrange(header.phase, originals, weights, past)?;
        if !now.crews.iter().map(Crew::tracks).eq(tracks) {
            return Err(unusable("its arms are grouped in another way"));
        }
        for (crew, state) in now.crews.iter_mut().zip(crews) {
            crew.restore(state)?;
        }
        now.evaluated = header.evaluated;
        now.own = Stopwatch::from(header.elapsed[1]);
        Ok(now)
    }
}

#[cfg(test)]
mod tests;
