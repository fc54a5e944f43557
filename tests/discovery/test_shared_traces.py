"""A driver of one lever and the outcome leaves no likelihood to tell it by, but traces that stop ``act``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs

LAYERS = {"a": "innovation", "b": "process", "c": "process", "d": "process", "rating": "business"}


def study(seed: int, simulated, *, driver: float = 0.0, effect: float = 0.0, back: float = 0.0) -> cs.Study:
    """60 plants, 30 months: a hidden driver moves c and the rating; c moves it by ``effect``, follows it by ``back``.

    d moves the rating by 0.5, a moves c by 0.4.
    """
    rng = np.random.default_rng(seed)
    x, u, months = np.zeros((60, 5)), np.zeros(60), []
    for t in range(-20, 30):
        u = 0.6 * u + 0.8 * rng.normal(size=60)
        past = x[:, 4]
        x = x * [0.4, 0.4, 0.6, 0.4, 0.3] + rng.normal(size=(60, 5))
        x[:, 2] += driver * u + 0.4 * x[:, 0] + back * past
        x[:, 4] += driver * u + effect * x[:, 2] + 0.5 * x[:, 3]
        if t >= 0:
            keys = {"plant": range(60), "month": f"{2020 + t // 12}-{t % 12 + 1:02d}"}
            months.append(pd.DataFrame(x, columns=list(LAYERS)).assign(**keys))
    known = simulated.dictionary(LAYERS)
    return cs.study(pd.concat(months), dictionary=known, outcome="rating", entity="plant", period="month", resamples=40)


def verdicts(found: cs.Study) -> dict[str, str]:
    return {row.lever: row.verdict for row in found.levers}


def doubts(found: cs.Study) -> set[str]:
    codes = {"driver-possible", "hidden-driver"}
    return {row.lever for row in found.levers if codes & {reason.code for reason in row.reasons}}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_driver_of_one_lever_and_the_outcome_stops_act(seed, simulated):
    found = study(seed, simulated, driver=1.0)
    assert verdicts(found)["c"] != "act"
    assert "c" in doubts(found)
    assert verdicts(found)["d"] == "act"
    assert "d" not in doubts(found)


def test_feedback_from_the_outcome_cannot_be_told_from_a_driver(simulated):
    found = study(4, simulated, effect=0.5, back=0.3)
    (said,) = [f for f in found.findings if f.code == "driver-possible"]
    assert said.severity == "review"
    assert said.params["levers"] == ("c",)
    assert said.params["shares"][0] > 0.5
    assert said.indicators == ("rating", "c")
    assert [verdicts(found)[name] for name in "acd"] == ["act", "test", "act"]


@pytest.mark.parametrize("seed", [5, 6])
def test_a_plain_cause_is_left_alone(seed, simulated):
    found = study(seed, simulated, effect=0.5)
    assert "driver-possible" not in {f.code for f in found.findings}
    assert [verdicts(found)[name] for name in "acd"] == ["act"] * 3
