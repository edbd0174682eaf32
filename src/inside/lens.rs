//! Layer by layer: what the original would read from each hidden layer.

use rayon::prelude::*;

use super::Figure;
use super::subjects::{ARMS, Subjects};
use crate::metrics::ridge::Ridge;
use crate::record::Arm;

/// Times the number of rows.
const PENALTY: f64 = 0.03;

impl Subjects<'_> {
    /// The accuracy on the forgotten classes of a readout of each hidden layer, and finally of the
    /// network itself.
    ///
    /// A logit lens applies the last layer to earlier ones (nostalgebraist 2020), which needs equal
    /// widths; where they differ, the way from a layer to the logits is fitted (Belrose et al. 2023, the
    /// tuned lens): here by ridge regression of the original's logits on its own layer, for labelled
    /// training images. Then it stays as it is. What it reads in an unlearned network is still written
    /// as the original wrote it.
    pub(super) fn lens(&self) -> Vec<Figure> {
        let arms = self.corresponding(&ARMS);
        let mut figures: Vec<Figure> = (0..self.hidden())
            .map(|layer| {
                let lens = |learner| self.fitted(layer, learner);
                let lenses: Vec<Ridge> = (0..self.learners).map(lens).collect();
                self.figure(&arms, |arm, k| self.read(&lenses[k], layer, arm, k))
            })
            .collect();
        figures.push(self.figure(&ARMS, |arm, k| {
            self.of_asked.outputs(self.place(arm, k)).accuracy(|_| true)
        }));
        figures
    }

    /// From a layer of an original to its logits.
    fn fitted(&self, layer: usize, learner: usize) -> Ridge {
        let network = self.place(Arm::Original, learner);
        let values = self.of_labelled.layer(network, layer);
        let rows: Vec<&[f32]> = values.rows().map(|(row, _)| row).collect();
        let logits = self.of_labelled.outputs(network).logits;
        let target = |class: usize| logits.iter().map(|z| f64::from(z[class])).collect();
        let classes = usize::from(self.engine.classes());
        let targets: Vec<Vec<f64>> = (0..classes).map(target).collect();
        Ridge::fit(&rows, &targets, PENALTY)
    }

    /// The accuracy on the forgotten classes of a lens on a layer.
    fn read(&self, lens: &Ridge, layer: usize, arm: Arm, learner: usize) -> f64 {
        let values = self.of_asked.layer(self.place(arm, learner), layer);
        let rows: Vec<(&[f32], u8)> = values.rows().collect();
        let right = rows.par_iter().filter(|(row, label)| {
            let outputs = lens.outputs(row);
            let best = (0u8..)
                .zip(&outputs)
                .max_by(|a, b| a.1.total_cmp(b.1))
                .map(|(class, _)| class);
            best == Some(*label)
        });
        right.count() as f64 / rows.len().max(1) as f64
    }
}
