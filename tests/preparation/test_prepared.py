"""Moments: dummy-variable residuals on complete data, exact sums behind their parts, gaps filled by expectation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from causal_service.errors import DataError
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.preparation.prepared import ROWS_COUNTED, Prepared, Total, prepare


def on_dummies(panel: Panel, lags: int, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Residuals (R, d) of the lagged rows of a complete balanced panel on plant and month dummies."""
    E, T, _ = panel.values.shape
    blocks = [panel.values[:, lags - lag : T - lag].reshape(E * (T - lags), -1) for lag in range(lags, -1, -1)]
    D = np.concatenate([np.kron(np.eye(E), np.ones((T - lags, 1))), np.tile(np.eye(T - lags), (E, 1))], axis=1)
    root = np.ones(len(D)) if weights is None else np.sqrt(weights)
    Z = np.concatenate(blocks, axis=1)
    return Z - D @ np.linalg.lstsq(D * root[:, None], Z * root[:, None], rcond=None)[0]


def correlation(S: NDArray[np.float64]) -> NDArray[np.float64]:
    return S / np.sqrt(np.outer(np.diag(S), np.diag(S)))


def prepared_of(simulated, frame: pd.DataFrame, lags: int = 1, totals: tuple[Total, ...] = (), **kwargs) -> Prepared:
    return prepare(simulated.panel(frame, **kwargs), Dictionary(), totals, lags)


@pytest.mark.parametrize("lags", [0, 1, 2])
def test_complete_panel_gives_the_moments_of_dummy_residuals(simulated, lags):
    frame = simulated.frame(0, entities=18, periods=10)
    prepared = prepared_of(simulated, frame, lags)
    Z = on_dummies(simulated.panel(frame), lags)
    np.testing.assert_allclose(correlation(prepared.covariance()[0]), correlation(Z.T @ Z), atol=1e-9)
    Z /= np.tile(Z[:, lags * 4 :].std(axis=0), lags + 1)
    per_plant = Z.reshape(18, 10 - lags, -1)
    np.testing.assert_allclose(prepared.grams, np.einsum("itc,itd->icd", per_plant, per_plant), atol=1e-8)
    np.testing.assert_allclose(prepared.mass, 10 - lags)


def test_present_columns_have_unit_variance_up_to_the_period_effects_removed(simulated):
    prepared = prepared_of(simulated, simulated.frame(0))
    within, _ = prepared.covariance()
    np.testing.assert_allclose(np.diag(within)[4:] * (1 - 1 / 20), 1.0, rtol=1e-9)


def test_within_sd_counts_the_effects_removed(simulated):
    """sum of squares / (rows - plants - months + 1): the residual variance of the dummy regression."""
    frame = simulated.frame(0, entities=12, periods=7)
    prepared = prepared_of(simulated, frame, 0)
    Z = on_dummies(simulated.panel(frame), 0)
    expected = np.sqrt((Z**2).sum(0) / (84 - 12 - 7 + 1))
    np.testing.assert_allclose([prepared.within_sd[name] for name in prepared.names], expected, rtol=1e-9)
    assert prepared.effective_n == 84 - 12 - 7 + 1


def test_weights_are_those_of_weighted_least_squares_and_cost_rows(simulated):
    frame = simulated.frame(0, entities=18, periods=8)
    frame["orders"] = np.random.default_rng(0).integers(1, 50, len(frame)).astype(float)
    prepared = prepared_of(simulated, frame, 0, weight="orders")
    w = frame["orders"].to_numpy()
    Z = on_dummies(simulated.panel(frame.drop(columns="orders")), 0, w)
    np.testing.assert_allclose(correlation(prepared.covariance()[0]), correlation((Z * w[:, None]).T @ Z), atol=1e-9)
    kish = w.sum() ** 2 / (w.size * (w**2).sum())
    assert prepared.effective_n == pytest.approx((144 - 18 - 8 + 1) * kish)
    assert prepared.mass.sum() == pytest.approx(144)


@pytest.mark.parametrize("factor", [1.0, 250.0])
def test_equal_weights_of_any_size_change_nothing(simulated, factor):
    frame = simulated.frame(0)
    weighted = prepared_of(simulated, frame.assign(orders=factor), weight="orders")
    plain = prepared_of(simulated, frame)
    np.testing.assert_allclose(weighted.grams, plain.grams, atol=1e-10)
    assert weighted.effective_n == pytest.approx(plain.effective_n)


