//! Attacks with few labelled images: what an attacker draws, and how an attack is scored.

use super::{Activations, Observed};

/// Draws of labelled images, the same for all networks.
pub(crate) const DRAWS: usize = 3;
/// Labelled images of each digit in a draw, at most.
pub(crate) const MOST: usize = 20;
/// Labelled images of each digit for which attacks are measured.
pub(super) const NUMBERS: [usize; 3] = [1, 5, MOST];

/// "5 labelled images of each digit".
pub(super) fn images(number: usize) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} labelled image{plural} of each digit")
}

/// Labelled rows: activations of the last hidden layer, with labels.
pub(super) type Labelled<'a> = Vec<(&'a [f32], u8)>;

/// The accuracy in percent, averaged over draws, on the images that show whether the network forgot, of
/// an attack that fits a classifier to `number` labelled images of each digit. NaN without images.
pub(super) fn accuracy<'a, C: Fn(&[f32]) -> u8>(
    network: &'a Observed,
    number: usize,
    fit: impl Fn(&Labelled<'a>) -> C,
) -> f64 {
    accuracy_on([&network.labelled, &network.asked], number, fit)
}

/// The same for any layer's activations on the labelled images, and on those asked.
pub(super) fn accuracy_on<'a, C: Fn(&[f32]) -> u8>(
    [labelled, asked]: [&'a Activations; 2],
    number: usize,
    fit: impl Fn(&Labelled<'a>) -> C,
) -> f64 {
    let labelled: Labelled<'a> = labelled.rows().collect();
    let digits = labelled.len() / (DRAWS * MOST);
    if digits == 0 || asked.labels.is_empty() {
        return f64::NAN;
    }
    let mut right = 0;
    for draw in labelled.chunks_exact(digits * MOST) {
        let classify = fit(&draw[..digits * number.min(MOST)].to_vec());
        let rows = asked.rows();
        right += rows.filter(|(row, label)| classify(row) == *label).count();
    }
    100.0 * right as f64 / (DRAWS * asked.labels.len()) as f64
}

impl Activations {
    /// The activations of each image, with its label.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&[f32], u8)> {
        let width = self.values.len() / self.labels.len().max(1);
        let rows = self.values.chunks_exact(width.max(1));
        rows.zip(self.labels.iter().copied())
    }
}
