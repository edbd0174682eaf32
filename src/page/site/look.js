// The part to look in: a pad to draw a digit on, what every arm answers, and what neurons of the first layer
// look for. Networks are copied as of each evaluation, so they can be asked at any time: while training goes
// on, while it pauses, and when it is over.
//
// From ink.js, a script that the report has too: SIDE, ink and normalise.

/* global SIDE, normalise */

import { $, colour, draw, make, show } from "./dom.js";
import { nouns } from "./verdict.js";

/** Neurons in a picture, and in a row of it. */
const NEURONS = 16;
const ACROSS = 4;
const GAP = 2;
/** The keyboard's step, in parts of the pad's side. */
const STEP = 0.04;
/** How long answers must rest before they are read out, in milliseconds. */
const REST = 900;

const CLASS = { original: "c-original", retrained: "c-retrained", unlearned: "c-main faded", relearned: "c-main" };
const ORDER = ["original", "unlearned", "relearned", "retrained"];

/** Points on a part of an ellipse, in degrees from the right, downwards. */
const arc = (x, y, across, down, from, to) =>
  Array.from({ length: 25 }, (_, n) => {
    const angle = ((from + ((to - from) * n) / 24) * Math.PI) / 180;
    return [x + across * Math.cos(angle), y + down * Math.sin(angle)];
  });

/** Digits for those who would rather not draw: strokes in parts of the pad's side. */
const SAMPLES = [
  [arc(0.5, 0.5, 0.19, 0.3, 0, 360)],
  [[[0.42, 0.3], [0.52, 0.2], [0.52, 0.8]]],
  [[...arc(0.5, 0.36, 0.18, 0.16, 190, 400), [0.31, 0.8], [0.72, 0.8]]],
  [[...arc(0.47, 0.35, 0.17, 0.15, 210, 450), ...arc(0.47, 0.65, 0.2, 0.15, 270, 515)]],
  [[[0.36, 0.2], [0.3, 0.55], [0.72, 0.55]], [[0.64, 0.2], [0.62, 0.82]]],
  [[[0.7, 0.2], [0.4, 0.2], [0.37, 0.49], ...arc(0.48, 0.63, 0.2, 0.17, 240, 500)]],
  [[[0.62, 0.19], [0.46, 0.32], [0.36, 0.52], ...arc(0.51, 0.64, 0.15, 0.16, 180, 540)]],
  [[[0.3, 0.22], [0.7, 0.22], [0.46, 0.8]]],
  [[...arc(0.5, 0.35, 0.14, 0.15, 90, 450), ...arc(0.5, 0.65, 0.16, 0.15, 270, 630)]],
  [[...arc(0.49, 0.36, 0.15, 0.16, 0, 360), [0.63, 0.5], [0.58, 0.82]]],
];

function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

const largest = (numbers) => numbers.indexOf(Math.max(...numbers));
/** A softmax output, as confidence is written everywhere. */
const confidence = (share) => share.toFixed(2);

/** Copies of one population's networks, and the recordings that show them an image. */
class Lens {
  constructor(player, spec, script) {
    Object.assign(this, { player, spec, script, learners: 0 });
  }

  static async open(player, spec) {
    const script = await player.load(spec.script);
    await player.play(script, {});
    return new Lens(player, spec, script);
  }

  /** Takes the networks of a run's buffer. */
  take(script, buffer, learners, each) {
    this.learners = learners;
    this.player.copy(script, buffer, this.script, this.spec.parameters, learners * each);
  }

  /** Every learner's shares for an image of 28 × 28 bytes. */
  async answers(bytes, classes) {
    this.player.write(this.script, this.spec.image, 0, new Uint32Array(bytes.buffer));
    await this.player.run(this.script, 0, 1, {});
    const words = await this.player.read(this.script, this.spec.logits, 0, this.learners * this.spec.classes);
    const logits = new Float32Array(words.buffer, words.byteOffset, words.length);
    const row = (learner) => Array.from(logits.subarray(learner * this.spec.classes, learner * this.spec.classes + classes));
    return Array.from({ length: this.learners }, (_, learner) => softmax(row(learner)));
  }

  /** The first layer's weights from the pixels to the first neurons of a learner. */
  async weights(learner, neurons, each) {
    const { at, width } = this.spec.first_layer;
    const words = await this.player.read(this.script, this.spec.parameters, learner * each + at, neurons * width);
    return new Float32Array(words.buffer, words.byteOffset, words.length);
  }
}

