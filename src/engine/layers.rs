//! Passes through any number of networks, as many at a time as the device holds.

use super::{Engine, Weights};
use crate::data::PIXELS;
use crate::error::Result;
use crate::methods::PADDED;
use crate::metrics::{Activations, Outputs};
use crate::population::{Attributions, DeviceImages, Importance, Population, Recipe, Rule};
use crate::record::CLASSES;

/// Steps of integrated gradients.
const STEPS: usize = 128;
/// Images whose gradients are integrated at a time.
const TOGETHER: usize = 2;

/// Padded logits, image by image.
pub(super) fn rows(padded: &[f32]) -> Vec<[f32; CLASSES]> {
    let row = |row: &[f32]| std::array::from_fn(|class| row[class]);
    padded.chunks_exact(PADDED).map(row).collect()
}

/// Activations of some layers up to the logits, of some networks for some images: of hidden layers
/// after their ReLU.
pub(crate) struct Answers {
    /// [layers][networks · images · padded width].
    pub(crate) layers: Vec<Vec<f32>>,
    pub(crate) labels: Vec<u8>,
    pub(crate) networks: usize,
}

impl Answers {
    /// Without the layers before this one.
    pub(super) fn from(&self, layer: usize) -> Self {
        Self {
            layers: self.layers[layer..].to_vec(),
            labels: self.labels.clone(),
            networks: self.networks,
        }
    }

    /// A network's part of each layer.
    pub(crate) fn of(&self, network: usize) -> impl DoubleEndedIterator<Item = &[f32]> {
        let part = move |layer: &'_ Vec<f32>| {
            let each = layer.len() / self.networks;
            network * each..(network + 1) * each
        };
        self.layers.iter().map(move |layer| &layer[part(layer)])
    }

    /// The logits of a network.
    pub(crate) fn outputs(&self, network: usize) -> Outputs {
        Outputs {
            logits: self.of(network).next_back().map(rows).unwrap_or_default(),
            labels: self.labels.clone(),
        }
    }

    pub(super) fn hidden(&self, network: usize) -> Vec<Vec<f32>> {
        let hidden = self.of(network).take(self.layers.len() - 1);
        hidden.map(<[f32]>::to_vec).collect()
    }

    pub(super) fn last_hidden(&self, network: usize) -> Activations {
        self.layer(network, self.layers.len().saturating_sub(2))
    }

    /// A layer of a network, with the images' labels.
    pub(crate) fn layer(&self, network: usize, layer: usize) -> Activations {
        let values = self.of(network).nth(layer);
        Activations {
            labels: self.labels.clone(),
            values: values.map(<[f32]>::to_vec).unwrap_or_default(),
        }
    }
}

impl Engine<'_> {
    /// What these networks answer to test or training images, from layer number `first` on.
    pub(crate) fn answers(
        &self,
        weights: &[f32],
        (training, images): (bool, &[u32]),
        first: usize,
    ) -> Result<Answers> {
        let (set, labels) = self.set(training);
        Ok(Answers {
            layers: self.layers(weights, (set, images), first)?,
            labels: images.iter().map(|&i| labels[i as usize]).collect(),
            networks: weights.len() / self.size(),
        })
    }

    /// Training or test images, with their labels.
    pub(super) fn set(&self, training: bool) -> (&DeviceImages, &[u8]) {
        match training {
            true => (&self.train, self.labels()),
            false => (&self.test, self.test_labels()),
        }
    }

    /// By layer, [networks, images, padded width].
    fn layers(
        &self,
        weights: &[f32],
        (set, images): (&DeviceImages, &[u32]),
        first: usize,
    ) -> Result<Vec<Vec<f32>>> {
        let mut all = vec![Vec::new(); self.model.layers().len() - first];
        for some in weights.chunks(self.most() * self.size()) {
            let layers = self.holding(some)?.activations(set, images, first)?;
            all.iter_mut()
                .zip(layers)
                .for_each(|(all, own)| all.extend(own));
        }
        Ok(all)
    }

    /// Integrated gradients of the logits of the labels of these test images, in all networks.
    pub(crate) fn integrated_gradients(
        &self,
        weights: &[f32],
        images: &[u32],
    ) -> Result<Attributions> {
        let mut all = Attributions::default();
        let rows = TOGETHER.min(images.len()) * (STEPS + 2);
        for some in weights.chunks(self.most() * self.size()) {
            let networks = some.len() / self.size();
            let at_once = (self.batch(networks, rows) / (STEPS + 2)).max(1);
            let population = self.asking(some, at_once * (STEPS + 2))?;
            let mut parts = Vec::new();
            for images in images.chunks(at_once) {
                let pixels: Vec<f32> = images.iter().flat_map(|&i| self.pixels(i)).collect();
                let label = |&i: &u32| self.test_labels()[i as usize];
                let labels: Vec<u8> = images.iter().map(label).collect();
                parts.push(population.integrated_gradients(&pixels, &labels, STEPS)?);
            }
            for network in 0..networks {
                for (part, images) in parts.iter().zip(images.chunks(at_once)) {
                    let own = |each: usize| network * each..(network + 1) * each;
                    all.maps.extend(&part.maps[own(images.len() * PIXELS)]);
                    all.ends.extend(&part.ends[own(images.len())]);
                }
            }
        }
        Ok(all)
    }

    /// A test image, from 0 to 1.
    fn pixels(&self, image: u32) -> impl Iterator<Item = f32> {
        let pixels = &self.data.test.pixels[image as usize * PIXELS..][..PIXELS];
        pixels.iter().map(|byte| f32::from(*byte) / 255.0)
    }

    /// The diagonal of each network's empirical Fisher information on these training images.
    pub(crate) fn fisher(&self, weights: &[f32], images: &[u32]) -> Result<Weights> {
        let mut all = Weights::new();
        for some in weights.chunks(self.most() * self.size()) {
            let networks = some.len() / self.size();
            let recipe = self.gathering(0);
            let population = self.gatherer(&vec![recipe; networks])?;
            population.set_parameters(some)?;
            all.extend(population.importance(&self.train, images, Importance::Fisher)?);
        }
        Ok(all)
    }

    /// A recipe with which a step adds its gradient to the velocities and changes no weights.
    pub(super) fn gathering(&self, number: u32) -> Recipe {
        Recipe {
            rate: 0.0,
            momentum: 1.0,
            decay: 0.0,
            ..self.recipe(vec![0].into(), number, 0)
        }
    }

    /// A population whose importances fit the device.
    pub(super) fn gatherer(&self, taught: &[Recipe]) -> Result<Population<'_>> {
        let batch = self.batch(taught.len(), self.training.batch);
        let images = [&self.train, &self.test];
        Population::ruled(
            self.device,
            &self.model,
            batch,
            images,
            taught,
            Rule::Gradient,
        )
    }
}
