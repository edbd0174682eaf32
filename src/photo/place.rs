//! Where ink goes in an image of the data set.

use super::parts::FAINT;
use super::plane::Plane;
use crate::data::{PIXELS, SIDE};

/// Pixels along the longer side of the ink.
const FITTED: f64 = 20.0;
/// Where MNIST's images have their centre of mass, to half a pixel, in pixels from the outer edge of the
/// first one: at the middle of pixel 14, counted from 0.
const CENTRE: f64 = 14.5;
/// Strokes thinner than this many of the final pixels would leave hardly any gray.
const THIN: f64 = 1.3;
/// They are made this wide.
const WIDE: f64 = 2.0;

/// An image of the data set's size.
pub(super) struct Placed {
    pub(super) pixels: Vec<u8>,
    pub(super) thickened: bool,
}

/// A box in pixels, from the first to the one after the last.
#[derive(Clone, Copy)]
struct Bounds {
    x: [usize; 2],
    y: [usize; 2],
}

impl Bounds {
    fn of(ink: &Plane) -> Option<Self> {
        let points = (0..ink.values.len()).filter(|&i| ink.values[i] > FAINT);
        let grown = |bounds: Option<Self>, i: usize| {
            let (x, y) = (i % ink.width, i / ink.width);
            let Self {
                x: [x0, x1],
                y: [y0, y1],
            } = bounds.unwrap_or(Self {
                x: [x, x],
                y: [y, y],
            });
            Some(Self {
                x: [x0.min(x), x1.max(x + 1)],
                y: [y0.min(y), y1.max(y + 1)],
            })
        };
        points.fold(None, grown)
    }

    fn longer(self) -> usize {
        let [width, height] = [self.x, self.y].map(|[start, end]| end - start);
        width.max(height)
    }
}

/// Fits ink into 20 x 20 pixels by averaging areas, and moves its centre of mass to the centre. None if
/// there is no ink.
pub(super) fn place(ink: &Plane) -> Option<Placed> {
    let bounds = Bounds::of(ink)?;
    let radius = thickening(ink, bounds);
    let thick;
    let (ink, bounds) = match radius {
        0 => (ink, bounds),
        _ => {
            thick = ink.dilate(radius);
            (&thick, Bounds::of(&thick)?)
        }
    };
    let scale = FITTED / bounds.longer() as f64;
    let [x, y] = centre(ink);
    let columns = shares(ink.width, scale, origin(x, bounds.x, scale));
    let rows = shares(ink.height, scale, origin(y, bounds.y, scale));
    let mut pixels = Vec::with_capacity(PIXELS);
    for row in &rows {
        for column in &columns {
            pixels.push(byte(mean(ink, row, column, scale)));
        }
    }
    Some(Placed {
        pixels,
        thickened: radius > 0,
    })
}

/// By how much strokes must grow on either side, in pixels.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, below the size of the plane"
)]
fn thickening(ink: &Plane, bounds: Bounds) -> usize {
    let (width, length) = (stroke_width(ink), bounds.longer() as f64);
    // A stroke's growth enlarges the whole, which is then scaled down.
    match width * FITTED / length {
        share if share >= THIN => 0,
        _ => {
            let share = WIDE / FITTED;
            let growth = (share * length - width) / (1.0 - share);
            (growth / 2.0).round().max(0.0) as usize
        }
    }
}

/// Twice the area by the length of the outline, which is that of a long stroke.
fn stroke_width(ink: &Plane) -> f64 {
    let is_ink = |x: usize, y: usize| ink.values[y * ink.width + x] > 0.5;
    let (mut area, mut outline) = (0.0, 0.0);
    for y in 0..ink.height {
        for x in 0..ink.width {
            if !is_ink(x, y) {
                continue;
            }
            area += 1.0;
            let sides = [
                x == 0 || !is_ink(x - 1, y),
                y == 0 || !is_ink(x, y - 1),
                x + 1 == ink.width || !is_ink(x + 1, y),
                y + 1 == ink.height || !is_ink(x, y + 1),
            ];
            outline += sides.iter().filter(|&&side| side).count() as f64;
        }
    }
    // Steps of a grid overstate the length of an outline, on average over directions by 4/π.
    let outline = outline * std::f64::consts::FRAC_PI_4;
    2.0 * area / f64::max(outline, 1.0)
}

/// The centre of mass, in pixels from the outer edge of the first one.
fn centre(ink: &Plane) -> [f64; 2] {
    let (mut mass, mut at) = (0.0, [0.0; 2]);
    for (i, &value) in ink.values.iter().enumerate() {
        let value = f64::from(value);
        mass += value;
        at[0] += value * ((i % ink.width) as f64 + 0.5);
        at[1] += value * ((i / ink.width) as f64 + 0.5);
    }
    at.map(|sum| sum / f64::max(mass, f64::MIN_POSITIVE))
}

/// The place in the ink where the final image begins. It is moved by whole pixels, as MNIST's were, so
/// strokes stay sharp; the centre of mass is at the centre to half a pixel, unless that would cut
/// something off.
fn origin(centre: f64, [start, end]: [usize; 2], scale: f64) -> f64 {
    let length = (end - start) as f64 * scale;
    let most = (SIDE as f64 - length).floor();
    let moved = (CENTRE - (centre - start as f64) * scale).round();
    start as f64 - moved.clamp(0.0, most) / scale
}

/// For each final pixel along one side, the pixels that it covers, with lengths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the size of the plane"
)]
fn shares(length: usize, scale: f64, origin: f64) -> Vec<Vec<(usize, f64)>> {
    let share = |pixel: usize| {
        let start = origin + pixel as f64 / scale;
        let end = start + 1.0 / scale;
        let clamped = |at: f64| at.clamp(0.0, length as f64) as usize;
        let covered = clamped(start.floor())..clamped(end.ceil());
        let of = |i: usize| (i, end.min((i + 1) as f64) - start.max(i as f64));
        covered.map(of).collect()
    };
    (0..SIDE).map(share).collect()
}

/// The mean over a final pixel of size 1 / scale; what lies outside is paper.
fn mean(ink: &Plane, row: &[(usize, f64)], column: &[(usize, f64)], scale: f64) -> f64 {
    let mut sum = 0.0;
    for &(y, height) in row {
        for &(x, width) in column {
            sum += height * width * f64::from(ink.values[y * ink.width + x]);
        }
    }
    sum * scale * scale
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 255"
)]
fn byte(value: f64) -> u8 {
    (255.0 * value).round().clamp(0.0, 255.0) as u8
}

/// How far the centre of mass of images of digits lies from the centre, at most.
const OFF: f64 = 2.0;
/// Paper is at most this bright in all corners.
const PAPER: u8 = 32;

/// Whether an image of the data set's size has light ink where images of digits have it, or ink that
/// fills it, as other sets have.
pub(super) fn is_in_place(pixels: &[u8]) -> bool {
    let corners = [0, SIDE - 1, PIXELS - SIDE, PIXELS - 1];
    let ink = Plane::new(SIDE, pixels.iter().map(|&p| f32::from(p) / 255.0).collect());
    let Some(bounds) = Bounds::of(&ink) else {
        return false;
    };
    let fills = bounds.longer() + 2 >= SIDE;
    let fits = (18..=22).contains(&bounds.longer());
    let centred = centre(&ink).iter().all(|at| (at - CENTRE).abs() <= OFF);
    corners.iter().all(|&corner| pixels[corner] <= PAPER) && (fills || (fits && centred))
}
