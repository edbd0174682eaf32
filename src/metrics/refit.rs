//! Head refit: a new last layer on frozen hidden ones.

use super::few::{self, Labelled};
use super::ridge::Ridge;
use super::{Activations, Kind, Metric, Observed, Scope};

/// The accuracy on the forgotten digits' test images of a new last layer, fitted by ridge regression to
/// one-hot labels of few training images of every digit, on the standardised activations of the last
/// hidden layer. What only the last layer forgot, such as the zero-logit control, comes back; what
/// hidden layers no longer represent does not. Retrained networks, whose hidden layers never saw the
/// digits, have far more than guessing, and are the reference. After linear evaluation of
/// representations (Alain and Bengio 2016), and attacks on unlearning with few labels (Hu et al. 2024).
pub struct HeadRefit {
    name: String,
    number: usize,
}

/// Times the number of rows.
const PENALTY: f64 = 0.03;

impl HeadRefit {
    /// With this number of labelled images of each digit, at most 20.
    pub fn new(number: usize) -> Self {
        Self {
            name: format!("head refit {number}"),
            number,
        }
    }

    /// One for each number of labelled images.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        few::NUMBERS.into_iter().map(Self::new)
    }
}

impl Metric for HeadRefit {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "head refit"
    }

    fn meaning(&self) -> String {
        format!(
            "accuracy on the forgotten digits of a new last layer, fitted to {}, %; ideal: as retrained",
            few::images(self.number)
        )
    }

    fn kind(&self) -> Kind {
        Kind::Inside
    }

    fn resolution(&self) -> f64 {
        0.1
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        vec![few::accuracy(network, self.number, fit)]
    }
}

/// The accuracy in percent on the images asked of a new head on any layer, fitted to `number` of the
/// labelled images of each digit.
pub(crate) fn accuracy(layer: [&Activations; 2], number: usize) -> f64 {
    few::accuracy_on(layer, number, fit)
}

/// A classifier by ridge regression to one-hot labels.
fn fit(labelled: &Labelled<'_>) -> impl Fn(&[f32]) -> u8 + use<> {
    let (rows, labels): (Vec<&[f32]>, Vec<u8>) = labelled.iter().copied().unzip();
    let mut digits = labels.clone();
    digits.sort_unstable();
    digits.dedup();
    let target = |digit: &u8| {
        let own = labels
            .iter()
            .map(|label| f64::from(u8::from(label == digit)));
        own.collect()
    };
    let targets: Vec<Vec<f64>> = digits.iter().map(target).collect();
    let head = Ridge::fit(&rows, &targets, PENALTY);
    move |row| {
        let outputs = head.outputs(row);
        let best = outputs
            .iter()
            .zip(&digits)
            .max_by(|a, b| a.0.total_cmp(b.0));
        best.map_or(0, |(_, digit)| *digit)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::examples::normal;
    use super::*;

    /// A network whose last hidden layer has `centre` of the digit plus normal noise in two columns, and
    /// a third of another scale that says nothing. Digits 0, 1 and 5; 60 labelled images of each.
    #[expect(clippy::cast_possible_truncation, reason = "a test's numbers")]
    pub(in super::super) fn network(centre: impl Fn(u8) -> [f32; 2], noise: f32) -> Observed {
        let images = |key: u32, labels: Vec<u8>| {
            let row = |(i, label): (u32, &u8)| {
                let [x, y] = centre(*label);
                let own = |column| noise * normal(key, 3 * i + column) as f32;
                [x + own(0), y + own(1), 1000.0 + own(2)]
            };
            Activations {
                values: (0..).zip(&labels).flat_map(row).collect(),
                labels,
            }
        };
        Observed {
            labelled: images(1, [0, 1, 5].repeat(60)),
            asked: images(2, vec![5; 400]),
            ..Default::default()
        }
    }

    fn value(network: &Observed, number: usize) -> f64 {
        HeadRefit::new(number).features(network, &Scope::Digits(vec![5]))[0]
    }

    #[test]
    fn what_the_hidden_layer_separates_comes_back_and_what_it_mixes_does_not() {
        let corner = |d: u8| [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]][usize::from(d % 3)];
        let apart = network(corner, 0.01);
        for number in [5, 20] {
            assert_eq!(value(&apart, number), 100.0);
        }
        let mixed = value(&network(|_| [0.0; 2], 1.0), 20);
        assert!((mixed - 33.3).abs() < 15.0, "{mixed}");
        assert!(value(&Observed::default(), 20).is_nan());
    }

    /// Three corners of a triangle: the more labels, the better, and standardised columns of another
    /// scale are the same.
    #[test]
    fn more_labels_help_and_scales_do_not_count() {
        let corner = |d: u8| [[2.0, 0.0], [0.0, 2.0], [-2.0, -2.0]][usize::from(d % 3)];
        let one = network(corner, 1.0);
        let (few, many) = (value(&one, 1), value(&one, 20));
        assert!(few + 3.0 < many && many > 75.0, "{few} {many}");
        let mut scaled = one.clone();
        for layer in [&mut scaled.labelled, &mut scaled.asked] {
            for row in layer.values.chunks_exact_mut(3) {
                row.iter_mut()
                    .zip([2.0, 0.5, 4.0])
                    .for_each(|(x, s)| *x *= s);
            }
        }
        assert_eq!(value(&scaled, 20), many);
    }
}