/** What is on the pad. */
class Pad {
  constructor(changed) {
    this.changed = changed;
    this.strokes = [];
    this.past = [];
    this.pen = { at: [0.5, 0.5], down: false };
    this.canvas = $("pad");
    this.listen();
  }

  remember() {
    this.past.push(this.strokes.map((stroke) => stroke.slice()));
    if (this.past.length > 100) this.past.shift();
  }

  put(strokes) {
    this.remember();
    this.replace(strokes);
  }

  /** What replaces a drawing is no part of a stroke under way. */
  replace(strokes) {
    this.pen.down = false;
    this.pointer = null;
    this.strokes = strokes;
    this.changed();
  }

  begin(point) {
    this.remember();
    this.strokes.push([point]);
    this.changed();
  }

  extend(points) {
    this.strokes[this.strokes.length - 1].push(...points);
    this.changed();
  }

  /** The image that networks see, from 0 to 1; null of an empty pad. */
  image() {
    return this.strokes.length > 0 ? normalise(this.strokes) : null;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const within = (value) => Math.min(1, Math.max(0, value));
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  listen() {
    const { canvas } = this;
    this.pointer = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (this.pointer !== null || event.button !== 0) return;
      this.pointer = event.pointerId;
      canvas.setPointerCapture(event.pointerId);
      event.preventDefault();
      this.pen.down = false;
      this.begin(this.place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.pointer) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      this.extend((passed.length > 0 ? passed : [event]).map((one) => this.place(one)));
    });
    const end = (event) => event.pointerId === this.pointer && (this.pointer = null);
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => this.paint());
    $("undo").addEventListener("click", () => this.replace(this.past.pop() ?? []));
    $("clear").addEventListener("click", () => this.put([]));
    $("samples").replaceChildren(...SAMPLES.map((strokes, digit) => {
      const button = make("button", { type: "button", class: "sample", "aria-label": `Put a ${digit} on the pad` }, String(digit));
      button.addEventListener("click", () => this.put(strokes.map((stroke) => stroke.slice())));
      return button;
    }));
  }

  /** Arrows move the pen, Space puts it down or lifts it. */
  key(event) {
    const ways = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const { pen } = this;
    if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) this.begin(pen.at);
      else this.paint();
    } else if (ways[event.key]) {
      pen.at = pen.at.map((value, axis) => Math.min(1, Math.max(0, value + ways[event.key][axis])));
      if (pen.down) this.extend([pen.at]);
      else this.paint();
    } else return;
    event.preventDefault();
  }

  paint() {
    const { canvas, strokes } = this;
    const side = Math.round(canvas.clientWidth * window.devicePixelRatio);
    if (side > 0 && canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = `rgb(${colour("ink")})`;
    context.lineWidth = 0.07 * canvas.width;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(([x, y], n) => {
        // A line to its own beginning is a dot.
        if (n === 0) context.moveTo(canvas.width * x, canvas.width * y);
        context.lineTo(canvas.width * x, canvas.width * y);
      });
      context.stroke();
    }
    if (canvas.matches(":focus-visible")) this.paintPen(context);
  }

  paintPen(context) {
    const { at: [x, y], down } = this.pen;
    context.beginPath();
    context.arc(context.canvas.width * x, context.canvas.width * y, 0.03 * context.canvas.width, 0, 7);
    context.lineWidth = 2 * window.devicePixelRatio;
    context.strokeStyle = context.fillStyle = `rgb(${colour("gone")})`;
    if (down) context.fill();
    context.stroke();
  }
}

/** Paints numbers from −1 to 1 at a place of a canvas, 28 × 28 of them. */
function paint(canvas, values, above, below, x = 0, y = 0) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(SIDE, SIDE);
  values.forEach((value, pixel) => {
    picture.data.set([...(value < 0 ? below : above), 255 * Math.min(1, Math.abs(value))], 4 * pixel);
  });
  context.putImageData(picture, x, y);
}

