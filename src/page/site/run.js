// The part to run in: choices, progress, curves, and what the run shows in the end.

import { PLAIN } from "./methods.js";
import { $, count, draw, duration, left, make, megabytes, show } from "./dom.js";
import { Curves } from "./curves.js";
import { answer, figuresOf, fixed, scoreOf, verdict, words } from "./verdict.js";

const COUNTS = 120;
const CLOCK = 4;
/** How long a whole run is made to last, at least, for those who want to watch. */
const SLOW = 90000;
/** The most repetitions between two pauses when it is slow. */
const SLOW_MOST = 8;
/** Work of a dispatch beyond its threads, in threads. */
const LAUNCH = 4000;

const NAMES = { learn: "Learn", unlearn: "Unlearn", relearn: "Relearn" };
const CLASS = { original: "c-original", retrained: "c-retrained", unlearned: "c-main faded", relearned: "c-main" };
/** Before, after, again; and never. */
const STAGES = [
  ["learn", "original", "after learn"],
  ["unlearn", "unlearned", "after unlearn"],
  ["relearn", "relearned", "after relearn"],
  ["learn", "retrained", "after learn without it"],
];
const LEGEND = [
  ["unlearned", "unlearned, then relearned"],
  ["original", "original (never unlearned)"],
  ["retrained", "retrained (never saw it until relearn)"],
];

/** Thrown to end a run that someone stopped. */
class Stopped extends Error {}

/** What a script has before it: its phases, and the work of each `run` in order. */
export function plan(script) {
  const phases = [];
  const runs = [];
  const weights = script.recordings.map((commands) =>
    commands.reduce((sum, { extent }) => sum + LAUNCH + (extent ? extent.reduce((a, b) => a * b, 1) : 0), 0));
  for (const op of script.ops) {
    if (op.do === "note" && op.phase) phases.push({ name: op.phase, steps: op.steps, arms: op.arms, learners: op.learners, work: 0 });
    if (op.do !== "run") continue;
    const phase = Math.max(0, phases.length - 1);
    runs.push({ phase, left: op.times, weight: weights[op.recording] });
  }
  for (const run of runs) if (phases[run.phase]) phases[run.phase].work += run.left * run.weight;
  return { phases, runs, work: phases.reduce((sum, { work }) => sum + work, 0) };
}

/** Shares of the work that is done, by phase and altogether, as repetitions go out in order. */
class Meter {
  constructor({ phases, runs, work }) {
    this.runs = runs.map((run) => ({ ...run }));
    this.phases = phases.map(({ work: all }) => ({ all, done: 0 }));
    this.all = work;
    this.done = 0;
  }

  /** So many repetitions more; returns their share of all work. */
  advance(times) {
    const before = this.done;
    while (times > 0 && this.runs.length > 0) {
      const run = this.runs[0];
      const now = Math.min(times, run.left);
      this.phases[run.phase].done += now * run.weight;
      this.done += now * run.weight;
      run.left -= now;
      times -= now;
      if (run.left === 0) this.runs.shift();
    }
    return this.all > 0 ? (this.done - before) / this.all : 0;
  }

  share = () => (this.all > 0 ? this.done / this.all : 0);
  ofPhase = (number) => (this.phases[number].all > 0 ? this.phases[number].done / this.phases[number].all : 0);
}

/** A clock that stops for pauses. */
class Watch {
  #sum = 0;
  #since = performance.now();
  seconds = () => (this.#sum + (this.#since === null ? 0 : performance.now() - this.#since)) / 1000;
  pause() {
    this.#sum = 1000 * this.seconds();
    this.#since = null;
  }
  resume() {
    this.#since = performance.now();
  }
}

/** A run under way: what the page does with what the player tells. */
class Run {
  constructor(app, { look, charts }, choice, script) {
    Object.assign(this, { app, look, charts, choice, script, paused: false, stopped: false, due: 0 });
    this.classes = app.catalogue.data.classes;
    this.forget = [choice.forget];
    this.plan = plan(script);
    this.meter = new Meter(this.plan);
    this.phase = -1;
    this.outcomes = [];
    this.pending = { counts: [], clocks: [] };
    this.wakers = [];
  }

