"""Why intervals miss: coverage by kind of lever, standardised errors, and what the misses have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from case import STEPLESS
from numpy.typing import NDArray
from scoring import NONZERO

Array = NDArray[np.float64]

KINDS = ("impact", "sustained")
WIDE = 1.96
"""Half an interval in SDs."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FEWEST = 5
"""Levers behind a line."""
NO_PATH = 0.5
"""Share of draws without a path above which the lever was not found."""


def explained(records: Sequence[dict[str, Any]]) -> str:
    """Lines on the truly non-zero levers of one scenario.

    An error is signed towards zero being negative and divided by the SD that the interval states. *Centred* is the
    coverage if the group's mean error were taken out, *spread* if its SD of errors were 1: what bias alone and
    narrowness alone cost.
    """
    lines = []
    for kind in KINDS:
        rows = [row for record in records for row in record["levers"] if abs(row["cumulative"][0]) > NONZERO]
        for name, group in _groups(rows).items():
            if len(group) >= FEWEST:
                lines.append(f"    {kind:9} {name:31} {_line(group, kind)}")
    return "\n".join(lines)


def _groups(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    plain = [row for row in rows if row["kind"] in STEPLESS and not row["through"]]
    groups = {"all": list(rows), "continuous, no step between": plain}
    groups["through a state, count or share"] = [row for row in rows if row["kind"] in STEPLESS and row["through"]]
    for kind in sorted({row["kind"] for row in rows} - {"continuous"}):
        groups[kind] = [row for row in rows if row["kind"] == kind]
    return groups if len(plain) < len(rows) else {"all": list(rows)}


def _line(rows: Sequence[dict[str, Any]], kind: str) -> str:
    true, value, low, high = np.array([row[kind] for row in rows], float).T
    average = np.array([row["average"][kind] for row in rows])
    towards = np.where(true < 0, -1.0, 1.0)
    inside = (low <= true) & (true <= high)
    sd = np.maximum((high - low) / (2 * WIDE), 1e-9)
    z = np.clip(towards * (value - true) / sd, -20, 20)
    centred, spread = np.abs(z - z.mean()) <= WIDE, np.abs(z) <= WIDE * max(float(z.std()), 1e-9)
    said = f"{len(rows):4} levers  cover {inside.mean():.3f}"
    if not np.array_equal(average, true):
        said += f" (average truth {((low <= average) & (average <= high)).mean():.3f})"
    said += f"  centred {centred.mean():.3f} spread {spread.mean():.3f}  error/SD "
    said += (
        " ".join(f"{q:+.1f}" for q in np.quantile(z, QUANTILES)) + f"  misses {_misses(rows, ~inside, towards, kind)}"
    )
    return said


def _misses(rows: Sequence[dict[str, Any]], missed: NDArray[np.bool_], towards: Array, kind: str) -> str:
    counts = {"no path": 0, "wrong sign": 0, "too small": 0, "too large": 0}
    for j in np.flatnonzero(missed):
        true, value = rows[j][kind][:2]
        if rows[j].get("zero_share", 1.0) > NO_PATH:
            counts["no path"] += 1
        elif value * towards[j] < 0:
            counts["wrong sign"] += 1
        else:
            counts["too small" if abs(value) < abs(true) else "too large"] += 1
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none"
