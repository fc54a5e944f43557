"""Moments of a panel read in pieces are those of the panel in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from causal_service.panel import large as large_panel
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.key_codes import EntityCodes
from causal_service.panel.reading import read_panel
from causal_service.preparation.prepared import Prepared, Total, prepare

KEYS = {"entity": "plant", "period": "month"}


@pytest.fixture
def both(simulated, tmp_path: Path):
    """``both(frame, lags, …)``: (in memory, in pieces) moments of one Parquet file; ``both.kept``: exact parts."""

    def moments(
        frame: pd.DataFrame,
        lags: int = 1,
        weight: str | None = None,
        dictionary: Dictionary | None = None,
        totals: tuple[Total, ...] = (),
    ) -> tuple[Prepared, Prepared]:
        path = tmp_path / "panel.parquet"
        frame.to_parquet(path, index=False, row_group_size=97)
        found = []
        for stream in (False, True):
            panel = read_panel(path, weight=weight, stream=stream, **KEYS).panel
            assert (panel.behind is not None) == stream
            moments.kept = {part.exact for part in panel.behind.partitions} if stream else set()
            found.append(prepare(panel, dictionary or Dictionary(), totals, lags))
        return found[0], found[1]

    return moments


@pytest.fixture
def small_sample(monkeypatch):
    """A sample of a few entities although all would fit."""
    monkeypatch.setattr(large_panel, "SAMPLE_ROWS", 2000)
    monkeypatch.setattr(large_panel, "SAMPLE_ENTITIES", 100)


@pytest.fixture
def float32(small_sample, monkeypatch):
    """Small parts, of which only the first ones are kept as float64."""
    monkeypatch.setattr(large_panel, "PARTITION_BYTES", 10_000)
    monkeypatch.setattr(large_panel, "EXACT_SAMPLES", 1.2)


def uneven(frame: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Staggered entry, a twentieth of the months missing, weights, rows in any order."""
    rng = np.random.default_rng(seed)
    entities, periods = frame.plant.nunique(), frame.month.nunique()
    start = np.repeat(rng.integers(0, periods // 2, entities), periods)
    keep = (np.tile(np.arange(periods), entities) >= start) & (rng.random(len(frame)) > 0.05)
    weighted = frame.assign(orders=rng.integers(1, 50, len(frame)).astype(float))
    return weighted[keep].sample(frac=1, random_state=seed)


def assert_same(memory: Prepared, pieces: Prepared, rtol: float) -> None:
    assert (memory.names, memory.rows, memory.entities, memory.shrinkage) == (
        pieces.names,
        pieces.rows,
        pieces.entities,
        pieces.shrinkage,
    )
    for name in ("grams", "mass", "span", "unit_sd"):
        one, other = getattr(memory, name), getattr(pieces, name)
        np.testing.assert_allclose(other, one, rtol=0, atol=rtol * max(np.abs(one).max(initial=0.0), 1e-300))
    assert pieces.effective_n == pytest.approx(memory.effective_n, rel=1e-12)
    assert pieces.within_sd == pytest.approx(memory.within_sd, rel=rtol)


@pytest.mark.parametrize("lags", [0, 1, 2])
def test_a_complete_panel_has_the_same_moments_block_by_block(simulated, both, lags):
    assert_same(*both(simulated.frame(3, entities=40), lags), rtol=1e-10)


def test_so_has_an_uneven_weighted_panel_in_any_order_of_rows(simulated, both):
    assert_same(*both(uneven(simulated.frame(3, entities=40)), weight="orders"), rtol=1e-10)


def test_gaps_are_filled_alike_up_to_where_em_stops(simulated, both):
    assert_same(*both(uneven(simulated.frame(3, entities=40, gaps=0.02)), weight="orders"), rtol=1e-6)


def test_without_gaps_the_sum_over_blocks_does_not_depend_on_the_sample(simulated, both, small_sample):
    memory, pieces = both(uneven(simulated.frame(4, entities=400)), weight="orders")
    np.testing.assert_allclose(pieces.covariance()[0], memory.covariance()[0], atol=1e-12)
    np.testing.assert_allclose(pieces.grams, memory.grams, atol=5e-3 * np.abs(memory.grams).max())
    assert pieces.within_sd == pytest.approx(memory.within_sd, rel=1e-12)


def test_gaps_filled_from_a_sample_move_a_covariance_by_less_than_its_standard_error(simulated, both, small_sample):
    memory, pieces = both(simulated.frame(5, entities=1000, gaps=0.02))
    off = np.abs(pieces.covariance()[0] - memory.covariance()[0]).max()
    assert off < 0.3 / np.sqrt(memory.effective_n)


def test_transforms_and_exact_sums_go_the_same_way(simulated, both):
    frame = simulated.frame(6, entities=30, gaps=0.02)
    frame["visits"] = np.exp(frame["visits"] / 3)
    frame["all"] = 2 * frame["cycle"] + frame["ontime"] + 5
    known = simulated.dictionary(visits={"transform": "log"}, rating={"transform": "rank"})
    total = (Total("all", ("cycle", "ontime"), (2.0, 1.0)),)
    assert_same(*both(frame, dictionary=known, totals=total), rtol=1e-5)


def test_more_entities_than_blocks_share_blocks_by_hash(simulated, both, monkeypatch):
    monkeypatch.setattr("causal_service.preparation.large.MAX_BLOCKS", 20)
    memory, pieces = both(simulated.frame(7, entities=60))
    assert pieces.blocks <= 20 < memory.blocks
    np.testing.assert_allclose(pieces.covariance()[0], memory.covariance()[0], atol=1e-12)
    assert pieces.mass.sum() == memory.mass.sum()


def test_the_order_of_the_rows_changes_no_byte_and_the_number_of_parts_next_to_nothing(simulated, both, monkeypatch):
    frame = uneven(simulated.frame(8, entities=60, gaps=0.02))
    whole = both(frame, weight="orders")[1]
    shuffled = both(frame.sort_values("rating"), weight="orders")[1]
    assert shuffled.grams.tobytes() == whole.grams.tobytes()
    assert shuffled.unit_sd.tobytes() == whole.unit_sd.tobytes()
    scaled = frame.assign(visits=np.exp(frame["visits"] / 3), cycle=np.exp(frame["cycle"]))
    known = simulated.dictionary(visits={"transform": "log"}, cycle={"transform": "log"})
    orders = [both(scaled.sort_values(by), dictionary=known)[1] for by in ("plant", "rating", "visits", "ontime")]
    assert len({(one.grams.tobytes(), one.unit_sd.tobytes(), *one.within_sd.items()) for one in orders}) == 1
    monkeypatch.setattr(large_panel, "PARTITION_BYTES", 2000)
    monkeypatch.setattr(large_panel, "UNIT_ROWS", 150)
    parts = both(frame, weight="orders")[1]
    np.testing.assert_allclose(parts.grams, whole.grams, rtol=0, atol=1e-11)
    np.testing.assert_allclose(parts.unit_sd, whole.unit_sd, rtol=1e-13)


@pytest.mark.parametrize("lags", [0, 1, 2])
def test_rows_kept_as_float32_have_the_same_moments_to_their_rounding(simulated, both, float32, lags):
    memory, pieces = both(uneven(simulated.frame(4, entities=400)), lags, weight="orders")
    assert both.kept == {True, False}
    np.testing.assert_allclose(pieces.covariance()[0], memory.covariance()[0], atol=1e-6)
    assert pieces.within_sd == pytest.approx(memory.within_sd, rel=1e-6)
    assert pieces.effective_n == pytest.approx(memory.effective_n, rel=1e-6)


def test_nor_do_gaps_part_float32_from_float64(simulated, both, float32, monkeypatch):
    frame = uneven(simulated.frame(4, entities=400, gaps=0.02))
    rounded = both(frame, weight="orders")[1]
    assert both.kept == {True, False}
    shuffled = both(frame.sort_values("rating"), weight="orders")[1]
    assert shuffled.grams.tobytes() == rounded.grams.tobytes()
    monkeypatch.setattr(large_panel, "EXACT_SAMPLES", 20)
    exact = both(frame, weight="orders")[1]
    assert both.kept == {True}
    assert rounded.grams.tobytes() != exact.grams.tobytes()
    np.testing.assert_allclose(rounded.grams, exact.grams, rtol=0, atol=1e-6 * np.abs(exact.grams).max())
    assert rounded.unit_sd == pytest.approx(exact.unit_sd, rel=1e-6)


def test_transforms_of_rows_kept_as_float32(simulated, both, float32, monkeypatch):
    frame = simulated.frame(6, entities=400, gaps=0.02)
    frame["visits"] = np.exp(frame["visits"] / 3)
    frame["all"] = 2 * frame["cycle"] + frame["ontime"] + 5
    known = simulated.dictionary(visits={"transform": "log"}, rating={"transform": "rank"})
    total = (Total("all", ("cycle", "ontime"), (2.0, 1.0)),)
    rounded = both(frame, dictionary=known, totals=total)[1]
    assert both.kept == {True, False}
    monkeypatch.setattr(large_panel, "EXACT_SAMPLES", 20)
    exact = both(frame, dictionary=known, totals=total)[1]
    np.testing.assert_allclose(rounded.covariance()[0], exact.covariance()[0], atol=1e-6)


@pytest.mark.parametrize("apart", [1e-2, 1e-3, 3e-5])
def test_columns_that_nearly_determine_each_other_and_are_missing_together(both, float32, monkeypatch, apart):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"plant": np.repeat(np.arange(300), 14).astype(str), "month": np.tile(np.arange(14), 300)})
    n = len(frame)
    frame["a"] = rng.normal(size=n) + np.repeat(rng.normal(size=300), 14)
    frame["outcome"] = frame["a"] + rng.normal(size=n)
    for name in ("b", "d"):
        frame[name] = frame["a"] + apart * rng.normal(size=n)
    gap = rng.random(n)
    frame.loc[gap < 0.06, ["b", "d"]] = np.nan
    frame.loc[gap < 0.02, "a"] = np.nan
    rounded = both(frame)[1]
    assert both.kept == {True, False}
    monkeypatch.setattr(large_panel, "EXACT_SAMPLES", 20)
    exact = both(frame)[1]
    assert both.kept == {True}
    S = rounded.covariance()[0]
    np.testing.assert_allclose(S, exact.covariance()[0], atol=1e-7)
    assert np.linalg.eigvalsh(S)[0] > 0


