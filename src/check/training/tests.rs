use super::*;
use crate::data::PIXELS;
use crate::kernels::SOFT;
use crate::population::Recipe;
use std::sync::Arc;

/// One learner of a small network that sees each of six samples in every step, two of them with
/// the soft target; its first step subtracts the gradient.
fn small() -> Task {
    let mut task = Task::new(1, &[9, 6], 6, &[1]).unwrap();
    task.learners.truncate(1);
    task.learners[0] = Recipe {
        samples: Arc::new(vec![7, 1 | SOFT, 12, 30, 4 | SOFT, 5]),
        rate: 1.0,
        decay: 0.25,
        strength: 0.0,
        ..task.learners[0].clone()
    };
    task
}

/// Mean loss of the small task and its penalty on large weights, written apart from `plain`: layer
/// by layer from the model's layout, and with the logarithm of a plain sum.
fn loss(task: &Task, parameters: &[f64], decay: f64) -> f64 {
    let taught = &task.learners[0];
    let mut sum = 0.0;
    for &entry in taught.samples.iter() {
        let index = (entry & !SOFT) as usize;
        let pixels = &task.images.pixels[index * PIXELS..][..PIXELS];
        let mut x: Vec<f64> = pixels.iter().map(|&p| f64::from(p) / 255.0).collect();
        for (number, l) in task.model.layers().iter().enumerate() {
            let output = |o: u32| {
                let row = &parameters[(l.weights + o * l.padded_inputs) as usize..];
                let dot: f64 = x.iter().zip(row).map(|(x, w)| x * w).sum();
                let z = dot + parameters[(l.biases + o) as usize];
                if number < 2 { z.max(0.0) } else { z }
            };
            x = (0..l.outputs).map(output).collect();
        }
        let log = x.iter().map(|z| z.exp()).sum::<f64>().ln();
        let label = usize::from(task.images.labels[index]);
        let soft = taught.soft_target.iter().zip(&x);
        sum += match entry & SOFT {
            0 => log - x[label],
            _ => soft.map(|(&t, z)| f64::from(t) * (log - z)).sum(),
        };
    }
    let squares: f64 = parameters.iter().map(|w| w * w).sum();
    sum / taught.samples.len() as f64 + decay / 2.0 * squares
}

#[test]
fn the_first_step_follows_finite_differences_of_another_loss() {
    let task = small();
    let mut trainee = Trainee::new(&task, 0, Arithmetic::new(0.0, 0));
    let before = trainee.parameters();
    let mean = trainee.step(1.0);
    // The soft target is one in f32: it sums to 1 within ten roundings.
    assert!((mean - loss(&task, &before, 0.0)).abs() < 1e-6, "{mean}");
    let after = trainee.parameters();
    let h = 1e-5;
    let mut largest = 0.0f64;
    for at in (0..before.len())
        .step_by(5)
        .chain(before.len() - 180..before.len())
    {
        let [up, down] = [h, -h].map(|h| {
            let mut moved = before.clone();
            moved[at] += h;
            loss(&task, &moved, 0.25)
        });
        let slope = (up - down) / (2.0 * h);
        let stepped = before[at] - after[at];
        let padding = before[at] == 0.0 && after[at] == 0.0;
        // An error of order h², and 1e-16 / h from rounding; the target's sum adds 1e-7.
        assert!(
            padding || (slope - stepped).abs() < 3e-7,
            "{at}: {slope} {stepped}"
        );
        largest = largest.max(stepped.abs());
    }
    assert!(
        largest > 0.1,
        "the gradients are too small to compare: {largest}"
    );
}

/// Far from every switch of a ReLU, four times the errors make four times the distance. A switch
/// would make it thousands of times as far.
#[test]
fn no_rounding_switches_a_relu() {
    for task in Task::all().unwrap() {
        let usual = Reference::new(task.clone()).tolerances;
        let larger = Reference::with_errors(task, 4.0).tolerances;
        for (usual, larger) in usual.into_iter().zip(larger) {
            let ratios = [larger[0] / usual[0], larger[1] / usual[1]];
            println!("{usual:?}, ratios {ratios:?}");
            assert!(ratios.iter().all(|r| (2.0..8.0).contains(r)), "{ratios:?}");
            assert!(usual.iter().all(|&t| t < 1e-4), "{usual:?}");
        }
    }
}

/// Half a unit up or down in every operation, as roundings to one side have on average.
#[test]
fn roundings_to_one_side_stay_within_the_tolerance() {
    for task in Task::all().unwrap() {
        let reference = Reference::new(task.clone());
        for side in [0.5, -0.5] {
            let train = |learner| trajectory(&task, learner, Arithmetic::one_sided(side));
            let biased: Vec<Trajectory> = (0..task.learners.len()).map(train).collect();
            for (point, tolerance) in reference.tolerances.iter().enumerate() {
                let apart = largest(biased.iter().zip(&reference.exact), point);
                println!("{apart:?} of {tolerance:?}");
                assert!(apart[0] <= tolerance[0] && apart[1] <= tolerance[1]);
            }
        }
    }
}

#[test]
fn training_lowers_the_loss_of_every_learner() {
    for task in Task::all().unwrap() {
        for (number, exact) in Reference::new(task).exact.iter().enumerate() {
            let losses = exact.losses.concat();
            let (first, last) = (losses[0], losses[losses.len() - 1]);
            println!("learner {number}: {first:.3} to {last:.3}");
            assert!(last < 0.95 * first, "learner {number}: {first} to {last}");
        }
    }
}

#[test]
fn what_is_no_number_does_not_agree() {
    let agreement = |apart, tolerance| Agreement {
        steps: 1,
        apart,
        tolerance,
        loss_apart: 0.5,
        loss_tolerance: 1.0,
    };
    assert!(agreement(0.9, 1.0).agrees());
    for (apart, tolerance) in [(f64::NAN, 1.0), (f64::INFINITY, 1.0), (0.5, f64::NAN)] {
        let wrong = agreement(apart, tolerance);
        assert!(!wrong.agrees() && wrong.share().is_infinite(), "{wrong}");
        assert!(wrong.mismatch().unwrap().text.contains("weights"));
    }
}

#[test]
fn what_is_no_number_is_infinitely_far() {
    assert_eq!(
        largest_difference(&[1.0, f64::NAN, 2.0], &[1.0, 1.0, 2.5]),
        f64::INFINITY
    );
    assert_eq!(largest_difference(&[1.0, 2.0], &[1.0, 2.5]), 0.5);
}

#[test]
fn stretches_reach_every_point() {
    for points in [&[1, 10][..], &[200], &[7, 25]] {
        let mut end = 0;
        for (stretches, &point) in stretches(points).iter().zip(points) {
            end += stretches.iter().sum::<u32>();
            assert_eq!(end, point);
        }
    }
}