  /** The player's hooks. */
  hooks() {
    return {
      gate: () => this.gate(),
      progress: (times) => this.progress(times),
      read: (as, data) => this.pending[as]?.push(data),
      note: (note) => this.note(note),
    };
  }

  wake() {
    this.wakers.splice(0).forEach((wake) => wake());
  }

  /** Waits while the run is paused or ahead of its time; looks are taken meanwhile. */
  async gate() {
    for (;;) {
      if (this.stopped) throw new Stopped();
      await this.look.pump();
      const wait = this.paused ? 1e9 : this.due - performance.now();
      if (this.stopped) continue;
      if (wait <= 0) return this.slow() ? SLOW_MOST : 0;
      await new Promise((resolve) => {
        this.wakers.push(resolve);
        if (wait < 1e9) setTimeout(resolve, wait);
      });
    }
  }

  slow = () => document.querySelector('[name="speed"]:checked')?.value === "slow";

  progress(times) {
    const share = this.meter.advance(times);
    if (this.slow()) this.due = Math.max(this.due, performance.now()) + share * SLOW;
    this.showProgress();
  }

  showProgress() {
    this.plan.phases.forEach((_, number) => setPhase(number, this.meter.ofPhase(number), number === this.phase));
    const [done, seconds] = [this.meter.share(), this.watch.seconds()];
    $("nav-progress").textContent = ` ${Math.floor(100 * done)} %`;
    const rest = done > 0.02 && seconds > 1 ? left((seconds * (1 - done)) / done) : "";
    $("left").textContent = this.paused ? "paused" : rest;
  }

  async note(note) {
    if (note.phase) return this.begin(note);
    if (note.evaluated) return this.evaluated(note);
    if (note.end) return this.end(note.end);
    return undefined;
  }

  begin({ phase, arms, from, learners }) {
    this.phase += 1;
    this.arms = arms;
    this.from = from;
    this.learners = learners;
    const text = { learn: "Learning begins.", unlearn: "Unlearning begins.", relearn: "Relearning begins." };
    $("said").textContent = text[phase] ?? "";
    this.showProgress();
  }

  async evaluated({ evaluated, live }) {
    const words = this.pending.counts.flatMap((one) => Array.from(one));
    const clocks = this.pending.clocks;
    this.pending = { counts: [], clocks: [] };
    this.checkClocks(clocks, evaluated);
    const scores = [];
    for (let at = 0; at + COUNTS <= words.length; at += COUNTS) scores.push(scoreOf(words.slice(at, at + COUNTS)));
    const before = (n) => this.outcomes.findLast(({ arm }) => arm === this.from[n]).scores;
    const own = (n) => (scores.length > 0 ? scores.slice(n * this.learners, (n + 1) * this.learners) : before(n));
    this.scores = Object.fromEntries(this.arms.map((arm, n) => [arm, own(n)]));
    const figures = Object.fromEntries(this.arms.map((arm) => [arm, figuresOf(this.scores[arm], this.forget)]));
    const { phase, step, epoch } = evaluated;
    this.charts.forEach((chart) => chart.add({ phase, step, epoch, figures }));
    showLegend(figures);
    await this.look.networks(this.script, { live, arms: this.arms, learners: this.learners, phase, fresh: phase === "learn" && step === 0 });
  }

  /** A loss that became infinite or no number is the end. */
  checkClocks(clocks, { phase }) {
    for (const all of clocks) {
      for (let at = 0; at + CLOCK <= all.length; at += CLOCK) {
        if (all[at + 1] === 0) continue;
        const { Trouble } = this.app.tools;
        throw new Trouble("device", `The ${phase} phase diverged at step ${all[at + 1]}`, "a network's loss became infinite or no number", "Start again; if it happens again, check this device in the Check part, and choose another method");
      }
    }
  }

  end(phase) {
    for (const arm of this.arms) {
      const scores = this.scores[arm];
      this.outcomes.push({ phase, arm, figures: figuresOf(scores, this.forget), scores });
    }
    showStory(this.outcomes, words(this.classes, this.forget));
  }

