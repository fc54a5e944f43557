"""Every bad input: one line what, one line remedy, in both languages, with names, rows and values."""

from __future__ import annotations

import gzip
import io
import time
import zipfile

import numpy as np
import pandas as pd
import pytest

from causal_service.errors import CallError, CausalServiceError, DataError, UnknownName, UnreadableFile
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.reading import read_panel

GOOD = "plant,month,cycle,score\nA,2024-01,5,80\nA,2024-02,6,81\nB,2024-01,4,90\nB,2024-02,5,88\n"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "hello")
    return buffer.getvalue()


def truncated_parquet() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"plant": ["A"], "month": ["2024-01"], "x": [1]}).to_parquet(buffer)
    return buffer.getvalue()[:-40]


def line(number: int, text: str) -> str:
    """Return the good file with one line replaced."""
    lines = GOOD.splitlines()
    lines[number - 1] = text
    return "\n".join(lines) + "\n"


CASES = {
    "empty": (b"", UnreadableFile, "empty-file", ()),
    "blank": (b" \n\n  \n", UnreadableFile, "empty-file", ()),
    "header only": (b"plant,month,cycle\n", UnreadableFile, "header-only", ()),
    "header and blank rows": (b"plant,month,cycle\n,,\n,,\n", UnreadableFile, "header-only", ()),
    "one row": (b"plant,month,cycle\nA,2024-01,5\n", DataError, "one-row", ()),
    "binary": (bytes(range(256)) * 20, UnreadableFile, "not-text", ()),
    "random": (np.random.default_rng(0).bytes(5000), UnreadableFile, "not-text", ()),
    "pdf": (b"%PDF-1.7\n\x00\x01\x02 binary\xff\xfe", UnreadableFile, "not-text", ()),
    "gzip of nothing": (gzip.compress(b""), UnreadableFile, "empty-file", ()),
    "truncated gzip": (gzip.compress(GOOD.encode() * 50)[:60], UnreadableFile, "damaged-gzip", ()),
    "zip": (zipped(), UnreadableFile, "not-a-table", ("zip",)),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, UnreadableFile, "old-excel", (".xls",)),
    "broken excel": (b"PK\x03\x04 xl/workbook nonsense", UnreadableFile, "damaged-excel", ()),
    "truncated parquet": (truncated_parquet(), UnreadableFile, "damaged-parquet", ()),
    "one column": (b"hello\nworld\nagain\n", UnreadableFile, "no-table", ()),
    "two columns of one name": (
        GOOD.replace("score", "cycle").encode(),
        DataError,
        "duplicate-columns",
        ("cycle", "3/4"),
    ),
    "same name, other width": (
        GOOD.replace("score", "ｃｙｃｌｅ").encode(),
        DataError,
        "duplicate-columns",
        ("cycle",),
    ),
    "column without name": (GOOD.replace("score", "").encode(), DataError, "unnamed-column", ("Column 4",)),
    "text in numbers": (
        line(4, "B,2024-01,four,90").encode(),
        DataError,
        "text-in-numbers",
        ("cycle", "four", "line 4"),
    ),
    "decimal comma": (
        GOOD.replace(",", ";").replace("5;", "5,5;").encode(),
        DataError,
        "decimal-commas",
        ("5,5",),
    ),
    "infinite": (line(3, "A,2024-02,inf,81").encode(), DataError, "infinite-values", ("cycle", "line 3")),
    "too large for a float": (line(3, "A,2024-02,1e999,81").encode(), DataError, "infinite-values", ("line 3",)),
    "pair twice": (
        (GOOD + "A,2024-02,7,80\n").encode(),
        DataError,
        "duplicate-keys",
        ("A/2024-02", "line 3, 6"),
    ),
    "mixed periods": (line(3, "A,2024Q1,6,81").encode(), DataError, "mixed-periods", ("2024Q1", "2024-01", "line 3")),
    "unreadable period": (line(3, "A,someday,6,81").encode(), DataError, "unreadable-period", ("someday", "line 3")),
    "missing period": (line(3, "A,,6,81").encode(), DataError, "missing-period", ("line 3",)),
    "missing entity": (line(3, ",2024-02,6,81").encode(), DataError, "missing-entity", ("plant", "line 3")),
    "decimal commas": (line(3, 'A,2024-02,"6,5",81').encode(), DataError, "decimal-commas", ("6,5", "decimal points")),
    "decimal commas throughout": (
        b"plant;month;cycle;score\nA;2024-01;1,63;5\nA;2024-02;1.632,5;6\nB;2024-01;2,1;5\n",
        DataError,
        "decimal-commas",
        ("1,63", "1.632,5", "thousand"),
    ),
    "ragged": (line(3, "A,2024-02,6,81,99").encode(), UnreadableFile, "ragged-file", ("line 3", "5 fields")),
    "chinese cut in half": (GOOD.replace("A", "甲").encode("gb18030")[:-3] + b"\xbc", UnreadableFile, "not-text", ()),
    "open quote": (line(3, 'A,2024-02,"6,81').encode(), UnreadableFile, "ragged-file", ("line 3",)),
    "endless cell": (line(3, f"A,2024-02,6,{'8' * 140_000}").encode(), UnreadableFile, "ragged-file", ("131,072",)),
    "endless header": (GOOD.replace("score", "s" * 140_000).encode(), UnreadableFile, "ragged-file", ("line 1",)),
    "no measurement": (line(3, "A,2024-02,1e200,81").encode(), DataError, "infinite-values", ("1e+100", "line 3")),
    "no indicators": (b"plant,month,note\nA,2024-01,x\nA,2024-02,y\n", DataError, "no-indicators", ()),
    "no entity column": (GOOD.replace("plant", "plnat").encode(), UnknownName, "unknown-column", ("plant", "plnat")),
    "no period column": (GOOD.replace("month", "moment").encode(), UnknownName, "unknown-column", ("month", "moment")),
}


