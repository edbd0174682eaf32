//! Products with images as the pixels that are not zero: four in five of MNIST's are.
//!
//! A product leaves out the terms of zero pixels. That changes no bit as long as the other factors
//! are finite: each sum goes over samples or pixels in their order, and a term that is zero changes
//! no sum that began with zero. Where a factor is not finite, a product says so, and all terms must be
//! computed. As no sum depends on what else is computed, no bit depends on how the work is divided.

use std::cell::RefCell;

use super::INDEX;
use super::lanes::{LANES, Lane, Tile, WIDE, Work, add, fastest, multiply_add, turned};

/// Pixels whose weights are in the innermost cache at a time.
const BLOCK: usize = 112;

/// A pixel that is not zero: its place in its block, and its byte.
#[derive(Clone, Copy, Default)]
struct Dot(u32);

impl Dot {
    #[inline(always)]
    fn new(place: usize, byte: u8) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "less than BLOCK")]
        Self((place as u32) << 8 | u32::from(byte))
    }

    #[inline(always)]
    fn place(self) -> usize {
        (self.0 >> 8) as usize
    }

    #[inline(always)]
    fn value(self) -> f32 {
        (self.0 & 0xff) as f32
    }
}

/// The pixels of some images that are not zero, by image and block.
#[derive(Default)]
pub(super) struct Ink {
    pixels: usize,
    dots: Vec<Dot>,
    /// Where the dots of each block of each image end.
    ends: Vec<usize>,
}

thread_local! {
    /// The images that a thread works on; it keeps the memory for the next ones.
    static INK: RefCell<Ink> = RefCell::default();
    /// Sums of a product.
    static SUMS: RefCell<Vec<Tile>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with the ink of the images that `order` names.
pub(super) fn with_ink<T>(
    images: &[u8],
    order: &[u32],
    pixels: usize,
    work: impl FnOnce(&Ink) -> T,
) -> T {
    INK.with_borrow_mut(|ink| {
        ink.clear(order.len(), pixels);
        let images = order.iter().map(|entry| {
            let first = (entry & INDEX) as usize * pixels;
            &images[first..first + pixels]
        });
        fetch(images.clone());
        images.for_each(|image| ink.add(image));
        work(ink)
    })
}

/// Reads a byte of every cache line of the images: such reads overlap, where those of one image after
/// the other each wait for memory.
fn fetch<'a>(images: impl Iterator<Item = &'a [u8]>) {
    let lines = images.flat_map(|image| image.iter().step_by(64));
    std::hint::black_box(lines.fold(0, |all, byte| all | byte));
}

impl Ink {
    fn clear(&mut self, images: usize, pixels: usize) {
        assert!(pixels.is_multiple_of(LANES));
        self.pixels = pixels;
        self.ends.clear();
        if self.dots.len() < images * pixels {
            self.dots.resize(images * pixels, Dot::default());
        }
    }

    /// Adds an image. Every pixel is written, and overwritten by the next if it is zero: whether it
    /// is cannot be predicted.
    fn add(&mut self, image: &[u8]) {
        let mut end = self.ends.last().copied().unwrap_or(0);
        for block in image.chunks(BLOCK) {
            for (number, bytes) in block.as_chunks::<LANES>().0.iter().enumerate() {
                let Some(free) = self.dots[end..].first_chunk_mut::<LANES>() else {
                    unreachable!("there is room for every pixel");
                };
                let mut count = 0;
                for (i, &byte) in bytes.iter().enumerate() {
                    free[count % LANES] = Dot::new(LANES * number + i, byte);
                    count += usize::from(byte != 0);
                }
                end += count;
            }
            self.ends.push(end);
        }
    }

    fn images(&self) -> usize {
        self.ends.len() / self.blocks()
    }

    fn blocks(&self) -> usize {
        self.pixels.div_ceil(BLOCK)
    }

    #[inline(always)]
    fn dots(&self, image: usize, block: usize) -> &[Dot] {
        let place = image * self.blocks() + block;
        let first = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.dots[first..self.ends[place]]
    }

    /// The first pixel of a block, and how many it has.
    #[inline(always)]
    fn block(&self, block: usize) -> (usize, usize) {
        let first = block * BLOCK;
        (first, BLOCK.min(self.pixels - first))
    }

    /// Y = scale · X Wᵀ with X the bytes of the images and W [outputs, pixels]; whether all of W is
    /// finite, without which Y is of no use.
    pub(super) fn forward(&self, weights: &[f32], scale: f32, y: &mut [f32]) -> bool {
        let outputs = weights.len() / self.pixels;
        let chunks = weights.chunks(WIDE * LANES * self.pixels);
        SUMS.with_borrow_mut(|sums| {
            sums.resize(self.images(), [[0.0; LANES]; WIDE]);
            chunks.enumerate().all(|(chunk, weights)| {
                let finite = fastest(Forward {
                    ink: self,
                    weights,
                    sums,
                });
                let first = chunk * WIDE * LANES;
                for (y, sums) in y.chunks_exact_mut(outputs).zip(&*sums) {
                    let y = y[first..].iter_mut();
                    y.zip(sums.as_flattened()).for_each(|(y, s)| *y = s * scale);
                }
                finite
            })
        })
    }

