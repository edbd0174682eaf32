//! CKA: does a hidden layer represent images as a retrained network's does?

use super::{About, Form, Kind, Metric, Observed, Scope, mean};

/// Linear centred kernel alignment (Kornblith et al. 2019) of a hidden layer with the same layer of
/// retrained networks, on the images to forget or on those to keep:
///
/// CKA(X, Y) = ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F) = ⟨K, L⟩ / (‖K‖ ‖L‖), K = XXᵀ, L = YYᵀ,
///
/// of centred activations, [images, width]. It is 1 for layers that differ by a rotation, a
/// permutation of neurons or a scale. The form with K and L is used: K is computed once per
/// network, and each pair is then one scalar product. The small number of images inflates all
/// values, but equally for all networks.
pub struct Cka {
    name: String,
    layer: usize,
    images: Images,
}

/// Which images to compare on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// Those to forget.
    Forget,
    /// Those to keep.
    Retain,
}

/// Maximum number of images.
pub(crate) const SAMPLES: usize = 250;

impl Cka {
    /// The index of the hidden layer.
    pub fn new(layer: usize, images: Images) -> Self {
        let of = match images {
            Images::Forget => "f",
            Images::Retain => "r",
        };
        Self {
            name: format!("CKA {} {of}", layer + 1),
            layer,
            images,
        }
    }
}

impl Metric for Cka {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "CKA"
    }

    fn meaning(&self) -> String {
        let images = match self.images {
            Images::Forget => "forget",
            Images::Retain => "keep",
        };
        format!(
            "linear CKA of hidden layer {} with retrained networks', on {images} images; ideal: theirs",
            self.layer + 1
        )
    }

    fn kind(&self) -> Kind {
        Kind::Inside
    }

    fn about(&self) -> Option<About> {
        Some(match self.images {
            Images::Forget => About::Forgotten,
            Images::Retain => About::Kept,
        })
    }

    fn resolution(&self) -> f64 {
        0.0002
    }

    fn form(&self) -> Form {
        Form::Pairs(|one, other| one.iter().zip(other).map(|(a, b)| a * b).sum())
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        let (layers, images) = match self.images {
            Images::Forget => (&network.forget_hidden, network.forget.labels.len()),
            Images::Retain => (&network.retain_hidden, network.retain.labels.len()),
        };
        kernel(&layers[self.layer], images)
    }
}

/// Linear CKA of two layers' activations for the same images, [images, width] each.
pub(crate) fn alignment(one: &[f32], other: &[f32], images: usize) -> f64 {
    let (one, other) = (kernel(one, images), kernel(other, images));
    one.iter().zip(&other).map(|(a, b)| a * b).sum()
}

/// XXᵀ of centred activations, [images, width], scaled to norm 1; all zeros if all images have the
/// same activations.
fn kernel(activations: &[f32], images: usize) -> Vec<f64> {
    let rows = centred(activations, images);
    let mut kernel = Vec::with_capacity(rows.len() * rows.len());
    for one in &rows {
        kernel.extend(rows.iter().map(|other| f64::from(product(one, other))));
    }
    let norm = kernel.iter().map(|k| k * k).sum::<f64>().sqrt();
    kernel.iter().map(|k| k / norm.max(1e-30)).collect()
}

fn product(one: &[f32], other: &[f32]) -> f32 {
    // Eight independent sums, to vectorise.
    let mut sums = [0.0; 8];
    for (a, b) in one.chunks(8).zip(other.chunks(8)) {
        let terms = a.iter().zip(b).map(|(a, b)| a * b);
        sums.iter_mut()
            .zip(terms)
            .for_each(|(sum, term)| *sum += term);
    }
    sums.iter().sum()
}

