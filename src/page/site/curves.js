// Curves of accuracy through the phases: mean over learners with a band of one standard deviation, as in the
// report (src/report/plot). Points come one at a time.

import { draw, make } from "./dom.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 312, 30, 190];
const [WIDTH, HEIGHT] = [320, 232];
const SHARES = { learn: 0.4, unlearn: 0.3, relearn: 0.3 };
const FLOORS = [98, 95, 90, 85, 80, 70, 60, 50, 40, 20];
/** The main curve is the last one drawn, above the others. */
const LINES = ["original", "retrained", "unlearned"];

const lineOf = (arm) => (arm === "relearned" ? "unlearned" : arm);

/** A number of epochs as people write it: "1/16", "2.5". */
export function epochs(number) {
  const inverse = 1 / number;
  if (number < 1 && Math.abs(inverse - Math.round(inverse)) < 1e-6) return `1/${Math.round(inverse)}`;
  return String(Number(number.toFixed(number < 0.1 ? 3 : 2)));
}

/** The phases side by side: [{ phase, from, to, steps, epochs }]. */
export function spans(phases) {
  let from = 0;
  const whole = phases.reduce((sum, { name }) => sum + SHARES[name], 0);
  return phases.map(({ name, steps, epochs: long }) => {
    const to = from + SHARES[name] / whole;
    const span = { phase: name, from, to, steps, epochs: long };
    from = to;
    return span;
  });
}

/** Where a share of a phase lies; where weights exist already, the first steps matter most. */
const within = (span, share) =>
  span.from + (span.to - span.from) * (span.phase === "learn" ? share : Math.sqrt(Math.max(0, share)));

