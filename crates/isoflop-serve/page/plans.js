// Plans to choose from: with a fit, or with published laws and rules where `job` is null.

import { get } from "./api.js";
import { attempt, h, lines } from "./dom.js";

const OWN = "(a plan of your own)";
let forms = 0;

/** A form that starts a plan. */
export function plans(job, start) {
  const id = `plan-${job?.id ?? `published-${++forms}`}`;
  const select = h("select", { id });
  const fields = h("div", { class: "grid" });
  const model = h("input", { id: `${id}-model`, spellcheck: "false", placeholder: "chinchilla@besiroglu" });
  let list = [];
  const field = (name, label, element) => {
    const input = h(element, { id: `${id}-${name}`, "data-name": name, spellcheck: "false" });
    return [h("div", {}, h("label", { for: input.id }, label), input), input];
  };
  const own = { minimize: null, over: null, constraints: null };
  const choose = () => {
    const plan = list.find((plan) => plan.id === select.value);
    if (select.value === OWN) {
      const labels = { minimize: ["minimise", "input"], over: ["over", "input"], constraints: ["subject to, one a line", "textarea"] };
      const examples = { minimize: "loss", over: "N,D", constraints: "6*N*D <= 1e24" };
      fields.replaceChildren(...Object.entries(labels).map(([name, [label, element]]) => {
        const [box, input] = field(name, label, element);
        input.placeholder = examples[name];
        own[name] = input;
        return box;
      }));
      return;
    }
    fields.replaceChildren(...Object.entries(plan?.given ?? {}).map(([name, given]) => {
      const [box, input] = field(name, given.description, "input");
      input.placeholder = given.default ?? given.example;
      return box;
    }));
  };
  select.addEventListener("change", choose);
  attempt(async () => {
    const all = (await get("/api/plans")).plans;
    // Tables of published rules decide nothing by a fit.
    list = job ? all.filter((plan) => plan.minimize || plan.maximize) : all.filter((plan) => !plan.solve);
    const options = list.map((plan) => h("option", { value: plan.id }, `${plan.id}: ${plan.title}`));
    select.replaceChildren(...options, h("option", { value: OWN }, OWN));
    const first = job ? "compute-optimal" : "hyperparameters";
    if (list.some((plan) => plan.id === first)) select.value = first;
    choose();
  })();
  const ask = () => {
    const options = job ? { fit: job.id } : {};
    if (!job && model.value.trim()) options.model = model.value.trim();
    if (select.value === OWN) {
      const over = own.over.value.split(",").map((name) => name.trim()).filter(Boolean);
      return { ...options, minimize: own.minimize.value.trim(), over, constraints: lines(own.constraints.value) };
    }
    const filled = [...fields.querySelectorAll("input")].filter((input) => input.value.trim());
    return { ...options, plan: select.value, given: filled.map((input) => `${input.dataset.name}=${input.value.trim()}`) };
  };
  const go = attempt(async (event) => {
    event.preventDefault();
    await start({ kind: "plan", options: ask() });
  });
  const law = job ? "" : h("div", {}, h("label", { for: model.id }, "law with coefficients, where the plan names none"), model);
  return h("form", { submit: go, "data-plan": true }, h("fieldset", {}, h("legend", {}, job ? "Plan with this law" : "Published laws and rules"),
    h("label", { for: id }, "plan"), select, law, fields, h("button", { type: "submit" }, "Plan")));
}
