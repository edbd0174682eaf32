// The section of the page: events in, pictures and bars out.

/** Steps of a click on "Make it …", a frame each, and the length of each step over all pixels. */
const STEPS = 12;
const STEP = 0.12;
/** How long the answers must rest before they are read out, in milliseconds. */
const REST = 700;

const part = (id) => document.getElementById(`draw-${id}`);
const all = (name, within = part("all")) => [...within.querySelectorAll(`.draw-${name}`)];

const data = JSON.parse(part("data").textContent);
const networks = data.networks.map(decode);
const examples = data.examples.map((pixels) => Float64Array.from(bytes(pixels), (p) => p / 255));
const pad = part("pad");

/** The bar whose neurons are shown; the class is the first network's answer until someone chooses. */
const chosen = { network: 0, label: null };
/** What the networks make of the image: values by layer, and shares by class. */
let answers = [];
let image = null;
let frame = 0;
let resting = 0;
/** The push in progress: which image, and the steps left. */
let pushing = 0;
let push = null;

/** A colour of the page as [red, green, blue]. */
function colour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

/** Paints 28 × 28 numbers from −1 to 1: their size is how much there is of the colour of their sign. */
function paint(canvas, values, above, below) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(SIDE, SIDE);
  values.forEach((value, pixel) => {
    picture.data.set([...(value < 0 ? below : above), 255 * Math.min(1, Math.abs(value))], 4 * pixel);
  });
  context.putImageData(picture, 0, 0);
}

/** Paints the pad: the image below the strokes, as sharp as the screen. */
function paintPad() {
  const side = Math.round(pad.clientWidth * window.devicePixelRatio);
  if (side > 0 && pad.width !== side) pad.width = pad.height = side;
  const context = pad.getContext("2d");
  context.clearRect(0, 0, pad.width, pad.height);
  context.imageSmoothingEnabled = false;
  if (sheet.base !== null) context.drawImage(part("seen"), 0, 0, pad.width, pad.height);
  else paintStrokes(context, pad.width);
}

function paintStrokes(context, side) {
  context.strokeStyle = `rgb(${colour("ink")})`;
  context.lineWidth = 0.07 * side;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of sheet.strokes) {
    context.beginPath();
    stroke.forEach(([x, y], i) => {
      // A line to its own beginning is a dot.
      if (i === 0) context.moveTo(side * x, side * y);
      context.lineTo(side * x, side * y);
    });
    context.stroke();
  }
}

/** A softmax output, as confidence is written everywhere. */
const confidence = (share) => share.toFixed(2);

function largest(numbers, count = numbers.length) {
  let best = 0;
  for (let i = 1; i < count; i++) if (numbers[i] > numbers[best]) best = i;
  return best;
}

/** The class that a network answers. */
const answer = ({ shares }) => largest(shares, data.names.length);

function showAnswers() {
  all("card").forEach((card, number) => {
    const { shares } = answers[number] ?? {};
    const top = shares ? answer(answers[number]) : -1;
    const name = card.querySelector(".draw-top b");
    name.textContent = shares ? data.names[top] : "–";
    card.querySelector(".draw-top span").textContent = shares ? confidence(shares[top]) : "";
    all("row", card).forEach((row, label) => {
      const share = shares ? shares[label] : 0;
      row.classList.toggle("top", label === top);
      row.querySelector("i").style.width = `${100 * share}%`;
      row.lastElementChild.textContent = share < 0.005 ? "" : confidence(share);
      const gone = row.classList.contains("gone") ? " (forgotten)" : "";
      row.setAttribute("aria-label", `${networks[number].title}: ${data.names[label]}${gone}, ${confidence(share)}`);
    });
  });
}

/** Reads the answers out once they rest, but not before something happened. */
function report() {
  if (past.length === 0) return;
  clearTimeout(resting);
  resting = setTimeout(() => {
    const said = answers.map((a, number) => {
      const top = answer(a);
      return `${networks[number].title}: ${data.names[top]}, ${confidence(a.shares[top])}`;
    });
    part("status").textContent = image ? `The networks read: ${said.join("; ")}.` : "The pad is empty.";
  }, REST);
}

const signed = (number) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(2)}`;

/** The neurons that matter most for a bar, and what they add up to. */
function showNeurons() {
  const { network: number, label } = current();
  all("row").forEach((row) => row.removeAttribute("aria-current"));
  part("why").hidden = !image;
  part("wait").hidden = Boolean(image);
  if (!image) return;
  const network = networks[number];
  all("row", all("card")[number])[label].setAttribute("aria-current", "true");
  const { terms, biases, logit } = contributions(network, answers[number].values, label);
  const order = [...terms.keys()].sort((a, b) => Math.abs(terms[b]) - Math.abs(terms[a]));
  const tiles = all("neuron");
  tiles.forEach((tile, place) => {
    tile.hidden = place >= order.length;
    if (!tile.hidden) showNeuron(tile, network, order[place], terms[order[place]]);
  });
  const shown = order.slice(0, tiles.length);
  const sum = (some) => some.reduce((total, neuron) => total + terms[neuron], 0);
  const others = order.slice(tiles.length);
  part("title").textContent = `For and against ${data.names[label]}: the ${network.title} network's neurons`;
  const rest = others.length > 0 ? ` The other ${others.length}: ${signed(sum(others))}.` : "";
  part("sum").textContent =
    `These ${shown.length}: ${signed(sum(shown))}.${rest} ` +
    `Biases: ${signed(biases)}. The logit of ${data.names[label]}: ${signed(logit)}.`;
}

