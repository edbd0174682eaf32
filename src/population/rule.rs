//! Update rules beyond the gradient of the loss: one or two dispatches after every step, for all
//! learners.

use super::Population;
use super::recorder::Recorder;
use crate::device::{Buffer, Device, Recording};
use crate::error::{Error, Result};
use crate::kernels::{
    GradientProducts, LogChanges, ProjectGradients, STRIPES, ScaleChanges, ShrinkWeights,
};
use crate::model::Model;
use crate::record::CLASSES;

/// The update rule of all learners of a population.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'a> {
    /// Gradient descent only.
    Gradient,
    /// Then the proximal step of an ℓ1 penalty of `Recipe::strength`, which fades to 0 over
    /// this number of steps.
    Sparse(u32),
    /// Every weight takes this fraction of its step, [learners, model.parameters()]. Weights with
    /// the factor 0 stay as they are.
    Scaled(&'a [f32]),
    /// One more class than there are digits: the last layer's first padded row is its weights, and
    /// order entries may name it as a label.
    Widened,
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
    Scaled {
        factors: Buffer, // [learners, parameters]
        before: Buffer,  // the same
    },
    Widened,
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
            Rule::Scaled(factors) => {
                if factors.len() != weights {
                    return Err(Error::Usage(format!(
                        "{} factors do not fit {weights} weights",
                        factors.len()
                    )));
                }
                Self::Scaled {
                    factors: device.allocate("factors", weights)?,
                    before: device.allocate("weights before", weights)?,
                }
            }
            Rule::Widened => Self::Widened,
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
            Self::Gradient | Self::Widened => {}
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
            Self::Scaled { factors, before } => {
                let params = ScaleChanges {
                    vectors,
                    ..Default::default()
                };
                let bound = [factors, before, b.parameters];
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

    /// Classes that the loss is over.
    pub(super) fn classes(&self) -> usize {
        match self {
            Self::Widened => CLASSES + 1,
            _ => CLASSES,
        }
    }

    pub(super) fn buffers(&self) -> Vec<Buffer> {
        match *self {
            Self::Gradient | Self::Widened | Self::Sparse { .. } => Vec::new(),
            Self::Scaled { factors, before } => vec![factors, before],
            Self::Projected { products, .. } => vec![products],
            Self::Logged { before, log } => vec![before, log],
        }
    }
}

impl Population<'_> {
    /// Uploads what the rule reads.
    pub(super) fn prepare(&self, rule: Rule<'_>) -> Result<()> {
        match (rule, &self.ruled) {
            (Rule::Scaled(numbers), Ruled::Scaled { factors, .. }) => {
                let words = bytemuck::cast_slice(numbers);
                self.device.upload(*factors, 0, words)
            }
            _ => Ok(()),
        }
    }

    /// Work before steps: some rules compare with the current weights.
    pub(super) fn begin(&self) -> Result<()> {
        let (Ruled::Logged { before, .. } | Ruled::Scaled { before, .. }) = self.ruled else {
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
