use super::*;
use crate::record::Figures;

/// A learner that is right on `forget` of `images` images of digit 5, with this confidence, and on `retain`
/// of as many of every other digit; what it does not know it takes for a 0, or a 0 for a 1.
fn score(images: u32, forget: u32, retain: u32, confidence: f64) -> Score {
    let mut confusion = [[0; CLASSES]; CLASSES];
    for (digit, row) in confusion.iter_mut().enumerate() {
        let right = if digit == 5 { forget } else { retain };
        row[digit] = right;
        row[usize::from(digit == 0)] += images - right;
    }
    Score {
        confusion,
        confidence: [confidence; CLASSES],
        loss: [0.0; CLASSES],
    }
}

fn outcome(phase: Phase, arm: Arm, scores: Vec<Score>) -> Outcome {
    Outcome {
        phase,
        arm,
        figures: Figures::of(&scores, &[5]),
        scores,
        sha256: None,
    }
}

/// Four learners of `images` images of each digit, whose rights scatter by `±scatter`.
fn arm(phase: Phase, arm: Arm, [forget, retain]: [u32; 2], confidence: f64) -> Outcome {
    let scores = (0..4u32).map(|k| {
        let up = |right: u32| (right + k % 2).min(1000);
        let own = 0.001 * f64::from(k);
        score(
            1000,
            if forget > 0 { up(forget) } else { 0 },
            up(retain),
            confidence + own,
        )
    });
    outcome(phase, arm, scores.collect())
}

const ORIGINAL: ([u32; 2], f64) = ([970, 970], 0.96);
const RETRAINED: ([u32; 2], f64) = ([0, 975], 0.8);

/// A run whose unlearned networks are like this; they relearn as the control does.
fn run(unlearned: ([u32; 2], f64)) -> Vec<Outcome> {
    use Arm::{Original, Relearned, Retrained, Unlearned};
    vec![
        arm(Phase::Learn, Original, ORIGINAL.0, ORIGINAL.1),
        arm(Phase::Learn, Retrained, RETRAINED.0, RETRAINED.1),
        arm(Phase::Unlearn, Unlearned, unlearned.0, unlearned.1),
        arm(Phase::Unlearn, Original, ORIGINAL.0, ORIGINAL.1),
        arm(Phase::Unlearn, Retrained, RETRAINED.0, RETRAINED.1),
        arm(Phase::Relearn, Relearned, [975, 975], 0.97),
        arm(Phase::Relearn, Original, [975, 975], 0.97),
        arm(Phase::Relearn, Retrained, [945, 970], 0.97),
    ]
}

fn said(outcomes: &[Outcome]) -> Vec<String> {
    verdict(&Config::default(), &Classes::default(), outcomes)
}

#[track_caller]
fn mentions(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in: {text}");
}

#[test]
fn digits_read_like_words_and_classes_like_names() {
    let digits = Classes::default();
    assert_eq!(digits.words(&[5]), "digit 5");
    assert_eq!(digits.words(&[3, 8]), "digits 3 and 8");
    assert_eq!(digits.words(&[3, 5, 8]), "digits 3, 5 and 8");
    assert_eq!(Classes::numbered(4).words(&[3]), "class 3");
}

#[test]
fn verdicts_name_the_classes_of_the_data() {
    let names: Vec<String> = (0..10).map(|c| format!("thing {c}")).collect();
    let said = |outcomes: &[Outcome]| {
        verdict(&Config::default(), &Classes::named(names.clone()), outcomes).join(" ")
    };
    let text = said(&run(([114, 976], 0.25)));
    mentions(&text, "Unlearning took accuracy on class thing 5 from");
    mentions(&text, "on the other classes from");
    assert!(!text.contains("digit"), "{text}");
}

