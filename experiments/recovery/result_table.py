"""The figures as text: ``result.md`` and the lines on the terminal, from the content of ``result.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bars import WIDTHS
from scenarios import SCENARIOS

Summary = dict[str, Any]

NAMES = {
    "graph_f1": "graph F1",
    "top3_recall": "top-3 recall",
    "rank_correlation": "rank correlation",
    "rmse_cumulative": "RMSE cumulative(3)",
    "insufficient": "share `insufficient`",
    "power_top3_act": "true top-3 levers told to act",
    "any_act": "studies that name any lever `act`",
    "leak_act": "planted consequences told to act",
    "width_cumulative": "median width, cumulative(3)",
    "p_top3_gap": "P(top-3), stated less hit",
    **{f"coverage_{kind}": f"coverage, {kind}" for kind in ("impact", "sustained", "cumulative")},
    **{f"coverage_average_{kind}": f"coverage, {kind}, averaged truth" for kind in ("impact", "sustained")},
}
VERDICTS = {True: "met", False: "**missed**", None: "too few panels"}


def render(result: dict[str, Any]) -> str:
    """Return ``result.md``."""
    summaries: dict[str, Summary] = result["scenarios"]
    of_kind = {
        "usual": [n for n in summaries if not SCENARIOS[n].null and not n.startswith(("leak_", "rehearsed_"))],
        "rehearsed": [n for n in summaries if n.startswith("rehearsed_")],
        "null": [n for n in summaries if SCENARIOS[n].null],
        "leak": [n for n in summaries if n.startswith("leak_")],
    }
    met = sum(bar["met"] is True for bar in result["bars"])
    parts = [
        "# What came out",
        "Written by `run.py` from `result.json`; see `question.md` for what is measured. Every figure is a mean over "
        "panels ± its Monte-Carlo standard error over panels; n is the number of panels.",
        f"Code {result['code']}, scenarios and measures {result['definition']}; {result['resamples']} resamples."
        + (f" {result['note']}" if result.get("note") else ""),
        f"## Bars: {met} of {len(result['bars'])} met",
        "A bar is met when the mean reaches it within two standard errors. `own_`, `leak_` and three of the `null_` "
        "scenarios come from the project's own simulator. Where mechanisms bend, the simulator's truth is that of one "
        "period; an effect is defined as the response averaged over the panel (averaged truth). Both have a bar.",
        _table(["scenario", "figure", "wanted", "measured", "n", "met"], [_bar_row(bar) for bar in result["bars"]]),
    ]
    if of_kind["usual"]:
        parts += [
            "## Graph and ranking",
            "Top-3 recall and rank correlation by cumulative(3); in brackets by sustained(3), the service's own order.",
            _accuracy_table(summaries, of_kind["usual"]),
            "## Coverage of the 95 % intervals and their median widths, truly non-zero effects",
            "Widths in within-SDs of the outcome per within-SD of the lever; allowed: 1.25 times the prototype's. "
            "Average: coverage of the truth averaged over the panel, where the one beside it is that of one period "
            "(see `question.md`).",
            _coverage_table(summaries, of_kind["usual"]),
            "![Coverage by scenario](coverage.svg)",
            _lag_lines(summaries),
            "## What is said, and whether it is so",
            "P(top-3): stated for the three levers ranked first, then how often they are among the true three.",
            _verdict_table(summaries, of_kind["usual"]),
            "![P(act) by size of the true effect](power.svg)",
            _power_table(summaries, [n for n in of_kind["usual"] if "linear" in n or n == "base"]),
        ]
    if of_kind["null"]:
        parts += ["## No effect anywhere", _null_table(summaries, of_kind["null"])]
    if of_kind["leak"]:
        parts += ["## Planted consequences of the outcome", _leak_table(summaries, of_kind["leak"])]
    if of_kind["rehearsed"]:
        parts += [
            "## Rehearsed studies",
            "Coverage of the raw intervals, what twins of the panel foretold, and coverage of the calibrated ones; "
            "median widths of both; top-3 hits stated by the study, foretold by the twins, and true.",
            _rehearsal_table(summaries, of_kind["rehearsed"]),
        ]
    parts += ["## Findings on these clean panels", _finding_table(summaries)]
    return "\n\n".join(part for part in parts if part) + "\n"


def figure_lines(summaries: dict[str, Summary]) -> str:
    """A few lines per scenario with all that was measured."""
    lines = []
    for name, s in summaries.items():
        kinds = ("impact", "sustained", "cumulative")
        stated = f"{s['figures']['p_top3_stated']['mean']:.2f} -> {_said(s, 'p_top3_hit', 2)}"
        lines += [
            f"{name}: {s['panels']} panels, {s['seconds_median']:.2f} s per study",
            f"  F1 {_said(s, 'graph_f1')}  top-3 {_said(s, 'top3_recall', 2)}  rank {_said(s, 'rank_correlation', 2)}"
            f"  RMSE {_said(s, 'rmse_cumulative')}  P(top-3) {stated}",
            f"  coverage {' / '.join(_said(s, f'coverage_{kind}') for kind in kinds)}"
            f"  widths {' / '.join(_said(s, f'width_{kind}') for kind in kinds)}",
            *_rehearsal_line(s, kinds),
            f"  average truth {' / '.join(_said(s, f'coverage_average_{kind}') for kind in kinds)}  lags {s['lags']}",
            f"  true top-3 act {_said(s, 'power_top3_act', 2)}  zeros act {_said(s, 'false_act')}"
            f"  any act {_said(s, 'any_act')}  leak act {_said(s, 'leak_act')} test {_said(s, 'leak_test')}",
            "  verdicts " + "  ".join(f"{v} {share:.2f}" for v, share in s["verdicts"].items()),
            "  P(act) " + "  ".join(f"{b['above']:g}-{b['up_to']}: {b['act']:.2f} ({b['levers']})" for b in s["power"]),
            f"  findings {s['findings']} removed {s['removed']}; beside true top-3 not acted on: {s['reasons']}",
        ]
    return "\n".join(lines)


def bar_lines(bars: Sequence[dict[str, Any]]) -> str:
    """One line per bar."""
    lines = []
    for bar in bars:
        said = f"{bar['scenario']:19} {NAMES[bar['figure']]:36} {bar['mean']:.3f} ± {bar['se']:.3f}  n={bar['panels']}"
        lines.append(f"{said:84} {bar['wanted']:>14}  {VERDICTS[bar['met']]}")
    return "\n".join(lines)


def _bar_row(bar: dict[str, Any]) -> list[str]:
    return [
        bar["scenario"],
        NAMES[bar["figure"]],
        bar["wanted"],
        f"{bar['mean']:.3f} ± {bar['se']:.3f}",
        str(bar["panels"]),
        VERDICTS[bar["met"]],
    ]


def _accuracy_table(summaries: dict[str, Summary], names: Sequence[str]) -> str:
    def ranked(s: Summary, figure: str) -> str:
        return f"{_said(s, figure, 2)} ({s['figures'][f'{figure}_sustained']['mean']:.2f})"

    rows = [
        [
            name,
            str(s["panels"]),
            _said(s, "graph_f1"),
            ranked(s, "top3_recall"),
            ranked(s, "rank_correlation"),
            _said(s, "rmse_cumulative"),
            f"{s['seconds_median']:.1f}",
        ]
        for name in names
        for s in [summaries[name]]
    ]
    head = ["scenario", "n", "graph F1", "top-3 recall", "rank correlation", "RMSE cumulative(3)", "seconds per study"]
    return _table(head, rows)


def _coverage_table(summaries: dict[str, Summary], names: Sequence[str]) -> str:
    kinds = ("impact", "sustained", "cumulative")
    rows = []
    for name in names:
        s = summaries[name]
        widths = " / ".join(f"{s['figures'][f'width_{kind}']['mean']:.2f}" for kind in kinds)
        allowed = f"{1.25 * WIDTHS[name]:.2f}" if name in WIDTHS else "-"
        n = s["figures"]["coverage_sustained"]["panels"]
        rows.append([name, str(n), *(_said(s, f"coverage_{kind}") for kind in kinds), _average(s), widths, allowed])
    head = ["scenario", "n", *kinds, "average: impact, sustained", "widths", "cumulative allowed"]
    return _table(head, rows)


def _average(summary: Summary) -> str:
    """Coverage of the averaged truth; a dash where both truths are the same."""
    kinds, figures = ("impact", "sustained"), summary["figures"]
    if all(figures[f"coverage_average_{kind}"] == figures[f"coverage_{kind}"] for kind in kinds):
        return "-"
    return ", ".join(_said(summary, f"coverage_average_{kind}") for kind in kinds)


def _verdict_table(summaries: dict[str, Summary], names: Sequence[str]) -> str:
    rows = []
    for name in names:
        s = summaries[name]
        stated = f"{s['figures']['p_top3_stated']['mean']:.2f} -> {_said(s, 'p_top3_hit', 2)}"
        shares = [f"{s['verdicts'][v]:.2f}" for v in ("act", "test", "watch", "insufficient")]
        rows.append([name, stated, _said(s, "power_top3_act", 2), _said(s, "false_act"), *shares])
    head = ["scenario", "P(top-3)", "true top-3 `act`", "true zeros `act`", "act", "test", "watch", "insufficient"]
    return _table(head, rows)


def _power_table(summaries: dict[str, Summary], names: Sequence[str]) -> str:
    rows = []
    for name in names:
        for b in summaries[name]["power"]:
            size = "0" if b["up_to"] == 0 else f"{b['above']:g} to {b['up_to'] or 'more'}"
            rows.append([name, size, str(b["levers"]), f"{b['act']:.2f} ± {b['se']:.2f}"])
    return _table(["scenario", "true sustained effect, within-SD per within-SD", "levers", "P(act)"], rows)


def _null_table(summaries: dict[str, Summary], names: Sequence[str]) -> str:
    rows = [
        [n, str(s["panels"]), _said(s, "any_act"), *(f"{s['verdicts'][v]:.3f}" for v in s["verdicts"])]
        for n in names
        for s in [summaries[n]]
    ]
    return _table(["scenario", "n", "studies with any `act`", "act", "test", "watch", "insufficient"], rows)


def _leak_table(summaries: dict[str, Summary], names: Sequence[str]) -> str:
    rows = [
        [
            n,
            str(s["panels"]),
            *(_said(s, f) for f in ("leak_act", "leak_test", "false_act", "power_top3_act", "graph_f1")),
        ]
        for n in names
        for s in [summaries[n]]
    ]
    head = ["scenario", "n", "leak `act`", "leak `test`", "true zeros `act`", "true top-3 `act`", "graph F1"]
    return _table(head, rows)


def _rehearsal_table(summaries: dict[str, Summary], names: Sequence[str]) -> str:
    rows = []
    for name in names:
        s = summaries[name]
        stated, foretold = (f"{s['figures'][f]['mean']:.2f}" for f in ("p_top3_stated", "twins_top3_hit"))
        for kind in ("impact", "sustained"):
            figures = ("coverage", "twins_coverage", "coverage_calibrated", "width", "width_calibrated")
            said = [_said(s, f"{figure}_{kind}") for figure in figures]
            rows.append([name, str(s["panels"]), kind, *said, f"{stated}, {foretold}, {_said(s, 'p_top3_hit', 2)}"])
    head = ["scenario", "n", "effect", "raw", "foretold", "calibrated", "width", "calibrated width", "top-3 hits"]
    return _table(head, rows)


def _rehearsal_line(summary: Summary, kinds: Sequence[str]) -> list[str]:
    if not summary["figures"]["coverage_calibrated_impact"]["panels"]:
        return []
    parts = []
    for kind in kinds:
        foretold, factor = _said(summary, f"twins_coverage_{kind}"), _said(summary, f"twins_factor_{kind}", 2)
        held, width = (_said(summary, f"{figure}_calibrated_{kind}") for figure in ("coverage", "width"))
        parts.append(f"{kind} foretold {foretold} factor {factor} calibrated {held} width {width}")
    return ["  twins " + "; ".join(parts) + f"; top-3 hits foretold {_said(summary, 'twins_top3_hit', 2)}"]


def _lag_lines(summaries: dict[str, Summary]) -> str:
    """Lags that the service chose where it was asked to."""
    lines = [
        f"Lags chosen in `{name}`: " + ", ".join(f"{lags} in {100 * share:.0f} %" for lags, share in s["lags"].items())
        for name, s in summaries.items()
        if SCENARIOS[name].lags == "auto"
    ]
    return "\n".join(lines)


def _finding_table(summaries: dict[str, Summary]) -> str:
    rows = [
        [name, "; ".join(f"{code} {share:.2f}" for code, share in {**s["findings"], **s["removed"]}.items()) or "none"]
        for name, s in summaries.items()
    ]
    return _table(["scenario", "findings that ask for attention, per panel"], rows)


def _said(summary: Summary, figure: str, digits: int = 3) -> str:
    found = summary["figures"][figure]
    return f"{found['mean']:.{digits}f} ± {found['se']:.{digits}f}" if found["panels"] else "-"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
