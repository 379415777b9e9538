// Jobs: submitted, followed, cancelled, shown; the newest first. They stay on the server over a reload.

import { follow, get, post, remove } from "./api.js";
import { $, attempt, copyable, counted, fail, h, say } from "./dom.js";
import { show } from "./answers.js";
import { marked } from "./source.js";

const SHOWN = 20;
const NAMES = { fit: "Fit", compare: "Comparison", backtest: "Backtest", audit: "Audit", influence: "Influence", methods: "Three approaches",
  laws: "Laws for these runs", plan: "Plan", next: "Next runs", profile: "Profile", contrast: "Contrast" };
let chosen = () => {};

/** `onLaw` hears of a law that is chosen from an answer. */
export function setup(onLaw) {
  chosen = onLaw;
}

/** Starts a job and shows it. */
export async function start(ask) {
  const job = await post("/api/jobs", ask);
  say(`${NAMES[job.kind]} started`);
  return open(job, true);
}

/** Shows the jobs that the server has. */
export async function restore() {
  const { jobs } = await get("/api/jobs");
  for (const job of jobs.slice(0, SHOWN).reverse()) open(job, false);
}

/** An article for a job, which follows it until it is over. */
async function open(job, isNew) {
  const box = $("jobs");
  box.querySelector(":scope > p")?.remove();
  const body = h("div", {});
  const state = h("span", { class: "faint", role: "status" });
  const bar = h("progress", { "aria-label": "progress" });
  const cancel = h("button", { type: "button", "data-cancel": true, click: attempt(async () => {
    await remove(`/api/jobs/${job.id}`);
    say("cancelled");
  }) }, "Cancel");
  const close = h("button", { type: "button", hidden: true, "aria-label": "Remove this result", click: attempt(async () => {
    await remove(`/api/jobs/${job.id}`).catch(() => null);
    article.remove();
  }) }, "Remove");
  const title = [NAMES[job.kind] ?? job.kind, job.law].filter(Boolean).join(": ");
  const article = h("article", { id: job.id, "aria-label": title },
    h("div", { class: "head" }, h("h3", {}, title), h("span", {}, state, " ", cancel, close)), bar, body);
  box.prepend(article);
  if (isNew) article.scrollIntoView({ block: "nearest" });
  const heard = (status) => {
    article.dataset.state = status.state;
    const time = status.seconds == null ? "" : `, ${status.seconds.toFixed(1)} s`;
    const done = status.total > 0 && status.state === "running" ? ` ${status.done} of ${status.total}` : "";
    state.textContent = `${status.state}${done}${time}`;
    if (status.total > 0) Object.assign(bar, { max: status.total, value: status.done });
  };
  heard(job);
  const last = await follow(job.id, heard);
  bar.remove();
  cancel.remove();
  close.hidden = false;
  if (last.state === "failed") {
    body.append(h("p", { class: "badtext" }, `${last.error.code ? `${last.error.code}: ` : ""}${last.error.message}`),
      last.error.formula ? marked(last.error.formula) : "");
  }
  if (last.state !== "done") return last;
  const whole = await get(`/api/jobs/${job.id}`);
  try {
    body.append(...[show(whole, { start, chosen }), notes(whole.notes), again(whole)].flat());
  } catch (error) {
    fail(error);
  }
  if (isNew) say(`${title}: done in ${whole.seconds.toFixed(1)} s`);
  return whole;
}

function notes(list) {
  if (list.length === 0) return [];
  const item = (note) => h("li", { class: note.level === "warning" ? "warntext" : null }, note.text);
  const loud = list.filter((note) => note.level === "warning");
  return [loud.length > 0 ? h("ul", {}, loud.map(item)) : "",
    h("details", {}, h("summary", {}, counted(list.length, "message")), h("ul", {}, list.map(item)))];
}

/** The same elsewhere: command line, Python, JSON. */
function again(job) {
  const json = new Blob([JSON.stringify(job.result, null, 2)], { type: "application/json" });
  const save = h("a", { download: `${job.kind}-${job.id}.json`, href: "#", click: (event) => {
    event.currentTarget.href = URL.createObjectURL(json);
  } }, "JSON");
  return h("details", {}, h("summary", {}, "Repeat elsewhere"), copyable("command", job.command),
    job.python ? copyable("Python", job.python) : "", h("p", {}, "Everything as ", save));
}
