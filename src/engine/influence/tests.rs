use super::*;
use crate::random::threefry2x32;

const N: usize = 5;

fn number(seed: u32, at: u32) -> f64 {
    f64::from(threefry2x32([seed, 1], [at, 0])[0]) / f64::from(u32::MAX) - 0.5
}

/// A network's outputs by layer, in plain loops.
fn forward(model: &Model, theta: &[f64], pixels: &[f64]) -> Vec<Vec<f64>> {
    let mut outputs: Vec<Vec<f64>> = Vec::new();
    for (number, layer) in model.layers().iter().enumerate() {
        let (wide, high) = (layer.padded_inputs as usize, layer.padded_outputs as usize);
        let x = if number == 0 {
            pixels
        } else {
            &outputs[number - 1]
        };
        let mut y = Vec::new();
        for x in x.chunks_exact(wide) {
            for output in 0..high {
                let row = &theta[layer.weights as usize + output * wide..][..wide];
                let z = dot(row, x) + theta[layer.biases as usize + output];
                y.push(if number + 1 < model.layers().len() {
                    z.max(0.0)
                } else {
                    z
                });
            }
        }
        outputs.push(y);
    }
    outputs
}

fn loss(z: &[f64], label: u8) -> f64 {
    let total: f64 = z[..CLASSES].iter().map(|z| z.exp()).sum();
    total.ln() - z[usize::from(label)]
}

/// A narrow network, few pixels of which are lit, so that few of its weights matter.
fn example() -> (Model, Vec<f64>, Vec<f64>, Vec<u8>) {
    let model = Model::new(&[3, 2]).unwrap();
    let mut theta = vec![0.0; model.parameters() as usize];
    for layer in model.layers() {
        for output in 0..layer.outputs {
            let row = layer.weights + output * layer.padded_inputs;
            for at in (row..row + layer.inputs).chain([layer.biases + output]) {
                theta[at as usize] = 2.0 * number(1, at) + 0.3;
            }
        }
    }
    let mut pixels = vec![0.0; N * PIXELS];
    for (seed, image) in (2..).zip(pixels.chunks_exact_mut(PIXELS)) {
        for (at, lit) in (0u32..).zip([3, 200, 700]) {
            image[lit] = number(seed, at) + 0.5;
        }
    }
    (model, theta, pixels, vec![0, 3, 9, 3, 5])
}

/// The places of parameters that any of the samples' gradients may reach.
fn reached(model: &Model) -> Vec<usize> {
    let mut places = Vec::new();
    for (number, layer) in model.layers().iter().enumerate() {
        for output in 0..layer.outputs {
            let row = layer.weights + output * layer.padded_inputs;
            let inputs: Vec<u32> = match number {
                0 => vec![3, 200, 700],
                _ => (0..layer.inputs).collect(),
            };
            places.extend(inputs.into_iter().map(|i| (row + i) as usize));
            places.push((layer.biases + output) as usize);
        }
    }
    places
}

/// Each sample's gradient in those places, by central differences.
fn slopes(model: &Model, theta: &[f64], pixels: &[f64], labels: &[u8]) -> Vec<Vec<f64>> {
    let losses = |theta: &[f64]| -> Vec<f64> {
        let outputs = forward(model, theta, pixels);
        let logits = outputs[outputs.len() - 1].chunks_exact(12);
        logits.zip(labels).map(|(z, l)| loss(z, *l)).collect()
    };
    let mut slopes = vec![Vec::new(); N];
    for at in reached(model) {
        let [up, down] = [1e-5, -1e-5].map(|h| {
            let mut moved = theta.to_vec();
            moved[at] += h;
            losses(&moved)
        });
        for (sample, slopes) in slopes.iter_mut().enumerate() {
            slopes.push((up[sample] - down[sample]) / 2e-5);
        }
    }
    slopes
}

/// Against gradients by differences, and the matrix itself: F·(F⁻¹ v) = v.
#[test]
fn the_step_solves_the_system_of_gradients_by_differences() {
    let (model, theta, pixels, labels) = example();
    let outputs = forward(&model, &theta, &pixels);
    let gradients = Gradients::new(&model, &theta, &pixels, &outputs, &labels);
    let slopes = slopes(&model, &theta, &pixels, &labels);
    let places = reached(&model);
    let mut v = vec![0.0; theta.len()];
    for (at, place) in (0u32..).zip(&places) {
        v[*place] = number(3, at);
    }
    let lambda = 0.03;
    let x = gradients.inverse(&v, lambda);
    let own: Vec<f64> = places.iter().map(|&at| x[at]).collect();
    let mut longest = 0.0f64;
    for (row, &place) in places.iter().enumerate() {
        let outer: f64 = slopes.iter().map(|g| g[row] * dot(g, &own)).sum();
        let product = lambda * x[place] + outer / N as f64;
        assert!(
            (product - v[place]).abs() < 1e-6,
            "{place}: {product} {}",
            v[place]
        );
        longest = longest.max(outer.abs() / N as f64);
    }
    assert!(longest > 0.1, "the gradients hardly matter: {longest}");
    // Nothing else moves.
    let elsewhere = (0..x.len()).filter(|at| !places.contains(at));
    assert!(elsewhere.into_iter().all(|at| x[at] == 0.0));
}

#[test]
fn samples_are_spread_over_a_list() {
    let list: Vec<u32> = (0..10).collect();
    assert_eq!(spread(&list, 5), [0, 2, 4, 6, 8]);
    assert_eq!(spread(&list, 20), list);
}