  /** The answer in a few words, and the sentences of the verdict, as far as the run got. */
  findings() {
    const { epochs, statistics } = this.app.catalogue;
    const settings = { forget: this.forget, unlearn_epochs: epochs.unlearn, relearn_epochs: epochs.relearn, statistics };
    const all = [settings, this.classes, this.outcomes];
    return { headline: answer(...all), sentences: verdict(...all) };
  }

  /** What was run where, for those who see no more than the result. */
  summary(whole) {
    const { forget, method, learners } = this.choice;
    const parts = [
      `Forgetting ${words(this.classes, [forget])} by ${method}`,
      learners === 1 ? "1 learner in each arm" : `${learners} learners in each arm`,
      this.app.opened.record.name,
      `${whole ? "done" : "stopped"} after ${duration(this.watch.seconds())}`,
    ];
    return parts.join(" · ");
  }

  /** Plays the script to its end, or until someone stops it. */
  async play() {
    this.watch = new Watch();
    try {
      await this.app.player.play(this.script, this.hooks());
      this.phase = this.plan.phases.length;
      this.showProgress();
      return true;
    } catch (error) {
      if (error instanceof Stopped) return false;
      throw error;
    }
  }

  pause(paused) {
    this.paused = paused;
    if (paused) this.watch.pause();
    else this.watch.resume();
    this.due = 0;
    this.showProgress();
    this.wake();
  }

