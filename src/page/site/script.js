// Scripts, and the actions that their recordings become (src/device/gpu/{compile,encode,mirror}.rs).

import { Trouble, damaged } from "./files.js";

/** Texels in a row of a mirror. */
export const TEXELS = 1024;
/** Bytes from the parameters of one dispatch to those of the next. */
export const STRIDE = 256;

/** A script on the way to being played, and what the device holds of it. */
export class Script {
  constructor(json) {
    Object.assign(this, { about: {}, buffers: [], recordings: [], ops: [] }, json);
    /** GPU buffers by number. */
    this.held = new Map();
    /** Textures that mirror buffers, by buffer, first word and format. */
    this.mirrors = new Map();
    /** Compiled recordings by number. */
    this.programs = new Map();
  }

  /** The GPU buffer with this number. */
  buffer(id) {
    const found = this.held.get(id);
    if (!found) throw damaged("A script of this site", `it uses buffer ${id} while there is none`);
    return found;
  }
}

/** The buffers that a command writes. */
export function written(command, kernels) {
  if (command.clear) return [command.clear[0]];
  if (command.copy) return [command.copy[2]];
  const { access } = kernels[command.dispatch];
  return command.buffers.filter((_, place) => access[place] === "write").map(([id]) => id);
}

/** Throws a Trouble where a script is none that this catalogue's kernels can play. */
export function inspect(script, kernels) {
  let why;
  try {
    why = fault(script, kernels);
  } catch (e) {
    why = e.message;
  }
  if (why) throw damaged("A script of this site", why);
}

/** Why it is none; null where it is one. */
function fault({ buffers, recordings, ops }, kernels) {
  const known = (id) => Number.isInteger(buffers[id]?.words);
  for (const command of recordings.flat()) {
    const { dispatch, clear, copy } = command;
    const kernel = kernels[dispatch];
    if (dispatch !== undefined && !kernel) return `there is no kernel ${dispatch}`;
    if (kernel && (command.buffers?.length !== kernel.access.length || command.extent?.length !== 3)) return `${dispatch} has other bindings`;
    if (kernel && atob(command.params).length !== kernel.params) return `${dispatch} has other parameters`;
    const ids = kernel ? command.buffers.map(([id]) => id) : clear ? [clear[0]] : copy ? [copy[0], copy[2]] : [-1];
    if (!ids.every(known)) return "a command names a buffer that there is not";
  }
  for (const op of ops) {
    const ids = op.do === "free" ? op.buffers : "buffer" in op ? [op.buffer] : [];
    if (!ids.every(known)) return `"${op.do}" names a buffer that there is not`;
    if (op.do === "run" && !recordings[op.recording]) return `there is no recording ${op.recording}`;
    if (!["allocate", "free", "write", "run", "read", "note"].includes(op.do)) return `nobody knows how to "${op.do}"`;
  }
  return null;
}

/**
 * Commands as actions, with mirrors brought up to date where a dispatch needs them: once before the first
 * repetition, or, where the recording writes the buffer, after each write.
 */
export function actions(player, script, commands, needed, block) {
  const changed = new Set(commands.flatMap((command) => written(command, player.kernels)));
  const [before, each, uses, fresh] = [[], [], new Set(), new Set()];
  let at = 0;
  for (const command of commands) {
    const { dispatch, clear, copy, buffers = [] } = command;
    for (const id of clear ? [clear[0]] : copy ? [copy[0], copy[2]] : buffers.map(([id]) => id)) uses.add(id);
    if (clear) {
      const of = script.buffer(clear[0]);
      each.push({ transfer: (encoder) => encoder.clearBuffer(of, 4 * clear[1], 4 * clear[2]) });
    } else if (copy) {
      const [from, to] = [script.buffer(copy[0]), script.buffer(copy[2])];
      each.push({ transfer: (encoder) => encoder.copyBufferToBuffer(from, 4 * copy[1], to, 4 * copy[3], 4 * copy[4]) });
    } else {
      const { variant, mirrors, pipeline, layout } = needed.get(command);
      for (const mirror of mirrors.filter((mirror) => !fresh.has(mirror))) {
        fresh.add(mirror);
        (changed.has(mirror.id) ? each : before).push({ transfer: (encoder) => refresh(mirror, encoder) });
      }
      const resources = new Map([[0, { buffer: block, offset: STRIDE * at++, size: player.kernels[dispatch].params }]]);
      buffers.forEach(([id, first], place) => resources.set(place + 1, { buffer: script.buffer(id), offset: 4 * first }));
      mirrors.forEach(({ texture }, n) => resources.set(variant.mirrors[n].binding, texture.createView()));
      const entries = [...resources].map(([binding, resource]) => ({ binding, resource }));
      const groups = command.extent.map((n, i) => Math.ceil(n / variant.covers[i]));
      const most = player.device.limits.maxComputeWorkgroupsPerDimension;
      if (Math.max(...groups) > most) throw new Trouble("memory", `${dispatch} is too large`, `it has ${groups.join("×")} workgroups, and ${player.opened.record.name} takes ${most} a side`, "Choose fewer learners");
      each.push({ pipeline, groups, group: player.device.createBindGroup({ label: dispatch, layout, entries }) });
    }
    const stale = written(command, player.kernels);
    fresh.forEach((mirror) => stale.includes(mirror.id) && fresh.delete(mirror));
  }
  return { before, actions: each, uses };
}

/** Copies a buffer to the texture that mirrors it: whole rows, then what is left. */
function refresh({ texture, source, start, bytes, texel }, encoder) {
  const row = TEXELS * texel;
  const rows = Math.floor(bytes / row);
  for (const [y, width, height] of [[0, TEXELS, rows], [rows, Math.floor((bytes % row) / texel), 1]]) {
    if (width === 0 || height === 0) continue;
    const from = { buffer: source, offset: start + y * row, bytesPerRow: row };
    encoder.copyBufferToTexture(from, { texture, origin: [0, y] }, [width, height]);
  }
}

/** Encodes actions once; neighbouring dispatches share a pass. */
export function encode(actions, encoder) {
  let pass = null;
  for (const { pipeline, group, groups, transfer } of actions) {
    if (transfer) {
      pass?.end();
      pass = null;
      transfer(encoder);
    } else {
      pass ??= encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...groups);
    }
  }
  pass?.end();
}
