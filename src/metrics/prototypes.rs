//! Prototypical relearning: the nearest class mean in the last hidden layer.

use super::few::{self, Labelled};
use super::{Kind, Metric, Observed, Scope};

/// The accuracy on the forgotten digits' test images of the nearest class mean, by Euclidean distance in
/// the last hidden layer, over few labelled training images of every digit (prototypical networks, Snell
/// et al. 2017; as an attack on unlearning, prototypical relearning, Choi et al. 2024). Nothing is
/// fitted, so one image of a digit suffices to recover it where the layer still has a place for it.
pub struct Prototypes {
    name: String,
    number: usize,
}

impl Prototypes {
    /// With this number of labelled images of each digit, at most 20.
    pub fn new(number: usize) -> Self {
        Self {
            name: format!("prototypes {number}"),
            number,
        }
    }

    /// One for each number of labelled images.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        few::NUMBERS.into_iter().map(Self::new)
    }
}

impl Metric for Prototypes {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "prototypes"
    }

    fn meaning(&self) -> String {
        format!(
            "accuracy on the forgotten digits of the nearest mean of {} in the last hidden layer, %; ideal: as retrained",
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
        vec![few::accuracy(network, self.number, nearest)]
    }
}

/// The class means.
fn nearest(labelled: &Labelled<'_>) -> impl Fn(&[f32]) -> u8 + use<> {
    let mut sums: Vec<(u8, u32, Vec<f64>)> = Vec::new();
    for (row, label) in labelled {
        let known = sums.iter().position(|(digit, ..)| digit == label);
        let place = known.unwrap_or_else(|| {
            sums.push((*label, 0, vec![0.0; row.len()]));
            sums.len() - 1
        });
        let (_, count, sum) = &mut sums[place];
        *count += 1;
        sum.iter_mut()
            .zip(*row)
            .for_each(|(sum, x)| *sum += f64::from(*x));
    }
    for (_, count, sum) in &mut sums {
        sum.iter_mut().for_each(|x| *x /= f64::from(*count));
    }
    move |row| {
        let distance = |mean: &[f64]| -> f64 {
            let apart = row.iter().zip(mean).map(|(x, m)| f64::from(*x) - m);
            apart.map(|d| d * d).sum()
        };
        let all = sums.iter().map(|(digit, _, mean)| (*digit, distance(mean)));
        let best = all.min_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(0, |(digit, _)| digit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::phi;
    use super::super::refit::tests::network;
    use super::*;

    /// Means (0, 0) and (2, 0): (.9, 7) is nearer to the first, (1.1, 7) to the second.
    #[test]
    fn the_nearest_mean_is_the_answer() {
        let rows: Labelled<'_> = vec![(&[-1.0, 0.0], 3), (&[1.0, 0.0], 3), (&[2.0, 0.0], 8)];
        let classify = nearest(&rows);
        assert_eq!((classify(&[0.9, 7.0]), classify(&[1.1, 7.0])), (3, 8));
    }

    /// Digits at (0, 0), (100, 0) and (3, 0), σ = 1: the first and the last are 3 apart, so a 5 is told
    /// with probability Φ(3/2) by the true means. One image of each as the mean adds noise of the same
    /// deviation.
    #[test]
    fn normal_clouds_are_told_as_often_as_theory_says() {
        let centre = |d: u8| [[0.0, 0.0], [100.0, 0.0], [3.0, 0.0]][usize::from(d % 3)];
        let network = network(centre, 1.0);
        let value = |number| Prototypes::new(number).features(&network, &Scope::Digits(vec![5]))[0];
        let expected = 100.0 * phi(1.5);
        assert!(
            (value(20) - expected).abs() < 4.0,
            "{} {expected}",
            value(20)
        );
        assert!(value(1) < value(20));
        assert!(Prototypes::new(5).features(&Observed::default(), &Scope::Samples(20))[0].is_nan());
    }
}
