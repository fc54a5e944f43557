"""Studies of simulated panels come out near the truth (small and seeded; the full study is experiments/recovery)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bars import judged
from explain import explained
from result_table import render
from scenarios import SCENARIOS, Scenario
from scoring import largest, top_recall
from summary import columns, summarise
from trial import trial

DRAWS = 40


def verdicts(record: dict[str, Any]) -> dict[str, str]:
    return {row["lever"]: row["verdict"] for row in record["levers"] if "verdict" in row}


def covered(record: dict[str, Any]) -> float:
    true, _, low, high = columns(record, "sustained")
    counted = np.abs(columns(record, "cumulative")[0]) > 0.05
    return float(((low <= true) & (true <= high))[counted].mean())


@pytest.mark.parametrize("seed", [11, 12])
def test_a_linear_panel_gives_up_its_graph_and_its_best_lever(seed: int):
    record = trial(SCENARIOS["own_linear"], seed, DRAWS)
    true, said, _, _ = columns(record, "sustained")
    assert record["f1"] > 0.9
    assert largest(true, 1) == largest(said, 1)
    assert record["levers"][next(iter(largest(true, 1)))]["verdict"] == "act"
    assert covered(record) > 0.75


def test_checks_find_the_gaps_of_a_clean_panel_and_nothing_else():
    record = trial(SCENARIOS["own_linear"], 13, DRAWS)
    assert record["findings"] == ["calendar-gap:review"]
    assert record["removed"] == []


@pytest.mark.parametrize("name", ["null_correlated", "null_confounded"])
def test_nothing_is_told_to_act_where_nothing_has_an_effect(name: str):
    assert "act" not in verdicts(trial(SCENARIOS[name], 14, DRAWS)).values()


@pytest.mark.slow
def test_a_survey_answers_with_the_response_in_the_same_period():
    record = trial(SCENARIOS["cross_section"], 15, DRAWS)
    assert record["lags"] == 0
    assert all(row["impact"] == row["sustained"] == row["cumulative"] for row in record["levers"])
    assert covered(record) >= 0.75


def test_tables_are_written_from_the_records():
    names = ["series", "few_5"]
    records = {name: [trial(SCENARIOS[name], 15, 20)] for name in names}
    summaries = {name: summarise(kept) for name, kept in records.items()}
    text = render(
        {"code": "c", "definition": "d", "resamples": DRAWS, "bars": judged(summaries), "scenarios": summaries}
    )
    assert all(f"| {name} | 1 |" in text for name in names)
    assert "impact    all" in explained(records["series"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [("unbalanced", 0.75), ("quarters", 0.85), ("lag2", 0.8), ("unit_root", 0.75), ("slopes", 0.75), ("few_12", 0.7)],
)
def test_intervals_hold_beyond_the_usual_panel(name: str, least: float):
    records = [trial(SCENARIOS[name], seed, DRAWS) for seed in range(50, 54)]
    assert np.mean([covered(record) for record in records]) >= least


@pytest.mark.slow
def test_a_rehearsed_study_has_intervals_that_are_never_narrower():
    record = trial(Scenario("rehearsed", "own", "linear_small", rehearse=20), 56, DRAWS)
    summary = summarise([record])["figures"]
    assert 0.5 < summary["twins_coverage_sustained"]["mean"] <= 1
    assert summary["coverage_calibrated_sustained"]["mean"] >= summary["coverage_sustained"]["mean"]
    for row in record["levers"]:
        low, high = row["calibrated"]["sustained"]
        assert low <= row["sustained"][2]
        assert high >= row["sustained"][3]


@pytest.mark.slow
def test_arrows_of_both_lags_are_found():
    asked = trial(SCENARIOS["lag2"], 55, DRAWS)
    assert asked["lags"] == 2
    assert asked["f1"] > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["leak_right_layer", "leak_missing_layer"])
def test_a_consequence_of_the_outcome_is_not_told_to_act(name: str):
    acted = []
    for seed in range(20, 26):
        record = trial(SCENARIOS[name], seed, DRAWS)
        acted.append(verdicts(record).get(record["planted"][0]) == "act")
    assert sum(acted) <= 1


@pytest.mark.slow
def test_intervals_hold_over_several_panels():
    records = [trial(SCENARIOS["own_linear_small"], seed, 80) for seed in range(30, 36)]
    assert np.mean([covered(record) for record in records]) > 0.85


@pytest.mark.slow
def test_mixed_indicators_still_rank_well():
    records = [trial(SCENARIOS["own_mixed"], seed, DRAWS) for seed in range(40, 43)]
    tops = [top_recall(*columns(record, "sustained")[:2]) for record in records]
    assert np.mean(tops) >= 2 / 3
    assert np.mean([record["f1"] for record in records]) > 0.85
