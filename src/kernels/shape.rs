//! The sizes and the contents of cases.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Kernel;
use crate::random::threefry2x32;

/// Elements of a matrix in the largest case that may be asked for: 256 MiB.
const LARGEST: u128 = 1 << 26;

/// Cases with more learners than this are run with one fill only.
pub(crate) const MANY: u32 = 1000;

/// The sizes of a case; each kernel takes from it what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shape {
    /// Samples per learner.
    pub rows: u32,
    /// Width of a layer's input; `sample_order`: length of the shortest sample list.
    pub inputs: u32,
    /// Width of a layer's output; classes.
    pub outputs: u32,
    /// Learners.
    pub learners: u32,
}

impl Shape {
    pub(crate) const fn new(rows: u32, inputs: u32, outputs: u32, learners: u32) -> Self {
        Self {
            rows,
            inputs,
            outputs,
            learners,
        }
    }

    /// Rows, inputs, outputs and learners.
    pub(crate) fn sizes(self) -> [u32; 4] {
        [self.rows, self.inputs, self.outputs, self.learners]
    }

    /// Elements of the largest matrix that a kernel may have of these sizes, all learners together.
    fn elements(self) -> u128 {
        let [r, i, o, l] = self.sizes().map(u128::from);
        // With room for padding and gaps.
        let (i, o) = (i + 16, o + 16);
        (r * i).max(r * o).max(i * o).max(o * o).max(32 * i) * l
    }

    /// About how long a case takes, for a progress bar: multiply-adds, and what every case costs.
    pub(crate) fn work(self) -> u64 {
        self.sizes().map(u64::from).iter().product::<u64>() + 200_000
    }

    /// Any sizes up to a few tiles, from a random key.
    pub(crate) fn random(seed: u32, number: u32) -> Self {
        let word = |i, end: u32| 1 + threefry2x32([seed, 0x5a5a], [number, i])[0] % end;
        Self::new(word(0, 140), word(1, 200), word(2, 140), word(3, 6))
    }

    /// Shapes that are smaller in one way, the smallest first.
    pub(crate) fn smaller(self) -> Vec<Self> {
        type Field = fn(&mut Shape) -> &mut u32;
        let fields: [Field; 4] = [
            |s| &mut s.learners,
            |s| &mut s.rows,
            |s| &mut s.inputs,
            |s| &mut s.outputs,
        ];
        let steps: [fn(u32) -> u32; 4] = [|_| 1, |n| n / 2, |n| n.saturating_sub(4), |n| n - 1];
        let mut shapes = Vec::new();
        for step in steps {
            for field in fields {
                let mut shape = self;
                let value = step(*field(&mut shape)).max(1);
                *field(&mut shape) = value;
                shapes.push(shape);
            }
        }
        shapes.retain(|s| *s != self);
        shapes
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, i, o, l] = self.sizes();
        write!(f, "{r}x{i}x{o}x{l}")
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes: Result<Vec<u32>, _> = text.split('x').map(str::parse).collect();
        let sizes = sizes.unwrap_or_default();
        let [rows, inputs, outputs, learners] = sizes[..] else {
            return Err(format!(
                "{text:?} is no shape: give rows, inputs, outputs and learners, such as 64x784x128x4"
            ));
        };
        let shape = Self::new(rows, inputs, outputs, learners);
        match sizes.contains(&0) || shape.elements() > LARGEST {
            true => Err(format!(
                "{text} is out of range: sizes are 1 or more, and no matrix of all learners may \
                 have more than {LARGEST} elements"
            )),
            false => Ok(shape),
        }
    }
}

impl TryFrom<String> for Shape {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Shape> for String {
    fn from(shape: Shape) -> Self {
        shape.to_string()
    }
}

/// What a case's floats are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// Random numbers in [−1, 1).
    Random,
    /// Small integers, whose sums f32 holds exactly.
    Exact,
    /// 0, −0, and subnormal and tiny numbers of both signs, among random ones.
    Tiny,
    /// Random numbers; in a few rows 1e15 times as large, and logits around ±150, in `head` ±110.
    Large,
}

impl Fill {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Random, Self::Exact, Self::Tiny, Self::Large];

    /// Its name at the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Exact => "exact",
            Self::Tiny => "tiny",
            Self::Large => "large",
        }
    }
}

/// Where a case's numbers come from: every call draws fresh ones.
#[derive(Debug)]
pub(crate) struct Source {
    seed: u32,
    fill: Fill,
    calls: u32,
}

impl Source {
    pub(crate) fn new(seed: u32, fill: Fill) -> Self {
        Self {
            seed,
            fill,
            calls: 0,
        }
    }

    pub(crate) fn fill(&self) -> Fill {
        self.fill
    }

    fn words(&mut self, n: u32) -> impl Iterator<Item = [u32; 2]> + use<> {
        self.calls += 1;
        let key = [self.seed, self.calls];
        (0..n).map(move |i| threefry2x32(key, [i, 0]))
    }

