// Figures: zoom, hover, legend and downloads, over the drawings from Rust. Scales are straight lines in pixels, so a zoom
// moves the places in the paths; only the ticks are made anew.
const SVG = "http://www.w3.org/2000/svg";
// From the corner of a marker to its middle, by its shape.
const MIDDLE = [[3.2, 0], [3, 3], [0, 3.8], [0, 4], [0, -3.8], [0, 4], [4, 4]];
const CLOSE = 14;

function short(x) {
  if (x === 0) return "0";
  for (const [unit, suffix] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]])
    if (Math.abs(x) >= unit && Math.abs(x) < 1e15) return Number((x / unit).toPrecision(4)) + suffix;
  const text = Math.abs(x) >= 1e15 ? Number(x.toPrecision(4)).toExponential() : Number(x.toPrecision(4)).toString();
  return text.replace("e+", "e");
}

// From shares of the frame to numbers and back.
function axisOf(text) {
  const [kind, low, high] = text.split(" ").map((word, k) => (k ? Number(word) : word));
  const [to, from] = kind === "log" ? [Math.log, Math.exp] : [(x) => x, (x) => x];
  return { kind, at: (share) => from(to(low) + share * (to(high) - to(low))), share: (x) => (to(x) - to(low)) / (to(high) - to(low)) };
}

function ticks(axis, [from, to], wanted) {
  const low = axis.at(from), high = axis.at(to), found = [];
  if (axis.kind === "log" && high / low >= 8) {
    const decades = Math.log10(high / low), stride = Math.max(1, Math.ceil(decades / wanted));
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++)
      for (const digit of decades < 3 ? [1, 2, 5] : [1]) if (e % stride === 0) found.push(Number(`${digit}e${e}`));
  } else {
    const rough = (high - low) / wanted, unit = 10 ** Math.floor(Math.log10(rough));
    const step = axis.kind === "names" ? 1 : [1, 2, 5, 10].map((k) => k * unit).find((s) => s >= rough * 0.999);
    for (let k = Math.ceil(low / step); k * step <= high && found.length < 50; k++) found.push(Number((k * step).toPrecision(12)));
  }
  return found.filter((x) => x >= low && x <= high);
}

