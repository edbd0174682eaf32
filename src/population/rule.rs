//! Update rules beyond the gradient of the loss: one or two dispatches after every step, for all
//! learners.

use super::recorder::Recorder;
use super::{Population, word};
use crate::device::{Buffer, Device, Recording};
use crate::error::{Error, Result};
use crate::kernels::{
    GradientProducts, LogChanges, ProjectGradients, RestoreWeights, STRIPES, SelectThreshold,
    ShrinkWeights, THRESHOLD_ROUNDS,
};
use crate::model::Model;

/// The update rule of all learners of a population.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'a> {
    /// Gradient descent only.
    Gradient,
    /// Then the proximal step of an ℓ1 penalty of `Recipe::strength`, which fades to 0 over
    /// this number of steps.
    Sparse(u32),
    /// Only the fraction `Recipe::strength` of weights with the largest |salience| moves. The
    /// others keep their bits from `originals`. Both are [learners, model.parameters()].
    Masked {
        /// The salience of each weight.
        salience: &'a [f32],
        /// The values that the other weights keep.
        originals: &'a [f32],
    },
    /// Learners are pairs with the same weights, `Recipe::rate` 0, momentum 1 and no decay.
    /// Both step along the first one's gradient, without the component that would increase the
    /// second one's loss, clipped to this length; the rate is the first one's
    /// `Recipe::strength`.
    Projected(f32),
    /// Accumulates the changes of steps whose batch contains a sample with `kernels::FORGET`
    /// (`Population::logged`).
    Logged,
}

/// A rule on a device, with its buffers.
#[derive(Debug)]
pub(super) enum Ruled {
    Gradient,
    Sparse {
        steps: u32,
    },
    Masked {
        salience: Buffer,  // [learners, parameters]
        counts: Buffer,    // [learners, THRESHOLD_ROUNDS]
        originals: Buffer, // [learners, parameters]
    },
    Projected {
        products: Buffer, // [pairs, STRIPES, 4]
        clip: f32,
    },
    Logged {
        before: Buffer, // [learners, parameters]
        log: Buffer,    // the same
    },
}

impl Ruled {
    pub(super) fn new(
        device: &dyn Device,
        model: &Model,
        learners: usize,
        rule: Rule<'_>,
    ) -> Result<Self> {
        let weights = learners * model.parameters() as usize;
        Ok(match rule {
            Rule::Gradient => Self::Gradient,
            Rule::Sparse(steps) => Self::Sparse {
                steps: steps.max(1),
            },
            Rule::Masked {
                salience,
                originals,
            } => {
                if salience.len() != weights || originals.len() != weights {
                    return Err(Error::Usage(format!(
                        "a mask for {} weights does not fit {weights}",
                        salience.len()
                    )));
                }
                Self::Masked {
                    salience: device.allocate("salience", weights)?,
                    counts: device
                        .allocate("threshold counts", learners * THRESHOLD_ROUNDS as usize)?,
                    originals: device.allocate("original weights", weights)?,
                }
            }
            Rule::Projected(clip) => {
                if !learners.is_multiple_of(2) {
                    return Err(Error::Usage(format!(
                        "{learners} learners do not form pairs"
                    )));
                }
                let sums = 2 * learners * STRIPES as usize;
                Self::Projected {
                    products: device.allocate("gradient products", sums)?,
                    clip,
                }
            }
            Rule::Logged => Self::Logged {
                before: device.allocate("weights before", weights)?,
                log: device.allocate("logged changes", weights)?,
            },
        })
    }

    /// Records what follows the gradient step of number `step`.
    pub(super) fn record(
        &self,
        recording: &mut Recording,
        at: &Recorder<'_>,
        rows: u32,
        step: u32,
    ) {
        let (b, vectors) = (at.buffers, at.model.parameters() / 4);
        match *self {
            Self::Gradient => {}
            Self::Sparse { steps } => {
                let params = ShrinkWeights {
                    vectors,
                    step,
                    steps,
                    pad: 0,
                };
                let bound = [b.settings, b.progress, b.parameters];
                recording.dispatch(params, at.learners, &bound);
            }
            Self::Masked {
                salience,
                counts,
                originals,
            } => {
                let params = RestoreWeights {
                    vectors,
                    ..Default::default()
                };
                let bound = [salience, counts, originals, b.parameters];
                recording.dispatch(params, at.learners, &bound);
            }
            Self::Projected { products, clip } => {
                let sums = GradientProducts {
                    vectors,
                    ..Default::default()
                };
                let step = ProjectGradients {
                    vectors,
                    clip,
                    ..Default::default()
                };
                let pairs = at.learners / 2;
                recording.dispatch(sums, pairs, &[b.velocity, products]);
                let bound = [b.settings, products, b.velocity, b.parameters];
                recording.dispatch(step, pairs, &bound);
            }
            Self::Logged { before, log } => {
                let params = LogChanges {
                    vectors,
                    rows,
                    order_start: step * at.learners * rows,
                    pad: 0,
                };
                let bound = [b.order, b.parameters, before, log];
                recording.dispatch(params, at.learners, &bound);
            }
        }
    }

    pub(super) fn buffers(&self) -> Vec<Buffer> {
        match *self {
            Self::Gradient | Self::Sparse { .. } => Vec::new(),
            Self::Masked {
                salience,
                counts,
                originals,
            } => vec![salience, counts, originals],
            Self::Projected { products, .. } => vec![products],
            Self::Logged { before, log } => vec![before, log],
        }
    }
}

impl Population<'_> {
    /// One-time work after the learners' settings are uploaded: the threshold of a mask.
    pub(super) fn prepare(&self, rule: Rule<'_>) -> Result<()> {
        let Rule::Masked {
            salience,
            originals,
        } = rule
        else {
            return Ok(());
        };
        let [to_salience, counts, to_originals] = self.ruled.buffers()[..] else {
            return Ok(());
        };
        let upload = |buffer, values| self.device.upload(buffer, 0, bytemuck::cast_slice(values));
        upload(to_salience, salience)?;
        upload(to_originals, originals)?;
        let mut recording = Recording::default();
        for round in 0..THRESHOLD_ROUNDS {
            let params = SelectThreshold {
                vectors: self.model.parameters() / 4,
                round,
                weights: word(self.model.weights()),
                pad: 0,
            };
            let bound = [self.buffers.settings, to_salience, counts];
            recording.dispatch(params, self.learners, &bound);
        }
        self.once(&recording)
    }

    /// Work before steps: a log compares with the current weights.
    pub(super) fn begin(&self) -> Result<()> {
        let Ruled::Logged { before, .. } = self.ruled else {
            return Ok(());
        };
        let words = (self.learners * self.model.parameters()) as usize;
        let mut recording = Recording::default();
        recording.copy((self.buffers.parameters, 0), (before, 0), words);
        self.once(&recording)
    }

    /// The accumulated changes of steps with samples to forget, [learners, model.parameters()];
    /// empty for a population without `Rule::Logged`.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn logged(&self) -> Result<Vec<f32>> {
        let Ruled::Logged { log, .. } = self.ruled else {
            return Ok(Vec::new());
        };
        let words = self.device.download(log)?;
        Ok(words.into_iter().map(f32::from_bits).collect())
    }
}