#[test]
fn zero_has_no_sign() {
    assert_eq!(fixed(-0.001, 2), "0.00");
    assert_eq!(fixed(-0.0, 0), "0");
    assert_eq!(fixed(-0.006, 2), "-0.01");
    assert_eq!(fixed(f64::NAN, 1), "–");
    assert_eq!(fixed(f64::NEG_INFINITY, 1), "–");
    assert_eq!(
        [0.001, -0.001, 0.006, -0.006].map(|v| signed(v, 2)),
        ["0.00", "0.00", "+0.01", "-0.01"]
    );
}

#[test]
fn unlearned_networks_are_compared_with_originals_and_retrained_ones() {
    let trace = |unlearned| said(&run(unlearned)).swap_remove(1);
    mentions(
        &trace(ORIGINAL),
        "they still match the originals; there is no sign of forgetting.",
    );
    mentions(&trace(RETRAINED), "they match networks that never saw it.");
    let both = trace(([114, 976], 0.25));
    mentions(&both, "distinguishable from both");
    // Every difference stands there with its interval.
    mentions(&both, "by -85.6 points in accuracy (95\u{a0}% CI ");
    assert_eq!(both.matches("95\u{a0}% CI").count(), 4, "{both}");
    mentions(&both, ": as groups they are");
    // Single networks are further apart than they scatter.
    mentions(
        &both,
        "prediction intervals): one is distinguishable from both.",
    );
    // Confidently wrong is not like the original, however alike the confidences are.
    mentions(&trace(([0, 975], ORIGINAL.1)), "distinguishable from both");
}

/// Learners scatter by more than the groups' means are apart.
#[test]
fn groups_are_distinguishable_where_single_networks_are_not() {
    let of = |phase, arm, forget, confidence: f64| {
        let scores = [0.0, 0.03, 0.0, 0.03].map(|more| score(1000, forget, 975, confidence + more));
        outcome(phase, arm, scores.into())
    };
    let outcomes = [
        of(Phase::Learn, Arm::Original, 970, 0.96),
        of(Phase::Unlearn, Arm::Unlearned, 0, 0.83),
        of(Phase::Unlearn, Arm::Retrained, 0, 0.80),
    ];
    let trace = said(&outcomes).swap_remove(1);
    mentions(&trace, ": as groups they are distinguishable from both;");
    mentions(
        &trace,
        "one is distinguishable from originals, but not from retrained ones.",
    );
}

/// With few images no difference is excluded, but the measured one can still be stated.
#[test]
fn few_images_limit_the_resolution() {
    let few = |phase, arm, right: [u32; 2], confidence| {
        outcome(
            phase,
            arm,
            vec![score(80, right[0], right[1], confidence); 4],
        )
    };
    let outcomes = |unlearned: [u32; 2], confidence| {
        vec![
            few(Phase::Learn, Arm::Original, [75, 75], 0.95),
            few(Phase::Unlearn, Arm::Unlearned, unlearned, confidence),
            few(Phase::Unlearn, Arm::Retrained, [0, 75], 0.8),
        ]
    };
    let trace = said(&outcomes([75, 75], 0.95)).swap_remove(1);
    mentions(
        &trace,
        "still match the originals, within the resolution of 4 learners and 80 test images;",
    );
    let trace = said(&outcomes([72, 75], 0.95)).swap_remove(1);
    mentions(
        &trace,
        "distinguishable from retrained networks, but not from the originals",
    );
    mentions(&trace, "4 learners and 80 test images");
}

