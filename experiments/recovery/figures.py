"""The pictures of the study: power by size of the true effect, coverage by scenario."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bars import COVERAGE
from scenarios import SCENARIOS

POWER_OF = ("linear", "own_linear", "base", "linear_small", "own_linear_small", "linear_tiny")


def write_figures(summaries: dict[str, Any], folder: Path) -> None:
    """Write ``power.svg`` and ``coverage.svg``."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"font.size": 9, "svg.fonttype": "none"})
    _power(summaries, folder / "power.svg")
    _coverage(summaries, folder / "coverage.svg")


def _power(summaries: dict[str, Any], file: Path) -> None:
    """P(act) by size of the true sustained effect, with two standard errors, for the scenarios of the rules."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for name in POWER_OF:
        bins = [b for b in summaries.get(name, {}).get("power", []) if b["levers"] >= 5]
        if bins:
            at = [(b["above"] + (b["up_to"] if b["up_to"] is not None else 0.8)) / 2 for b in bins]
            errors = [2 * b["se"] for b in bins]
            axes.errorbar(at, [b["act"] for b in bins], errors, marker="o", markersize=3, capsize=2, label=name)
    axes.set(xlabel="true sustained(3) effect, within-SD per within-SD", ylabel="share told to act", ylim=(-0.03, 1.03))
    axes.legend(frameon=False)
    _save(figure, axes, file)


def _coverage(summaries: dict[str, Any], file: Path) -> None:
    """Coverage of impact and sustained(3) by scenario, two standard errors, the band of the coverage rule behind."""
    from matplotlib import pyplot

    names = [n for n in summaries if not SCENARIOS[n].null and not n.startswith(("leak_", "rehearsed_"))][::-1]
    figure, axes = pyplot.subplots(figsize=(7, 0.24 * max(len(names), 4) + 1))
    axes.axvspan(*COVERAGE, color="0.9")
    axes.axvline(0.95, color="0.7", linewidth=0.8)
    for shift, kind, colour in ((0.15, "impact", "tab:blue"), (-0.15, "sustained", "tab:orange")):
        found = [summaries[name]["figures"][f"coverage_{kind}"] for name in names]
        _points(axes, found, shift, kind, colour)
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel="share of true effects inside the 95 % interval")
    axes.legend(frameon=False, loc="lower left")
    _save(figure, axes, file)


def _points(axes: Any, found: Sequence[dict[str, float]], shift: float, label: str, colour: str) -> None:
    at = [row + shift for row in range(len(found))]
    errors = [2 * f["se"] for f in found]
    means = [f["mean"] for f in found]
    axes.errorbar(means, at, xerr=errors, fmt="o", markersize=3, capsize=2, color=colour, label=label)


def _save(figure: Any, axes: Any, file: Path) -> None:
    import matplotlib as mpl
    from matplotlib import pyplot

    axes.spines[["top", "right"]].set_visible(False)
    with mpl.rc_context({"svg.hashsalt": file.stem}):
        figure.savefig(file, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
