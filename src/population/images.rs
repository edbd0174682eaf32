//! Images on a device.

use crate::data::{Images, PIXELS};
use crate::device::{Buffer, Device};
use crate::error::{Error, Result};
use crate::record::CLASSES;

/// A set of images on a device: pixels as packed bytes, labels, and the plain order of the images among
/// the pixels: 0, 1, 2, … but for a part of a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceImages {
    pub(super) pixels: Buffer,
    pub(super) labels: Buffer,
    pub(super) plain_order: Buffer,
    pub(super) count: usize,
}

impl DeviceImages {
    /// Copies the images to the device.
    ///
    /// # Errors
    /// `Data` if there is no image, or not a digit and `PIXELS` for each; `Device` if they
    /// do not fit.
    pub fn upload(device: &dyn Device, images: &Images) -> Result<Self> {
        let count = images.len();
        let digits = images.labels.iter().all(|&l| usize::from(l) < CLASSES);
        if count == 0 || !digits || images.pixels.len() != count * PIXELS {
            return Err(Error::Data(format!(
                "{count} labels and {} pixels are not a set of images: each needs a digit from 0 to \
                 9 and {PIXELS} pixels",
                images.pixels.len()
            )));
        }
        let most = device.limits().buffer_words * 4 / PIXELS as u64;
        if count as u64 > most {
            return Err(Error::Data(format!(
                "{} can hold {most} images, and there are {count}: choose another --device",
                device.record().name
            )));
        }
        let pixels = device.allocate("images", count * PIXELS / 4)?;
        // Copied first only if they do not lie where words may.
        match bytemuck::try_cast_slice(&images.pixels) {
            Ok(words) => device.upload(pixels, 0, words)?,
            Err(_) => device.upload(pixels, 0, &bytemuck::pod_collect_to_vec(&images.pixels))?,
        }
        let labels: Vec<u32> = images.labels.iter().map(|&l| l.into()).collect();
        let label_buffer = device.allocate("labels", count)?;
        device.upload(label_buffer, 0, &labels)?;
        let order: Vec<u32> = (0u32..).take(count).collect();
        let plain_order = device.allocate("plain order", count)?;
        device.upload(plain_order, 0, &order)?;
        Ok(Self {
            pixels,
            labels: label_buffer,
            plain_order,
            count,
        })
    }

    /// The images with these indices, given all labels. They share the pixels of this set, and lie on
    /// the device as long as it.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn part(&self, device: &dyn Device, labels: &[u8], images: &[u32]) -> Result<Self> {
        let own: Vec<u32> = images.iter().map(|&i| labels[i as usize].into()).collect();
        let label_buffer = device.allocate("labels", own.len())?;
        device.upload(label_buffer, 0, &own)?;
        let order = device.allocate("plain order", own.len())?;
        device.upload(order, 0, images)?;
        Ok(Self {
            pixels: self.pixels,
            labels: label_buffer,
            plain_order: order,
            count: own.len(),
        })
    }

    /// Frees their memory.
    pub fn free(self, device: &dyn Device) {
        device.free(&[self.pixels, self.labels, self.plain_order], &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::builtin;
    use crate::device::cpu::Cpu;
    use crate::model::Model;
    use crate::population::{Population, Recipe};

    #[test]
    fn a_part_is_evaluated_like_a_set_of_its_images() {
        let device = Cpu::new("test");
        let digits = builtin::test(60);
        let images = |numbers: &[u32]| {
            let pixels = |&n: &u32| digits.images[n as usize * PIXELS..][..PIXELS].to_vec();
            Images {
                pixels: numbers.iter().flat_map(pixels).collect(),
                labels: numbers.iter().map(|&n| digits.labels[n as usize]).collect(),
            }
        };
        let upload = |numbers: &[u32]| DeviceImages::upload(&device, &images(numbers)).unwrap();
        let all: Vec<u32> = (0..60).collect();
        let whole = upload(&all);
        let model = Model::new(&[8]).unwrap();
        let population = |test: &DeviceImages| {
            let recipe = Recipe::plain(vec![0].into(), [1, 2], 0.1);
            let population = Population::new(&device, &model, 1, &whole, test, &[recipe]);
            let population = population.unwrap();
            population.initialise(&[[1, 2]]).unwrap();
            population
        };
        let asked = population(&whole);
        for numbers in [[3, 17, 5, 59], [0, 1, 2, 40]] {
            let part = whole.part(&device, &digits.labels, &numbers).unwrap();
            let expected = population(&upload(&numbers)).evaluate().unwrap();
            for _ in 0..2 {
                assert_eq!(asked.evaluate_on(&part).unwrap(), expected);
            }
        }
    }
}
