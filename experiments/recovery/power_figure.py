"""The power curve as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_power_figure(summaries: dict[str, Any], file: Path) -> None:
    """Draw P(act) by size of the true sustained effect, with two standard errors, for the scenarios of the rules."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "power", "font.size": 9, "svg.fonttype": "none"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for name in ("linear", "own_linear", "base", "linear_small", "own_linear_small", "linear_tiny"):
        bins = [b for b in summaries.get(name, {}).get("power", []) if b["levers"] >= 5]
        if bins:
            at = [(b["above"] + (b["up_to"] if b["up_to"] is not None else 0.8)) / 2 for b in bins]
            errors = [2 * b["se"] for b in bins]
            axes.errorbar(at, [b["act"] for b in bins], errors, marker="o", markersize=3, capsize=2, label=name)
    axes.set(xlabel="true sustained(3) effect, within-SD per within-SD", ylabel="share told to act", ylim=(-0.03, 1.03))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
