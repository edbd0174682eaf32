// What is on the pad, and how it came there. It is strokes, or an image that they are drawn onto: an example,
// or what following a gradient left.

/** The most changes that can be undone. */
const REMEMBERED = 100;

const sheet = { strokes: [], base: null };
const past = [];

/** Before a change. */
function remember() {
  past.push({ strokes: sheet.strokes.map((stroke) => stroke.slice()), base: sheet.base });
  if (past.length > REMEMBERED) past.shift();
}

/** Takes the last change back. */
function undo() {
  if (past.length > 0) Object.assign(sheet, past.pop());
}

/** Replaces everything. */
function put(base) {
  Object.assign(sheet, { strokes: [], base });
}

/** A new stroke, at a point in parts of the pad's side. */
function begin(point) {
  remember();
  sheet.strokes.push([point]);
}

/** The last stroke goes on. */
function extend(point) {
  sheet.strokes[sheet.strokes.length - 1].push(point);
}

/** The image that the networks see; none of an empty pad. */
function seen() {
  if (sheet.base === null) return sheet.strokes.length > 0 ? normalise(sheet.strokes) : null;
  // Where there is an image already, strokes stay where they are drawn.
  const added = ink(sheet.strokes, SIDE, [0, 0]);
  return sheet.base.map((value, pixel) => Math.max(value, added[pixel]));
}
