// Measures the adapter: what it can do at the most, and what whole training steps take, as
// `unlearn bench` does natively (src/bench/ceilings.rs, steps.rs, src/device/timing.rs), but all by the
// wall clock: browsers blur the device's own. The report is that of `unlearn bench --json`.

import { Trouble, unpackJson } from "./player.js";

/** Milliseconds that a round of repetitions lasts at the least. */
const ROUND = 100;
/** Rounds of a measurement. */
const ROUNDS = 5;
/** Repetitions in a round at the most, whatever the clock says. */
const MOST = 1 << 20;
/** Milliseconds that a population may take; what would take longer is left out. */
const ALLOWED = 20_000;

/** Threads of `fma_rate` at the most: several times as many as any GPU holds at a time. */
const THREADS = 1 << 20;
/** Numbers that a thread of `fma_rate` keeps; each round is four multiply-adds of each. */
const CHAINS = 32;
/** Words of each buffer that is copied: two of them are larger than any cache. Phones have little memory, and small caches. */
const WORDS = { desk: 1 << 25, phone: 1 << 22 };
const LEAST_WORDS = 1 << 16;
/** Dispatches in a row, of which the cost of one is taken. */
const DISPATCHES = 64;

// Time

/** Milliseconds of so many repetitions of a recording, until the last one is done. */
async function time(player, script, recording, times) {
  await player.idle();
  const start = performance.now();
  await player.run(script, recording, times);
  await player.idle();
  return performance.now() - start;
}

/**
 * Seconds of a repetition, from rounds that last long enough for the wall clock. The first ones warm up,
 * and find how many repetitions that takes.
 * @returns {Promise<{median: number, low: number, high: number}>} low and high are the quartiles
 */
async function measure(player, script, recording, rounds = ROUNDS) {
  let [times, lasted] = [1, await time(player, script, recording, 1)];
  while (lasted < ROUND && times < MOST) {
    times = Math.ceil(times * Math.min(16, Math.max(2, (1.2 * ROUND) / lasted)));
    lasted = await time(player, script, recording, times);
  }
  const samples = [];
  for (let n = 0; n < rounds; n++) samples.push((await time(player, script, recording, times)) / 1000 / times);
  samples.sort((a, b) => a - b);
  const quartile = (n) => samples[Math.floor(((rounds - 1) * n) / 4)];
  return { median: quartile(2), low: quartile(1), high: quartile(3) };
}

// Ceilings

/** A dispatch of a probe; its parameters are threads, rounds, and the factor and the term of a multiply-add. */
function probe(kernel, threads, buffers, rounds = 0) {
  const words = new Uint32Array([threads, rounds, 0, 0]);
  new Float32Array(words.buffer).set([0.999, 0.001], 2);
  const params = btoa(String.fromCharCode(...new Uint8Array(words.buffer)));
  return { dispatch: kernel, params, extent: [threads, 1, 1], buffers: buffers.map((id) => [id, 0]) };
}

/** Does something with a script of these buffers and recordings while the device holds it. */
async function holding(player, words, recordings, use) {
  const buffers = words.map((n) => ({ words: n, label: "a probe" }));
  const script = await player.load({ buffers, recordings });
  try {
    await player.allocate(script);
    return await use(script);
  } finally {
    player.free(script);
  }
}

/** 10⁹ f32 operations a second, by the first of larger and larger probes that lasts. */
async function arithmetic(player) {
  let [threads, rounds] = [THREADS / 64, 256];
  for (;;) {
    const recordings = [[probe("fma_rate", threads, [0], rounds)]];
    const seconds = await holding(player, [threads], recordings, async (script) => {
      await time(player, script, 0, 1);
      const once = (await time(player, script, 0, 4)) / 4;
      const enough = once > 5 || rounds > 1 << 16;
      return enough ? (await measure(player, script, 0)).low : null;
    });
    if (seconds) return (1e-9 * 2 * 4 * CHAINS * threads * rounds) / seconds;
    if (threads < THREADS) threads *= 4;
    else rounds *= 4;
  }
}

/** 10⁹ bytes a second, read and written, by a kernel or by the device's own copy, whichever is faster. */
async function bandwidth(player) {
  const { limits, mobile } = player.opened;
  let words = Math.min(mobile ? WORDS.phone : WORDS.desk, Math.floor(limits.maxStorageBufferBindingSize / 16) * 4, Math.floor(limits.maxBufferSize / 16) * 4);
  const contents = Uint32Array.from({ length: LEAST_WORDS }, (_, n) => n * 2654435761);
  for (;;) {
    const recordings = [[probe("copy_words", words / 4, [0, 1])], [{ copy: [0, 0, 1, 0, words] }]];
    try {
      const seconds = await holding(player, [words, words], recordings, async (script) => {
        for (let at = 0; at + LEAST_WORDS <= words; at += LEAST_WORDS) player.write(script, 0, at, contents);
        return Math.min((await measure(player, script, 0)).low, (await measure(player, script, 1)).low);
      });
      return (1e-9 * 8 * words) / seconds;
    } catch (e) {
      if (e.kind !== "memory" || words <= LEAST_WORDS) throw e;
      words /= 2;
    }
  }
}

