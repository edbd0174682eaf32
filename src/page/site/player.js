// Plays recordings of the engine on the browser's graphics adapter, through WebGPU.
//
// The player knows buffers, dispatches, copies, repetitions and read-backs, and nothing of networks:
// all of that is in the script that the engine wrote down. It works as the native engine does
// (src/device/gpu/): what a recording needs is made once, and running it only encodes dispatches.
// Work goes out in submissions of about 50 ms, two in flight at the most: long enough to cost
// nothing, short enough for the watchdogs of operating systems and for live progress.
//
//   const opened = await openDevice();
//   const player = new Player(opened, catalogue);
//   const script = await player.load(await unpackJson("runs/5-uniform-4.json.gz"));
//   await player.play(script, { read: (as, words) => …, note: (note) => … });
//   player.free(script);

import { PATIENCE, Trouble, damaged, fromBase64, unpack } from "./files.js";
import { STRIDE, Script, TEXELS, actions, encode, inspect } from "./script.js";

export { openDevice } from "./adapter.js";
export { Trouble, unpack, unpackJson } from "./files.js";

/** Milliseconds that a submission should last. */
const SUBMISSION = 50;
const IN_FLIGHT = 2;
/** Actions in a submission of a recording that fills one on its own. */
const PART = 24;
/** Repetitions in a submission at the most. */
const MOST = 1024;
const RELOAD = "Reload the page; if it happens again, update the browser and the graphics driver";
const SCOPES = ["validation", "out-of-memory", "internal"];

/**
 * Plays scripts on a device.
 *
 * Hooks, each of which may be left out and may return a promise: `read(as, words, op)` gets what is read
 * back; `note(op)` the notes; `progress(times)` how many repetitions went out; `gate()` is waited for between
 * submissions, may return the most repetitions for the next one, and ends the play by a rejection, which
 * the caller gets.
 */
export class Player {
  /** `opened` is from `openDevice`, `catalogue` the content of program.json. */
  constructor(opened, catalogue) {
    if (catalogue.format !== 1) throw damaged("program.json", `its format is ${catalogue.format}, and this page knows 1`);
    Object.assign(this, { opened, catalogue, device: opened.device, kernels: catalogue.kernels });
    this.chosen = new Map();
    this.choices = 0;
    this.pipelines = new Map();
    this.blobs = new Map();
    this.flight = [];
    this.waiting = new Set();
    this.listeners = [];
    this.complaint = null;
    this.lost = null;
    this.device.addEventListener("uncapturederror", (event) => {
      event.preventDefault?.();
      this.complaint ??= this.#trouble("device", event.error.message);
    });
    this.device.lost.then(({ reason, message }) => {
      const why = `the device was ${reason === "destroyed" ? "closed" : "lost"} (${message || "nobody says why"})`;
      this.lost = this.#trouble("lost", why, "Reload the page; if it happens again, choose fewer learners, or close other pages that use the graphics adapter");
      [...this.waiting].forEach((fail) => fail(this.lost));
      this.listeners.forEach((listener) => listener(this.lost));
    });
  }

  /** Calls back once, with a Trouble, when the device is lost. */
  onlost(callback) {
    this.listeners.push(callback);
    if (this.lost) callback(this.lost);
  }

  /** Takes this variant of a kernel from now on, where its textures fit; null: whichever suits the adapter. */
  choose(kernel, variant) {
    this.chosen.set(kernel, variant);
    this.choices += 1;
  }

