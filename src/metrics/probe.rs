//! Linear probe: can the forgotten digits still be separated by a hidden layer?

use super::ridge::Ridge;
use super::{Kind, Metric, Observed, Scope};

/// The balanced accuracy of a linear classifier, fitted by ridge regression, that separates the
/// images to forget from those to keep by a hidden layer's standardised activations (Alain and Bengio
/// 2016); fitted on half of the images, as many of each kind, and evaluated on the others. Chance is ½, but even retrained networks, which never saw the
/// digits, have far more; they are the reference.
pub struct LinearProbe {
    name: String,
    layer: usize,
}

impl LinearProbe {
    /// The index of the hidden layer.
    pub fn new(layer: usize) -> Self {
        Self {
            name: format!("probe {}", layer + 1),
            layer,
        }
    }
}

/// The penalty, times the number of rows.
const RIDGE: f64 = 1e-2;

impl Metric for LinearProbe {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "probe"
    }

    fn meaning(&self) -> String {
        format!(
            "balanced accuracy of a linear probe on hidden layer {}, forget against keep; ideal: that of retrained networks",
            self.layer + 1
        )
    }

    fn kind(&self) -> Kind {
        Kind::Inside
    }

    fn resolution(&self) -> f64 {
        0.001
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        let hidden = (&network.forget_hidden, &network.retain_hidden);
        let (forget, retain) = (&hidden.0[self.layer], &hidden.1[self.layer]);
        let width = forget.len() / network.forget.logits.len().max(1);
        vec![accuracy(forget, retain, width)]
    }
}

/// The probe's accuracy on held-out images, from activations [images, width] of both kinds.
pub fn accuracy<'a>(one: &'a [f32], other: &'a [f32], width: usize) -> f64 {
    let rows = |values: &'a [f32], odd| -> Vec<&'a [f32]> {
        let rows = values.chunks_exact(width);
        rows.skip(odd).step_by(2).collect()
    };
    let (forget, retain) = (rows(one, 0), rows(other, 0));
    let n = forget.len().min(retain.len());
    // As many of each, evenly spread.
    let spread = |rows: &[&'a [f32]]| -> Vec<&'a [f32]> {
        (0..n).map(|i| rows[i * rows.len() / n]).collect()
    };
    let targets = [vec![1.0; n], vec![-1.0; n]].concat();
    let fit = Ridge::fit(
        &[spread(&forget), spread(&retain)].concat(),
        &[targets],
        RIDGE,
    );
    let share = |rows: &[&[f32]], wanted: bool| {
        let right = rows
            .iter()
            .filter(|row| (fit.outputs(row)[0] > 0.0) == wanted);
        right.count() as f64 / rows.len().max(1) as f64
    };
    f64::midpoint(share(&rows(one, 1), true), share(&rows(other, 1), false))
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;
    use crate::random::threefry2x32;

    fn cloud(seed: u32, shift: f32) -> Vec<f32> {
        let number = |i| (threefry2x32([seed, 0], [i, 0])[0] >> 8) as f32 / 16_777_216.0 + shift;
        (0..4 * 500).map(number).collect()
    }

    #[test]
    fn separable_clouds_are_told_apart_and_equal_ones_are_not() {
        assert!(accuracy(&cloud(1, 0.0), &cloud(2, 1.0), 4) > 0.99);
        let chance = accuracy(&cloud(1, 0.0), &cloud(2, 0.0), 4);
        assert!((chance - 0.5).abs() < 0.08, "{chance}");
    }

    /// The first layer separates the images, the second does not.
    #[test]
    fn every_layer_has_a_probe_of_its_own() {
        let network = Observed {
            forget: outputs(&[0; 500], &[5; 500], 1.0),
            forget_hidden: vec![cloud(1, 0.0), cloud(3, 0.0)],
            retain_hidden: vec![cloud(2, 1.0), cloud(4, 0.0)],
            ..Default::default()
        };
        let task = Scope::Digits(vec![5]);
        let of = |layer| LinearProbe::new(layer).features(&network, &task)[0];
        assert!(of(0) > 0.99 && of(1) < 0.6, "{} {}", of(0), of(1));
    }

    /// A layer of another scale, even of single neurons, is the same layer.
    #[test]
    fn scales_do_not_count() {
        let (one, other) = (cloud(1, 0.0), cloud(2, 0.1));
        let scaled = |values: &[f32]| -> Vec<f32> {
            let scales = [0.25, 64.0, 1.0, 8.0].into_iter().cycle();
            values.iter().zip(scales).map(|(x, s)| x * s).collect()
        };
        let value = accuracy(&one, &other, 4);
        assert!(value > 0.6 && value < 0.9, "{value}");
        assert_eq!(accuracy(&scaled(&one), &scaled(&other), 4), value);
    }
}
