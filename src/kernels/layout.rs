//! The words that shaders and host share: structs in buffers, bits of order entries, fixed-point units
//! and limits. Tests prove them against the shaders.

use bytemuck::{Pod, Zeroable};

/// Windows of buffers start at multiples of this many words: the alignment that all devices take.
pub const WINDOW: usize = 64;

/// A learner's settings, as the shaders see them (`struct Learner`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Learner {
    /// Key of the sample order.
    pub key: [u32; 2],
    /// Where its sample list starts in the buffer of lists.
    pub list_start: u32,
    /// The list's length, at least 1.
    pub list_length: u32,
    /// Learning rate.
    pub rate: f32,
    /// Momentum.
    pub momentum: f32,
    /// Weight decay.
    pub decay: f32,
    /// What the learner's rule needs besides (`population::Rule`).
    pub strength: f32,
}

/// A learner's clock and loss, as the shaders see them (`struct Progress`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Clock {
    /// Steps done in this phase.
    pub step: u32,
    /// The first step, from 1, with an unusable loss; 0: none.
    pub diverged: u32,
    /// Mean losses, summed since the host last took them.
    pub loss_sum: f32,
    /// Zero.
    pub pad: u32,
}

impl Clock {
    /// After so many steps, with no losses since.
    pub fn at(step: u32) -> Self {
        Self {
            step,
            ..Self::default()
        }
    }
}

/// The most classes that `head` takes, padded.
pub const MOST_CLASSES: u32 = 12;
/// The order-entry bit that asks for the learner's soft target instead of the label.
pub const SOFT: u32 = 0x8000_0000;
/// The order-entry bit that asks for the learner's second weight instead of the first.
pub const FORGET: u32 = 0x4000_0000;
/// Where four bits of an order entry begin that name another label than the image's: that label
/// and one more, or zero.
pub const OTHER: u32 = 26;
/// The order-entry bits that name an image.
pub const INDEX: u32 = 0x03ff_ffff;
/// Words behind a learner's soft target: its two weights, the place of its table of targets among
/// all words of that buffer (zero: none), and zero.
pub const LESSON: u32 = 4;

/// The other label that an order entry names.
pub fn other_label(entry: u32) -> Option<u32> {
    (entry >> OTHER & 15).checked_sub(1)
}

/// Threads that share the scalar products of a pair of gradients.
pub const STRIPES: u32 = 64;
/// Fixed-point unit of the confidence sums in `score`.
pub const CONFIDENCE_UNIT: f32 = 65536.0;
/// Fixed-point unit of the loss sums in `score`.
pub const LOSS_UNIT: f32 = 16384.0;
/// The loss an image counts at the most, in nats.
pub const LARGEST_LOSS: f32 = 24.0;
/// A mean loss over this, in nats, is a divergence.
pub const UNUSABLE_LOSS: f32 = 1000.0;
