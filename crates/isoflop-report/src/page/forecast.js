// The forecast: sliders, the law in JavaScript, and the law by every replicate for the interval.
const fit = JSON.parse(document.getElementById("fit").textContent);
const form = document.getElementById("forecast");
const out = document.getElementById("answer");
const state = {};

// Parameters by name; a grouped one, A[llama], is an object of its levels.
function named(values) {
  const params = {};
  fit.parameters.forEach((p, k) => {
    if (p.level === null) params[p.name] = values[k];
    else (params[p.name] ??= {})[p.level] = values[k];
  });
  return params;
}
const estimate = named(fit.estimate);
const draws = fit.draws.map(named);

function size(x) {
  for (const [unit, suffix] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]])
    if (Math.abs(x) >= unit && Math.abs(x) < 1e15) return Number((x / unit).toPrecision(3)) + suffix;
  const text = Math.abs(x) >= 1e15 ? x.toExponential(2) : Number(x.toPrecision(3)).toString();
  return text.replace("e+", "e");
}

function read(text) {
  const found = /^\s*([-+0-9.eE]+)\s*([kMBT]?)\s*$/.exec(text);
  return found ? Number(found[1]) * ({ k: 1e3, M: 1e6, B: 1e9, T: 1e12 }[found[2]] ?? 1) : NaN;
}

const digits = (x) => x.toPrecision(5).replace("e+", "e");

// Ends of the central interval of a level over rising values, as Rust takes them.
function ends(values, level) {
  const at = (share) => {
    const place = share * (values.length - 1), below = Math.floor(place), above = Math.min(below + 1, values.length - 1);
    return values[below] + (place - below) * (values[above] - values[below]);
  };
  return values.length >= 10 ? [at(0.5 - 0.5 * level), at(0.5 + 0.5 * level)] : null;
}
const rising = (values) => values.filter(Number.isFinite).sort((a, b) => a - b);
const half = (values, level) => { const e = ends(rising(values), level); return e ? 0.5 * (e[1] - e[0]) : 0; };

// Quantile of the Student-t distribution with 4 degrees of freedom (in closed form: Shaw 2006, section 2.3).
function tail(p) {
  const a = Math.sqrt(4 * p * (1 - p));
  return Math.sign(p - 0.5) * 2 * Math.sqrt(Math.max(Math.cos(Math.acos(a) / 3) / a - 1, 0));
}
const COUNT = 2003, STEPS = [1, 129, 617, 1476];
const normal = (k) => (2 * k + 1 <= COUNT ? fit.normals[k] : -fit.normals[COUNT - 1 - k]);
const tails = Array.from({ length: COUNT }, (_, k) => tail((k + 0.5) / COUNT));

