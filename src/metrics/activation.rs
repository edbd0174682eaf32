//! Activation distance: how far outputs are from those of retrained networks.

use super::{CLASSES, Metric, Observed, Scope, mean, softmax};

/// The mean L2 distance between softmax outputs for the training images to forget, over all retrained
/// networks (Golatkar et al. 2021 take one).
pub struct ActivationDistance;

impl Metric for ActivationDistance {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn meaning(&self) -> &'static str {
        "mean L2 distance of the softmax on forget images from retrained networks; ideal: theirs"
    }

    fn alone(&self) -> bool {
        false
    }

    fn resolution(&self) -> f64 {
        0.01
    }

    fn values(&self, group: &[Observed], reference: &[Observed], _: &Scope) -> Vec<f64> {
        let theirs: Vec<_> = reference.iter().map(probabilities).collect();
        let value = |o: &Observed| {
            let own = probabilities(o);
            // A network is no distance from itself, and that says nothing.
            let others = theirs.iter().filter(|other| **other != own);
            mean(&others.map(|other| apart(&own, other)).collect::<Vec<_>>())
        };
        group.iter().map(value).collect()
    }
}

type Probabilities = Vec<[f64; CLASSES]>;

fn probabilities(network: &Observed) -> Probabilities {
    network.forget.logits.iter().map(softmax).collect()
}

fn apart(one: &Probabilities, other: &Probabilities) -> f64 {
    let distance = |(p, q): (&[f64; CLASSES], &[f64; CLASSES])| {
        let squares = p.iter().zip(q).map(|(p, q)| (p - q).powi(2));
        squares.sum::<f64>().sqrt()
    };
    mean(&one.iter().zip(other).map(distance).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;

    #[test]
    fn certain_and_different_answers_are_the_root_of_two_apart() {
        let observed = |answer: u8| Observed {
            forget: outputs(&[answer; 3], &[5; 3], 100.0),
            ..Default::default()
        };
        let task = Scope::Digits(vec![5]);
        let values = ActivationDistance.values(&[observed(1)], &[observed(2)], &task);
        assert!((values[0] - 2f64.sqrt()).abs() < 1e-9);
    }
}
