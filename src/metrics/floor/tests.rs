use super::*;

/// A network's accuracy on the images to forget, as a metric of networks, pairs and groups.
struct Example(Form);

impl Metric for Example {
    fn name(&self) -> &str {
        "example"
    }

    fn meaning(&self) -> &'static str {
        ""
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        vec![f64::from(network.weights[0][0])]
    }

    fn form(&self) -> Form {
        self.0
    }

    fn resolution(&self) -> f64 {
        1e-3
    }
}

/// Equal networks are 1 apart: that is not a distance, because retrained ones are too.
const PAIRS: Form = Form::Pairs(|a, b| 1.0 + (a[0] - b[0]).abs());
const GROUPS: Form = Form::Groups {
    value: |a, b| 0.5 + (mean(&a.concat()) - mean(&b.concat())).abs(),
    equal: 0.5,
};

fn networks(values: &[f64]) -> Vec<Observed> {
    #[expect(clippy::cast_possible_truncation, reason = "a test's number")]
    let network = |value: &f64| Observed {
        weights: vec![vec![*value as f32]],
        ..Default::default()
    };
    values.iter().map(network).collect()
}

fn measured(form: Form, retrained: &[f64], group: &[f64]) -> (Measured, Measured) {
    let metrics: Vec<Box<dyn Metric>> = vec![Box::new(Example(form))];
    let task = Scope::Digits(vec![5]);
    let panel = Panel::new(&metrics, &networks(retrained), 2, &task, &mut || ());
    let of_group = panel.measure(&networks(group)).remove(0);
    (of_group, panel.retrained().remove(0))
}

#[test]
fn distances_are_those_of_means_of_pairs_and_of_groups() {
    // Per network: 3 and 5 against four with 1.
    let (group, _) = measured(Form::Each, &[1.0; 4], &[3.0, 5.0]);
    assert_eq!(group.values, [3.0, 5.0]);
    assert!((group.distance - 3.0).abs() < 1e-12);
    // Per pair; networks of the same number are left out.
    let (group, _) = measured(PAIRS, &[1.0, 1.0, 1.0, 1.0], &[3.0, 5.0]);
    assert_eq!(group.values, [3.0, 5.0]);
    assert!((group.distance - 3.0).abs() < 1e-12);
    let (twins, _) = measured(PAIRS, &[7.0, 9.0, 7.0, 9.0], &[7.0, 9.0]);
    assert_eq!(twins.values, [7.0 / 3.0, 7.0 / 3.0]);
    // Per group: a value at `equal` is no distance.
    let (group, among) = measured(GROUPS, &[1.0; 4], &[3.0, 5.0]);
    assert_eq!((group.values[0], among.values[0]), (3.5, 0.5));
    assert!((group.distance - 3.0).abs() < 1e-12);
}

/// Halving counts the same from 8 as from 800: in steps, the noise of slow networks would swamp
/// it.
#[test]
fn relearning_is_compared_on_a_logarithmic_scale() {
    use crate::metrics::{Relearning, relearning::RelearnSteps};
    let metrics: Vec<Box<dyn Metric>> = vec![Box::new(RelearnSteps)];
    let network = |steps: f64| Observed {
        relearning: vec![Relearning {
            steps: Some(steps),
            curve: Vec::new(),
        }],
        ..Default::default()
    };
    let task = Scope::Digits(vec![5]);
    let distance = |group: f64, retrained: f64| {
        let retrained = vec![network(retrained); 4];
        let panel = Panel::new(&metrics, &retrained, 2, &task, &mut || ());
        let measured = panel.measure(&[network(group), network(group)]).remove(0);
        assert!(measured.values.iter().all(|v| (v - group).abs() < 1e-9));
        measured.distance
    };
    assert!((distance(399.5, 800.0) - 2f64.ln()).abs() < 1e-9);
    assert!((distance(3.0, 7.0) - 2f64.ln()).abs() < 1e-9);
}

/// Ten metrics of independent normal numbers: the number over their floors by chance follows a
/// binomial distribution with a 95th percentile of 2, which groups of the same kind rarely
/// exceed; a group that is far by all metrics does.
#[test]
fn by_chance_as_many_metrics_tell_as_a_binomial_distribution_says() {
    use super::super::examples::normal;
    let ways = 2000;
    let numbers = |metric: u32| (0..ways).map(move |way| normal(metric, way).abs());
    // One in twenty of |x| is larger than 1.96.
    let units = |metric| numbers(metric).map(|x| x / 1.96).collect::<Vec<f64>>();
    let metrics: Vec<Vec<f64>> = (0..10).map(units).collect();
    let chance = Chance::of(&metrics);
    assert_eq!(chance.beyond_noise, 2);
    assert!(chance.units > 1.5 && chance.units < 2.5, "{chance:?}");
    let others: Vec<Vec<f64>> = (10..20).map(units).collect();
    let one = |way: usize| others.iter().map(|m| m[way]).collect::<Vec<_>>();
    let exceeded = (0..2000).filter(|way| chance.exceeded(&one(*way))).count();
    assert!((5..60).contains(&exceeded), "{exceeded} of 2000");
    assert!(chance.exceeded(&[3.0; 10]));
    // One metric farther than any split, or too many metrics.
    assert!(chance.exceeded(&[3.0, 0.0]));
    assert!(chance.exceeded(&[1.1, 1.2, 1.3]));
    assert!(!chance.exceeded(&[1.2, 0.3, f64::NAN, 1.1]));
}
