// Small helpers: elements, numbers, messages, copying.

/** An element with attributes (functions become listeners) and children; null children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** Replaces what is in an element; null is nothing. */
export const fill = (element, ...children) => element.replaceChildren(...children.flat().filter((child) => child != null));

export const $ = (id) => document.getElementById(id);

export const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** Four significant digits. */
export function num(value, digits = 4) {
  if (value == null) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return String(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(digits - 1).replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** A count such as 70B. */
export function size(value) {
  if (value == null) return "–";
  for (const [unit, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= unit && Math.abs(value) < 1000e12) return num(value / unit) + letter;
  }
  return num(value);
}

export const percent = (share) => (share == null ? "–" : `${num(100 * share, 3)} %`);

export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** A table with a head; cells are texts, numbers or elements. */
export function table(head, rows, caption) {
  const cell = (tag) => (value, k) =>
    h(tag, { class: typeof value === "number" ? "n" : null, scope: tag === "th" ? (k === 0 ? "row" : "col") : null },
      value instanceof Node ? value : typeof value === "number" ? num(value) : value ?? "–");
  const heads = head.map((text) => h("th", { scope: "col" }, text));
  const body = rows.map((row) => h("tr", {}, row.map((value, k) => cell(k === 0 ? "th" : "td")(value, k))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body)));
}

export function say(text) {
  $("say").textContent = text;
}

export function fail(error) {
  $("error").textContent = error ? error.message ?? String(error) : "";
  if (error) console.info(error.message ?? error);
}

/** Runs what a listener started, and shows what goes wrong. */
export const attempt = (work) => async (...given) => {
  fail(null);
  try {
    await work(...given);
  } catch (error) {
    fail(error);
  }
};

/** Text with a button that copies it. */
export function copyable(label, text) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    say(`${label} copied`);
  };
  return h("div", {}, h("div", { class: "head" }, h("span", { class: "faint" }, label),
    h("button", { type: "button", click: attempt(copy), "aria-label": `Copy ${label}` }, "Copy")), h("pre", { class: "wrap" }, text));
}

/** Calls the last of many calls, after a pause. */
export function later(work, pause = 200) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), pause);
  };
}
