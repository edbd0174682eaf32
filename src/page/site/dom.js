// Elements and texts for the parts of the page.

export const $ = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";
const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

/** An element with attributes and children; strings are text. */
export const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** The same within an SVG picture. */
export const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export const show = (element, visible = true) => (element.hidden = !visible);

/** A colour of the page as [red, green, blue]. */
export function colour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

/** "60 000". */
export const count = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** "0.84 s", "42 s", "3 min 5 s". */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.round(seconds);
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return seconds >= 9.95 ? `${whole} s` : `${seconds.toFixed(2)} s`;
}

/** "about 2 min 10 s left": no closer than anyone knows. */
export function left(seconds) {
  const close = seconds > 60 ? 10 : 1;
  return `about ${duration(Math.max(1, Math.round(seconds / close) * close))} left`;
}

/** "12 MB", "0.4 MB". */
export const megabytes = (bytes) => `${bytes < 9.95e6 ? (bytes / 1e6).toFixed(1) : Math.round(bytes / 1e6)} MB`;

/** Three digits that matter: "0.0123", "12.3", "12 345". */
export function figure(number) {
  if (!Number.isFinite(number)) return "–";
  if (number >= 100) return count(number);
  return number.toPrecision(3);
}

/** Saves an object as a JSON file. */
export function save(name, object) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(object, null, 2)], { type: "application/json" }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** A name that file systems take: "nvidia-h100". */
export const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "device";