def test_a_column_beyond_float32_has_its_mean_and_variance(simulated, both):
    frame = simulated.frame(3, entities=40, gaps=0.02)
    frame["rating"] = (frame["rating"] + 20) * 1e39
    memory, pieces = both(frame)
    assert_same(memory, pieces, rtol=1e-6)
    assert pieces.row_totals.sd["rating"] == pytest.approx(frame["rating"].std())


def test_wide_panels_keep_blocks_to_rest_intervals_on(simulated, both, monkeypatch):
    monkeypatch.setattr("causal_service.preparation.large.BLOCK_BYTES", 1)
    few, many = simulated.frame(7, entities=150), simulated.frame(7, entities=600)
    assert both(few)[1].blocks == 150
    assert 180 < both(many)[1].blocks <= 200


def test_blocks_of_several_entities_in_parts_kept_as_float32(simulated, both, float32, monkeypatch):
    monkeypatch.setattr("causal_service.preparation.large.MAX_BLOCKS", 100)
    frame = uneven(simulated.frame(4, entities=400, gaps=0.02))
    rounded = both(frame, weight="orders")[1]
    assert both.kept == {True, False}
    monkeypatch.setattr(large_panel, "EXACT_SAMPLES", 20)
    exact = both(frame, weight="orders")[1]
    assert rounded.blocks == exact.blocks <= 100
    np.testing.assert_allclose(rounded.grams, exact.grams, rtol=0, atol=1e-6 * np.abs(exact.grams).max())