// One new run: parameters, noise, misfit beyond the runs and choice of objective together, as `isoflop predict` has them.
function predictive(point) {
  const m = fit.model;
  const scaled = (p) => { const v = law({ ...point, ...p }); return fit.log ? Math.log(v) : v; };
  const centre = scaled(estimate);
  if (!m || !Number.isFinite(centre) || m.noise.length === 0) return null;
  let centres = draws.map(scaled).filter(Number.isFinite);
  const known = centres.length >= 10;
  if (!known) centres = [centre];
  let size = 0, distance = 0;
  if (m.size) {
    size = m.size.inputs.reduce((sum, [name]) => sum + Math.log(point[name]), 0);
    const outside = (x, low, high) => Math.max(x - high, low - x);
    distance = Math.max(0, outside(size, m.size.low, m.size.high),
      ...m.size.inputs.map(([name, low, high]) => outside(Math.log(point[name]), low, high)));
  }
  const within = Number.isNaN(size) ? m.centre : Math.min(Math.max(size, m.ends[0]), m.ends[1]);
  const factor = Math.exp(m.slope * (within - m.centre));
  const square = (c) => { const off = scaled(c.named) - centre; return Number.isFinite(off) ? c.weight * off * off : 0; };
  const choice = m.choices.length ? Math.sqrt(m.choices.reduce((sum, c) => sum + square(c), 0)) : null;
  const rest = Math.hypot(m.excess, choice ?? 0);
  const sample = Array.from({ length: COUNT }, (_, k) => {
    const at = STEPS.map((step) => (k * step) % COUNT);
    return centres[Math.floor((at[0] * centres.length) / COUNT)] + factor * m.noise[Math.floor((at[1] * m.noise.length) / COUNT)]
      + tails[at[2]] * m.rate * distance + (rest > 0 ? rest * normal(at[3]) : 0);
  }).sort((a, b) => a - b);
  const [low, high] = ends(sample, fit.level).map((x) => (fit.log ? Math.exp(x) : x));
  const natural = (h) => (h === null ? null : fit.log ? Math.abs(Math.exp(centre)) * Math.sinh(h) : h);
  const parts = {
    parameters: known ? half(centres, fit.level) : null, noise: factor * half(m.noise, fit.level),
    misfit: Math.hypot(tail(0.5 + 0.5 * fit.level) * m.rate * distance, fit.z * m.excess),
    choice: choice === null ? null : fit.z * choice,
  };
  return { low, high, parts: Object.fromEntries(Object.entries(parts).map(([k, h]) => [k, natural(h)])) };
}
for (const c of fit.model?.choices ?? []) c.named = named(c.estimates);

const WORDS = { parameters: "uncertainty of the parameters", noise: "scatter of one run", misfit: "error of the law beyond the runs",
  choice: "choice of the objective" };
function update() {
  const point = { ...state };
  const value = law({ ...point, ...estimate });
  const percent = `${100 * fit.level} %`;
  const all = rising(draws.map((d) => law({ ...point, ...d })));
  const own = all.length === draws.length ? ends(all, fit.level) : null;
  const run = predictive(point);
  let text = Number.isFinite(value) ? `${fit.output} = ${digits(value)}` : "the law has no value here";
  if (Number.isFinite(value) && run) text += `, ${digits(run.low)} … ${digits(run.high)} with ${percent} for one new run`;
  else if (Number.isFinite(value) && own) text += `, ${digits(own[0])} … ${digits(own[1])} with ${percent} (the law, not one run)`;
  if (Number.isFinite(point.N * point.D)) text += `; C = 6 N D = ${(6 * point.N * point.D).toPrecision(3).replace("e+", "e")} FLOP`;
  out.textContent = text;
  Object.assign(out.dataset, { point: JSON.stringify(point), estimate: value, low: run?.low ?? own?.[0], high: run?.high ?? own?.[1] });
  const made = run ? Object.entries(run.parts).filter(([, h]) => h !== null).map(([k, h]) => `${WORDS[k]} ± ${Number(h.toPrecision(2))}`) : [];
  const line = own ? [`the law alone ${digits(own[0])} … ${digits(own[1])}`] : [];
  document.getElementById("parts").textContent = made.length ? `The interval is made of: ${made.concat(line).join("; ")}.` : "";
  const beyond = fit.inputs.filter((i) => state[i.name] > i.high * 1.000001 || state[i.name] < i.low * 0.999999);
  const far = beyond.map((i) => {
    const above = state[i.name] > i.high;
    const ratio = above ? state[i.name] / i.high : i.low / state[i.name];
    return `${i.name} ${i.low > 0 ? size(ratio) + " times " : ""}${above ? "above" : "below"}`;
  });
  document.getElementById("beyond").textContent = far.length ? `beyond the runs: ${far.join(", ")}` : "inside the runs";
}

