//! Products with images as the pixels that are not zero: four in five of MNIST's are.
//!
//! A product leaves out the terms of zero pixels. That changes no bit as long as the other factors
//! are finite: each sum goes over samples or pixels in their order, and a term that is zero changes
//! no sum that began with zero. Where a factor is not finite, a product says so, and all terms must be
//! computed. As no sum depends on what else is computed, no bit depends on how the work is divided.

#![expect(
    clippy::needless_range_loop,
    reason = "functions of iterators may not be inlined, see lanes"
)]

use std::cell::RefCell;

use super::INDEX;
use super::lanes::{LANES, Lane, TILE, Tile, Work, add, fastest, turned};

/// Pixels whose weights are in the innermost cache at a time.
const BLOCK: usize = 112;

/// The places of the pixels of some images that are not zero, by image and block.
pub(super) struct Ink<'a> {
    images: &'a [u8],
    order: &'a [u32],
    pixels: usize,
    found: &'a Found,
}

/// What was found in images.
#[derive(Default)]
struct Found {
    /// Places within their blocks.
    places: Vec<u8>,
    /// Where the places of each block of each image end.
    ends: Vec<usize>,
}

/// The bytes of a word that are not zero: their places, packed, and how many there are.
#[derive(Clone, Copy)]
struct Packed {
    places: u64,
    count: usize,
}

/// By which bytes are not zero.
static PACKED: [Packed; 256] = {
    let mut all = [Packed {
        places: 0,
        count: 0,
    }; 256];
    let mut bits = 0;
    while bits < 256 {
        let mut place = 0;
        while place < 8 {
            if bits >> place & 1 == 1 {
                all[bits].places |= place << (8 * all[bits].count);
                all[bits].count += 1;
            }
            place += 1;
        }
        bits += 1;
    }
    all
};

