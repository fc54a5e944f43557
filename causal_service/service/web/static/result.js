// The answer: paragraph and ranked levers of every outcome, from the report's own document.

import { byId, drawing, element, facts, lang, word } from "./dom.js";

const SHOWN = 6;

function scaleOf(levers) {
  const ends = levers.flatMap((row) => [row.gain_low, row.gain_high, 0]);
  const low = Math.min(...ends);
  const span = Math.max(...ends) - low || 1;
  return (value) => `${(2 + (96 * (value - low)) / span).toFixed(2)}%`;
}

function bar(row, at) {
  const label = word("bar", { name: row.name, gain: row.gain, interval: row.interval });
  const width = `${(parseFloat(at(row.gain_high)) - parseFloat(at(row.gain_low))).toFixed(2)}%`;
  return drawing(
    "svg",
    { class: `bar ${row.verdict}`, role: "img", "aria-label": label, height: "18", width: "100%" },
    drawing("line", { x1: at(0), x2: at(0), y1: "0", y2: "18", class: "zero" }),
    drawing("rect", { x: at(row.gain_low), y: "6", width, height: "6", rx: "3" }),
    drawing("circle", { cx: at(row.gain_value), cy: "9", r: "4.5" }),
  );
}

function lever(row, at) {
  return element(
    "li",
    { class: "lever", "data-verdict": row.verdict },
    element("span", { class: "rank" }, String(row.rank)),
    element("div", { class: "name" }, element("strong", {}, row.name), element("span", { class: "quiet" }, row.detail)),
    element("span", { class: `badge ${row.verdict}` }, row.verdict_label),
    element(
      "dl",
      { class: "numbers" },
      element("div", {}, element("dt", {}, word("step")), element("dd", {}, row.step)),
      element("div", {}, element("dt", {}, word("gain")), element("dd", {}, element("strong", {}, row.gain))),
      element("div", {}, element("dt", {}, word("top3")), element("dd", {}, row.p_top3)),
    ),
    element("div", { class: "interval" }, bar(row, at), element("span", { class: "quiet" }, word("interval", { interval: row.interval }))),
    element("p", { class: "why quiet" }, row.reasons.join(lang === "zh" ? "" : " ")),
  );
}

function headline({ verdict, facts: shown }) {
  const fact = ({ label, value, note }) =>
    element("div", {}, element("dt", {}, label), element("dd", {}, value, note ? element("span", {}, note) : null));
  return element("dl", { class: `headline ${verdict}` }, shown.map(fact));
}

function section(outcome, several) {
  const at = scaleOf(outcome.levers);
  const first = outcome.levers.slice(0, SHOWN);
  const others = outcome.levers.slice(SHOWN);
  const list = (rows) => element("ol", { class: "levers" }, rows.map((row) => lever(row, at)));
  return element(
    "section",
    {},
    several ? element("h2", {}, outcome.name) : null,
    outcome.headline ? headline(outcome.headline) : null,
    element("p", { class: "answer" }, outcome.answer),
    outcome.contrast_lead ? element("p", { class: "answer" }, outcome.contrast_lead) : null,
    byId("levers-head").content.cloneNode(true),
    list(first),
    others.length ? element("details", {}, element("summary", {}, word("more_levers", { count: others.length })), list(others)) : null,
  );
}

export function renderResult(document_) {
  byId("result-title").textContent = document_.title;
  facts(byId("result-facts"), document_.facts.map((fact) => [fact.label, fact.value]));
  byId("answers").replaceChildren(...document_.sections.map((one) => section(one, document_.sections.length > 1)));
}
