//! Where the forgotten digits' images go: networks that never saw a 5 do not answer at random, they
//! call it a 3 or an 8.

use super::{CLASSES, Form, Metric, Observed, Scope, answer, mean};

/// The total variation distance, ½ Σ |p − q|, between the answers to the forgotten digits' test images
/// and those of the retrained population.
pub struct Destinations;

impl Metric for Destinations {
    fn name(&self) -> &str {
        "answers"
    }

    fn meaning(&self) -> &'static str {
        "total variation between the answers to the forgotten digits and those of retrained networks; ideal 0"
    }

    fn resolution(&self) -> f64 {
        0.01
    }

    fn form(&self) -> Form {
        Form::Groups {
            value: |group, reference| variation(&together(group), &together(reference)),
            equal: 0.0,
        }
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

/// The mean shares of a group.
fn together(group: &[&[f64]]) -> [f64; CLASSES] {
    std::array::from_fn(|class| mean(&group.iter().map(|s| s[class]).collect::<Vec<_>>()))
}

fn variation(p: &[f64; CLASSES], q: &[f64; CLASSES]) -> f64 {
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
        let distance = |a: &[f64], b: &[f64]| variation(&together(&[a]), &together(&[b]));
        assert_eq!(distance(&one, &one), 0.0);
        assert_eq!(distance(&one, &other), 0.25);
        // Of a group, shares are averaged before they are compared.
        let both = together(&[&one, &other]);
        assert_eq!(variation(&both, &together(&[&one])), 0.125);
    }
}
