//! Images on a device.

use crate::data::{Images, PIXELS};
use crate::device::{Buffer, Device};
use crate::error::{Error, Result};
use crate::record::CLASSES;

/// A set of images on a device: pixels as packed bytes, labels, and the plain order of the images among
/// the pixels: 0, 1, 2, … but for a part of a set.
#[derive(Clone, Copy, Debug)]
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
