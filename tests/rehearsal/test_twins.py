"""A twin looks like the user's panel: same gaps, same kinds of numbers, same levels; but it is another draw."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from causal_service.rehearsal.twins import twin_of


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_gaps_are_the_users_own(chain):
    twin = twin_of(chain.system, chain.panel, rng())
    assert np.array_equal(np.isnan(twin.panel.values), np.isnan(chain.panel.values))
    assert np.array_equal(twin.panel.present, chain.panel.present)
    assert np.nanstd(twin.panel.values - chain.panel.values) > 0.3


def test_same_random_numbers_same_twin(chain):
    one, two = (twin_of(chain.system, chain.panel, rng(5)) for _ in range(2))
    assert np.array_equal(one.panel.values, two.panel.values, equal_nan=True)
    other = twin_of(chain.system, chain.panel, rng(6))
    assert not np.array_equal(one.panel.values, other.panel.values, equal_nan=True)


def test_entities_keep_their_levels(chain):
    """Between entities a twin is as the user's panel, so that confounding by entity stays."""
    twin = np.mean([twin_of(chain.system, chain.panel, rng(k)).panel.values for k in range(20)], axis=0)
    for j in range(twin.shape[2]):
        levels = np.nanmean(chain.panel.values[:, :, j], axis=1), np.nanmean(twin[:, :, j], axis=1)
        assert np.corrcoef(*levels)[0, 1] > 0.95


def test_two_states_stay_two_counts_stay_whole_and_shares_stay_inside(mixed):
    twin = twin_of(mixed.system, mixed.panel, rng())
    at = {name: j for j, name in enumerate(mixed.panel.indicators)}
    values = {name: twin.panel.values[:, :, j][~np.isnan(twin.panel.values[:, :, j])] for name, j in at.items()}
    assert set(np.unique(values["ontime"])) == {0.0, 1.0}
    assert (values["visits"] == np.round(values["visits"])).all()
    assert values["visits"].min() >= 0
    assert 0 <= values["rating"].min() <= values["rating"].max() <= 1
    assert not twin.linear


def test_links_follow_the_data(mixed):
    """A higher cycle raises the visits and lowers the chance of being on time, as in the panel they were fitted to."""
    at = {name: j for j, name in enumerate(mixed.panel.indicators)}

    def within_correlation(values: np.ndarray, x: str, y: str) -> float:
        a, b = (values[:, :, at[name]] - np.nanmean(values[:, :, at[name]], axis=1, keepdims=True) for name in (x, y))
        seen = ~np.isnan(a) & ~np.isnan(b)
        return float(np.corrcoef(a[seen], b[seen])[0, 1])

    twins = [twin_of(mixed.system, mixed.panel, rng(k)).panel.values for k in range(8)]
    for y in ("visits", "ontime"):
        own = within_correlation(mixed.panel.values, "cycle", y)
        assert np.mean([within_correlation(twin, "cycle", y) for twin in twins]) == pytest.approx(own, abs=0.12)
        assert abs(own) > 0.2


@pytest.mark.parametrize(("rare", "most"), [("ontime", 1.0), ("visits", 0.0)])
def test_a_state_or_count_that_a_draw_has_lost_stays_possible(simulated, mixed_frame, fit, rare, most):
    """Draws of short panels can leave out all the entities in which something rare happened."""
    panel, known = simulated.panel(mixed_frame), simulated.dictionary()
    column = panel.indicators.index(rare) - len(panel.indicators)
    found = fit(panel, known, [("cycle", rare, 0)], drawn=lambda values: np.abs(values[:, column] - most) < 0.5)
    equation = found.system.mechanisms[panel.indicators.index(rare)]
    assert np.isfinite(equation.weights).all() and np.isfinite(equation.kept).all()
    values = twin_of(found.system, panel, rng()).panel.values[:, :, column]
    assert np.mean(values[~np.isnan(values)] == most) > 0.8


def test_residual_tails_are_kept(simulated, fit):
    frame = simulated.frame(7, entities=20, periods=30)
    rng_ = np.random.default_rng(1)
    frame["visits"] = rng_.standard_t(3, len(frame))
    ready = fit(simulated.panel(frame), simulated.dictionary(), [])
    twin = twin_of(ready.system, ready.panel, rng(2)).panel.values[:, :, ready.panel.indicators.index("visits")]
    z = (twin - twin.mean()) / twin.std()
    assert (z**4).mean() > 4.5


def test_a_hidden_driver_moves_its_children_together_and_nothing_else(simulated, fit):
    frame = simulated.frame(8, entities=20, periods=30)
    ready = fit(simulated.panel(frame), simulated.dictionary(), [], loadings=[0.7, 0.0, 0.0, -0.7])
    names = ready.panel.indicators
    twin = twin_of(ready.system, ready.panel, rng(3)).panel.values
    own = twin - twin.mean(axis=(0, 1), keepdims=True)
    moved = own - own.mean(axis=1, keepdims=True) - own.mean(axis=0, keepdims=True)
    correlation = np.corrcoef(moved.reshape(-1, len(names)).T)
    assert correlation[0, 3] < -0.3
    assert abs(correlation[0, 1]) < 0.15
    kept = fit(simulated.panel(frame), simulated.dictionary(), []).system
    for with_driver, without in zip(ready.system.mechanisms, kept.mechanisms, strict=True):
        total = with_driver.pool.var() + ready.system.loadings[with_driver.target] ** 2
        assert total == pytest.approx(without.pool.var(), rel=0.02)


def test_links_converge_without_a_word(simulated, mixed_frame, fit):
    arrows = [("cycle", "ontime", 0), ("cycle", "visits", 0)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ready = fit(simulated.panel(mixed_frame), simulated.dictionary(), arrows)
    assert [m.link for m in ready.system.mechanisms] == ["identity", "threshold", "identity", "log"]
