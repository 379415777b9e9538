// The law: chosen from the catalogue, or written, with its errors marked while it is written.

import { get, post } from "./api.js";
import { $, attempt, h, later } from "./dom.js";
import { look, marked } from "./source.js";
import { columns, known, save, state } from "./state.js";

const LISTED = 12;
let asked = 0;
let told = () => {};

/** Wires the section; `onLaw` hears when the law may have changed. */
export function setup(onLaw) {
  told = onLaw;
  const formula = $("formula");
  formula.value = state.law;
  formula.addEventListener("input", () => {
    save({ law: formula.value });
    check();
  });
  $("search").addEventListener("input", later(attempt(search)));
}

/** Puts a law into the editor. */
export function choose(text) {
  $("formula").value = text;
  save({ law: text });
  check();
  $("formula").focus();
}

async function search() {
  const query = $("search").value.trim();
  if (!query) return $("found").replaceChildren();
  const { laws } = await get(`/api/laws?query=${encodeURIComponent(query)}`);
  const item = (law) => h("li", {},
    h("button", { type: "button", class: "link", click: () => choose(law.id) }, law.id),
    ` ${law.title}`, h("br"), h("code", {}, law.formula));
  const more = laws.length > LISTED ? h("p", { class: "faint" }, `and ${laws.length - LISTED} more: add a word`) : null;
  $("found").replaceChildren(h("ul", {}, laws.slice(0, LISTED).map(item)),
    laws.length === 0 ? h("p", {}, "no law has these words") : "", more ?? "");
}

/** Asks what the text means, and marks what is wrong below it. */
export const check = later(async () => {
  const law = state.law.trim();
  const mine = ++asked;
  const box = $("marks");
  if (!law) {
    Object.assign(known, { isLaw: false, inputs: [], output: null });
    box.replaceChildren();
    look();
    return told();
  }
  const { maps, lets } = columns();
  let answer;
  try {
    answer = await post("/api/check-law", { law, maps, lets, table: known.table?.id ?? null });
  } catch (error) {
    if (mine === asked) box.replaceChildren(h("p", { class: "badtext" }, error.message));
    return;
  }
  // An answer to an earlier text says nothing about this one.
  if (mine !== asked) return;
  Object.assign(known, { isLaw: answer.ok, inputs: answer.inputs, output: answer.output });
  $("formula").setAttribute("aria-invalid", String(!answer.ok));
  const marks = answer.marks.length > 0 ? marked({ text: law, marks: answer.marks }) : "";
  const meaning = answer.ok
    ? h("p", { class: "faint" }, `${law.includes("~") ? "" : `${answer.formula}; `}parameters: ${answer.parameters.join(", ")}`) : "";
  box.replaceChildren(marks, meaning);
  look();
  told();
}, 200);
