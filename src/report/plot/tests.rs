//! Tests of the curves as a whole.

use super::axis::Dot;
use super::panel::above;
use super::*;
use crate::config::Config;
use crate::report::sample;

type Checked = std::result::Result<(), Box<dyn std::error::Error>>;

#[test]
fn the_svg_is_whole_and_names_arms_and_phases() -> Checked {
    let svg = curves_svg(&sample::record())?;
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    for word in [
        "unlearned, then",
        "original",
        "retrained",
        "learn",
        "relearn",
        "1/16",
    ] {
        assert!(svg.contains(word), "{word}");
    }
    assert!(svg.contains("rgb") || svg.contains("#0062A8"));
    assert!(!svg.contains("NaN"));
    Ok(())
}

#[test]
fn one_learner_and_the_learn_phase_alone_have_no_band() -> Checked {
    let config = Config {
        learners: 1,
        ..Config::default()
    };
    let svg = curves_svg(&sample::run(config, &[Phase::Learn]))?;
    assert!(!svg.contains("polygon"));
    assert!(svg.contains("single learner"));
    assert!(!svg.contains("unlearned, then"));
    Ok(())
}

#[test]
fn nothing_and_nan_can_be_drawn() -> Checked {
    let mut record = sample::record();
    record.points[3].figures.test_accuracy.mean = f64::NAN;
    record.points[4].figures.test_accuracy.std = f64::NAN;
    assert!(!curves_svg(&record)?.contains("NaN"));
    record.points.clear();
    assert!(curves_svg(&record)?.contains("All digits"));
    Ok(())
}

#[test]
fn a_picture_that_cannot_be_written_is_an_error_with_its_path() {
    let path = Path::new("/nowhere/at/all/curves.png");
    let told = curves_png(&sample::record(), path).map_err(|e| e.to_string());
    assert!(told.is_err_and(|t| t.contains("/nowhere/at/all/curves.png")));
}

#[test]
fn a_curve_is_cut_where_it_crosses_the_floor() {
    let dot = |x: f64, mean: f64| Dot { x, mean, std: 0.0 };
    let pieces = above(&[dot(0.0, 10.0), dot(1.0, 90.0), dot(2.0, 95.0)], 80.0);
    assert_eq!(
        pieces,
        vec![vec![dot(0.875, 80.0), dot(1.0, 90.0), dot(2.0, 95.0)]]
    );
}

#[test]
fn halving_takes_means() {
    let pixels = [0, 0, 0, 100, 0, 0, 100, 0, 0, 200, 4, 0];
    assert_eq!(halve(&pixels, 2), [100, 1, 0]);
}