function save(name, type, content) {
  const link = document.createElement("a");
  link.href = content instanceof Blob ? URL.createObjectURL(content) : URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function button(parent, text, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", textContent: text });
  made.addEventListener("click", act);
  parent.append(made);
  return made;
}

function alive(box, number) {
  const svg = box.querySelector("svg"), fig = svg.querySelector(".fig"), plot = fig.querySelector(".plot"), ax = fig.querySelector(".ax");
  const [left, top, width, height] = fig.dataset.frame.split(",").map(Number);
  const axes = { x: axisOf(fig.dataset.x), y: axisOf(fig.dataset.y) };
  const name = box.dataset.file, first = ax.innerHTML, stage = box.querySelector(".stage");
  const names = [...fig.querySelectorAll(".ax text")].filter((t) => t.getAttribute("text-anchor") === "end").map((t) => t.textContent);
  const paths = [...plot.querySelectorAll("path")].map((el) => ({ el, d: el.getAttribute("d") }));
  const others = [...plot.querySelectorAll("rect,text")].map((el) => ({ el, x: Number(el.getAttribute("x")), y: Number(el.getAttribute("y")),
    width: Number(el.getAttribute("width")) }));
  let view = { x: [0, 1], y: [0, 1] };
  const across = (px) => left + (((px - left) / width - view.x[0]) / (view.x[1] - view.x[0])) * width;
  const down = (py) => top + (1 - ((top + height - py) / height - view.y[0]) / (view.y[1] - view.y[0])) * height;

  function draw() {
    const whole = view.x[0] === 0 && view.x[1] === 1 && view.y[0] === 0 && view.y[1] === 1;
    if (whole) plot.removeAttribute("clip-path");
    else plot.setAttribute("clip-path", `url(#clip${number})`);
    for (const { el, d } of paths) {
      const marker = el.classList.contains("m"), [ox, oy] = marker ? MIDDLE[colour(el)] : [0, 0];
      el.setAttribute("d", whole ? d : d.replace(/([ML])(-?[\d.]+),(-?[\d.]+)/g, (_, c, x, y) =>
        `${c}${(across(+x + ox) - ox).toFixed(2)},${(down(+y + oy) - oy).toFixed(2)}`));
    }
    for (const { el, x, y, width: w } of others) {
      el.setAttribute("x", across(x));
      if (el.tagName === "rect") el.setAttribute("width", Math.max(across(x + w) - across(x), 0));
      else if (y > top + 16) el.setAttribute("y", down(y));
    }
    ax.innerHTML = first;
    if (!whole) retick();
    reset.disabled = whole;
    box.dataset.zoomed = !whole;
  }
  function retick() {
    ax.replaceChildren();
    const add = (tag, kind, attributes, text) => {
      const made = document.createElementNS(SVG, tag);
      if (kind) made.setAttribute("class", kind);
      for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, v);
      if (text) made.textContent = text;
      ax.append(made);
    };
    for (const x of ticks(axes.x, view.x, width / 75)) {
      const at = left + ((axes.x.share(x) - view.x[0]) / (view.x[1] - view.x[0])) * width;
      add("path", "g", { d: `M${at},${top}V${top + height}` });
      add("path", "a", { d: `M${at},${top + height}v6` });
      add("text", "", { x: at, y: top + height + 19, "text-anchor": "middle" }, axes.x.kind === "names" ? "" : short(x));
    }
    for (const y of ticks(axes.y, view.y, height / 48)) {
      const at = top + height - ((axes.y.share(y) - view.y[0]) / (view.y[1] - view.y[0])) * height;
      add("path", "g", { d: `M${left},${at}H${left + width}` });
      add("path", "a", { d: `M${left},${at}h-6` });
      add("text", "", { x: left - 9, y: at + 4, "text-anchor": "end" }, axes.y.kind === "names" ? names[y] : short(y));
    }
    add("path", "a", { d: `M${left},${top}V${top + height}H${left + width}` });
  }
  const colour = (el) => Number([...el.classList].find((c) => /^c\d$/.test(c))?.slice(1) ?? 0);
  function move(axis, from, to) {
    const size = Math.min(Math.max(to - from, 0.02), 1), start = Math.min(Math.max(from, 0), 1 - size);
    view[axis] = size === 1 ? [0, 1] : [start, start + size];
  }
  function zoom(by, x = 0.5, y = 0.5) {
    for (const [axis, at] of [["x", x], ["y", y]]) {
      const [from, to] = view[axis], middle = from + at * (to - from);
      move(axis, middle - at * (to - from) * by, middle + (1 - at) * (to - from) * by);
    }
    draw();
  }
  function pan(dx, dy) {
    const [w, h] = [view.x[1] - view.x[0], view.y[1] - view.y[0]];
    move("x", view.x[0] + dx * w, view.x[1] + dx * w);
    move("y", view.y[0] + dy * h, view.y[1] + dy * h);
    draw();
  }
  const all = () => { view = { x: [0, 1], y: [0, 1] }; draw(); };

  const clip = document.createElementNS(SVG, "clipPath"), hole = document.createElementNS(SVG, "rect");
  clip.id = `clip${number}`;
  for (const [k, v] of Object.entries({ x: left, y: top, width, height })) hole.setAttribute(k, v);
  clip.append(hole);
  svg.prepend(clip);

  // Keys, the mouse, and buttons for everybody else.
  stage.tabIndex = 0;
  stage.addEventListener("keydown", (event) => {
    const acts = { "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), 0: all, Escape: all, ArrowLeft: () => pan(-0.15, 0),
      ArrowRight: () => pan(0.15, 0), ArrowUp: () => pan(0, 0.15), ArrowDown: () => pan(0, -0.15) };
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
  const place = (event) => {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  let from = null;
  const frame = document.createElementNS(SVG, "rect");
  frame.setAttribute("class", "pick");
  svg.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    if (event.pointerType !== "mouse" || event.button || x < left || x > left + width || y < top || y > top + height) return;
    from = [x, y];
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  const corners = (x, y) => [Math.min(from[0], x), Math.min(from[1], y), Math.abs(x - from[0]), Math.abs(y - from[1])];
  svg.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!from) return hover(x, y);
    tip.hidden = true;
    ["x", "y", "width", "height"].forEach((k, i) => frame.setAttribute(k, corners(x, y)[i]));
    svg.append(frame);
  });
  svg.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [x0, y0, w, h] = corners(...place(event));
    from = null;
    frame.remove();
    if (w < 6 || h < 6) return;
    const { x: vx, y: vy } = view, wide = vx[1] - vx[0], tall = vy[1] - vy[0];
    move("x", vx[0] + ((x0 - left) / width) * wide, vx[0] + ((x0 + w - left) / width) * wide);
    move("y", vy[0] + ((top + height - y0 - h) / height) * tall, vy[0] + ((top + height - y0) / height) * tall);
    draw();
  });
  svg.addEventListener("dblclick", all);

  // The nearest marker in words.
  const tip = document.createElement("div");
  Object.assign(tip, { className: "tip", hidden: true });
  tip.setAttribute("aria-hidden", "true");
  stage.append(tip);
  svg.addEventListener("pointerleave", () => { tip.hidden = true; });
  const entry = (k) => fig.querySelector(`.key [data-e="${k}"] text`)?.textContent ?? "";
  const marks = paths.filter(({ el }) => el.classList.contains("m")).flatMap(({ el, d }) => {
    const [ox, oy] = MIDDLE[colour(el)];
    return [...d.matchAll(/M(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => ({ el, x: +x + ox, y: +y + oy }));
  });
  function hover(x, y) {
    let best = null, least = CLOSE * CLOSE;
    for (const mark of marks) {
      const far = (across(mark.x) - x) ** 2 + (down(mark.y) - y) ** 2;
      if (far < least && mark.el.style.display !== "none") [best, least] = [mark, far];
    }
    tip.hidden = !best;
    if (!best) return;
    const of = (axis, share) => (axis.kind === "names" ? names[Math.round(axis.at(share))] : short(axis.at(share)));
    const words = [entry(best.el.dataset.e), of(axes.x, (best.x - left) / width), of(axes.y, (top + height - best.y) / height)];
    tip.textContent = words.filter(Boolean).join(" · ");
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    tip.style.left = `${Math.min(across(best.x) * scale + 10, stage.clientWidth - 120)}px`;
    tip.style.top = `${down(best.y) * scale - 30}px`;
  }

  const tools = box.querySelector(".tools");
  for (const key of fig.querySelectorAll(".key [data-e]")) {
    const toggle = () => {
      const shown = made.getAttribute("aria-pressed") !== "true";
      made.setAttribute("aria-pressed", shown);
      key.style.opacity = shown ? 1 : 0.3;
      for (const { el } of paths) if (el.dataset.e === key.dataset.e) el.style.display = shown ? "" : "none";
    };
    const made = button(tools, key.querySelector("text").textContent, toggle);
    made.setAttribute("aria-pressed", "true");
    made.title = "show or hide";
    key.addEventListener("click", toggle);
    key.style.cursor = "pointer";
  }
  button(tools, "Zoom in", () => zoom(0.7));
  button(tools, "Zoom out", () => zoom(1 / 0.7));
  const reset = button(tools, "All", all);
  reset.disabled = true;
  button(tools, "CSV", () => {
    const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const rows = [...box.querySelectorAll("table tr")].map((row) => [...row.cells].map((cell) => quoted(cell.textContent)).join(","));
    save(`${name}.csv`, "text/csv", rows.join("\n") + "\n");
  });
  const picture = () => {
    const copy = svg.cloneNode(true), style = document.createElementNS(SVG, "style");
    style.textContent = document.getElementById("figure-style").textContent;
    copy.prepend(style);
    return new XMLSerializer().serializeToString(copy);
  };
  button(tools, "SVG", () => save(`${name}.svg`, "image/svg+xml", picture()));
  button(tools, "PNG", () => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: svg.viewBox.baseVal.width * 2, height: svg.viewBox.baseVal.height * 2 });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(`${name}.png`, "image/png", blob));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture())}`;
  });
}
document.querySelectorAll("figure").forEach(alive);
