//! Membership inference: can an attacker infer from losses whether an image was trained on?

use super::by_image::confidence;
use super::{About, CLASSES, Kind, Metric, Observed, Outputs, Scope, mean};
use crate::random::threefry2x32;

/// The starting kit's attack (NeurIPS 2023 machine unlearning challenge): a logistic regression on
/// the loss separates training images to forget from test images of the same digits, over ten
/// stratified splits. The value is its accuracy; ideal is that of retrained networks. It is not ½ even
/// for those, because the images of the two sets differ.
pub struct StartingKit;

/// The same attack on the modified entropy (Song and Mittal 2021), which also reflects confidence
/// in wrong answers: Mentr = −(1 − p_y) ln p_y − Σ_{i≠y} p_i ln(1 − p_i), y the label. Code in
/// circulation has ln p_i instead of ln(1 − p_i).
pub struct ModifiedEntropy;

/// MIA-efficacy (Unlearn-Sparse): an attack trained to separate training images to keep from test
/// images of the same digits; the fraction of the images to forget that it classifies as
/// non-members. High means that they look as if they had never been trained on.
pub struct Efficacy;

/// The starting kit's attack on the training images to keep, against test images of the same digits:
/// whether unlearning exposes those who stay (Carlini et al. 2022, "The privacy onion effect"). The
/// networks were trained on these images, so ideal is the accuracy on retrained networks, not ½.
pub struct Kept;

/// Stratified splits.
const SPLITS: u32 = 10;

impl Metric for StartingKit {
    fn name(&self) -> &str {
        "MIA"
    }

    fn meaning(&self) -> String {
        "accuracy of an attack on losses, forget images against test images of the same digits; ideal: as retrained".to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.002
    }

    fn features(&self, network: &Observed, task: &Scope) -> Vec<f64> {
        vec![attack(
            &network.forget.losses(),
            &task.unseen(network).losses(),
        )]
    }
}

impl Metric for ModifiedEntropy {
    fn name(&self) -> &str {
        "MIA-entropy"
    }

    fn meaning(&self) -> String {
        "like MIA, on modified entropies (Song and Mittal) instead of losses; ideal: as retrained"
            .to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.002
    }

    fn features(&self, network: &Observed, task: &Scope) -> Vec<f64> {
        let unseen = entropies(&task.unseen(network));
        vec![attack(&entropies(&network.forget), &unseen)]
    }
}

/// The modified entropy of each image.
fn entropies(outputs: &Outputs) -> Vec<f64> {
    let one = |(logits, label): (&[f32; CLASSES], u8)| {
        let term = |class: usize| {
            // p and 1 − p from ln(p / (1 − p)), without underflow at either end.
            let odds = confidence(logits, class);
            let (ln_p, ln_rest) = (-softplus(-odds), -softplus(odds));
            match class == usize::from(label) {
                true => -ln_rest.exp() * ln_p,
                false => -ln_p.exp() * ln_rest,
            }
        };
        (0..CLASSES).map(term).sum()
    };
    outputs.iter().map(one).collect()
}

/// ln(1 + eˣ).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

impl Metric for Efficacy {
    fn name(&self) -> &str {
        "MIA-efficacy"
    }

    fn meaning(&self) -> String {
        "fraction of forget images classified as non-members by an attack trained on keep against test; high: unseen".to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.002
    }

    fn features(&self, network: &Observed, task: &Scope) -> Vec<f64> {
        let [seen, unseen] = kept(network, task);
        let line = Line::fit(&seen, &unseen);
        let out = network.forget.losses();
        vec![out.iter().filter(|x| !line.member(**x)).count() as f64 / out.len() as f64]
    }
}

impl Metric for Kept {
    fn name(&self) -> &str {
        "MIA kept"
    }

    fn meaning(&self) -> String {
        "accuracy of an attack on losses, keep images against test images of the same digits; ideal: as retrained".to_owned()
    }

    /// Only shown: untrained networks expose nobody, so that between them and retraining no position is
    /// damage.
    fn about(&self) -> Option<About> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.002
    }

    fn features(&self, network: &Observed, task: &Scope) -> Vec<f64> {
        let [seen, unseen] = kept(network, task);
        vec![attack(&seen, &unseen)]
    }
}

