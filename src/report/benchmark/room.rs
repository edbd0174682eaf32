//! Where texts may stand in a picture: on nothing else.

use crate::report::palette::{BOUNDARY, INK};
use crate::report::plot::NOTE;
use crate::report::plot::chart::Frame;
use crate::report::plot::picture::{Anchor, Picture, Point, Stroke};

/// Where a label is tried around its dot, in turns from the right: the simple places first.
const TURNS: [f64; 16] = [
    0.0, 0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875, 0.0625, 0.4375, 0.5625, 0.9375, 0.1875,
    0.3125, 0.6875, 0.8125,
];

/// Where texts may stand: within the frame, and on nothing else.
pub(super) struct Room {
    frame: Frame,
    /// Left, top, right and bottom of what is there.
    pub(super) taken: Vec<[f64; 4]>,
}

impl Room {
    pub(super) fn new(frame: Frame) -> Self {
        let taken = Vec::new();
        Self { frame, taken }
    }

    /// Whether a rectangle is free.
    fn free(&self, [left, top, right, bottom]: [f64; 4]) -> bool {
        let frame = &self.frame;
        let inside = left > frame.left + 2.0
            && right < frame.right + 14.0
            && top > frame.top - 12.0
            && bottom < frame.bottom - 2.0;
        let apart = |[a, b, c, d]: &[f64; 4]| {
            left >= c + 1.0 || right <= a - 1.0 || top >= d + 1.0 || bottom <= b - 1.0
        };
        inside && self.taken.iter().all(apart)
    }

    /// The rectangle of a text around a point.
    fn rectangle(text: &str, (x, y): Point) -> [f64; 4] {
        let (half, height) = (NOTE.width(text) / 2.0, NOTE.size);
        [x - half, y - 0.45 * height, x + half, y + 0.6 * height]
    }

    /// Writes a text near a point, at the nearest free place, with a line where that is far.
    pub(super) fn label(&mut self, picture: &mut Picture, text: &str, at: Point) {
        let half = NOTE.width(text) / 2.0;
        for distance in [
            9.0, 13.0, 18.0, 25.0, 34.0, 46.0, 60.0, 80.0, 105.0, 135.0, 170.0,
        ] {
            for turn in TURNS {
                let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
                let near = (at.0 + distance * cos, at.1 - distance * sin);
                let middle = (near.0 + half * cos, near.1);
                let own = Self::rectangle(text, middle);
                if self.free(own) {
                    if distance > 14.0 {
                        picture.line(&[at, near], Stroke::plain(BOUNDARY, 0.75));
                    }
                    self.taken.push(own);
                    picture.text(text, middle, NOTE.anchored(Anchor::Middle).coloured(INK));
                    return;
                }
            }
        }
    }

    /// Writes a text at one of these points, the first that is free, beside a line through them: above
    /// it where that is level, else to its left or right.
    pub(super) fn beside(
        &mut self,
        picture: &mut Picture,
        text: &str,
        spots: &[Point],
        level: bool,
    ) {
        let half = NOTE.width(text) / 2.0;
        let offsets = match level {
            true => [(0.0, -10.0), (0.0, 10.0)],
            false => [(half + 8.0, 9.0), (-half - 8.0, -7.0)],
        };
        let places = spots
            .iter()
            .flat_map(|(x, y)| offsets.map(|(across, down)| (x + across, y + down)));
        for middle in places {
            let own = Self::rectangle(text, middle);
            if self.free(own) {
                self.taken.push(own);
                picture.text(text, middle, NOTE.anchored(Anchor::Middle));
                return;
            }
        }
    }
}
