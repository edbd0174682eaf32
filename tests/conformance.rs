//! Every shader against its CPU twin, on every adapter: ragged shapes, several learners, outputs
//! that start as NaN. Integer kernels must agree to the bit; sums within a bound derived from
//! the magnitudes of what is summed. Each comparison is shown a mutant that must fail.
//!
//! The bound: a sum of K products in f32, in any order, with or without fused multiply-adds, is
//! off by at most γ·Σ|a||b| with γ = (K + c)·u / (1 − (K + c)·u), u = 2⁻²⁴ (Higham, "Accuracy and
//! Stability of Numerical Algorithms", 2002, ch. 3); c counts the few operations after the sum.
//! Shader and twin may each be off by that, so their difference by twice it. Σ|a||b| comes from
//! the twin itself, run on the magnitudes of its inputs.

mod common;

use bytemuck::Pod;
use common::{all_adapters, bits, floats, gpu, integers};
use unlearn::device::cpu::Cpu;
use unlearn::device::{Buffer, Device, Recording};
use unlearn::kernel::*;

/// Inputs of one dispatch: the buffers in binding order, written ones too.
#[derive(Clone)]
struct Case<P: Params> {
    name: String,
    params: P,
    depth: u32,
    buffers: Vec<Vec<u32>>,
    /// The same with every term positive, and the number of operations in a result; none where
    /// results must be equal.
    bound: Option<(Vec<Vec<u32>>, u32)>,
    /// What an element may differ by on top, for exp and log; a share of the element plus 1.
    extra: f32,
}

impl<P: Params> Case<P> {
    fn exact(name: String, params: P, depth: u32, buffers: Vec<Vec<u32>>) -> Self {
        Self {
            name,
            params,
            depth,
            buffers,
            bound: None,
            extra: 0.0,
        }
    }

    fn run(
        &self,
        device: &dyn Device,
        kernel: &'static Kernel,
        inputs: &[Vec<u32>],
    ) -> Vec<Vec<u32>> {
        let upload = |words: &Vec<u32>| -> Buffer {
            let buffer = device.allocate("test", words.len()).unwrap();
            device.upload(buffer, 0, words).unwrap();
            buffer
        };
        let buffers: Vec<Buffer> = inputs.iter().map(upload).collect();
        let mut recording = Recording::default();
        recording.dispatch_as(kernel, self.params, self.depth, &buffers);
        let program = device.compile(&recording).unwrap();
        device.run(&program, 1, &mut |_| {}).unwrap();
        let download = |b: &Buffer| device.download(*b).unwrap();
        buffers.iter().map(download).collect()
    }

