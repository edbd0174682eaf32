//! One method on networks that somebody else has trained, with a look at them on the way.

use super::apply::{Stops, Subject};
use super::schedule::Schedule;
use super::{Cache, Case, Forget, Job, Lab, Settings, Watch, Weights, forgotten};
use crate::config::Config;
use crate::device::Device;
use crate::error::Result;
use crate::methods::Method;
use crate::metrics::Scope;
use crate::model::Model;
use crate::population::DeviceImages;

/// Where the networks come from.
pub(crate) struct Run<'a> {
    pub(crate) config: &'a Config,
    pub(crate) device: &'a dyn Device,
    pub(crate) model: &'a Model,
    pub(crate) train: DeviceImages,
    pub(crate) test: DeviceImages,
    pub(crate) labels: &'a [u8],
    pub(crate) test_labels: &'a [u8],
}

/// Hears nothing: whoever looks at the networks sees how far they are.
struct Quiet;

impl Watch for Quiet {
    fn begin(&mut self, _: &str, _: u64) {}
    fn advance(&mut self, _: u64) {}
}

impl Run<'_> {
    /// Takes a run's original networks through a method of `budget` steps, and shows them at these
    /// steps, the last of which is the budget.
    ///
    /// # Errors
    /// `Device` where the device fails; whatever `look` fails with.
    pub(crate) fn unlearn(
        &self,
        method: &'static dyn Method,
        originals: &Weights,
        stops: &[u32],
        look: &mut dyn FnMut(u32, &Weights) -> Result<()>,
    ) -> Result<()> {
        let config = self.config;
        let settings = self.settings(stops.last().copied().unwrap_or(0));
        let case = Case {
            seed: config.seed,
            scope: Scope::Digits(config.forget.clone()),
        };
        let lab = Lab {
            settings: &settings,
            device: self.device,
            model: self.model.clone(),
            train: self.train,
            test: self.test,
            labels: self.labels,
            test_labels: self.test_labels,
            cache: &Cache::none(),
            program: String::new(),
            digest: String::new(),
            forgotten: forgotten(&case, self.labels),
            case,
        };
        let task = lab.task(originals, 0)?;
        let setting = config.setting();
        let schedule = Schedule::new(&Job { method, setting }, &task, settings.budget);
        let subject = Subject {
            originals,
            task: &task,
        };
        let stops = Stops {
            steps: stops,
            look: &mut |step, weights| look(step, &weights[0]),
        };
        lab.applied(&[&schedule], subject, stops, &mut Quiet)?;
        Ok(())
    }

    fn settings(&self, budget: u32) -> Settings {
        let c = self.config;
        Settings {
            data: c.data.clone(),
            device: c.device.clone(),
            methods: vec![c.method.clone()],
            forget: Forget::Digits(c.forget.clone()),
            learners: c.learners,
            retrained: c.learners,
            hidden: c.hidden.clone(),
            epochs: c.epochs,
            lr: c.lr,
            batch: c.batch,
            budget,
            seeds: vec![c.seed],
            variants: c.variants.clone(),
        }
    }
}
