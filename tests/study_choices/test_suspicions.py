"""What a check of the panel says bears on the verdicts of the levers it names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs

DICTIONARY = {
    "indicators": {
        "audit": {"layer": "process", "controllable": True},
        "speed": {"layer": "process", "controllable": True},
        "rating": {"layer": "business", "unit": "points"},
    }
}


def panel(seed: int, carried: str) -> pd.DataFrame:
    """30 plants, 36 months: audit moves the rating by .6, speed by .3; ``carried`` is told once a quarter, by its last
    figure before that."""
    rng = np.random.default_rng(seed)
    audit, speed, rating = np.zeros((3, 30, 36))
    for t in range(36):
        audit[:, t] = 0.3 * audit[:, t - 1] + rng.normal(size=30)
        speed[:, t] = 0.3 * speed[:, t - 1] + rng.normal(size=30)
        rating[:, t] = 0.3 * rating[:, t - 1] + 0.6 * audit[:, t] + 0.3 * speed[:, t] + rng.normal(size=30)
    columns = {"audit": audit, "speed": speed, "rating": rating}
    for name in carried.split():
        columns[name] = columns[name][:, np.maximum(np.arange(36) // 3 * 3 - 1, 0)]
    months = [f"{2022 + t // 12}-{t % 12 + 1:02d}" for t in range(36)]
    keys = {"plant": np.repeat([f"p{i:02d}" for i in range(30)], 36), "month": np.tile(months, 30)}
    return pd.DataFrame(keys | {name: values.ravel() for name, values in columns.items()})


def studied(frame: pd.DataFrame, dictionary: dict = DICTIONARY) -> cs.Study:
    keys = {"entity": "plant", "period": "month"}
    return cs.study(frame, outcome="rating", dictionary=dictionary, resamples=60, **keys)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_lever_whose_figures_stand_for_a_quarter_is_not_left_to_watch(seed):
    """What it does in its months is not seen, and is the largest effect there is."""
    study = studied(panel(seed, "audit"))
    (audit,) = [row for row in study.levers if row.lever == "audit"]
    assert audit.verdict == "insufficient"
    assert {reason.code for reason in audit.reasons} >= {"carried-forward"}
    assert "there may be one" in audit.sentence.en
    assert "audit" in study.answers[0].text.en.split("because figures stand")[0]
    assert next(row for row in study.levers if row.lever == "speed").verdict == "act"


@pytest.mark.slow
def test_an_outcome_whose_figures_stand_for_a_quarter_rules_no_lever_out():
    study = studied(panel(1, "rating"))
    codes = {row.lever: (row.verdict, {reason.code for reason in row.reasons}) for row in study.levers}
    verdict, reasons = codes["speed"]
    assert (verdict, "carried-forward" in reasons) == ("insufficient", True)
    assert codes["audit"][0] != "watch"


@pytest.mark.slow
def test_a_lever_that_really_moves_once_a_quarter_is_judged_as_any_other():
    declared = {"indicators": DICTIONARY["indicators"] | {"audit": {"layer": "process", "frequency": "month"}}}
    study = studied(panel(1, "audit"), declared)
    assert "carried-forward" not in {f.code for f in study.findings if f.severity != "pass"}
    assert all(reason.code != "carried-forward" for row in study.levers for reason in row.reasons)
