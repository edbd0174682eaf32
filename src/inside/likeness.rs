//! Old features or new ones: how much relearned networks represent the forgotten classes as the
//! originals did, beside networks that learned them without ever having forgotten them.

use serde::{Deserialize, Serialize};

use super::Figure;
use super::subjects::Subjects;
use crate::engine::Answers;
use crate::error::Result;
use crate::metrics::{cka, mean};
use crate::record::Arm;

/// How much a hidden layer is like the original's: in unlearned networks, in relearned ones and, as the
/// retrained arm, in retrained ones after they learned everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// Linear CKA on test images of the forgotten classes: 1 for layers that are the same up to a
    /// rotation and a scale.
    pub cka: Figure,
    /// The correlation over those images of each neuron with the original's neuron, the mean over the
    /// neurons that vary: 1 if the same neurons respond to the same images. Without retrained networks
    /// where neurons do not correspond.
    pub neurons: Figure,
    /// The same on test images of the other classes, which were never forgotten.
    pub neurons_on_kept: Figure,
}

const COMPARED: [Arm; 3] = [Arm::Unlearned, Arm::Relearned, Arm::Retrained];

impl Subjects<'_> {
    /// By hidden layer; retrained networks after they learned everything are given.
    pub(super) fn likeness(&self, taught: &[f32]) -> Result<Vec<Likeness>> {
        let taught = &taught[..self.learners * self.engine.size()];
        let asked = self.engine.answers(taught, (false, &self.asked), 0)?;
        let kept = self.engine.answers(taught, (false, &self.kept), 0)?;
        let (asked, kept) = ([&self.of_asked, &asked], [&self.of_kept, &kept]);
        let same = self.corresponding(&COMPARED);
        let likeness = |layer| Likeness {
            cka: self.alike(&COMPARED, layer, asked, cka::alignment),
            neurons: self.alike(&same, layer, asked, responses),
            neurons_on_kept: self.alike(&same, layer, kept, responses),
        };
        Ok((0..self.hidden()).map(likeness).collect())
    }

    /// A likeness of a layer with the original's, given what all networks and what the taught ones answer.
    fn alike(
        &self,
        arms: &[Arm],
        layer: usize,
        [all, taught]: [&Answers; 2],
        of: fn(&[f32], &[f32], usize) -> f64,
    ) -> Figure {
        self.figure(arms, |arm, k| {
            let other = match arm {
                Arm::Retrained => taught.layer(k, layer),
                _ => all.layer(self.place(arm, k), layer),
            };
            let original = all.layer(self.place(Arm::Original, k), layer);
            of(&original.values, &other.values, original.labels.len())
        })
    }
}

/// The mean over neurons of the correlation of two layers' activations, [images, width] each. A neuron
/// that does not vary in one of them has none; NaN if that goes for all.
fn responses(one: &[f32], other: &[f32], images: usize) -> f64 {
    let width = one.len() / images.max(1);
    let column = |values: &[f32], j: usize| -> Vec<f64> {
        let own = values.chunks_exact(width).map(|row| f64::from(row[j]));
        let own: Vec<f64> = own.collect();
        let centre = mean(&own);
        own.into_iter().map(|x| x - centre).collect()
    };
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let columns: Vec<[Vec<f64>; 2]> = (0..width)
        .map(|j| [column(one, j), column(other, j)])
        .collect();
    // What varies by rounding alone does not vary.
    let least = [0, 1].map(|side| {
        let squares = columns.iter().map(|pair| product(&pair[side], &pair[side]));
        1e-12 * squares.fold(0.0, f64::max)
    });
    let correlation = |[a, b]: &[Vec<f64>; 2]| {
        let (aa, bb) = (product(a, a), product(b, b));
        (aa > least[0] && bb > least[1]).then(|| product(a, b) / (aa * bb).sqrt())
    };
    let known: Vec<f64> = columns.iter().filter_map(correlation).collect();
    match known.is_empty() {
        true => f64::NAN,
        false => mean(&known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns: the same twice as large, the opposite, and one that does not vary.
    #[test]
    fn neurons_are_compared_one_by_one() {
        let one = [1.0, 0.0, 7.0, 2.0, 1.0, 7.0, 4.0, 5.0, 7.0];
        let other = [2.0, 5.0, 1.0, 4.0, 4.0, 2.0, 8.0, 0.0, 3.0];
        assert!(responses(&one, &other, 3).abs() < 1e-12);
        assert!((responses(&one, &one, 3) - 1.0).abs() < 1e-12);
        assert!(responses(&[0.0; 6], &one[..6], 2).is_nan());
    }
}
