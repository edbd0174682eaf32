//! The part of the test images that stands for all of them within a phase.

use crate::random::threefry2x32;
use crate::record::CLASSES;

/// Images of the part, about.
const PART: usize = 1500;
/// Key for drawing the part, next to the seed.
const DRAW: u32 = 0x9a27_0f01;

/// Indices of the same share of every class, evenly spread over its images from a place drawn by the
/// seed; none if that saves less than half of them.
pub(super) fn part(labels: &[u8], seed: u64) -> Option<Vec<u32>> {
    if labels.len() < 2 * PART {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the seed"
    )]
    let key = [seed as u32, (seed >> 32) as u32];
    let mut chosen = Vec::new();
    for (number, class) in (0u32..).zip(0u8..).take(CLASSES) {
        let numbered = (0u32..).zip(labels).filter(|(_, label)| **label == class);
        let own: Vec<u32> = numbered.map(|(image, _)| image).collect();
        let count = (own.len() * PART).div_ceil(labels.len());
        let start = threefry2x32(key, [number, DRAW])[0] as usize % own.len().max(1);
        chosen.extend((0..count).map(|n| own[(n * own.len() + start) / count]));
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_share_and_the_seed_decides() {
        let labels: Vec<u8> = (0..10_000u32)
            .map(|i| (i % 100 / 11).min(9) as u8)
            .collect();
        let of = |seed| part(&labels, seed).unwrap();
        let some = of(1);
        for class in 0..10 {
            let of_class = (0..10_000u32).filter(|&i| labels[i as usize] == class);
            let of_class: Vec<u32> = of_class.collect();
            // Which of the class's images were chosen: three in twenty, so every sixth or seventh.
            let place = |i: &u32| of_class.binary_search(i).ok();
            let places: Vec<usize> = some.iter().filter_map(place).collect();
            assert_eq!(places.len(), (of_class.len() * 3).div_ceil(20));
            let mut gaps = places.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(gaps.all(|gap| gap == 6 || gap == 7), "{class}: {places:?}");
        }
        let distinct: std::collections::BTreeSet<u32> = some.iter().copied().collect();
        assert_eq!(distinct.len(), some.len());
        assert_eq!(some, of(1));
        assert_ne!(some, of(2));
        assert_eq!(part(&labels[..2 * PART - 1], 1), None);
    }
}