/** The part, as the run sees it. */
class Look {
  constructor(app) {
    Object.assign(this, { app, spec: null, lenses: [], now: null, run: null, stale: false, staleNeurons: false, pumping: false, resting: 0, spoken: "" });
    this.pad = new Pad(() => this.request(false));
    for (const id of ["learner", "weights"]) $(id).addEventListener("change", () => this.request());
    show($("samples").parentElement, nouns(app.catalogue.data.classes)[0] === "digit");
    app.listeners.push(() => this.request());
    window.addEventListener("turned", () => this.request());
    window.addEventListener("resize", () => this.request());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.request());
    this.request();
  }

  visible = () => !$("look").hidden;

  /** Whether the device is checked or measured, which answers would disturb. */
  waiting = () => this.app.busy === "check" || this.app.busy === "bench";

  /** The run under way, which calls `pump` between its submissions; null when there is none. */
  attach(run) {
    if (run) this.forgotten = run.forget;
    this.run = run;
    this.request();
  }

  /** A new run begins: its networks are others. */
  forget() {
    this.now = null;
    $("cards").replaceChildren();
    $("fields").replaceChildren();
    show($("neurons"), false);
    show($("look-empty"));
  }

  /** Something changed, neurons or only what is on the pad; it is shown as soon as may be. */
  request(neurons = true) {
    this.stale = true;
    this.staleNeurons ||= neurons;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.showImage();
      show($("look-wait"), this.now !== null && this.waiting());
      if (this.run) this.run.wake();
      else this.pump().catch((error) => this.app.fault(error));
    });
  }

  showImage() {
    const image = this.pad.image();
    const ink = colour("ink");
    paint($("seen"), image ?? new Float64Array(SIDE * SIDE), ink, ink);
    this.pad.paint();
    show($("pad-hint"), image === null);
    $("undo").disabled = this.pad.past.length === 0;
    $("clear").disabled = image === null;
  }

  /** Takes the networks of an evaluation. */
  async networks(script, { live, arms, learners, phase, fresh }) {
    if (!live) return;
    const each = this.app.catalogue.network.parameters;
    this.spec ??= await this.app.tools.unpackJson(this.app.catalogue.look.file);
    const { player } = this.app;
    while (this.lenses.length < live.length) this.lenses.push(await Lens.open(player, this.spec));
    live.forEach(({ buffer, learners: held }, n) => this.lenses[n].take(script, buffer, held, each));
    const places = live.flatMap(({ learners: held }, lens) => Array.from({ length: held }, (_, learner) => [lens, learner]));
    const before = this.now;
    if (fresh) await this.keep(places.slice(0, learners), each);
    this.now = { arms, learners, phase, places, lenses: live.length };
    if (before?.arms.join() !== arms.join() || before?.learners !== learners) this.makeCards();
    for (const title of document.querySelectorAll("#cards .when")) title.textContent = ` in ${phase}`;
    this.stale = this.staleNeurons = true;
    await this.pump();
  }

  /** Keeps the first weights of the first arm's learners: those of all arms. */
  async keep(places, each) {
    const some = Math.min(NEURONS, this.spec.first_layer.neurons);
    this.initial = [];
    for (const [lens, learner] of places) this.initial.push(await this.lenses[lens].weights(learner, some, each));
  }

  /** Shows what is stale, if anyone can see it. */
  async pump() {
    if (this.pumping) return;
    this.pumping = true;
    try {
      while (this.stale && this.now && this.visible() && !this.waiting()) {
        const [now, neurons] = [this.now, this.staleNeurons];
        this.stale = this.staleNeurons = false;
        await this.ask(now);
        if (neurons) await this.showNeurons(now);
      }
    } finally {
      this.pumping = false;
    }
  }

  armsOf = ({ arms }) => ORDER.filter((arm) => arms.includes(arm));

  makeCards() {
    const { data } = this.app.catalogue;
    const learners = this.now.learners;
    const row = (name, label) => make("li", { class: this.forgotten?.includes(label) ? "row gone" : "row" },
      make("span", { class: "label" }, name), make("span", { class: "track" }, make("i")), make("span", { class: "share" }));
    const card = (arm) => make("div", { class: `step answer ${CLASS[arm]}`, role: "group", "aria-label": arm },
      make("p", { class: "name" }, make("b", {}, arm), make("span", { class: "dim when" })),
      make("p", { class: "top" }, make("b", {}, "–"), make("span", { class: "dim" })),
      make("ol", { "aria-label": "Mean softmax output by digit" }, ...data.classes.map(row)));
    $("cards").replaceChildren(...this.armsOf(this.now).map(card));
    const field = (arm) => make("figure", { class: `card field ${CLASS[arm]}` },
      make("figcaption", {}, draw("svg", { class: `key ${CLASS[arm]}`, width: 20, height: 12, "aria-hidden": "true" }, draw("rect", { x: 1, y: 1, width: 10, height: 10, rx: 2 })), make("b", {}, arm)),
      make("canvas", { width: ACROSS * (SIDE + GAP) - GAP, height: (NEURONS / ACROSS) * (SIDE + GAP) - GAP, role: "img", "aria-label": `First-layer weights of ${NEURONS} neurons, ${arm}` }));
    $("fields").replaceChildren(...this.armsOf(this.now).map(field));
    const chosen = Number($("learner").value || 0);
    $("learner").replaceChildren(...Array.from({ length: learners }, (_, n) => make("option", { value: n, selected: n === chosen }, String(n))));
    show($("look-empty"), false);
    show($("neurons"));
  }

  /** Asks all networks about the image on the pad; others may have come when they answer. */
  async ask(now) {
    const image = this.pad.image();
    const classes = this.app.catalogue.data.classes;
    const cards = [...$("cards").children];
    if (!image) {
      cards.forEach((card) => showAnswer(card, null, classes));
      this.report("");
      return;
    }
    const { places, learners, lenses } = now;
    const bytes = Uint8Array.from(image, (value) => Math.round(255 * value));
    const all = [];
    for (const lens of this.lenses.slice(0, lenses)) all.push(await lens.answers(bytes, 10));
    if (now !== this.now) return;
    const of = (arm) => {
      const first = now.arms.indexOf(arm) * learners;
      return places.slice(first, first + learners).map(([lens, learner]) => all[lens][learner]);
    };
    const said = this.armsOf(now).map((arm, number) => showAnswer(cards[number], of(arm), classes, arm));
    this.report(`The networks read: ${said.join("; ")}.`);
  }

  /** Reads the answers out once they rest. */
  report(text) {
    if (text === this.spoken) return;
    this.spoken = text;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => ($("read").textContent = text), REST);
  }

  async showNeurons(now) {
    const { places, learners, arms } = now;
    const { width, neurons } = this.spec.first_layer;
    const some = Math.min(NEURONS, neurons);
    const learner = Math.min(learners - 1, Number($("learner").value || 0));
    const first = $("weights").value === "change" ? this.initial?.[learner] : null;
    const shown = [];
    for (const arm of this.armsOf(now)) {
      const [lens, place] = places[arms.indexOf(arm) * learners + learner];
      const weights = await this.lenses[lens].weights(place, some, this.app.catalogue.network.parameters);
      shown.push(first ? weights.map((weight, n) => weight - first[n]) : weights);
    }
    if (now !== this.now) return;
    // One scale for all, on which arms can be compared; the largest few weights may exceed it.
    const sizes = shown.flatMap((weights) => Array.from(weights, Math.abs)).sort((a, b) => a - b);
    const most = Math.max(1e-6, sizes[Math.floor(0.998 * (sizes.length - 1))]);
    const [above, below] = [colour("green"), colour("purple")];
    [...$("fields").querySelectorAll("canvas")].forEach((canvas, number) => {
      for (let neuron = 0; shown[number] && neuron < some; neuron++) {
        const own = shown[number].subarray(neuron * width, neuron * width + SIDE * SIDE);
        const [x, y] = [neuron % ACROSS, Math.floor(neuron / ACROSS)].map((at) => at * (SIDE + GAP));
        paint(canvas, own.map((weight) => weight / most), above, below, x, y);
      }
    });
  }
}

/** Shows an arm's answers on its card; returns them in words. */
function showAnswer(card, shares, classes, arm) {
  const mean = classes.map((_, label) => (shares ? shares.reduce((sum, own) => sum + own[label], 0) / shares.length : 0));
  const top = shares ? largest(mean) : -1;
  const votes = shares ? shares.filter((own) => largest(own) === top).length : 0;
  card.querySelector(".top b").textContent = shares ? classes[top] : "–";
  const voted = shares && shares.length > 1 ? `, say ${votes} of ${shares.length}` : "";
  card.querySelector(".top span").textContent = shares ? ` ${confidence(mean[top])}${voted}` : "";
  card.querySelectorAll(".row").forEach((row, label) => {
    row.classList.toggle("best", label === top);
    row.querySelector("i").style.width = `${100 * mean[label]}%`;
    row.querySelector(".share").textContent = mean[label] < 0.005 ? "" : confidence(mean[label]);
  });
  return `${arm}: ${classes[top]}, ${confidence(mean[top] || 0)}`;
}

/** Makes the part; what it returns is told of networks by the run. */
export function setUp(app) {
  if (typeof normalise !== "function") throw new Error("ink.js does not load");
  return new Look(app);
}
