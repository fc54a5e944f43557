// Small helpers around the document. Text is set as text, never as markup.

const words = JSON.parse(document.body.dataset.words);
export const lang = document.body.dataset.lang;
export const byId = (id) => document.getElementById(id);

export function word(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{([a-z]+)\}/g, (whole, name) => values[name] ?? whole);
}

export const has = (key) => key in words;

// A true minus sign before digits, as in the printed report.
const typeset = (text) => String(text).replace(/(^|[\s(（至to])-(?=\d)/g, "$1−");

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawing(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== "").map((child) => (typeof child === "string" ? typeset(child) : child)));
  return node;
}

export function facts(list, pairs) {
  list.replaceChildren(...pairs.map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", {}, String(value)))));
}

export function show(...ids) {
  for (const id of ids) byId(id).hidden = false;
}

export function hide(...ids) {
  for (const id of ids) byId(id).hidden = true;
}

export function say(text) {
  byId("status").textContent = text;
}

export function bytes(count) {
  const units = ["B", "KB", "MB", "GB"];
  const step = Math.min(Math.floor(Math.log2(Math.max(count, 1)) / 10), units.length - 1);
  return `${(count / 1024 ** step).toLocaleString(lang, { maximumSignificantDigits: 3 })} ${units[step]}`;
}
