use super::super::examples::normal;
use super::*;

/// A network's numbers, as a metric of this form.
struct Example(Form);

impl Metric for Example {
    fn name(&self) -> &str {
        "example"
    }

    fn meaning(&self) -> String {
        String::new()
    }

    fn features(&self, _: &Observed, _: &Scope) -> Vec<f64> {
        Vec::new()
    }

    fn form(&self) -> Form {
        self.0
    }

    fn resolution(&self) -> f64 {
        0.0
    }
}

fn features(rows: Vec<Vec<f64>>, numbered: bool) -> Features {
    Features {
        rows,
        censored: 0,
        numbered,
    }
}

/// Networks around a centre, with this scatter in every direction.
fn scattered(key: u32, networks: u32, centre: &[f64], scatter: f64) -> Features {
    let width = u32::try_from(centre.len()).unwrap();
    let row = |i: u32| {
        let at = |c: u32| centre[c as usize] + scatter * normal(key, i * width + c);
        (0..width).map(at).collect()
    };
    features((0..networks).map(row).collect(), true)
}

/// Retrained networks at 0, originals at (2, 0, 0).
fn references(key: u32, [n, m]: [u32; 2], scatter: f64) -> References {
    References {
        retrained: scattered(key, m, &[0.0; 3], scatter),
        twins: scattered(key + 1, n, &[0.0; 3], scatter),
        originals: scattered(key + 2, n, &[2.0, 0.0, 0.0], scatter),
        untrained: scattered(key + 3, 6, &[9.0; 3], scatter),
    }
}

const SQUARED: Form = Form::Pairs(|a, b| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum());
const GROUPS: Form = Form::Groups {
    value: |a, b| {
        let centre = |g: &[&[f64]]| mean(&g.iter().map(|row| row[0]).collect::<Vec<_>>());
        1.0 + (centre(a) - centre(b)).abs()
    },
};
const FORMS: [Form; 4] = [Form::Each, SQUARED, Form::Twins, GROUPS];

fn effect(form: Form, key: u32, group: &Features) -> Effect {
    let metric = Example(form);
    let scale = Scale::new(&metric, references(key, [32, 32], 0.1));
    assert!(scale.is_known());
    scale.measure(group).effect.unwrap()
}

#[test]
fn doing_nothing_is_at_one_and_half_way_is_half() {
    for form in FORMS {
        let originals = references(1, [32, 32], 0.1).originals;
        let nothing = effect(form, 1, &originals);
        assert!(
            (nothing.at.value - 1.0).abs() < 1e-9,
            "{}",
            nothing.at.value
        );
        // The very same networks: there is nothing to be uncertain about.
        assert!(nothing.at.error < 0.01, "{}", nothing.at.error);
        let half = effect(form, 1, &scattered(90, 32, &[1.0, 0.0, 0.0], 0.1));
        assert!((half.at.value - 0.5).abs() < 0.06, "{}", half.at.value);
        assert!(half.p < 1e-6);
        let beyond = effect(form, 1, &scattered(91, 32, &[-1.0, 0.0, 0.0], 0.1));
        assert!((beyond.at.value + 0.5).abs() < 0.06, "{}", beyond.at.value);
    }
}

/// 1.5 to the side of a line of length 2.
#[test]
fn what_lies_beside_the_line_is_no_residual_knowledge() {
    for form in [SQUARED, Form::Twins] {
        let aside = effect(form, 1, &scattered(90, 32, &[0.0, 1.5, 0.0], 0.1));
        assert!(aside.at.value.abs() < 0.06, "{}", aside.at.value);
        assert!((aside.aside - 0.75 * 0.75).abs() < 0.08, "{}", aside.aside);
    }
}

/// Exact retraining: intervals of 95 % miss 0 in one of twenty cases, for every form and few networks.
#[test]
fn intervals_of_exact_retraining_cover_zero_as_often_as_they_say() {
    for (number, form) in FORMS.into_iter().enumerate() {
        for (n, m) in [(4, 8), (8, 16)] {
            let metric = Example(form);
            let effects = (0..1000u32).filter_map(|trial| {
                let key = 10 * trial;
                let scale = Scale::new(&metric, references(key, [n, m], 0.1));
                let again = scattered(key + 4, n, &[0.0; 3], 0.1);
                scale.measure(&again).effect
            });
            let effects: Vec<Effect> = effects.collect();
            let missed = effects.iter().filter(|effect| {
                let [low, high] = effect.at.interval(0.05);
                low > 0.0 || high < 0.0
            });
            let share = missed.count() as f64 / effects.len() as f64;
            assert!(effects.len() > 990, "{number}: {}", effects.len());
            assert!(share < 0.075, "{number}, {n}, {m}: {share}");
            // A distance is folded at zero, so that its intervals are wider than they need be.
            let folded = matches!(form, Form::Groups { .. });
            assert!(folded || share > 0.025, "{number}, {n}, {m}: {share}");
        }
    }
}

