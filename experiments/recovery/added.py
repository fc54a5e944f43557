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


def added(result: dict[str, Any], before: dict[str, Any], checks: int) -> dict[str, Any]:
    """``result`` with the scenarios that only an earlier result has, in the usual order, and where they come from.

    ``checks``: panels of each on which the two codes were compared, where they differ.
    """
    kept = [name for name in before["scenarios"] if name not in result["scenarios"]]
    scenarios = {**before["scenarios"], **result["scenarios"]}
    same = (
        ""
        if before["code"] == result["code"]
        else f"; on the first {checks} panels of each the code as it stands gives the same but for words"
    )
    note = [
        result["note"],
        f"Kept from an earlier result, code {before['code']}: {', '.join(kept)}{same}." if kept else None,
        f"There it says: {before['note']}" if kept and before["note"] else None,
    ]
    return {
        **result,
        "note": " ".join(said for said in note if said),
        "bars": judged(scenarios),
        "scenarios": {name: scenarios[name] for name in SCENARIOS if name in scenarios},
    }
