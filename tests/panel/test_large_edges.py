"""Parquet tables read in pieces: damaged and unlike parts, keys of other kinds, folders, and disks without room."""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causal_service.errors import CallError, CausalServiceError, DataError, UnreadableFile
from causal_service.panel import large as large_panel
from causal_service.panel.panel import Panel
from causal_service.panel.reading import read_panel
from causal_service.panel.spilling import DamagedFile

ENTITIES, PERIODS = 60, 14
KEYS = {"entity": "plant", "period": "month"}


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    months = [str(month) for month in pd.period_range("2020-01", periods=PERIODS, freq="M")]
    keys = {"plant": np.repeat([f"p{i:03d}" for i in range(ENTITIES)], PERIODS), "month": months * ENTITIES}
    return pd.DataFrame(keys | {f"x{k}": rng.normal(size=ENTITIES * PERIODS) for k in range(3)})


def thirds(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.iloc[start : start + 280].copy() for start in (0, 280, 560)]


def put(content: pd.DataFrame | pa.Table | bytes, path: Path) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        whole = content if isinstance(content, pa.Table) else pa.Table.from_pandas(content, preserve_index=False)
        pq.write_table(whole, path)
    return path


def folder_of(where: Path, *contents: pd.DataFrame | pa.Table | bytes) -> Path:
    folder = where / "parts"
    folder.mkdir()
    for number, content in enumerate(contents):
        put(content, folder / f"{number}.parquet")
    return folder


def read(path: Path, stream: bool | None = True, **options: object) -> Panel:
    return read_panel(path, stream=stream, **(KEYS | options)).panel


def refused(path: Path, stream: bool | None = True, **options: object) -> CausalServiceError:
    with pytest.raises(CausalServiceError) as caught:
        read(path, stream, **options)
    error = caught.value
    assert error.what.zh != error.what.en and error.remedy.zh != error.remedy.en
    return error


def with_column(table: pd.DataFrame, column: str, cells: object) -> pa.Table:
    whole = pa.Table.from_pandas(table, preserve_index=False)
    return whole.set_column(whole.schema.get_field_index(column), column, cells)


