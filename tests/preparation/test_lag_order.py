"""``lags=auto``: BIC on a common sample finds the order that made the data, and never asks for more than there is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.lag_order import MAX_LAGS, LagOrder, chosen_lags

NAMES = ("a", "b", "c")
FIRST = np.array([[0.4, 0, 0], [0.3, 0.3, 0], [0, 0.3, 0.3]])
SECOND = np.array([[0.3, 0, 0], [0, 0.3, 0.2], [0.2, 0, 0.3]])
NOW = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0, 0.0]])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("past", "order"),
    [((FIRST,), 1), ((FIRST, SECOND), 2), ((FIRST, 0 * FIRST, SECOND), 3), ((0 * FIRST,), 1)],
    ids=["VAR(1)", "VAR(2)", "VAR(3)", "no memory"],
)
def test_the_order_that_made_the_data_is_found(simulated, seed, past, order):
    frame = simulated.frame(seed, names=NAMES, now=NOW, past=past, entities=30, periods=30)
    found = chosen_lags(simulated.panel(frame), Dictionary(), ())
    assert found.lags == order
    assert (found.lags > 1) == bool(found.links)
    assert all(2 <= link.lag <= found.lags for link in found.links)
    if found.links:
        first = found.links[0]
        assert first.lag == order
        assert past[order - 1][NAMES.index(first.effect), NAMES.index(first.cause)] != 0


def test_few_entities_are_enough_for_a_second_lag(simulated):
    """15 plants of 24 months, whose blocks are the plants: found in most panels."""
    past = (FIRST, np.array([[0.25, 0, 0], [0, 0.25, 0], [0, 0, 0.25]]))
    frames = [simulated.frame(seed, names=NAMES, now=NOW, past=past, entities=15, periods=24) for seed in range(20)]
    found = [chosen_lags(simulated.panel(frame), Dictionary(), ()).lags for frame in frames]
    assert sum(lags == 2 for lags in found) >= 10


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["sizes", "tails"])
def test_a_few_large_entities_do_not_speak_for_all(simulated, seed, kind):
    """No memory at all: stores whose sizes are far apart, and heavy tails, looked like a second lag."""
    frame = simulated.frame(seed, names=NAMES, now=NOW, past=(0 * FIRST,), entities=40, periods=36)
    rng = np.random.default_rng(seed)
    if kind == "sizes":
        size = np.exp(rng.normal(0, 1.2, 40))[pd.factorize(frame["plant"])[0]]
        frame[list(NAMES)] = frame[list(NAMES)].mul(size, axis=0)
    else:
        frame[list(NAMES)] += rng.standard_t(2, size=(len(frame), 3))
    assert chosen_lags(simulated.panel(frame), Dictionary(), ()) == LagOrder(1)


def test_an_eighth_of_the_periods_is_the_limit(simulated):
    past = (FIRST, 0 * FIRST, SECOND)
    for periods, limit in [(5, 1), (15, 1), (23, 2)]:
        frame = simulated.frame(0, names=NAMES, now=NOW, past=past, entities=60, periods=periods)
        assert chosen_lags(simulated.panel(frame), Dictionary(), ()).lags <= limit <= MAX_LAGS


def test_orders_that_the_rows_cannot_carry_are_not_tried(simulated):
    """12 indicators in 6 plants x 12 months: three lags would be refused, so that one is chosen, not an error."""
    rng = np.random.default_rng(0)
    frame = simulated.frame(0, entities=6, periods=12)[["plant", "month"]]
    for j in range(12):
        frame[f"x{j:02d}"] = rng.normal(size=len(frame))
    assert chosen_lags(simulated.panel(frame), Dictionary(), ()) == LagOrder(1)
