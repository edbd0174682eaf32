//! Looks inside the networks that methods made, beside originals and retrained networks.

use super::base::Base;
use super::judge::Entry;
use super::{Lab, Role, Settings};
use crate::engine::{Weights, fingerprint};
use crate::error::Result;
use crate::inside::{self, Inside, Networks};
use crate::metrics::Scope;
use crate::population::Recipe;
use crate::progress::Progress;

/// Networks of each group that are looked at, at most.
const MOST: usize = 4;
/// The phase whose sample orders networks learn everything in.
const RELEARN: u32 = 2;

impl Lab<'_> {
    /// What is inside of the networks of each entry, by its name. Left out are those whose neurons do
    /// not correspond to the originals', because they came from a file; those that diverged; those of
    /// other budgets; and all where single images are forgotten.
    pub(super) fn look(
        &self,
        entries: &[Entry],
        progress: &mut dyn Progress,
    ) -> Result<Vec<(String, Inside)>> {
        let base = self.base()?;
        let some = self.some();
        let size = some * self.engine.size();
        let entries: Vec<&Entry> = entries.iter().filter(|e| self.fits(e)).collect();
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let of = |weights: &[f32]| weights[..size].to_vec();
        let mut taught = self.taught(&base, &entries, progress)?;
        let relearned = taught.split_off(size);
        progress.begin("inside", entries.len() as u64);
        let mut found = Vec::new();
        for (entry, relearned) in entries.iter().zip(relearned.chunks_exact(size)) {
            let networks = Networks {
                original: of(&base.originals),
                unlearned: of(&entry.weights),
                relearned: relearned.to_vec(),
                retrained: of(&base.retrained),
                retrained_then_taught: taught.clone(),
                matched: true,
            };
            if finite(relearned) {
                let inside = inside::look(&self.engine, &networks, &mut Quiet(&*progress))?;
                found.extend(inside.map(|inside| (entry.name.clone(), inside)));
            }
            progress.advance(1);
        }
        Ok(found)
    }

    /// What is not made quickly of what `look` needs.
    pub(super) fn prepare_look(
        &self,
        entries: &[Entry],
        base: &Base,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        let entries: Vec<&Entry> = entries.iter().filter(|e| self.fits(e)).collect();
        match entries[..] {
            [] => Ok(()),
            _ => self.taught(base, &entries, progress).map(|_| ()),
        }
    }

    /// Networks of each group that are looked at.
    pub(super) fn some(&self) -> usize {
        let Settings {
            learners,
            retrained,
            ..
        } = *self.settings;
        MOST.min(learners).min(retrained)
    }

    /// Whether these networks are looked at.
    fn fits(&self, entry: &Entry) -> bool {
        let digits = matches!(self.engine.case.scope, Scope::Digits(_));
        digits && entry.role != Role::Model && entry.budget == 1.0 && finite(&entry.weights)
    }

    /// Some retrained networks and some of each entry after a budget of training on everything.
    fn taught(
        &self,
        base: &Base,
        entries: &[&Entry],
        progress: &mut dyn Progress,
    ) -> Result<Weights> {
        let some = self.some();
        let of = |weights: &[f32]| weights[..some * self.engine.size()].to_vec();
        let mut weights = of(&base.retrained);
        entries.iter().for_each(|e| weights.extend(of(&e.weights)));
        let weights = &weights[..];
        let (engine, steps) = (&self.engine, self.settings.budget);
        let lr = engine.training.lr;
        let id = format!(
            "{} taught {} {some} {steps} {lr} {:?}",
            engine.origin,
            fingerprint(weights),
            engine.case
        );
        let whole = (&id[..], weights.len());
        engine.store.get_once(whole, progress, |progress| {
            let room = engine.room(0)?;
            let list = std::sync::Arc::new(engine.list(true));
            let parts = weights.chunks(room * engine.size());
            progress.begin("learning again", parts.len() as u64 * u64::from(steps));
            let mut all = Weights::new();
            for part in parts {
                let first = all.len() / engine.size();
                let numbers = (first..first + part.len() / engine.size()).map(|n| n % some);
                let recipe =
                    |n| engine.recipe(list.clone(), u32::try_from(n).unwrap_or(0), RELEARN);
                let recipes: Vec<Recipe> = numbers.map(recipe).collect();
                all.extend(engine.trained(recipes, part.to_vec(), steps, progress)?);
            }
            Ok(all)
        })
    }
}

fn finite(weights: &[f32]) -> bool {
    weights.iter().all(|w| w.is_finite())
}

/// Progress of a part of something larger.
struct Quiet<'a>(&'a dyn Progress);

impl Progress for Quiet<'_> {
    fn stopped(&self) -> bool {
        self.0.stopped()
    }
}