  /** The names of a kernel's variants that this browser takes. */
  variants(kernel) {
    return this.kernels[kernel].variants.filter((v) => this.#fits(v, [])).map((v) => v.name);
  }

  /** The variant of a kernel for a dispatch's buffers. */
  variant(script, { dispatch: kernel, buffers }) {
    const all = this.kernels[kernel].variants;
    const words = buffers.map(([id, first]) => Math.max(script.buffers[id].words, 4) - first);
    const wanted = [...all.filter((v) => v.name === this.chosen.get(kernel)), ...all.filter((v) => v.software === this.opened.software)];
    return wanted.find((v) => this.#fits(v, words)) ?? all.find((v) => v.name === "plain");
  }

  #fits({ mirrors = [] }, words) {
    const textures = navigator.gpu.wgslLanguageFeatures?.has("readonly_and_readwrite_storage_textures");
    const rows = ({ place, texel }) => Math.ceil((4 * (words[place] ?? 0)) / (TEXELS * texel));
    return mirrors.every((mirror) => textures && rows(mirror) < this.device.limits.maxTextureDimension2D);
  }

  /** Makes a script, as read from its file, ready to play; hooks.progress gets pipelines done, and of how many. */
  async load(json, hooks = {}) {
    const script = new Script(json);
    inspect(script, this.kernels);
    const needed = new Map();
    for (const command of script.recordings.flat().filter((c) => c.dispatch)) {
      const variant = this.variant(script, command);
      needed.set(variant.source, [command.dispatch, variant]);
    }
    let done = 0;
    const make = async ([kernel, variant]) => {
      await this.#pipeline(kernel, variant);
      hooks.progress?.(++done, needed.size);
    };
    await Promise.all([...needed.values()].map(make));
    return script;
  }

  /** Does all that a script says, in order, to its end. */
  async play(script, hooks = {}) {
    try {
      for (const op of script.ops) await this.#do(script, op, hooks);
      await this.idle();
    } catch (e) {
      // What else goes wrong now is no news to the next one who plays.
      this.flight.length = 0;
      throw e;
    }
  }

  async #do(script, op, hooks) {
    if (op.do === "allocate") await this.#allocate(script, op.buffer);
    else if (op.do === "free") this.#release(script, op.buffers);
    else if (op.do === "write") this.write(script, op.buffer, op.at, await this.#content(op));
    else if (op.do === "run") await this.run(script, op.recording, op.times, hooks);
    else if (op.do === "read") await hooks.read?.(op.as, await this.read(script, op.buffer), op);
    else await hooks.note?.(op);
  }

  /** Plays a recording `times` times in order. Its last submissions may still be on the way afterwards. */
  async run(script, recording, times, hooks = {}) {
    const program = await this.#program(script, recording);
    if (program.before.length) await this.#submit(program.before, 1);
    for (let left = times; left > 0; ) {
      const most = (await hooks.gate?.()) || MOST;
      const now = Math.max(1, Math.min(left, program.repetitions, most));
      const start = performance.now();
      // Nothing bounds what a single repetition takes, so it goes in parts.
      const size = now === 1 ? PART : program.actions.length;
      for (let at = 0; at < program.actions.length; at += size) {
        await this.#submit(program.actions.slice(at, at + size), now);
      }
      left -= now;
      await hooks.progress?.(now);
      // With two in flight, the wait for the older one lasts about as long as it runs.
      const lasted = performance.now() - start;
      if (lasted > 2 * SUBMISSION) program.repetitions = Math.max(1, now >> 1);
      else if (lasted < SUBMISSION / 2 && now === program.repetitions) program.repetitions = Math.min(2 * now, MOST);
    }
    this.#healthy();
  }

  /** Waits until the device has done all that it was given. */
  async idle() {
    await Promise.all([this.#answer(this.device.queue.onSubmittedWorkDone()), ...this.flight.splice(0)]);
    this.#healthy();
  }

  /** Writes words to a buffer from word `at` on. */
  write(script, buffer, at, words) {
    if (at + words.length > Math.max(script.buffers[buffer].words, 4)) throw damaged("A script of this site", "it writes past a buffer's end");
    this.device.queue.writeBuffer(script.buffer(buffer), 4 * at, words);
  }

  /** Copies words from the start of one buffer to the start of another. */
  copy(fromScript, from, toScript, to, words) {
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(fromScript.buffer(from), 0, toScript.buffer(to), 0, 4 * words);
    this.device.queue.submit([encoder.finish()]);
  }

  /** The words of a buffer, or of a part of it, after all work so far. @returns {Promise<Uint32Array>} */
  async read(script, buffer, first = 0, words = script.buffers[buffer].words - first) {
    const source = script.buffer(buffer);
    const staging = await this.#create("a read-back", 4 * words, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 4 * first, staging, 0, 4 * words);
      this.device.queue.submit([encoder.finish()]);
      await Promise.all([this.#answer(staging.mapAsync(GPUMapMode.READ)), ...this.flight.splice(0)]);
      this.#healthy();
      return new Uint32Array(staging.getMappedRange().slice(0));
    } finally {
      staging.destroy();
    }
  }

  /** Gives up all that the device holds of a script. */
  free(script) {
    this.#release(script, [...script.held.keys()]);
    for (const program of script.programs.values()) program.block.destroy();
    script.programs.clear();
  }

  // Buffers

  async #allocate(script, id) {
    const { words, label } = script.buffers[id];
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const made = await this.#create(label ?? "buffer", 4 * Math.max(words, 4), usage);
    if (script.held.has(id)) this.#release(script, [id]);
    script.held.set(id, made);
  }

  /** Allocates all buffers of a script, for those whose ops do not. */
  async allocate(script) {
    for (const id of script.buffers.keys()) await this.#allocate(script, id);
  }

  async #create(label, size, usage) {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const what = `${this.opened.record.name} cannot hold ${label} (${size.toLocaleString("en")} bytes)`;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > most) throw new Trouble("memory", what, `a buffer has ${most.toLocaleString("en")} at the most`, "Choose fewer learners");
    return this.#guarded("memory", what, "Choose fewer learners", () => this.device.createBuffer({ label, size, usage }));
  }

  /** Frees buffers, their mirrors, and the programs that are bound to them. */
  #release(script, ids) {
    for (const [key, { texture, id }] of script.mirrors) {
      if (ids.includes(id)) texture.destroy(), script.mirrors.delete(key);
    }
    for (const [number, program] of script.programs) {
      if (ids.some((id) => program.uses.has(id))) program.block.destroy(), script.programs.delete(number);
    }
    // Destroyed, not just dropped: the browser collects what is dropped only at its leisure.
    for (const id of ids) script.held.get(id)?.destroy(), script.held.delete(id);
  }

  /** The words that an op writes. */
  async #content({ blob, data }) {
    if (data !== undefined) return new Uint32Array(fromBase64(data).buffer);
    const path = `blobs/${blob}.gz`;
    const cut = (bytes) => {
      if (bytes.byteLength % 4) throw damaged(path, "it does not hold whole words");
      return new Uint32Array(bytes);
    };
    return this.#once(this.blobs, blob, () => unpack(path).then(cut));
  }

