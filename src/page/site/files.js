// Files of the site, and what is said where something goes wrong.

/** Milliseconds after which a device or a server that says nothing is taken for lost. */
export const PATIENCE = 120_000;

/**
 * Something went wrong, in words for people: what, why, and what to do about it. `kind` is "webgpu" (no
 * device), "file", "memory", "shader", "device", or "lost" (nothing works until a device is opened anew).
 */
export class Trouble extends Error {
  constructor(kind, what, why, remedy) {
    const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
    super(sentence(`${what}: ${String(why).trim()}`) + (remedy ? ` ${sentence(remedy)}` : ""));
    this.name = "Trouble";
    this.kind = kind;
  }
}

/** All bytes of a stream; `each` is called at every chunk. */
async function gathered(stream, each) {
  const chunks = [];
  const reader = stream.getReader();
  for (let next; !(next = await reader.read()).done; each?.()) chunks.push(next.value);
  return new Blob(chunks).arrayBuffer();
}

/** The bytes of a response, as long as some arrive every now and then. */
async function fetched(url) {
  const stalled = new AbortController();
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stalled.abort(new Error("the server fell silent")), PATIENCE / 2);
  };
  try {
    wait();
    const response = await fetch(url, { signal: stalled.signal });
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`);
    return new Uint8Array(await gathered(response.body, wait));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The bytes of a file of this site, unpacked where they are packed by gzip: `path` is relative to this
 * module.
 * @returns {Promise<ArrayBuffer>}
 */
export async function unpack(path) {
  let bytes;
  try {
    bytes = await fetched(new URL(path, import.meta.url));
  } catch (e) {
    const remedy = "Reload the page; if that does not help, the site is incomplete: publish the whole folder that `unlearn page` wrote";
    throw new Trouble("file", `${path} does not load`, e.message, remedy);
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.buffer;
  try {
    return await gathered(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
  } catch (e) {
    throw damaged(path, e.message || "its gzip stream ends early");
  }
}

/** The value of a JSON file of this site, packed or not. */
export async function unpackJson(path) {
  const bytes = await unpack(path);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (e) {
    throw damaged(path, e.message);
  }
}

/** What is said of a file that arrives as it should not. */
export const damaged = (path, why) =>
  new Trouble("file", `${path} is damaged`, why, "Reload the page without its cache, or publish the site's folder again");

/** The bytes that a base64 text holds. */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
