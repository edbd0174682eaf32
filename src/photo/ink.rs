//! What is ink, and how dark it is.

use super::plane::Plane;

/// Ink in a picture.
pub(super) struct Ink {
    /// From 0, paper, to 1.
    pub(super) ink: Plane,
    /// Whether it was darker than its paper.
    pub(super) dark: bool,
    /// Whether the light was uneven.
    pub(super) uneven: bool,
}

/// Ink differs from paper by this fraction of the range at least,
const CONTRAST: f32 = 0.08;
/// and by this many standard deviations of noise.
const SIGNAL: f32 = 6.0;
/// Noise that is left stays below this many standard deviations.
const NOISE: f32 = 3.0;
/// The standard deviation of normal numbers whose median absolute deviation is 1.
const NORMAL: f32 = 1.4826;

/// None if nothing stands out.
pub(super) fn find(gray: &Plane) -> Option<Ink> {
    let (contrast, dark, uneven) = match colour_of_paper(gray) {
        Some(paper) => {
            let (contrast, dark) = on_flat(gray, paper);
            (contrast, dark, false)
        }
        None => {
            let (contrast, dark) = on_uneven(gray);
            (contrast, dark, true)
        }
    };
    let threshold = otsu(&contrast);
    let some = |is_ink: bool| -> Vec<f32> {
        let own = contrast.values.iter().copied();
        own.filter(|&c| (c > threshold) == is_ink).collect()
    };
    let full = quantile(some(true), 0.75)?;
    let paper = some(false);
    let level = quantile(paper.clone(), 0.5)?;
    let off: Vec<f32> = paper.iter().map(|c| (c - level).abs()).collect();
    let noise = NORMAL * quantile(off, 0.5)?;
    if full < f32::max(CONTRAST, SIGNAL * noise) {
        return None;
    }
    let least = level + NOISE * noise;
    let ink = contrast.map(|c| ((c - least) / (full - least)).clamp(0.0, 1.0));
    Some(Ink { ink, dark, uneven })
}

/// Values at most this far from the paper's are paper, too: traces of compression.
const EVEN: f32 = 2.0;

/// The one colour of the paper of a drawing or a clean scan: that of much of the picture, and of at least
/// half of its edge.
fn colour_of_paper(gray: &Plane) -> Option<f32> {
    let colour = mode(&gray.values);
    let share = |values: &[f32]| {
        let own = values.iter().filter(|&v| (v - colour).abs() <= EVEN);
        own.count() as f32 / values.len() as f32
    };
    (share(&gray.values) >= 0.3 && share(&gray.ring()) >= 0.5).then_some(colour)
}

/// The most frequent of values from 0 to 255, rounded.
fn mode(values: &[f32]) -> f32 {
    let mut counts = [0u32; 256];
    values.iter().for_each(|&v| counts[bin(v / 255.0)] += 1);
    let mut best = 0u8;
    for level in 1..=255 {
        if counts[usize::from(level)] > counts[usize::from(best)] {
            best = level;
        }
    }
    f32::from(best)
}

/// One of 256 bins for values from 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped"
)]
fn bin(value: f32) -> usize {
    (255.0 * value).round().clamp(0.0, 255.0) as usize
}

/// By how much each point differs from paper of one colour, and whether ink is darker.
fn on_flat(gray: &Plane, paper: f32) -> (Plane, bool) {
    let off: f64 = gray.values.iter().map(|v| f64::from(v - paper)).sum();
    let dark = off < 0.0;
    let sign = if dark { -1.0 } else { 1.0 };
    (gray.map(|v| (sign * (v - paper)).max(0.0) / 255.0), dark)
}

/// By how much each point differs from the paper around it, as a fraction of its light, and whether ink
/// is darker.
fn on_uneven(gray: &Plane) -> (Plane, bool) {
    let side = gray.width.min(gray.height);
    let smooth = match side {
        100.. => gray.blur(1),
        _ => gray.clone(),
    };
    // What is left without slow changes leans to the side of the ink, which covers less than the paper.
    let around = smooth.blur(side / 8);
    let lean = smooth.with(&around, |v, around| (v - around).powi(3));
    let dark = lean.values.iter().map(|&v| f64::from(v)).sum::<f64>() < 0.0;
    let light = match dark {
        true => smooth,
        false => smooth.map(|v| 255.0 - v),
    };
    // Strokes are narrower than half of the picture.
    let paper = light.close(side / 4);
    let contrast = light.with(&paper, |v, paper| 1.0 - v / paper.max(1.0));
    (contrast, dark)
}

/// The threshold that divides values from 0 to 1 into two groups of the least variance (Otsu 1979).
fn otsu(plane: &Plane) -> f32 {
    let mut counts = [0f64; 256];
    plane.values.iter().for_each(|&v| counts[bin(v)] += 1.0);
    let weighted = |(level, count): (usize, &f64)| level as f64 * count;
    let total: f64 = counts.iter().sum();
    let sum: f64 = counts.iter().enumerate().map(weighted).sum();
    let (mut below, mut sum_below) = (0.0, 0.0);
    let (mut best, mut threshold) = (-1.0, 0u8);
    for level in 0..255u8 {
        let count = counts[usize::from(level)];
        below += count;
        sum_below += f64::from(level) * count;
        let above = total - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let between = below * above * (sum_below / below - (sum - sum_below) / above).powi(2);
        if between > best {
            (best, threshold) = (between, level);
        }
    }
    (f32::from(threshold) + 0.5) / 255.0
}

/// None if there are no values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index"
)]
fn quantile(mut values: Vec<f32>, share: f64) -> Option<f32> {
    let at = ((values.len() as f64 - 1.0) * share).round().max(0.0) as usize;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(at, f32::total_cmp).1)
}
