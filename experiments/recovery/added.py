"""A result of some scenarios, added to an earlier one of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bars import judged
from scenarios import SCENARIOS, Scenario
from shards import Shards


def refuse_other(content: dict[str, Any], before: dict[str, Any], firsts: Sequence[tuple[Scenario, int]]) -> None:
    """See that an earlier result is of the same definitions and resamples, and of the same code or one to compare with.

    Raises
    ------
    ValueError : it is not, or the panels ``firsts`` have no records of the other code.
    """
    for key in ("definition", "resamples"):
        if content[key] != before[key]:
            raise ValueError(f"{key} of the earlier result is {before[key]}, not {content[key]}: nothing can be added")
    if content["code"] != before["code"]:
        records = Shards(content["resamples"], before["code"])
        lacking = {s.name for s, seed in firsts if records.load(s, seed) is None}
        if lacking:
            raise ValueError(f"no records of code {before['code']} to compare with: {', '.join(sorted(lacking))}")


def added(result: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """``result`` with the scenarios that only an earlier result has, in the usual order."""
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
