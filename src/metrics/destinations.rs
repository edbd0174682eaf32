//! Where the forgotten digits' images go: networks that never saw a 5 do not answer at random, they
//! call it a 3 or an 8.

use super::{CLASSES, Metric, Observed, Scope, answer, mean};

/// The total variation distance, ½ Σ |p − q|, between the answers to the forgotten digits' test images
/// and those of the retrained population.
pub struct Destinations;

impl Metric for Destinations {
    fn name(&self) -> &'static str {
        "answers"
    }

    fn meaning(&self) -> &'static str {
        "total variation between the answers to the forgotten digits and those of retrained networks; ideal 0"
    }

    fn alone(&self) -> bool {
        false
    }

    fn resolution(&self) -> f64 {
        0.01
    }

    fn values(&self, group: &[Observed], reference: &[Observed], task: &Scope) -> Vec<f64> {
        let theirs = together(reference, task);
        let value = |o: &Observed| variation(&shares(o, task), &theirs);
        group.iter().map(value).collect()
    }

    fn distance(&self, group: &[Observed], reference: &[Observed], task: &Scope) -> f64 {
        variation(&together(group, task), &together(reference, task))
    }
}

/// How often each digit is the answer to the forgotten digits' test images.
pub fn shares(network: &Observed, task: &Scope) -> [f64; CLASSES] {
    let asked = task.asked(network);
    let mut counts = [0.0; CLASSES];
    asked.iter().for_each(|(z, _)| counts[answer(z)] += 1.0);
    counts.map(|n| n / asked.logits.len().max(1) as f64)
}

/// The mean shares of a group.
pub fn together(group: &[Observed], task: &Scope) -> [f64; CLASSES] {
    let all: Vec<_> = group.iter().map(|o| shares(o, task)).collect();
    std::array::from_fn(|class| mean(&all.iter().map(|s| s[class]).collect::<Vec<_>>()))
}

fn variation(p: &[f64; CLASSES], q: &[f64; CLASSES]) -> f64 {
    p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::super::examples::outputs;
    use super::*;

    #[test]
    fn shares_and_distances_are_those_that_a_person_counts() {
        let observed = |answers: &[u8]| Observed {
            test: outputs(answers, &[5, 5, 5, 5, 1], 1.0),
            ..Default::default()
        };
        let task = Scope::Digits(vec![5]);
        let (one, other) = (observed(&[3, 3, 8, 8, 1]), observed(&[3, 8, 8, 5, 1]));
        assert_eq!(shares(&one, &task)[3], 0.5);
        let distance =
            |a: &Observed, b: &Observed| Destinations.distance(from_ref(a), from_ref(b), &task);
        assert_eq!(distance(&one, &one), 0.0);
        assert_eq!(distance(&one, &other), 0.25);
    }
}
