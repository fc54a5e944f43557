// The service's /v1 as the page uses it. The key travels in a header only; every refusal is a Problem.

import { lang, word } from "./dom.js";

const SLOT = "causal-service-key";

export class Problem extends Error {
  constructor({ status = 0, code = "offline", detail, remedy, request_id: request = null }) {
    super(detail);
    Object.assign(this, { status, code, detail, remedy, request });
  }
}

const offline = () => new Problem({ detail: word("offline"), remedy: word("offline_remedy") });

export const key = {
  get: () => sessionStorage.getItem(SLOT),
  set: (value) => sessionStorage.setItem(SLOT, value),
  forget: () => sessionStorage.removeItem(SLOT),
};

function headers(more = {}) {
  const all = { "Accept-Language": lang, ...more };
  if (key.get()) all.Authorization = `Bearer ${key.get()}`;
  return all;
}

function problemIn(status, text) {
  try {
    const content = JSON.parse(text);
    if (content.detail) return new Problem({ ...content, status });
  } catch {
    // not ours: a proxy answered
  }
  return new Problem({ status, code: "no-service", detail: `${word("offline")} (HTTP ${status})`, remedy: word("offline_remedy") });
}

export async function ask(path, { method = "GET", json, body, more = {}, signal } = {}) {
  const extra = json === undefined ? more : { ...more, "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(path, { method, body: json === undefined ? body : JSON.stringify(json), headers: headers(extra), signal, cache: "no-store", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw offline();
  }
  if (!response.ok) throw problemIn(response.status, await response.text());
  return response;
}

export const read = async (path, options) => (await ask(path, options)).json();

// XMLHttpRequest, because fetch does not tell how much of an upload has left.
export function upload(path, form, tell) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => tell(event.total ? event.loaded / event.total : 0);
    request.onerror = () => failed(offline());
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) done(JSON.parse(request.responseText));
      else failed(problemIn(request.status, request.responseText));
    };
    request.send(form);
  });
}
