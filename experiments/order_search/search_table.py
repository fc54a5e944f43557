"""The figures of the order searches: one row per size and method, and the same rows in ``result.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ONE_START = ("causal-learn",)
"""Methods that know one start only."""
NOT_OURS = ("tetrad",)
"""Methods whose memory is that of another process."""
NAMES = {
    "ours": "ours",
    "causal-get": "`causal-get` (C, the method's author)",
    "causal-learn": "causal-learn `boss`",
    "tetrad": "Tetrad BOSS (Java)",
}


def summary(runs: Mapping[str, Mapping[str, Any]], starts: int) -> list[dict[str, Any]]:
    """Per size and method: seconds per start, how many times ours that is, and how our best compares, seed by seed."""
    table = []
    for size in sorted({key.split(" | ")[0] for key in runs}, key=_variables):
        mine = runs.get(f"{size} | ours", {})
        for method in NAMES:
            said = runs.get(f"{size} | {method}", {})
            kept = {seed: r for seed, r in said.items() if "score" in r}
            if not said:
                continue
            each = 1 if method in ONE_START else starts
            row: dict[str, Any] = {"size": size, "method": method, "seeds": len(kept), "starts": each}
            row["stopped"] = len(said) - len(kept)
            if kept:
                row |= _times(kept, mine, each, starts)
                peaks = [r["peak_mb"] for r in kept.values() if r.get("peak_mb") and method not in NOT_OURS]
                row["peak_mb"] = max(peaks, default=None)
            gaps = [mine[s]["score"] - r["score"] for s, r in kept.items() if "score" in mine.get(s, {})]
            if method != "ours" and gaps:
                row["ours_minus_its_score"] = {
                    "mean": round(float(np.mean(gaps)), 2),
                    "lowest": round(min(gaps), 2),
                    "below": sum(gap < -1e-3 for gap in gaps),
                    "above": sum(gap > 1e-3 for gap in gaps),
                }
            table.append(row)
    return table


def _variables(size: str) -> int:
    return int(size.split(maxsplit=1)[0].removeprefix("p="))


def _times(kept: Mapping[str, Any], mine: Mapping[str, Any], each: int, starts: int) -> dict[str, Any]:
    """Seconds per start; its ratio to ours, of the means over the same seeds, and the smallest over seeds."""
    seconds = {seed: r["seconds"] / each for seed, r in kept.items()}
    ours = {seed: mine[seed]["seconds"] / starts for seed in kept if "seconds" in mine.get(seed, {})}
    row: dict[str, Any] = {"seconds_per_start": round(float(np.mean(list(seconds.values()))), 4)}
    if ours:
        row["times_ours"] = _rounded(sum(seconds[s] for s in ours) / sum(ours.values()))
        row["times_ours_lowest"] = _rounded(min(seconds[s] / ours[s] for s in ours))
    return row


def _rounded(ratio: float) -> float:
    return float(f"{ratio:.3g}")


def write_table(table: Sequence[Mapping[str, Any]], why_absent: Mapping[str, str], folder: Path) -> None:
    """Write ``result.md``."""
    head = ["size", "", "seeds", "starts", "CPU s per start", "x ours (lowest seed)", "peak MB"]
    head += ["our best score minus its: mean, lowest", "seeds where ours is below / above"]
    rows = [_cells(row) for row in table]
    lines = [
        "# What came out",
        "",
        "Written by `run.py` from `result.json`; see `question.md` for what is compared and how.",
        "",
    ]
    lines += [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    missing = [m for m in why_absent if not any(row["method"] == m for row in table)]
    lines += ["", *(f"- {NAMES[m]}: absent, {why_absent[m]}." for m in missing)]
    (folder / "result.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _cells(row: Mapping[str, Any]) -> list[str]:
    ratio = f"{row['times_ours']:g} ({row['times_ours_lowest']:g})" if row.get("times_ours") else "-"
    gap = row.get("ours_minus_its_score")
    stopped = f" ({row['stopped']} stopped)" if row["stopped"] else ""
    return [
        row["size"],
        NAMES[row["method"]],
        f"{row['seeds']}{stopped}",
        str(row["starts"]),
        f"{row['seconds_per_start']:.4g}" if "seconds_per_start" in row else "-",
        "1" if row["method"] == "ours" else ratio,
        str(row.get("peak_mb") or "-"),
        f"{gap['mean']:+.1f}, {gap['lowest']:+.1f}" if gap else "-",
        f"{gap['below']} / {gap['above']}" if gap else "-",
    ]
