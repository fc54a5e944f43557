"""A large Parquet file becomes a sample with all rows behind it; it is refused for what a small one is refused for."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import causal_service as cs
from causal_service import pipeline
from causal_service.errors import CausalServiceError
from causal_service.panel import large as large_panel
from causal_service.panel import parquet_table, spilling
from causal_service.panel.checks import check
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.direct_file import BLOCK
from causal_service.panel.panel import Panel
from causal_service.panel.reading import read_panel
from causal_service.panel.spilling import FIRST_COLUMN, read_partition

KEYS = {"entity": "plant", "period": "month"}


def read(frame: pd.DataFrame, folder: Path, stream: bool | None = True, **options) -> Panel:
    path = folder / "panel.parquet"
    frame.to_parquet(path, index=False)
    return read_panel(path, stream=stream, **(KEYS | options)).panel


def test_the_sample_is_the_panel_where_it_fits(simulated, tmp_path):
    frame = simulated.frame(0, entities=20, gaps=0.05).sample(frac=1, random_state=0)
    memory, pieces = read(frame, tmp_path, False), read(frame, tmp_path)
    assert (pieces.entities, pieces.periods, pieces.indicators) == (memory.entities, memory.periods, memory.indicators)
    np.testing.assert_array_equal(pieces.values, memory.values)
    assert pieces.frequency == memory.frequency == "month"


def test_the_sample_depends_on_content_alone(simulated, tmp_path, monkeypatch):
    monkeypatch.setattr(large_panel, "SAMPLE_ROWS", 300)
    monkeypatch.setattr(large_panel, "SAMPLE_ENTITIES", 5)
    frame = simulated.frame(0, entities=60)
    one = read(frame, tmp_path)
    other = read(frame.sample(frac=1, random_state=3), tmp_path)
    assert len(one.entities) == 22
    assert one.entities == other.entities
    np.testing.assert_array_equal(one.values, other.values)
    assert one.outline.present.shape == (60, 14)


@pytest.mark.parametrize(("grouped", "decoded", "fewest"), [(37, 0, 50), (37, 8 * 7 * 90, 1), (5, 32 << 20, 1)])
@pytest.mark.parametrize("exact", [0.5, 20])
def test_how_many_rows_are_decoded_and_grouped_at_once_changes_nothing(
    tmp_path, monkeypatch, grouped, decoded, fewest, exact
):
    """Gaps come as nulls, as NaN and as both; cells beyond float32 and whole numbers are among them. The first reading
    goes through the page cache, the second past it."""
    rng = np.random.default_rng(1)
    keys = {
        "plant": np.repeat([f"p{i:02d}" for i in range(60)], 12),
        "month": [f"2024-{m:02d}" for m in range(1, 13)] * 60,
    }
    cells, null = rng.normal(size=(5, 720)), rng.random((5, 720)) < 0.1
    cells[:3][rng.random((3, 720)) < 0.1] = np.nan
    cells[1, 700], null[1, 700] = 1e39 if exact == 20 else 1.0, False
    columns = {f"k{j}": pa.array(x, mask=gone) for j, (x, gone) in enumerate(zip(cells, null, strict=True))}
    columns["k4"] = pa.array(rng.integers(0, 9, 720), mask=null[4])
    path = tmp_path / "panel.parquet"
    pq.write_table(pa.table({**{k: list(v) for k, v in keys.items()}, **columns}), path, row_group_size=250)
    for name, value in (
        ("SAMPLE_ROWS", 300),
        ("SAMPLE_ENTITIES", 5),
        ("PARTITION_BYTES", 3000),
        ("EXACT_SAMPLES", exact),
    ):
        monkeypatch.setattr(large_panel, name, value)
    whole = read_panel(path, stream=True, **KEYS).panel
    for name, value in (
        ("GROUPED_BYTES", 0),
        ("_FEWEST_GROUPED", grouped),
        ("SHORT_STRETCH", 0),
        ("DECODED_BYTES", decoded),
        ("_FEWEST_DECODED", fewest),
    ):
        monkeypatch.setattr(spilling, name, value)
    parts = read_panel(path, stream=True, **KEYS).panel
    gone = null | np.isnan(cells)
    gone[4] = null[4]
    np.testing.assert_array_equal(parts.behind.missing, gone.sum(axis=1))
    np.testing.assert_array_equal(whole.behind.missing, gone.sum(axis=1))
    assert parts.fingerprint == whole.fingerprint
    assert len(whole.behind.partitions) > 3
    assert [{piece[1] for q in read.behind.partitions for piece in q.pieces} for read in (whole, parts)] == [
        {False},
        {True},
    ]
    for one, other in zip(whole.behind.partitions, parts.behind.partitions, strict=True):
        found = read_partition(one)
        kept = found.key.copy(), found.time.copy(), found.rows[:, FIRST_COLUMN:].copy()  # memory is used again
        found = read_partition(other)
        for mine, theirs in zip(kept, (found.key, found.time, found.rows[:, FIRST_COLUMN:]), strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("exact", [1, 20])
def test_grouped_rows_stand_in_whole_blocks_and_zeros(simulated, tmp_path, monkeypatch, exact):
    """Partitions fill the file but for zeros up to the next block behind every piece; nothing is left open."""
    for module, name, value in (
        *((large_panel, name, value) for name, value in (("SAMPLE_ROWS", 100), ("SAMPLE_ENTITIES", 5))),
        *((large_panel, name, value) for name, value in (("PARTITION_BYTES", 9000), ("EXACT_SAMPLES", exact))),
        *((spilling, name, value) for name, value in (("GROUPED_BYTES", 0), ("_FEWEST_GROUPED", 300))),
        (spilling, "SHORT_STRETCH", 0),
    ):
        monkeypatch.setattr(module, name, value)
    opened = len(os.listdir("/proc/self/fd"))
    panel = read(simulated.frame(0, entities=150, gaps=0.05), tmp_path)
    partitions = panel.behind.partitions
    assert len({partition.exact for partition in partitions}) == (2 if exact == 1 else 1)
    (path,) = {piece[0] for partition in partitions for piece in partition.pieces}
    content, used = np.fromfile(path, np.uint8), np.zeros(Path(path).stat().st_size, np.int64)
    for partition in partitions:
        for start, stop in partition.pieces[0][2]:
            used[start:stop] += 1
        assert read_partition(partition).key.size
    assert content.size % BLOCK == 0
    assert used.max() == 1
    assert not content[used == 0].any()
    edges = np.flatnonzero(np.diff(np.concatenate([[1], used, [1]]))).reshape(-1, 2)
    assert len(edges) > 3
    assert (edges[:, 1] % BLOCK == 0).all()
    assert (edges[:, 1] - edges[:, 0] < BLOCK).all()
    assert len(os.listdir("/proc/self/fd")) == opened
    os.truncate(path, content.size - 2 * BLOCK)
    with pytest.raises(OSError, match="shorter than it was"):
        for partition in partitions:
            read_partition(partition)
    assert len(os.listdir("/proc/self/fd")) == opened


def test_long_stretches_are_written_past_the_page_cache(simulated, tmp_path, monkeypatch):
    frame = simulated.frame(0, entities=60)
    row = 4 * (FIRST_COLUMN + len(frame.columns) - len(KEYS))
    monkeypatch.setattr(large_panel, "PARTITION_BYTES", 5000)
    count = len(read(frame, tmp_path).behind.partitions)
    assert count > 3
    for limit, direct in ((len(frame) * row // count, True), (len(frame) * row // count + 1, False)):
        monkeypatch.setattr(spilling, "SHORT_STRETCH", limit)
        partitions = read(frame, tmp_path).behind.partitions
        assert {piece[1] for partition in partitions for piece in partition.pieces} == {direct}


def test_the_fingerprint_is_of_the_content_and_not_of_the_file(simulated, tmp_path, monkeypatch):
    frame = simulated.frame(0, entities=20, gaps=0.05)
    frame["orders"] = np.arange(len(frame)) % 7
    first = read(frame, tmp_path).fingerprint
    monkeypatch.setattr(large_panel, "UNIT_ROWS", 100)
    path = tmp_path / "again.parquet"
    again = frame[[*KEYS.values(), *sorted(frame.columns.drop([*KEYS.values()]), reverse=True)]]
    again.sample(frac=1, random_state=1).to_parquet(path, index=False, compression="gzip", row_group_size=90)
    assert read_panel(path, stream=True, **KEYS).panel.fingerprint == first


@pytest.mark.parametrize("how", ["last digit", "gap", "swap", "two months", "two plants", "label", "row", "name"])
def test_whatever_changes_changes_the_fingerprint(simulated, tmp_path, how):
    frame = simulated.frame(0, entities=20)
    first = read(frame, tmp_path).fingerprint
    name = frame.columns.drop([*KEYS.values()])[0]
    column = frame.columns.get_loc(name)
    if how == "last digit":
        frame.iloc[5, column] = np.nextafter(frame.iloc[5, column], np.inf)
    elif how == "gap":
        frame.iloc[5, column] = np.nan
    elif how in ("swap", "two months"):
        assert frame["plant"].iloc[5] == frame["plant"].iloc[6]
        columns = [column] if how == "swap" else list(range(2, frame.shape[1]))
        frame.iloc[[5, 6], columns] = frame.iloc[[6, 5], columns].to_numpy()
    elif how == "two plants":
        one, other = frame["plant"].unique()[:2]
        frame["plant"] = frame["plant"].replace({one: other, other: one})
    elif how == "label":
        frame["plant"] = frame["plant"].replace(frame["plant"].iloc[0], "elsewhere")
    elif how == "row":
        frame = frame.drop(index=frame.index[-1])
    else:
        frame = frame.rename(columns={name: f"{name}_2"})
    assert read(frame, tmp_path).fingerprint != first


def test_large_files_are_read_in_pieces_unless_asked_otherwise(simulated, tmp_path, monkeypatch):
    frame = simulated.frame(0)
    assert read(frame, tmp_path, None).behind is None
    monkeypatch.setattr(parquet_table, "LARGE_CELLS", 1000)
    assert read(frame, tmp_path, None).behind is not None
    assert read(frame, tmp_path, False).behind is None


def test_a_folder_of_parts_is_one_panel(simulated, tmp_path):
    frame = simulated.frame(0, gaps=0.05)
    whole = read(frame, tmp_path)
    parts = tmp_path / "parts"
    parts.mkdir()
    for i in range(3):
        frame.iloc[i::3].to_parquet(parts / f"part-{i}.parquet", index=False)
    panel = read_panel(parts, **KEYS).panel
    assert panel.behind is not None
    np.testing.assert_array_equal(panel.values, whole.values)


def test_periods_as_categories_in_any_order_and_beyond_the_rows_of_a_part(simulated, tmp_path):
    frame = simulated.frame(0, gaps=0.05)
    whole = read(frame, tmp_path)
    months = sorted(frame["month"].unique())
    frame["month"] = frame["month"].astype(pd.CategoricalDtype([*months, "2099-01"]))
    backwards = read(frame.iloc[::-1], tmp_path)
    np.testing.assert_array_equal(backwards.values, whole.values)
    parts = tmp_path / "parts"
    parts.mkdir()
    for name, half in (("a", months[7:]), ("b", months[:7])):
        frame[frame["month"].isin(half)].to_parquet(parts / f"{name}.parquet", index=False)
    panel = read_panel(parts, **KEYS).panel
    assert panel.periods == whole.periods
    np.testing.assert_array_equal(panel.values, whole.values)


@pytest.fixture
def float32(monkeypatch):
    """Small parts, of which only the first ones are kept as float64."""
    for name, value in (("SAMPLE_ROWS", 300), ("SAMPLE_ENTITIES", 5), ("PARTITION_BYTES", 5000), ("EXACT_SAMPLES", 2)):
        monkeypatch.setattr(large_panel, name, value)


def kept(panel: Panel) -> set[bool]:
    return {partition.exact for partition in panel.behind.partitions}


def test_the_sample_is_exact_where_most_rows_are_kept_as_float32(simulated, tmp_path, float32):
    frame = simulated.frame(0, entities=200, gaps=0.05).sample(frac=1, random_state=0)
    memory, pieces = read(frame, tmp_path, False), read(frame, tmp_path)
    assert kept(pieces) == {True, False}
    members = [memory.entities.index(name) for name in pieces.entities]
    np.testing.assert_array_equal(pieces.values, memory.values[members])


@pytest.mark.parametrize(
    "coarse",
    [
        lambda x: 1e6 + x / 100,  # hardly moves beside its level
        lambda x: x * 1e-44,  # below the numbers that float32 knows
        lambda x: np.where(x == x.max(), 1e39, x),  # above them, once
    ],
)
def test_where_float32_is_too_coarse_all_rows_are_kept_as_float64(simulated, tmp_path, float32, coarse):
    frame = simulated.frame(0, entities=200)
    assert kept(read(frame, tmp_path)) == {True, False}
    frame["rating"] = coarse(frame["rating"])
    assert kept(read(frame, tmp_path)) == {True}


def test_digits_beyond_float32_change_the_fingerprint(simulated, tmp_path, float32):
    frame = simulated.frame(0, entities=200)
    first = read(frame, tmp_path)
    sampled = set(first.entities)
    row = int(np.flatnonzero(~frame["plant"].isin(sampled))[0])
    name = frame.columns.drop([*KEYS.values()])[0]
    frame.loc[frame.index[row], name] = np.nextafter(frame[name].iloc[row], np.inf)
    other = read(frame, tmp_path)
    assert kept(other) == {True, False}
    assert other.fingerprint != first.fingerprint


def test_as_many_as_the_sample_needs_where_it_is_larger_than_planned(simulated, tmp_path, float32, monkeypatch):
    frame = simulated.frame(0, entities=200)
    planned = read(frame, tmp_path)
    monkeypatch.setattr(large_panel, "SAMPLE_ENTITIES", 100)
    panel = read(frame, tmp_path)
    assert (kept(planned), kept(panel), len(panel.entities)) == ({True, False}, {True, False}, 100)
    assert panel.fingerprint == planned.fingerprint
    memory = read(frame, tmp_path, False)
    np.testing.assert_array_equal(panel.values, memory.values[[memory.entities.index(e) for e in panel.entities]])


@pytest.mark.parametrize("entities", [200, 8])
def test_rows_that_are_not_wanted_leave_the_disk_before_others_are_written(
    simulated, tmp_path, float32, monkeypatch, entities
):
    frame = simulated.frame(0, entities=entities)
    rounded = read(frame, tmp_path)
    frame["orders"] = np.where(frame.index == 20, 1e39, 1.0)
    monkeypatch.setattr(large_panel.tempfile, "tempdir", str(tmp_path))
    grouped, folders = large_panel._grouped, []

    def watched(*given):
        folders.append(len(list(tmp_path.glob("causal-service-*"))))
        return grouped(*given)

    monkeypatch.setattr(large_panel, "_grouped", watched)
    exact = read(frame, tmp_path)
    assert folders == ([1, 1] if entities == 200 else [1])
    assert len(list(tmp_path.glob("causal-service-*"))) == (entities == 200)
    assert (rounded.behind is None) == (exact.behind is None) == (entities == 8)


def test_the_second_reading_gives_the_same_fingerprint(simulated, tmp_path, float32, monkeypatch):
    frame = simulated.frame(0, entities=200)
    first = read(frame, tmp_path)
    monkeypatch.setattr(large_panel, "FINEST_ROUNDING", 0.0)
    second = read(frame, tmp_path)
    assert (kept(first), kept(second)) == ({True, False}, {True})
    assert first.fingerprint == second.fingerprint


def test_weights_too_small_for_float32_are_kept_as_float64(simulated, tmp_path, float32):
    frame = simulated.frame(0, entities=200)
    frame["orders"] = 1.0 + np.arange(len(frame)) % 9
    assert kept(read(frame, tmp_path, weight="orders")) == {True, False}
    frame["orders"] *= 1e-47
    memory, pieces = read(frame, tmp_path, False, weight="orders"), read(frame, tmp_path, weight="orders")
    assert kept(pieces) == {True}
    members = [memory.entities.index(name) for name in pieces.entities]
    np.testing.assert_array_equal(pieces.weights, memory.weights[members])
    frame.loc[frame.index[-1], "orders"] = -1e-50
    with pytest.raises(CausalServiceError) as caught:
        read(frame, tmp_path, weight="orders")
    assert caught.value.code == "negative-weights"


def test_whole_numbers_beyond_those_of_float64_are_rounded_as_in_memory(simulated, tmp_path):
    frame = simulated.frame(0)
    frame["orders"] = 2**53 + 1 + 2 * np.arange(len(frame), dtype=np.int64)
    memory, pieces = read(frame, tmp_path, False), read(frame, tmp_path)
    np.testing.assert_array_equal(pieces.values, memory.values)


def test_whole_numbers_and_constants_do_not_call_for_float64(simulated, tmp_path, float32):
    frame = simulated.frame(0, entities=200)
    frame["rating"] = (1e6 + 1000 * frame["rating"]).round()
    frame["area"] = frame["plant"].astype("category").cat.codes + 1 / 3
    assert kept(read(frame, tmp_path)) == {True, False}


def test_a_few_entities_are_read_into_memory(simulated, tmp_path):
    assert read(simulated.frame(0, entities=8), tmp_path).behind is None


def test_findings_say_what_was_checked_on_a_sample_and_count_all_rows(simulated, tmp_path, monkeypatch):
    monkeypatch.setattr(large_panel, "SAMPLE_ROWS", 300)
    monkeypatch.setattr(large_panel, "SAMPLE_ENTITIES", 5)
    frame = simulated.frame(0, entities=60)
    frame.loc[frame.index[::4], "visits"] = np.nan
    frame = frame.drop(index=[3, 700])
    found = {f.code: f for f in check(read(frame, tmp_path), Dictionary(), ["rating"])}
    assert found["checked-on-sample"].params == {"entities": 22, "of": 60, "rows": 838}
    assert found["regime"].params["entities"] == 60
    assert found["calendar-gap"].params["cells"] == 1 + (700 % 14 not in (0, 13))
    assert found["missing-values"].params["shares"] == pytest.approx((frame.visits.isna().mean(),))
    assert found["sufficiency"].params["effective_rows"] == 838 - 60 - 14 + 1


def broken(frame: pd.DataFrame, how: str) -> pd.DataFrame:
    at = frame.index[5]
    if how == "duplicate-keys":
        return pd.concat([frame, frame.loc[[at]]])
    if how == "missing-entity":
        frame.loc[at, "plant"] = None
    elif how == "missing-period":
        frame.loc[at, "month"] = None
    elif how == "infinite-values":
        frame.loc[at, "rating"] = np.inf
    elif how == "negative-weights":
        frame.loc[at, "orders"] = -1.0
    elif how == "text-in-numbers":
        return frame.assign(orders=frame.orders.astype(str))
    return frame


@pytest.mark.parametrize(
    "how",
    ["duplicate-keys", "missing-entity", "missing-period", "infinite-values", "negative-weights", "text-in-numbers"],
)
def test_refused_with_code_and_remedy(simulated, tmp_path, how):
    frame = broken(simulated.frame(0).assign(orders=2.0), how)
    with pytest.raises(CausalServiceError) as caught:
        read(frame, tmp_path, weight="orders")
    assert caught.value.code == how
    assert caught.value.what.zh and caught.value.remedy.en


def test_rows_on_disk_are_removed_with_the_panel(simulated, tmp_path):
    panel = read(simulated.frame(0), tmp_path)
    scratch = Path(panel.behind.scratch.name)
    assert list(scratch.glob("*.rows"))
    del panel
    assert not scratch.exists()


@pytest.mark.parametrize("cell", [1e101, -1e300, np.inf])
def test_values_beyond_the_largest_are_refused_as_in_memory(simulated, tmp_path, cell):
    frame = simulated.frame(0, entities=20)
    frame.loc[3, "visits"] = cell
    for stream in (False, True):
        with pytest.raises(CausalServiceError) as refused:
            read(frame, tmp_path, stream)
        assert refused.value.code == "infinite-values"
        assert "1e+100" in refused.value.what.en
    frame.loc[3, "visits"] = 1e99
    assert read(frame, tmp_path).behind is not None


def test_a_study_leaves_no_rows_on_disk(simulated, tmp_path, monkeypatch):
    """Nothing but the end of the study is waited for: the panel may live on, held by whoever looked at it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held: list[Panel] = []
    reading = pipeline.read_panel

    def read_and_hold(*given, **options):
        found = reading(*given, **options)
        held.append(found.panel)
        assert list(tmp_path.glob("causal-service-*"))
        return found

    monkeypatch.setattr(pipeline, "read_panel", read_and_hold)
    path = tmp_path / "panel.parquet"
    simulated.frame(0, entities=20).to_parquet(path, index=False)
    cs.study(path, outcome="rating", stream=True, resamples=20, **KEYS)
    assert held[0].behind is not None
    assert not list(tmp_path.glob("causal-service-*"))


@pytest.mark.parametrize(("size", "said"), [(0.0, False), (12.0, True)])
def test_trends_of_entities_that_stay_in_are_said(simulated, tmp_path, size, said):
    frame = simulated.frame(0, entities=30, periods=36)
    slope, month = np.random.default_rng(0).normal(size=30), np.tile(np.arange(36), 30)
    for name in ("cycle", "ontime", "rating", "visits"):
        frame[name] += size * slope[pd.factorize(frame.plant)[0]] * month / 36
    path = tmp_path / "panel.parquet"
    frame.to_parquet(path, index=False)
    codes = {
        stream: {f.code for f in cs.study(path, outcome="rating", stream=stream, resamples=20, **KEYS).findings}
        for stream in (False, True)
    }
    assert ("entity-trends-kept" in codes[True], "entity-trends" in codes[False]) == (said, said)
    assert "entity-trends" not in codes[True]
    assert "entity-trends-kept" not in codes[False]
