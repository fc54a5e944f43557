"""A coefficient over all rows that is not that of the average entity is found; sizes alone raise no alarm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.discovery.discover import discover
from causal_service.discovery.uneven_links import UnevenLink, _Equation, uneven_links
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.prepared import prepared_from
from causal_service.preparation.within_rows import within_rows

N, T = 40, 36
HALF = np.arange(N) < N // 2
KEYS = {"entity": "plant", "period": "month"}


def frame(seed: int, slope: np.ndarray | float, moves: np.ndarray | float, noise: np.ndarray | float = 1.0):
    """visits move the rating by ``slope`` (N,), themselves by ``moves``; price lowers it by .4 everywhere."""
    rng = np.random.default_rng(seed)
    X = np.zeros((N, T + 10, 3))
    for t in range(1, T + 10):
        e = rng.normal(size=(N, 3))
        price = 0.4 * X[:, t - 1, 0] + e[:, 0]
        visits = 0.4 * X[:, t - 1, 1] + moves * e[:, 1]
        X[:, t] = np.stack([price, visits, slope * visits - 0.4 * price + noise * e[:, 2]], axis=1)
    keys = {"plant": np.repeat([f"p{i:02d}" for i in range(N)], T)}
    keys["month"] = np.tile([f"{2022 + t // 12}-{t % 12 + 1:02d}" for t in range(T)], N)
    X = X + 3 * rng.normal(size=(N, 1, 3))
    return pd.DataFrame(X[:, 10:].reshape(-1, 3) * [1, 10, 1], columns=["price", "visits", "rating"]).assign(**keys)


def links(data: pd.DataFrame) -> tuple[UnevenLink, ...]:
    within = within_rows(panel_from_frame(data, **KEYS), Dictionary(), (), 1)
    prepared = prepared_from(within)
    tiers = {"price": "a", "visits": "a", "rating": "b"}
    found = discover(prepared, Knowledge.build(prepared.names, tiers, ("a", "b"), max_lag=1), resamples=20, threads=1)
    return uneven_links(prepared, within, found, ("price", "visits"), ("rating",))


def test_both_coefficients_are_told_in_the_units_of_the_indicators():
    (link,) = links(frame(0, np.where(HALF, 1.0, -0.3), np.where(HALF, 0.5, 2.0)))
    assert (link.source, link.target, link.lag) == ("visits", "rating", 0)
    assert link.pooled == pytest.approx(-0.022, abs=0.01)  # visits stand in tens
    assert link.mean == pytest.approx(0.035, abs=0.025)


def test_slopes_that_cancel_out_leave_no_arrow_and_are_found():
    found = links(frame(1, np.where(HALF, 1.0, -0.0625), np.where(HALF, 0.5, 2.0)))
    assert [(link.source, abs(link.pooled) < 0.01) for link in found] == [("visits", True)]


@pytest.mark.parametrize("seed", range(4))
def test_sizes_that_differ_alone_raise_no_alarm(seed):
    sizes = np.exp(0.6 * np.random.default_rng(seed).normal(size=N))
    assert links(frame(10 + seed, 0.5, sizes)) == ()
    assert links(frame(20 + seed, 0.5, sizes, sizes)) == ()


def test_slopes_that_differ_among_entities_that_move_it_alike_are_even():
    assert links(frame(2, np.where(HALF, 1.0, -0.3), 1.0)) == ()


def test_states_whose_slopes_go_with_their_levels_are_left_out():
    data = frame(4, 0.8, np.where(HALF, 1.5, 0.5))
    level = np.where(np.repeat(HALF, T), -3.0, 0.0) + data["rating"]
    chance = 1 / (1 + np.exp(-level))
    data["rating"] = (np.random.default_rng(4).random(len(data)) < chance).astype(float)
    assert links(data) == ()


def test_each_slope_is_that_of_a_regression_with_the_bends_held_equal():
    """Against least squares on all columns at once (Frisch & Waugh 1933)."""
    rng = np.random.default_rng(6)
    X, bends, weight = rng.normal(size=(300, 4)), rng.normal(size=(300, 2)), rng.uniform(0.5, 2, 300)
    y = X @ [1.0, -0.5, 0.3, 0.0] + bends @ [0.4, 0.2] + rng.normal(size=300)
    root = np.sqrt(weight)
    inverse = np.linalg.inv((X * weight[:, None]).T @ X)
    slopes = inverse @ X.T @ (weight * y)
    equation = _Equation(np.arange(4), X * root[:, None], weight, inverse, slopes, (y - X @ slopes) * root)
    whole = np.linalg.lstsq(np.column_stack([X, bends]) * root[:, None], y * root, rcond=None)[0]
    for i in range(4):
        slope, share = equation.excess(i, bends, np.arange(300) % 20)
        assert slope == pytest.approx(whole[i])
        assert abs(share.sum()) < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("seed", [5, 6, 7])
def test_no_lever_is_told_to_act_for_the_sake_of_those_that_move_it_far(seed):
    """Lowering it helps the half that moves it far, and harms by more the other half: the average gains by raising."""
    study = cs.study(frame(seed, np.where(HALF, 1.0, -0.3), np.where(HALF, 0.5, 2.0)), outcome="rating", **KEYS)
    lever = next(row for row in study.levers if row.lever == "visits")
    assert lever.verdict != "act"
    assert "uneven-average" in {reason.code for reason in lever.reasons}


@pytest.mark.slow
def test_what_cancels_out_is_not_left_to_watch():
    study = cs.study(frame(8, np.where(HALF, 1.0, 0.0), np.where(HALF, 0.5, 2.0)), outcome="rating", **KEYS)
    lever = next(row for row in study.levers if row.lever == "visits")
    assert lever.verdict != "watch"
    assert "uneven-average" in {reason.code for reason in lever.reasons}
