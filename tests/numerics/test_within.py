"""The within-transform is the residual of weighted least squares on entity and period dummies, whatever is missing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.numerics.within import within

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def on_dummies(z: Floats, w: Floats, entity: Codes, period: Codes) -> Floats:
    """Residual of one column on dummies by weighted least squares; NaN cells are left out."""
    seen = ~np.isnan(z)
    D = np.concatenate([np.eye(entity.max() + 1)[entity], np.eye(period.max() + 1)[period]], axis=1)[seen]
    root = np.sqrt(w[seen])
    effects = np.linalg.lstsq(D * root[:, None], z[seen] * root, rcond=None)[0]
    out = np.full(z.size, np.nan)
    out[seen] = z[seen] - D @ effects
    return out


def balanced(entities: int, periods: int) -> tuple[Codes, Codes]:
    return np.repeat(np.arange(entities), periods), np.tile(np.arange(periods), entities)


def unbalanced(rng: np.random.Generator, entities: int = 9, periods: int = 11) -> tuple[Codes, Codes]:
    """About two thirds of the cells, every entity and every period at least twice."""
    entity, period = balanced(entities, periods)
    kept = (rng.random(entity.size) < 0.65) | (period < 2) | (entity < 2)
    return entity[kept], period[kept]


def staggered(entities: int, periods: int, window: int) -> tuple[Codes, Codes]:
    """Every entity is seen for a few consecutive periods only: effects of distant periods are hard to compare."""
    first = np.arange(entities) % (periods - window + 1)
    return np.repeat(np.arange(entities), window), (first[:, None] + np.arange(window)).ravel()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("gaps", [0.0, 0.15])
def test_equals_least_squares_on_dummies(rng, weighted, gaps):
    entity, period = unbalanced(rng)
    Z = rng.normal(size=(entity.size, 4)) + 5 * rng.normal(size=9)[entity, None] + 3 * np.sin(period)[:, None]
    Z[rng.random(Z.shape) < gaps] = np.nan
    w = rng.uniform(0.2, 4, entity.size) if weighted else np.ones(entity.size)
    expected = np.stack([on_dummies(Z[:, j], w, entity, period) for j in range(4)], axis=1)
    np.testing.assert_allclose(within(Z, w, entity, period), expected, atol=1e-10)


@pytest.mark.parametrize(("periods", "window"), [(36, 2), (36, 4), (60, 6)])
def test_staggered_entities_are_no_exception(rng, periods, window):
    entity, period = staggered(60, periods, window)
    z = rng.normal(size=entity.size) + 0.3 * period
    w = np.ones(entity.size)
    expected = on_dummies(z, w, entity, period)
    np.testing.assert_allclose(within(z[:, None], w, entity, period)[:, 0], expected, atol=1e-9)


def test_separate_groups_of_entities_keep_separate_period_effects(rng):
    """Two sets of entities that never share a period: the system is singular, the residual is still unique."""
    entity, period = balanced(6, 8)
    period = np.where(entity < 3, period, period + 8)
    z = rng.normal(size=entity.size) + np.where(entity < 3, 7.0, -7.0)
    w = rng.uniform(0.5, 2, entity.size)
    out = within(z[:, None], w, entity, period)[:, 0]
    np.testing.assert_allclose(out, on_dummies(z, w, entity, period), atol=1e-10)


def test_projection_twice_is_once(rng):
    entity, period = unbalanced(rng)
    Z = rng.normal(size=(entity.size, 3))
    Z[rng.random(Z.shape) < 0.1] = np.nan
    w = rng.uniform(0.2, 4, entity.size)
    once = within(Z, w, entity, period)
    np.testing.assert_allclose(within(once, w, entity, period), once, atol=1e-10)


def test_orthogonal_to_every_entity_and_period(rng):
    entity, period = unbalanced(rng)
    Z = rng.normal(size=(entity.size, 3))
    Z[rng.random(Z.shape) < 0.1] = np.nan
    w = rng.uniform(0.2, 4, entity.size)
    weighted = np.nan_to_num(within(Z, w, entity, period) * w[:, None])
    for codes in (entity, period):
        sums = np.stack([weighted[codes == c].sum(0) for c in range(codes.max() + 1)])
        np.testing.assert_allclose(sums, 0.0, atol=1e-9)


def test_entity_and_period_effects_of_any_size_leave_no_trace(rng):
    entity, period = unbalanced(rng)
    z = rng.normal(size=(entity.size, 1))
    w = np.ones(entity.size)
    moved = z + 1e4 * rng.normal(size=9)[entity, None] + 1e3 * rng.normal(size=11)[period, None]
    np.testing.assert_allclose(within(moved, w, entity, period), within(z, w, entity, period), atol=1e-7)


@pytest.mark.parametrize(("size", "level"), [(1e-3, 273.15), (1e-6, 50.0), (1.0, 1e7)])
def test_a_high_level_costs_its_own_rounding_and_no_more(rng, size, level):
    """Temperatures in kelvin that vary by a thousandth: the digits that are in the data come through."""
    entity, period = unbalanced(rng)
    z = rng.normal(size=(entity.size, 1))
    z[rng.random(z.shape) < 0.1] = np.nan
    w = rng.uniform(5, 60, entity.size)
    moved = within(size * z + level, w, entity, period) / size
    np.testing.assert_allclose(moved, within(z, w, entity, period), atol=50 * np.spacing(level) / size)


def test_constant_period_removes_entity_means_only(rng):
    entity, period = balanced(5, 7)
    z = rng.normal(size=(35, 1))
    means = np.array([z[entity == i].mean() for i in range(5)])
    out = within(z, np.ones(35), entity, np.zeros_like(period))
    np.testing.assert_allclose(out, z - means[entity, None], atol=1e-14)


def test_gaps_stay_gaps_and_nothing_else_becomes_one(rng):
    entity, period = unbalanced(rng)
    Z = rng.normal(size=(entity.size, 3))
    Z[rng.random(Z.shape) < 0.2] = np.nan
    Z[:, 2] = np.nan
    Z[entity == 4, 0] = np.nan
    Z[period == 5, 1] = np.nan
    np.testing.assert_array_equal(np.isnan(within(Z, np.ones(entity.size), entity, period)), np.isnan(Z))


def test_a_column_does_not_depend_on_its_neighbours(rng):
    entity, period = unbalanced(rng)
    Z = rng.normal(size=(entity.size, 2))
    Z[rng.random(entity.size) < 0.2, 1] = np.nan
    w = np.ones(entity.size)
    alone = within(Z[:, :1].copy(), w, entity, period)[:, 0]
    np.testing.assert_allclose(within(Z, w, entity, period)[:, 0], alone, atol=1e-13)


def test_trends_of_entities_are_residuals_on_dummies_and_lines(rng):
    entity, period = unbalanced(rng)
    w = rng.uniform(0.5, 2.0, entity.size)
    Z = 50 + 100 * rng.normal(size=(entity.size, 3))
    Z[rng.random(Z.shape) < 0.1] = np.nan
    found = within(Z, w, entity, period, trends=True)
    own = np.eye(entity.max() + 1)[entity]
    D = np.concatenate([own, own * period[:, None], np.eye(period.max() + 1)[period]], axis=1)
    for j in range(3):
        seen = ~np.isnan(Z[:, j])
        root = np.sqrt(w[seen])
        effects = np.linalg.lstsq(D[seen] * root[:, None], Z[seen, j] * root, rcond=None)[0]
        np.testing.assert_allclose(found[seen, j], Z[seen, j] - D[seen] @ effects, atol=1e-7)
        assert np.isnan(found[~seen, j]).all()