  stop() {
    this.stopped = true;
    this.wake();
  }
}

// What is shown

const percent = (spread, decimals = 1) => `${fixed(100 * spread.mean, decimals)}${spread.learners.length > 1 && Number.isFinite(spread.std) ? ` ± ${fixed(100 * spread.std, decimals)}` : ""} %`;

/** A text like "8.3 ± 3.1 %", with what follows the mean stepping back. */
function parted(text) {
  const at = text.search(/ [±%]/);
  return at < 0 ? [text] : [text.slice(0, at), make("span", { class: text.includes("±") ? "pm" : "unit" }, text.slice(at))];
}

function showPhases({ phases }) {
  $("phases").replaceChildren(...phases.map(({ name, steps }) =>
    make("li", {}, make("p", {}, make("b", {}, NAMES[name] ?? name), make("span", { class: "dim" }, ` ${count(steps)} steps`)),
      make("progress", { max: 1, value: 0, "aria-label": `${NAMES[name] ?? name}: progress` }))));
}

function setPhase(number, share, now) {
  const item = $("phases").children[number];
  if (!item) return;
  item.querySelector("progress").value = share;
  item.classList.toggle("now", now);
  if (now) item.setAttribute("aria-current", "step");
  else item.removeAttribute("aria-current");
}

function key(arm) {
  return draw("svg", { class: `key stroke c-${arm}`, width: 34, height: 12, "aria-hidden": "true" }, draw("line", { class: `line c-${arm}`, x1: 0, x2: 26, y1: 6, y2: 6 }));
}

/** What lines are, and where each of them is now. */
function showLegend(figures = {}) {
  $("legend").replaceChildren(...LEGEND.map(([arm, text]) => {
    const own = figures[arm] ?? (arm === "unlearned" ? figures.relearned : undefined);
    const now = own ? `${fixed(100 * own.forget_accuracy.mean, 0)} % and ${fixed(100 * own.retain_accuracy.mean, 0)} %` : "";
    return make("li", {}, key(arm), text, make("span", { class: "dim" }, now));
  }));
}

function showStory(outcomes, what) {
  $("story-caption").textContent = `Accuracy on ${what}`;
  show($("story-caption"));
  const cards = STAGES.flatMap(([phase, arm, when]) => {
    const outcome = outcomes.find((one) => one.phase === phase && one.arm === arm);
    if (!outcome) return [];
    const text = percent(outcome.figures.forget_accuracy);
    return [make("div", { class: `step ${CLASS[arm]}` }, make("p", { class: "name" }, make("b", {}, arm), make("span", { class: "dim" }, ` ${when}`)), make("p", { class: "figure" }, ...parted(text)))];
  });
  $("story").replaceChildren(...cards);
}

function showSheet(outcomes) {
  const head = ["arm", "test accuracy", "forget accuracy", "retain accuracy", "forget confidence"];
  const rows = [];
  let phase = null;
  for (const outcome of ordered(outcomes)) {
    if (outcome.phase !== phase) rows.push(make("tr", { class: "phase" }, make("th", { colspan: 5, scope: "rowgroup" }, `after ${outcome.phase}`)));
    phase = outcome.phase;
    const { test_accuracy, forget_accuracy, retain_accuracy, forget_confidence: sure } = outcome.figures;
    const confidence = fixed(sure.mean, 2) + (sure.learners.length > 1 ? ` ± ${fixed(sure.std, 2)}` : "");
    const cells = [percent(test_accuracy), percent(forget_accuracy), percent(retain_accuracy), confidence];
    const square = draw("svg", { class: `key ${CLASS[outcome.arm]}`, width: 20, height: 12, "aria-hidden": "true" }, draw("rect", { x: 1, y: 1, width: 10, height: 10, rx: 2 }));
    const main = outcome.arm === "unlearned" || outcome.arm === "relearned";
    rows.push(make("tr", { class: main ? "main" : null }, make("th", { scope: "row" }, square, outcome.arm), ...cells.map((text) => make("td", {}, ...parted(text)))));
  }
  const heads = head.map((text) => make("th", { scope: "col" }, text));
  $("sheet").replaceChildren(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  show($("results"), outcomes.length > 0);
}

/** By phase, and in the order of tables. */
function ordered(outcomes) {
  const arms = ["original", "retrained", "unlearned", "relearned"];
  const phases = Object.keys(NAMES);
  const place = ({ phase, arm }) => 10 * phases.indexOf(phase) + arms.indexOf(arm);
  return [...outcomes].sort((a, b) => place(a) - place(b));
}

/** The result in words, in place of the controls of the run that is over. */
function showVerdict(run, whole) {
  const { headline, sentences } = run.findings();
  const title = headline ?? (whole ? "Nothing was unlearned." : "Stopped before there was an answer.");
  $("verdict").replaceChildren(
    make("h2", { class: "headline" }, title), make("p", { class: "small dim" }, run.summary(whole)),
    ...sentences.map((text) => make("p", {}, text)));
  const held = $("controls").contains(document.activeElement);
  for (const id of ["controls", "phases"]) show($(id), false);
  show($("verdict"));
  if (held) $("verdict").focus();
  $("said").textContent = `The run is ${whole ? "done" : "stopped"}. ${title}`;
}

// Choices

const chosen = (name) => document.querySelector(`[name="${name}"]:checked`)?.value;

function radios(place, name, values, now) {
  const radio = ([value, text]) => make("label", {}, make("input", { type: "radio", name, value, checked: value === now }), make("span", {}, text));
  place.replaceChildren(...values.map(radio));
}

function offer({ data, methods, learners, default: first }) {
  const classes = data.classes.map((name, label) => [label, name]);
  radios($("digits"), "forget", classes, first.forget);
  radios($("learners"), "learners", learners.map((one) => [one, String(one)]), first.learners);
  const text = (name) => (PLAIN[name] ? `${name}: ${PLAIN[name]}` : name);
  $("method").replaceChildren(...methods.map(({ name }) => make("option", { value: name, selected: name === first.method }, text(name))));
  for (const id of ["method", "learners"]) $(id).addEventListener("change", () => explain(methods));
  explain(methods);
  const size = data.bytes ? `Loads about ${megabytes(data.bytes)} when it starts: ` : "When it starts, it loads ";
  $("load").textContent = `${size}${data.name}, ${count(data.train)} images to learn and ${count(data.test)} to test.`;
}

/** Says what the choices mean. */
function explain(methods) {
  show($("learners-what"), chosen("learners") === "1");
  const { name, what, source } = methods.find((method) => method.name === $("method").value);
  $("method-plain").textContent = PLAIN[name] ? `${PLAIN[name]}.` : "";
  const key = /\bCE\b/.test(what) ? " (CE: cross-entropy)" : "";
  $("method-what").textContent = `Rule: ${what}${key}. From: ${source}.`;
}

/** Offers the fewest learners to a device that is slow. */
function spare(learners) {
  document.querySelector(`[name="learners"][value="${Math.min(...learners)}"]`).click();
}

function footnote(learners, what) {
  const lines = learners > 1 ? `Lines: mean of ${learners} learners. Bands: ± one standard deviation.` : "Lines: a single learner, so there are no bands.";
  const scale = "Unlearn and relearn: square-root scale, so that the first steps can be seen.";
  return `${lines} ${scale} Percentages beside the names: now, on ${what} and on the others.`;
}

/** The part: one run at a time, and its buttons. */
class Part {
  constructor(app, look) {
    Object.assign(this, { app, look, charts: [], run: null, ran: false, spared: false });
    offer(app.catalogue);
    app.listeners.push(() => this.refresh());
    $("start").addEventListener("click", () => this.start());
    $("pause").addEventListener("click", () => this.pause());
    $("stop").addEventListener("click", () => this.run?.stop());
    for (const one of document.querySelectorAll('[name="speed"]')) {
      one.addEventListener("change", () => {
        if (this.run) this.run.due = 0;
        this.run?.wake();
      });
    }
    this.refresh();
  }

  refresh() {
    const { app } = this;
    const mine = app.busy === "run";
    if (app.opened?.software && !this.spared) {
      this.spared = true;
      spare(app.catalogue.learners);
    }
    $("start").disabled = !app.ready();
    const idle = this.ran ? "Run again" : "Train, forget, relearn";
    $("start").textContent = mine ? "Running …" : app.busy ? `The device is busy: ${app.busy}` : idle;
    for (const one of $("choices").querySelectorAll("input, select")) one.disabled = mine;
    $("pause").disabled = $("stop").disabled = !this.run;
  }

  /** Runs what is chosen, and shows what comes of it. */
  async start() {
    const choice = { forget: Number(chosen("forget")), method: $("method").value, learners: Number(chosen("learners")) };
    const held = document.activeElement === $("start");
    if (!this.app.take("run")) return;
    let script;
    try {
      this.clear(choice);
      if (matchMedia("(max-width: 700px)").matches) $("live").scrollIntoView({ block: "start" });
      script = await this.load(choice);
      const run = this.begin(choice, script);
      if (held) $("pause").focus();
      const whole = await run.play();
      showSheet(run.outcomes);
      showVerdict(run, whole);
    } catch (error) {
      $("left").textContent = "ended by a fault";
      await this.app.fault(error);
    } finally {
      if (script) this.app.player.free(script);
      this.run = null;
      this.ran = true;
      this.look.attach(null);
      $("nav-progress").textContent = "";
      this.app.release();
    }
  }

  /** Clears away the run before. */
  clear({ forget, learners }) {
    const what = words(this.app.catalogue.data.classes, [forget]);
    this.charts = [
      new Curves(`Forgotten: ${what}`, (figures) => figures.forget_accuracy, false),
      new Curves("All others", (figures) => figures.retain_accuracy, true),
    ];
    $("panels").replaceChildren(...this.charts.map((chart) => chart.element));
    for (const id of ["story", "phases"]) $(id).replaceChildren();
    for (const id of ["verdict", "results", "story-caption"]) show($(id), false);
    for (const id of ["controls", "phases", "live"]) show($(id));
    showLegend();
    $("foot").textContent = footnote(learners, what);
    $("left").textContent = "loading …";
    $("pause").textContent = "Pause";
    this.look.forget();
  }

  /** The script of a choice, ready to play. */
  async load({ forget, method, learners }) {
    const json = await this.app.tools.unpackJson(`runs/${forget}-${method}-${learners}.json.gz`);
    const progress = (done, of) => ($("left").textContent = `compiling shaders: ${done} of ${of}`);
    return this.app.player.load(json, { progress });
  }

  /** A run that only has to be played. */
  begin(choice, script) {
    const { epochs } = this.app.catalogue;
    $("left").textContent = "loading data …";
    this.run = new Run(this.app, this, choice, script);
    showPhases(this.run.plan);
    const phases = this.run.plan.phases.map(({ name, steps }) => ({ name, steps, epochs: epochs[name] }));
    this.charts.forEach((chart) => chart.begin(phases));
    this.refresh();
    this.look.attach(this.run);
    return this.run;
  }

  pause() {
    if (!this.run) return;
    this.run.pause(!this.run.paused);
    $("pause").textContent = this.run.paused ? "Go on" : "Pause";
  }
}

/** Makes the part. */
export function setUp(app, look) {
  new Part(app, look);
}
