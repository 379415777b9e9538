// What a job found, by kind: the verdict first, in words, then the numbers.

import { get, post } from "./api.js";
import { attempt, counted, h, num, percent, size, table } from "./dom.js";
import { plans } from "./plans.js";

const LISTED = 30;
const ends = (q) => (q.low == null ? "–" : `${num(q.low)} … ${num(q.high)}`);

/** The elements of an answer; `start` starts another job, `chosen` takes a law. */
export function show(job, { start, chosen }) {
  const kinds = { fit, compare, backtest, audit, laws, plan: job.result.rules ? rules : plan, next };
  const answer = (kinds[job.kind] ?? anything)(job.result, job, { start, chosen });
  return [answer, pictures(job)].flat();
}

/** The figures of a result, drawn by the server. */
function pictures(job) {
  const told = h("div", { class: "figures" }, h("p", { class: "faint" }, "drawing …"));
  attempt(async () => {
    const { figures } = await get(`/api/jobs/${job.id}/figures`);
    told.replaceChildren(...figures.map(figure));
  })();
  return told;
}

/** The address of the report of a fit, with what else was found about its runs. */
async function reportOf(job) {
  const { jobs } = await get("/api/jobs");
  const drawn = ["compare", "backtest", "profile", "methods", "contrast", "influence", "next", "plan"];
  const isAbout = async (j) => {
    if (j.kind === "plan") return (await get(`/api/jobs/${j.id}`)).ask.options.fit === job.id;
    return j.table === job.table && (j.law == null || j.law === job.law);
  };
  const ids = [];
  for (const j of jobs.filter((j) => j.state === "done" && drawn.includes(j.kind))) if (await isAbout(j)) ids.unshift(j.id);
  return `/api/jobs/${job.id}/report.html${ids.length > 0 ? `?with=${ids.join(",")}` : ""}`;
}

const LOOK = { certified: "good", "certified with warnings": "warn", "not certified": "bad" };

function verdict(text, sentences) {
  return h("div", { class: `verdict ${LOOK[text] ?? "warn"}` }, h("p", {}, h("strong", {}, text)), sentences.map((s) => h("p", {}, s)));
}

function fit(result, job, tools) {
  const c = result.certificate;
  const level = result.interval ? percent(result.interval.level) : "";
  const rows = (object) => Object.entries(object).map(([name, p]) =>
    [name, num(p.estimate, 5), ends(p), [p.fixed ? "held" : "", p.at_bound ? "at its bound" : ""].filter(Boolean).join(", ")]);
  const head = ["", "estimate", `interval ${level}`, ""];
  const save = attempt(async (event) => {
    event.preventDefault();
    const link = h("a", { href: await reportOf(job), download: "report.html" });
    document.body.append(link);
    link.click();
    link.remove();
  });
  return [
    verdict(c.verdict, [...c.reasons, ...result.warnings.map((warning) => warning.message)]),
    h("p", {}, h("code", {}, result.formula)),
    h("p", {}, `${counted(result.rows.used, "row")}, ${result.objective.name}, residuals ${result.rmse_log == null ? num(result.rmse) : percent(result.rmse_log)}`,
      result.rows.dropped > 0 ? `; ${counted(result.rows.dropped, "row")} left out` : ""),
    table(["parameter", ...head.slice(1)], rows(result.parameters), "parameters"),
    Object.keys(result.derived).length > 0 ? table(["derived", ...head.slice(1)], rows(result.derived), "derived quantities") : "",
    h("details", {}, h("summary", {}, "Certificate"), certificate(c)),
    predict(result, job),
    plans(job, tools.start),
    h("p", { class: "buttons" },
      h("a", { href: `/api/jobs/${job.id}/report.html`, download: "report.html", click: save }, "Export report"),
      h("a", { href: `/api/jobs/${job.id}/fit.json`, download: "fit.json" }, "Save fit")),
  ];
}

function certificate(c) {
  const s = c.starts;
  const moves = c.direction ? h("p", {}, c.direction.text) : "";
  return h("div", {},
    h("p", {}, `Gradient ${num(c.gradient)}${c.exact ? "" : ", exact"}; of ${counted(s.tried, "start")} ${s.agreeing} ended here, ${s.elsewhere} elsewhere, ${s.failed} failed.`),
    table(["term", "share of the prediction", "cost of leaving it out"],
      c.terms.map((t) => [t.text, percent(t.share), t.cost == null ? "–" : num(t.cost)]), "terms"),
    moves,
    c.influential.length > 0 ? table(["row", "moves", "by standard errors"],
      c.influential.map((i) => [i.row, i.parameter, num(i.standard_errors, 3)]), "influential rows") : "");
}