    /// C ← scale · Dᵀ X + C with X the bytes of the images, D the columns from `first` on of
    /// `dy` [images, outputs], all of them finite, and C [columns, pixels].
    pub(super) fn backward(
        &self,
        dy: &[f32],
        outputs: usize,
        first: usize,
        scale: f32,
        c: &mut [f32],
    ) {
        let count = c.len() / self.pixels;
        let chunks = c.chunks_mut(WIDE * LANES * self.pixels);
        SUMS.with_borrow_mut(|own| {
            own.resize(self.images(), [[0.0; LANES]; WIDE]);
            for (chunk, c) in chunks.enumerate() {
                let from = chunk * WIDE * LANES;
                let columns = first + from..first + count.min(from + WIDE * LANES);
                for (own, dy) in own.iter_mut().zip(dy.chunks_exact(outputs)) {
                    let own = own.as_flattened_mut();
                    let (meant, rest) = own.split_at_mut(columns.len());
                    meant.copy_from_slice(&dy[columns.clone()]);
                    rest.fill(0.0);
                }
                fastest(Backward {
                    ink: self,
                    dy: own,
                    scale,
                    c,
                });
            }
        });
    }
}

/// The sums of x·w for every image and the outputs in `weights`.
struct Forward<'a> {
    ink: &'a Ink,
    weights: &'a [f32],
    sums: &'a mut [Tile],
}

impl Work for Forward<'_> {
    /// Whether all weights are finite.
    type Output = bool;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> bool {
        let mut tile = [[[0.0; LANES]; WIDE]; BLOCK];
        self.sums.fill([[0.0; LANES]; WIDE]);
        for block in 0..self.ink.blocks() {
            if !self.load::<FUSED>(block, &mut tile) {
                return false;
            }
            for (image, sums) in self.sums.iter_mut().enumerate() {
                let mut sum = *sums;
                for dot in self.ink.dots(image, block) {
                    let Some(weights) = tile.get(dot.place()) else {
                        break;
                    };
                    add::<FUSED>(&mut sum, weights, dot.value());
                }
                *sums = sum;
            }
        }
        true
    }
}

impl Forward<'_> {
    /// The weights of a block's pixels, outputs beside each other; whether all are finite.
    #[inline(always)]
    fn load<const FUSED: bool>(&self, block: usize, tile: &mut [Tile; BLOCK]) -> bool {
        let (first, count) = self.ink.block(block);
        let mut zeros = [0.0; LANES];
        for group in 0..WIDE {
            for place in (0..count).step_by(LANES) {
                let rows: [Lane; LANES] = std::array::from_fn(|i| {
                    let from = (LANES * group + i) * self.ink.pixels + first + place;
                    let row = self.weights.get(from..from + LANES);
                    row.and_then(|row| row.try_into().ok()).unwrap_or_default()
                });
                for row in &rows {
                    for (zero, w) in zeros.iter_mut().zip(row) {
                        *zero = multiply_add::<FUSED>(*w, 0.0, *zero);
                    }
                }
                let columns = turned(rows);
                if let Some(tile) = tile[place..].first_chunk_mut::<LANES>() {
                    for (tile, column) in tile.iter_mut().zip(&columns) {
                        tile[group] = *column;
                    }
                }
            }
        }
        zeros == [0.0; LANES]
    }
}

/// C ← scale · Dᵀ X + C for the outputs in `dy`.
struct Backward<'a> {
    ink: &'a Ink,
    dy: &'a [Tile],
    scale: f32,
    c: &'a mut [f32],
}

impl Work for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let mut tile = [[[0.0; LANES]; WIDE]; BLOCK];
        for block in 0..self.ink.blocks() {
            tile.fill([[0.0; LANES]; WIDE]);
            for (image, dy) in self.dy.iter().enumerate() {
                let dy = *dy;
                for dot in self.ink.dots(image, block) {
                    let Some(sum) = tile.get_mut(dot.place()) else {
                        break;
                    };
                    // A copy, which the compiler keeps in registers.
                    let mut sums = *sum;
                    add::<FUSED>(&mut sums, &dy, dot.value());
                    *sum = sums;
                }
            }
            self.store::<FUSED>(block, &tile);
        }
    }
}

impl Backward<'_> {
    /// Adds the sums of a block's pixels to C.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "groups number rows of C, too")]
    fn store<const FUSED: bool>(&mut self, block: usize, tile: &[Tile; BLOCK]) {
        let (first, count) = self.ink.block(block);
        for group in 0..WIDE {
            for place in (0..count).step_by(LANES) {
                let rows = turned(std::array::from_fn(|i| tile[place + i][group]));
                for (i, row) in rows.iter().enumerate() {
                    let from = (LANES * group + i) * self.ink.pixels + first + place;
                    let c = self.c.get_mut(from..from + LANES);
                    if let Some(c) = c.and_then(|c| c.first_chunk_mut::<LANES>()) {
                        let mut sum = *c;
                        for (sum, g) in sum.iter_mut().zip(row) {
                            *sum = multiply_add::<FUSED>(*g, self.scale, *sum);
                        }
                        *c = sum;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
