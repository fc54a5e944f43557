// The page from start to end: data -> findings -> question -> progress -> result. The address keeps where one is:
// #pnl_… a panel, #std_… a study, so that a reload, a bookmark or a lost connection takes up where it was.

import { Problem, ask, key, read, upload } from "./api.js";
import { columnsOf } from "./columns.js";
import { byId, bytes, element, has, hide, lang, say, show, word } from "./dom.js";
import { renderFindings, renderOutcomes, stops } from "./findings.js";
import { renderResult } from "./result.js";
import { watch } from "./watch.js";

// Stages with their share of the time of a study; a rehearsal is many studies, a cross-check loads DoWhy.
const STAGES = { read: 4, prepare: 4, discover: 72, effects: 12, rehearse: 400, explain: 4, checks: 4, depth: 8, crosscheck: 300, report: 4 };
const SECTIONS = ["connect", "data", "findings", "question", "progress", "result", "earlier"];
const CHECK_MS = 700;

let file = null;
let sent = null; // the file and dictionary that the service has, and under which id
let panel = null;
let watching = null;
let frames = [];

// ---- one place for refusals

function complain(error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof Problem)) throw error;
  if (error.status === 401) return connect();
  byId("problem-what").textContent = error.detail;
  byId("problem-remedy").textContent = error.remedy;
  byId("problem-request").hidden = !error.request;
  byId("problem-request").querySelector("code").textContent = error.request ?? "";
  show("problem");
  byId("problem").focus();
}

const guarded = (work) => async (event) => {
  event?.preventDefault?.();
  hide("problem");
  try {
    await work(event);
  } catch (error) {
    complain(error);
  }
};

function only(...ids) {
  hide(...SECTIONS.filter((id) => !ids.includes(id)));
  show(...ids.filter((id) => id !== "earlier" || byId("studies").children.length));
  byId("intro").hidden = !ids.includes("data") && !ids.includes("connect");
}

// ---- who

function connect() {
  key.forget();
  only("connect");
  hide("forget");
  byId("workspace").textContent = "";
  byId("key").focus();
}

byId("connect-form").addEventListener("submit", guarded(async () => {
  key.set(byId("key").value.trim());
  byId("key").value = "";
  try {
    await enter();
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
    connect();
    byId("problem-what").textContent = error.detail;
    byId("problem-remedy").textContent = error.remedy;
    show("problem");
  }
}));

byId("forget").addEventListener("click", () => {
  watching?.abort();
  location.hash = "";
  connect();
});

async function enter() {
  const me = await read("/v1/me");
  if (me.mode === "shared") {
    byId("workspace").textContent = me.workspace;
    show("forget");
  }
  await arrive();
}

// ---- the data

function setFile(chosen) {
  file = chosen;
  byId("file-chosen").hidden = !file;
  byId("example-row").hidden = Boolean(file);
  byId("drop").classList.toggle("full", Boolean(file));
  hide("findings", "question");
  if (file) {
    byId("file-chosen").textContent = word("file_chosen", { name: file.name, size: bytes(file.size) });
    propose();
  }
}

function setDictionary() {
  const chosen = byId("dictionary").files[0];
  if (chosen) byId("dictionary-name").textContent = chosen.name;
  if (file) propose();
}

const offer = (names) => byId("columns").replaceChildren(...(names ?? []).map((name) => element("option", { value: name })));

// Proposals stay out of the way of what the reader typed and of what a dictionary declares.
async function propose() {
  const of = file;
  const { names, entity, period } = await columnsOf(of).catch(() => ({ names: [], entity: "", period: "" }));
  if (of !== file) return;
  offer(names);
  const declared = byId("dictionary").files.length > 0;
  for (const [id, guess] of [["entity", entity], ["period", period]]) {
    const input = byId(id);
    if (input.value && !("proposed" in input.dataset)) continue;
    input.value = declared ? "" : guess;
    input.placeholder = declared ? word("no_columns") : "";
    input.dataset.proposed = "";
  }
}

for (const id of ["entity", "period"]) byId(id).addEventListener("input", () => delete byId(id).dataset.proposed);
byId("file").addEventListener("change", () => setFile(byId("file").files[0] ?? null));
byId("dictionary").addEventListener("change", setDictionary);

const drop = byId("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => (event.preventDefault(), drop.classList.add("over")));
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length) setFile(event.dataTransfer.files[0]);
});
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());