/// A bit for every byte of a word, set if it is not zero.
fn not_zero(word: u64) -> usize {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let high = (((word & LOW) + LOW) | word) & !LOW;
    // Moves the bit of byte i to the bit 56 + i.
    (((high >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56) as usize
}

thread_local! {
    /// What a thread found in its images; it keeps the memory for the next ones.
    static FOUND: RefCell<Found> = RefCell::default();
    /// Sums of a product.
    static SUMS: RefCell<Vec<Tile>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with the ink of the images that `order` names.
pub(super) fn with_ink<T>(
    images: &[u8],
    order: &[u32],
    pixels: usize,
    work: impl FnOnce(&Ink<'_>) -> T,
) -> T {
    FOUND.with_borrow_mut(|found| {
        found.clear(order.len(), pixels);
        let image = |entry: &u32| image(images, *entry, pixels);
        fetch(order.iter().map(image));
        order.iter().for_each(|entry| found.add(image(entry)));
        work(&Ink {
            images,
            order,
            pixels,
            found,
        })
    })
}

/// The image that an entry of the order names.
#[inline(always)]
fn image(images: &[u8], entry: u32, pixels: usize) -> &[u8] {
    let first = (entry & INDEX) as usize * pixels;
    &images[first..first + pixels]
}

/// Reads a byte of every cache line of the images: such reads overlap, where those of one image after
/// the other each wait for memory.
fn fetch<'a>(images: impl Iterator<Item = &'a [u8]>) {
    let mut all = 0;
    for image in images {
        for line in image.chunks(64) {
            all |= line[0];
        }
    }
    std::hint::black_box(all);
}

impl Found {
    fn clear(&mut self, images: usize, pixels: usize) {
        assert!(pixels.is_multiple_of(LANES));
        self.ends.clear();
        if self.places.len() < images * pixels {
            self.places.resize(images * pixels, 0);
        }
    }

    /// Adds an image. Eight places are written at a time, and the next eight begin after those that
    /// count: no branch depends on pixels, since it could not be predicted.
    fn add(&mut self, image: &[u8]) {
        let mut end = self.ends.last().copied().unwrap_or(0);
        for block in image.chunks(BLOCK) {
            let mut first = 0;
            for bytes in block.as_chunks::<LANES>().0 {
                let Some(free) = self.places[end..].first_chunk_mut::<LANES>() else {
                    unreachable!("there is room for every pixel");
                };
                let packed = PACKED[not_zero(u64::from_le_bytes(*bytes))];
                *free = packed.places.wrapping_add(first).to_le_bytes();
                end += packed.count;
                first = first.wrapping_add(0x0808_0808_0808_0808);
            }
            self.ends.push(end);
        }
    }
}

impl Ink<'_> {
    fn images(&self) -> usize {
        self.order.len()
    }

    fn blocks(&self) -> usize {
        self.pixels.div_ceil(BLOCK)
    }

    /// The pixels of a block of an image, and the places of those that are not zero.
    #[inline(always)]
    fn block_of(&self, number: usize, block: usize) -> (&[u8], &[u8]) {
        let at = number * self.blocks() + block;
        let begin = at
            .checked_sub(1)
            .map_or(0, |before| self.found.ends[before]);
        let places = &self.found.places[begin..self.found.ends[at]];
        let (first, count) = self.block(block);
        let image = image(self.images, self.order[number], self.pixels);
        (&image[first..first + count], places)
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
        let chunks = weights.chunks(TILE * self.pixels);
        SUMS.with_borrow_mut(|sums| {
            sums.resize(self.images(), [0.0; TILE]);
            chunks.enumerate().all(|(chunk, weights)| {
                let finite = fastest(Forward {
                    ink: self,
                    weights,
                    sums,
                });
                let first = chunk * TILE;
                for (y, sums) in y.chunks_exact_mut(outputs).zip(&*sums) {
                    let y = y[first..].iter_mut();
                    y.zip(sums).for_each(|(y, s)| *y = s * scale);
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
        let chunks = c.chunks_mut(TILE * self.pixels);
        SUMS.with_borrow_mut(|own| {
            own.resize(self.images(), [0.0; TILE]);
            for (chunk, c) in chunks.enumerate() {
                let from = chunk * TILE;
                let columns = first + from..first + count.min(from + TILE);
                for (own, dy) in own.iter_mut().zip(dy.chunks_exact(outputs)) {
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

/// The numbers of a tile from one on.
#[inline(always)]
fn lane(tile: &mut Tile, first: usize) -> &mut Lane {
    let Some(lane) = tile[first..].first_chunk_mut() else {
        unreachable!("a tile is whole lanes");
    };
    lane
}

/// The sums of x·w for every image and the outputs in `weights`.
struct Forward<'a> {
    ink: &'a Ink<'a>,
    weights: &'a [f32],
    sums: &'a mut [Tile],
}

impl Work for Forward<'_> {
    /// Whether all weights are finite.
    type Output = bool;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> bool {
        let mut tile = [[0.0; TILE]; BLOCK];
        self.sums.fill([0.0; TILE]);
        for block in 0..self.ink.blocks() {
            if !self.load::<FUSED>(block, &mut tile) {
                return false;
            }
            for (image, sums) in self.sums.iter_mut().enumerate() {
                let mut sum = *sums;
                let (pixels, places) = self.ink.block_of(image, block);
                for &place in places {
                    let place = usize::from(place);
                    let (Some(weights), Some(x)) = (tile.get(place), pixels.get(place)) else {
                        break;
                    };
                    add::<_, FUSED>(&mut sum, weights, f32::from(*x));
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
        for group in (0..TILE).step_by(LANES) {
            for place in (0..count).step_by(LANES) {
                let mut rows = [[0.0; LANES]; LANES];
                for i in 0..LANES {
                    let from = (group + i) * self.ink.pixels + first + place;
                    if let Some(row) = self.weights[from.min(self.weights.len())..].first_chunk() {
                        rows[i] = *row;
                    }
                    add::<_, FUSED>(&mut zeros, &rows[i], 0.0);
                }
                let columns = turned(rows);
                if let Some(tile) = tile[place..].first_chunk_mut::<LANES>() {
                    for i in 0..LANES {
                        *lane(&mut tile[i], group) = columns[i];
                    }
                }
            }
        }
        zeros == [0.0; LANES]
    }
}

/// C ← scale · Dᵀ X + C for the outputs in `dy`.
struct Backward<'a> {
    ink: &'a Ink<'a>,
    dy: &'a [Tile],
    scale: f32,
    c: &'a mut [f32],
}

impl Work for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let mut tile = [[0.0; TILE]; BLOCK];
        for block in 0..self.ink.blocks() {
            tile.fill([0.0; TILE]);
            for (image, dy) in self.dy.iter().enumerate() {
                let dy = *dy;
                let (pixels, places) = self.ink.block_of(image, block);
                for &place in places {
                    let place = usize::from(place);
                    let (Some(sum), Some(x)) = (tile.get_mut(place), pixels.get(place)) else {
                        break;
                    };
                    // A copy, which the compiler keeps in registers.
                    let mut sums = *sum;
                    add::<_, FUSED>(&mut sums, &dy, f32::from(*x));
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
    fn store<const FUSED: bool>(&mut self, block: usize, tile: &[Tile; BLOCK]) {
        let (first, count) = self.ink.block(block);
        for group in (0..TILE).step_by(LANES) {
            for place in (0..count).step_by(LANES) {
                let mut columns = [[0.0; LANES]; LANES];
                for i in 0..LANES {
                    if let Some(lane) = tile[place + i][group..].first_chunk() {
                        columns[i] = *lane;
                    }
                }
                let rows = turned(columns);
                for i in 0..LANES {
                    let from = (group + i) * self.ink.pixels + first + place;
                    let from = from.min(self.c.len());
                    if let Some(c) = self.c[from..].first_chunk_mut::<LANES>() {
                        let mut sum = *c;
                        add::<_, FUSED>(&mut sum, &rows[i], self.scale);
                        *c = sum;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
