"""Answers of all contenders as figures with Monte-Carlo errors, and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_TITLES = {
    "ihdp": "IHDP, three replicates (747 rows, 25 covariates; truth: the average over these rows)",
    "hill": "Response surface B drawn anew on IHDP's covariates (truth: the average over these rows)",
    "simulated": "Simulated design, fresh rows (1,000 rows, 8 covariates; truth: the average over the population)",
}
_HEAD = (
    "| who | runs | eATE | eATT | coverage ATE | coverage ATT | width ATE | width ATT | PEHE | PEHE / SD | CPU s |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def tables(
    kept: Mapping[str, Any], experimental: float, earlier: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], str]:
    """Return (result for JSON, page) of answers by ``data set|seed|contender``.

    From an ``earlier`` result come rows of peers that had more seeds then.
    """
    groups: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for key, answer in kept.items():
        if "|" in key and "missing" not in answer:
            label, _, name = key.split("|")
            groups.setdefault(label.split()[0], {}).setdefault(name, []).append(answer)
    result: dict[str, Any] = {}
    page = []
    for part, title in _TITLES.items():
        if part in groups:
            rows = {name: _figures(answers) for name, answers in groups[part].items()}
            result[part] = _longest(rows, (earlier or {}).get(part, {}))
            page += [f"### {title}", "", _HEAD, *(_line(name, row) for name, row in result[part].items()), ""]
    if "placebo" in groups:
        result["placebo"] = {name: _placebo(answers) for name, answers in groups["placebo"].items()}
        page += _placebo_page(result["placebo"])
    if "lalonde" in groups:
        rows = {name: _lalonde(answers, experimental) for name, answers in groups["lalonde"].items()}
        result["lalonde"] = _longest(rows, (earlier or {}).get("lalonde", {}))
        page += _lalonde_page(result["lalonde"], result.get("placebo", {}), kept.get("study"), experimental)
    if "study" in kept:
        result["study_of_lalonde"] = kept["study"]
    return result, "\n".join(page).rstrip() + "\n"


def _longest(rows: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows, a peer's earlier one where that had more runs."""
    out = dict(rows)
    for name, row in earlier.items():
        if name != "ours" and row["runs"] > out.get(name, {"runs": 0})["runs"]:
            out[name] = row
    return out


