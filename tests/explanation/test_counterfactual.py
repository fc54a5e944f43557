"""What would have been is what the simulator gives when it is run again with the same noise and another level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import causal_service as cs

NOW, PAST = np.zeros((3, 3)), np.diag([0.5, 0.3, 0.4])
NOW[1, 0], NOW[2, 1], PAST[2, 0] = 0.8, 0.6, 0.3
KEYS = {"entity": "plant", "period": "quarter"}


def simulated(noise, level, changed=None):
    """(T, 3) of cycle, on_time, rating; ``changed`` = {period: value of cycle}."""
    x = np.zeros((noise.shape[0], 3))
    for t in range(noise.shape[0]):
        before = x[t - 1] if t else np.zeros(3)
        for i in range(3):
            x[t, i] = PAST[i] @ before + NOW[i] @ x[t] + noise[t, i]
            if i == 0 and changed and t in changed:
                x[t, 0] = changed[t] - level[0]
    return x + level


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(40, 30, 3))
    level = 50 + 5 * rng.normal(size=(40, 3))
    labels = [str(p) for p in pd.period_range("2016Q1", periods=30, freq="Q")]
    rows = [
        {"plant": f"plant {e}", "quarter": labels[t], **dict(zip(["cycle", "on_time", "rating"], row, strict=True))}
        for e in range(40)
        for t, row in enumerate(simulated(noise[e], level[e]))
    ]
    frame = pd.DataFrame(rows)
    known = cs.read_dictionary({"layers": ["a", "b", "c"], "panel": KEYS, "indicators": {
        "cycle": {"layer": "a", "bounds": [0, 100]}, "on_time": {"layer": "b"}, "rating": {"layer": "c"}}})  # fmt: skip
    return noise, level, labels, frame, cs.study(frame, outcome="rating", dictionary=known, resamples=60)


@pytest.mark.parametrize("kept", [False, True])
def test_the_simulator_run_again(world, kept):
    noise, level, labels, frame, study = world
    e, t = 7, 20
    found = study.counterfactual(frame, entity="Plant 7", period=labels[t], set={"cycle": 52.0}, kept=kept)
    assert found.same_panel
    assert found.periods == tuple(labels[t : t + 4])
    was = simulated(noise[e], level[e])
    delta = 52.0 - was[t, 0]
    changed = {s: was[s, 0] + (delta if kept or s == t else 0.0) for s in range(t, t + 4)}
    would = simulated(noise[e], level[e], changed)
    for i, name in ((1, "on_time"), (2, "rating")):
        row = next(r for r in found.instead if r.indicator == name)
        np.testing.assert_allclose(row.observed, was[t : t + 4, i])
        np.testing.assert_allclose(row.value, would[t : t + 4, i], atol=0.12 * abs(delta))
        np.testing.assert_allclose(np.array(row.value) - row.observed, row.difference, atol=1e-9)
    assert found.moves[0].change == pytest.approx(delta)
    assert len(found.to_frame()) == 4 * len(found.instead)
    assert "plant 7" in str(found)
    assert "假如" in found.text.zh
    assert "rating" in found._repr_html_()


def test_the_last_period_and_the_end_of_the_panel(world):
    *_, labels, frame, study = world
    found = study.counterfactual(frame, entity="plant 3", set={"cycle": "-5%"})
    assert found.periods == (labels[-1],)
    assert found.moves[0].change == pytest.approx(-0.05 * found.moves[0].level)


def test_gaps_are_told_and_another_panel_is_said(world):
    *_, labels, frame, study = world
    holed = frame.copy()
    at = (holed["plant"] == "plant 3") & (holed["quarter"] == labels[10])
    holed.loc[at, "rating"] = np.nan
    found = study.counterfactual(holed, entity="plant 3", period=labels[10], set={"cycle": 51})
    assert not found.same_panel
    assert found.notes[0].code == "other-panel"
    row = next(r for r in found.instead if r.indicator == "rating")
    assert row.observed[0] is None
    assert row.value[0] is None
    assert row.difference[0] != 0
    assert "was not measured" in found.text.en
    holed.loc[at, "cycle"] = np.nan
    with pytest.raises(cs.DataError) as refused:
        study.counterfactual(holed, entity="plant 3", period=labels[10], set={"cycle": 51})
    assert refused.value.code == "gap-in-cell"
    with pytest.raises(cs.DataError) as refused:
        study.counterfactual(holed[~at], entity="plant 3", period=labels[10], set={"cycle": 51})
    assert refused.value.code == "no-such-row"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"entity": "plant 99"}, "unknown-entity"),
        ({"entity": None}, "no-entity"),
        ({"period": "2031Q1"}, "unknown-period"),
        ({"period": "soon"}, "unknown-period"),
        ({"set": {"cicle": 5}}, "unknown-indicator"),
        ({"set": {"cycle": 500}}, "move-against-bounds"),
        ({"set": {"cycle": float("nan")}}, "unreadable-move"),
        ({"horizon": -1}, "option-out-of-range"),
    ],
)
def test_what_cannot_be_asked_is_refused(world, wrong, code):
    *_, labels, frame, study = world
    asked = {"entity": "plant 3", "period": labels[5], "set": {"cycle": 50}, **wrong}
    with pytest.raises(cs.CausalServiceError) as refused:
        study.counterfactual(frame, **asked)
    assert refused.value.code == code
    assert refused.value.remedy.zh


def test_a_panel_of_other_indicators_is_refused(world):
    *_, frame, study = world
    with pytest.raises(cs.DataError) as refused:
        study.counterfactual(frame.drop(columns="rating"), entity="plant 3", set={"cycle": 50})
    assert refused.value.code == "indicators-missing"


def test_a_panel_as_check_returns_it(world):
    *_, frame, study = world
    panel, _, _ = cs.check(frame, **KEYS)
    assert study.counterfactual(panel, entity="plant 3", set={"cycle": 50}).same_panel
    assert not study.counterfactual(
        replace(panel, entities=tuple(f"{e}x" for e in panel.entities)), entity="plant 3x", set={"cycle": 50}
    ).same_panel