/// Losses on equally many training and test images of what is kept.
fn kept(network: &Observed, task: &Scope) -> [Vec<f64>; 2] {
    let unseen = network.test.only(|label| !task.forgotten(label)).losses();
    let seen = network.retain.losses();
    let n = seen.len().min(unseen.len());
    [spread(&seen, n), spread(&unseen, n)]
}

/// `n` values, evenly spread over the list: test sets have easier and harder halves.
fn spread(values: &[f64], n: usize) -> Vec<f64> {
    (0..n).map(|i| values[i * values.len() / n]).collect()
}

/// The mean balanced accuracy, over stratified splits into halves, of separating members from
/// non-members.
fn attack(members: &[f64], others: &[f64]) -> f64 {
    let n = members.len().min(others.len());
    let accuracies = (0..SPLITS).map(|split| {
        let halves = |values: &[f64], side: u32| {
            let mut order: Vec<usize> = (0..values.len()).collect();
            let number = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
            order.sort_by_key(|&i| threefry2x32([split, side], [number(i), 0]));
            let picked: Vec<f64> = order.iter().take(n).map(|&i| values[i]).collect();
            (picked[..n / 2].to_vec(), picked[n / 2..].to_vec())
        };
        let ((a, a_test), (b, b_test)) = (halves(members, 1), halves(others, 2));
        let line = Line::fit(&a, &b);
        let right = a_test.iter().filter(|x| line.member(**x)).count()
            + b_test.iter().filter(|x| !line.member(**x)).count();
        right as f64 / (a_test.len() + b_test.len()) as f64
    });
    mean(&accuracies.collect::<Vec<_>>())
}

/// A logistic regression with one feature: P(member) = 1 / (1 + exp(−(slope · x + offset))).
struct Line {
    slope: f64,
    offset: f64,
    centre: f64,
    scale: f64,
}

impl Line {
    /// Fits by Newton's method, with a small ridge so that separable sets have a solution.
    fn fit(members: &[f64], others: &[f64]) -> Self {
        let all: Vec<f64> = members.iter().chain(others).copied().collect();
        let centre = mean(&all);
        let squares: Vec<f64> = all.iter().map(|x| (x - centre).powi(2)).collect();
        let scale = mean(&squares).sqrt().max(1e-12);
        let (mut slope, mut offset) = (0.0f64, 0.0f64);
        for _ in 0..30 {
            let ridge = 1e-3 * all.len() as f64;
            let mut g = [-ridge * slope, 0.0];
            let mut h = [ridge, 0.0, 1e-9];
            let labelled = members.iter().map(|x| (x, 1.0));
            for (x, y) in labelled.chain(others.iter().map(|x| (x, 0.0))) {
                let x = (x - centre) / scale;
                let p = 1.0 / (1.0 + (-(slope * x + offset)).exp());
                let w = p * (1.0 - p);
                g[0] += (y - p) * x;
                g[1] += y - p;
                h[0] += w * x * x;
                h[1] += w * x;
                h[2] += w;
            }
            let det = h[0] * h[2] - h[1] * h[1];
            let step = [
                (h[2] * g[0] - h[1] * g[1]) / det,
                (h[0] * g[1] - h[1] * g[0]) / det,
            ];
            slope += step[0];
            offset += step[1];
            if step[0].abs() + step[1].abs() < 1e-10 {
                break;
            }
        }
        Self {
            slope,
            offset,
            centre,
            scale,
        }
    }

