// Checks the adapter: runs the cases that `unlearn check` runs natively, and judges each word of each
// result as it does (src/kernels/case.rs, expected.rs, mismatch.rs). The report is that of
// `unlearn check --json`.

import { Trouble, unpack, unpackJson } from "./player.js";

/** Words in front of what a dispatch is bound to, and behind it, that it must leave alone. */
const WINDOW = 64;
/** What outputs and guard zones hold before a run: a NaN that no arithmetic makes. */
const POISON = 0x7fc0dead;

// Words as numbers

const bits = new Uint32Array(2);
const [single, double] = [new Float32Array(bits.buffer, 0, 1), new Float64Array(bits.buffer)];

const asSingle = (word) => ((bits[0] = word), single[0]);
const asDouble = (low, high) => ((bits[0] = low), (bits[1] = high), double[0]);

/** A number as Rust's {:?} has it: the shortest text that reads back as the same f32 or f64. */
function debug(value, isSingle) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].find((n) => Math.fround(value.toPrecision(n)) === value);
  const text = isSingle && digits ? value.toExponential(digits - 1) : value.toExponential();
  const size = Math.abs(value);
  if (size >= 1e16 || size < 1e-4) return text.replace("+", "");
  const whole = Number(text);
  return Number.isInteger(whole) ? `${whole}.0` : String(whole);
}

const exponential = (value, digits) => (Number.isFinite(value) ? value.toExponential(digits).replace("+", "") : debug(value));
const finite = (value) => (Number.isFinite(value) ? value : null);

/** A word as the number that it is. */
function number(word, float) {
  return { bits: word, float, value: finite(float ? asSingle(word) : word) };
}

function inWords({ bits: word, float }) {
  return `${float ? debug(asSingle(word), true) : word} (0x${word.toString(16).padStart(8, "0")})`;
}

// What a word must be

/** Expectations of a binding's words, four words for each: kind, a, lo, hi. */
const KINDS = ["word", "near", "near_or_zero", "one_of", "between", "any"];

/** The error as a share of its bound, 0 where the word is exact, or null where it must not be there. */
function share(got, kind, a, lo, hi) {
  switch (KINDS[kind]) {
    case "word": return got === a ? 0 : null;
    case "one_of": return got === a || got === lo ? 0 : null;
    case "between": return got >= a && got <= lo ? 0 : null;
    case "any": return 0;
  }
  const value = asSingle(got);
  if (kind === 2 && value === 0) return 0;
  const [apart, bound] = [Math.abs(value - asDouble(lo, hi)), asSingle(a)];
  if (bound > 0) return apart <= bound ? apart / bound : null;
  return apart === 0 ? 0 : null;
}

/** An expectation as reports have it, and in words: what, and within which bound. */
function described([kind, a, lo, hi], float) {
  const name = KINDS[kind];
  const [value, bound] = [asDouble(lo, hi), asSingle(a)];
  switch (name) {
    case "word": return [{ word: a }, inWords(number(a, float)), "exact"];
    case "one_of": return [{ one_of: [a, lo] }, `${a} or ${lo}`, "exact"];
    case "between": return [{ between: [a, lo] }, a === lo ? String(a) : `${a} to ${lo}`, "exact"];
    case "any": return ["any", "anything", "none"];
  }
  const zero = name === "near_or_zero" ? ", or 0" : "";
  return [{ [name]: { value: finite(value), bound: finite(bound) } }, debug(value) + zero, exponential(bound, 3)];
}

// What is wrong

/** A mismatch as reports have it: the cause, and the same as a sentence. */
const mismatch = (cause, place, got, expected, bound) => ({ ...cause, text: `${place} is ${got}, not ${expected} (bound: ${bound})` });

const noResult = (error) => mismatch({ kind: "no_result", error }, "the device", error, "a result", "none");

/** The place of a word of a binding, counted from the start of its first guard zone. */
const placeOf = ({ name, words }, at) => ({ buffer: name, index: at - WINDOW, words });

function placeInWords({ buffer, index, words }) {
  if (index < 0) return `${-index} words before ${buffer}`;
  return index < words ? `${buffer}[${index}]` : `${index - words + 1} words past the end of ${buffer}`;
}

function wrongValue(binding, at, word, expectation) {
  const bounded = (expectation[0] === 1 || expectation[0] === 2) && asSingle(expectation[1]) > 0;
  const float = binding.float || bounded;
  const [place, got] = [placeOf(binding, WINDOW + at), number(word, float)];
  const [expected, ...texts] = described(expectation, float);
  const never = word === POISON ? ", never written" : "";
  return mismatch({ kind: "wrong_value", place, got, expected }, placeInWords(place), inWords(got) + never, ...texts);
}

function guardZone(binding, at, word) {
  const [place, got] = [placeOf(binding, at), number(word, binding.float)];
  return mismatch({ kind: "guard_zone", place, got }, placeInWords(place), inWords(got), "an untouched guard zone", "exact");
}