#[test]
fn there_is_no_verdict_on_forgetting_what_was_never_learned() {
    let constant = |phase, arm| outcome(phase, arm, vec![score(100, 0, 0, 0.1); 2]);
    let outcomes = [
        constant(Phase::Learn, Arm::Original),
        constant(Phase::Unlearn, Arm::Unlearned),
        constant(Phase::Unlearn, Arm::Retrained),
    ];
    let sentences = said(&outcomes);
    assert_eq!(sentences.len(), 1, "{sentences:?}");
    mentions(&sentences[0], "The originals never learned digit 5");
    mentions(&sentences[0], "accuracy on digit 5 0.0\u{a0}%");
    // After the first phase too, and where some of them did.
    assert_eq!(said(&outcomes[..1]), sentences);
    let mut some = run(([114, 976], 0.25));
    some[0].scores[2] = score(1000, 90, 970, 0.9);
    let sentences = said(&some);
    mentions(&sentences[0], "1 of 4 originals never learned digit 5");
    assert_eq!(sentences.len(), 2, "{sentences:?}");
    mentions(&sentences[1], "After relearning");
    // Retrained networks that know nothing are nothing to measure by.
    let mut dead = run(([114, 976], 0.25));
    dead[4].scores = vec![score(1000, 0, 0, 0.1); 4];
    mentions(
        &said(&dead)[0],
        "The retrained networks never learned the other digits",
    );
    assert_eq!(said(&run(([114, 976], 0.25))).len(), 3);
}

/// Relearned networks and control with these rights on each of ten digits, of so many images.
fn relearned(images: u32, pairs: &[[u32; 2]]) -> String {
    let arm = |phase, arm, place: usize| {
        let scores = pairs.iter().map(|pair| {
            let mut score = score(images, images, images, 0.9);
            let wrong = 10 * images - pair[place];
            (score.confusion[9][9], score.confusion[9][0]) = (images - wrong, wrong);
            score
        });
        outcome(phase, arm, scores.collect())
    };
    let outcomes = [
        arm(Phase::Learn, Arm::Original, 1),
        arm(Phase::Relearn, Arm::Relearned, 0),
        arm(Phase::Relearn, Arm::Original, 1),
    ];
    said(&outcomes).pop().unwrap()
}

#[test]
fn two_learners_with_equal_differences_are_too_few() {
    let text = relearned(100, &[[967, 960], [947, 940]]);
    mentions(
        &text,
        "the difference is +0.70 points (95\u{a0}% CI -2.65 to +4.05)",
    );
    mentions(&text, "2 learners and 1000 test images are too few to show");
    let single = relearned(100, &[[967, 960]]);
    mentions(&single, "a single learner cannot show");
    assert!(!single.contains("CI"), "{single}");
}

/// What another device or another digit of precision changes does not turn the sentence round.
#[test]
fn negligible_differences_are_called_so() {
    let slight = [[9752, 9737], [9765, 9750], [9741, 9728], [9758, 9740]];
    for down in 0..4 {
        let pairs = slight.map(|[a, b]| [a - 5 * down, b]);
        let text = relearned(1000, &pairs);
        mentions(&text, "less than 0.5 points is negligible");
    }
    let equal = relearned(1000, &[[9752, 9752]; 4]);
    mentions(&equal, "the difference is 0.00 points");
    assert!(
        !equal.contains("-0.00 ") && !equal.contains("+0.00 "),
        "{equal}"
    );
    let more = [[9852, 9737], [9865, 9750], [9841, 9728], [9858, 9740]];
    let more = relearned(1000, &more);
    mentions(&more, "relearning gained more than continued training");
    let less = [[9637, 9752], [9650, 9765], [9628, 9741], [9640, 9758]];
    mentions(&relearned(1000, &less), "relearning gained less than");
    let lower = [[9715, 9752], [9720, 9765], [9700, 9741], [9728, 9758]];
    let lower = relearned(1000, &lower);
    mentions(
        &lower,
        "gained no more than continued training; whether it gained less by 0.5 points is open",
    );
    let higher = [[9752, 9715], [9765, 9720], [9741, 9700], [9758, 9728]];
    mentions(
        &relearned(1000, &higher),
        "gained no less than continued training; whether",
    );
    let wide = relearned(
        1000,
        &[[9752, 9737], [9710, 9760], [9790, 9728], [9758, 9740]],
    );
    mentions(
        &wide,
        "4 learners and 10000 test images are too few to show",
    );
}
