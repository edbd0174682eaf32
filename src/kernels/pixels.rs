//! Images as numbers, for as long as a kernel needs them.

use std::cell::RefCell;

use super::INDEX;

thread_local! {
    /// The images that a thread works on; it keeps the memory for the next ones.
    static PIXELS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with the images that `order` names, as the integers 0…255 in f32:
/// [`order.len()`, `pixels`].
pub(super) fn with_pixels<T>(
    images: &[u8],
    order: &[u32],
    pixels: usize,
    work: impl FnOnce(&[f32]) -> T,
) -> T {
    PIXELS.with_borrow_mut(|memory| {
        if memory.len() < order.len() * pixels {
            memory.resize(order.len() * pixels, 0.0);
        }
        let x = &mut memory[..order.len() * pixels];
        for (x, entry) in x.chunks_exact_mut(pixels).zip(order) {
            let image = &images[(entry & INDEX) as usize * pixels..][..pixels];
            for (x, byte) in x.iter_mut().zip(image) {
                *x = f32::from(*byte);
            }
        }
        work(x)
    })
}
