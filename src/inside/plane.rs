//! Where the forgotten classes go: the last hidden layer in two dimensions.

use serde::{Deserialize, Serialize};

use super::Figure;
use super::subjects::{ARMS, Subjects};
use crate::engine::spread;
use crate::record::{Arm, CLASSES};

/// Images of the forgotten classes that are shown; about as many as of each other class.
const SHOWN: usize = 56;

/// The last hidden layer of learner 0 for test images, along the two principal axes of the original's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plane {
    /// Labels of the images.
    pub labels: Vec<u8>,
    /// Their places in each arm.
    pub arms: Vec<(Arm, Vec<[f32; 2]>)>,
    /// The fraction of the original's variance along each axis.
    pub variance: [f64; 2],
    /// How far apart the forgotten classes are from the others, in all dimensions: the distance of a
    /// forgotten class's centre from the nearest other class's, over the root mean square distance of its
    /// images from their centre.
    pub separation: Figure,
}

impl Subjects<'_> {
    pub(super) fn plane(&self) -> Plane {
        let arms = self.corresponding(&ARMS);
        let axes = Axes::of(&self.shown(Arm::Original));
        let project = |arm: &Arm| {
            let rows = self.shown(*arm);
            (*arm, rows.iter().map(|row| axes.place(row)).collect())
        };
        let (asked, kept) = (&self.of_asked.labels, &self.of_kept.labels);
        let some = self.some_asked();
        let labels = kept.iter().copied().chain(some.iter().map(|&i| asked[i]));
        Plane {
            labels: labels.collect(),
            arms: arms.iter().map(project).collect(),
            variance: axes.variance,
            separation: self.figure(&ARMS, |arm, k| self.separation(arm, k)),
        }
    }

    /// The places of the images of the forgotten classes that are shown, among those asked.
    fn some_asked(&self) -> Vec<usize> {
        let all: Vec<usize> = (0..self.asked.len()).collect();
        spread(&all, SHOWN)
    }

    /// The last hidden layer of learner 0 for the images shown.
    fn shown(&self, arm: Arm) -> Vec<Vec<f64>> {
        let network = self.place(arm, 0);
        let layer = self.hidden() - 1;
        let (kept, asked) = (
            self.of_kept.layer(network, layer),
            self.of_asked.layer(network, layer),
        );
        let asked: Vec<&[f32]> = asked.rows().map(|(row, _)| row).collect();
        let kept = kept.rows().map(|(row, _)| row);
        let some = self.some_asked();
        let rows = kept.chain(some.iter().map(|&i| asked[i]));
        rows.map(wide).collect()
    }

    fn separation(&self, arm: Arm, learner: usize) -> f64 {
        let (network, layer) = (self.place(arm, learner), self.hidden() - 1);
        let [asked, kept] =
            [&self.of_asked, &self.of_kept].map(|answers| answers.layer(network, layer));
        let rows = asked.rows().chain(kept.rows());
        let mut classes: Vec<Vec<Vec<f64>>> = vec![Vec::new(); CLASSES];
        rows.for_each(|(row, label)| classes[usize::from(label)].push(wide(row)));
        separation(&classes, |class| self.engine.case.scope.forgotten(class))
    }
}

fn wide(row: &[f32]) -> Vec<f64> {
    row.iter().map(|x| f64::from(*x)).collect()
}

/// The mean over forgotten classes of the distance of their centre from the nearest kept one, over the
/// root mean square distance of their images from it; NaN where those do not scatter. Images come by class.
fn separation(classes: &[Vec<Vec<f64>>], forgotten: impl Fn(u8) -> bool) -> f64 {
    let centres: Vec<Option<Vec<f64>>> = classes.iter().map(|rows| centre(rows)).collect();
    let mut ratios = Vec::new();
    for (class, rows) in (0u8..).zip(classes).filter(|(class, _)| forgotten(*class)) {
        let Some(own) = &centres[usize::from(class)] else {
            continue;
        };
        let others = (0u8..)
            .zip(&centres)
            .filter(|(other, _)| !forgotten(*other));
        let distances = others.filter_map(|(_, other)| Some(apart(own, other.as_ref()?)));
        let nearest = distances.fold(f64::INFINITY, f64::min);
        let spread = rows.iter().map(|row| apart(row, own)).sum::<f64>() / rows.len() as f64;
        // One image, or a layer that is dead, has no spread to compare with.
        if spread > 0.0 {
            ratios.push((nearest / spread).sqrt());
        }
    }
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

/// The mean of the rows; none without rows.
fn centre(rows: &[Vec<f64>]) -> Option<Vec<f64>> {
    let mut sums = vec![0.0; rows.first()?.len()];
    for row in rows {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, x)| *sum += x / rows.len() as f64);
    }
    Some(sums)
}

