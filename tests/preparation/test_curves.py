"""Moments and slopes of mechanisms that bend."""

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.panel.reading import read_panel
from causal_service.preparation import curves as module
from causal_service.preparation.curves import BENDS
from causal_service.preparation.prepared import Total, prepare

PLANTS, MONTHS = 30, 20


def _panel(seed: int = 0, gaps: float = 0.0, plants: int = PLANTS) -> Panel:
    """x continuous, two states s, orders o (a count that grows with the months), total = x + y."""
    rng = np.random.default_rng(seed)
    R = plants * MONTHS
    month = np.tile(np.arange(MONTHS), plants)
    x, y = rng.standard_t(4, R), rng.normal(size=R)
    frame = pd.DataFrame(
        {
            "plant": np.repeat([f"p{i:02d}" for i in range(plants)], MONTHS),
            "month": [f"{2020 + t // 12}-{t % 12 + 1:02d}" for t in month],
            "orders": rng.poisson(np.exp(0.5 + 0.08 * month + rng.normal(0, 0.5, plants).repeat(MONTHS))).astype(float),
            "state": (rng.random(R) < 0.1 + 0.04 * month).astype(float),
            "total": x + y,
            "x": x,
            "y": y,
        }
    )
    frame.iloc[:, 2:] = frame.iloc[:, 2:].mask(rng.random((R, 5)) < gaps)
    return read_panel(frame, entity="plant", period="month", dictionary=Dictionary({}), weight=None).panel


def test_linear_part_of_the_moments_is_that_of_the_panel_and_two_states_have_no_bend() -> None:
    prepared = prepare(_panel(), Dictionary({}), [], 1)
    curves = prepared.curves
    assert curves is not None
    d = 2 * len(prepared.names)
    assert curves.width == d * (1 + BENDS)
    alone = curves.moments(np.eye(PLANTS), np.ones(PLANTS))
    assert np.allclose(alone[:, :d, :d], prepared.grams)
    assert np.array_equal(alone, alone.transpose(0, 2, 1))
    at = {name: i for i, name in enumerate(prepared.names)}
    own = [d + at["state"] * BENDS + k for k in range(BENDS)]
    assert (alone[:, own] == 0).all()
    W = curves.moments(np.ones((1, PLANTS)), prepared.mass)[0]
    bends_of_x = [d + (len(at) + at["x"]) * BENDS + k for k in range(BENDS)]
    assert np.allclose(np.diag(W)[bends_of_x], 1.0, atol=0.02)


def test_kinds_and_the_steepness_of_their_links() -> None:
    prepared = prepare(_panel(), Dictionary({}), [], 1)
    curves = prepared.curves
    assert curves is not None
    assert dict(zip(prepared.names, curves.kinds, strict=True)) == {
        "orders": "count",
        "state": "binary",
        "total": "continuous",
        "x": "continuous",
        "y": "continuous",
    }
    orders, state, total = curves.steepness[:, 0], curves.steepness[:, 1], curves.steepness[:, 2]
    assert orders[0] < 0.6 and orders[-1] > 1.5
    assert state[0] < 0.95 and state[len(state) // 2] > 1.05
    assert (total == 1).all()
    assert np.allclose(curves.steepness.mean(axis=0), 1.0)


def test_a_total_stands_in_the_linear_part_and_has_no_bend() -> None:
    total = Total("total", ("x", "y"), (1.0, 1.0))
    prepared = prepare(_panel(gaps=0.03), Dictionary({}), [total], 1)
    curves = prepared.curves
    assert curves is not None
    p = len(prepared.names)
    W = curves.moments(np.ones((1, prepared.blocks)), prepared.mass)[0]
    assert np.allclose(W[p + 2, p + 2], 1.0, atol=0.05)
    assert (W[2 * p + (p + 2) * BENDS : 2 * p + (p + 3) * BENDS] == 0).all()
    assert (curves.slopes[:, 2] == 0).all()


def test_gaps_leave_the_moments_of_bends_nearly_as_they_were() -> None:
    whole, holed = (prepare(_panel(gaps=g), Dictionary({}), [], 1) for g in (0.0, 0.05))
    assert whole.curves is not None and holed.curves is not None
    a = whole.curves.moments(np.ones((1, PLANTS)), whole.mass)[0]
    b = holed.curves.moments(np.ones((1, PLANTS)), holed.mass)[0]
    d = 2 * len(whole.names)
    x = len(whole.names) + whole.names.index("x")
    linked = [x, *range(d + x * BENDS, d + (x + 1) * BENDS)]
    assert np.abs(a - b)[np.ix_(linked, linked)].max() < 0.15
    assert np.isfinite(holed.curves.triangles).all()


def test_few_entities_pool_their_slopes() -> None:
    prepared = prepare(_panel(plants=10), Dictionary({}), [], 1)
    assert prepared.curves is not None
    assert prepared.curves.slopes.shape[0] == 1 and (prepared.curves.steepness == 1).all()


def test_a_panel_too_wide_for_memory_keeps_straight_mechanisms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    assert prepare(_panel(), Dictionary({}), [], 1).curves is None
