//! What is seen inside networks: integrated gradients on every device against f64, and whether the
//! controls of a run are seen for what they are.

mod common;
mod idx_files;

use std::path::Path;

use common::{stderr, unlearn};
use idx_files::{files, mentions, write};
use tempfile::TempDir;
use unlearn::data::{Images, PIXELS, builtin};
use unlearn::device::{Device, cpu::Cpu};
use unlearn::inside::{Inside, Part, Transplant};
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::record::Arm;
use unlearn::report::{html::sheet, sheet::Part as SaidPart};
use unlearn::run_folder;

/// A run on the built-in digits, which forgets the 5 unless flags say otherwise: what is inside, and what
/// is said of it.
fn run(folder: &Path, name: &str, more: &[&str]) -> (Inside, String) {
    let digits = files(&builtin::train(2000), &builtin::test(1000));
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    write(&data, &digits, "");
    let out = folder.join(name);
    let flags = [
        "run",
        "--data",
        data.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--device",
        "cpu",
        "--hidden",
        "48,24",
        "--epochs",
        "8",
        "--evaluations",
        "1",
    ];
    let output = unlearn(&[&flags[..], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("What changed inside") && page.contains("Where they look"));
    let record = run_folder::read(&out).unwrap();
    let sections = sheet(&record).sections;
    let own = sections
        .into_iter()
        .find(|s| s.title == "What changed inside");
    let said = match own.map(|section| section.parts).as_deref() {
        Some([SaidPart::List(said)]) => said.join(" "),
        other => panic!("{other:?}"),
    };
    (record.inside.unwrap(), said)
}

fn layer(inside: &Inside, number: usize) -> &Transplant {
    let mut parts = inside.transplants.parts.iter();
    parts.find(|t| t.part == Part::Layer(number)).unwrap()
}

/// Zero-logit changes the last layer alone: everything is still there, and each part says so. Retrained
/// networks have nothing of it.
#[test]
fn what_is_only_hidden_is_seen_and_what_was_never_there_is_not() {
    let folder = TempDir::new().unwrap();
    let flags = ["--method", "zero-logit", "--learners", "3"];
    let (inside, said) = run(folder.path(), "zero-logit", &flags);
    mentions(&said, &["what the output forgot is still there, hidden"]);
    let (o, u, r) = (Arm::Original, Arm::Unlearned, Arm::Retrained);
    let output = inside.lens.last().unwrap();
    assert!(output.mean(o) > 0.8 && output.mean(u) < 0.05, "{output:?}");
    // New heads read the same from hidden layers that are the same, and less from retrained ones.
    for head in &inside.heads {
        for (_, figure) in &head.accuracy {
            assert_eq!(figure.mean(u), figure.mean(o));
        }
    }
    let (_, head) = inside.heads[1].accuracy.last().unwrap();
    assert!(
        head.mean(u) > head.mean(r) + 2.0 * head.floor.unwrap(),
        "{head:?}"
    );
    // The last layer alone brings everything back; other layers bring nothing.
    let whole = &inside.transplants.whole.forget;
    let back = |number| layer(&inside, number).restored.forget.mean(u);
    assert_eq!(back(2), whole.mean(o));
    assert_eq!([back(0), back(1)], [whole.mean(u); 2]);
    let left = layer(&inside, 2).ablated.forget.mean(u);
    assert_eq!(left, whole.mean(u));
    // No layer of the original brings a digit into a network that never saw it.
    for number in 0..3 {
        let brought = layer(&inside, number).restored.forget.mean(r);
        assert!(brought < 0.5 * whole.mean(o), "layer {number}: {brought}");
    }
    // The original's readout finds it in the hidden layers, but not in retrained ones.
    for lens in &inside.lens[..2] {
        assert_eq!(lens.mean(u), lens.mean(o));
        assert!(lens.mean(u) > 0.8 && lens.mean(r) < 0.5, "{lens:?}");
    }
    // Nothing changed in the first layer.
    assert_eq!(inside.neurons.share.mean(u), 0.0);
    assert!(inside.neurons.share.mean(r) > 0.0);
}

/// A method that trains: maps come back with relearning, and random networks have others.
#[test]
fn maps_of_relearned_networks_are_the_originals_again() {
    let folder = TempDir::new().unwrap();
    let (inside, said) = run(folder.path(), "uniform", &["--learners", "3"]);
    mentions(
        &said,
        &["already nearer to the old ones than in networks that learn it"],
    );
    let a = &inside.attributions;
    let (u, b) = (Arm::Unlearned, Arm::Relearned);
    assert!(a.likeness.mean(b) > a.likeness.mean(u), "{:?}", a.likeness);
    assert!(
        a.likeness.mean(b) > 0.7 && a.randomised.mean.abs() < 0.3,
        "{a:?}"
    );
    assert!(a.incomplete < 0.01, "{}", a.incomplete);
    // Unlearning moves neurons away from what they responded to, and relearning brings them back, nearer
    // than those of networks that are taught later.
    let last = &inside.likeness.last().unwrap().neurons;
    assert!(
        last.mean(b) > last.mean(u) + last.floor.unwrap(),
        "{last:?}"
    );
    assert!(
        last.mean(b) > last.mean(Arm::Retrained) + last.floor.unwrap(),
        "{last:?}"
    );
    assert_eq!(inside.plane.arms.len(), 4);
    assert!(inside.examples.iter().any(|e| e.label == 5));
}

/// Networks from a file share no first weights with retrained ones, and a single one has no noise floor:
/// both are said, and several classes are named.
#[test]
fn networks_of_other_origin_are_compared_where_that_makes_sense() {
    let folder = TempDir::new().unwrap();
    let short = ["--learners", "1", "--forget", "3,5"];
    run(folder.path(), "first", &short);
    let own = folder
        .path()
        .join("first/checkpoints/learn-original.safetensors");
    let flags = ["--from", own.to_str().unwrap(), "--forget", "3,5"];
    let (inside, said) = run(folder.path(), "given", &flags);
    assert!(!inside.matched && inside.learners == 1);
    assert!(inside.neurons.share.arm(Arm::Retrained).is_none());
    assert!(inside.lens[0].arm(Arm::Retrained).is_none());
    assert!(inside.heads[0].accuracy[0].1.arm(Arm::Retrained).is_some());
    assert_eq!(
        (inside.heads[0].accuracy[0].1.floor, inside.plane.arms.len()),
        (None, 3)
    );
    mentions(
        &said,
        &[
            "With one network of each arm",
            "test images of digits 3 and 5",
        ],
    );
}

/// A network on a device, with images and the logits asked of them.
#[derive(Clone)]
struct Asked {
    model: Model,
    images: Images,
    parameters: Vec<f32>,
}

const STEPS: usize = 128;

impl Asked {
    /// Trained a little on the CPU.
    fn new() -> Self {
        let images: Images = builtin::train(600).into();
        let model = Model::new(&[20, 12]).unwrap();
        let cpu = Cpu::new("test");
        let uploaded = DeviceImages::upload(&cpu, &images).unwrap();
        let taught = [Recipe::plain(
            (0..600).collect::<Vec<u32>>().into(),
            [1, 2],
            0.1,
        )];
        let population = Population::new(&cpu, &model, 20, &uploaded, &uploaded, &taught).unwrap();
        population.initialise(&[[3, 4]]).unwrap();
        population.train(300, &mut |_| {}).unwrap();
        let parameters = population.parameters().unwrap();
        Self {
            model,
            images,
            parameters,
        }
    }

    fn pixels(&self, image: usize) -> Vec<f32> {
        let own = &self.images.pixels[image * PIXELS..][..PIXELS];
        own.iter().map(|byte| f32::from(*byte) / 255.0).collect()
    }

    /// A logit and its gradient at some pixels, by loops in f64.
    fn slope(&self, x: &[f64], class: usize) -> (f64, Vec<f64>) {
        let layers = self.model.layers();
        let mut values = vec![x.to_vec()];
        for (number, layer) in layers.iter().enumerate() {
            let x = values.last().unwrap();
            let output = |row: u32| {
                let at = (layer.weights + row * layer.padded_inputs) as usize;
                let terms = self.parameters[at..].iter().zip(x);
                let sum: f64 = terms.map(|(w, x)| f64::from(*w) * x).sum();
                let sum = sum + f64::from(self.parameters[(layer.biases + row) as usize]);
                if number + 1 < layers.len() {
                    sum.max(0.0)
                } else {
                    sum
                }
            };
            values.push((0..layer.outputs).map(output).collect());
        }
        let logit = values.last().unwrap()[class];
        let mut slope: Vec<f64> = (0..10).map(|c| f64::from(u8::from(c == class))).collect();
        for (number, layer) in layers.iter().enumerate().rev() {
            let mut next = vec![0.0; layer.inputs as usize];
            for (row, s) in slope.iter().enumerate() {
                let at = layer.weights as usize + row * layer.padded_inputs as usize;
                for (n, w) in next.iter_mut().zip(&self.parameters[at..]) {
                    *n += s * f64::from(*w);
                }
            }
            if number > 0 {
                let pass = |(n, x): (&mut f64, &f64)| *n *= f64::from(u8::from(*x > 0.0));
                next.iter_mut().zip(&values[number]).for_each(pass);
            }
            slope = next;
        }
        (logit, slope)
    }

    /// An image's integrated gradients in f64.
    fn reference(&self, image: usize) -> Vec<f64> {
        let class = usize::from(self.images.labels[image]);
        let x: Vec<f64> = self.pixels(image).into_iter().map(f64::from).collect();
        let mut sums = vec![0.0; PIXELS];
        for step in 0..STEPS {
            let scale = (step as f64 + 0.5) / STEPS as f64;
            let at: Vec<f64> = x.iter().map(|x| scale * x).collect();
            let (_, slope) = self.slope(&at, class);
            sums.iter_mut().zip(slope).for_each(|(sum, s)| *sum += s);
        }
        let product = |(x, sum): (&f64, f64)| x * sum / STEPS as f64;
        x.iter().zip(sums).map(product).collect()
    }
}

/// Integrated gradients on the CPU and every adapter: each map is that of f64, and the maps of 100 images
/// sum to the difference of the logits within 1 %.
#[test]
fn integrated_gradients_are_those_of_f64_and_complete() {
    let asked = Asked::new();
    let cpu: Box<dyn Device> = Box::new(Cpu::new("test"));
    let adapters = common::devices().into_iter().map(|(_, device)| device);
    // The second learner is another network: its maps are its own.
    let mut other = asked.clone();
    other.parameters.iter_mut().for_each(|w| *w *= 0.5);
    let networks = [&asked, &other];
    let expected = networks.map(|n| (0..3).map(|image| n.reference(image)).collect::<Vec<_>>());
    for device in std::iter::once(cpu).chain(adapters) {
        let uploaded = DeviceImages::upload(&*device, &asked.images).unwrap();
        let recipe = Recipe::plain(vec![0].into(), [0, 0], 0.1);
        let (together, taught) = (4, [recipe.clone(), recipe]);
        let rows = together * (STEPS + 2);
        let population =
            Population::new(&*device, &asked.model, rows, &uploaded, &uploaded, &taught).unwrap();
        let parameters = networks.map(|n| &n.parameters[..]).concat();
        population.set_parameters(&parameters).unwrap();
        let mut worst = 0f64;
        for first in (0..100).step_by(together) {
            let images: Vec<usize> = (first..first + together).collect();
            let pixels: Vec<f32> = images.iter().flat_map(|i| asked.pixels(*i)).collect();
            let classes: Vec<u8> = images.iter().map(|i| asked.images.labels[*i]).collect();
            let found = population
                .integrated_gradients(&pixels, &classes, STEPS)
                .unwrap();
            for (place, &image) in images.iter().enumerate() {
                let map = &found.maps[place * PIXELS..][..PIXELS];
                let [at, black] = found.ends[place].map(f64::from);
                let sum: f64 = map.iter().map(|a| f64::from(*a)).sum();
                worst = worst.max((sum - (at - black)).abs() / (at - black).abs());
                for (network, expected) in expected.iter().enumerate() {
                    let Some(expected) = expected.get(image) else {
                        continue;
                    };
                    let map = &found.maps[(network * together + place) * PIXELS..][..PIXELS];
                    let most = expected.iter().fold(0f64, |m, a| m.max(a.abs()));
                    for (got, expected) in map.iter().zip(expected) {
                        // A step at which a neuron is on the brink of its ReLU may count as either.
                        let apart = (f64::from(*got) - expected).abs();
                        assert!(apart < 0.02 * most, "{got}, expected {expected}");
                    }
                }
            }
        }
        let name = &device.record().name;
        assert!(
            worst < 0.01,
            "{name}: {worst} of a difference of logits is missing"
        );
    }
}

/// What does not fit a batch is refused.
#[test]
fn too_many_images_for_a_batch_are_refused() {
    let asked = Asked::new();
    let cpu = Cpu::new("test");
    let uploaded = DeviceImages::upload(&cpu, &asked.images).unwrap();
    let taught = [Recipe::plain(vec![0].into(), [0, 0], 0.1)];
    let population =
        Population::new(&cpu, &asked.model, 33, &uploaded, &uploaded, &taught).unwrap();
    let refused = population.integrated_gradients(&asked.pixels(0), &[5], 32);
    assert!(refused.is_err());
    assert!(population.integrated_gradients(&[], &[], 32).is_err());
}
