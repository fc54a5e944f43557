"""Lagged rows never bridge a gap of the calendar; blocks are what may be resampled together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.preparation.rows import FEW_ENTITIES, MAX_BLOCKS, lagged_rows, resampling_blocks


def holed(simulated, periods: int = 12, entities: int = 8) -> pd.DataFrame:
    """A panel in which rows are missing, some at the edge, some in the middle."""
    frame = simulated.frame(1, entities=entities, periods=periods)
    return frame[np.random.default_rng(1).random(len(frame)) < 0.75].reset_index(drop=True)


@pytest.mark.parametrize("lags", [0, 1, 2, 3])
def test_a_row_needs_its_whole_unbroken_past(simulated, lags):
    """Against the calendar by hand: month t is used if and only if months t-1 .. t-L of that plant are in the file."""
    frame = holed(simulated)
    panel = simulated.panel(frame)
    rows = lagged_rows(panel, lags)
    found = {(panel.entities[e], panel.periods[t]) for e, t in zip(rows.entity, rows.time, strict=True)}
    calendar = simulated.months(12)
    present = set(zip(frame["plant"], frame["month"], strict=True))
    expected = {
        (plant, month)
        for plant, month in present
        if calendar.index(month) >= lags
        and all((plant, calendar[calendar.index(month) - lag]) in present for lag in range(1, lags + 1))
    }
    assert found == expected
    assert len(found) < len(present) or lags == 0


def test_blocks_of_columns_stand_oldest_first(simulated):
    frame = holed(simulated)
    panel = simulated.panel(frame)
    rows = lagged_rows(panel, 2)
    Z = rows.take(panel.values)
    at = frame.set_index(["plant", "month"])
    calendar, p = simulated.months(12), len(panel.indicators)
    for r in range(0, len(Z), 5):
        plant, t = panel.entities[rows.entity[r]], rows.time[r]
        for block, lag in enumerate((2, 1, 0)):
            expected = at.loc[(plant, calendar[t - lag]), list(panel.indicators)]
            np.testing.assert_array_equal(Z[r, block * p : (block + 1) * p], expected)


def test_a_row_of_empty_cells_breaks_lags_like_a_missing_row(simulated):
    frame = simulated.frame(0, entities=3, periods=8)
    empty = frame.copy()
    names = list(simulated.CHAIN)
    empty.loc[(empty["plant"] == "plant 01") & (empty["month"] == "2020-04"), names] = np.nan
    dropped = empty.dropna(subset=names)
    for lags in (0, 1, 2):
        a, b = (lagged_rows(simulated.panel(f), lags) for f in (empty, dropped))
        np.testing.assert_array_equal(a.entity, b.entity)
        np.testing.assert_array_equal(a.time, b.time)


@pytest.mark.parametrize("lags", [6, 7, 9, 12])
def test_more_lags_than_periods_leave_no_row(simulated, lags):
    panel = simulated.panel(simulated.frame(0, entities=3, periods=6))
    assert lagged_rows(panel, lags).entity.size == 0


def test_weights_have_mean_one_and_zero_weight_takes_a_row_out(simulated):
    frame = simulated.frame(0, entities=4, periods=6)
    frame["orders"] = np.random.default_rng(0).integers(1, 90, len(frame)).astype(float)
    frame.loc[[3, 10], "orders"] = 0.0
    panel = simulated.panel(frame, weight="orders")
    rows = lagged_rows(panel, 1)
    assert rows.weight.mean() == pytest.approx(1.0)
    used = panel.weights[rows.entity, rows.time]
    np.testing.assert_allclose(rows.weight, used / used.mean())
    assert rows.entity.size == 4 * 5 - 2


def test_many_entities_are_one_block_each(simulated):
    panel = simulated.panel(simulated.frame(0, entities=FEW_ENTITIES, periods=6))
    rows = lagged_rows(panel, 1)
    np.testing.assert_array_equal(resampling_blocks(panel, rows).code, rows.entity)


def test_few_entities_are_cut_into_stretches_of_time(simulated):
    """Six plants x 30 months: at least thirty blocks, each one plant and one unbroken stretch of several months."""
    panel = simulated.panel(simulated.frame(0, entities=6, periods=31))
    rows = lagged_rows(panel, 1)
    block = resampling_blocks(panel, rows).code
    codes, sizes = np.unique(block, return_counts=True)
    np.testing.assert_array_equal(codes, np.arange(codes.size))
    assert codes.size >= 30
    assert sizes.min() >= 4
    for code in codes:
        own = block == code
        assert np.unique(rows.entity[own]).size == 1
        np.testing.assert_array_equal(np.diff(np.sort(rows.time[own])), 1)


def test_short_time_is_not_cut_below_four_periods(simulated):
    panel = simulated.panel(simulated.frame(0, entities=5, periods=9))
    rows = lagged_rows(panel, 1)
    _, sizes = np.unique(resampling_blocks(panel, rows).code, return_counts=True)
    assert sizes.min() >= 4


def test_cross_section_rows_are_blocks_unless_clusters_are_declared(simulated):
    frame = simulated.frame(0, entities=6, periods=5).drop(columns="month")
    loose = simulated.cross_section(frame.drop(columns="plant"))
    np.testing.assert_array_equal(resampling_blocks(loose, lagged_rows(loose, 0)).code, np.arange(30))
    clustered = simulated.cross_section(frame, entity="plant")
    block = resampling_blocks(clustered, lagged_rows(clustered, 0)).code
    np.testing.assert_array_equal(np.bincount(block), 5)
    assert [clustered.clusters[np.flatnonzero(block == b)[0]] for b in range(6)] == sorted(set(frame["plant"]))


def test_very_many_rows_share_blocks():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2 * MAX_BLOCKS + 10, 2)), columns=["a", "b"])
    from causal_service.panel.reading import panel_from_frame

    panel = panel_from_frame(frame)
    sizes = np.bincount(resampling_blocks(panel, lagged_rows(panel, 0)).code)
    assert sizes.size == MAX_BLOCKS
    assert set(sizes) == {2, 3}


def test_a_series_is_drawn_in_overlapping_runs(simulated):
    """120 months with one lag: 119 rows, one block each, in runs of five (the smallest cube above 119 is 125)."""
    panel = simulated.panel(simulated.frame(0, entities=1, periods=120))
    blocks = resampling_blocks(panel, lagged_rows(panel, 1))
    np.testing.assert_array_equal(blocks.code, np.arange(119))
    assert (blocks.unit, blocks.run) == ("period", 5)
