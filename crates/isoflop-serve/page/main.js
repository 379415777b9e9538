// Wires the page.

import { $, attempt, lines, say } from "./dom.js";
import * as law from "./law.js";
import { plans } from "./plans.js";
import * as results from "./results.js";
import * as source from "./source.js";
import { columns, known, load, request, save, state } from "./state.js";

/** A number as it is written, such as 3e20. */
const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text));

function ready() {
  const hasTable = known.table != null;
  const canFit = hasTable && known.isLaw;
  $("fit").disabled = !canFit;
  $("which").disabled = !hasTable;
  for (const button of document.querySelectorAll("[data-kind]")) {
    button.disabled = button.dataset.kind === "compare" ? !hasTable : !canFit;
  }
  for (const button of document.querySelectorAll("[data-needs=fit]")) button.disabled = !canFit;
}

const ask = (kind, options = {}) => {
  const asked = { kind, table: known.table.id, request: request(), options };
  // All laws that the runs can carry are compared, unless several are named.
  if (kind === "compare") delete asked.request.law;
  if (["compare", "backtest"].includes(kind) && $("laws").value.trim()) options.laws = [$("laws").value];
  return results.start(asked);
};

function setup() {
  load();
  results.setup(law.choose);
  source.setup(() => {
    ready();
    law.check();
  }, attempt(async (files) => {
    say(`changed: ${files.join(", ")}`);
    source.look();
    if (known.isLaw) await ask("fit");
  }));
  law.setup(ready);
  for (const name of ["objective", "cluster", "bootstrap", "seed", "laws", "goal", "budget", "arm", "of"]) {
    $(name).value = state[name];
    $(name).addEventListener("change", () => save({ [name]: $(name).value }));
  }
  $("fit").addEventListener("click", attempt(() => ask("fit")));
  $("which").addEventListener("click", attempt(() =>
    results.start({ kind: "laws", table: known.table.id, request: { maps: columns().maps, lets: columns().lets } })));
  for (const button of document.querySelectorAll("[data-kind]")) {
    button.addEventListener("click", attempt(() => ask(button.dataset.kind)));
  }
  $("next").addEventListener("submit", attempt(async (event) => {
    event.preventDefault();
    const budget = number($("budget").value);
    if (budget == null) throw new Error("write the budget as a number, such as 3e20");
    await ask("next", { goals: [$("goal").value], budget });
  }));
  $("contrast").addEventListener("submit", attempt(async (event) => {
    event.preventDefault();
    if (!$("arm").value) throw new Error("choose the column that tells the two recipes apart");
    await ask("contrast", { arm: $("arm").value });
  }));
  $("profile").addEventListener("submit", attempt(async (event) => {
    event.preventDefault();
    const of = lines($("of").value);
    if (of.length === 0) throw new Error("write what to profile, such as a_opt or the name of a parameter");
    await ask("profile", { of });
  }));
  $("published").addEventListener("toggle", () => {
    if ($("published").open && !$("without").firstChild) $("without").replaceChildren(plans(null, results.start));
  });
  $("formula").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !$("fit").disabled) $("fit").click();
  });
}

setup();
attempt(async () => {
  await source.restore();
  law.check();
  await results.restore();
  document.documentElement.dataset.ready = "true";
})();