/// Leaving one out equals measuring without it.
#[test]
fn a_network_left_out_has_no_part() {
    for form in [Form::Each, SQUARED] {
        let metric = Example(form);
        let group = scattered(90, 5, &[1.0, 0.5, 0.0], 0.3);
        let without = |f: &Features, i: usize| {
            let mut rows = f.rows.clone();
            rows.remove(i);
            features(rows, true)
        };
        let all = references(1, [5, 8], 0.3);
        let left = Scale::new(&metric, all.clone())
            .measure(&group)
            .effect
            .unwrap()
            .left;
        let mut fewer = all.clone();
        fewer.originals = without(&all.originals, 2);
        fewer.retrained = without(&all.retrained, 2);
        fewer.twins = without(&all.twins, 2);
        // The third learner and the third retrained network leave together, since numbers pair them.
        let both = Scale::new(&metric, fewer)
            .measure(&without(&group, 2))
            .effect
            .unwrap();
        let mut only = all;
        only.retrained = without(&only.retrained, 7);
        let one = Scale::new(&metric, only).measure(&group).effect.unwrap();
        assert!((left.references[7] - one.at.value).abs() < 1e-12);
        assert!((left.learners[2] - both.at.value).abs() < 0.2);
    }
}

/// More than 32 networks are left out in parts; the error is that of Welch's test all the same, within
/// what 32 parts can tell.
#[test]
fn many_networks_are_left_out_in_parts() {
    let metric = Example(Form::Each);
    let scale = Scale::new(&metric, references(1, [100, 150], 0.3));
    let group = scattered(90, 100, &[1.0, 0.0, 0.0], 0.3);
    let effect = scale.measure(&group).effect.unwrap();
    assert_eq!(
        (effect.left.learners.len(), effect.left.references.len()),
        (32, 32)
    );
    let expected = 0.3 * f64::sqrt(1.0 / 100.0 + 1.0 / 150.0);
    assert!((effect.difference.error / expected - 1.0).abs() < 0.25);
    let parts: Vec<Part> = Part::all(5).collect();
    assert!(
        parts
            .iter()
            .enumerate()
            .all(|(k, part)| (0..5).all(|i| part.has(i) == (i == k)))
    );
}

#[test]
fn a_scale_as_short_as_its_error_measures_nothing() {
    let metric = Example(Form::Each);
    let mut same = references(1, [8, 16], 0.3);
    same.originals = scattered(50, 8, &[0.0; 3], 0.3);
    let scale = Scale::new(&metric, same);
    assert!(!scale.is_known());
    assert!(
        scale
            .measure(&scattered(90, 8, &[1.0; 3], 0.3))
            .effect
            .is_none()
    );
}

/// Of a single network nothing is certain that only its own scatter could tell.
#[test]
fn a_single_retrained_network_is_not_distinguished() {
    for form in FORMS {
        let metric = Example(form);
        let scale = Scale::new(&metric, references(1, [1, 16], 0.1));
        let again = scale.measure(&scattered(90, 1, &[0.0; 3], 0.1));
        assert!(again.effect.is_none_or(|e| e.p.is_nan() || e.p > 0.05));
    }
}

#[test]
fn a_single_learner_has_a_wide_interval_and_unnumbered_networks_no_twins() {
    let metric = Example(Form::Each);
    let scale = Scale::new(&metric, references(1, [1, 16], 0.3));
    let one = scale
        .measure(&scattered(90, 1, &[0.2; 3], 0.3))
        .effect
        .unwrap();
    let [low, high] = one.at.interval(0.05);
    assert!(low < 0.0 && high > 0.0 && one.p > 0.05);
    let twins = Example(Form::Twins);
    let scale = Scale::new(&twins, references(1, [8, 16], 0.3));
    let foreign = features(scattered(90, 8, &[1.0; 3], 0.3).rows, false);
    let measured = scale.measure(&foreign);
    assert!(measured.values[0].is_nan() && measured.effect.unwrap().at.value.is_nan());
}