    /// The first difference beyond the bound, in words.
    fn check(&self, device: &dyn Device, kernel: &'static Kernel) -> Result<(), String> {
        let cpu = Cpu::new("test");
        let got = self.run(device, kernel, &self.buffers);
        let want = self.run(&cpu, P::KERNEL, &self.buffers);
        let magnitudes = self.bound.as_ref().map(|(inputs, operations)| {
            let ku = f64::from(*operations) * f64::from(f32::EPSILON) / 2.0;
            (self.run(&cpu, P::KERNEL, inputs), 2.0 * ku / (1.0 - ku))
        });
        for (binding, access) in P::KERNEL.bindings.iter().enumerate() {
            for (i, (&g, &w)) in got[binding].iter().zip(&want[binding]).enumerate() {
                let (gf, wf) = (f64::from(f32::from_bits(g)), f64::from(f32::from_bits(w)));
                let bound = match &magnitudes {
                    Some((m, gamma)) if *access == Access::Write => {
                        gamma * f64::from(f32::from_bits(m[binding][i]))
                            + f64::from(self.extra) * if w == 0 { 0.0 } else { 1.0 + wf.abs() }
                            + f64::from(f32::MIN_POSITIVE)
                    }
                    _ => 0.0,
                };
                // Not by bits alone where there is a bound, and not by value where there is none.
                let near = bound > 0.0 && (gf - wf).abs() <= bound;
                if g != w && !near {
                    return Err(format!(
                        "{}: binding {binding}[{i}]: got {gf} ({g:#x}), expected {wf} ({w:#x}), bound {bound:e}",
                        self.name
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A row with another text.
fn mutant(kernel: &Kernel, from: &str, to: &str) -> &'static Kernel {
    let text = kernel.wgsl.replacen(from, to, 1);
    let name = kernel.name;
    assert_ne!(text, kernel.wgsl, "mutant {from:?} finds nothing in {name}");
    Box::leak(Box::new(Kernel {
        wgsl: text.leak(),
        ..*kernel
    }))
}

/// Runs all cases on all adapters, then each mutant, which some case must catch.
fn prove<P: Params>(cases: &[Case<P>], mutants: &[(&str, &str)]) {
    prove_by(P::KERNEL, mutants, |device, kernel| {
        cases.iter().try_for_each(|case| case.check(device, kernel))
    });
}

/// The same with another comparison: `check` says what is wrong with a kernel on a device.
fn prove_by(
    kernel: &'static Kernel,
    mutants: &[(&str, &str)],
    check: impl Fn(&dyn Device, &'static Kernel) -> Result<(), String>,
) {
    let name = kernel.name;
    for adapter in all_adapters() {
        for variant in kernel.variants {
            let gpu = gpu(&adapter);
            gpu.choose(kernel, variant);
            check(&gpu, kernel)
                .unwrap_or_else(|e| panic!("{name}/{} on {}: {e}", variant.name, adapter.name()));
        }
        for (from, to) in mutants {
            let caught = check(&gpu(&adapter), mutant(kernel, from, to)).is_err();
            assert!(caught, "{name}: the mutant {from:?} -> {to:?} survives");
        }
    }
}

const NAN: u32 = 0x7fc0_dead;

fn poison(n: u32) -> Vec<u32> {
    vec![NAN; n as usize]
}

fn absolute(words: &[u32]) -> Vec<u32> {
    words.iter().map(|w| w & 0x7fff_ffff).collect()
}

fn words<T: Pod>(values: &[T]) -> Vec<u32> {
    bytemuck::cast_slice(values).to_vec()
}

/// Rows, inputs, outputs, learners: under, at and over the tiles of hardware and software.
const SHAPES: &[(u32, u32, u32, u32)] = &[
    (1, 4, 4, 1),
    (7, 8, 12, 3),
    (8, 64, 64, 2),
    (15, 20, 60, 1),
    (64, 128, 64, 2),
    (65, 68, 132, 3),
    (33, 12, 12, 5),
];

#[test]
fn dense_forward_agrees_with_its_twin() {
    let case = |&(rows, inputs, outputs, learners): &(u32, u32, u32, u32)| {
        let weights = 8;
        let biases = weights + inputs * outputs;
        let parameters = biases + outputs + 4;
        let params = DenseForward {
            rows,
            inputs,
            outputs,
            weights,
            biases,
            parameters,
            relu: rows % 2,
            pad: 0,
        };
        let x = bits(&floats(1, (learners * rows * inputs) as usize));
        let w = bits(&floats(2, (learners * parameters) as usize));
        let y = poison(learners * rows * outputs);
        Case {
            name: format!("{params:?}"),
            params,
            depth: learners,
            bound: Some((vec![absolute(&x), absolute(&w), y.clone()], inputs + 2)),
            buffers: vec![x, w, y],
            extra: 0.0,
        }
    };
    let cases: Vec<_> = SHAPES.iter().map(case).collect();
    prove(
        &cases,
        &[
            ("dot(a[i], b)", "dot(a[i], b.yxzw)"),
            ("learner * p.parameters", "0u * p.parameters"),
            ("k < depth", "k + 1u < depth"),
            ("p.relu == 1u", "p.relu == 0u"),
        ],
    );
}

/// Packed images, and an order with the soft bit set here and there.
fn images(count: u32, pixels: u32, entries: u32) -> (Vec<u32>, Vec<u32>) {
    let order = integers(4, entries as usize, count);
    let soft = |(i, index): (usize, u32)| if i % 3 == 0 { index | SOFT } else { index };
    let order = order.into_iter().enumerate().map(soft).collect();
    (integers(3, (count * pixels / 4) as usize, u32::MAX), order)
}

#[test]
fn image_forward_agrees_with_its_twin() {
    let case = |&(rows, inputs, outputs, learners): &(u32, u32, u32, u32)| {
        let (pixels, biases) = (
            inputs.next_multiple_of(16),
            inputs.next_multiple_of(16) * outputs,
        );
        let parameters = biases + outputs;
        let shared = rows % 2 == 1;
        let order_stride = if shared { 0 } else { rows };
        let params = ImageForward {
            rows,
            pixels,
            outputs,
            weights: 0,
            biases,
            parameters,
            order_start: 2,
            order_stride,
        };
        let (packed, order) = images(9, pixels, 2 + learners * rows);
        let w = bits(&floats(2, (learners * parameters) as usize));
        let y = poison(learners * rows * outputs);
        Case {
            name: format!("{params:?}"),
            params,
            depth: learners,
            bound: Some((
                vec![packed.clone(), order.clone(), absolute(&w), y.clone()],
                pixels + 3,
            )),
            buffers: vec![packed, order, w, y],
            extra: 0.0,
        }
    };
    let cases: Vec<_> = SHAPES.iter().map(case).collect();
    prove(
        &cases,
        &[
            ("vec4<u32>(0u, 8u, 16u, 24u)", "vec4<u32>(8u, 0u, 16u, 24u)"),
            ("& INDEX", "& 0x7ffffffeu"),
            ("s / 255.0", "s / 256.0"),
            ("learner * p.order_stride", "learner * p.rows"),
        ],
    );
}

#[test]
fn dense_backward_input_agrees_with_its_twin() {
    let case = |&(rows, inputs, outputs, learners): &(u32, u32, u32, u32)| {
        let parameters = inputs * outputs + 8;
        let params = DenseBackwardInput {
            rows,
            inputs,
            outputs,
            weights: 4,
            parameters,
            ..Default::default()
        };
        let w = bits(&floats(2, (learners * parameters) as usize));
        let dy = bits(&floats(5, (learners * rows * outputs) as usize));
        let x = bits(&floats(1, (learners * rows * inputs) as usize));
        let dx = poison(learners * rows * inputs);
        Case {
            name: format!("{params:?}"),
            params,
            depth: learners,
            bound: Some((
                vec![absolute(&w), absolute(&dy), x.clone(), dx.clone()],
                outputs + 1,
            )),
            buffers: vec![w, dy, x, dx],
            extra: 0.0,
        }
    };
    let cases: Vec<_> = SHAPES.iter().map(case).collect();
    prove(
        &cases,
        &[
            ("x[place] > vec4<f32>()", "x[place] > vec4<f32>(-2.0)"),
            ("(k * 4u + q) * stride", "(k * 4u + 3u - q) * stride"),
            ("learner * p.parameters", "0u * p.parameters"),
        ],
    );
}

fn learners(count: u32, sign: f32) -> Vec<u32> {
    let learner = |i: u32| Learner {
        key: [i, 7],
        list_start: 3 * i,
        list_length: 50 + i,
        rate: sign * 0.1 * (1 + i) as f32,
        momentum: if i % 2 == 1 { 0.9 } else { 0.0 },
        decay: 0.01 * i as f32,
        pad: 0,
    };
    words(&(0..count).map(learner).collect::<Vec<_>>())
}

#[test]
fn dense_backward_weights_agrees_with_its_twin() {
    let case = |&(rows, inputs, outputs, count): &(u32, u32, u32, u32)| {
        let weights = 4;
        let biases = weights + inputs * outputs;
        let parameters = biases + outputs;
        let params = DenseBackwardWeights {
            rows,
            inputs,
            outputs,
            weights,
            biases,
            parameters,
            ..Default::default()
        };
        let dy = bits(&floats(5, (count * rows * outputs) as usize));
        let x = bits(&floats(1, (count * rows * inputs) as usize));
        let w = bits(&floats(2, (count * parameters) as usize));
        let v = bits(&floats(6, (count * parameters) as usize));
        // A negative rate turns w − rate·v into a sum of magnitudes.
        let positive = [&dy, &x, &w, &v].map(|b| absolute(b));
        let bound = std::iter::once(learners(count, -1.0))
            .chain(positive)
            .collect();
        Case {
            name: format!("{params:?}"),
            params,
            depth: count,
            bound: Some((bound, rows + 7)),
            buffers: vec![learners(count, 1.0), dy, x, w, v],
            extra: 0.0,
        }
    };
    let cases: Vec<_> = SHAPES.iter().map(case).collect();
    prove(
        &cases,
        &[
            ("d.x * b[j]", "d.y * b[j]"),
            (
                "s.momentum * velocity[at] + g",
                "s.momentum * velocity[at] - g",
            ),
            ("gradient + s.decay", "gradient - s.decay"),
            ("n < p.rows", "n + 1u < p.rows"),
            ("bias[i / 4u] += d", "bias[i / 4u] += d.wzyx"),
        ],
    );
}

#[test]
fn image_backward_weights_agrees_with_its_twin() {
    let case = |&(rows, inputs, outputs, count): &(u32, u32, u32, u32)| {
        let pixels = inputs.next_multiple_of(16);
        let biases = pixels * outputs;
        let parameters = biases + outputs + 4;
        let params = ImageBackwardWeights {
            rows,
            pixels,
            outputs,
            weights: 0,
            biases,
            parameters,
            order_start: 1,
            order_stride: rows,
        };
        let (packed, order) = images(9, pixels, 1 + count * rows);
        let dy = bits(&floats(5, (count * rows * outputs) as usize));
        let w = bits(&floats(2, (count * parameters) as usize));
        let v = bits(&floats(6, (count * parameters) as usize));
        let bound = vec![
            learners(count, -1.0),
            packed.clone(),
            order.clone(),
            absolute(&dy),
            absolute(&w),
            absolute(&v),
        ];
        Case {
            name: format!("{params:?}"),
            params,
            depth: count,
            bound: Some((bound, rows + 9)),
            buffers: vec![learners(count, 1.0), packed, order, dy, w, v],
            extra: 0.0,
        }
    };
    let cases: Vec<_> = SHAPES.iter().map(case).collect();
    prove(
        &cases,
        &[
            ("255.0 * f32(p.rows)", "256.0 * f32(p.rows)"),
            ("learner * p.order_stride", "0u * p.order_stride"),
            ("word == 0u", "word == 1u"),
            ("d.w * x[q]", "d.z * x[q]"),
        ],
    );
}

#[test]
fn softmax_loss_agrees_with_its_twin() {
    let case = |&(rows, depth, size): &(u32, u32, f32)| {
        let params = SoftmaxLoss {
            rows,
            classes: 10,
            stride: 12,
            pad: 0,
        };
        let (_, order) = images(20, 16, depth * rows);
        let mut z = floats(7, (depth * rows * 12) as usize);
        z.iter_mut().for_each(|z| *z *= size);
        Case {
            name: format!("{params:?} size {size}"),
            params,
            depth,
            buffers: vec![
                integers(8, 20, 10),
                order,
                bits(&vec![0.1; 12 * depth as usize]),
                bits(&z),
                poison(depth * rows * 12),
                poison(depth * rows),
            ],
            // Logits in ±size: exp is off by 3 + 2·2·size units in the last place (WGSL), ten
            // terms, a division (2.5), a logarithm (3): all relative to values of at most 1 + |loss|.
            bound: Some((
                vec![vec![0; 20]; 6]
                    .into_iter()
                    .enumerate()
                    .map(|(i, _)| match i {
                        0 => integers(8, 20, 10),
                        1 => vec![0; (depth * rows) as usize],
                        2 => bits(&vec![0.1; 12 * depth as usize]),
                        3 => vec![0; (depth * rows * 12) as usize],
                        4 => poison(depth * rows * 12),
                        _ => poison(depth * rows),
                    })
                    .collect(),
                1,
            )),
            extra: (3.0 + 4.0 * size + 10.0 + 2.5 + 3.0 + 4.0) * f32::EPSILON,
        }
    };
    let cases: Vec<_> = [(1, 1, 1.0), (64, 2, 5.0), (65, 3, 20.0), (7, 2, 200.0)]
        .iter()
        .map(case)
        .collect();
    prove(
        &cases,
        &[
            ("largest = max(largest", "largest = min(largest"),
            ("/ total - t", "/ total + t"),
            ("c == label", "c + 1u == label"),
            ("(entry & SOFT) != 0u", "(entry & SOFT) == 0u"),
            ("dlogits[z + c] = 0.0", "dlogits[z + c] += 1.0"),
        ],
    );
}

#[test]
fn sample_order_equals_its_twin() {
    let case = |&(rows, count, step): &(u32, u32, u32)| {
        let progress = Progress {
            step,
            ..Default::default()
        };
        let buffers = vec![
            learners(count, 1.0),
            words(&vec![progress; count as usize]),
            integers(9, 100, u32::MAX),
            poison(count * rows),
        ];
        Case::exact(
            format!("{rows} rows, step {step}"),
            SampleOrder {
                rows,
                ..Default::default()
            },
            count,
            buffers,
        )
    };
    let cases: Vec<_> = [(1, 1, 0), (64, 3, 0), (65, 5, 17), (130, 2, 1000)]
        .iter()
        .map(case)
        .collect();
    prove(
        &cases,
        &[
            ("0x1bd11bdau", "0x1bd11bdbu"),
            ("at / l.list_length", "at / (l.list_length + 1u)"),
            ("ROUNDS: u32 = 8u", "ROUNDS: u32 = 6u"),
            ("l.list_start + entry", "entry"),
        ],
    );
}

#[test]
fn initialise_equals_its_twin() {
    let case = |&(inputs, outputs, depth): &(u32, u32, u32)| {
        let (padded_inputs, padded_outputs) =
            (inputs.next_multiple_of(4), outputs.next_multiple_of(4));
        let biases = padded_inputs * padded_outputs + 4;
        let parameters = biases + padded_outputs;
        let params = Initialise {
            inputs,
            outputs,
            padded_inputs,
            padded_outputs,
            weights: 4,
            biases,
            parameters,
            layer: inputs,
            bound: 0.3,
            ..Default::default()
        };
        let buffers = vec![
            integers(10, 2 * depth as usize, u32::MAX),
            poison(depth * parameters),
        ];
        Case::exact(format!("{params:?}"), params, depth, buffers)
    };
    let cases: Vec<_> = [(1, 1, 1), (17, 10, 3), (64, 30, 2), (784, 10, 1)]
        .iter()
        .map(case)
        .collect();
    prove(
        &cases,
        &[
            ("bits >> 8u", "bits >> 9u"),
            ("column < p.inputs", "column < p.padded_inputs"),
            ("turns[i]", "turns[3u - i]"),
        ],
    );
}

#[test]
fn score_equals_its_twin() {
    let case = |&(rows, depth): &(u32, u32)| {
        let params = ScoreCounts {
            rows,
            classes: 10,
            stride: 12,
            first: 3,
        };
        // Small integers: exp and log of them differ by less than the unit of the sums almost
        // everywhere; the sums may be off by one unit a row.
        let z: Vec<f32> = integers(11, (depth * rows * 12) as usize, 40)
            .iter()
            .map(|&z| z as f32)
            .collect();
        let buffers = vec![
            integers(12, (3 + rows) as usize, 10),
            bits(&z),
            vec![0; (depth * 120) as usize],
        ];
        Case::exact(format!("{params:?}"), params, depth, buffers)
    };
    let cases: Vec<_> = [(1, 1), (63, 2), (200, 3)].iter().map(case).collect();
    let check = |device: &dyn Device, kernel: &'static Kernel| {
        cases.iter().try_for_each(|case| {
            let got = &case.run(device, kernel, &case.buffers)[2];
            let want = &case.run(&Cpu::new("test"), &SCORE, &case.buffers)[2];
            let units = |i: usize| if i % 120 < 100 { 0 } else { case.params.rows };
            let mut pairs = got.iter().zip(want).enumerate();
            match pairs.find(|(i, (g, w))| g.abs_diff(**w) > units(*i)) {
                None => Ok(()),
                Some(found) => Err(format!("{}: {found:?}", case.name)),
            }
        })
    };
    prove_by(
        &SCORE,
        &[
            ("> largest", ">= largest"),
            ("p.first + row", "row"),
            ("label * p.classes + digit", "digit * p.classes + label"),
            ("1.0 / total", "total"),
            ("LARGEST_LOSS);", "2.0 * LARGEST_LOSS);"),
            ("log(total) - ", "log(total) + "),
        ],
        check,
    );
}

#[test]
fn close_step_agrees_with_its_twin() {
    let case = |&(rows, count, bad): &(u32, u32, f32)| {
        let params = CloseStep {
            rows,
            learners: count,
            ..Default::default()
        };
        let mut losses = floats(13, (count * rows) as usize);
        losses.iter_mut().for_each(|l| *l = l.abs());
        losses[(rows - 1) as usize] = bad;
        let progress = vec![
            Progress {
                step: 4,
                diverged: if rows == 7 { 2 } else { 0 },
                loss_sum: 1.0,
                pad: 0
            };
            count as usize
        ];
        let buffers = vec![bits(&losses), words(&progress)];
        Case::exact(format!("{params:?} {bad}"), params, 1, buffers)
    };
    let shapes = [
        (1, 1, 0.5),
        (64, 70, 0.1),
        (5, 3, f32::INFINITY),
        (5, 3, f32::NAN),
        (5, 3, 1e6),
        (7, 2, f32::NAN),
    ];
    let cases: Vec<_> = shapes.iter().map(case).collect();
    let check = |device: &dyn Device, kernel: &'static Kernel| {
        cases.iter().try_for_each(|case| {
            let got: Vec<Progress> = words_as(&case.run(device, kernel, &case.buffers)[1]);
            let cpu = Cpu::new("test");
            let want: Vec<Progress> = words_as(&case.run(&cpu, &CLOSE_STEP, &case.buffers)[1]);
            let agree = |(g, w): (&Progress, &Progress)| {
                let near = (g.loss_sum - w.loss_sum).abs() <= 1e-5 * w.loss_sum.abs();
                (g.step, g.diverged) == (w.step, w.diverged) && (near || w.diverged > 0)
            };
            match got.iter().zip(&want).all(agree) {
                true => Ok(()),
                false => Err(format!("{}: got {got:?}, expected {want:?}", case.name)),
            }
        })
    };
    prove_by(
        &CLOSE_STEP,
        &[
            ("state.step += 1u", "state.step += 2u"),
            ("broken || loss > UNUSABLE", "loss > 1e9"),
            ("learner * p.rows + n", "n"),
            (" && state.diverged == 0u", ""),
        ],
        check,
    );
}

fn words_as<T: Pod>(words: &[u32]) -> Vec<T> {
    bytemuck::pod_collect_to_vec(words)
}
