//! Tests of the curves as a whole.

use super::axis::Dot;
use super::panel::above;
use super::*;
use crate::config::Config;
use crate::report::sample;

type Checked = std::result::Result<(), Box<dyn std::error::Error>>;

#[test]
fn the_svg_is_whole_and_names_arms_and_phases() {
    let svg = curves_svg(&sample::record());
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
    assert!(svg.contains("#0062A8"));
    assert!(!svg.contains("NaN"));
}

#[test]
fn one_learner_and_the_learn_phase_alone_have_no_band() {
    let config = Config {
        learners: 1,
        ..Config::default()
    };
    let svg = curves_svg(&sample::run(config, &[Phase::Learn]));
    assert!(!svg.contains("polygon"));
    assert!(svg.contains("single learner"));
    assert!(!svg.contains("unlearned, then"));
}

#[test]
fn nothing_and_nan_can_be_drawn() {
    let mut record = sample::record();
    record.points[3].figures.test_accuracy.mean = f64::NAN;
    record.points[4].figures.test_accuracy.std = f64::NAN;
    assert!(!curves_svg(&record).contains("NaN"));
    record.points.clear();
    assert!(curves_svg(&record).contains("All digits"));
}

#[test]
fn the_png_has_twice_the_size_of_the_layout() -> Checked {
    let bytes = curves_png(&sample::record())?;
    let picture = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info()?;
    let size = (picture.info().width, picture.info().height);
    assert_eq!(size, (1920, 1560));
    Ok(())
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
fn every_text_is_whole_and_apart_from_others() {
    for (epochs, forget) in [(5.0, vec![5]), (0.3, vec![0, 1, 2, 3, 4]), (30.0, vec![7])] {
        let config = Config {
            epochs,
            forget,
            ..Config::default()
        };
        let record = sample::run(config, &[Phase::Learn, Phase::Unlearn, Phase::Relearn]);
        curves(&record).assert_legible();
        for part in parts(&record) {
            part.picture.assert_legible();
        }
    }
}
