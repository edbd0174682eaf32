//! How each digit is written: the pen strokes behind the built-in set.
//!
//! A stroke is a list of points that the pen passes through, in the order a hand would write
//! them, on a sheet of 100 x 100 units with x to the right and y down. The generator runs a
//! smooth curve through the points; a point written twice in a row is a sharp corner. Only the
//! proportions matter: the generator fits whatever is written here into the image.

/// One stroke, from pen down to pen up.
pub(crate) type Stroke = &'static [(i8, i8)];

/// One way of writing a digit.
struct Style {
    /// How often this style is chosen, relative to the digit's other styles.
    weight: u32,
    /// The strokes, in writing order.
    strokes: &'static [Stroke],
}

/// Shorthand that keeps the table below compact.
const fn style(weight: u32, strokes: &'static [Stroke]) -> Style {
    Style { weight, strokes }
}

/// The strokes of one style of `digit` (0 to 9), chosen by a random `word` in proportion to the
/// styles' weights.
pub(crate) fn choose(digit: u8, word: u32) -> &'static [Stroke] {
    let styles = STYLES[usize::from(digit)];
    let total: u32 = styles.iter().map(|style| style.weight).sum();
    let mut left = word % total;
    let mut chosen = &styles[0];
    for style in styles {
        chosen = style;
        if left < style.weight {
            break;
        }
        left -= style.weight;
    }
    chosen.strokes
}

