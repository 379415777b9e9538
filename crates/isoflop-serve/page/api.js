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

/** Browsers open few connections to one server: streams beyond these are polled instead. */
const MOST_STREAMS = 2;
let streams = 0;

const isOver = (status) => !["queued", "running"].includes(status.state);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Calls `heard` with each status of a job; resolves when it is over. */
export async function follow(id, heard) {
  if (streams < MOST_STREAMS) {
    streams += 1;
    const last = await stream(id, heard);
    streams -= 1;
    if (last) return last;
  }
  // Too many streams, or one that broke.
  for (;;) {
    try {
      const status = await get(`/api/jobs/${id}`);
      heard(status);
      if (isOver(status)) return status;
    } catch (error) {
      return { id, state: "failed", error: { message: error.message } };
    }
    await pause(700);
  }
}

/** The last status of a job, or null when the stream broke. */
function stream(id, heard) {
  return new Promise((resolve) => {
    const events = new EventSource(`/api/jobs/${id}/events`);
    const end = (status) => {
      events.close();
      resolve(status);
    };
    events.addEventListener("status", (event) => {
      const status = JSON.parse(event.data);
      heard(status);
      if (isOver(status)) end(status);
    });
    events.addEventListener("error", () => end(null));
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
