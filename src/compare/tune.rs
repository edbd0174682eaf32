//! Choosing methods' settings, on networks and images that have no part in the results.
//!
//! A tenth of the training images, drawn at random, is kept for validation: tuning networks train on
//! the rest, and the test images stay unseen. Every method has the same number of trials: its grid,
//! and then, one at a time, a setting beyond the grid's end where the best one lies there, or between
//! the best one and its better neighbour.

use super::base::Tuners;
use super::sensitivity::{Axis, Direction};
use super::{Lab, Tried};
use crate::data::{Dataset, Images, PIXELS};
use crate::engine::{Job, SECOND, Subject, Weights};
use crate::error::Result;
use crate::methods::{Method, Setting};
use crate::metrics::figures::average_gap;
use crate::progress::Progress;
use crate::random::threefry2x32;

/// Trials of a method with settings: its grid and those that follow.
pub(super) const TRIALS: usize = 9;
/// One training image in this number is for validation.
const VALIDATION: u32 = 10;
/// The key by which validation images are drawn.
const DRAW: [u32; 2] = [0x7a11_da7e, 0];

/// The training images in two parts: those that tuning networks train on, and as test images those
/// that they are validated on.
pub(super) fn split(data: &Dataset) -> Dataset {
    let images = &data.train;
    let part = |validation: bool| {
        let mut part = Images {
            pixels: Vec::new(),
            labels: Vec::new(),
        };
        for (i, (label, pixels)) in
            (0u32..).zip(images.labels.iter().zip(images.pixels.chunks_exact(PIXELS)))
        {
            let drawn = threefry2x32(DRAW, [i, 0])[0].is_multiple_of(VALIDATION);
            if drawn == validation {
                part.labels.push(*label);
                part.pixels.extend_from_slice(pixels);
            }
        }
        part
    };
    let mut record = data.record.clone();
    // A part of the same files.
    record.sha256 = record
        .sha256
        .map(|hash| format!("{hash} without validation"));
    Dataset {
        train: part(false),
        test: part(true),
        record,
        source: data.source.clone(),
    }
}

/// The setting with the smallest gap.
pub(super) fn best(tried: &[Tried]) -> Setting {
    let nearest = tried.iter().min_by(|a, b| a.gap.total_cmp(&b.gap));
    nearest.map_or(Setting::new(0.0, 0.0), |t| t.setting)
}

/// The next setting to try: beyond the grid's end where the best one lies there, else half way (on
/// a logarithmic scale) to the better of its neighbours, first by rate.
fn next(tried: &[Tried], most: f64) -> Option<Setting> {
    let chosen = best(tried);
    let known = |s: &Setting| tried.iter().any(|t| t.setting == *s);
    let valid = |s: &Setting| s.strength <= most && s.rate.is_finite() && !known(s);
    let beyond = Direction::ALL.into_iter().filter_map(|direction| {
        let back = Direction::opposite(direction).next(tried, chosen)?;
        let open = direction.next(tried, chosen).is_none();
        open.then(|| {
            direction.axis().moved(chosen, |own| {
                rounded(own * own / direction.axis().of(back.setting))
            })
        })
    });
    let between = Axis::ALL.into_iter().filter_map(|axis| {
        let sides = axis.directions().into_iter();
        let sides = sides.filter_map(|d| d.next(tried, chosen));
        let better = sides.min_by(|a, b| a.gap.total_cmp(&b.gap))?;
        let other = axis.of(better.setting);
        Some(axis.moved(chosen, |own| rounded((own * other).sqrt())))
    });
    beyond.chain(between).find(valid)
}

/// To three digits, as a person would write it.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