/** The first place where two runs differ. */
function differs(bindings, before, again) {
  for (const [n, binding] of bindings.entries()) {
    const at = again[n].findIndex((word, i) => word !== before[n][i]);
    if (at < 0) continue;
    const [place, got, first] = [placeOf(binding, at), number(again[n][at], binding.float), number(before[n][at], binding.float)];
    const texts = [`the first run's ${inWords(first)}`, "the same bits in every run"];
    return mismatch({ kind: "not_repeated", place, got, first }, placeInWords(place), inWords(got), ...texts);
  }
  return null;
}

/** Judges the words of a binding with its guard zones: {wrong: mismatch}, or {worst: share or null}. */
function judged(binding, got, contents) {
  const { words, at: start, guard, expected } = binding;
  const touched = got.findIndex((word, at) => (at < WINDOW || at >= WINDOW + words) && word !== guard);
  if (touched >= 0) return { wrong: guardZone(binding, touched, got[touched]) };
  let worst = null;
  for (let i = 0; i < words; i++) {
    const word = got[WINDOW + i];
    if (!expected || expected.exact) {
      const right = contents[(expected ?? binding).at + i];
      if (word !== right) return { wrong: wrongValue(binding, i, word, [0, right, 0, 0]) };
      continue;
    }
    const from = expected.at + 4 * i;
    const [kind, a] = [contents[from], contents[from + 1]];
    const error = share(word, kind, a, contents[from + 2], contents[from + 3]);
    if (error === null) return { wrong: wrongValue(binding, i, word, contents.slice(from, from + 4)) };
    if ((kind === 1 || kind === 2) && asSingle(a) > 0) worst = Math.max(worst ?? 0, error);
  }
  return { worst };
}

// Cases

/** All buffers of a case, with their guard zones, after each run. */
async function runs(player, contents, { kernel, params, extent, bindings, repeats }) {
  const guarded = bindings.map(({ words, at, guard }) => {
    const all = new Uint32Array(words + 2 * WINDOW).fill(guard);
    all.set(contents.subarray(at, at + words), WINDOW);
    return all;
  });
  const dispatch = { dispatch: kernel, params, extent, buffers: bindings.map((_, id) => [id, WINDOW]) };
  const buffers = bindings.map(({ name, words }) => ({ words: words + 2 * WINDOW, label: name }));
  const script = await player.load({ buffers, recordings: [[dispatch]] });
  try {
    await player.allocate(script);
    const results = [];
    for (let n = 0; n < repeats; n++) {
      guarded.forEach((words, id) => player.write(script, id, 0, words));
      await player.run(script, 0, 1);
      results.push(await Promise.all(guarded.map((_, id) => player.read(script, id))));
    }
    return results;
  } finally {
    player.free(script);
  }
}

/** Runs a case and judges it: {wrong} or {worst}. */
async function judge(player, contents, one) {
  const [first, ...others] = await runs(player, contents, one);
  const wrong = others.map((run) => differs(one.bindings, first, run)).find(Boolean);
  if (wrong) return { wrong };
  const verdicts = one.bindings.map((binding, n) => judged(binding, first[n], contents));
  const shares = verdicts.map(({ worst }) => worst ?? null).filter((worst) => worst !== null);
  return { wrong: verdicts.find((verdict) => verdict.wrong)?.wrong, worst: shares.length ? Math.max(...shares) : null };
}

const newRow = (kernel, variant, exact) => ({ kernel, variant, cases: 0, skipped: 0, worst: null, exact, seconds: 0, failure: null });

const work = (shape) => shape.split("x").reduce((product, n) => product * Number(n), 1);

/** Notes a failure in a row, where none of a smaller case is there. */
function fail(row, { shape, fill, seed }, mismatch) {
  row.exact = false;
  if (row.failure && work(row.failure.shape) <= work(shape)) return;
  const command = `unlearn check --kernel ${row.kernel} --variant ${row.variant} --shape ${shape} --fill ${fill} --seed ${seed}`;
  row.failure = { shape, fill, seed, mismatch, command };
}

/** Runs a case in the variant of a row; says why nothing can run from then on, where that is so. */
async function checkCase(player, contents, one, row) {
  const start = performance.now();
  try {
    player.choose(one.kernel, row.variant);
    const { wrong, worst } = await judge(player, contents, one);
    row.cases += 1;
    row.exact &&= worst === null;
    if (wrong) fail(row, one, wrong);
    // A subnormal that a device flushes to zero is off by all that it may be off.
    else if (worst !== null && one.fill !== "tiny") row.worst = Math.max(row.worst ?? 0, worst);
  } catch (e) {
    if (!(e instanceof Trouble)) throw e;
    if (e.kind === "memory") row.skipped += 1;
    else row.cases += 1, fail(row, one, noResult(e.message));
    if (e.kind !== "memory" && e.kind !== "shader") return e.message;
  } finally {
    row.seconds += (performance.now() - start) / 1000;
  }
  return null;
}

// Whole steps

