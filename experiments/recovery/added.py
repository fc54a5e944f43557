"""A result of some scenarios, added to an earlier one of others."""

from __future__ import annotations

from typing import Any

from bars import judged
from scenarios import SCENARIOS


def added(result: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """``result`` with the scenarios that only an earlier result has, in the usual order.

    Raises
    ------
    ValueError : the two are of different code, scenarios or resamples.
    """
    for key in ("code", "definition", "resamples"):
        if result[key] != before[key]:
            raise ValueError(f"{key} of the earlier result is {before[key]}, not {result[key]}: nothing can be added")
    scenarios = {**before["scenarios"], **result["scenarios"]}
    said = [before["note"], f"Studied later: {', '.join(result['scenarios'])}.", result["note"]]
    return {
        **result,
        "note": " ".join(part for part in said if part),
        "bars": judged(scenarios),
        "scenarios": {name: scenarios[name] for name in SCENARIOS if name in scenarios},
    }
