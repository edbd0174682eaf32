//! burn beside ours: the same training, a line of JSON for each epoch. `run.py` starts it;
//! `--probe` says what there is to train on.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use burn::module::{Module, Param};
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::nn::{Initializer, Linear};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use flate2::read::GzDecoder;

const VERSION: &str = "0.22.1";
#[cfg(feature = "wgpu")]
const DEVICES: &[&str] = &["wgpu", "flex"];
#[cfg(not(feature = "wgpu"))]
const DEVICES: &[&str] = &["flex"];
const PIXELS: usize = 784;
const RATE: f64 = 0.1;

#[derive(Module, Debug)]
struct Net {
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Net {
    fn new(device: &Device) -> Self {
        // Weights uniform within ±√(6 / inputs), biases zero.
        let linear = |inputs: usize, outputs: usize| {
            let bound = (6.0 / inputs as f64).sqrt();
            let uniform = Initializer::Uniform {
                min: -bound,
                max: bound,
            };
            let bias: Param<Tensor<1>> = Initializer::Zeros.init([outputs], device);
            Linear {
                weight: uniform.init([inputs, outputs], device),
                bias: Some(bias),
            }
        };
        Self {
            fc1: linear(PIXELS, 128),
            fc2: linear(128, 64),
            fc3: linear(64, 10),
        }
    }

    fn logits(&self, images: Tensor<2>) -> Tensor<2> {
        let hidden = relu(self.fc1.forward(images));
        self.fc3.forward(relu(self.fc2.forward(hidden)))
    }
}

/// Images and labels, on the host: as floats, the training images are more than some adapters bind
/// at a time.
struct Set {
    pixels: Vec<f32>,
    labels: Vec<i64>,
}

/// Images and labels on a device.
type Batch = (Tensor<2>, Tensor<1, Int>);

impl Set {
    fn load(folder: &Path, name: &str) -> Self {
        let pixels = unpack(&folder.join(format!("{name}-images-idx3-ubyte.gz")), 16);
        let labels = unpack(&folder.join(format!("{name}-labels-idx1-ubyte.gz")), 8);
        Self {
            pixels: pixels.iter().map(|&p| f32::from(p) / 255.0).collect(),
            labels: labels.iter().map(|&l| i64::from(l)).collect(),
        }
    }

    /// These samples, on a device.
    fn batch(&self, samples: &[usize], device: &Device) -> Batch {
        let image = |&n: &usize| &self.pixels[n * PIXELS..][..PIXELS];
        let pixels: Vec<f32> = samples.iter().flat_map(image).copied().collect();
        let labels: Vec<i64> = samples.iter().map(|&n| self.labels[n]).collect();
        let count = samples.len();
        (
            Tensor::from_data(TensorData::new(pixels, [count, PIXELS]), device),
            Tensor::from_data(TensorData::new(labels, [count]), device),
        )
    }
}

fn unpack(path: &Path, header: usize) -> Vec<u8> {
    let read = || {
        let mut bytes = Vec::new();
        GzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = read().unwrap_or_else(|error| stop(&format!("{}: {error}", path.display())));
    bytes[header..].to_vec()
}

fn stop(text: &str) -> ! {
    eprintln!("{text}");
    std::process::exit(2)
}

/// 0…count−1 in an order of its own for every `state` (Fisher and Yates; splitmix64).
fn shuffled(count: usize, state: &mut u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = *state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        order.swap(last, (bits % (last as u64 + 1)) as usize);
    }
    order
}

/// A network with all it takes to train it.
struct Trainer {
    device: Device,
    net: Net,
    loss: CrossEntropyLoss,
    sgd: ModuleOptimizer,
}

impl Trainer {
    fn step(&mut self, (images, labels): Batch) {
        let loss = self.loss.forward(self.net.logits(images), labels);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.net);
        self.net = self.sgd.step(RATE, self.net.clone(), gradients);
    }

