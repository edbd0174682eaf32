//! The connected parts of ink: strokes have mass, specks have none.

use super::plane::Plane;

/// Ink below this counts as paper.
pub(super) const FAINT: f32 = 0.1;
/// A stroke has at least this fraction of the mass of the largest.
const SPECK: f32 = 0.05;
/// What touches the edge is no stroke if a part that does not has this fraction of its mass.
const INNER: f32 = 0.1;

struct Part {
    members: Vec<usize>,
    mass: f32,
    touches: bool,
}

/// The ink of all parts with real mass, and whether some was left out. An edge of the paper or of a scan
/// touches the edge of the picture: it is left out where there is something else.
pub(super) fn main(ink: &Plane) -> (Plane, bool) {
    let parts = parts(ink);
    let largest = |touches| {
        let own = parts.iter().filter(|part| part.touches == touches);
        own.map(|part| part.mass).fold(0.0, f32::max)
    };
    let (inner, outer) = (largest(false), largest(true));
    let inner_only = inner > INNER * outer;
    let least = SPECK * if inner_only { inner } else { inner.max(outer) };
    let mut main = ink.map(|_| 0.0);
    let mut left_out = false;
    for part in &parts {
        if part.mass < least || (inner_only && part.touches) {
            left_out = true;
            continue;
        }
        for &i in &part.members {
            main.values[i] = ink.values[i];
        }
    }
    (main, left_out)
}

/// All parts; diagonal neighbours are connected.
fn parts(ink: &Plane) -> Vec<Part> {
    let mut open: Vec<bool> = ink.values.iter().map(|&v| v > FAINT).collect();
    let mut parts = Vec::new();
    for start in 0..open.len() {
        if open[start] {
            parts.push(part(ink, &mut open, start));
        }
    }
    parts
}

/// The part of a point, which is then no longer open.
fn part(ink: &Plane, open: &mut [bool], start: usize) -> Part {
    let mut part = Part {
        members: Vec::new(),
        mass: 0.0,
        touches: false,
    };
    let mut reached = vec![start];
    open[start] = false;
    while let Some(i) = reached.pop() {
        let (x, y) = (i % ink.width, i / ink.width);
        part.members.push(i);
        part.mass += ink.values[i];
        part.touches |= x == 0 || y == 0 || x + 1 == ink.width || y + 1 == ink.height;
        for y in y.saturating_sub(1)..(y + 2).min(ink.height) {
            for x in x.saturating_sub(1)..(x + 2).min(ink.width) {
                let near = y * ink.width + x;
                if open[near] {
                    open[near] = false;
                    reached.push(near);
                }
            }
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of lines, in which # is ink.
    fn drawn(lines: &[&str]) -> Plane {
        let cells = lines.iter().flat_map(|line| line.bytes());
        let ink = cells.map(|cell| f32::from(u8::from(cell == b'#')));
        Plane::new(lines[0].len(), ink.collect())
    }

    #[test]
    fn strokes_stay_and_specks_and_edges_go() {
        let mut lines = vec!["                    #"; 30];
        lines[3..6].fill("   ########         #");
        lines[8..20].fill("  #######           #");
        lines[25] = "   #                #";
        let mut whole = vec![" ".repeat(21); 30];
        whole[3..6].fill("   ########          ".into());
        whole[8..20].fill("  #######            ".into());
        let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
        assert_eq!(main(&drawn(&lines)), (drawn(&whole), true));
        // A cropped digit touches the edge, and a speck does not replace it.
        let cropped = [
            "#########",
            "#        ",
            "#########",
            "     #   ",
            "         ",
        ];
        assert_eq!(main(&drawn(&cropped)), (drawn(&cropped), false));
    }
}
