// The parts that check and measure the device: a button, rows as they come, and a file to keep.

import { $, count, draw, duration, figure, left, make, megabytes, save, show, slug } from "./dom.js";

/** Thrown to end work that someone stopped. */
class Stopped extends Error {}

/** A button, its bar and its report, for one part of the page: "check" or "bench". */
class Job {
  constructor(app, part, { load, begin, row, done }) {
    Object.assign(this, { app, part, load, begin, row, done, stopping: false, report: null });
    this.label = this.at("start").textContent;
    this.at("start").addEventListener("click", () => this.go());
    this.at("stop").addEventListener("click", () => this.stop());
    this.at("save").addEventListener("click", () => {
      const name = this.report.device ?? this.report.devices?.[0]?.device;
      save(`${part}-${slug(name?.name ?? "device")}.json`, this.report);
    });
    app.listeners.push(() => this.refresh());
    this.at("load").textContent = load;
    this.refresh();
  }

  at = (name) => $(`${this.part}-${name}`);

  refresh() {
    const { app, part } = this;
    const mine = app.busy === part;
    this.at("start").disabled = !app.ready();
    this.at("start").textContent = app.busy && !mine ? `The device is busy: ${app.busy}` : this.label;
    const [start, stop] = [this.at("start"), this.at("stop")];
    const held = [start, stop].includes(document.activeElement);
    show(stop, mine);
    show(this.at("job"), mine);
    // The keyboard's place stays with the button that does something.
    if (held) (mine ? stop : start).focus();
  }

  stop() {
    this.stopping = true;
    this.at("text").textContent = "stopping …";
  }

  /** What the work tells; a rejection ends it. */
  hooks() {
    const start = performance.now();
    return {
      row: (row) => this.row(row),
      step: (row) => this.row(row),
      ceilings: showCeilings,
      progress: async (done, total) => {
        if (this.stopping) throw new Stopped();
        const rest = ((performance.now() - start) / 1000) * (total / done - 1);
        const time = done > 3 && rest > 1 ? `, ${left(rest)}` : "";
        this.at("text").textContent = `${count(done)} of ${count(total)}${time}`;
        this.at("bar").value = done / total;
        // Lets the page breathe.
        await new Promise((resolve) => setTimeout(resolve));
      },
    };
  }

  async go() {
    if (!this.app.take(this.part)) return;
    this.stopping = false;
    this.report = null;
    this.at("load").textContent = this.load;
    this.at("bar").value = 0;
    this.at("text").textContent = "loading …";
    show(this.at("send"), false);
    this.begin(this);
    try {
      const { [this.part]: act } = await import(`./${this.part}.js`);
      this.report = await act(this.app.player, this.app.catalogue, this.hooks());
      this.done(this.report, this);
      show(this.at("send"));
    } catch (error) {
      const stopped = error instanceof Stopped;
      if (!stopped) await this.app.fault(error);
      this.say(stopped ? "Stopped." : "Ended by a fault.");
      this.at("load").textContent = stopped ? "stopped" : "ended by a fault";
    } finally {
      // Runs choose variants for themselves again.
      for (const kernel of Object.keys(this.app.catalogue.kernels)) this.app.player.choose(kernel, null);
      this.app.release();
    }
  }

  say(text) {
    this.at("said").textContent = text;
  }
}

/** The body of a table. */
const body = (id) => $(id).querySelector("tbody");

/** Puts a row into a table, or in place of the one with this key. */
function place(id, key, row) {
  row.dataset.key = key;
  const old = [...body(id).children].find((one) => one.dataset.key === key);
  if (old) old.replaceWith(row);
  else body(id).append(row);
}

