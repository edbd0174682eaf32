// The browser's graphics adapter.

import { PATIENCE, Trouble } from "./files.js";

/** What the browser lets be known of itself and its machine, in the words of the program's reports. */
async function machine() {
  const { userAgent, userAgentData: data } = navigator;
  const systems = { android: /Android/, ios: /iPhone|iPad/, windows: /Windows/, macos: /Mac OS/, linux: /Linux|X11/ };
  const [os = ""] = Object.entries(systems).find(([, sign]) => sign.test(userAgent)) ?? [];
  const more = await data?.getHighEntropyValues?.(["architecture", "bitness"]).catch(() => null);
  const arch = { x8664: "x86_64", x8632: "x86", arm64: "aarch64", arm32: "arm" }[`${more?.architecture}${more?.bitness}`] ?? "";
  const browser = /(Firefox|Edg|OPR|Chrome|Version)\/(\d+[.\d]*)/.exec(userAgent.replace(/Chrome(?=.*(Edg|OPR)\/)/, ""));
  const name = { Version: "Safari", Edg: "Edge", OPR: "Opera" }[browser?.[1]] ?? browser?.[1];
  return { os, arch, browser: browser ? `${name} ${browser[2]}` : "", mobile: data?.mobile ?? /Mobi|Android|iPad/.test(userAgent) };
}

/** `promise`, or a Trouble where it takes too long. */
function within(milliseconds, promise, trouble) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(trouble()), milliseconds)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Opens the browser's adapter, with room for the largest buffers that it takes.
 * @returns {Promise<{device: GPUDevice, adapter: GPUAdapter, software: boolean, record: object, limits: GPUSupportedLimits,
 *   os: string, arch: string, mobile: boolean}>} `record` is a device's record as reports have it.
 */
export async function openDevice() {
  const none = (why, remedy) => new Trouble("webgpu", "This browser does not compute", why, remedy);
  const browsers = "Use a current Chrome, Edge, Safari or Firefox";
  if (!globalThis.isSecureContext) throw none("WebGPU is open only to pages from https:// or localhost", "Open the page by such an address");
  if (!navigator.gpu) throw none("it has no WebGPU", browsers);
  const silent = () => none("its graphics process does not answer", "Start the browser again");
  try {
    const adapter = await within(PATIENCE / 2, navigator.gpu.requestAdapter({ powerPreference: "high-performance" }), silent);
    if (!adapter) throw none("WebGPU finds no graphics adapter", `${browsers}, update the graphics driver, and see that hardware acceleration is on in the browser's settings`);
    const wanted = ["maxBufferSize", "maxStorageBufferBindingSize", "maxTextureDimension2D"];
    const requiredLimits = Object.fromEntries(wanted.map((name) => [name, adapter.limits[name]]));
    const device = await within(PATIENCE / 2, adapter.requestDevice({ label: "unlearn", requiredLimits }), silent);
    const info = adapter.info ?? {};
    const { os, arch, browser, mobile } = await machine();
    const names = [info.vendor, info.architecture, info.device].filter(Boolean).join(" ");
    const software = Boolean(info.isFallbackAdapter ?? adapter.isFallbackAdapter) || /swiftshader|llvmpipe|lavapipe|software|basic render|\bwarp\b/i.test(`${names} ${info.description}`);
    const record = { name: info.description || names || "an adapter without a name", backend: "WebGPU", kind: software ? "software" : "GPU", driver: browser, reason: "the browser's choice" };
    return { device, adapter, software, record, limits: device.limits, os, arch, mobile };
  } catch (e) {
    throw e instanceof Trouble ? e : none(e.message, browsers);
  }
}
