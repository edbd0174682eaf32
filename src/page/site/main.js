// The page as a whole: finds the device, shows one part at a time, and says what goes wrong.

import { $, make, show } from "./dom.js";
import { nouns } from "./verdict.js";

const PARTS = ["run", "look", "check", "bench"];

/** Shows trouble in plain words, and what to do; the same words only once. */
function trouble(error) {
  const text = error?.message || String(error);
  const known = error?.name === "Trouble";
  const shown = [...$("trouble").children].some((box) => box.dataset.text === text);
  if (shown) return;
  const remedy = known ? "" : " Reload the page; if that does not help, please report it with these words.";
  const words = known ? text : `Something on this page went wrong: ${text.replace(/[.!?]?$/, ".")}${remedy}`;
  const reload = make("button", { type: "button" }, "Reload the page");
  reload.addEventListener("click", () => location.reload());
  const close = make("button", { type: "button" }, "Close");
  const box = make("div", { class: "warning" }, make("p", {}, words), make("p", { class: "bar-row" }, reload, close));
  box.dataset.text = text;
  close.addEventListener("click", () => box.remove());
  $("trouble").append(box);
  box.scrollIntoView({ block: "nearest" });
}

window.addEventListener("error", (event) => trouble(event.error ?? event.message));
window.addEventListener("unhandledrejection", (event) => trouble(event.reason));

/** What the parts share. */
const app = {
  catalogue: null,
  opened: null,
  player: null,
  /** player.js */
  tools: null,
  trouble,
  /** The same for faults of the device's work: where the device is lost, that is what matters. */
  async fault(error) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    trouble(app.player?.lost ?? error);
  },
  /** What keeps the device busy: "run", "check", "bench" or null. */
  busy: null,
  listeners: [],
  /** Whether nothing else keeps the device busy; if so, it is taken. */
  take(part) {
    if (app.busy) return false;
    app.busy = part;
    app.changed();
    return true;
  },
  release() {
    app.busy = null;
    app.changed();
  },
  changed: () => app.listeners.forEach((listener) => listener()),
  /** Whether something can be started. */
  ready: () => app.player !== null && !app.player.lost && app.busy === null,
};

/** Shows the part that the address names. */
function turn() {
  const named = location.hash.slice(1);
  const part = PARTS.includes(named) ? named : "run";
  for (const one of PARTS) {
    show($(one), one === part);
    if (one === part) $(`to-${one}`).setAttribute("aria-current", "page");
    else $(`to-${one}`).removeAttribute("aria-current");
  }
  show($("about"), part === "run");
  document.title = `${part === "run" ? "unlearn" : $(`to-${part}`).firstChild.data} in your browser`;
  window.dispatchEvent(new Event("turned"));
}

/** What keeps a browser from computing, in words; null where nothing is known to. */
function hindrance() {
  if (!window.isSecureContext) {
    return `This page came from ${location.origin}, and browsers give WebGPU only to https and localhost.`;
  }
  return navigator.gpu ? null : "This browser has no WebGPU, or it is switched off.";
}

/** Says that there is no device, and why. */
function without(why) {
  $("without-why").textContent = why;
  show($("without"));
  $("device").textContent = "No device to compute on was found.";
}

function describe({ record, software }) {
  const words = [record.name, record.kind, record.backend].filter(Boolean);
  $("device").replaceChildren(make("span", { class: "dim" }, "Device: "), make("b", {}, words[0]), ` (${words.slice(1).join(", ")})`);
  if (software) {
    $("device").append(make("span", { class: "dim small line" },
      "It is emulated on the processor: all works, but a run takes minutes even with one learner, and several times as long with more. A browser with hardware acceleration is much faster."));
  }
}

async function open() {
  app.opened = await app.tools.openDevice();
  app.player = new app.tools.Player(app.opened, app.catalogue);
  app.player.onlost((error) => {
    trouble(error);
    app.changed();
  });
  describe(app.opened);
}

/** What the texts are about: digits, or other classes. */
function about({ version, data }) {
  const [one, many] = nouns(data.classes);
  document.querySelectorAll(".noun").forEach((place) => (place.textContent = one));
  document.querySelectorAll(".nouns").forEach((place) => (place.textContent = many));
  if (one !== "digit") document.querySelectorAll(".picture").forEach((place) => (place.textContent = "picture"));
  $("program").textContent = [`unlearn ${version}`, data.warning].filter(Boolean).map((text) => text.replace(/[.]?$/, ". ")).join("");
}

async function start() {
  const [tools, run, look, tables] = await Promise.all(
    ["./player.js", "./run.js", "./look.js", "./tables.js"].map((file) => import(file).catch((error) => {
      throw new Error(`${file.slice(2)}, or a file that it needs, does not load or does not run in this browser (${error.message})`);
    })),
  );
  app.tools = tools;
  app.catalogue = await tools.unpackJson("program.json");
  about(app.catalogue);
  const eyes = look.setUp(app);
  run.setUp(app, eyes);
  tables.setUp(app);
  show($("waiting"), false);
  const why = hindrance();
  if (why) return without(why);
  try {
    await open();
  } catch (error) {
    without(error.message);
  }
  app.changed();
}

window.addEventListener("hashchange", turn);
turn();
start().catch((error) => {
  show($("waiting"), false);
  $("device").textContent = "The page did not start.";
  // A browser too old for WebGPU may be too old for these files.
  const why = hindrance();
  if (why) without(why);
  else trouble(error);
});

/** For tests. */
window.unlearnPage = app;