def not_utf8(cells: list[str]) -> pa.Array:
    words = [cell.encode("gbk") for cell in cells]
    starts = np.cumsum([0, *map(len, words)]).astype(np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(words), [None, pa.py_buffer(starts.tobytes()), pa.py_buffer(b"".join(words))]
    )


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("how", ["empty", "zeros", "csv", "truncated"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_damaged_part_is_named(table, tmp_path, how, place):
    parts: list[pd.DataFrame | bytes] = list(thirds(table))
    whole = put(parts[place], tmp_path / "whole.parquet").read_bytes()
    csv = table.to_csv().encode()
    parts[place] = {"empty": b"", "zeros": bytes(999), "csv": csv, "truncated": whole[:-50]}[how]
    error = refused(folder_of(tmp_path, *parts))
    assert isinstance(error, UnreadableFile)
    assert error.code == "damaged-parquet"
    assert all(f"{place}.parquet" in text and "parts" in text for text in (error.what.zh, error.what.en))


def test_a_part_that_cannot_be_opened_is_named(table, tmp_path):
    folder = folder_of(tmp_path, table)
    (folder / "1.parquet").symlink_to(tmp_path / "nowhere")
    error = refused(folder)
    assert error.code == "cannot-open"
    assert "1.parquet" in error.what.en


def test_hidden_files_beside_the_parts_do_not_count(table, tmp_path):
    folder = folder_of(tmp_path, *thirds(table))
    (folder / "._0.parquet").write_bytes(b"of another system")
    assert len(read(folder).outline.entities) == ENTITIES


@pytest.mark.parametrize("empty", [(0,), (0, 2)])
def test_a_column_that_is_empty_in_some_parts_is_the_number_it_is_elsewhere(table, tmp_path, empty):
    table.loc[np.isin(np.arange(len(table)) // 280, empty), "x1"] = np.nan
    parts = thirds(table)
    for place in empty:
        parts[place] = parts[place].assign(x1=None)
    panel = read(folder_of(tmp_path, *parts))
    memory = read(put(table, tmp_path / "whole.parquet"), False)
    np.testing.assert_array_equal(panel.values, memory.values)


def test_a_column_that_is_empty_everywhere_is_an_indicator_as_in_memory(table, tmp_path):
    path = put(table.assign(x1=None), tmp_path / "a.parquet")
    panel, memory = read(path), read(path, False)
    assert panel.behind is not None
    assert panel.indicators == memory.indicators == ("x0", "x1", "x2")
    np.testing.assert_array_equal(panel.values, memory.values)


@pytest.mark.parametrize(
    ("column", "cells", "kind"),
    [
        ("x1", "3.5", "text"),
        ("x1", pd.Timestamp("2020-01-01"), "dates with a time"),
        ("x1", [1.0], "lists or records"),
        ("plant", 7, "numbers"),
        ("month", pd.Timestamp("2020-01-01"), "dates with a time"),
    ],
)
def test_a_column_of_another_kind_in_a_later_part_is_refused(table, tmp_path, column, cells, kind):
    parts = thirds(table)
    parts[1][column] = pd.Series([cells] * 280, index=parts[1].index)
    error = refused(folder_of(tmp_path, *parts))
    assert (type(error), error.code) == (DataError, "parts-differ")
    assert all(word in error.what.en for word in (column, "0.parquet", "1.parquet", kind))


def test_dates_with_and_without_a_time_are_no_common_period_column(table, tmp_path):
    parts = thirds(table.assign(month=pd.to_datetime(table.month)))
    parts[1]["month"] = parts[1]["month"].dt.date
    assert refused(folder_of(tmp_path, *parts)).code == "parts-differ"


def test_whole_numbers_decimals_and_truth_values_are_one_kind(table, tmp_path):
    parts = thirds(table.assign(x1=1.0))
    parts[1]["x1"], parts[2]["x1"] = 1, True
    panel = read(folder_of(tmp_path, *parts))
    assert (panel.values[:, :, 1] == 1).all()


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(4)])
def test_labels_stored_as_bytes_are_read_in_memory(table, tmp_path, kind):
    cells = pa.array([label.encode() for label in table.plant], kind)
    panel = read(put(with_column(table, "plant", cells), tmp_path / "a.parquet"))
    assert panel.behind is None
    assert panel.entities[0] == "p000"


KINDS = {
    "bytes": lambda cells: pa.array(cells).cast(pa.binary()),
    "lists or records": lambda cells: pa.array([[cell] for cell in cells]),
    "arrow.uuid": lambda cells: pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([cell.encode().ljust(16) for cell in cells], pa.binary(16))
    ),
    "duration[us]": lambda cells: pa.array([int(cell[1:]) for cell in cells], pa.duration("us")),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_folder_with_keys_of_another_kind_says_the_column_and_the_kind(table, tmp_path, kind):
    whole = with_column(table, "plant", KINDS[kind](list(table.plant)))
    error = refused(folder_of(tmp_path, whole.slice(0, 280), whole.slice(280)))
    assert isinstance(error, DataError)
    assert error.code == "not-plain-values"
    assert all(word in error.what.en for word in ("'plant'", "'parts'", kind))


@pytest.mark.parametrize("kind", ["list", "struct"])
def test_a_file_with_nested_keys_is_refused_as_in_memory(table, tmp_path, kind):
    cells = [[label] if kind == "list" else {"label": label} for label in table.plant]
    path = put(with_column(table, "plant", pa.array(cells)), tmp_path / "a.parquet")
    assert refused(path).what == refused(path, False).what


def test_periods_of_a_type_that_this_process_does_not_know_are_read_in_memory(table, tmp_path):
    """Periods of pandas are whole numbers to a process that has not met them yet."""
    path = put(table.assign(month=pd.PeriodIndex(table.month, freq="M")), tmp_path / "a.parquet")
    code = (
        "import sys; from causal_service.panel.reading import read_panel; "
        "panel = read_panel(sys.argv[1], stream=True, entity='plant', period='month').panel; "
        "print(panel.behind is None, panel.periods[0])"
    )
    command = [sys.executable, "-c", code, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert run.stdout.split() == ["True", "2020-01"], run.stderr


@pytest.mark.parametrize("columns", [[], ["label"], ["orders"]])
@pytest.mark.parametrize("folder", [False, True])
def test_a_table_without_numbers_has_no_indicators(table, tmp_path, columns, folder):
    narrow = table.assign(label="north", orders=1.0)[[*KEYS.values(), *columns]]
    path = folder_of(tmp_path, narrow) if folder else put(narrow, tmp_path / "a.parquet")
    error = refused(path, weight="orders" if columns == ["orders"] else None)
    assert (type(error), error.code) == (DataError, "no-indicators")


@pytest.mark.parametrize("how", ["header of a page", "content of pages"])
@pytest.mark.parametrize("folder", [False, True])
def test_damage_inside_a_file_is_said_and_the_disk_left_clean(table, tmp_path, scratch, how, folder):
    content = bytearray(put(table, tmp_path / "a.parquet").read_bytes())
    content[slice(*((10, 60) if how == "header of a page" else (500, 1100)))] = b"\xff" * (
        50 if how == "header of a page" else 600
    )
    rest = table.assign(plant="q" + table.plant)
    path = folder_of(tmp_path, rest, bytes(content)) if folder else put(bytes(content), tmp_path / "b.parquet")
    error = refused(path)
    assert (type(error), error.code) == (UnreadableFile, "damaged-parquet")
    assert ("1.parquet" if folder else "b.parquet") in error.what.en
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("column", ["plant", "month"])
@pytest.mark.parametrize("form", ["厂{}", "a厂{}"])
def test_keys_that_are_no_utf8_are_damage(table, tmp_path, scratch, column, form):
    cells = not_utf8([form.format(cell) for cell in table[column]])
    error = refused(put(with_column(table, column, cells), tmp_path / "a.parquet"))
    assert (error.code, error.params["file"]) == ("damaged-parquet", "a.parquet")
    assert not list(scratch.iterdir())


def test_what_a_worker_says_of_a_damaged_file_survives_the_way():
    assert str(pickle.loads(pickle.dumps(DamagedFile("/data/1.parquet")))) == "/data/1.parquet"


def test_without_a_temporary_folder_it_is_named(table, tmp_path, monkeypatch):
    path = put(table, tmp_path / "a.parquet")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    error = refused(path)
    assert (type(error), error.code) == (CallError, "cannot-write")
    assert str(tmp_path / "nowhere") in error.what.en
    assert "TMPDIR" in error.remedy.zh and "TMPDIR" in error.remedy.en


def test_a_full_disk_is_said_and_left_clean(table, tmp_path):
    """In a process that may write files of 10 kB only."""
    path, scratch = put(table, tmp_path / "a.parquet"), tmp_path / "scratch"
    scratch.mkdir()
    code = (
        "import resource, signal, sys; from causal_service.errors import CallError; "
        "from causal_service.panel.reading import read_panel\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try: read_panel(sys.argv[1], stream=True, entity='plant', period='month')\n"
        "except CallError as error: print(error.code, error.params['folder'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"TMPDIR": str(scratch)},
    )
    assert run.stdout.split() == ["cannot-write", str(scratch)], run.stderr
    assert not list(scratch.iterdir())


def test_a_file_that_is_gone_between_two_looks_is_named(table, tmp_path, monkeypatch):
    folder, grouped = folder_of(tmp_path, *thirds(table)), large_panel._grouped

    def late(*given):
        (folder / "1.parquet").unlink()
        return grouped(*given)

    monkeypatch.setattr(large_panel, "_grouped", late)
    error = refused(folder)
    assert error.code == "cannot-open"
    assert "1.parquet" in error.what.en


def test_a_folder_with_few_entities_says_how_many(table, tmp_path):
    error = refused(folder_of(tmp_path, table.iloc[: 4 * PERIODS], table.iloc[4 * PERIODS : 10 * PERIODS]))
    assert (type(error), error.code) == (DataError, "few-entities-in-pieces")
    assert (error.params["entities"], error.params["least"]) == (10, 15)


@pytest.mark.parametrize("kind", [str, "category"])
def test_a_folder_with_a_long_table_says_so(table, tmp_path, kind):
    long = table.melt(list(KEYS.values()), var_name="indicator").astype({"indicator": kind})
    error = refused(folder_of(tmp_path, long))
    assert (type(error), error.code) == (DataError, "long-in-pieces")
    assert "'indicator'" in error.what.en


def test_a_folder_with_the_periods_in_the_header_says_so(table, tmp_path):
    wide = table.melt(list(KEYS.values()), var_name="indicator").pivot(
        index=["plant", "indicator"], columns="month", values="value"
    )
    assert refused(folder_of(tmp_path, wide.reset_index())).code == "long-in-pieces"


def test_a_label_that_is_called_like_indicator_names_does_not_make_a_table_long(table, tmp_path):
    panel = read(folder_of(tmp_path, *thirds(table.assign(metric="monthly"))))
    assert panel.indicators == ("x0", "x1", "x2")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"period": None}, "folder-without-keys"),
        ({"entity": None}, "folder-without-keys"),
        ({"stream": False}, "folder-in-pieces"),
    ],
)
def test_a_folder_that_is_asked_for_in_another_way_says_what_it_needs(table, tmp_path, options, code):
    error = refused(folder_of(tmp_path, *thirds(table)), **options)
    assert (type(error), error.code) == (CallError, code)