def assert_complete(error: CausalServiceError) -> None:
    for text in (error.what, error.remedy):
        assert text.zh.endswith("。")
        assert text.en.endswith(".")
        assert "\n" not in text.zh + text.en


@pytest.mark.parametrize("case", CASES)
def test_bad_files(tmp_path, case):
    content, kind, code, mentions = CASES[case]
    path = tmp_path / "panel.csv"
    path.write_bytes(content)
    with pytest.raises(kind) as caught:
        read_panel(path, entity="plant", period="month")
    assert caught.value.code == code
    assert_complete(caught.value)
    for word in mentions:
        assert word in str(caught.value)


@pytest.mark.parametrize("extension", ["csv", "xlsx", "parquet", "csv.gz"])
def test_the_extension_does_not_decide(tmp_path, extension):
    path = tmp_path / f"panel.{extension}"
    path.write_text(GOOD)
    assert read_panel(path, entity="plant", period="month").panel.regime == "panel"


def test_rows_are_file_lines_even_after_blank_and_quoted_lines(tmp_path):
    path = tmp_path / "panel.csv"
    path.write_text('plant,month,note,x\nA,2024-01,"two\nlines",1\n\nA,2024-02,b,oops\nA,2024-03,c,3\n')
    with pytest.raises(DataError) as caught:
        read_panel(path, entity="plant", period="month")
    assert caught.value.params["rows"] == [5]


