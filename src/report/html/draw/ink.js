// From strokes to the image that networks see, made as MNIST's were: scaled to fit 20 × 20 with its aspect
// kept, antialiased, and moved until its centre of mass lies on the middle. Strokes are lists of points
// [x, y]; they are scaled, not their picture, so a small drawing gets no thick lines. Nothing is read back
// from a canvas, which some browsers falsify against fingerprinting.

const SIDE = 28;
const FIT = 20;
/** The pen's width in pixels. */
const PEN = 2.4;
/** Where MNIST's centres of mass lie: the middle of pixel 14, counted from 0. */
const MIDDLE = 14.5;
/** A drawing is scaled up as if it were at least so large, as a part of the pad: a dot stays a dot. */
const SMALLEST = 0.12;

/** The rectangle around all points. */
function bounds(strokes) {
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const [x, y] of strokes.flat()) {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

/** The distance of a point from a line's nearest point. */
function distance(x, y, [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const squared = dx * dx + dy * dy;
  const along = squared > 0 ? ((x - ax) * dx + (y - ay) * dy) / squared : 0;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** Inks a line between two points in pixels. */
function line(image, a, b) {
  const reach = PEN / 2 + 0.5;
  const first = (p, q) => Math.max(0, Math.floor(Math.min(p, q) - reach));
  const last = (p, q) => Math.min(SIDE - 1, Math.ceil(Math.max(p, q) + reach));
  for (let row = first(a[1], b[1]); row <= last(a[1], b[1]); row++) {
    for (let column = first(a[0], b[0]); column <= last(a[0], b[0]); column++) {
      const covered = reach - distance(column + 0.5, row + 0.5, a, b);
      const pixel = row * SIDE + column;
      image[pixel] = Math.max(image[pixel], Math.min(1, covered));
    }
  }
}

/** Strokes as an image of 28 × 28 from 0 to 1, each point at `scale` · point + `shift`, in pixels. */
function ink(strokes, scale, [right, down]) {
  const image = new Float64Array(SIDE * SIDE);
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [scale * x + right, scale * y + down]);
    points.forEach((point, i) => line(image, points[Math.max(0, i - 1)], point));
  }
  return image;
}

/** The centre of mass in pixels. */
function centre(image) {
  let [mass, x, y] = [0, 0, 0];
  image.forEach((value, pixel) => {
    mass += value;
    x += value * ((pixel % SIDE) + 0.5);
    y += value * (Math.floor(pixel / SIDE) + 0.5);
  });
  return [x / mass, y / mass];
}

/** Strokes as MNIST would have them. */
function normalise(strokes) {
  const { left, right, top, bottom } = bounds(strokes);
  const extent = Math.max(right - left, bottom - top, SMALLEST);
  const scale = (FIT - PEN) / extent;
  const boxed = [MIDDLE - (scale * (left + right)) / 2, MIDDLE - (scale * (top + bottom)) / 2];
  const [x, y] = centre(ink(strokes, scale, boxed));
  // No ink leaves the image.
  const within = (shift, low, high) => {
    const room = [PEN / 2 - scale * low, SIDE - PEN / 2 - scale * high];
    return Math.min(room[1], Math.max(room[0], shift));
  };
  return ink(strokes, scale, [
    within(boxed[0] + MIDDLE - x, left, right),
    within(boxed[1] + MIDDLE - y, top, bottom),
  ]);
}