    fn member(&self, x: f64) -> bool {
        self.slope * (x - self.centre) / self.scale + self.offset > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::{normal, outputs};
    use super::*;

    #[test]
    fn separable_sets_are_told_apart_and_identical_ones_are_not() {
        let low: Vec<f64> = (0..200).map(|i| f64::from(i) * 1e-3).collect();
        let high: Vec<f64> = low.iter().map(|x| x + 1.0).collect();
        assert!(attack(&low, &high) > 0.99);
        assert!((attack(&low, &low) - 0.5).abs() < 0.1);
    }

    /// Two normal distributions one standard deviation apart: the best threshold lies halfway, with
    /// an accuracy of Φ(½) = .691.
    #[test]
    fn overlapping_normals_are_told_apart_as_often_as_theory_says() {
        let n = 4000;
        let one: Vec<f64> = (0..n).map(|i| normal(1, i)).collect();
        let other: Vec<f64> = (0..n).map(|i| normal(2, i) + 1.0).collect();
        let share = attack(&one, &other);
        assert!((share - 0.691).abs() < 0.015, "{share}");
    }

    /// Logits for these probabilities.
    fn certain(probabilities: [f32; 3]) -> [f32; CLASSES] {
        let mut logits = [-1e30; CLASSES];
        let known = logits.iter_mut().zip(probabilities);
        known.for_each(|(z, p)| *z = p.ln());
        logits
    }

    /// For (.7, .2, .1) with label 0: −.3 ln .7 − .2 ln .8 − .1 ln .9 = .1622; with ln p instead of
    /// ln(1 − p), .6592. For ten equal ones: −.9 ln .1 − .9 ln .9 = 2.1672.
    #[test]
    fn the_modified_entropy_is_that_of_its_formula() {
        let of = |logits, label| {
            entropies(&Outputs {
                logits: vec![logits],
                labels: vec![label],
            })[0]
        };
        let value = of(certain([0.7, 0.2, 0.1]), 0);
        assert!((value - 0.1622).abs() < 1e-4, "{value}");
        let wrong = -0.3 * 0.7f64.ln() - 0.2 * 0.2f64.ln() - 0.1 * 0.1f64.ln();
        assert!((wrong - 0.6592).abs() < 1e-4);
        assert!((of([3.0; CLASSES], 4) - 2.1672).abs() < 1e-4);
        // Confident and right: 0. Confident and wrong, by 60 nats: 60 for the label, 60 for the
        // answer.
        let mut sure = [-1e30; CLASSES];
        (sure[1], sure[2]) = (60.0, 0.0);
        assert!(of(sure, 1).abs() < 1e-12);
        assert!((of(sure, 2) - 120.0).abs() < 1e-9);
    }

    /// Networks with these margins for the label, on the images to forget, to keep, and on test
    /// images of forgotten and kept digits.
    fn network(forget: f32, retain: f32, test_forget: f32, test_keep: f32) -> Observed {
        let some = |label: u8, margin: f32| {
            let mut all = Outputs::default();
            for i in 0..100u8 {
                let own = outputs(&[label], &[label], margin + f32::from(i) / 200.0);
                all.logits.extend(own.logits);
                all.labels.push(label);
            }
            all
        };
        let mut test = some(5, test_forget);
        let keep = some(3, test_keep);
        test.logits.extend(keep.logits);
        test.labels.extend(keep.labels);
        Observed {
            forget: some(5, forget),
            retain: some(3, retain),
            test,
            ..Default::default()
        }
    }

    #[test]
    fn attacks_tell_what_is_separable_and_not_what_is_identical() {
        let value = |metric: &dyn Metric, network: &Observed| {
            metric.features(network, &Scope::Digits(vec![5]))[0]
        };
        let (same, apart) = (network(2.0, 4.0, 2.0, 4.0), network(4.0, 4.0, 2.0, 2.0));
        for metric in [&StartingKit as &dyn Metric, &ModifiedEntropy] {
            assert!(
                (value(metric, &same) - 0.5).abs() < 0.1,
                "{}",
                metric.name()
            );
            assert!(value(metric, &apart) > 0.99, "{}", metric.name());
        }
        // Images to keep like test images of kept digits, and unlike them.
        let (like, unlike) = (network(1.0, 2.0, 3.0, 2.0), network(2.0, 4.0, 4.0, 2.0));
        assert!((value(&Kept, &like) - 0.5).abs() < 0.1);
        assert!(value(&Kept, &unlike) > 0.99);
        // Images to forget that look like training images, and ones that look like test images.
        assert!(value(&Efficacy, &apart) < 0.01);
        assert!(value(&Efficacy, &network(2.0, 4.0, 2.0, 2.0)) > 0.99);
    }
}