/** How far a training is from the exact one at each moment: {apart, lossApart}, infinite where no number is. */
function distances({ learners, parameters, moments }, contents, states, clocks) {
  const exact = (at) => asDouble(contents[at], contents[at + 1]);
  const larger = (worst, apart) => Math.max(worst, Number.isNaN(apart) ? Infinity : apart);
  return moments.map(({ stretches, moved, weights, losses }, n) => {
    let [apart, lossApart] = [0, 0];
    const state = new Float32Array(states[n + 1].buffer);
    for (let i = 0; i < learners * parameters; i++) {
      apart = larger(apart, Math.abs(state[i] - exact(weights + 2 * i)) / moved[Math.floor(i / parameters)]);
    }
    for (const [place, steps] of stretches.entries()) {
      const sums = new Float32Array(clocks.shift().buffer);
      for (let k = 0; k < learners; k++) {
        lossApart = larger(lossApart, Math.abs(sums[4 * k + 2] / steps - exact(losses + 2 * (k * stretches.length + place))));
      }
    }
    return { apart, lossApart };
  });
}

function trainingMismatch({ steps, tolerance, loss_tolerance }, { apart, lossApart }) {
  const [kind, unit, far, most] = lossApart > loss_tolerance ? ["losses", "nats", lossApart, loss_tolerance] : ["weights", "of their way", apart, tolerance];
  const texts = [`the ${kind} after ${steps} steps`, `${exponential(far, 1)} ${unit} apart`, "what f64 loops reach", exponential(most, 1)];
  return mismatch({ kind, steps, apart: finite(far), tolerance: most }, ...texts);
}

/** A row for each moment of a training; says why nothing can run from then on, where that is so. */
async function checkTraining(player, contents, task, rows) {
  const start = performance.now();
  const read = { parameters: [], clocks: [] };
  let script, troubled;
  const failure = (mismatch) => ({ shape: null, fill: null, seed: 1, mismatch, command: "unlearn check --kernel training" });
  try {
    script = await player.load(task.script);
    await player.play(script, { read: (as, words) => void read[as].push(words) });
    const found = distances(task, contents, read.parameters, read.clocks);
    for (const [n, moment] of task.moments.entries()) {
      const worst = Math.max(found[n].apart / moment.tolerance, found[n].lossApart / moment.loss_tolerance);
      rows[n].worst = finite(worst);
      if (!(worst <= 1)) rows[n].failure = failure(trainingMismatch(moment, found[n]));
    }
  } catch (e) {
    if (!(e instanceof Trouble)) throw e;
    troubled = e;
    for (const row of rows) row.failure = failure(noResult(e.message));
  } finally {
    if (script) player.free(script);
  }
  for (const row of rows) (row.cases = 1), (row.seconds = (performance.now() - start) / 1000 / rows.length);
  return troubled && troubled.kind !== "memory" && troubled.kind !== "shader" ? troubled.message : null;
}

// The check

/**
 * Checks the player's adapter. Hooks, each of which may be left out: `progress(done, total)` counts runs of
 * cases; `row(row)` gets the row of a variant once it is through.
 * @returns {Promise<object>} the report of `unlearn check --json`; a device that fails is said there.
 */
export async function check(player, catalogue, hooks = {}) {
  const start = performance.now();
  const plan = await unpackJson("check.json.gz");
  const contents = new Uint32Array(await unpack("check.bin.gz"));
  const kernels = Map.groupBy ? Map.groupBy(plan.cases, (one) => one.kernel) : grouped(plan.cases);
  const total = plan.training.length + [...kernels].reduce((sum, [kernel, cases]) => sum + cases.length * player.variants(kernel).length, 0);
  const rows = [];
  let [done, stopped] = [0, null];
  const advance = async () => hooks.progress?.(++done, total);
  for (const [kernel, cases] of kernels) {
    for (const variant of player.variants(kernel)) {
      const row = newRow(kernel, variant, true);
      for (const one of cases) {
        const refused = row.failure?.mismatch.kind === "no_result";
        if (!stopped && !refused) stopped = await checkCase(player, contents, { seed: plan.seed, ...one }, row);
        await advance();
      }
      rows.push(row);
      await hooks.row?.(row);
    }
    player.choose(kernel, null);
  }
  for (const task of plan.training) {
    const own = task.moments.map(({ steps }) => newRow("training", `${steps} step${steps === 1 ? "" : "s"}`, false));
    if (!stopped) stopped = await checkTraining(player, contents, task, own);
    for (const row of own) rows.push(row), await hooks.row?.(row);
    await advance();
  }
  const { os, arch, record } = player.opened;
  const passed = !stopped && rows.every((row) => !row.failure && row.cases > 0);
  const devices = [{ spec: "browser", device: record, stopped, rows }];
  return { version: catalogue.version, os, arch, seed: plan.seed, passed, seconds: (performance.now() - start) / 1000, devices };
}

/** Cases by kernel, for browsers without Map.groupBy. */
function grouped(cases) {
  const kernels = new Map();
  for (const one of cases) kernels.set(one.kernel, [...(kernels.get(one.kernel) ?? []), one]);
  return kernels;
}