function figure(shown) {
  const svg = new DOMParser().parseFromString(shown.svg, "image/svg+xml").documentElement;
  const save = h("a", { href: "#", download: `${shown.title}.csv`, click: (event) => {
    const cell = (text) => `"${String(text).replaceAll('"', '""')}"`;
    const csv = [shown.head, ...shown.rows].map((row) => row.map(cell).join(",")).join("\n");
    event.currentTarget.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
  } }, "CSV");
  return h("figure", {}, document.importNode(svg, true), h("figcaption", {}, shown.caption, " ", save,
    h("details", {}, h("summary", {}, "table"), table(shown.head, shown.rows.slice(0, 200), shown.title))));
}

function predict(result, job) {
  const id = `at-${job.id}`;
  const names = Object.keys(result.ranges);
  const input = h("input", { id, spellcheck: "false", value: names.map((n) => `${n}=${size(10 * result.ranges[n].high)}`).join(",") });
  const out = h("p", { role: "status" });
  const go = attempt(async (event) => {
    event.preventDefault();
    const { points: [point], output, level } = await post(`/api/jobs/${job.id}/predict`, { at: [input.value] });
    const far = Object.entries(point.extrapolation).filter(([, ratio]) => ratio > 1).map(([n, ratio]) => `${n} ${num(ratio, 2)} times`);
    out.replaceChildren(h("strong", {}, `${output} = ${num(point.estimate, 5)}`),
      point.low == null ? "" : `, ${percent(level)} interval ${ends(point)}`, far.length > 0 ? `; beyond the runs: ${far.join(", ")}` : "");
  });
  return h("form", { submit: go }, h("fieldset", {}, h("legend", {}, "Forecast"), h("label", { for: id }, "at"), input,
    h("button", { type: "submit" }, "Forecast"), out));
}

function compare(result, job, { chosen }) {
  const law = (text) => h("button", { type: "button", class: "link", click: () => chosen(text) }, text);
  const out = result.left_out.map((l) => [l.law, l.reason]);
  return [
    h("p", {}, h("strong", {}, result.sentence)),
    table(["law", "parameters", "verdict", "cross-validated error", "median forward error", "covered", "weight"], result.laws.map((l) =>
      [law(l.law), l.parameters, l.verdict, l.cross_validation ? num(l.cross_validation.rms) : null,
        l.forward ? percent(l.forward.score.median_error) : null, l.forward ? percent(l.forward.score.coverage) : null, percent(l.weight)]),
    "laws compared"),
    out.length > 0 ? h("details", {}, h("summary", {}, `${counted(out.length, "law")} left out`), table(["law", "why"], out, "laws left out")) : "",
  ];
}

function backtest(result) {
  return result.laws.map((law) => {
    const row = (name, s) => [name, s.forecasts, percent(s.median_error), percent(s.bias), percent(s.coverage)];
    return h("div", {}, h("p", {}, h("strong", {}, `${law.law}: median error ${percent(law.total.median_error)} on runs that were held out; `,
      `${percent(law.total.coverage)} inside the ${percent(law.level)} interval`)),
    table(["beyond the fitted runs", "forecasts", "median error", "bias", "covered"],
      [...law.bands.map((b) => row(`${num(b.from, 2)} to ${b.to == null ? "∞" : num(b.to, 2)} times`, b.score)), row("all", law.total)], "bands"),
    h("details", {}, h("summary", {}, "cuts"), table(["held out", "fitted", "forecast", "verdict", "median error"],
      law.folds.map((f) => [f.held_out, f.fitted, f.rows, f.verdict ?? f.reason, f.score ? percent(f.score.median_error) : null]), "cuts")));
  });
}

function audit(result) {
  const look = { serious: "bad", warning: "warn", note: "good" };
  const finding = (f) => h("div", { class: `verdict ${look[f.severity.toLowerCase()] ?? "warn"}` },
    h("p", {}, h("strong", {}, `${f.severity}: ${f.check}`)), h("p", {}, f.evidence), h("p", { class: "faint" }, f.advice),
    f.rows.length > 0 ? h("p", { class: "faint" }, f.rows.slice(0, 5).map((r) => result.places[r]).join(", ")) : "");
  return [h("p", {}, `${counted(result.findings.length, "finding")}, ${counted(result.passed.length, "check")} passed or not made`),
    ...result.findings.map(finding),
    h("details", {}, h("summary", {}, "what passed"), h("ul", {}, result.passed.map((p) => h("li", {}, `${p.check}: ${p.evidence}`))))];
}

function laws(result, job, { chosen }) {
  const use = (law) => h("button", { type: "button", class: "link", click: () => chosen(law.id) }, law.id);
  const good = result.laws.filter((law) => law.identified);
  const near = result.laws.filter((law) => !law.identified && law.missing.length === 1).slice(0, LISTED);
  return [
    h("p", {}, h("strong", {}, `${counted(good.length, "law")} of ${result.laws.length} can be told from these runs.`)),
    table(["law", "parameters", "residuals", "verdict"], good.map((law) =>
      [use(law), law.fit.parameters, percent(law.fit.rmse_log), String(law.fit.verdict)]), "laws for these runs"),
    near.length > 0 ? h("details", {}, h("summary", {}, "one column more, and the runs have those of"),
      table(["law", "lacks"], near.map((law) => [use(law), law.missing[0]]), "laws that lack a column")) : "",
  ];
}