def test_first_five_rows_are_shown_and_counted(tmp_path):
    path = tmp_path / "panel.csv"
    rows = [f"A,{2000 + i},{'x' if i % 2 else i},1" for i in range(40)]
    path.write_text("plant,year,a,b\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError) as caught:
        read_panel(path, entity="plant", period="year")
    assert caught.value.params["rows"] == [3, 5, 7, 9, 11]
    assert caught.value.params["count"] == 20
    assert "… (20)" in caught.value.what.en


def test_excel_errors_name_the_row_of_the_sheet(tmp_path):
    path = tmp_path / "panel.xlsx"
    frame = pd.DataFrame({"plant": ["A", "A"], "month": ["2024-01", "2024-02"], "x": [1, "bad"]})
    frame.to_excel(path, index=False)
    with pytest.raises(DataError) as caught:
        read_panel(path, entity="plant", period="month")
    assert "row 3" in caught.value.what.en


@pytest.mark.parametrize("stream", [False, True])
def test_a_truncated_parquet_file_is_to_be_written_again(tmp_path, stream):
    path = tmp_path / "panel.parquet"
    path.write_bytes(truncated_parquet())
    with pytest.raises(UnreadableFile) as caught:
        read_panel(path, entity="plant", period="month", stream=stream)
    assert caught.value.remedy.en == "Write this file again."


def test_a_workbook_damaged_anywhere_is_said_to_be_damaged(tmp_path):
    path = tmp_path / "panel.xlsx"
    frame = pd.DataFrame({"plant": ["A", "A"], "month": ["2024-01", "2024-02"], "x": [1, 2]})
    frame.to_excel(path, index=False)
    whole = path.read_bytes()
    codes = set()
    for place in range(40, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            read_panel(path, entity="plant", period="month")
        except CausalServiceError as error:
            codes.add(error.code)
    assert "damaged-excel" in codes


@pytest.mark.parametrize(("cell", "kind"), [(b"\xff\x00", "bytes"), ([1, 2], "lists"), ({"a": 1}, "records")])
def test_cells_that_are_no_values_are_refused(tmp_path, cell, kind):
    path = tmp_path / "panel.parquet"
    pd.DataFrame({"plant": ["A", "B"], "month": ["2024-01"] * 2, "x": [1, 2], "odd": [cell, cell]}).to_parquet(path)
    with pytest.raises(DataError) as caught:
        read_panel(path, entity="plant", period="month")
    assert (caught.value.code, caught.value.params["column"]) == ("not-plain-values", "odd")
    assert kind in caught.value.what.en


def test_text_stored_as_bytes_is_text(tmp_path):
    path = tmp_path / "panel.parquet"
    months = ["2024-01", "2024-02"] * 2
    pd.DataFrame({"plant": [b"A", b"A", b"B", b"B"], "month": months, "x": [1, 2, 3, 5]}).to_parquet(path)
    assert read_panel(path, entity="plant", period="month").panel.entities == ("A", "B")


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_ten_thousand_columns_are_refused_by_the_header(tmp_path, kind):
    path = tmp_path / f"wide.{kind}"
    names = [f"c{i}" for i in range(10_000)]
    frame = pd.DataFrame(np.zeros((3, 10_000)), columns=names)
    if kind == "csv":
        body = ",".join(["0"] * 10_000)
        path.write_text(",".join(names) + "\n" + "\n".join([body] * 300) + "\n")
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.iloc[:1].to_excel(path, index=False)
    start = time.process_time()
    with pytest.raises(UnreadableFile) as caught:
        read_panel(path)
    assert caught.value.code == "too-many-columns"
    assert "10,000" in caught.value.what.en
    assert "500" in caught.value.what.en
    assert time.process_time() - start < 3
    assert_complete(caught.value)


def test_missing_file_and_directory(tmp_path):
    (tmp_path / "plants.csv").write_text(GOOD)
    for path, code in ((tmp_path / "plant.csv", "no-such-file"), (tmp_path, "is-directory")):
        with pytest.raises(CallError) as caught:
            read_panel(path, entity="plant", period="month")
        assert caught.value.code == code
    with pytest.raises(CallError) as caught:
        read_panel(tmp_path / "plant.csv")
    assert "plants.csv" in caught.value.remedy.en


def test_a_column_in_two_files_names_both(tmp_path):
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(DataError) as caught:
        read_panel([tmp_path / "one.csv", tmp_path / "two.csv"], entity="plant", period="month")
    assert caught.value.code == "column-in-two-files"
    for word in ("one.csv", "two.csv", "cycle"):
        assert word in caught.value.what.en
    assert_complete(caught.value)


def test_two_columns_for_one_indicator(tmp_path):
    (tmp_path / "p.csv").write_text(GOOD)
    dictionary = read_dictionary({"indicators": {"cycle": {"name": {"zh": "周期", "en": "score"}}}})
    with pytest.raises(DataError) as caught:
        read_panel(tmp_path / "p.csv", entity="plant", period="month", dictionary=dictionary)
    assert caught.value.code == "duplicate-columns"


def test_an_ambiguous_display_name_is_refused(frame):
    dictionary = read_dictionary({"indicators": {"a": {"name": "Score"}, "b": {"name": "score"}}})
    with pytest.raises(CallError) as caught:
        read_panel(frame.rename(columns={"x00": "Score"}), entity="plant", period="month", dictionary=dictionary)
    assert caught.value.code == "ambiguous-name"
    assert "a, b" in caught.value.what.en


def test_text_in_a_declared_indicator_is_never_set_aside(frame):
    frame["grade"] = "good"
    dictionary = read_dictionary({"indicators": {"grade": {}}})
    assert read_panel(frame, entity="plant", period="month").findings[0].code == "text-columns"
    with pytest.raises(DataError) as caught:
        read_panel(frame, entity="plant", period="month", dictionary=dictionary)
    assert caught.value.code == "text-in-numbers"
    assert "grade" in caught.value.what.en


@pytest.mark.parametrize(
    ("weights", "code", "kind"),
    [
        ([-1.0], "negative-weights", DataError),
        (["many"], "text-in-numbers", DataError),
        (None, "unknown-column", CallError),
    ],
)
def test_bad_weights(frame, weights, code, kind):
    if weights is not None:
        frame["orders"] = pd.Series([*weights, *[1] * (len(frame) - 1)], dtype=object)
    with pytest.raises(kind) as caught:
        read_panel(frame, entity="plant", period="month", weight="orders")
    assert caught.value.code == code
    assert_complete(caught.value)


def test_knowledge_about_what_neither_dictionary_nor_panel_holds(frame):
    dictionary = read_dictionary({"indicators": {"x00": {}}, "knowledge": {"required": [["x00", "moonlight"]]}})
    with pytest.raises(CallError) as caught:
        read_panel(frame, entity="plant", period="month", dictionary=dictionary)
    assert "moonlight" in caught.value.what.en


def test_files_that_cannot_be_joined(tmp_path, frame):
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    frame[["plant", "month", "x00"]].to_csv(one, index=False)
    frame[["plant", "month", "x01"]].assign(month="2024Q1").drop_duplicates("plant").to_csv(two, index=False)
    with pytest.raises(DataError) as caught:
        read_panel([one, two], entity="plant", period="month")
    assert caught.value.code == "mixed-periods"
    with pytest.raises(CallError) as caught_call:
        read_panel([one, two])
    assert caught_call.value.code == "period-not-named"
    frame[["x00", "x02"]].to_csv(one, index=False)
    frame[["x01", "x03"]].to_csv(two, index=False)
    with pytest.raises(CallError) as caught_call:
        read_panel([one, two])
    assert caught_call.value.code in ("no-join-key", "column-in-two-files")


def test_long_tables_without_keys_or_with_a_cell_twice(tmp_path, frame):
    long = frame.melt(id_vars=["plant", "month"], var_name="indicator", value_name="value")
    path = tmp_path / "long.csv"
    pd.concat([long, long.iloc[[4]]]).to_csv(path, index=False)
    with pytest.raises(DataError) as caught:
        read_panel(path, entity="plant", period="month")
    assert caught.value.code == "duplicate-keys"
    assert "x00" in caught.value.what.en
    assert "line 6" in caught.value.what.en
    long[["indicator", "value"]].to_csv(path, index=False)
    with pytest.raises(CallError) as caught_call:
        read_panel(path)
    assert caught_call.value.code == "long-without-keys"


def test_periods_as_columns_without_indicator_names(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("plant,2024-01,2024-02,2024-03,2024-04\nA,1,2,3,4\nB,2,3,4,5\n")
    with pytest.raises(CallError) as caught:
        read_panel(path, entity="plant")
    assert caught.value.code == "periods-as-columns"


def test_entity_and_period_must_differ(frame):
    with pytest.raises(CallError) as caught:
        read_panel(frame, entity="plant", period="plant")
    assert caught.value.code == "entity-is-period"