    /// Waits until the device has nothing left to do, which reading a weight takes for certain.
    fn wait(&self) {
        self.net
            .fc1
            .weight
            .val()
            .slice([0..1, 0..1])
            .into_scalar::<f32>();
        self.device
            .sync()
            .unwrap_or_else(|error| stop(&format!("{error:?}")));
    }

    fn accuracy(&self, (images, labels): Batch) -> f64 {
        let [count] = labels.dims();
        let answers = self.net.logits(images).argmax(1).reshape([count]);
        let right = answers.equal(labels).int().sum();
        right.into_scalar::<i64>() as f64 / count as f64
    }
}

fn open(name: &str) -> Device {
    match name {
        #[cfg(feature = "wgpu")]
        "wgpu" => Device::wgpu(Default::default()),
        "flex" => Device::flex(),
        _ => stop(&format!("--device {name}: not among {DEVICES:?}")),
    }
}

/// What a device calls itself; flex has no name.
fn name(_device: &Device) -> String {
    #[cfg(feature = "wgpu")]
    if let Some(identity) = _device.identity() {
        return identity.name;
    }
    "cpu".to_owned()
}

fn train(options: &HashMap<String, String>) {
    let text = |key: &str, default: &str| options.get(key).cloned().unwrap_or(default.to_owned());
    let number = |key: &str, default: u64| match text(key, &default.to_string()).parse() {
        Ok(number) => number,
        Err(_) => stop(&format!("--{key}: not a number")),
    };
    let folder = text("data", &std::env::var("UNLEARN_DATA").unwrap_or_default());
    let (batch, epochs) = (number("batch", 64) as usize, number("epochs", 3));
    let mode = text("device", "flex");
    let plain = open(&mode);
    let shown = name(&plain);
    let device = plain.autodiff();
    let mut seed = number("seed", 0);
    device.seed(seed);
    let train = Set::load(Path::new(&folder), "train");
    let test = Set::load(Path::new(&folder), "t10k");
    let all: Vec<usize> = (0..test.labels.len()).collect();
    let test = test.batch(&all, &device);
    let mut trainer = Trainer {
        net: Net::new(&device),
        loss: CrossEntropyLossConfig::new().init(&device),
        sgd: SgdConfig::new().init(),
        device,
    };
    let count = train.labels.len();
    let steps = count / batch;
    for epoch in 1..=epochs {
        // The batches of an epoch are brought to the device before its time is taken.
        let order = shuffled(count, &mut seed);
        let batches = order.chunks_exact(batch);
        let batches: Vec<Batch> = batches.map(|b| train.batch(b, &trainer.device)).collect();
        trainer.wait();
        let start = Instant::now();
        for (step, batch) in batches.iter().enumerate() {
            trainer.step(batch.clone());
            if epoch == 1 && step == 0 {
                trainer.wait();
                println!(r#"{{"program": "burn", "ready": true}}"#);
            }
        }
        trainer.wait();
        let seconds = start.elapsed().as_secs_f64();
        let accuracy = trainer.accuracy(test.clone());
        println!(
            "{{\"program\": \"burn\", \"mode\": \"{mode}\", \"device\": \"{shown}\", \
             \"learners\": 1, \"batch\": {batch}, \"epoch\": {epoch}, \"seconds\": {seconds}, \
             \"steps\": {steps}, \"accuracy\": {accuracy}, \"compiled_in_first\": true, \
             \"versions\": {{\"burn\": \"{VERSION}\"}}}}"
        );
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--probe") {
        let devices = DEVICES
            .iter()
            .map(|name| format!(r#"{{"device": "{name}"}}"#));
        let devices = devices.collect::<Vec<_>>().join(", ");
        println!(
            "{{\"program\": \"burn\", \"versions\": {{\"burn\": \"{VERSION}\"}}, \
             \"devices\": [{devices}]}}"
        );
        return;
    }
    let options = words
        .chunks_exact(2)
        .map(|pair| (pair[0].trim_start_matches("--").to_owned(), pair[1].clone()));
    train(&options.collect());
}
