// The runs: dropped, chosen or uploaded; what was recognised; which column stands for what; which rows are left out.

import { get, post, upload, watch } from "./api.js";
import { drawCurves } from "./curves.js";
import { $, attempt, counted, fail, fill, h, later, num, say, size, table } from "./dom.js";
import { columns, known, save, state } from "./state.js";

const ROLES = ["N", "D", "C", "loss"];
let unwatch = null;
let changed = () => {};

/** Wires the section; `onTable` hears of a new table, `onAdvance` of files that changed. */
export function setup(onTable, onAdvance) {
  changed = onTable;
  const drop = $("drop");
  const take = attempt(async (file) => {
    if (!file) return;
    say(`reading ${file.name} …`);
    await show(await upload(file));
  });
  $("file").addEventListener("change", (event) => take(event.target.files[0]));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  for (const name of ["lets", "filters"]) {
    $(name).value = state[name];
    $(name).addEventListener("input", later(() => {
      save({ [name]: $(name).value });
      look();
      changed();
    }, 300));
  }
  const box = $("watch");
  box.checked = state.watch;
  const follow = () => {
    unwatch?.();
    unwatch = box.checked && known.table && !known.table.upload ? watch(known.table.id, onAdvance) : null;
  };
  box.addEventListener("change", () => {
    save({ watch: box.checked });
    follow();
  });
  document.addEventListener("table", follow);
  attempt(() => browse(null))();
}

async function browse(path) {
  const list = await get(path == null ? "/api/files" : `/api/files?path=${encodeURIComponent(path)}`);
  const go = (to, text) => h("button", { type: "button", class: "link", click: attempt(() => browse(to)) }, text);
  const open = (entry) => h("button", { type: "button", class: "link", click: attempt(() => choose(entry.path)) }, entry.name);
  const item = (entry) => {
    if (entry.kind === "file") return h("li", {}, open(entry), h("span", { class: "faint" }, ` ${size(entry.bytes)}B`));
    const runs = h("button", { type: "button", click: attempt(() => choose(entry.path)), "aria-label": `Read the runs in ${entry.name}` }, "read runs");
    return h("li", {}, go(entry.path, `${entry.name}/`), " ", runs);
  };
  const up = list.path == null ? null : h("li", {}, go(list.parent, ".. up"));
  fill($("files"), 
    h("p", { class: "faint" }, list.path == null ? "Or choose below: " : `In ${list.path}: `, go(list.path, "look again")),
    h("ul", {}, up, list.entries.map(item)));
  if (path == null && list.entries.length === 1 && list.entries[0].kind === "directory") await browse(list.entries[0].path);
}

async function choose(path) {
  say(`reading ${path} …`);
  await show(await post("/api/tables", { paths: [path] }));
}

/** Opens a table again after a reload. */
export async function restore() {
  if (!state.table) return;
  try {
    await show(await get(`/api/tables/${state.table}`), true);
  } catch (error) {
    save({ table: null });
    if (error.status !== 404) fail(error);
  }
}

async function show(description, isAgain = false) {
  known.table = description;
  if (isAgain) save({ table: description.id });
  else save({ table: description.id, maps: {}, cluster: description.runs_column ?? "" });
  const notes = [...description.notes.map((note) => note.text), ...description.doubts];
  fill($("table"), 
    h("h3", {}, description.name),
    h("p", {}, `${counted(description.rows, "row")} of ${counted(description.columns.length, "column")}`),
    notes.length > 0 ? h("ul", {}, notes.map((note) => h("li", { class: "warntext" }, note))) : null,
    h("details", {}, h("summary", {}, "all columns"), table(["column", "holds", "missing"],
      description.columns.map((column) => [column.name, holds(column), column.missing]), "columns of the table")));
  $("table").hidden = false;
  $("columns").hidden = false;
  const none = h("option", { value: "" }, "each row alone");
  $("cluster").replaceChildren(none, ...description.columns.map((column) => h("option", {}, column.name)));
  $("cluster").value = state.cluster;
  const arms = [...description.columns].sort((a, b) => (a.kind === "text" ? 0 : 1) - (b.kind === "text" ? 0 : 1));
  $("arm").replaceChildren(h("option", { value: "" }, "choose a column"), ...arms.map((column) => h("option", {}, column.name)));
  $("arm").value = arms.some((column) => column.name === state.arm) ? state.arm : "";
  say(`${description.name}: ${counted(description.rows, "row")}`);
  document.dispatchEvent(new Event("table"));
  roles(description.roles);
  await look();
  drawCurves($("curves"), description, columns);
  changed();
}