def _figures(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    good = [a for a in answers if "failed" not in a]
    out: dict[str, Any] = {"runs": len(good), "failed": len(answers) - len(good)}
    for i, target in enumerate(("everyone", "treated")):
        said = [(a[target], a["truth"][i]) for a in good if a[target] is not None]
        out[target] = {
            "answered": len(said),
            "error": _mean([abs(v[0] - truth) for v, truth in said]),
            "coverage": _mean([float(v[1] <= truth <= v[2]) for v, truth in said if v[1] is not None]),
            "width": _median([v[2] - v[1] for v, _ in said if v[1] is not None]),
        }
    rows = [(a["pehe"], a["spread"]) for a in good if "pehe" in a and a["spread"] > 0]
    out["pehe"] = _mean([pehe for pehe, _ in rows])
    out["pehe_by_spread"] = _mean([pehe / spread for pehe, spread in rows if spread > 0])
    out["seconds"] = _median([a["seconds"] for a in good])
    return out


def _lalonde(answers: Sequence[Mapping[str, Any]], experimental: float) -> dict[str, Any]:
    said = [a["treated"] for a in answers if a.get("treated") is not None and a["treated"][1] is not None]
    return {
        "runs": len(said),
        "no_number": sum(a.get("treated") is None for a in answers),
        "value": _median([v[0] for v in said]),
        "low": _median([v[1] for v in said]),
        "high": _median([v[2] for v in said]),
        "width": _median([v[2] - v[1] for v in said]),
        "value_range": [min(v[0] for v in said), max(v[0] for v in said)] if said else None,
        "contains": sum(v[1] <= experimental <= v[2] for v in said),
        "everyone": _median([a["everyone"][0] for a in answers if a.get("everyone")]),
        "seconds": _median([a["seconds"] for a in answers if "seconds" in a]),
    }


def _placebo(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    said = np.array([a["treated"] for a in answers if a.get("treated") is not None and a["treated"][1] is not None])
    if not said.size:
        return {"runs": 0}
    return {
        "runs": len(said),
        "bias": _mean(said[:, 0].tolist()),
        "rmse": float(np.sqrt((said[:, 0] ** 2).mean())),
        "coverage": _mean([float(low <= 0 <= high) for _, low, high in said]),
        "width": float((said[:, 2] - said[:, 1]).mean()),
        "seconds": _median([a["seconds"] for a in answers if "seconds" in a]),
    }


def _placebo_page(rows: Mapping[str, Any]) -> list[str]:
    page = [
        "### Placebo trainees: 185 CPS controls drawn by the trainees' covariates, 4,000 others (ATT is 0; dollars)",
        "",
        "| who | groups | mean error | RMSE | coverage | mean width | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        if row["runs"]:
            page.append(
                f"| {name} | {row['runs']} | {row['bias'][0]:,.0f} ± {row['bias'][1]:,.0f} | {row['rmse']:,.0f} | "
                f"{_pm(row['coverage'], 2)} | {row['width']:,.0f} | {row['seconds']:.1f} |"
            )
    return [*page, ""]


def _mean(values: Sequence[float]) -> list[float] | None:
    """Return [mean, Monte-Carlo error]."""
    if not values:
        return None
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return [float(np.mean(values)), float(error)]


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _line(name: str, row: Mapping[str, Any]) -> str:
    e, t = row["everyone"], row["treated"]
    cells = [
        name, str(row["runs"]), _pm(e["error"], 3), _pm(t["error"], 3), _pm(e["coverage"], 2), _pm(t["coverage"], 2),
        _number(e["width"], 2), _number(t["width"], 2), _pm(row["pehe"], 2), _pm(row["pehe_by_spread"], 2),
        _number(row["seconds"], 1),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _lalonde_page(
    rows: Mapping[str, Any], placebo: Mapping[str, Any], study: Mapping[str, Any] | None, experimental: float
) -> list[str]:
    page = [
        f"### LaLonde: 185 trainees, 15,992 CPS controls (the experiment says {experimental:,.0f} dollars)",
        "",
        "| who | seeds | ATT | 95 % interval | width | range of values over seeds | contains it | CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        if row["runs"]:
            page.append(
                f"| {name} | {row['runs']} | {row['value']:,.0f} | {row['low']:,.0f} to {row['high']:,.0f} | "
                f"{row['width']:,.0f} | {row['value_range'][0]:,.0f} to {row['value_range'][1]:,.0f} | "
                f"{row['contains']} of {row['runs']} | {row['seconds']:.1f} |"
            )
    peers = {n: r["width"] for n, r in rows.items() if n.startswith("DoubleML") and r["width"]}
    if peers and rows.get("ours", {}).get("width"):
        page += ["", " ".join(_beside(rows["ours"]["width"], peers, placebo))]
    if study is not None:
        low, high = study["linear_system"][1:]
        page += [
            "",
            f"A whole study (`causal_service.study`, 50 resamples, {study['seconds']:.0f} CPU s) says: "
            f'"{study["sentence"]}" "{study["everyone_sentence"]}" Its linear system, which answers for all rows '
            f"alike, says {study['linear_system'][0]:,.0f} ({low:,.0f} to {high:,.0f}).",
        ]
    return [*page, ""]


def _beside(width: float, peers: Mapping[str, float], placebo: Mapping[str, Any]) -> list[str]:
    """Return sentences on our width beside every DoubleML, with what each covers where the truth is known."""
    said = []
    for name, other in peers.items():
        known = placebo.get(name, {"runs": 0})
        covers = f"; covers {known['coverage'][0]:.2f} of {known['runs']} placebo groups" if known["runs"] else ""
        said.append(f"{name}: {width / other:.2f}{covers}.")
    own = placebo.get("ours", {"runs": 0})
    covers = f" (ours covers {own['coverage'][0]:.2f} of {own['runs']} placebo groups)" if own["runs"] else ""
    return [f"Width of our interval as a multiple of DoubleML's, wanted at most 1{covers}.", *said]


def _pm(value: Sequence[float] | None, digits: int) -> str:
    return "—" if value is None else f"{value[0]:.{digits}f} ± {value[1]:.{digits}f}"


def _number(value: float | None, digits: int) -> str:
    return "—" if value is None else f"{value:.{digits}f}"
