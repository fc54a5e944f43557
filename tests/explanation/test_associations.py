"""Correlations seen three ways, shares between entities, and correlations with other columns held fixed."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.explanation.associations import (
    Correlations,
    correlations,
    partial_correlation,
    shares_between_entities,
)


class TestCorrelations:
    """Pooled, within entities, within entities and periods."""

    def test_equal_the_correlations_of_residuals(self, simulated):
        frame = simulated.frame(0, entities=12, periods=9)
        found = correlations(simulated.panel(frame), "rating")
        x, y = frame["cycle"], frame["rating"]
        assert found["cycle"].pooled == pytest.approx(np.corrcoef(x, y)[0, 1])
        by_plant = frame.groupby("plant")
        u, v = x - by_plant["cycle"].transform("mean"), y - by_plant["rating"].transform("mean")
        assert found["cycle"].between_removed == pytest.approx(np.corrcoef(u, v)[0, 1])
        dummies = np.concatenate([np.eye(12)[np.arange(108) // 9], np.eye(9)[np.arange(108) % 9]], axis=1)
        u, v = (z - dummies @ np.linalg.lstsq(dummies, z, rcond=None)[0] for z in (x.to_numpy(), y.to_numpy()))
        assert found["cycle"].within == pytest.approx(np.corrcoef(u, v)[0, 1], abs=1e-9)
        assert found["rating"] == Correlations(*[pytest.approx(1.0)] * 3)

    def test_plant_size_that_drives_both_shows_in_pooled_values_only(self, simulated):
        found = correlations(simulated.panel(simulated.frame(0, entities=40, level=6.0)), "rating")
        assert found["visits"].pooled > 0.8
        assert abs(found["visits"].within) < 0.15

    def test_gaps_are_left_out_pair_by_pair(self, simulated):
        frame = simulated.frame(0, gaps=0.2)
        found = correlations(simulated.panel(frame), "rating")
        both = frame[["cycle", "rating"]].dropna()
        assert found["cycle"].pooled == pytest.approx(np.corrcoef(both.T)[0, 1])

    def test_a_cross_section_has_one_correlation(self, simulated):
        frame = simulated.frame(0).drop(columns=["plant", "month"])
        found = correlations(simulated.cross_section(frame), "rating")["cycle"]
        assert found.pooled == pytest.approx(found.between_removed) == pytest.approx(found.within)

    def test_a_constant_correlates_with_nothing(self, simulated):
        frame = simulated.frame(0).assign(visits=7.0)
        assert correlations(simulated.panel(frame), "rating")["visits"] == Correlations(0.0, 0.0, 0.0)


class TestPartial:
    """Beside other columns."""

    def test_equals_the_correlation_of_residuals(self):
        rows = np.random.default_rng(0).normal(size=(300, 5)) @ np.random.default_rng(1).normal(size=(5, 5))
        others = np.column_stack([np.ones(300), rows[:, [1, 3]]])
        u, v = (z - others @ np.linalg.lstsq(others, z, rcond=None)[0] for z in (rows[:, 0], rows[:, 4]))
        assert partial_correlation(np.cov(rows.T), 0, 4, [1, 3]) == pytest.approx(np.corrcoef(u, v)[0, 1], abs=1e-12)

    def test_is_zero_where_nothing_is_left(self):
        rows = np.random.default_rng(0).normal(size=(300, 3))
        rows[:, 2] = rows[:, 0]
        assert partial_correlation(np.cov(rows.T), 0, 1, [2]) == 0.0


def test_share_between_entities(simulated):
    frame = simulated.frame(0, entities=30, periods=20)
    code = frame["plant"].astype("category").cat.codes.to_numpy(float)
    noise = np.random.default_rng(0).normal(size=len(frame))
    found = shares_between_entities(simulated.panel(frame.assign(visits=code, cycle=noise)))
    assert found["visits"] == pytest.approx(1.0)
    assert found["cycle"] < 0.1