const tick = (right) =>
  draw("svg", { class: right ? "tick" : "cross", width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" },
    draw("path", { d: right ? "M2 7.5l3.5 3.5L12 3.5" : "M3 3l8 8M11 3l-8 8" }));

// Check

/** "right", or why not, in a word. */
function judged(row) {
  if (row.failure) return ["wrong", false];
  if (row.cases === 0) return [row.skipped > 0 ? "no room" : "not run", false];
  return ["right", true];
}

/** What is wrong, as a sentence. */
function sentence({ kernel, variant, failure }) {
  const { shape, fill, mismatch } = failure;
  const words = mismatch?.text || mismatch?.error || mismatch?.kind || "its result is wrong";
  const where = shape ? ` (${shape}${fill ? `, ${fill}` : ""})` : "";
  return make("li", {}, make("b", {}, `${kernel}, ${variant}`), `${where}: ${words}`);
}

/** A name that may break after its underscores. */
const broken = (name) => name.match(/[^_]+_?|_/g).flatMap((part, n) => (n > 0 ? [make("wbr"), part] : [part]));

function checkRow(row) {
  const [word, right] = judged(row);
  const worst = row.worst === null || row.worst === undefined ? (row.exact ? "exact" : "–") : row.worst.toFixed(2);
  const skipped = row.skipped > 0 ? ` (${count(row.skipped)} left out)` : "";
  const verdict = make("td", { class: right ? "right" : "wrong" }, tick(right), make("span", { class: "word" }, ` ${word}`));
  const cells = [row.variant, count(row.cases) + skipped, worst, duration(row.seconds)];
  place("check-table", `${row.kernel} ${row.variant}`,
    make("tr", {}, make("th", { scope: "row" }, ...broken(row.kernel)), ...cells.map((text) => make("td", {}, text)), verdict));
}

function checked(report, job) {
  const rows = report.devices.flatMap((device) => device.rows);
  const failures = rows.filter((row) => row.failure);
  const cases = rows.reduce((sum, row) => sum + row.cases, 0);
  const cut = report.devices.map((device) => device.stopped).find(Boolean);
  const texts = [];
  if (cut) texts.push(`The check ended early: ${cut.replace(/[.!?]?$/, ".")}`);
  if (failures.length > 0) texts.push(`${failures.length} of ${rows.length} rows are wrong. Results of this device cannot be trusted, here or in other programs that compute like this.`);
  else if (rows.length > 0) texts.push(`All ${count(cases)} cases that ran are right${report.passed ? ": this device computes what it should" : ""}.`);
  $("check-verdict").replaceChildren(...texts.map((text) => make("p", {}, text)));
  $("check-verdict").classList.toggle("bad", failures.length > 0);
  show($("check-verdict"), texts.length > 0);
  $("check-failures").replaceChildren();
  if (failures.length > 0) $("check-failures").append(make("ul", { class: "card failures" }, ...failures.map(sentence)));
  job.say(texts.join(" "));
}

// Bench

const CEILINGS = [
  ["gflops", "arithmetic", "GFLOP/s"],
  ["gbs", "memory", "GB/s"],
  ["empty_dispatch_us", "an empty dispatch", "µs"],
  ["dependent_dispatch_us", "a dispatch that waits", "µs"],
];

function showCeilings(ceilings) {
  const cards = CEILINGS.filter(([name]) => Number.isFinite(ceilings?.[name])).map(([name, title, unit]) =>
    make("div", { class: "step c-main" }, make("p", { class: "name" }, make("b", {}, title)), make("p", { class: "figure" }, figure(ceilings[name]), make("span", { class: "unit" }, ` ${unit}`))));
  if (cards.length > 0) $("ceilings").replaceChildren(...cards);
}

function benchRow(row) {
  const cells = [row.us_per_step, row.seconds_per_learner_epoch, row.gflops].map((number) => make("td", {}, figure(number ?? NaN)));
  place("bench-table", String(row.learners), make("tr", {}, make("th", { scope: "row" }, String(row.learners)), ...cells));
}

function measured(report, job) {
  showCeilings(report.ceilings);
  report.steps.forEach(benchRow);
  const notes = [report.timing ? `Timed by ${report.timing}.` : "", ...(report.left_out ?? []).map((text) => `Left out: ${text.replace(/[.]?$/, ".")}`), report.stopped ? `It ended early: ${report.stopped}` : ""];
  $("bench-note").textContent = notes.filter(Boolean).join(" ");
  show($("bench-note"), notes.some(Boolean));
  const best = report.steps[report.steps.length - 1];
  job.say(best ? `Measured: ${figure(best.us_per_step)} microseconds per step of ${best.learners} learners.` : "Nothing was measured.");
}

/** Both parts. */
export function setUp(app) {
  const { catalogue } = app;
  const { check, bench } = catalogue;
  new Job(app, "check", {
    load: `${count(check.cases)} cases for every variant of a shader; loads ${megabytes(check.bytes)}`,
    begin: () => {
      body("check-table").replaceChildren();
      $("check-failures").replaceChildren();
      show($("check-verdict"), false);
      for (const id of ["check-scroll", "check-note"]) show($(id));
    },
    row: checkRow,
    done: checked,
  });
  new Job(app, "bench", {
    load: `loads ${megabytes(bench.bytes)}`,
    begin: () => {
      body("bench-table").replaceChildren();
      $("ceilings").replaceChildren();
      show($("bench-note"), false);
      show($("bench-scroll"));
    },
    row: benchRow,
    done: measured,
  });
}