/// The squared distance.
fn apart(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Two principal axes of some rows.
struct Axes {
    centre: Vec<f64>,
    axes: [Vec<f64>; 2],
    variance: [f64; 2],
}

/// Rounds of the iteration: the ratio of the second eigenvalue to the third, even if as low as 1.1,
/// leaves 1e-8 of the third axis.
const ROUNDS: usize = 200;

impl Axes {
    /// By orthogonal iteration, v ← Xᵀ(Xv), of the centred rows X. An axis points where its largest
    /// coefficient is positive.
    fn of(rows: &[Vec<f64>]) -> Self {
        let centre = centre(rows).unwrap_or_default();
        let centred = rows.iter().map(|row| minus(row, &centre));
        let centred: Vec<Vec<f64>> = centred.collect();
        let total: f64 = centred.iter().map(|row| product(row, row)).sum();
        let start = |number: usize| -> Vec<f64> {
            let value = |i: usize| 1.0 + ((i * (number + 1) * 7919) % 101) as f64 / 101.0;
            (0..centre.len()).map(value).collect()
        };
        let mut axes = [start(0), start(1)];
        let mut variance = [0.0; 2];
        for _ in 0..ROUNDS {
            let [first, second] = axes.map(|axis| spread_by(&centred, &axis));
            let (first, one) = unit(first);
            let along = product(&first, &second);
            let rest: Vec<f64> = second
                .iter()
                .zip(&first)
                .map(|(s, f)| s - along * f)
                .collect();
            let (second, other) = unit(rest);
            variance = [one, other].map(|v| v / total.max(f64::MIN_POSITIVE));
            axes = [first, second];
        }
        axes.iter_mut().for_each(|axis| point_up(axis));
        Self {
            centre,
            axes,
            variance,
        }
    }

    /// To hundredths.
    #[expect(clippy::cast_possible_truncation, reason = "activations are f32")]
    fn place(&self, row: &[f64]) -> [f32; 2] {
        let row = minus(row, &self.centre);
        let along = |axis: &Vec<f64>| (100.0 * product(&row, axis)).round() as f32 / 100.0;
        [along(&self.axes[0]), along(&self.axes[1])]
    }
}

fn minus(row: &[f64], centre: &[f64]) -> Vec<f64> {
    row.iter().zip(centre).map(|(x, c)| x - c).collect()
}

fn product(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Xᵀ(Xv).
fn spread_by(rows: &[Vec<f64>], axis: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; axis.len()];
    for row in rows {
        let along = product(row, axis);
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, x)| *sum += along * x);
    }
    sums
}

/// With its norm, which tends to the eigenvalue.
fn unit(axis: Vec<f64>) -> (Vec<f64>, f64) {
    let norm = product(&axis, &axis).sqrt();
    let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
    (axis.into_iter().map(|x| scale * x).collect(), norm)
}

fn point_up(axis: &mut [f64]) {
    let largest = axis
        .iter()
        .copied()
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    if largest.is_some_and(|x| x < 0.0) {
        axis.iter_mut().for_each(|x| *x = -*x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ellipse in the plane of (3, 4, 0)/5 and (0, 0, 1), with half axes 10 and 2.
    #[test]
    fn the_axes_of_an_ellipse_are_found() {
        let turn = |i: usize| std::f64::consts::TAU * i as f64 / 64.0;
        let point = |i| {
            let (y, x) = f64::sin_cos(turn(i));
            vec![7.0 + 6.0 * x, 8.0 * x, 2.0 * y - 1.0]
        };
        let rows: Vec<Vec<f64>> = (0..64).map(point).collect();
        let axes = Axes::of(&rows);
        for (axis, expected) in axes.axes.iter().zip([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]) {
            assert!(apart(axis, &expected) < 1e-12, "{axis:?}");
        }
        let [first, second] = axes.variance;
        assert!((first - 100.0 / 104.0).abs() < 1e-9 && (second - 4.0 / 104.0).abs() < 1e-9);
        assert_eq!(axes.place(&[13.0, 8.0, -1.0]), [10.0, 0.0]);
    }

    /// Class 0 is forgotten: ±1 around 0; the others' centres lie at 4 and 10.
    #[test]
    fn separation_is_the_nearest_centre_over_the_spread() {
        let row = |x: f64| vec![x, 0.0];
        let classes = [
            vec![row(-1.0), row(1.0)],
            vec![row(4.0)],
            vec![row(10.0)],
            Vec::new(),
        ];
        assert!((separation(&classes, |class| class == 0) - 4.0).abs() < 1e-12);
        assert!(separation(&classes, |class| class == 3).is_nan());
        assert!(separation(&classes, |class| class == 1).is_nan());
    }
}