function plan(result) {
  const decided = Object.entries(result.decision).map(([name, q]) => `${name} = ${size(q.estimate)}`).join(", ");
  const row = ([name, q]) => [name, size(q.estimate), q.low == null ? "–" : `${size(q.low)} … ${size(q.high)}`];
  const flat = (name) => {
    const range = result.indifference[name];
    return range ? `${range.low == null ? "" : size(range.low)} … ${range.high == null ? "" : size(range.high)}` : "–";
  };
  return [
    h("p", {}, h("strong", {}, decided), `; ${result.objective.name} = ${num(result.objective.estimate, 5)}`,
      result.objective.low == null ? "" : ` (${ends(result.objective)})`),
    table(["decision", "best", "interval", `within ${percent(result.tolerance)} of the best`],
      Object.entries(result.decision).map(([name, q]) => [...row([name, q]), flat(name)]), "decision"),
    Object.keys(result.report).length > 0 ? table(["besides", "value", "interval"], Object.entries(result.report).map(row), "besides") : "",
    table(["constraint", "value", "limit", "1 % more is worth"], result.constraints.map((c) =>
      [c.text, num(c.value), num(c.limit), c.active ? num(c.shadow_price, 3) : "not active"]), "constraints"),
    result.regret ? h("p", {}, `Regret: ${num(result.regret.mean, 3)} on average, ${num(result.regret.high, 3)} in a bad case.`) : "",
    h("p", { class: "faint" }, result.gap != null ? `The optimum is proved (${result.method}).` : `The best of ${result.starts.tried} searches (${result.method}).`),
    h("ul", {}, result.warnings.map((w) => h("li", { class: "warntext" }, w.message ?? w))),
  ];
}

/** What published rules say; values outside of what they were measured on are marked. */
function rules(result) {
  const outside = (rule) => rule.outside.map((o) => `${o.name} = ${size(o.value)} (measured on ${size(o.low)} to ${size(o.high)})`).join("; ");
  return [
    h("p", {}, h("strong", {}, result.title), ` ${result.given.join(", ")}`),
    table(["rule", "value", "unit", "source", "outside of what it was measured on"], result.rules.map((rule) => [rule.name, num(rule.value), rule.unit,
      [rule.law_source?.source ?? rule.source ?? "", rule.law_source ? ` (grade ${rule.law_source.grade})` : ""].join(""),
      rule.outside.length > 0 ? h("span", { class: "warntext" }, outside(rule)) : "no"]), "published rules"),
  ];
}

function next(result) {
  const names = result.runs.length > 0 ? Object.keys(result.runs[0].inputs) : [];
  return [
    h("p", {}, h("strong", {}, `${counted(result.runs.reduce((sum, run) => sum + run.seeds, 0), "run")} for ${num(result.cost, 3)} of ${num(result.budget, 3)}`)),
    table([...names, "seeds", "cost of one", "expected"], result.runs.map((run) =>
      [...names.map((n) => size(run.inputs[n])), run.seeds, num(run.cost, 3), num(run.expected)]), "next runs"),
    table(["goal", "now", "after these runs"], result.outlook.map((o) => [o.goal, o.before == null ? "–" : num(o.before, 3), num(o.after, 3)]), "what will be known"),
  ];
}

/** Any other answer: its lists of objects as tables, the rest by name. */
function anything(result) {
  const isPlain = (value) => value == null || typeof value !== "object";
  const short = (value) => (isPlain(value) ? (typeof value === "number" ? num(value) : String(value ?? "–")) : JSON.stringify(value).slice(0, 80));
  const skip = ["schema_version", "isoflop_version", "places", "law_formula", "seed"];
  const parts = Object.entries(result).filter(([name]) => !skip.includes(name));
  const simple = parts.filter(([, value]) => isPlain(value));
  const part = ([name, value]) => {
    const title = name.replaceAll("_", " ");
    const items = Array.isArray(value) ? value : Object.entries(value).map(([key, v]) => (isPlain(v) ? { name: key, value: v } : { name: key, ...v }));
    if (items.length === 0) return "";
    const keys = isPlain(items[0]) ? [] : Object.keys(items[0]).slice(0, 8);
    const rows = items.slice(0, LISTED).map((item) => (isPlain(item) ? [short(item)] : keys.map((key) => short(item[key]))));
    const heads = keys.length > 0 ? keys.map((key) => key.replaceAll("_", " ")) : [title];
    const more = items.length > LISTED ? h("p", { class: "faint" }, `and ${items.length - LISTED} more in the JSON`) : "";
    return h("details", { open: items.length <= 12 }, h("summary", {}, title), table(heads, rows, title), more);
  };
  return [table(["", ""], simple.map(([name, value]) => [name.replaceAll("_", " "), short(value)]), "summary"),
    ...parts.filter(([, value]) => !isPlain(value)).map(part)];
}
