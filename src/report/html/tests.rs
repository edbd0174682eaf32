//! Tests of the page as a whole.

use super::*;
use crate::config::Config;
use crate::record::Classes;
use crate::report::sample;

/// The page's text without its tags.
fn words(page: &str) -> String {
    let pieces = page
        .split('<')
        .filter_map(|piece| Some(piece.split_once('>')?.1));
    pieces.collect()
}

#[test]
fn all_arms_figures_and_verdicts_are_there() {
    let record = sample::record();
    let page = page(&record, None);
    let words = words(&page);
    for arm in ARMS {
        assert!(words.contains(arm.name()), "{arm:?}");
    }
    for outcome in &record.outcomes {
        let figures = &outcome.figures;
        for figure in [
            &figures.test_accuracy,
            &figures.forget_accuracy,
            &figures.retain_accuracy,
        ] {
            let text = format!("{:.1} ± {:.1} %", 100.0 * figure.mean, 100.0 * figure.std);
            assert!(words.contains(&text), "{text}");
        }
    }
    for sentence in &record.verdict {
        assert!(words.contains(sentence.as_str()));
    }
    assert_eq!(page.matches("<table class=\"matrix\"").count(), 4);
    assert!(!page.contains("<script") && !page.contains("script-src"));
    assert!(page.contains("default-src 'none'"));
    assert!(!words.contains("NaN"));
}

/// Where a server forbids style sheets within the page, what it shows must be the same.
#[test]
fn every_curve_and_bar_is_there_once_and_needs_no_style() {
    let page = page(&sample::record(), None);
    assert!(!page.contains(" style="));
    for panel in ["All digits", "Forgotten digit: 5", "The other digits"] {
        let label = format!("aria-label=\"Accuracy through the phases: {panel}\"");
        assert_eq!(page.matches(&label).count(), 1, "{panel}");
    }
    assert_eq!(page.matches("role=\"img\"").count(), 3);
    let bars: Vec<&str> = page.split("<svg class=\"bar\"").skip(1).collect();
    assert_eq!(bars.len(), 10 * STAGES.len());
    for bar in bars {
        let rects = bar
            .split("</svg>")
            .next()
            .unwrap_or_default()
            .split("<rect ")
            .skip(1);
        let whole = |r: &str| ["width=", "height=", "fill="].iter().all(|a| r.contains(a));
        assert_eq!(rects.filter(|r| whole(r)).count(), 2, "{bar}");
    }
}

#[test]
fn a_hostile_name_is_only_text() {
    let mut record = sample::record();
    record.config.name = "<script>alert(1)</script>".to_owned();
    record.data.warning = Some("<img src=x onerror=alert(2)>".to_owned());
    record.verdict = vec!["</p><script>".to_owned()];
    let page = page(&record, None);
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains("&lt;img src=x"));
}

#[test]
fn one_learner_that_only_learned_has_a_page() {
    let config = Config {
        learners: 1,
        forget: vec![3, 5, 8],
        ..Config::default()
    };
    let mut record = sample::run(config, &[Phase::Learn]);
    record.outcomes[0].figures.forget_confidence.mean = f64::NAN;
    let words = words(&page(&record, None));
    assert!(words.contains("Forgetting digits 3, 5 and 8"));
    assert!(!words.contains("± 0.0") && !words.contains("after unlearn"));
    assert!(words.contains(NONE) && !words.contains("NaN"));
}

#[test]
fn an_empty_record_has_a_page() {
    let record = sample::run(Config::default(), &[]);
    assert!(page(&record, None).ends_with("</html>"));
}

/// The part about the networks' inside, with names of classes that look like markup.
#[test]
fn what_is_inside_is_shown_and_names_are_only_text() {
    let mut record = sample::record();
    record.data.classes = Classes::named((0..10).map(|n| format!("<b>{n}</b>")));
    for (learners, matched) in [(4, true), (1, true), (3, false)] {
        let mut inside = sample::inside(learners);
        inside.matched = matched;
        record.inside = Some(inside);
        let page = page(&record, None);
        assert!(page.contains("What changed inside") && page.contains("data:image/png;base64,"));
        assert!(!page.contains("<b>5</b>") && page.contains("&lt;b&gt;5&lt;/b&gt;"));
        assert!(!page.contains("NaN"));
        assert_eq!(page.contains("came from a file"), !matched);
        assert_eq!(page.contains("no noise floor"), learners == 1);
    }
}