def test_an_empty_folder_is_said_to_be_empty(tmp_path):
    assert refused(folder_of(tmp_path)).code == "empty-folder"


def test_parts_without_rows_are_said_to_have_none(table, tmp_path):
    assert refused(folder_of(tmp_path, table[:0], table[:0])).code == "header-only"


def test_a_part_without_rows_changes_nothing(table, tmp_path):
    whole = read(put(table, tmp_path / "whole.parquet"))
    panel = read(folder_of(tmp_path, table[:0], *thirds(table)))
    np.testing.assert_array_equal(panel.values, whole.values)


@pytest.mark.parametrize("inside", ["month=2020-01", "year=2020/month=1", "0.parquet"])
def test_parts_in_sub_folders_are_not_passed_over(table, tmp_path, inside):
    folder = folder_of(tmp_path, *([] if "=" in inside else [b""]))
    if "=" not in inside:
        (folder / inside).unlink()
    (folder / inside).mkdir(parents=True)
    put(table, folder / inside / "part.parquet")
    assert refused(folder).code == "parts-in-subfolders"


def test_a_folder_of_other_files_is_a_folder(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "a.csv").write_text("plant,month,x\na,2020-01,1\n")
    assert refused(folder).code == "is-directory"


def test_more_parts_than_files_may_be_open(table, tmp_path):
    folder = folder_of(tmp_path, *(table.iloc[start::140] for start in range(140)))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))
    try:
        panel = read(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(panel.outline.entities) == ENTITIES


def test_the_order_of_columns_may_differ_between_parts(table, tmp_path):
    whole = read(put(table, tmp_path / "whole.parquet"))
    first, second, third = thirds(table)
    panel = read(folder_of(tmp_path, first, second[second.columns[::-1]], third))
    np.testing.assert_array_equal(panel.values, whole.values)
    assert panel.fingerprint == whole.fingerprint


@pytest.mark.parametrize("how", ["renamed", "fewer", "more"])
def test_parts_with_other_columns_are_refused_by_the_name_of_one(table, tmp_path, how):
    parts = thirds(table)
    changed = {
        "renamed": parts[1].rename(columns={"x1": "y"}),
        "fewer": parts[1].drop(columns="x1"),
        "more": parts[1].assign(z=1.0),
    }[how]
    error = refused(folder_of(tmp_path, parts[0], changed, parts[2]))
    assert error.code == "parts-differ"
    assert ("'z'" if how == "more" else "'x1'") in error.what.en