  // Programs

  /** What `make` promises, kept by its key unless it fails. */
  #once(kept, key, make) {
    if (!kept.has(key)) {
      const made = make();
      made.catch(() => kept.delete(key));
      kept.set(key, made);
    }
    return kept.get(key);
  }

  #pipeline(kernel, variant) {
    return this.#once(this.pipelines, variant.source, () => this.#createPipeline(kernel, variant));
  }

  async #createPipeline(kernel, variant) {
    const { access, params } = this.kernels[kernel];
    const label = variant.source;
    const code = new TextDecoder().decode(await unpack(label));
    const [what, remedy] = [`${this.opened.record.name} refuses the shader ${label}`, "Update the browser and the graphics driver"];
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ label, code });
    const scope = this.#answer(this.device.popErrorScope());
    scope.catch(() => {}); // Said below, unless something else goes wrong before.
    const { messages } = await this.#answer(module.getCompilationInfo());
    const wrong = messages.filter(({ type }) => type === "error");
    const lines = wrong.map(({ lineNum, linePos, message }) => `line ${lineNum}:${linePos}: ${message}`);
    const why = lines.join("; ") || (await scope)?.message;
    if (why) throw new Trouble("shader", what, why, remedy);
    const entries = new Map([[0, { buffer: { type: "uniform", minBindingSize: params } }]]);
    access.forEach((a, place) => entries.set(place + 1, { buffer: { type: a === "write" ? "storage" : "read-only-storage" } }));
    // A mirror stands in for its buffer, or beside it with a number of its own.
    for (const { binding, format } of variant.mirrors ?? []) entries.set(binding, { storageTexture: { access: "read-only", format } });
    const visibility = GPUShaderStage.COMPUTE;
    const layout = await this.#guarded("shader", what, remedy, () =>
      this.device.createBindGroupLayout({ label, entries: [...entries].map(([binding, entry]) => ({ binding, visibility, ...entry })) }));
    const pipelines = this.device.createPipelineLayout({ label, bindGroupLayouts: [layout] });
    try {
      const compiled = this.device.createComputePipelineAsync({ label, layout: pipelines, compute: { module, entryPoint: kernel } });
      return { pipeline: await this.#answer(compiled), layout };
    } catch (e) {
      throw e.kind === "lost" ? e : new Trouble("shader", what, e.message, remedy);
    }
  }

  /** The texture that mirrors a buffer from a word on, made at its first use. */
  async #mirror(script, [id, first], { format, texel }) {
    const key = `${id} ${first} ${format}`;
    if (!script.mirrors.has(key)) {
      const source = script.buffer(id);
      const bytes = source.size - 4 * first;
      const size = [TEXELS, Math.ceil(bytes / (TEXELS * texel))];
      const usage = GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST;
      const what = `${this.opened.record.name} cannot hold the mirror of ${script.buffers[id].label} (${bytes.toLocaleString("en")} bytes)`;
      const texture = await this.#guarded("memory", what, "Choose fewer learners", () => this.device.createTexture({ label: "mirror", size, format, usage }));
      script.mirrors.set(key, { texture, id, source, start: 4 * first, bytes, texel });
    }
    return script.mirrors.get(key);
  }

  /** One buffer with the parameters of all dispatches. */
  async #parameters(dispatches) {
    const bytes = new Uint8Array(STRIDE * Math.max(dispatches.length, 1));
    dispatches.forEach(({ params }, n) => bytes.set(fromBase64(params), STRIDE * n));
    const block = await this.#create("parameters of dispatches", bytes.length, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    this.device.queue.writeBuffer(block, 0, bytes);
    return block;
  }

  /** A recording as it runs, compiled at its first use and after other variants were chosen. */
  async #program(script, number) {
    const old = script.programs.get(number);
    if (old?.choices === this.choices) return old;
    const [commands, { choices }] = [script.recordings[number], this];
    const needs = async (command) => {
      const variant = this.variant(script, command);
      const mirrors = (variant.mirrors ?? []).map((mirror) => this.#mirror(script, command.buffers[mirror.place], mirror));
      return { variant, mirrors: await Promise.all(mirrors), ...(await this.#pipeline(command.dispatch, variant)) };
    };
    const needed = new Map();
    for (const command of commands) if (command.dispatch) needed.set(command, await needs(command));
    const block = await this.#parameters([...needed.keys()]);
    const what = `${this.opened.record.name} does not take a recording`;
    const program = await this.#guarded("device", what, "Update the browser", () => actions(this, script, commands, needed, block));
    old?.block.destroy();
    script.programs.set(number, Object.assign(program, { block, choices, repetitions: 1 }));
    return program;
  }

  /** Encodes actions and sends them out, and waits until there is room for more. */
  async #submit(actions, times) {
    const sent = this.#guarded("device", this.#failed(), RELOAD, () => {
      const encoder = this.device.createCommandEncoder();
      for (let n = 0; n < times; n++) encode(actions, encoder);
      this.device.queue.submit([encoder.finish()]);
    });
    const done = Promise.all([sent, this.#answer(this.device.queue.onSubmittedWorkDone())]);
    done.catch(() => {}); // Said where it is waited for, unless something else goes wrong before.
    this.flight.push(done);
    while (this.flight.length >= IN_FLIGHT) await this.flight.shift();
  }

  // Failures

  #failed() {
    return `${this.opened.record.name} failed`;
  }

  #trouble(kind, why, remedy = RELOAD) {
    return new Trouble(kind, this.#failed(), why, remedy);
  }

  /** What the device promises, or a Trouble where it is lost or says nothing. */
  #answer(promise) {
    return new Promise((resolve, reject) => {
      const end = (how, value) => {
        clearTimeout(timer);
        this.waiting.delete(fail);
        how(value);
      };
      const fail = (why) => end(reject, why);
      const timer = setTimeout(() => fail(this.#trouble("lost", `no answer for ${PATIENCE / 1000} s`)), PATIENCE);
      this.waiting.add(fail);
      if (this.lost) fail(this.lost);
      promise.then((value) => end(resolve, value), (e) => fail(this.lost ?? this.#trouble("device", e.message)));
    });
  }

  /** What `make` makes, or a Trouble where the device complains. `make` runs at once and waits for nothing. */
  async #guarded(kind, what, remedy, make) {
    SCOPES.forEach((scope) => this.device.pushErrorScope(scope));
    let made, thrown;
    try {
      made = make();
    } catch (e) {
      thrown = e;
    }
    const errors = await Promise.all(SCOPES.map(() => this.#answer(this.device.popErrorScope())));
    const why = thrown ?? errors.find(Boolean);
    if (why instanceof Trouble) throw why;
    if (why) throw new Trouble(kind, what, why.message, remedy);
    return made;
  }

  /** Throws what the device has complained about since the last call. */
  #healthy() {
    const complaint = this.lost ?? this.complaint;
    this.complaint = null;
    if (complaint) throw complaint;
  }
}
