//! Accuracies: UA, RA, and the two that both go by the name of TA.

use super::{About, Metric, Observed, Scope};

/// UA: 100 − accuracy on the training images to forget, in percent.
pub struct Unlearned;
/// RA: accuracy on the training images to keep, in percent.
pub struct Retained;
/// TA, test accuracy, in percent. Repositories disagree on whether forgotten classes count; we have
/// both.
pub struct Test {
    /// Whether only the digits to keep count. Over all classes, accuracy has a ceiling by
    /// definition: 90 % after one of ten digits.
    pub kept_only: bool,
}

impl Metric for Unlearned {
    fn name(&self) -> &str {
        "UA"
    }

    fn meaning(&self) -> String {
        "100 − accuracy on the training images to forget, %; ideal: that of retrained networks"
            .to_owned()
    }

    fn resolution(&self) -> f64 {
        0.1
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        vec![100.0 * (1.0 - network.forget.accuracy(|_| true))]
    }
}

impl Metric for Retained {
    fn name(&self) -> &str {
        "RA"
    }

    fn about(&self) -> Option<About> {
        Some(About::Kept)
    }

    fn meaning(&self) -> String {
        "accuracy on the training images to keep, %; ideal: that of retrained networks".to_owned()
    }

    fn resolution(&self) -> f64 {
        0.1
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        vec![100.0 * network.retain.accuracy(|_| true)]
    }
}

impl Metric for Test {
    fn name(&self) -> &str {
        match self.kept_only {
            true => "TA kept",
            false => "TA all",
        }
    }

    /// TA over all digits mixes what is kept with what is forgotten.
    fn about(&self) -> Option<About> {
        self.kept_only.then_some(About::Kept)
    }

    fn meaning(&self) -> String {
        let meaning = match self.kept_only {
            true => "accuracy on test images of the digits to keep, %",
            false => "accuracy on all test images, %, capped by the forgotten digits",
        };
        meaning.to_owned()
    }

    fn resolution(&self) -> f64 {
        0.01
    }

    fn features(&self, network: &Observed, task: &Scope) -> Vec<f64> {
        let counts = |label: u8| !self.kept_only || !task.forgotten(label);
        vec![100.0 * network.test.accuracy(counts)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;

    #[test]
    fn the_two_test_accuracies_differ_by_the_forgotten_digits() {
        let observed = Observed {
            test: outputs(&[0, 1, 3, 3], &[0, 1, 5, 2], 1.0),
            forget: outputs(&[3, 3, 5, 5], &[5; 4], 1.0),
            ..Default::default()
        };
        let task = Scope::Digits(vec![5]);
        let value = |m: &dyn Metric| m.features(&observed, &task)[0];
        assert_eq!(value(&Test { kept_only: false }), 50.0);
        assert!((value(&Test { kept_only: true }) - 200.0 / 3.0).abs() < 1e-9);
        assert_eq!(value(&Unlearned), 50.0);
    }

    /// A network that knows all digits but the forgotten ones is perfect if those do not count.
    #[test]
    fn forgetting_digits_caps_the_accuracy_over_all_classes() {
        for digits in [vec![5], vec![3, 5], vec![3, 5, 8]] {
            let labels: Vec<u8> = (0..10).collect();
            let answers = labels
                .iter()
                .map(|l| if digits.contains(l) { 0 } else { *l });
            let observed = Observed {
                test: outputs(&answers.collect::<Vec<_>>(), &labels, 1.0),
                ..Default::default()
            };
            let ceiling = 100.0 - 10.0 * digits.len() as f64;
            let task = Scope::Digits(digits);
            let value = |m: &dyn Metric| m.features(&observed, &task)[0];
            assert!((value(&Test { kept_only: false }) - ceiling).abs() < 1e-9);
            assert_eq!(value(&Test { kept_only: true }), 100.0);
        }
    }
}