def test_transformed_columns_are_centred_before_they_are_rounded(simulated, both, float32, monkeypatch):
    frame = simulated.frame(6, entities=400)
    frame["visits"] = np.exp(12 + frame["visits"] / 3000).round()  # whole: the same as float32
    known = simulated.dictionary(visits={"transform": "log"})
    rounded = both(frame, dictionary=known)[1]
    assert both.kept == {True, False}
    monkeypatch.setattr(large_panel, "EXACT_SAMPLES", 20)
    exact = both(frame, dictionary=known)[1]
    np.testing.assert_allclose(rounded.covariance()[0], exact.covariance()[0], atol=1e-6)


@pytest.mark.parametrize("cell", [1e20, -9.96921e36])
def test_a_cell_whose_square_is_beyond_float32_leaves_moments_finite(simulated, both, float32, monkeypatch, cell):
    """A fill value outside the sample, such as NetCDF's, in a part of which rows are float32."""
    frame = simulated.frame(7, entities=300)
    last = _label_of_the_highest_key(frame)
    row = frame.index[frame.plant == last][5]
    frame.loc[row, "visits"] = cell
    _, rounded = both(frame)
    assert both.kept == {True, False}
    monkeypatch.setattr(large_panel, "EXACT_SAMPLES", 20)
    _, exact = both(frame)
    assert both.kept == {True}
    assert np.isfinite(rounded.grams).all()
    assert rounded.within_sd == pytest.approx(exact.within_sd, rel=1e-6)
    np.testing.assert_allclose(rounded.covariance()[0], exact.covariance()[0], atol=1e-5)


def test_a_dictionary_without_labels_may_do_without_their_beginnings():
    nothing = pa.Array.from_buffers(pa.string(), 0, [None, pa.py_buffer(b""), pa.py_buffer(b"")])
    column = pa.DictionaryArray.from_arrays(pa.array([None, None], pa.int32()), nothing)
    np.testing.assert_array_equal(EntityCodes().of(column), [-1, -1])


def _label_of_the_highest_key(frame: pd.DataFrame) -> str:
    table = EntityCodes()
    codes = table.of(pa.array(frame.plant.unique()))
    return str(frame.plant.unique()[codes[np.argmax(table.keys[:-1])]])