    /// `n` integers below `end`.
    pub(crate) fn below(&mut self, n: u32, end: u32) -> Vec<u32> {
        self.words(n).map(|[a, _]| a % end).collect()
    }

    /// `n` floats, as the fill has them.
    pub(crate) fn floats(&mut self, n: u32) -> Vec<f32> {
        let fill = self.fill;
        self.words(n).map(|[a, b]| fill.number(a, b)).collect()
    }

    /// `n` floats in rows of `width`, some of which are large in a large fill.
    pub(crate) fn rows(&mut self, n: u32, width: u32) -> Vec<f32> {
        let mut floats = self.floats(n);
        self.enlarge(floats.chunks_mut(width as usize));
        floats
    }

    /// `n` floats in rows of `width`, some of whose columns are large in a large fill.
    pub(crate) fn columns(&mut self, n: u32, width: u32) -> Vec<f32> {
        let mut floats = self.floats(n);
        for row in floats.chunks_mut(width as usize) {
            self.enlarge(row.chunks_mut(1));
        }
        floats
    }

    /// In a large fill: makes one row in sixteen 1e15 times as large. It is for one operand of a
    /// product only, along an axis over which no sum runs: beside a large term in the same sum, a
    /// small one could be anything.
    pub(crate) fn enlarge<'a>(&self, rows: impl Iterator<Item = &'a mut [f32]>) {
        if self.fill == Fill::Large {
            let large = rows.skip(11).step_by(16);
            large.flatten().for_each(|x| *x *= 1e15);
        }
    }
}

impl Fill {
    fn number(self, a: u32, b: u32) -> f32 {
        let random = (a >> 8) as f32 / 8_388_608.0 - 1.0;
        match self {
            Self::Random | Self::Large => random,
            Self::Exact => (a % 15) as f32 - 7.0,
            Self::Tiny => match b % 16 {
                0 => 0.0,
                1 => -0.0,
                2 => f32::from_bits(1 + (a >> 9)),
                3 => -f32::from_bits(1 + (a >> 9)),
                4 | 5 => 1e-30 * random,
                6 => f32::MIN_POSITIVE,
                7 => -f32::MIN_POSITIVE,
                _ => random,
            },
        }
    }
}

/// Sizes under, at and over the thread's and the workgroup's tile of every variant, as pairs of
/// units of extent in x and y.
fn around(kernel: &Kernel) -> Vec<[u32; 2]> {
    let mut pairs = vec![[1, 1]];
    for variant in kernel.variants {
        let tile = kernel.tile(variant);
        let sizes = |axis: usize| -> Vec<u32> {
            let group = tile.covers[axis];
            let thread = (group / tile.group[axis]).max(1);
            let near = |n: u32| [n.saturating_sub(1).max(1), n, n + 1];
            [near(thread), near(group), near(2 * group)].concat()
        };
        let (xs, ys) = (sizes(0), sizes(1));
        let mixed = xs.iter().zip(ys.iter().rev().chain(&ys));
        pairs.extend(mixed.map(|(x, y)| [*x, *y]));
        pairs.extend(xs.iter().zip(&ys).map(|(x, y)| [*x, *y]));
    }
    let mut seen = std::collections::HashSet::new();
    pairs.retain(|pair| seen.insert(*pair));
    pairs
}

/// Shapes at the edges of a kernel's tiles, which `shape` makes from the number of each and its extent in
/// x and y; and more.
pub(super) fn at_tiles(
    kernel: &Kernel,
    more: impl IntoIterator<Item = Shape>,
    shape: impl Fn(usize, [u32; 2]) -> Shape,
) -> Vec<Shape> {
    let tiles = around(kernel).into_iter().enumerate();
    let shapes = tiles.map(|(place, extent)| shape(place, extent));
    shapes.chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_they_are_written() {
        let shape = Shape::new(64, 784, 128, 4);
        assert_eq!(shape.to_string().parse(), Ok(shape));
        let refused = [
            "",
            "3x4",
            "1x2x3x4x5",
            "0x1x1x1",
            "1x-1x1x1",
            "axbxcxd",
            "64x784xABCx128x4",
            "1x1x65536x1",
            "4000000000x1x1x1",
            "1x70000x70000x1",
            "4294967295x4294967295x4294967295x4294967295",
        ];
        for text in refused {
            assert!(text.parse::<Shape>().is_err(), "{text}");
        }
    }

    #[test]
    fn shrinking_ends_at_the_smallest_shape() {
        let mut shape = Shape::random(1, 2);
        for _ in 0..1000 {
            let Some(smaller) = shape.smaller().pop() else {
                break;
            };
            shape = smaller;
        }
        assert_eq!(shape, Shape::new(1, 1, 1, 1));
    }
}
