//! The state of learners between steps: parameters, velocities and clocks.

use super::Population;
use crate::error::Result;
use crate::kernels::Clock;

impl Population<'_> {
    /// Sets the learners' clocks. A learner continues its walk through its samples after the steps
    /// on its clock.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn set_clocks(&self, clocks: &[Clock]) -> Result<()> {
        let words = bytemuck::cast_slice(clocks);
        self.device.upload(self.buffers.progress, 0, words)
    }

    /// Each learner's clock: its steps, the sum of its losses, and whether it diverged.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn clocks(&self) -> Result<Vec<Clock>> {
        let words = self.device.download(self.buffers.progress)?;
        Ok(bytemuck::pod_collect_to_vec(&words))
    }

    /// As `clocks`, but resets the sums of losses to 0.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn take_clocks(&self) -> Result<Vec<Clock>> {
        let clocks = self.clocks()?;
        let emptied: Vec<Clock> = clocks
            .iter()
            .map(|&clock| Clock {
                loss_sum: 0.0,
                ..clock
            })
            .collect();
        self.set_clocks(&emptied)?;
        Ok(clocks)
    }

    /// All parameters, [learners, model.parameters()].
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn parameters(&self) -> Result<Vec<f32>> {
        let words = self.device.download(self.buffers.parameters)?;
        Ok(words.into_iter().map(f32::from_bits).collect())
    }

    /// The velocities of all parameters (momentum).
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn velocity(&self) -> Result<Vec<f32>> {
        let words = self.device.download(self.buffers.velocity)?;
        Ok(words.into_iter().map(f32::from_bits).collect())
    }

    /// Replaces the velocities.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn set_velocity(&self, velocity: &[f32]) -> Result<()> {
        self.device
            .upload(self.buffers.velocity, 0, bytemuck::cast_slice(velocity))
    }

    /// Replaces the parameters of the first learners, or of all, [learners, model.parameters()].
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn set_parameters(&self, parameters: &[f32]) -> Result<()> {
        self.device
            .upload(self.buffers.parameters, 0, bytemuck::cast_slice(parameters))
    }
}