// A slider with a box for the number; `set` shows a value without telling.
function control(parent, { label, name, log, from, to, value }, changed) {
  const [there, back] = log ? [Math.log, Math.exp] : [(x) => x, (x) => x];
  const row = document.createElement("label"), slider = document.createElement("input"), box = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0, max: 1000, step: 1 });
  Object.assign(box, { type: "text", size: 9 });
  slider.setAttribute("aria-label", `${name}, slider`);
  box.setAttribute("aria-label", name);
  const [low, high] = [there(from), there(to)];
  let now = value;
  const tell = () => slider.setAttribute("aria-valuetext", size(now));
  const set = (x) => { now = x; slider.value = (1000 * (there(x) - low)) / (high - low); box.value = size(x); tell(); };
  slider.addEventListener("input", () => {
    now = back(low + ((high - low) * slider.value) / 1000);
    box.value = size(now);
    tell();
    changed(now);
  });
  box.addEventListener("change", () => {
    const typed = read(box.value);
    if (Number.isFinite(typed) && (!log || typed > 0)) changed(typed);
    set(Number.isFinite(typed) && (!log || typed > 0) ? typed : now);
  });
  row.append(document.createTextNode(label + " "), slider, box);
  parent.append(row);
  set(value);
  return set;
}

const controls = {};
for (const input of fit.inputs) {
  state[input.name] = input.value;
  controls[input.name] = control(form, input, (x) => { state[input.name] = x; update(); });
}
for (const { name, levels } of fit.texts) {
  const row = document.createElement("label");
  const select = document.createElement("select");
  for (const level of levels) select.append(new Option(level, level));
  select.addEventListener("change", () => { state[name] = select.value; update(); });
  state[name] = levels[0];
  row.append(document.createTextNode(name + " "), select);
  form.append(row);
}
update();

// For a budget: the N and D at which the law is lowest when training and serving together cost C.
if (fit.inputs.some((i) => i.name === "N") && fit.inputs.some((i) => i.name === "D")) {
  const of = (name) => fit.inputs.find((i) => i.name === name);
  const where = document.getElementById("budget"), said = document.getElementById("best");
  const asked = { budget: 6 * of("N").high * of("D").high, demand: 0 };
  const tokens = (n) => (asked.budget - 2 * n * asked.demand) / (6 * n);
  const cost = (ln) => {
    const n = Math.exp(ln), d = tokens(n);
    const y = d > 0 ? law({ ...state, ...estimate, N: n, D: d }) : NaN;
    return Number.isFinite(y) ? y : Infinity;
  };
  const decide = () => {
    const from = Math.log(of("N").low / 100), to = Math.log(of("N").high * 1e5), step = (to - from) / 400;
    let best = from;
    for (let k = 0; k <= 400; k++) if (cost(from + k * step) < cost(best)) best = from + k * step;
    let [a, b] = [best - step, best + step];
    for (let k = 0; k < 80; k++) {
      const [c, d] = [a + (b - a) / 3, b - (b - a) / 3];
      if (cost(c) < cost(d)) b = d; else a = c;
    }
    const n = Math.exp((a + b) / 2), edge = best - step < from || best + step > to, y = cost(Math.log(n));
    const text = `N = ${size(n)}, D = ${size(tokens(n))}: ${fit.output} = ${digits(y)}`;
    said.textContent = edge || !Number.isFinite(y) ? "no lowest point within reach of the runs" : text;
    Object.assign(said.dataset, { n, d: tokens(n), value: y });
    take.disabled = edge || !Number.isFinite(y);
  };
  const take = document.createElement("button");
  Object.assign(take, { type: "button", textContent: "Forecast this run" });
  const c = asked.budget, served = of("D").high * 1e4;
  control(where, { label: "C (FLOP, training and serving)", name: "budget", log: true, from: c / 1e4, to: c * 1e6, value: c }, (x) => {
    asked.budget = x;
    decide();
  });
  control(where, { label: "demand (tokens served)", name: "demand", log: false, from: 0, to: served, value: 0 }, (x) => {
    asked.demand = Math.max(x, 0);
    decide();
  });
  take.addEventListener("click", () => {
    state.N = Number(said.dataset.n);
    state.D = Number(said.dataset.d);
    controls.N(state.N);
    controls.D(state.D);
    update();
  });
  where.append(said, take);
  where.hidden = false;
  decide();
}