def test_units_do_not_matter_inside_and_come_back_outside(simulated):
    frame = simulated.frame(0, gaps=0.05)
    moved = frame.assign(cycle=24 * frame["cycle"] + 1000, rating=0.01 * frame["rating"] - 3)
    a, b = prepared_of(simulated, frame), prepared_of(simulated, moved)
    np.testing.assert_allclose(a.grams, b.grams, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(b.unit_sd / a.unit_sd, [24, 1, 0.01, 1], rtol=1e-9)
    assert b.within_sd["cycle"] == pytest.approx(24 * a.within_sd["cycle"])


def test_short_panel_correction_raises_inertia(simulated):
    """Twelve months: the within-estimate of inertia .4 is too low, the corrected one is close."""
    frame = simulated.frame(3, entities=400, periods=8)
    within, stationary = prepared_of(simulated, frame).covariance()
    inertia = [np.linalg.solve(S[:4, :4], S[:4, 4:])[0, 0] for S in (within, stationary)]
    assert inertia[0] < 0.3
    assert inertia[1] == pytest.approx(0.4, abs=0.05)


def test_gaps_are_filled_by_expectation_not_by_means(simulated):
    """A tenth of the cells lost: correlations stay where they were; means would pull them towards zero."""
    whole = simulated.frame(4, entities=60, periods=20)
    holed = simulated.frame(4, entities=60, periods=20, gaps=0.15)
    complete, filled = (correlation(prepared_of(simulated, f).covariance()[0]) for f in (whole, holed))
    np.testing.assert_allclose(filled, complete, atol=0.05)
    strong = np.abs(complete) > 0.5
    shrunk = np.abs(filled[strong]) / np.abs(complete[strong])
    assert shrunk.mean() == pytest.approx(1.0, abs=0.02)


def test_a_draw_of_all_weights_one_is_the_full_sample(simulated):
    prepared = prepared_of(simulated, simulated.frame(0))
    rng = np.random.default_rng(0)
    weights = np.stack([np.ones(prepared.blocks), rng.multinomial(20, np.full(20, 0.05)), 3 * np.ones(prepared.blocks)])
    within, stationary = prepared.covariances(weights.astype(float))
    for together, alone in zip((within, stationary), prepared.covariance(), strict=True):
        np.testing.assert_allclose(together[0], alone, atol=1e-9)
        np.testing.assert_allclose(together[2], alone, atol=1e-9)
        assert np.abs(together[1] - alone).max() > 0.01


def test_cross_section_centres_once_and_has_no_lags(simulated):
    frame = simulated.frame(0).drop(columns=["plant", "month"])
    prepared = prepare(simulated.cross_section(frame), Dictionary(), (), 0)
    expected = np.corrcoef(frame[list(prepared.names)].to_numpy().T)
    np.testing.assert_allclose(correlation(prepared.covariance()[0]), expected, atol=1e-10)
    assert prepared.effective_n == len(frame) - 1
    assert prepared.span.size == 0
    assert prepared.entities == len(frame)


def test_clusters_of_a_cross_section_are_the_entities(simulated):
    frame = simulated.frame(0, entities=9, periods=12).drop(columns="month")
    prepared = prepare(simulated.cross_section(frame, entity="plant"), Dictionary(), (), 0)
    assert (prepared.blocks, prepared.entities) == (9, 9)
    np.testing.assert_allclose(prepared.mass, 12)


class TestTotals:
    """total = 2 cycle + ontime: never estimated, always the sum of its parts."""

    TOTAL = Total("total", ("cycle", "ontime"), (2.0, 1.0))

    @staticmethod
    def summed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(total=2 * frame["cycle"] + frame["ontime"] + 7)

    def test_stays_behind_its_parts_exactly(self, simulated):
        prepared = prepared_of(simulated, self.summed(simulated.frame(0)), 1, (self.TOTAL,))
        assert prepared.names == ("cycle", "ontime", "rating", "total", "visits")
        assert prepared.base == 4
        for S in prepared.covariance():
            units = np.tile(prepared.unit_sd, 2)
            raw = S * np.outer(units, units)
            for block in (0, 5):
                np.testing.assert_allclose(raw[block + 3], 2 * raw[block] + raw[block + 1], atol=1e-8)

    def test_its_sd_is_that_of_its_own_column(self, simulated):
        frame = self.summed(simulated.frame(0))
        with_total = prepared_of(simulated, frame, 1, (self.TOTAL,))
        as_any_other = prepared_of(simulated, frame[["plant", "month", "total", "rating"]], 1)
        assert with_total.within_sd["total"] == pytest.approx(as_any_other.within_sd["total"])

    def test_one_missing_part_is_completed_from_the_total(self, simulated):
        frame = self.summed(simulated.frame(0))
        holed = frame.copy()
        lost = np.random.default_rng(0).random(len(frame)) < 0.2
        holed.loc[lost, "cycle"] = np.nan
        whole = prepared_of(simulated, frame, 1, (self.TOTAL,))
        completed = prepared_of(simulated, holed, 1, (self.TOTAL,))
        np.testing.assert_allclose(completed.grams, whole.grams, atol=1e-8)

    def test_two_missing_parts_are_a_gap(self, simulated):
        frame = self.summed(simulated.frame(0))
        holed = frame.copy()
        lost = np.random.default_rng(0).random(len(frame)) < 0.2
        holed.loc[lost, ["cycle", "ontime"]] = np.nan
        whole = prepared_of(simulated, frame, 1, (self.TOTAL,))
        completed = prepared_of(simulated, holed, 1, (self.TOTAL,))
        assert np.abs(completed.grams - whole.grams).max() > 0.1

    def test_on_another_scale_it_is_an_indicator_like_any_other(self, simulated):
        frame = self.summed(simulated.frame(0))
        frame["total"] = frame["total"] - frame["total"].min() + 1
        panel = simulated.panel(frame)
        prepared = prepare(panel, simulated.dictionary(total={"transform": "log"}), (self.TOTAL,), 1)
        assert prepared.totals == ()
        assert prepared.base == 5


def test_too_few_rows_are_refused_with_the_number_needed(simulated):
    panel = simulated.panel(simulated.frame(0, entities=4, periods=7))
    with pytest.raises(DataError) as refused:
        prepare(panel, Dictionary(), (), 2)
    assert refused.value.code == "too-few-rows"
    # 4 x 5 rows less 4 + 5 - 1 effects; 4 indicators x 3 + 8
    assert refused.value.params == {"rows": 20, "usable": 12.0, "needed": 20}


@pytest.mark.parametrize("lags", [5, 6, 9])
def test_more_lags_than_periods_are_refused_not_failed(simulated, lags):
    panel = simulated.panel(simulated.frame(0, entities=20, periods=5))
    with pytest.raises(DataError) as refused:
        prepare(panel, Dictionary(), (), lags)
    assert refused.value.code == "too-few-rows"


def test_every_step_is_recorded_in_both_languages(simulated):
    frame = TestTotals.summed(simulated.frame(0, gaps=0.02))
    frame["visits"] = np.exp(frame["visits"])
    panel = simulated.panel(frame)
    prepared = prepare(panel, simulated.dictionary(visits={"transform": "log"}), (TestTotals.TOTAL,), 1)
    assert [step.code for step in prepared.steps] == [
        "transform",
        "rows",
        "within",
        "gaps",
        "short-panel",
        "total",
        "mechanisms",
    ]
    assert all(step.text.zh and step.text.en for step in prepared.steps)
    cross = prepare(simulated.cross_section(frame.drop(columns=["plant", "month"])), Dictionary(), (), 0)
    assert [step.code for step in cross.steps] == ["rows", "gaps", "mechanisms"]


def test_the_search_counts_no_more_rows_than_removed_means_allow(simulated):
    """A partial correlation of 1 / T pays 2 ln n at most; small panels and cross-sections count all their rows."""
    prepared = prepared_of(simulated, simulated.frame(0, entities=18, periods=10))
    assert prepared.search_n == prepared.effective_n
    periods = prepared.rows / prepared.entities

    def counted(entities: int, periods: float) -> float:
        rows = round(entities * periods)
        return replace(prepared, entities=entities, rows=rows, effective_n=float(rows)).search_n

    assert counted(400, periods) == 400 * periods
    assert counted(10_000, periods) == ROWS_COUNTED
    assert counted(400, 60) == 24_000
    for entities in (2_000, 10_000, 1_000_000):
        n, total = counted(entities, 60), entities * 60
        assert n < total
        assert n / 60**2 == pytest.approx(2 * np.log(total))
    half = replace(prepared, entities=10_000, rows=600_000, effective_n=600_000.0)
    assert half.rows_counted(300_000.0) == pytest.approx(2 * np.log(300_000) * 60**2)
    survey = replace(prepared, lags=0, span=np.empty(0), effective_n=1e6)
    assert survey.search_n == 1e6