/** Microseconds of one of many dispatches in a row. */
async function launch(player, kernel, buffers) {
  const recording = Array.from({ length: DISPATCHES }, () => probe(kernel, 64, buffers));
  const measured = await holding(player, buffers.map(() => 64), [recording], (script) => measure(player, script, 0));
  return (1e6 * measured.low) / DISPATCHES;
}

// Whole steps

/** The kernels of a step, each timed alone on the step's own buffers, and what they leave of it. */
async function parts(player, script, recording, steps, whole) {
  const dispatches = script.recordings[recording].filter((command) => command.dispatch);
  const found = [];
  for (const kernel of new Set(dispatches.map(({ dispatch }) => dispatch))) {
    const number = script.recordings.push(dispatches.filter(({ dispatch }) => dispatch === kernel)) - 1;
    found.push({ kernel, seconds: (await measure(player, script, number, 1)).median / steps });
  }
  const other = whole - found.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...found, { kernel: "other", seconds: other }].map(({ kernel, seconds }) => ({ kernel, us: 1e6 * seconds, share: seconds / whole }));
}

/** Why repetitions of so many milliseconds are left out, where they are: a first one, the rounds, and two of all parts. */
function tooLong(repetition) {
  const needed = (ROUNDS + 3) * repetition;
  const seconds = (milliseconds) => `${Math.round(milliseconds / 1000)} s`;
  return needed > ALLOWED ? `it would take about ${seconds(needed)}, and ${seconds(ALLOWED)} are allowed` : null;
}

/** A row of so many learners' steps, or why they are left out; `last` is the row before. */
async function step(player, { learners, batch, train, flops, script: json, recording, steps }, last, variants) {
  const guess = last ? (1e-3 * last.us_per_step * steps * learners) / last.learners : 0;
  // More learners keep more of a device busy: only a guess that is far off the limit is believed.
  if (tooLong(guess / 8)) return { why: tooLong(guess) };
  const script = await player.load(json);
  try {
    await player.play(script);
    await time(player, script, recording, 1);
    const why = tooLong(await time(player, script, recording, 1));
    if (why) return { why };
    const { median, low, high } = await measure(player, script, recording);
    const [wall, us_low, us_high] = [median, low, high].map((seconds) => seconds / steps);
    for (const command of script.recordings[recording].filter((c) => c.dispatch)) {
      const { name } = player.variant(script, command);
      if (name !== "plain") variants[command.dispatch] = name;
    }
    const row = { learners, batch, us_per_step: 1e6 * wall, us_low: 1e6 * us_low, us_high: 1e6 * us_high, device_us_per_step: null };
    const rates = { seconds_per_learner_epoch: (wall * train) / batch / learners, gflops: (1e-9 * flops) / wall };
    return { row: { ...row, ...rates, parts: await parts(player, script, recording, steps, wall) } };
  } finally {
    player.free(script);
  }
}

// The benchmark

/**
 * Measures the player's adapter. Hooks, each of which may be left out: `progress(done, total)`;
 * `ceilings(ceilings)`; `step(row)`; `leftOut(text)`.
 * @returns {Promise<object>} the report of `unlearn bench --json`; a device that fails on the way is said there.
 */
export async function bench(player, catalogue, hooks = {}) {
  const plan = await unpackJson("bench.json.gz");
  const { os, arch, record } = player.opened;
  const report = {
    version: catalogue.version, os, arch, cpu: "", seed: plan.seed, spec: "browser", device: record,
    timing: "wall clock: browsers blur timestamp queries", variants: {}, start_up: null, ceilings: null,
    kernels: [], steps: [], left_out: [], stopped: null,
  };
  const total = 4 + plan.steps.length;
  let done = 0;
  const advance = async (value) => (await hooks.progress?.(++done, total), value);
  try {
    report.ceilings = {
      gflops: await advance(await arithmetic(player)),
      gbs: await advance(await bandwidth(player)),
      empty_dispatch_us: await advance(await launch(player, "empty_dispatch", [])),
      dependent_dispatch_us: await advance(await launch(player, "dependent_dispatch", [0])),
    };
    await hooks.ceilings?.(report.ceilings);
    for (const population of [...plan.steps].sort((a, b) => a.learners - b.learners)) {
      const { row, why } = await step(player, population, report.steps.at(-1), report.variants).catch((e) => {
        if (e.kind !== "memory") throw e;
        return { why: e.message };
      });
      if (row) report.steps.push(row), await hooks.step?.(row);
      const text = `steps of ${population.learners} learners: ${why}`;
      if (!row) report.left_out.push(text), await hooks.leftOut?.(text);
      await advance();
    }
  } catch (e) {
    if (!(e instanceof Trouble)) throw e;
    report.stopped = e.message;
  }
  return report;
}