export class Curves {
  /** `title` above it; `figure` takes figures to the spread that is shown, a fraction. */
  constructor(title, figure, zooms) {
    this.figure = figure;
    this.title = title;
    this.zooms = zooms;
    this.zoom = make("span", { class: "dim" });
    this.svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "curves" });
    this.element = make("figure", { class: "card" }, make("figcaption", {}, make("b", {}, title), this.zoom), this.svg);
    this.begin([]);
  }

  /** Starts anew with these phases: [{ name, steps, epochs }]. */
  begin(phases) {
    this.spans = spans(phases);
    this.points = [];
    this.paint();
  }

  /** A point of every arm: { phase, step, epoch, figures by arm }. */
  add(evaluated) {
    this.points.push(evaluated);
    this.paint();
  }

  /** The points of a line as { x, mean, std } in percent. */
  line(arm) {
    const dots = [];
    let before = null;
    for (const { phase, step, figures } of this.points) {
      const span = this.spans.find((one) => one.phase === phase);
      const own = Object.keys(figures).find((name) => lineOf(name) === arm);
      const from = own ?? (arm === "unlearned" && phase === "learn" ? "original" : null);
      if (!span || !from) continue;
      const { mean, std } = this.figure(figures[from]);
      const dot = { x: within(span, step / Math.max(1, span.steps)), mean: 100 * mean, std: 100 * (Number.isFinite(std) ? std : 0) };
      if (!Number.isFinite(dot.mean)) continue;
      // The unlearned networks begin where the originals ended learning.
      if (!own) before = dot;
      else {
        if (before) dots.push(before);
        before = null;
        dots.push(dot);
      }
    }
    return dots;
  }

  /** The lower end of the axis: as high as it can be without hiding more than the first quarter of an epoch. */
  floor(lines) {
    if (!this.zooms) return 0;
    const late = this.points.filter(({ phase, epoch }) => phase !== "learn" || epoch > 0.2501);
    const lows = late.flatMap(({ figures }) => Object.values(figures).map((own) => {
      const { mean, std } = this.figure(own);
      return 100 * (mean - (std || 0));
    }));
    if (lows.length === 0 || lines.flat().length === 0) return 0;
    const lowest = Math.min(100, ...lows);
    return FLOORS.find((floor) => floor + 0.02 * (100 - floor) <= lowest) ?? 0;
  }

  paint() {
    const lines = LINES.map((arm) => this.line(arm));
    const floor = this.floor(lines);
    const at = (x, y) => [LEFT + (RIGHT - LEFT) * x, BOTTOM - ((BOTTOM - TOP) * (Math.min(100, Math.max(floor, y)) - floor)) / (100 - floor)];
    this.zoom.textContent = floor > 0 ? ` axis starts at ${floor} %` : "";
    const clip = `above-${this.title.replace(/\W+/g, "-")}`;
    const frame = draw("clipPath", { id: clip }, draw("rect", { x: LEFT, y: TOP - 2, width: RIGHT - LEFT + 2, height: BOTTOM - TOP + 4 }));
    const drawn = draw("g", { "clip-path": `url(#${clip})` });
    LINES.forEach((arm, number) => drawn.append(...this.mark(arm, lines[number], at, floor)));
    this.svg.replaceChildren(frame, ...this.grid(at, floor), drawn);
    const last = LINES.map((arm, number) => {
      const dot = lines[number][lines[number].length - 1];
      return dot ? `${arm} ${dot.mean.toFixed(0)} %` : null;
    });
    this.svg.setAttribute("aria-label", `${this.title}, accuracy so far: ${last.filter(Boolean).join(", ") || "nothing yet"}`);
  }

  /** Band and line of an arm; pieces below the floor are cut off. */
  mark(arm, dots, at, floor) {
    if (dots.length === 0) return [];
    const low = (value) => Math.max(value, floor - 1);
    // Below the floor, a line leaves the picture instead of lying on its edge.
    const place = (x, y) => {
      const [px, py] = at(x, y);
      return `${px.toFixed(1)},${(y < floor ? py + 8 : py).toFixed(1)}`;
    };
    const upper = dots.map(({ x, mean, std }) => place(x, low(mean + std)));
    const lower = dots.map(({ x, mean, std }) => place(x, low(mean - std))).reverse();
    const path = dots.map(({ x, mean }) => place(x, low(mean)));
    const [px, py] = path[path.length - 1].split(",");
    return [
      draw("polygon", { class: `band c-${arm}`, points: [...upper, ...lower].join(" ") }),
      draw("polyline", { class: `line c-${arm}`, points: path.join(" ") }),
      draw("circle", { class: `dot c-${arm}`, cx: px, cy: py, r: 3 }),
    ];
  }

  /** Axes, the phases' names, and a tint behind unlearning. */
  grid(at, floor) {
    const parts = [];
    const text = (x, y, words, attributes) => parts.push(draw("text", { x, y, ...attributes }, words));
    const rule = (a, b, kind) => parts.push(draw("line", { x1: a[0], y1: a[1], x2: b[0], y2: b[1], class: kind }));
    for (const span of this.spans.filter(({ phase }) => phase === "unlearn")) {
      const [x, y] = at(span.from, 100);
      parts.push(draw("rect", { x, y, width: at(span.to, 100)[0] - x, height: BOTTOM - TOP, class: "tint" }));
    }
    for (let share = 0; share <= 5; share++) {
      const value = floor + ((100 - floor) * share) / 5;
      const [x, y] = at(0, value);
      rule([x, y], [RIGHT, y], "grid");
      text(x - 6, y + 4, `${Number(value.toFixed(1))} %`, { "text-anchor": "end" });
    }
    for (const span of this.spans) {
      const [from, to] = [at(span.from, 0)[0], at(span.to, 0)[0]];
      if (span.from > 0) rule([from, TOP], [from, BOTTOM], "edge");
      rule([from, TOP - 8], [to - (span.to < 0.999 ? 4 : 0), TOP - 8], "edge");
      text((from + to) / 2, TOP - 14, span.phase, { "text-anchor": "middle", class: "bold" });
      text((from + to) / 2, BOTTOM + 36, "epochs", { "text-anchor": "middle" });
      parts.push(...ticks(span, at));
    }
    return parts;
  }
}

/** Marks below a phase where there is room for their labels, the most important first. */
function ticks(span, at) {
  if (!(span.epochs > 0)) return [];
  const inner = span.phase === "learn" ? [0.5, 0.25, 0.75].map((share) => share * span.epochs) : [16, 4, 1, 0.25, 0.0625].filter((one) => one < span.epochs);
  const parts = [];
  const taken = [];
  for (const epoch of [span.epochs, 0, ...inner]) {
    const x = at(within(span, epoch / span.epochs), 0)[0];
    const words = epochs(epoch);
    const width = 7 * words.length;
    const first = at(span.from, 0)[0] + (span.from > 0 ? 3 : -width / 2);
    const last = at(span.to, 0)[0] - (span.to < 0.999 ? 3 + width : width / 2);
    const left = Math.min(Math.max(x - width / 2, first), Math.max(first, last));
    if (taken.some(([a, b]) => left < b + 5 && left + width > a - 5)) continue;
    taken.push([left, left + width]);
    parts.push(draw("line", { x1: x, y1: BOTTOM, x2: x, y2: BOTTOM + 5, class: "edge" }));
    parts.push(draw("text", { x: left + width / 2, y: BOTTOM + 19, "text-anchor": "middle" }, words));
  }
  return parts;
}
