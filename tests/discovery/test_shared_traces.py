"""A driver of one lever and the outcome leaves no likelihood to tell it by, but traces that stop ``act``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.discovery.shared_traces import _tied

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


def many(plants: int, months: int, seed: int) -> pd.DataFrame:
    """a moves the rating by 0.6, b by 0.3; c and d do nothing, e follows the rating."""
    rng = np.random.default_rng(seed)
    x, y, rows = np.zeros((plants, 4)), np.zeros(plants), []
    for t in range(-30, months):
        x = 0.5 * x + rng.normal(size=(plants, 4))
        y = 0.3 * y + 0.6 * x[:, 0] + 0.3 * x[:, 1] + rng.normal(size=plants)
        if t >= 0:
            keys = {"plant": range(plants), "month": f"{2015 + t // 12}-{t % 12 + 1:02d}", "rating": y}
            rows.append(pd.DataFrame(x, columns=list("abcd")).assign(**keys))
    frame = pd.concat(rows)
    return frame.assign(e=0.8 * frame["rating"] + rng.normal(size=len(frame)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("plants", "months"), [(3000, 8), (3000, 12), (2000, 36)])
def test_more_plants_do_not_turn_what_is_left_of_means_into_traces(plants, months, seed):
    """With 24,000 rows and more, what removing the means of few months leaves was told from zero and drawn."""
    found = cs.study(many(plants, months, seed), outcome="rating", entity="plant", period="month", resamples=60)
    rows = {row.lever: row for row in found.levers}
    assert [rows[name].verdict for name in "ab"] == ["act", "act"]
    assert not doubts(found)
    for name, truth in (("a", 0.6), ("b", 0.3)):
        assert rows[name].value == pytest.approx(truth * (1 + 0.3 + 0.3**2 + 0.3**3), abs=0.05)
        assert rows[name].high - rows[name].low < 0.1
    assert all(rows[name].verdict != "act" for name in "cde")


def test_faint_traces_are_none():
    """One period back: the rating points back at a (0), b works against itself (1); c's traces are faint (2)."""
    p, y = 4, 3
    coefficients = np.zeros((1, p, 2 * p))
    coefficients[0, y, p : p + 3] = 0.5, 0.5, 0.5
    coefficients[0, 0, y], coefficients[0, y, 1] = 0.1, -0.1
    coefficients[0, 2, y], coefficients[0, y, 2] = 0.02, -0.02
    assert _tied(coefficients, y).tolist() == [[True, True, False, False]]
    coefficients[0, 2, y] = 0.03
    assert _tied(coefficients, y).tolist() == [[True, True, True, False]]
