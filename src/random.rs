//! Counter-based random numbers and keyed permutations. They use integers only, so the host, the
//! CPU device and the shaders (`initialise.wgsl`, `sample_order.wgsl`) compute the same bits.

/// Threefry-2x32 with 20 rounds: two words that look random for every `counter`, different for
/// every `key`. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    const TURNS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
    let schedule = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd1_1bda];
    let mut x = counter[0].wrapping_add(key[0]);
    let mut y = counter[1].wrapping_add(key[1]);
    for group in 0u32..5 {
        for turn in TURNS[(group % 2) as usize] {
            x = x.wrapping_add(y);
            y = y.rotate_left(turn) ^ x;
        }
        x = x.wrapping_add(schedule[(group as usize + 1) % 3]);
        y = y
            .wrapping_add(schedule[(group as usize + 2) % 3])
            .wrapping_add(group + 1);
    }
    [x, y]
}

/// The purpose of a learner's key; keys of different purposes are unrelated.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Fresh weights.
    Weights,
    /// The sample order of the phase with this number.
    Order(u32),
    /// Noise for weights.
    Noise,
}

/// The key of learner number `learner` under the run's `seed`. Arms share the keys of learners with
/// the same number, so they differ only in what they were taught.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the two halves of the seed"
)]
pub fn learner_key(seed: u64, learner: u32, purpose: Purpose) -> [u32; 2] {
    let purpose = match purpose {
        Purpose::Weights => 0,
        Purpose::Order(phase) => 1 + phase,
        Purpose::Noise => u32::MAX,
    };
    threefry2x32([seed as u32, (seed >> 32) as u32], [learner, purpose])
}

/// The image in 0…n−1 of `position` under the permutation of this key and epoch.
///
/// An alternating Feistel network on the next power of two, walked until the value falls below
/// `n` (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
pub fn permuted(key: [u32; 2], epoch: u32, n: u32, position: u32) -> u32 {
    const ROUNDS: u32 = 8;
    if n < 2 {
        return 0;
    }
    let bits = 32 - (n - 1).leading_zeros();
    let low_bits = bits / 2;
    let low_mask = (1u32 << low_bits) - 1;
    let high_mask = (1u32 << (bits - low_bits)) - 1;
    let mut value = position;
    loop {
        let mut low = value & low_mask;
        let mut high = value >> low_bits;
        for round in (0..ROUNDS).step_by(2) {
            high ^= threefry2x32(key, [(round << 16) | low, epoch])[0] & high_mask;
            low ^= threefry2x32(key, [((round + 1) << 16) | high, epoch])[0] & low_mask;
        }
        value = (high << low_bits) | low;
        if value < n {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threefry_gives_the_published_answers() {
        // Known-answer vectors of the Random123 distribution, threefry2x32, 20 rounds.
        let ones = [u32::MAX; 2];
        assert_eq!(threefry2x32([0; 2], [0; 2]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry2x32(ones, ones), [0x1cb9_96fc, 0xbb00_2be7]);
        assert_eq!(
            threefry2x32([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3]),
            [0xc492_3a9c, 0x483d_f7a0]
        );
    }

    #[test]
    fn every_epoch_is_a_fresh_permutation() {
        for n in [1, 2, 3, 7, 64, 65, 1000, 5421] {
            let orders: Vec<Vec<u32>> = (0..3)
                .map(|epoch| (0..n).map(|i| permuted([7, 9], epoch, n, i)).collect())
                .collect();
            for order in &orders {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..n).collect::<Vec<_>>(), "n = {n}");
            }
            assert!(n < 64 || (orders[0] != orders[1] && orders[1] != orders[2]));
        }
    }

    #[test]
    fn the_permutation_leaves_no_trace_of_the_order() {
        // For a random permutation Σ (π(i) − i)² has mean (n³ − n)/6 and a relative standard
        // deviation of about 1/√n; six of those are allowed.
        let n = 10_000u32;
        let sum: f64 = (0..n)
            .map(|i| (f64::from(permuted([1, 2], 0, n, i)) - f64::from(i)).powi(2))
            .sum();
        let expected = (f64::from(n).powi(3) - f64::from(n)) / 6.0;
        assert!((sum / expected - 1.0).abs() < 6.0 / f64::from(n).sqrt());
    }
}
