"""Entities that drift along trends of their own, or like random walks, are told from those that only have inertia."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.prepared import prepared_from
from causal_service.preparation.within_rows import WithinRows, within_rows

N = 30


def rows_of(kind: str, seed: int = 0, T: int = 36) -> WithinRows:
    """Three indicators a -> b -> c; ``kind`` adds a trend per entity to all, or makes ``a`` a random walk."""
    rng = np.random.default_rng(seed)
    slope = rng.normal(size=(N, 1)) * (6.0 if kind == "trends" else 0.0)
    X = np.zeros((N, T + 30, 3))
    for t in range(1, T + 30):
        x, e = X[:, t - 1], rng.normal(size=(N, 3))
        a = (1.0 if kind == "walk" else 0.5) * x[:, 0] + e[:, 0]
        b = 0.4 * x[:, 1] + 0.6 * a + e[:, 1]
        X[:, t] = np.stack([a, b, 0.4 * x[:, 2] + 0.6 * b + e[:, 2]], axis=1)
    X = X[:, 30:] + slope[:, :, None] * np.arange(T)[None, :, None] / T
    months = [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(T)]
    keys = {"who": np.repeat([f"p{i:02d}" for i in range(N)], T), "when": months * N}
    frame = pd.DataFrame(X.reshape(-1, 3), columns=list("abc")).assign(**keys)
    return within_rows(panel_from_frame(frame, entity="who", period="when"), Dictionary(), (), 1)


@pytest.mark.parametrize(("kind", "drift"), [("inertia", "none"), ("trends", "trends"), ("walk", "walks")])
def test_the_kind_of_drift_is_told(kind, drift):
    assert [rows_of(kind, seed, 90).drift for seed in range(2)] == [drift] * 2


@pytest.mark.parametrize("periods", [17, 36])
def test_inertia_alone_is_no_drift_in_short_panels(periods):
    assert [rows_of("inertia", seed, periods).drift for seed in range(4)] == ["none"] * 4


def test_trends_are_taken_out_and_paid_for():
    plain, drifting = rows_of("inertia"), rows_of("trends")
    time = drifting.rows.time - drifting.rows.time.mean()
    slopes = np.stack([np.bincount(drifting.rows.entity, weights=time * column) for column in drifting.filled.T])
    np.testing.assert_allclose(slopes, 0.0, atol=1e-7)
    assert plain.used - drifting.used == N - 1


def test_effects_are_those_without_trends():
    """The coefficient of a on b, .6, is inflated by trends in common and found again when they are taken out."""
    prepared = prepared_from(rows_of("trends"))
    _, S = prepared.covariance()
    parents = [1, 3]  # b one month ago, a now
    unit = prepared.unit_sd[1] / prepared.unit_sd[0]
    beta = np.linalg.solve(S[np.ix_(parents, parents)], S[parents, 4])
    assert beta[1] * unit == pytest.approx(0.6, abs=0.08)
    assert "trend per entity" in next(s for s in prepared.steps if s.code == "within").text.en
