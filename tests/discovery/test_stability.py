"""Effects that change midway and slopes that differ by entity are found; steady ones raise no alarm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.discovery.discover import discover
from causal_service.discovery.stability import differing_slopes, shifted_effects
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.halves import halves_of
from causal_service.preparation.prepared import prepared_from
from causal_service.preparation.within_rows import within_rows

N, T = 40, 40


def panel(seed: int, after: float = 0.8, spread: float = 0.0):
    """cause -> middle -> result in units 1, 10, 1; the first slope is .8, later ``after``, +- ``spread`` by entity."""
    rng = np.random.default_rng(seed)
    own = spread * rng.normal(size=N)
    X = np.zeros((N, T + 20, 3))
    for t in range(1, T + 20):
        x, e = X[:, t - 1], rng.normal(size=(N, 3))
        slope = (0.8 if t < 20 + T // 2 else after) + own
        cause = 0.4 * x[:, 0] + e[:, 0]
        middle = 0.3 * x[:, 1] + slope * cause + e[:, 1]
        X[:, t] = np.stack([cause, middle, 0.3 * x[:, 2] + 0.7 * middle + e[:, 2]], axis=1)
    values = X[:, 20:].reshape(-1, 3) * [1, 10, 1]
    months = [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(T)]
    keys = {"who": np.repeat([f"p{i:02d}" for i in range(N)], T), "when": months * N}
    frame = pd.DataFrame(values, columns=["cause", "middle", "result"]).assign(**keys)
    return panel_from_frame(frame, entity="who", period="when")


def studied(**options):
    within = within_rows(panel(**options), Dictionary(), (), 1)
    prepared = prepared_from(within)
    tiers = {"cause": "a", "middle": "b", "result": "c"}
    knowledge = Knowledge.build(prepared.names, tiers, ("a", "b", "c"), max_lag=1)
    found = discover(prepared, knowledge, resamples=20, threads=1)
    return prepared, halves_of(within, prepared), found


def shifts_of(**options):
    return shifted_effects(*studied(**options), ("cause", "middle"), ("result",), horizon=3, seed=0)


def test_an_effect_that_stops_midway_is_found_with_both_sizes():
    found = shifts_of(seed=0, after=0.0)
    assert [(s.lever, s.outcome) for s in found] == [("cause", "result")]
    expected = 0.8 * 0.7 * sum(0.3**k * (k + 1) for k in range(4))
    assert found[0].before == pytest.approx(expected, rel=0.2)
    assert found[0].after == pytest.approx(0.0, abs=0.15)


def test_a_steady_effect_raises_no_alarm():
    assert [shifts_of(seed=seed) for seed in range(6)] == [()] * 6


def test_a_small_change_is_no_news():
    assert shifts_of(seed=1, after=0.65) == ()


def test_slopes_that_differ_by_entity_are_found_with_their_spread():
    found = differing_slopes(*studied(seed=0, spread=0.5))
    assert [(s.source, s.target, s.lag) for s in found] == [("cause", "middle", 0)]
    assert found[0].sd == pytest.approx(5.0, rel=0.3)
    assert found[0].mean == pytest.approx(8.0, rel=0.3)


def test_slopes_that_are_the_same_raise_no_alarm():
    assert [differing_slopes(*studied(seed=seed)) for seed in range(6)] == [()] * 6
