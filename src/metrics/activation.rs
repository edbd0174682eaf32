//! Activation distance: how far outputs are from those of retrained networks.

use super::{CLASSES, Form, Metric, Observed, Scope, mean, softmax};

/// The mean L2 distance between softmax outputs for the training images to forget, over all retrained
/// networks (Golatkar et al. 2021 take one).
pub struct ActivationDistance;

impl Metric for ActivationDistance {
    fn name(&self) -> &str {
        "activation"
    }

    fn meaning(&self) -> String {
        "mean L2 distance of the softmax on forget images from retrained networks; ideal: theirs"
            .to_owned()
    }

    fn resolution(&self) -> f64 {
        0.001
    }

    fn form(&self) -> Form {
        Form::Pairs(apart)
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        network.forget.logits.iter().flat_map(softmax).collect()
    }
}

fn apart(one: &[f64], other: &[f64]) -> f64 {
    let images = one.chunks_exact(CLASSES).zip(other.chunks_exact(CLASSES));
    let distance = |(p, q): (&[f64], &[f64])| {
        let squares = p.iter().zip(q).map(|(p, q)| (p - q).powi(2));
        squares.sum::<f64>().sqrt()
    };
    mean(&images.map(distance).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;

    #[test]
    fn certain_and_different_answers_are_the_root_of_two_apart() {
        let features = |answer: u8| {
            let observed = Observed {
                forget: outputs(&[answer; 3], &[5; 3], 100.0),
                ..Default::default()
            };
            ActivationDistance.features(&observed, &Scope::Digits(vec![5]))
        };
        assert!((apart(&features(1), &features(2)) - 2f64.sqrt()).abs() < 1e-9);
    }
}
