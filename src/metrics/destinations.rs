//! Where the forgotten digits' images go: networks that never saw a 5 do not answer at random, they
//! call it a 3 or an 8.

use super::{CLASSES, Form, Metric, Observed, Scope, answer};

/// The total variation distance, ½ Σ |p − q|, between how often each digit is a network's answer to
/// the forgotten digits' test images and how often it is a retrained network's.
pub struct Destinations;

impl Metric for Destinations {
    fn name(&self) -> &str {
        "answers"
    }

    fn meaning(&self) -> String {
        "total variation between the answers to the forgotten digits and those of retrained networks; ideal: theirs".to_owned()
    }

    fn resolution(&self) -> f64 {
        0.001
    }

    fn form(&self) -> Form {
        Form::Pairs(variation)
    }

    /// How often each digit is the answer to the forgotten digits' test images.
    fn features(&self, network: &Observed, task: &Scope) -> Vec<f64> {
        let asked = task.asked(network);
        let mut counts = [0.0; CLASSES];
        asked.iter().for_each(|(z, _)| counts[answer(z)] += 1.0);
        let all = asked.logits.len().max(1) as f64;
        counts.iter().map(|n| n / all).collect()
    }
}

fn variation(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;

    #[test]
    fn shares_and_distances_are_those_that_a_person_counts() {
        let shares = |answers: &[u8]| {
            let observed = Observed {
                test: outputs(answers, &[5, 5, 5, 5, 1], 1.0),
                ..Default::default()
            };
            Destinations.features(&observed, &Scope::Digits(vec![5]))
        };
        let (one, other) = (shares(&[3, 3, 8, 8, 1]), shares(&[3, 8, 8, 5, 1]));
        assert_eq!(one[3], 0.5);
        assert_eq!(variation(&one, &one), 0.0);
        assert_eq!(variation(&one, &other), 0.25);
    }
}
