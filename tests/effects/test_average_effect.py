"""The average effect of a lever with two states: formula, recovery, what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import stdtrit
from scipy.stats import ttest_ind

from causal_service.effects import average_effect
from causal_service.effects.average_effect import averages
from causal_service.effects.nuisances import BEND, ShareStack, design_of, predicted_shares, share_stacks

Floats = NDArray[np.float64]


def _drawn(seed: int, n: int = 500) -> tuple[Floats, NDArray[np.bool_], Floats, float]:
    """Covariates, lever, outcome of a confounded design with effects that differ; the population's ATE is 1."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    t = rng.random(n) < 1 / (1 + np.exp(-0.8 * X[:, 0] - 0.5 * X[:, 1]))
    effect = 1 + 0.5 * X[:, 0]
    y = X[:, 0] + X[:, 1] ** 2 / 2 + np.where(t, effect, 0.0) + rng.normal(size=n)
    return X, t, y, float(effect[t].mean())


def test_the_score_is_the_textbook_one() -> None:
    rng = np.random.default_rng(0)
    n = 400
    t, y, w = rng.random(n) < 0.4, rng.normal(size=n), rng.uniform(0.5, 2, n)
    e, m0, m1 = rng.uniform(0.2, 0.8, n), rng.normal(size=n), rng.normal(size=n)
    kept = average_effect._Kept(design_of(np.empty((n, 0)), 0), t, y, w, None)
    fitted = average_effect._Fitted(e, e, m0, m1)

    def mean(values: Floats, weights: Floats) -> float:
        return float(np.average(values, weights=weights))

    everyone = mean(m1 - m0, w) + mean(y - m1, w * t / e) - mean(y - m0, w * ~t / (1 - e))
    assert average_effect._everyone(kept, fitted, np.ones(n, bool)).value == pytest.approx(everyone, rel=1e-12)
    treated = mean(y - m0, w * t) - mean(y - m0, w * ~t * e / (1 - e))
    assert average_effect._treated(kept, fitted, np.ones(n, bool)).value == pytest.approx(treated, rel=1e-12)


def test_weights_are_held_by_a_prior_of_their_own() -> None:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(400, 2))
    t = rng.random(400) < 1 / (1 + np.exp(-1.5 * X[:, 0]))
    design, fold = design_of(X, 0), np.arange(400) % 5
    assert np.allclose(design.held.std(0), [1, 1, BEND, BEND])
    stacks = [ShareStack(c, 0.0) for c in average_effect.STRENGTHS]
    for stack, share in zip(stacks, predicted_shares(stacks, design, t, np.ones(400), fold), strict=True):
        odds = np.log(share / (1 - share))[fold == 0]
        F = np.column_stack([np.ones(320), design.held[fold != 0]])
        b = np.zeros(5)
        prior = np.diag([0.0, *[1 / stack.strength] * 4])
        for _ in range(30):
            p = 1 / (1 + np.exp(-F @ b))
            b += np.linalg.solve(F.T @ (F * (p * (1 - p))[:, None]) + prior, F.T @ (t[fold != 0] - p) - prior @ b)
        assert odds == pytest.approx(b[0] + design.held[fold == 0] @ b[1:], abs=0.01)


def test_trees_join_the_share_treated_where_a_corner_is_treated() -> None:
    rng = np.random.default_rng(10)
    X = rng.normal(size=(1500, 4))
    fold, w = np.arange(1500) % 5, np.ones(1500)
    corner = rng.random(1500) < np.where((X[:, 0] > 0) == (X[:, 1] > 0), 0.8, 0.2)
    line = rng.random(1500) < 1 / (1 + np.exp(-X[:, 0]))
    found = share_stacks(average_effect.STRENGTHS, design_of(X, 0), corner, w, fold)
    assert [stack.strength for stack in found] == list(average_effect.STRENGTHS)
    assert all(stack.trees > 0.5 for stack in found)
    assert all(stack.trees == 0 for stack in share_stacks(average_effect.STRENGTHS, design_of(X, 0), line, w, fold))


def test_degrees_of_freedom_are_those_of_welch() -> None:
    rng = np.random.default_rng(8)
    t = np.arange(260) < 60
    y = np.where(t, rng.normal(0, 3, t.size), rng.normal(size=t.size))
    kept = average_effect._Kept(design_of(np.empty((t.size, 0)), 0), t, y, np.ones(t.size), None)
    rows, lower = np.ones(t.size, bool), np.full(t.size, y[~t].mean())
    share = np.full(t.size, t.mean())
    fitted = average_effect._Fitted(share, share, lower, np.full(t.size, y[t].mean()))
    for score in (average_effect._everyone, average_effect._treated):
        found = average_effect._freedom(kept, rows, score(kept, fitted, rows))
        assert found == pytest.approx(ttest_ind(y[t], y[~t], equal_var=False).df, rel=0.01)


