// What the checks found, and which indicators may be the outcome.

import { byId, element, facts, has, lang, word } from "./dom.js";

const OPEN = ["fail", "review"];

function card(finding) {
  const severity = OPEN.includes(finding.severity) ? element("b", {}, word(`severity_${finding.severity}`)) : null;
  const remedy = severity ? element("p", { class: "quiet" }, word("remedy"), finding.remedy[lang]) : null;
  return element("li", { class: finding.severity, "data-code": finding.code }, element("p", {}, severity, finding.message[lang]), remedy);
}

export const stops = (panel) => panel.findings.some((finding) => finding.scope === "panel" && finding.severity === "fail");

export function renderFindings(panel) {
  const { size, regime, findings } = panel;
  const count = (severity) => findings.filter((finding) => finding.severity === severity).length;
  const counts = { fail: count("fail"), review: count("review"), pass: count("pass") };
  const shown = [];
  if (size) {
    shown.push([word("fact_data"), word(`regime_${regime}`)]);
    shown.push([word("fact_size"), word(`size_${regime}`, { ...size, indicators: size.indicators.length })]);
    if (size.first_period) shown.push([word("fact_span"), word("span", { first: size.first_period, last: size.last_period })]);
  }
  facts(byId("panel-facts"), [...shown, [word("fact_checks"), word("counts", counts)]]);
  const open = OPEN.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  const passed = findings.filter((finding) => finding.severity === "pass");
  byId("open-findings").replaceChildren(...(open.length ? open.map(card) : [element("li", { class: "pass" }, word("nothing_open"))]));
  const details = byId("passed-findings");
  details.hidden = !passed.length || !open.length;
  details.querySelector("summary").textContent = word("passed", { count: passed.length });
  details.querySelector("ul").replaceChildren(...passed.map(card));
  byId("blocked").hidden = !stops(panel);
  byId("blocked").textContent = word("blocked");
}

export const layerName = (layer) => (has(`layer_${layer}`) ? word(`layer_${layer}`) : layer);

function option(indicator) {
  const unit = indicator.unit ? ` (${indicator.unit})` : "";
  return element("option", { value: indicator.key }, `${indicator.name[lang] || indicator.key}${unit}`);
}

// Goals first, then the last layer, then the others from late to early.
export function renderOutcomes(panel) {
  const indicators = [...panel.indicators].sort((a, b) => (a.name[lang] < b.name[lang] ? -1 : 1));
  const layers = [...panel.layers].reverse().filter((layer) => indicators.some((indicator) => indicator.layer === layer));
  const left = new Set(indicators.map((indicator) => indicator.key));
  const groups = [];
  const group = (label, members) => {
    const fresh = members.filter((indicator) => left.delete(indicator.key));
    if (fresh.length) groups.push(element("optgroup", { label }, fresh.map(option)));
  };
  group(word("group_goals"), panel.goals.map((goal) => indicators.find((one) => one.key === goal)).filter(Boolean));
  layers.forEach((layer, index) =>
    group(word(index ? "group_layer" : "group_last", { layer: layerName(layer) }), indicators.filter((one) => one.layer === layer)),
  );
  group(word("group_none"), indicators);
  byId("outcome").replaceChildren(...groups);
}