function showNeuron(tile, { layers }, neuron, term) {
  const canvas = tile.querySelector("canvas");
  const drawn = `${layers[0].outputs} ${chosen.network} ${neuron} ${colour("ink")}`;
  if (canvas.dataset.drawn !== drawn) {
    canvas.dataset.drawn = drawn;
    const pixels = SIDE * SIDE;
    const weights = layers[0].weights.subarray(neuron * pixels, (neuron + 1) * pixels);
    const most = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
    paint(canvas, weights.map((weight) => weight / most), colour("green"), colour("purple"));
  }
  tile.querySelector("b").textContent = signed(term);
  tile.querySelector("span").textContent = `neuron ${neuron}`;
}

/** The bar whose neurons are shown. */
function current() {
  const { network, label } = chosen;
  return { network, label: label ?? (answers[network] ? answer(answers[network]) : 0) };
}

/** Shows everything anew. */
function refresh() {
  image = seen();
  answers = networks.map((network) => {
    if (!image) return null;
    const values = forward(network, image);
    return { values, shares: softmax(values[values.length - 1]) };
  });
  if (!image) answers = [];
  paint(part("seen"), image ?? new Float64Array(SIDE * SIDE), colour("ink"), colour("ink"));
  paintPad();
  part("hint").hidden = image !== null;
  part("undo").disabled = past.length === 0;
  part("clear").disabled = image === null;
  showAnswers();
  showNeurons();
  report();
}

/** Refreshes with the next frame, once. */
function schedule() {
  if (frame === 0) {
    frame = requestAnimationFrame(() => {
      frame = 0;
      refresh();
    });
  }
}

/** Follows the gradient of the chosen network: towards the chosen class, or away from it (−1). */
function follow(direction) {
  stop();
  remember();
  put(seen() ?? new Float64Array(SIDE * SIDE));
  push = { direction, left: STEPS, label: Number(part("class").value), network: networks[part("network").value] };
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) while (push) step();
  else pushing = requestAnimationFrame(animate);
}

function animate() {
  if (!push) return;
  step();
  pushing = requestAnimationFrame(animate);
}

function step() {
  const { network, label, direction } = push;
  put(nudge(network, sheet.base, label, direction * STEP));
  push.left -= 1;
  if (push.left === 0) stop();
  schedule();
}

/** Ends a push where it is. */
function stop() {
  cancelAnimationFrame(pushing);
  push = null;
}

/** A change that is not a stroke. */
function change(act) {
  return () => {
    stop();
    act();
    schedule();
  };
}

/** Where an event is, in parts of the pad's side. */
function place(event) {
  const box = pad.getBoundingClientRect();
  const within = (value) => Math.min(1, Math.max(0, value));
  return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
}

/** Strokes by mouse, pen or finger; a second finger is ignored. */
function listenToPad() {
  let pointer = null;
  pad.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    pad.setPointerCapture(pointer);
    event.preventDefault();
    stop();
    begin(place(event));
    schedule();
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of passed.length > 0 ? passed : [event]) extend(place(one));
    schedule();
  });
  const end = (event) => {
    if (event.pointerId === pointer) pointer = null;
  };
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
}

function listenToRows() {
  all("card").forEach((card, network) => {
    const rows = all("row", card);
    rows.forEach((row, label) => {
      const choose = () => {
        Object.assign(chosen, { network, label });
        // One stop of the Tab key per network: arrows lead to the other classes.
        rows.forEach((other) => (other.tabIndex = other === row ? 0 : -1));
        showNeurons();
      };
      row.addEventListener("focus", choose);
      row.addEventListener("click", choose);
      row.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && choose());
      row.addEventListener("keydown", (event) => {
        const steps = { ArrowDown: 1, ArrowUp: -1, Home: -label, End: rows.length - 1 - label };
        if (!(event.key in steps)) return;
        event.preventDefault();
        rows[Math.min(rows.length - 1, Math.max(0, label + steps[event.key]))].focus();
      });
    });
  });
}

function listenToButtons() {
  part("undo").addEventListener("click", change(undo));
  part("clear").addEventListener("click", change(() => (remember(), put(null))));
  part("more").addEventListener("click", () => follow(1));
  part("less").addEventListener("click", () => follow(-1));
  part("class").addEventListener("change", nameButtons);
  all("example").forEach((button, number) => {
    button.addEventListener("click", change(() => (remember(), put(examples[number]))));
  });
}

/** "Make it a 5", "Make it an 8", "Make it Sandal". */
function nameButtons() {
  const name = data.names[part("class").value];
  const article = /^\d+$/.test(name) ? (name.startsWith("8") ? "an " : "a ") : "";
  part("more").textContent = `Make it ${article}${name}`;
  part("less").textContent = `Make it not ${article}${name}`;
}

function paintExamples() {
  const ink = colour("ink");
  all("example").forEach((button, number) => paint(button.firstElementChild, examples[number], ink, ink));
}

/** Pictures in the colours of the day or the night. */
function repaint() {
  paintExamples();
  schedule();
}

listenToPad();
listenToRows();
listenToButtons();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
window.addEventListener("resize", schedule);
part("off").hidden = true;
part("all").hidden = false;
nameButtons();
paintExamples();
refresh();

/** For tests. */
window.unlearnDraw = {
  networks, forward, softmax, contributions, normalise, nudge, sheet, begin, extend, put, refresh,
  image: () => image,
  answers: () => answers,
};
