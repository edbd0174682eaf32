//! Test images that originals read and unlearned networks misread, with what every arm makes of them.

use serde::{Deserialize, Serialize};

use super::Example;
use super::subjects::{ARMS, Subjects};
use crate::engine::Answers;
use crate::metrics::answer;
use crate::record::Arm;

/// Images of the forgotten classes, and of the others, at most.
const IMAGES: [usize; 2] = [8, 4];

/// A test image that unlearned networks misread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Misread {
    /// The image.
    pub image: Example,
    /// What the networks of every arm read in it, learner by learner.
    pub answers: Vec<(Arm, Vec<u8>)>,
}

impl Subjects<'_> {
    /// The first images of the forgotten classes, as many of each, that most originals read and most unlearned
    /// networks misread; and, since those are rare among the others, of these some that all originals read and
    /// any unlearned network misreads.
    pub(super) fn misread(&self) -> Vec<Misread> {
        let [forgotten, others] = IMAGES;
        let mut classes = self.of_asked.labels.clone();
        classes.sort_unstable();
        classes.dedup();
        let each = forgotten / classes.len().max(1);
        let asked = self.misread_among(&self.asked, &self.of_asked, mostly);
        let kept = self.misread_among(&self.kept, &self.of_kept, ever);
        let of = |class: u8| asked.iter().filter(move |m| m.image.label == class);
        let all = classes.into_iter().flat_map(|c| of(c).take(each.max(1)));
        all.chain(kept.iter().take(others)).cloned().collect()
    }

    fn misread_among(&self, images: &[u32], answers: &Answers, counts: Counts) -> Vec<Misread> {
        let networks = ARMS.map(|arm| {
            let outputs = |k| answers.outputs(self.place(arm, k)).logits;
            (arm, (0..self.learners).map(outputs).collect::<Vec<_>>())
        });
        let of = |(row, image): (usize, &u32)| {
            #[expect(clippy::cast_possible_truncation, reason = "a class")]
            let read = |logits: &Vec<_>| answer(&logits[row]) as u8;
            let of_arm = |(arm, all): &(Arm, Vec<_>)| (*arm, all.iter().map(read).collect());
            let answers: Vec<(Arm, Vec<u8>)> = networks.iter().map(of_arm).collect();
            let label = self.engine.test_labels()[*image as usize];
            is_misread(label, &answers, counts).then(|| Misread {
                image: self.example(*image),
                answers,
            })
        };
        images.iter().enumerate().filter_map(of).collect()
    }
}

/// Whether an image counts, by the shares of originals and of unlearned networks that are right about it.
type Counts = fn(f64, f64) -> bool;

fn mostly(original: f64, unlearned: f64) -> bool {
    original > 0.5 && unlearned < 0.5
}

fn ever(original: f64, unlearned: f64) -> bool {
    original == 1.0 && unlearned < 1.0
}

fn is_misread(label: u8, answers: &[(Arm, Vec<u8>)], counts: Counts) -> bool {
    let right = |arm: Arm| {
        let (_, read) = answers.iter().find(|(other, _)| *other == arm)?;
        let right = read.iter().filter(|&&answer| answer == label).count();
        Some(right as f64 / read.len() as f64)
    };
    right(Arm::Original)
        .zip(right(Arm::Unlearned))
        .is_some_and(|(original, unlearned)| counts(original, unlearned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_misread_only_if_it_was_read_before() {
        let is = |counts: Counts, before: &[u8], after: &[u8]| {
            let arms = [(Arm::Original, before), (Arm::Unlearned, after)];
            is_misread(5, &arms.map(|(arm, read)| (arm, read.to_vec())), counts)
        };
        assert!(is(mostly, &[5, 5, 3], &[3, 8, 5]));
        assert!(!is(mostly, &[5, 3], &[3, 3]), "half of the originals");
        assert!(
            !is(mostly, &[5, 5], &[3, 5]),
            "half of the unlearned networks"
        );
        assert!(is(ever, &[5, 5], &[3, 5]));
        assert!(!is(ever, &[5, 3], &[3, 3]) && !is(ever, &[5, 5], &[5, 5]));
        assert!(!is_misread(5, &[], mostly));
    }
}
