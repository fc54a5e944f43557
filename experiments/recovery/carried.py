"""Records of an earlier code, taken over where the code as it stands gives the same on the first panels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import joblib
from scenarios import Scenario
from shards import Shards
from trial import trial

SAID = ("seconds", "findings", "reasons")
"""Words and times may differ: they are those of the earlier code."""
ROUNDING = 1.5e-4
"""Records have four decimals or five; the last one may turn."""


def take_over(tasks: Sequence[tuple[Scenario, int]], shards: Shards, code: str, checks: int, jobs: int) -> str:
    """Copy the records of ``code`` to those of the code as it stands; return what was checked, in a sentence.

    The first ``checks`` panels of every scenario that the earlier code has studied are studied anew.

    Raises
    ------
    ValueError : a record differs.
    """
    before = Shards(shards.resamples, code)
    known = [(s, seed) for s, seed in tasks if before.load(s, seed) is not None]
    asked = [one for _, group in groupby(known, key=lambda task: task[0].name) for one in list(group)[:checks]]
    missing = [(s, seed) for s, seed in asked if shards.load(s, seed) is None]
    parallel = joblib.Parallel(n_jobs=jobs)
    anew = parallel(joblib.delayed(trial)(s, seed, shards.resamples) for s, seed in missing)
    for (scenario, seed), record in zip(missing, anew, strict=True):
        shards.store(scenario, seed, record)
    for scenario, seed in asked:
        where = difference(before.load(scenario, seed), shards.load(scenario, seed))
        if where is not None:
            raise ValueError(f"{scenario.name}, seed {seed}: {where} is another one than that of code {code}")
    copied = [(s, seed) for s, seed in known if shards.load(s, seed) is None]
    for scenario, seed in copied:
        record = before.load(scenario, seed)
        assert record is not None
        shards.store(scenario, seed, record)
    said = (
        f"{len(copied)} records are those of code {code}: on the first {checks} panels of each of "
        f"{len({s.name for s, _ in asked})} scenarios the code as it stands gives the same but for words."
    )
    if copied:
        shards.note(said)
    return said


def difference(one: Any, other: Any, where: str = "record") -> str | None:
    """Return the first place in which two records differ but for words, or ``None``."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [key for key in {**one, **other} if key not in SAID]
        found = (difference(one.get(key), other.get(key), f"{where}.{key}") for key in keys)
        return next((place for place in found if place is not None), None)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        found = (difference(a, b, f"{where}[{k}]") for k, (a, b) in enumerate(zip(one, other, strict=True)))
        return next((place for place in found if place is not None), None)
    if isinstance(one, float) and isinstance(other, float):
        return None if abs(one - other) <= ROUNDING else where
    return None if json.dumps(one) == json.dumps(other) else where
