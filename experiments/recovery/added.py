"""A result of some scenarios, added to an earlier one of others."""

from __future__ import annotations

from typing import Any

from bars import judged
from scenarios import SCENARIOS


def refuse_other(content: dict[str, Any], before: dict[str, Any]) -> None:
    """See that an earlier result is of the same code, definitions and number of resamples.

    Raises
    ------
    ValueError : it is not.
    """
    for key in ("code", "definition", "resamples"):
        if content[key] != before[key]:
            raise ValueError(f"{key} of the earlier result is {before[key]}, not {content[key]}: nothing can be added")


def added(result: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """``result`` with the scenarios that only an earlier result of the same code has, in the usual order."""
    scenarios = {**before["scenarios"], **result["scenarios"]}
    note = before["note"] or ""
    for said in (result["note"], f"Studied later: {', '.join(result['scenarios'])}."):
        if said and said not in note:
            note = f"{note} {said}".strip()
    return {
        **result,
        "note": note,
        "bars": judged(scenarios),
        "scenarios": {name: scenarios[name] for name in SCENARIOS if name in scenarios},
    }
