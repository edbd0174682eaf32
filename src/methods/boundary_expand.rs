//! Boundary expand: the forget samples become a class of their own, which is then cut off.

use super::{By, CLASSES, Method, OTHER, Setting, Stage, Task, rates};
use crate::error::Result;

/// A last layer with one class more, which starts with weights of a fresh network; CE on the forget
/// samples with that class as their label; then the class is taken away.
pub struct BoundaryExpand;

/// The bits of an order entry that name the class more, which comes after the ten digits.
const SHADOW: u32 = (10 + 1) << OTHER;
const _: () = assert!(CLASSES == 10);

impl Method for BoundaryExpand {
    fn name(&self) -> &'static str {
        "boundary-expand"
    }

    fn rule(&self) -> &'static str {
        "CE(forget → an eleventh class), which is cut off then"
    }

    fn source(&self) -> &'static str {
        "Chen et al. 2023; TY-LEE-KR/Boundary-Unlearning-Code"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.008, 0.0125, 0.02, 0.032, 0.05, 0.08])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.032, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let recipes = task.recipes(task.forget_with(SHADOW), setting.rate);
        Ok(vec![
            Stage::Widen,
            Stage::TrainBy(By::Widened, 1.0, recipes),
            Stage::Narrow,
        ])
    }
}
