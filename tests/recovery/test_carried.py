"""Records of an earlier code are taken over only where the code as it stands gives the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import shards
from carried import difference, take_over
from scenarios import SCENARIOS
from trial import trial


def test_words_and_times_may_differ_and_nothing_else() -> None:
    record = {"seconds": 1.0, "f1": 0.5, "levers": [{"lever": "k", "impact": [0.1, 0.2], "reasons": ["a"]}]}
    assert difference(record, {**record, "seconds": 2.0, "findings": ["x"]}) is None
    assert difference(record, {**record, "f1": 0.5001}) is None
    assert difference(record, {**record, "f1": 0.501}) == "record.f1"
    lever = {"lever": "k", "impact": [0.1, 0.2], "reasons": ["b"]}
    assert difference(record, {**record, "levers": [lever]}) is None
    assert difference(record, {**record, "levers": [{**lever, "impact": [0.1, 0.3]}]}) == "record.levers[0].impact[1]"
    assert difference(record, {**record, "levers": [{**lever, "rank": 1}]}) == "record.levers[0].rank"
    assert difference(record, {**record, "levers": []}) == "record.levers"


@pytest.mark.slow
def test_records_are_taken_over_after_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "OUT", tmp_path)
    monkeypatch.setattr(shards, "definition_digest", lambda: "d")
    scenario = SCENARIOS["own_linear_small"]
    tasks = [(scenario, seed) for seed in (7, 8, 9)]
    before, now = shards.Shards(20, "earlier"), shards.Shards(20)
    record = trial(scenario, 7, 20)
    for seed, kept in ((7, record), (8, {**record, "seed": 8})):
        before.store(scenario, seed, kept)
    said = take_over(tasks, now, "earlier", checks=1, jobs=1)
    assert now.noted == said and "1 records are those of code earlier" in said
    assert now.load(scenario, 8) == {**record, "seed": 8} and now.load(scenario, 9) is None
    before.store(scenario, 7, {**record, "f1": record["f1"] + 0.1})
    with pytest.raises(ValueError, match=r"own_linear_small, seed 7: record\.f1"):
        take_over(tasks, now, "earlier", checks=1, jobs=1)
