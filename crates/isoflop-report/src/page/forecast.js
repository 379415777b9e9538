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
  return Number(x.toPrecision(3)).toString().replace("e+", "e");
}

function read(text) {
  const found = /^\s*([-+0-9.eE]+)\s*([kMBT]?)\s*$/.exec(text);
  return found ? Number(found[1]) * ({ k: 1e3, M: 1e6, B: 1e9, T: 1e12 }[found[2]] ?? 1) : NaN;
}

function update() {
  const point = { ...state };
  const value = law({ ...point, ...estimate });
  const all = draws.map((d) => law({ ...point, ...d })).filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share) => {
    const place = share * (all.length - 1), below = Math.floor(place);
    return all[below] + (all[Math.ceil(place)] - all[below]) * (place - below);
  };
  const whole = all.length > 0 && all.length === draws.length;
  const digits = (x) => x.toPrecision(5).replace("e+", "e");
  let text = Number.isFinite(value) ? `${fit.output} = ${digits(value)}` : "the law has no value here";
  if (whole && Number.isFinite(value))
    text += `, ${digits(at((1 - fit.level) / 2))} … ${digits(at((1 + fit.level) / 2))} with ${100 * fit.level} % (the law, not one run)`;
  if (Number.isFinite(point.N * point.D)) text += `; C = 6 N D = ${(6 * point.N * point.D).toPrecision(3).replace("e+", "e")} FLOP`;
  const beyond = fit.inputs.filter((i) => state[i.name] > i.high * 1.000001 || state[i.name] < i.low * 0.999999);
  out.textContent = text;
  const far = beyond.map((i) => {
    const above = state[i.name] > i.high;
    const ratio = above ? state[i.name] / i.high : i.low / state[i.name];
    return `${i.name} ${i.low > 0 ? size(ratio) + " times " : ""}${above ? "above" : "below"}`;
  });
  document.getElementById("beyond").textContent = far.length ? `beyond the runs: ${far.join(", ")}` : "inside the runs";
}

for (const input of fit.inputs) {
  const [to, from] = input.log ? [Math.log, Math.exp] : [(x) => x, (x) => x];
  const row = document.createElement("label");
  const slider = document.createElement("input");
  const box = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0, max: 1000, step: 1 });
  Object.assign(box, { type: "text", size: 9 });
  slider.setAttribute("aria-label", `${input.name}, slider`);
  box.setAttribute("aria-label", input.name);
  const [low, high] = [to(input.from), to(input.to)];
  slider.addEventListener("input", () => {
    state[input.name] = from(low + (high - low) * slider.value / 1000);
    box.value = size(state[input.name]);
    update();
  });
  box.addEventListener("change", () => {
    const value = read(box.value);
    if (!Number.isFinite(value)) return void (box.value = size(state[input.name]));
    state[input.name] = value;
    slider.value = 1000 * (to(value) - low) / (high - low);
    update();
  });
  state[input.name] = input.value;
  slider.value = 1000 * (to(input.value) - low) / (high - low);
  box.value = size(input.value);
  row.append(document.createTextNode(input.label + " "), slider, box);
  form.append(row);
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
