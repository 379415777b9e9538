// Curves of a table, thinned by the server: drawn on a canvas, zoomed by dragging or with keys.

import { get } from "./api.js";
import { attempt, counted, h, later, num, size, table } from "./dom.js";

const PAD = { left: 62, right: 12, top: 10, bottom: 36 };
const COLOURS = [["#0072b2", "#56b4e9"], ["#d55e00", "#ff9447"], ["#007a5a", "#2fd0a2"], ["#b0578d", "#ee9ecb"],
  ["#8a6500", "#e6b422"], ["#2a87b8", "#a5d8f5"], ["#4d4d4d", "#c8c8c8"]];

/** Shows any two columns of a table against each other. */
export function drawCurves(box, description, columns) {
  const numbers = description.columns.filter((column) => column.kind === "number").map((column) => column.name);
  const texts = description.columns.map((column) => column.name);
  const of = (role) => description.roles[role]?.column;
  const first = ["step", of("D"), of("N"), of("C"), numbers[0]].find((name) => numbers.includes(name));
  const asked = { x: first, y: of("loss") ?? numbers.at(-1), by: description.runs_column ?? (texts.includes("run") ? "run" : ""), log: first !== "step", from: null, to: null };
  if (numbers.length < 2) return box.replaceChildren();

  const canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": "curves" });
  const told = h("p", { class: "faint", role: "status" });
  const numbersBox = h("div", {});
  const menu = (name, label, options) => {
    const select = h("select", { id: `curve-${name}`, change: () => {
      Object.assign(asked, { [name]: select.value, from: null, to: null });
      draw();
    } }, options.map((option) => h("option", { value: option }, option || "(all as one)")));
    select.value = asked[name];
    return h("div", {}, h("label", { for: `curve-${name}` }, label), select);
  };
  const log = h("input", { type: "checkbox", id: "curve-log", change: () => {
    Object.assign(asked, { log: log.checked, from: null, to: null });
    draw();
  } });
  log.checked = asked.log;
  const whole = h("button", { type: "button", click: () => {
    Object.assign(asked, { from: null, to: null });
    draw();
  } }, "Whole range");
  let shown = null;

  const draw = later(attempt(async () => {
    const query = new URLSearchParams({ x: asked.x, y: asked.y, by: asked.by, log: asked.log,
      pieces: Math.max(100, Math.min(1500, Math.round(canvas.clientWidth || 600))), maps: columns().maps.join(";") });
    if (asked.from != null) query.set("from", asked.from);
    if (asked.to != null) query.set("to", asked.to);
    shown = await get(`/api/tables/${description.id}/curves?${query}`);
    paint(canvas, shown, asked.log);
    const more = shown.more_curves > 0 ? `, the ${shown.curves.length} longest of ${shown.curves.length + shown.more_curves} curves` : "";
    told.textContent = `${counted(shown.rows, "row")}, ${counted(shown.shown, "point")} drawn${more}. Drag to zoom; + and - with the keyboard.`;
    canvas.setAttribute("aria-label", `${asked.y} by ${asked.x}, ${counted(shown.curves.length, "curve")}`);
    numbersBox.replaceChildren(h("details", {}, h("summary", {}, "in numbers"), table(["curve", "rows", `last ${asked.y}`],
      shown.curves.map((curve) => [curve.name, curve.rows, curve.points.at(-1)?.[1]]), "curves in numbers")));
  }), 30);

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - PAD.left) / (box.width - PAD.left - PAD.right);
    return place(Math.max(0, Math.min(1, share)));
  };
  const place = (share) => {
    const [low, high] = shown.range.x;
    return asked.log ? Math.exp(Math.log(low) + share * Math.log(high / low)) : low + share * (high - low);
  };
  let start = null;
  canvas.addEventListener("pointerdown", (event) => {
    start = shown && shown.range.x[0] != null ? at(event) : null;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (start == null) return;
    const ends = [start, at(event)].sort((a, b) => a - b);
    start = null;
    if (ends[1] > ends[0]) zoom(...ends);
  });
  canvas.addEventListener("dblclick", () => whole.click());
  canvas.addEventListener("keydown", (event) => {
    if (!shown || shown.range.x[0] == null) return;
    if (event.key === "+") zoom(place(0.25), place(0.75));
    else if (event.key === "-") whole.click();
    else return;
    event.preventDefault();
  });
  const zoom = (from, to) => {
    Object.assign(asked, { from, to });
    draw();
  };
  new ResizeObserver(later(() => shown && paint(canvas, shown, asked.log), 50)).observe(canvas);

  const details = h("details", { toggle: () => details.open && draw() }, h("summary", {}, "Curves"),
    h("div", { class: "grid" }, menu("x", "along", numbers), menu("y", "value", numbers), menu("by", "one curve for each", ["", ...texts])),
    h("p", { class: "check" }, log, h("label", { for: "curve-log" }, "logarithmic"), whole), canvas, told, numbersBox);
  details.open = first === "step";
  box.replaceChildren(details);
  if (details.open) draw();
}

/** About `count` round numbers from `low` to `high`. */
function round(low, high, count) {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / count));
  const step = power * ([1, 2, 5].find((step) => step * power * count >= high - low) ?? 10);
  const first = Math.ceil(low / step), last = Math.floor(high / step);
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

function paint(canvas, shown, isLog) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  const c = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const isDark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  c.scale(ratio, ratio);
  c.font = `12px ${style.fontFamily}`;
  c.fillStyle = style.color;
  const [[x0, x1], [y0, y1]] = [shown.range.x, shown.range.y];
  if (x0 == null || y0 == null) return c.fillText("nothing to draw: no row has both numbers", PAD.left, 40);
  const scale = (value) => (isLog ? Math.log(value) : value);
  const inner = { w: width - PAD.left - PAD.right, h: height - PAD.top - PAD.bottom };
  const px = (x) => PAD.left + (x1 > x0 ? (scale(x) - scale(x0)) / (scale(x1) - scale(x0)) : 0.5) * inner.w;
  const py = (y) => PAD.top + (y1 > y0 ? (y1 - y) / (y1 - y0) : 0.5) * inner.h;
  c.strokeStyle = c.fillStyle;
  c.globalAlpha = 0.15;
  c.strokeRect(PAD.left, PAD.top, inner.w, inner.h);
  c.globalAlpha = 1;
  c.textAlign = "center";
  const across = isLog ? [0, 1, 2, 3, 4].map((k) => Math.exp(scale(x0) + (k / 4) * (scale(x1) - scale(x0)))) : round(x0, x1, 5);
  for (const x of across) {
    const at = px(x);
    c.textAlign = at < PAD.left + 20 ? "left" : at > PAD.left + inner.w - 20 ? "right" : "center";
    c.fillText(size(x), at, height - PAD.bottom + 16);
  }
  c.textAlign = "center";
  c.fillText(shown.x, PAD.left + inner.w / 2, height - 5);
  c.textAlign = "right";
  for (const y of round(y0, y1, 5)) c.fillText(num(y), PAD.left - 6, py(y) + 4);
  const isLine = shown.curves.some((curve) => curve.points.length > 2) && (shown.by != null || shown.x === "step");
  shown.curves.forEach((curve, k) => {
    c.strokeStyle = c.fillStyle = COLOURS[k % COLOURS.length][isDark ? 1 : 0];
    c.beginPath();
    for (const [x, y] of curve.points) {
      if (isLine) c.lineTo(px(x), py(y));
      else c.fillRect(px(x) - 1.5, py(y) - 1.5, 3, 3);
    }
    c.stroke();
  });
}
