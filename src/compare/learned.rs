//! Whether the networks that methods are compared on learned what they should.

use super::Lab;
use super::base::Base;
use crate::engine::Weights;
use crate::error::Result;
use crate::metrics::{Observed, Outputs, Scope, answer};
use crate::record::CLASSES;
use crate::statistics::knows;
use crate::verdict::never_learned;

impl Lab<'_> {
    /// The warning if originals know too little to forget, or retrained networks
    /// too little to measure forgetting.
    pub(super) fn never_learned(&self, base: &Base) -> Result<Option<String>> {
        let scope = &self.engine.case.scope;
        let classes = &self.engine.data.record.classes;
        let knows =
            |answers: &_, counts: &dyn Fn(usize) -> bool| knows(answers, classes.count(), counts);
        let what = match scope {
            Scope::Digits(forgotten) => classes.words(forgotten),
            Scope::Samples(_) => "the images to forget".to_owned(),
        };
        let knows_what = |network: &Observed| {
            let asked = match scope {
                Scope::Digits(_) => confusion(&network.test),
                Scope::Samples(_) => confusion(&network.forget),
            };
            let counts = |digit: usize| match scope {
                Scope::Digits(forgotten) => forgotten.iter().any(|&f| usize::from(f) == digit),
                Scope::Samples(_) => true,
            };
            knows(&asked, &counts) && knows(&confusion(&network.test), &|_| true)
        };
        let (ignorant, of) = self.count(&base.originals, knows_what)?;
        if let Some(said) = never_learned("originals", &what, ignorant, of) {
            return Ok(Some(format!(
                "{said}: guessing does as well. With nothing to forget, methods are not ranked. \
                 Train longer (--epochs) or at another rate (--lr)."
            )));
        }
        let knows_rest = |network: &Observed| {
            let kept = |digit: &u8| !scope.forgotten(*digit);
            let kept = |digit: usize| u8::try_from(digit).is_ok_and(|digit| kept(&digit));
            knows(&confusion(&network.test), &kept)
        };
        let retrained = [&base.retrained[..], &base.twins].concat();
        let (ignorant, of) = self.count(&retrained, knows_rest)?;
        let said = never_learned("retrained networks", "what is to be kept", ignorant, of);
        Ok(said.map(|said| {
            format!(
                "{said}: guessing does as well. Without that reference, methods are not ranked. \
                 Train longer (--epochs) or at another rate (--lr)."
            )
        }))
    }

    /// How many of these networks do not know, and their total.
    fn count(
        &self,
        weights: &Weights,
        knows: impl Fn(&Observed) -> bool,
    ) -> Result<(usize, usize)> {
        let networks = self.engine.observe(weights, &[])?;
        let ignorant = networks.iter().filter(|network| !knows(network)).count();
        Ok((ignorant, networks.len()))
    }
}

/// Confusion matrix: how often an image of digit `[row]` was classified as digit `[column]`.
fn confusion(outputs: &Outputs) -> [[u32; CLASSES]; CLASSES] {
    let mut table = [[0; CLASSES]; CLASSES];
    for (logits, label) in outputs.iter() {
        table[usize::from(label)][answer(logits)] += 1;
    }
    table
}
