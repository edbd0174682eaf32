//! Attacks with few labelled images: what an attacker draws, and how an attack is scored.

use super::{Activations, Observed};

/// Draws of labelled images, the same for all networks.
pub(crate) const DRAWS: usize = 3;
/// Labelled images of each digit in a draw, at most.
pub(crate) const MOST: usize = 20;
/// Labelled images of each digit for which attacks are measured.
pub(super) const NUMBERS: [usize; 3] = [1, 5, MOST];

/// Labelled rows: activations of the last hidden layer, with labels.
pub(super) type Labelled<'a> = Vec<(&'a [f32], u8)>;

/// The accuracy in percent, averaged over draws, on the images that show whether the network forgot, of
/// an attack that fits a classifier to `number` labelled images of each digit. NaN without images.
pub(super) fn accuracy<'a, C: Fn(&[f32]) -> u8>(
    network: &'a Observed,
    number: usize,
    fit: impl Fn(&Labelled<'a>) -> C,
) -> f64 {
    let labelled: Labelled<'a> = network.labelled.rows().collect();
    let (digits, asked) = (labelled.len() / (DRAWS * MOST), network.asked.labels.len());
    if digits == 0 || asked == 0 {
        return f64::NAN;
    }
    let mut right = 0;
    for draw in labelled.chunks_exact(digits * MOST) {
        let classify = fit(&draw[..digits * number.min(MOST)].to_vec());
        let asked = network.asked.rows();
        right += asked.filter(|(row, label)| classify(row) == *label).count();
    }
    100.0 * right as f64 / (DRAWS * asked) as f64
}

impl Activations {
    /// The activations of each image, with its label.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[f32], u8)> {
        let width = self.values.len() / self.labels.len().max(1);
        let rows = self.values.chunks_exact(width.max(1));
        rows.zip(self.labels.iter().copied())
    }
}
