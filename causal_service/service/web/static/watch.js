// The states of a study until it ends: server-sent events with resumption, polling where a stream does not get through.

import { Problem, ask, read } from "./api.js";

const ENDED = new Set(["done", "failed", "cancelled"]);
const KINDS = new Set(["progress", "end"]);
const QUIET_MS = 30000; // a stream that says nothing that long is taken for dead
const pause = (ms, signal) =>
  new Promise((done, failed) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), failed(new DOMException("", "AbortError"))), { once: true });
  });

// Events of one open stream (WHATWG HTML, section 9.2): fields until an empty line.
async function* events(path, last, signal) {
  const own = new AbortController();
  const stop = () => own.abort();
  signal.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(stop, QUIET_MS);
  try {
    const more = last === null ? {} : { "Last-Event-ID": last };
    const response = await ask(path, { more: { Accept: "text/event-stream", ...more }, signal: own.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, QUIET_MS);
      const blocks = (rest + value).split(/\r\n\r\n|\n\n|\r\r/);
      rest = blocks.pop();
      for (const block of blocks) {
        const fields = { event: "message", data: [], id: null };
        for (const line of block.split(/\r\n|\n|\r/)) {
          const [, name, text] = /^([^:]*):? ?(.*)$/.exec(line);
          if (name === "data") fields.data.push(text);
          else if (name in fields) fields[name] = text;
        }
        if (fields.data.length) yield { ...fields, data: fields.data.join("\n") };
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    own.abort();
  }
}

// Yields every status; `lost` is told true when contact is lost and false when it is back.
export async function* watch(id, signal, lost) {
  let last = null;
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const event of events(`/v1/studies/${id}/events`, last, signal)) {
        if (event.id !== null) last = event.id;
        if (!KINDS.has(event.event)) continue;
        failures = 0;
        lost(false);
        const status = JSON.parse(event.data);
        yield status;
        if (ENDED.has(status.state)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
    }
    if (signal.aborted) return;
    try {
      const status = await read(`/v1/studies/${id}`, { signal });
      lost(false);
      yield status;
      if (ENDED.has(status.state)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
      lost(true);
    }
    try {
      await pause(Math.min(500 * 2 ** failures, 8000), signal);
    } catch {
      return;
    }
  }
}
