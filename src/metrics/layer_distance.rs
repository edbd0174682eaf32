//! Layer-wise distance: how far weights are from those of retrained networks.

use super::{Form, Kind, Metric, Observed, Scope};

/// ‖θ − θ_r‖ / ‖θ_r‖ of a layer's weights and biases, from the retrained network with the same
/// initial weights: networks with different ones have no common order of neurons, and are √2 apart
/// whatever they know. Exact retraining from the same initial weights, with the samples in another
/// order, is the reference: on MNIST .3 to .5 apart.
pub struct LayerDistance {
    name: String,
    layer: usize,
}

impl LayerDistance {
    /// The index of the layer; the last one computes the logits.
    pub fn new(layer: usize) -> Self {
        Self {
            name: format!("Δ {}", layer + 1),
            layer,
        }
    }
}

impl Metric for LayerDistance {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "Δ"
    }

    fn meaning(&self) -> String {
        format!(
            "distance of layer {}'s weights from those retrained from the same initial weights; ideal: as between two retrainings",
            self.layer + 1
        )
    }

    fn kind(&self) -> Kind {
        Kind::Inside
    }

    fn resolution(&self) -> f64 {
        0.0
    }

    fn form(&self) -> Form {
        Form::Twins
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        network.weights[self.layer]
            .iter()
            .map(|w| f64::from(*w))
            .collect()
    }
}

/// ‖own − theirs‖ / ‖theirs‖.
pub(crate) fn relative(own: &[f64], theirs: &[f64]) -> f64 {
    let (mut apart, mut norm) = (0.0, 0.0);
    for (a, b) in own.iter().zip(theirs) {
        apart += (a - b) * (a - b);
        norm += b * b;
    }
    (apart / norm).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::examples::normal;
    use super::*;

    #[test]
    fn it_is_a_share_of_the_retrained_network_s_norm() {
        // (3, 4) is 3 from (0, 4): relative to 4, and to 5 the other way round.
        assert!((relative(&[3.0, 4.0], &[0.0, 4.0]) - 0.75).abs() < 1e-12);
        assert!((relative(&[0.0, 4.0], &[3.0, 4.0]) - 0.6).abs() < 1e-12);
        assert_eq!(relative(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
    }

    /// ‖a − b‖² = ‖a‖² + ‖b‖² − 2ab, and ab vanishes for independent numbers.
    #[test]
    fn independent_weights_are_the_root_of_two_apart() {
        let of = |key| (0..20_000).map(|i| normal(key, i)).collect::<Vec<_>>();
        assert!((relative(&of(1), &of(2)) - 2f64.sqrt()).abs() < 0.02);
    }

    #[test]
    fn each_layer_has_its_own() {
        let network = Observed {
            weights: vec![vec![1.0, 2.0], vec![3.0]],
            ..Default::default()
        };
        let of = |layer| LayerDistance::new(layer).features(&network, &Scope::Digits(vec![5]));
        assert_eq!((of(0), of(1)), (vec![1.0, 2.0], vec![3.0]));
    }
}