def test_agrees_with_the_doubly_robust_learner_of_econml() -> None:
    econml = pytest.importorskip("econml.dr")
    from sklearn.linear_model import LinearRegression, LogisticRegression

    X, t, y, _ = _drawn(1, 2000)
    peer = econml.LinearDRLearner(
        model_propensity=LogisticRegression(), model_regression=LinearRegression(), cv=5, random_state=0
    )
    peer.fit(y, t.astype(int), X=None, W=np.column_stack([X, X**2]))
    found = averages(X, t, y)
    assert found.everyone is not None
    low, high = (float(v) for v in peer.ate_interval(T0=0, T1=1, alpha=0.05))
    assert found.everyone.value == pytest.approx(float(peer.ate(T0=0, T1=1)), abs=(high - low) / 4)
    assert found.everyone.high - found.everyone.low <= 1.05 * (high - low)


def test_relabelling_the_states_turns_the_sign() -> None:
    X, t, y, _ = _drawn(2)
    one, other = averages(X, t, y).everyone, averages(X, ~t, y).everyone
    assert one is not None and other is not None
    assert one.value == pytest.approx(-other.value, abs=0.05 * one.standard_error)


def test_units_change_nothing_but_units() -> None:
    X, t, y, _ = _drawn(3)
    one, other = averages(X, t, y), averages(X * [1, 10, 0.1, 1000] + 5, t, 1000 * y - 70)
    for a, b in ((one.treated, other.treated), (one.everyone, other.everyone)):
        assert a is not None and b is not None
        assert b.value == pytest.approx(1000 * a.value, rel=1e-6)
        assert b.standard_error == pytest.approx(1000 * a.standard_error, rel=1e-6)


def test_rows_stated_twice_as_one_cluster_do_not_narrow_the_interval() -> None:
    X, t, y, _ = _drawn(4)
    once = averages(X, t, y).treated
    twice = averages(
        np.repeat(X, 2, axis=0), np.repeat(t, 2), np.repeat(y, 2), clusters=np.repeat(np.arange(y.size), 2)
    ).treated
    assert once is not None and twice is not None
    assert twice.standard_error > 0.85 * once.standard_error  # as if independent: 0.71


def test_with_few_clusters_the_interval_uses_their_number() -> None:
    X, t, y, _ = _drawn(8)
    found = averages(X, t, y, clusters=np.arange(y.size) % 12).everyone
    assert found is not None
    assert found.effective > 100
    assert (found.high - found.low) / 2 == pytest.approx(stdtrit(11, 0.975) * found.standard_error, rel=1e-9)


def test_without_covariates_it_is_the_difference_of_means() -> None:
    _, t, y, _ = _drawn(5)
    found = averages(np.empty((y.size, 0)), t, y)
    assert found.everyone is not None and found.treated is not None
    assert found.everyone.value == pytest.approx(y[t].mean() - y[~t].mean(), abs=0.02)
    assert found.treated.value == pytest.approx(y[t].mean() - y[~t].mean(), abs=0.02)


def test_states_told_by_a_covariate_have_no_average() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(600, 2))
    found = averages(X, X[:, 0] > 0, X[:, 1] + rng.normal(size=600))
    assert found.everyone is None and found.treated is None
    assert max(found.comparable) < 0.5


def test_effects_by_row_follow_what_differs() -> None:
    X, t, y, _ = _drawn(7, 2000)
    assert np.corrcoef(averages(X, t, y).by_row, X[:, 0])[0, 1] > 0.8


@pytest.mark.slow
def test_intervals_hold_the_truth_of_a_confounded_design() -> None:
    panels = 50
    hits, errors = np.zeros(2), []
    for seed in range(100, 100 + panels):
        X, t, y, treated = _drawn(seed, 400)
        found = averages(X, t, y, seed=seed)
        assert found.everyone is not None and found.treated is not None
        hits += [found.everyone.low <= 1 <= found.everyone.high, found.treated.low <= treated <= found.treated.high]
        errors.append(found.everyone.value - 1)
    assert (hits / panels >= 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / panels)).all()
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(panels) + 0.02
