//! Operations on all weights at once.

use super::Population;
use crate::device::{Buffer, Recording};
use crate::error::Result;
use crate::kernels::{DampenWeights, MixWeights, NoiseWeights, Params};

impl Population<'_> {
    /// w ← own · w + other · u for all parameters, with u [learners, model.parameters()].
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn mix(&self, own: f32, others: &[f32], other: f32) -> Result<()> {
        let params = MixWeights {
            vectors: self.model.parameters() / 4,
            own,
            other,
            pad: 0,
        };
        self.edit(params, &[bytemuck::cast_slice(others)])
    }

    /// Selective synaptic dampening: w ← w · min(λ · `of_all` / `of_forget`, 1) where `of_forget` is over
    /// α · `of_all`; both are diagonals of the Fisher information, [learners, model.parameters()].
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn dampen(&self, of_forget: &[f32], of_all: &[f32], alpha: f32, lambda: f32) -> Result<()> {
        let params = DampenWeights {
            vectors: self.model.parameters() / 4,
            alpha,
            lambda,
            pad: 0,
        };
        let both = [of_forget, of_all].map(bytemuck::cast_slice);
        self.edit(params, &both)
    }

    /// Fisher forgetting: w ← w + √(α / max(F, `least`)) · n, n random with mean 0 and variance 1 by the
    /// learner's key, and F the diagonal of the Fisher information, [learners, model.parameters()].
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn add_noise(
        &self,
        keys: &[[u32; 2]],
        fisher: &[f32],
        alpha: f32,
        least: f32,
    ) -> Result<()> {
        let params = NoiseWeights {
            vectors: self.model.parameters() / 4,
            alpha,
            least,
            pad: 0,
        };
        self.edit(
            params,
            &[bytemuck::cast_slice(keys), bytemuck::cast_slice(fisher)],
        )
    }

    /// Runs a kernel on all weights, after uploading its inputs.
    fn edit<P: Params>(&self, params: P, read: &[&[u32]]) -> Result<()> {
        let upload = |words: &&[u32]| -> Result<Buffer> {
            let buffer = self.device.allocate("numbers for an edit", words.len())?;
            self.device.upload(buffer, 0, words)?;
            Ok(buffer)
        };
        let uploaded: Vec<Buffer> = read.iter().map(upload).collect::<Result<_>>()?;
        let mut bound = uploaded.clone();
        bound.push(self.buffers.parameters);
        let mut recording = Recording::default();
        recording.dispatch(params, self.learners, &bound);
        self.once(&recording)?;
        self.device.free(&uploaded, &[]);
        Ok(())
    }
}