byId("example").addEventListener("click", guarded(async () => {
  const [table, dictionary] = await Promise.all(
    ["panel.csv", "dictionary.yaml"].map(async (name) => new File([await (await ask(`/example/${name}`)).blob()], name)),
  );
  const held = new DataTransfer();
  held.items.add(dictionary);
  byId("dictionary").files = held.files;
  setDictionary();
  setFile(table);
  await submitPanel();
}));

const field = (id) => byId(id).value.trim() || null;

async function submitPanel() {
  if (!file && !sent) throw new Problem({ code: "no-file", detail: word("no_file"), remedy: byId("drop").querySelector("strong").textContent });
  hide("findings", "question");
  byId("check").disabled = true;
  try {
    const dictionary = byId("dictionary").files[0] ?? null;
    byId("upload").textContent = word("checking");
    const id = sent?.file === file ? await recheck(sent.id, dictionary) : await handOver(dictionary);
    sent = { file, dictionary, id };
    if (location.hash.slice(1) !== id) history.pushState(null, "", `#${id}`);
    byId("language").hash = id;
    await openPanel(id);
  } finally {
    byId("check").disabled = false;
    byId("upload").textContent = "";
  }
}

async function handOver(dictionary) {
  const form = new FormData();
  for (const id of ["entity", "period"]) if (field(id)) form.append(id, field(id));
  if (dictionary) form.append("dictionary", dictionary);
  form.append("file", file);
  const made = await upload("/v1/panels", form, (share) => {
    byId("upload").textContent = share < 1 ? word("uploading", { share: Math.floor(100 * share) }) : word("checking");
  });
  return made.id;
}

// The service has the file: only what changed is sent.
async function recheck(id, dictionary) {
  if (dictionary !== sent.dictionary) await ask(`/v1/panels/${id}/dictionary`, { method: "PUT", body: dictionary });
  const [entity, period] = [field("entity"), field("period")];
  if (entity !== panel.entity || period !== panel.period) await ask(`/v1/panels/${id}`, { method: "PATCH", json: { entity, period } });
  return id;
}

byId("data-form").addEventListener("submit", guarded(submitPanel));

// ---- findings and question

async function openPanel(id) {
  let found = await read(`/v1/panels/${id}`);
  while (found.state === "checking") {
    only("data", "earlier");
    byId("upload").textContent = word("checking");
    await new Promise((done) => setTimeout(done, CHECK_MS));
    found = await read(`/v1/panels/${id}`);
  }
  panel = found;
  offer(found.columns);
  if (sent?.id !== id) take(found);
  if (found.state === "failed") {
    only("data", "earlier");
    throw new Problem(found.problem);
  }
  renderFindings(panel);
  renderOutcomes(panel);
  only("data", "findings", ...(stops(panel) ? [] : ["question"]));
  byId("findings-title").focus();
}

// A panel that came by its address: its file is in the service, not here.
function take(found) {
  setFile(null);
  sent = { file: null, dictionary: byId("dictionary").files[0] ?? null, id: found.id };
  byId("file-chosen").textContent = word("file_chosen", { name: found.name, size: bytes(found.bytes) });
  show("file-chosen");
  for (const name of ["entity", "period"]) {
    byId(name).value = found[name] ?? "";
    byId(name).placeholder = found.dictionary ? word("no_columns") : "";
  }
}

byId("question-form").addEventListener("submit", guarded(async () => {
  byId("start").disabled = true;
  try {
    const question = {
      panel: panel.id,
      outcome: [byId("outcome").value],
      horizon: Number(byId("horizon").value),
      resamples: Number(byId("resamples").value),
    };
    const study = await read("/v1/studies", { method: "POST", json: question });
    history.pushState(null, "", `#${study.id}`);
    byId("language").hash = study.id;
    await openStudy(study.id);
  } finally {
    byId("start").disabled = false;
  }
}));

// ---- progress

