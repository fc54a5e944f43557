"""Boosted trees and TreeSHAP through the door, and the shares a chart would show."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from causal_service.explanation.importance import importance
from causal_service.explanation.via_shap import boosted_trees, shap_values


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    X[rng.random(X.shape) < 0.05] = np.nan
    filled = np.nan_to_num(X)
    return X, filled[:, 0] - 2 * filled[:, 1] * filled[:, 2] + 0.1 * rng.normal(size=400)


def test_shap_values_add_up_to_the_prediction(rows):
    X, y = rows
    model = boosted_trees(X, y)
    values, base = shap_values(model, X[:50])
    assert values.shape == (50, 5)
    np.testing.assert_allclose(base + values.sum(axis=1), model.predict(X[:50]), atol=1e-9)


def test_of_a_binary_outcome_they_add_up_to_the_log_odds(rows):
    X, y = rows
    model = boosted_trees(X, (y > 0.2).astype(float))
    values, base = shap_values(model, X[:50])
    np.testing.assert_allclose(base + values.sum(axis=1), model.decision_function(X[:50]), atol=1e-9)


def test_is_silent(rows, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = boosted_trees(*rows)
        shap_values(model, rows[0][:5])
    assert capfd.readouterr() == ("", "")


class TestImportance:
    """Shares of mean |SHAP| on the rows of a panel."""

    def test_shares_add_up_and_the_strongest_is_first(self, simulated):
        found = importance(simulated.panel(simulated.frame(0, level=0.0)), "rating")
        assert sum(found.shares.values()) == pytest.approx(1.0)
        assert set(found.shares) == {"cycle", "ontime", "visits"}
        assert max(found.shares, key=lambda name: found.shares[name]) == "ontime"

    @pytest.mark.parametrize("threads", [1, 2])
    def test_threads_row_order_labels_and_units_change_nothing(self, simulated, threads):
        frame = simulated.frame(0, gaps=0.05)
        first = importance(simulated.panel(frame), "rating")
        other = frame.sample(frac=1.0, random_state=1)
        renamed = {name: f"z{97 - i}" for i, name in enumerate(sorted(frame["plant"].unique()))}
        other = other.assign(plant=other["plant"].map(renamed), cycle=other["cycle"] * 60 - 32)
        with threadpool_limits(threads):
            assert importance(simulated.panel(other), "rating").shares == first.shares

    def test_without_a_chart_the_reason_is_given(self, simulated):
        frame = simulated.frame(0)
        assert importance(simulated.panel(frame.assign(rating=1.0)), "rating").reason == "outcome-constant"
        alone = simulated.panel(frame[["plant", "month", "rating"]])
        assert importance(alone, "rating").reason == "no-indicator"
        flat = simulated.panel(frame.assign(cycle=1.0, ontime=1.0, visits=1.0))
        assert importance(flat, "rating") == type(importance(flat, "rating"))({}, "nothing-found")
