// What the page knows. It survives a reload: the forms in this tab's storage, tables and jobs on the server.

const KEY = "isoflop";

export const state = { table: null, maps: {}, lets: "", filters: "", law: "", objective: "", cluster: "", bootstrap: "",
  seed: "", laws: "", watch: false, goal: "", budget: "", arm: "", of: "", open: [] };

/** The table as the server describes it, and what the law reads. */
export const known = { table: null, inputs: [], output: null };

export function load() {
  try {
    Object.assign(state, JSON.parse(sessionStorage.getItem(KEY) ?? "{}"));
  } catch {
    sessionStorage.removeItem(KEY);
  }
  const table = new URLSearchParams(location.hash.slice(1)).get("table");
  if (table) state.table = table;
}

export function save(changes) {
  Object.assign(state, changes);
  sessionStorage.setItem(KEY, JSON.stringify(state));
  const hash = state.table ? `#table=${state.table}` : "";
  if (location.hash !== hash && hash) history.replaceState(null, "", hash);
}

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** Columns, definitions and rows as the API takes them. */
export const columns = () => ({
  maps: Object.entries(state.maps).filter(([, column]) => column).map(([name, column]) => `${name}=${column}`),
  lets: lines(state.lets),
  filters: lines(state.filters),
});

/** The request of a fit. */
export function request() {
  const value = { ...columns() };
  if (state.law.trim()) value.law = state.law.trim();
  if (state.objective) value.objective = state.objective;
  if (state.cluster) value.cluster = state.cluster;
  if (state.bootstrap !== "") value.bootstrap = Number(state.bootstrap);
  if (state.seed !== "") value.seed = Number(state.seed);
  return value;
}