function renderProgress({ state, progress, question }) {
  const stage = state === "queued" ? "queued" : progress.stage;
  const names = Object.keys(STAGES).filter((name) => !["rehearse", "crosscheck"].includes(name) || question[name]);
  byId("bar").max = names.reduce((sum, name) => sum + STAGES[name], 0);
  const at = names.indexOf(stage);
  const before = names.slice(0, Math.max(at, 0)).reduce((sum, name) => sum + STAGES[name], 0);
  byId("bar").value = before + (at < 0 ? 0 : (STAGES[stage] * progress.done) / Math.max(progress.of, 1));
  byId("stages").replaceChildren(
    ...["queued", ...names].map((name, index) =>
      element("li", { class: index <= at ? "done" : "", "aria-current": name === stage ? "step" : null }, word(`stage_${name}`)),
    ),
  );
  const left = progress.eta_s;
  byId("eta").textContent =
    left === null || left === undefined ? "" : left < 90 ? word("eta", { seconds: Math.max(1, Math.round(left)) }) : word("eta_minutes", { minutes: Math.round(left / 60) });
  if (has(`stage_${stage}`)) say(word(`stage_${stage}`));
}

async function openStudy(id) {
  watching?.abort();
  watching = new AbortController();
  const { signal } = watching;
  const lost = (now) => now && (byId("eta").textContent = word("reconnecting"));
  let shown = false;
  for await (const status of watch(id, signal, lost)) {
    if (status.state === "done") return openResult(id, signal);
    if (status.state === "failed") return afterwards(status, new Problem(status.problem));
    if (status.state === "cancelled") return afterwards(status, null);
    if (!shown) {
      only("progress");
      byId("progress-title").focus();
      shown = true;
    }
    byId("cancel").dataset.study = id;
    renderProgress(status);
  }
}

async function afterwards(status, problem) {
  await openPanel(status.panel[0]).catch(() => only("data"));
  if (problem) return complain(problem);
  say(word("cancelled"));
}

byId("cancel").addEventListener("click", guarded(async () => {
  await ask(`/v1/studies/${byId("cancel").dataset.study}`, { method: "DELETE" });
}));

// ---- result

async function openResult(id, signal) {
  const options = { signal };
  const [content, report] = await Promise.all([
    read(`/v1/studies/${id}/report?format=json&lang=${lang}`, options),
    ask(`/v1/studies/${id}/report?format=html&lang=${lang}`, options).then((response) => response.blob()),
  ]);
  frames.forEach((address) => URL.revokeObjectURL(address));
  const address = URL.createObjectURL(new Blob([report], { type: "text/html;charset=utf-8" }));
  frames = [address];
  only("result");
  renderResult(content);
  byId("report").src = address;
  byId("open-report").href = address;
  byId("result").dataset.study = id;
  byId("result-title").focus();
  say(word("done"));
}

for (const button of document.querySelectorAll("[data-path]")) {
  button.addEventListener("click", guarded(async () => {
    const response = await ask(`/v1/studies/${byId("result").dataset.study}${button.dataset.path}`);
    const address = URL.createObjectURL(await response.blob());
    element("a", { href: address, download: button.dataset.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }));
}

byId("again").addEventListener("click", () => (location.hash = ""));

// ---- earlier studies, and the address

async function namesOf(panels) {
  const found = await Promise.allSettled(panels.map((id) => read(`/v1/panels/${id}`)));
  return new Map(found.flatMap(({ value }) => value?.indicators ?? []).map((one) => [one.key, one.name[lang] || one.key]));
}

async function renderEarlier() {
  const { items } = await read("/v1/studies?limit=8");
  const names = await namesOf([...new Set(items.flatMap((item) => item.panel))]);
  const when = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
  byId("studies").replaceChildren(
    ...items.map((item) =>
      element(
        "li",
        {},
        element("a", { href: `#${item.id}` }, [item.question.outcome].flat().map((one) => names.get(one) ?? one).join(lang === "zh" ? "、" : ", ")),
        element("span", { class: `state ${item.state}` }, word(`state_${item.state}`)),
        element("time", { class: "quiet", datetime: item.created }, when.format(new Date(item.created))),
      ),
    ),
  );
  byId("earlier").hidden = !items.length;
}

async function arrive() {
  const place = location.hash.slice(1);
  byId("language").hash = location.hash;
  if (place.startsWith("std_")) return openStudy(place);
  if (place.startsWith("pnl_")) return openPanel(place);
  only("data");
  await renderEarlier();
}

addEventListener("hashchange", guarded(async () => {
  watching?.abort();
  await arrive();
}));

guarded(async () => {
  if (document.body.dataset.mode === "shared" && !key.get()) return connect();
  await enter();
})();