/// The styles of the digits 0 to 9.
#[rustfmt::skip]
const STYLES: [&[Style]; 10] = [
    // 0: round from the top; begun at the upper right, ends crossing; narrow; with a curl.
    &[
        style(4, &[&[(52, 2), (28, 14), (18, 50), (28, 86), (50, 98), (74, 84), (82, 50), (72, 14), (52, 2), (36, 8)]]),
        style(3, &[&[(70, 14), (46, 2), (22, 22), (16, 58), (32, 94), (58, 96), (80, 70), (82, 34), (66, 8), (46, 10)]]),
        style(3, &[&[(58, 2), (38, 20), (32, 55), (38, 88), (52, 98), (64, 84), (70, 46), (66, 14), (55, 2), (44, 12)]]),
        style(2, &[&[(66, 24), (56, 5), (36, 8), (20, 34), (20, 70), (40, 96), (66, 88), (80, 58), (76, 24), (58, 6), (42, 12)]]),
    ],
    // 1: a bare stroke; with a serif; with a serif and a foot.
    &[
        style(12, &[&[(50, 2), (50, 50), (50, 98)]]),
        style(3, &[&[(36, 22), (52, 2), (52, 2), (52, 50), (52, 98)]]),
        style(1, &[&[(34, 20), (52, 2), (52, 2), (52, 50), (52, 97)], &[(28, 98), (50, 97), (76, 98)]]),
    ],
    // 2: sharp corner below; with a loop below; rounded, with a wavy base; like a Z; a wide
    // low loop.
    &[
        style(4, &[&[(20, 26), (34, 6), (58, 2), (76, 20), (68, 46), (42, 74), (18, 97), (18, 97), (50, 96), (84, 94)]]),
        style(4, &[&[(22, 22), (42, 4), (68, 8), (74, 32), (54, 66), (30, 92), (14, 92), (20, 76), (42, 80), (62, 94), (88, 90)]]),
        style(2, &[&[(26, 18), (48, 2), (70, 14), (66, 44), (40, 76), (24, 92), (24, 92), (44, 86), (64, 96), (84, 88)]]),
        style(2, &[&[(22, 12), (46, 3), (72, 8), (70, 22), (46, 60), (20, 95), (20, 95), (52, 96), (84, 93)]]),
        style(2, &[&[(26, 26), (46, 6), (66, 16), (60, 46), (36, 80), (16, 94), (10, 80), (30, 74), (58, 85), (92, 80)]]),
    ],
    // 3: round with a nick; flat top; small loop at the waist; top-heavy.
    &[
        style(5, &[&[(22, 14), (46, 2), (72, 14), (66, 36), (42, 46), (42, 46), (70, 54), (80, 76), (58, 96), (34, 97), (18, 84)]]),
        style(2, &[&[(24, 4), (50, 4), (76, 4), (76, 4), (46, 40), (46, 40), (72, 50), (80, 74), (60, 96), (34, 98), (18, 86)]]),
        style(3, &[&[(24, 20), (44, 2), (70, 10), (68, 34), (46, 50), (36, 46), (46, 42), (68, 54), (74, 78), (52, 98), (22, 92)]]),
        style(2, &[&[(18, 10), (44, 3), (66, 10), (58, 30), (34, 45), (34, 45), (64, 50), (70, 72), (46, 95), (14, 95)]]),
    ],
    // 4: open and angular; open and rounded; closed; leaning.
    &[
        style(5, &[&[(26, 4), (20, 34), (18, 56), (18, 56), (50, 54), (84, 52)], &[(70, 6), (66, 50), (62, 98)]]),
        style(3, &[&[(24, 6), (18, 38), (30, 56), (54, 52), (72, 40)], &[(74, 4), (72, 50), (68, 98)]]),
        style(2, &[&[(62, 2), (40, 30), (14, 64), (14, 64), (48, 64), (88, 62)], &[(62, 2), (62, 50), (60, 98)]]),
        style(3, &[&[(34, 12), (26, 32), (20, 50), (20, 50), (54, 50), (86, 42)], &[(74, 2), (58, 50), (44, 98)]]),
    ],
    // 5: body, then the top bar; in one go; rounded like an S; with a long bar.
    &[
        style(4, &[&[(30, 4), (28, 24), (24, 46), (24, 46), (46, 38), (70, 48), (76, 72), (58, 94), (32, 98), (16, 88)], &[(30, 4), (56, 4), (82, 2)]]),
        style(4, &[&[(82, 4), (56, 5), (34, 6), (34, 6), (26, 44), (26, 44), (50, 38), (74, 52), (76, 78), (54, 96), (20, 92)]]),
        style(3, &[&[(78, 6), (48, 6), (30, 24), (40, 42), (64, 54), (72, 74), (54, 94), (20, 92)]]),
        style(2, &[&[(40, 10), (34, 26), (28, 43), (28, 43), (54, 45), (64, 64), (48, 90), (16, 94)], &[(38, 10), (64, 8), (92, 3)]]),
    ],
    // 6: round; tall with a low loop; nearly straight back.
    &[
        style(4, &[&[(64, 2), (38, 24), (22, 58), (28, 88), (50, 98), (72, 86), (72, 64), (52, 54), (32, 66), (24, 80)]]),
        style(3, &[&[(56, 2), (34, 34), (24, 72), (40, 97), (66, 92), (74, 72), (58, 60), (38, 70), (28, 86)]]),
        style(3, &[&[(48, 2), (36, 30), (30, 64), (34, 92), (54, 97), (70, 80), (62, 60), (46, 62), (34, 80)]]),
    ],
    // 7: plain; with a bar; with a serif; with a curved top.
    &[
        style(5, &[&[(18, 10), (46, 8), (80, 6), (80, 6), (62, 46), (46, 98)]]),
        style(2, &[&[(18, 10), (46, 8), (80, 6), (80, 6), (62, 46), (46, 98)], &[(32, 52), (54, 50), (78, 46)]]),
        style(2, &[&[(20, 26), (20, 8), (20, 8), (50, 7), (80, 6), (80, 6), (58, 50), (50, 98)]]),
        style(3, &[&[(16, 20), (32, 6), (58, 12), (76, 8), (78, 20), (60, 56), (50, 98)]]),
    ],
    // 8: one figure-of-eight; left open at the top; two circles.
    &[
        style(4, &[&[(72, 14), (50, 2), (30, 14), (34, 34), (54, 48), (74, 66), (70, 90), (48, 98), (26, 88), (30, 66), (50, 48), (68, 30), (71, 14), (60, 4)]]),
        style(3, &[&[(76, 12), (52, 2), (32, 14), (38, 36), (58, 56), (68, 78), (52, 97), (34, 86), (40, 62), (62, 38), (78, 16)]]),
        style(2, &[&[(50, 2), (32, 12), (32, 34), (50, 46), (68, 34), (68, 12), (50, 2)], &[(50, 46), (28, 60), (28, 86), (50, 98), (72, 86), (72, 60), (50, 46)]]),
    ],
    // 9: straight tail; curved tail; loop and tail in one sweep; leaning.
    &[
        style(5, &[&[(72, 16), (50, 4), (26, 18), (26, 42), (48, 50), (66, 36), (74, 10), (74, 10), (71, 50), (68, 98)]]),
        style(3, &[&[(72, 20), (52, 2), (28, 16), (26, 40), (46, 52), (68, 40), (74, 16), (76, 50), (66, 86), (44, 98), (24, 90)]]),
        style(2, &[&[(70, 14), (46, 4), (24, 26), (34, 47), (60, 36), (76, 6), (76, 6), (63, 52), (50, 98)]]),
        style(3, &[&[(66, 10), (42, 6), (26, 26), (38, 44), (60, 36), (70, 14), (66, 34), (54, 64), (44, 98)]]),
    ],
];
