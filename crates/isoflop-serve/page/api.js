// The JSON API: every answer is JSON, every error has a code and a sentence.

async function ask(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(path, { method, body, headers, cache: "no-store" });
  } catch {
    throw new Error("the explorer does not answer: is `isoflop serve` still running?");
  }
  let value = null;
  try {
    value = await response.json();
  } catch {
    throw new Error(`the answer is no JSON (${response.status})`);
  }
  if (response.ok) return value;
  const error = new Error(value.error?.message ?? `refused (${response.status})`);
  error.code = value.error?.code;
  error.status = response.status;
  error.formula = value.error?.formula;
  throw error;
}

export const get = (path) => ask("GET", path);
export const remove = (path) => ask("DELETE", path);
export const post = (path, value) => ask("POST", path, JSON.stringify(value), { "Content-Type": "application/json" });

export const upload = (file) =>
  ask("POST", `/api/uploads?name=${encodeURIComponent(file.name)}`, file, { "Content-Type": "application/octet-stream" });

/** Calls `heard` with each status of a job; resolves when it is over. */
export function follow(id, heard) {
  return new Promise((resolve) => {
    const events = new EventSource(`/api/jobs/${id}/events`);
    const take = async (status) => {
      heard(status);
      if (!["queued", "running"].includes(status.state)) {
        events.close();
        resolve(status);
      }
    };
    events.addEventListener("status", (event) => take(JSON.parse(event.data)));
    // The stream broke: ask once, and let the browser connect again while the job goes on.
    events.addEventListener("error", async () => {
      try {
        await take(await get(`/api/jobs/${id}`));
      } catch (error) {
        events.close();
        resolve({ id, state: "failed", error: { message: error.message } });
      }
    });
  });
}

/** Calls `changed` when the files of a table change; returns a function that ends it. */
export function watch(table, changed) {
  const events = new EventSource(`/api/tables/${table}/events`);
  events.addEventListener("files", (event) => {
    const value = JSON.parse(event.data);
    if (value.files.length > 0) changed(value.files);
  });
  return () => events.close();
}
