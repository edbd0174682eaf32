//! ZRF: how much a network answers like an untrained one.

use super::{CLASSES, Metric, Observed, Scope, mean, softmax};

/// 1 − the mean Jensen-Shannon divergence, in nats, between a network and one with fresh weights on the
/// training images to forget (Chundawat et al. 2023). JS is the mean of KL(p‖m) and KL(q‖m) with
/// m = (p + q)/2, each a sum over classes, in that direction.
pub struct Zrf;

impl Metric for Zrf {
    fn name(&self) -> &str {
        "ZRF"
    }

    fn meaning(&self) -> String {
        "1 − JS divergence (nats) from a fresh network on forget images; ideal: that of retrained networks".to_owned()
    }

    fn resolution(&self) -> f64 {
        0.001
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        let pairs = network.forget.logits.iter().zip(&network.fresh);
        let js = pairs.map(|(z, fresh)| jensen_shannon(&softmax(z), fresh));
        vec![1.0 - mean(&js.collect::<Vec<_>>())]
    }
}

/// The Jensen-Shannon divergence in nats.
pub fn jensen_shannon(p: &[f64; CLASSES], q: &[f64; CLASSES]) -> f64 {
    let middle: [f64; CLASSES] = std::array::from_fn(|i| f64::midpoint(p[i], q[i]));
    f64::midpoint(divergence(p, &middle), divergence(q, &middle))
}

/// KL(p ‖ m) = Σ p ln(p/m).
fn divergence(p: &[f64; CLASSES], m: &[f64; CLASSES]) -> f64 {
    let term = |(p, m): (&f64, &f64)| if *p > 0.0 { p * (p / m).ln() } else { 0.0 };
    p.iter().zip(m).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::super::Outputs;
    use super::*;

    /// A network that is sure of one class against a uniform one: .50 nats, .28 bits. Code in
    /// circulation computes KL(m‖p) and divides by the number of classes, giving .90 here.
    #[test]
    fn the_sure_network_beside_the_uniform_one() {
        let mut sure = [0.01 / 9.0; CLASSES];
        sure[0] = 0.99;
        let uniform = [0.1; CLASSES];
        let js = jensen_shannon(&sure, &uniform);
        assert!((1.0 - js - 0.50).abs() < 0.005, "{}", 1.0 - js);
        assert!((1.0 - js / 2f64.ln() - 0.28).abs() < 0.005);
        let wrong = |p: &[f64; CLASSES], m: &[f64; CLASSES]| divergence(m, p) / CLASSES as f64;
        let m: [f64; CLASSES] = std::array::from_fn(|i| f64::midpoint(sure[i], uniform[i]));
        let theirs = 1.0 - f64::midpoint(wrong(&sure, &m), wrong(&uniform, &m));
        assert!((theirs - 0.90).abs() < 0.06, "{theirs}");
        assert!((1.0 - js - theirs).abs() > 0.3);
    }

    #[test]
    fn it_is_zero_for_equals_symmetric_and_at_most_ln_2() {
        let (mut p, mut q) = ([0.0; CLASSES], [0.0; CLASSES]);
        (p[1], q[2]) = (1.0, 1.0);
        assert_eq!(jensen_shannon(&p, &p), 0.0);
        assert!((jensen_shannon(&p, &q) - 2f64.ln()).abs() < 1e-12);
        let r = [0.1; CLASSES];
        assert!((jensen_shannon(&p, &r) - jensen_shannon(&r, &p)).abs() < 1e-12);
    }

    /// A sure network against a uniform one, and against itself with ten times the logits. The
    /// cosine of softmax outputs, which goes by the same name, is .32 for the first; that of logits
    /// is 1 for the second, as if confident and unconfident networks were the same.
    #[test]
    fn it_is_no_cosine() {
        let zrf = |logits: [f32; CLASSES], fresh: [f32; CLASSES]| {
            let observed = Observed {
                forget: Outputs {
                    logits: vec![logits],
                    labels: vec![5],
                },
                fresh: vec![softmax(&fresh)],
                ..Default::default()
            };
            Zrf.features(&observed, &Scope::Digits(vec![5]))[0]
        };
        let cosine = |a: &[f64; CLASSES], b: &[f64; CLASSES]| {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let mut sure = [0.0; CLASSES];
        sure[0] = (0.99f32 / (0.01 / 9.0)).ln();
        let uniform = [0.0; CLASSES];
        assert!((zrf(sure, uniform) - 0.50).abs() < 0.005);
        assert!((cosine(&softmax(&sure), &softmax(&uniform)) - 0.32).abs() < 0.005);

        let mut unsure = [0.0; CLASSES];
        unsure[0] = 0.5;
        let surer = unsure.map(|z| 20.0 * z);
        assert!((cosine(&unsure.map(f64::from), &surer.map(f64::from)) - 1.0).abs() < 1e-9);
        // (.9996, .00005 …) and (.1548, .0939 …) with m = (.5772, .0470 …): JS = ½ .5461 + ½ .3817.
        assert!(
            (zrf(surer, unsure) - 0.5361).abs() < 0.0005,
            "{}",
            zrf(surer, unsure)
        );
    }
}