function holds(column) {
  if (column.kind === "text") return `${counted(column.levels, "text")}: ${column.examples.join(", ")}`;
  return column.low == null ? "no finite number" : `${num(column.low, 5)} … ${num(column.high, 5)}`;
}

/** A select for each role, and for what the law reads besides; those that are there stay, as one may be in use. */
function roles(found) {
  const names = [...new Set([...ROLES, ...known.inputs, ...(known.output ? [known.output] : [])])];
  const shown = `${known.table.id} ${names.join(" ")}`;
  if ($("mapping").dataset.shown !== shown) {
    fill($("mapping"), table(["stands for", "column"], names.map(role), "which column stands for what"));
    $("mapping").dataset.shown = shown;
  }
  for (const name of names) {
    const select = $(`role-${name}`);
    const own = known.table.columns.some((column) => column.name === name) ? name : null;
    const binding = state.maps[name] ? null : found[name];
    select.options[0].textContent = binding ? `${binding.column} (${binding.evidence})` : state.maps[name] ? "automatic" : own ?? "not found";
    select.value = state.maps[name] ?? "";
  }
}

function role(name) {
  const select = h("select", { id: `role-${name}`, change: () => {
    save({ maps: { ...state.maps, [name]: select.value } });
    look();
    changed();
  } }, h("option", { value: "" }), known.table.columns.map((column) => h("option", { value: column.name }, column.name)));
  return [h("label", { for: `role-${name}` }, name), select];
}

/** Asks what becomes of the rows, and shows it; called whenever columns, rows or the law change. */
export const look = later(async () => {
  if (!known.table) return;
  const asked = { ...columns() };
  if (state.law.trim() && known.isLaw) asked.law = state.law.trim();
  const box = $("rows");
  try {
    const seen = await post(`/api/tables/${known.table.id}/look`, asked);
    roles(seen.roles);
    const parts = [`${counted(seen.used, "row")} of ${seen.rows} can be used`];
    if (seen.filtered > 0) parts.push(`${seen.filtered} filtered`);
    const why = seen.reasons.map((reason) =>
      h("li", {}, `${counted(reason.count, "row")} left out: ${reason.column} is ${reason.reason} (first at ${reason.first})`));
    const more = [...seen.doubts, ...seen.notes.filter((note) => note.level === "warning").map((note) => note.text)];
    fill(box,
      seen.missing.length > 0
        ? h("p", { class: "warntext" }, `The law reads ${seen.missing.join(", ")}: choose the column above, or define it.`)
        : h("p", {}, parts.join(", "), "."),
      h("ul", {}, why, more.map((text) => h("li", { class: "warntext" }, text))),
      h("details", {}, h("summary", {}, "first rows"), table(seen.preview.columns, seen.preview.rows, "first rows")));
  } catch (error) {
    box.replaceChildren(h("p", { class: "badtext" }, error.message), error.formula ? marked(error.formula) : "");
  }
}, 100);

/** A formula with its marks, as the terminal shows them. */
export function marked({ text, marks }) {
  const letters = Array.from(text);
  const show = (mark) => {
    const out = [h("p", { class: mark.severity === "error" ? "badtext" : "warntext" }, `${mark.code}: ${mark.message}${mark.start == null ? "" : ` (at letter ${mark.start + 1})`}`)];
    if (mark.start != null) {
      const begin = letters.lastIndexOf("\n", mark.start - 1) + 1;
      const next = letters.indexOf("\n", mark.start);
      const line = letters.slice(begin, next < 0 ? undefined : next).join("");
      const carets = " ".repeat(mark.start - begin) + "^".repeat(Math.max(1, Math.min(mark.end, begin + line.length) - mark.start));
      out.push(h("pre", { class: "marks" }, `${line}\n${carets}`));
    }
    if (mark.help) out.push(h("p", { class: "faint" }, mark.help));
    return h("div", { class: "mark" }, out);
  };
  return h("div", {}, marks.map(show));
}