/// Every n-th row, at most `SAMPLES` of them, centred on their mean.
fn centred(activations: &[f32], images: usize) -> Vec<Vec<f32>> {
    let width = activations.len() / images.max(1);
    let rows = activations.chunks_exact(width.max(1));
    let step = images.div_ceil(SAMPLES).max(1);
    let mut rows: Vec<Vec<f32>> = rows.step_by(step).map(<[f32]>::to_vec).collect();
    for column in 0..width {
        let values: Vec<f64> = rows.iter().map(|row| row[column].into()).collect();
        #[expect(clippy::cast_possible_truncation, reason = "activations are f32")]
        let centre = mean(&values) as f32;
        rows.iter_mut().for_each(|row| row[column] -= centre);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::examples::{normal, outputs};
    use super::*;

    fn observed(activations: &[f32], images: usize) -> Observed {
        Observed {
            forget: outputs(&vec![0; images], &vec![5; images], 1.0),
            forget_hidden: vec![activations.to_vec()],
            ..Default::default()
        }
    }

    fn cka(one: &[f32], other: &[f32], images: usize) -> f64 {
        let metric = Cka::new(0, Images::Forget);
        let task = Scope::Digits(vec![5]);
        let features = |a: &[f32]| metric.features(&observed(a, images), &task);
        let Form::Pairs(value) = metric.form() else {
            panic!("CKA is a value of pairs");
        };
        value(&features(one), &features(other))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a test's numbers")]
    fn cloud(key: u32, numbers: u32) -> Vec<f32> {
        (0..numbers).map(|i| normal(key, i) as f32).collect()
    }

    /// Columns (0, 1, 2) and (1, 0, 5): centred (−1, 0, 1) and (−1, −2, 3). With one column each,
    /// CKA is the square of the correlation: (4 / √(2 · 14))² = 4/7.
    #[test]
    fn of_single_columns_it_is_the_square_of_the_correlation() {
        assert!((cka(&[0.0, 1.0, 2.0], &[1.0, 0.0, 5.0], 3) - 4.0 / 7.0).abs() < 1e-6);
    }

    #[test]
    fn a_rotated_scaled_and_shifted_copy_is_the_same() {
        let (sin, cos) = 0.7f32.sin_cos();
        let cloud = cloud(1, 2 * 60);
        let turn = |row: &[f32]| {
            let (x, y) = (row[0], row[1]);
            [
                3.0 * (cos * x - sin * y) + 10.0,
                3.0 * (sin * x + cos * y) - 2.0,
            ]
        };
        let turned: Vec<f32> = cloud.chunks_exact(2).flat_map(turn).collect();
        assert!((cka(&cloud, &turned, 60) - 1.0).abs() < 1e-5);
        // Scaling a single column is not a rotation.
        let stretched: Vec<f32> = cloud
            .chunks_exact(2)
            .flat_map(|row| [9.0 * row[0], row[1]])
            .collect();
        assert!(cka(&cloud, &stretched, 60) < 0.9);
    }

    /// ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F), over features instead of images, in f64.
    fn by_features(x: &[f32], y: &[f32], images: usize) -> f64 {
        let centre = |values: &[f32]| -> Vec<f64> {
            let width = values.len() / images;
            let at = |row: usize, column: usize| f64::from(values[row * width + column]);
            let middle =
                |column| (0..images).map(|row| at(row, column)).sum::<f64>() / images as f64;
            (0..values.len())
                .map(|i| at(i / width, i % width) - middle(i % width))
                .collect()
        };
        let squares = |a: &[f64], b: &[f64]| -> f64 {
            let (p, q) = (a.len() / images, b.len() / images);
            let entry = |i: usize, j: usize| -> f64 {
                (0..images).map(|n| a[n * p + i] * b[n * q + j]).sum()
            };
            (0..p * q).map(|k| entry(k / q, k % q).powi(2)).sum()
        };
        let (x, y) = (centre(x), centre(y));
        squares(&y, &x) / (squares(&x, &x) * squares(&y, &y)).sqrt()
    }

    #[test]
    fn both_forms_of_the_formula_agree() {
        let (one, other) = (cloud(1, 5 * 40), cloud(2, 3 * 40));
        let mixed: Vec<f32> = other.iter().zip(&one).map(|(a, b)| a + 2.0 * b).collect();
        for (x, y) in [(&one, &other), (&one, &mixed), (&other, &mixed)] {
            let (ours, theirs) = (cka(x, y, 40), by_features(x, y, 40));
            assert!((ours - theirs).abs() < 1e-5, "{ours} {theirs}");
        }
    }

    #[test]
    fn images_to_forget_and_to_keep_are_looked_at_apart() {
        let mut network = observed(&[0.0, 1.0, 2.0], 3);
        network.retain = network.forget.clone();
        network.retain_hidden = vec![vec![5.0, 1.0, 0.0]];
        let of = |images| Cka::new(0, images).features(&network, &Scope::Digits(vec![5]));
        assert!((of(Images::Forget)[0] - 0.5).abs() < 1e-6);
        // (3, −1, −2) / √14: 9/14.
        assert!((of(Images::Retain)[0] - 9.0 / 14.0).abs() < 1e-6);
        assert_eq!(Cka::new(1, Images::Retain).name(), "CKA 2 r");
    }

    #[test]
    fn a_layer_that_is_dead_is_like_none() {
        assert_eq!(cka(&[0.0; 6], &[1.0, 2.0, 3.0, 4.0, 5.0, 9.0], 3), 0.0);
    }
}