impl Lab<'_> {
    /// Whether any method has a choice of settings.
    pub(super) fn tunes(&self) -> bool {
        self.methods.iter().any(|m| m.settings().len() > 1)
    }

    /// Tries every method's settings.
    pub(super) fn tune(&self, progress: &mut dyn Progress) -> Result<Vec<Vec<Tried>>> {
        let untried = |m: &&'static dyn Method| {
            let setting = m.settings().first().copied();
            let gap = f64::NAN;
            vec![Tried {
                setting: setting.unwrap_or(Setting::new(0.0, 0.0)),
                gap,
            }]
        };
        let mut tried: Vec<Vec<Tried>> = self.methods.iter().map(untried).collect();
        if !self.tunes() {
            return Ok(tried);
        }
        let tuners = self.tuners()?;
        let tunable = |&(_, m): &(usize, &&'static dyn Method)| m.settings().len() > 1;
        let tuned: Vec<usize> = self
            .methods
            .iter()
            .enumerate()
            .filter(tunable)
            .map(|(i, _)| i)
            .collect();
        let jobs = |number: usize| {
            let method = self.methods[number];
            let settings = method.settings().into_iter();
            settings.map(move |setting| (number, Job { method, setting }))
        };
        let mut round: Vec<(usize, Job)> = tuned.iter().flat_map(|&n| jobs(n)).collect();
        tuned.iter().for_each(|&n| tried[n].clear());
        for trial in 0.. {
            let what = match trial {
                0 => "settings".to_owned(),
                _ => format!("settings, refined {trial}"),
            };
            let gaps = self.gaps(&round, &tuners, &what, progress)?;
            for ((number, job), gap) in round.iter().zip(gaps) {
                let setting = job.setting;
                tried[*number].push(Tried { setting, gap });
            }
            let more = |&number: &usize| {
                let (method, known) = (self.methods[number], &tried[number]);
                let few = known.len() < TRIALS;
                let setting = next(known, method.most()).filter(|_| few)?;
                Some((number, Job { method, setting }))
            };
            round = tuned.iter().filter_map(more).collect();
            if round.is_empty() {
                break;
            }
        }
        Ok(tried)
    }

    /// The average gaps after these jobs; infinite where networks diverged.
    fn gaps(
        &self,
        round: &[(usize, Job)],
        tuners: &Tuners,
        what: &str,
        progress: &mut dyn Progress,
    ) -> Result<Vec<f64>> {
        let jobs: Vec<Job> = round.iter().map(|(_, job)| *job).collect();
        let engine = &self.tuning;
        let subject = Subject::new(engine, tuners.originals.clone(), SECOND);
        let results = engine.apply(&jobs, &subject, self.settings.budget, what, progress)?;
        let retrained = engine.observe(&tuners.retrained, &[])?;
        let gap = |weights: &Weights| -> Result<f64> {
            if weights.iter().any(|w| !w.is_finite()) {
                return Ok(f64::INFINITY);
            }
            let group = engine.observe(weights, &[])?;
            Ok(match group.iter().any(super::judge::broken) {
                true => f64::INFINITY,
                false => average_gap(&group, &retrained, &engine.case.scope),
            })
        };
        results.iter().map(gap).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(all: &[(f64, f64, f64)]) -> Vec<Tried> {
        let one = |&(rate, strength, gap): &(f64, f64, f64)| Tried {
            setting: Setting::new(rate, strength),
            gap,
        };
        all.iter().map(one).collect()
    }

    fn at(rate: f64, strength: f64) -> Option<Setting> {
        Some(Setting::new(rate, strength))
    }

    #[test]
    fn the_best_at_an_end_of_the_grid_extends_it_and_one_inside_is_refined() {
        let falling = tried(&[(0.01, 0.0, 9.0), (0.03, 0.0, 5.0), (0.1, 0.0, 1.0)]);
        assert_eq!(next(&falling, 1e30), at(0.333, 0.0));
        let inside = tried(&[(0.01, 0.0, 3.0), (0.04, 0.0, 1.0), (0.16, 0.0, 2.0)]);
        assert_eq!(next(&inside, 1e30), at(0.08, 0.0));
        // Strengths have their limit; a step inside the grid remains.
        let strengths = tried(&[(0.0, 0.25, 3.0), (0.0, 0.5, 2.0), (0.0, 1.0, 1.0)]);
        assert_eq!(next(&strengths, 1.0), at(0.0, 0.707));
        assert_eq!(next(&strengths, 5.0), at(0.0, 2.0));
        // Two parameters: the rate first.
        let two = tried(&[
            (0.1, 1.0, 4.0),
            (0.1, 2.0, 3.0),
            (0.2, 1.0, 2.0),
            (0.2, 2.0, 1.0),
        ]);
        assert_eq!(next(&two, 1e30), at(0.4, 2.0));
        // Diverged settings are no neighbours to go towards.
        let wild = tried(&[(0.1, 0.0, 1.0), (0.2, 0.0, f64::INFINITY), (0.05, 0.0, 3.0)]);
        assert_eq!(next(&wild, 1e30), at(0.0707, 0.0));
        assert_eq!(next(&tried(&[(0.0, 0.0, 1.0)]), 1e30), None);
    }

    #[test]
    fn validation_takes_a_tenth_of_the_training_images_and_none_of_the_test_images() {
        let labels: Vec<u8> = (0..10).cycle().take(5000).collect();
        let pixels = (0..5000u32)
            .flat_map(|i| [i.to_le_bytes()[0]; PIXELS])
            .collect();
        let images = Images { pixels, labels };
        let record = crate::record::DataRecord {
            classes: crate::record::Classes::default(),
            name: String::new(),
            sha256: Some("ab".to_owned()),
            warning: None,
            train: 5000,
            test: 5000,
        };
        let data = Dataset {
            train: images.clone(),
            test: images,
            record,
            source: std::path::PathBuf::new(),
        };
        let parts = split(&data);
        assert_eq!(parts.train.len() + parts.test.len(), 5000);
        assert!(
            (450..550).contains(&parts.test.len()),
            "{}",
            parts.test.len()
        );
        assert_eq!(parts.train.pixels.len(), PIXELS * parts.train.len());
        assert_ne!(parts.record.sha256, data.record.sha256);
    }
}
