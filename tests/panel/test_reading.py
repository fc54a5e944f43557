"""One panel, however it was written down."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pandas as pd
import pytest

from causal_service.errors import CallError
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.reading import panel_from_frame, read_panel

KEYS = {"entity": "plant", "period": "month"}


def as_bytes(frame: pd.DataFrame, kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "parquet":
        frame.to_parquet(buffer)
    elif kind == "excel":
        frame.to_excel(buffer, index=False)
    else:
        encoding, _, separator = kind.partition("|")
        text = frame.to_csv(index=False, sep={"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}[separator])
        mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
        return mark + text.encode(encoding)
    return buffer.getvalue()


KINDS = [
    "parquet",
    "excel",
    *(f"{encoding}|comma" for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")),
    *(f"utf-8|{separator}" for separator in ("semicolon", "tab", "bar")),
]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_panel(tmp_path, frame, kind, packed):
    frame["plant"] = frame["plant"].str.replace("plant", "工厂")
    frame = frame.rename(columns={"x00": "交付周期"}).round(6)  # a sheet keeps 16 digits of 17
    content = as_bytes(frame, kind)
    path = tmp_path / "data.bin"
    path.write_bytes(gzip.compress(content) if packed else content)
    found = read_panel(path, **KEYS).panel
    expected = panel_from_frame(frame, **KEYS)
    assert found.fingerprint == expected.fingerprint
    assert found.indicators == ("x01", "x02", "x03", "交付周期")


def test_canonical_order_and_regime(frame):
    panel = panel_from_frame(frame.sample(frac=1, random_state=1)[["x02", "month", "x00", "plant", "x01"]], **KEYS)
    assert panel.regime == "panel"
    assert panel.frequency == "month"
    assert panel.indicators == ("x00", "x01", "x02")
    assert panel.entities == tuple(sorted(set(frame["plant"])))
    assert panel.periods[0] == "2023-01"
    cell = frame.query("plant == 'plant 03' and month == '2023-05'")["x01"].item()
    assert panel.values[3, 4, 1] == cell
    assert not panel.values.flags.writeable


def long_of(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.melt(id_vars=["plant", "month"], var_name="indicator", value_name="value")


def by_period_of(frame: pd.DataFrame) -> pd.DataFrame:
    wide = long_of(frame).pivot(index=["plant", "indicator"], columns="month", values="value").reset_index()
    return wide.rename_axis(columns=None)


@pytest.mark.parametrize("reshape", [long_of, by_period_of])
def test_long_and_wide_by_period_equal_wide(tmp_path, frame, reshape):
    path = tmp_path / "shaped.csv"
    reshape(frame).to_csv(path, index=False)
    period = "month" if reshape is long_of else None
    found = read_panel(path, entity="plant", period=period).panel
    assert found.fingerprint == panel_from_frame(frame, **KEYS).fingerprint


def test_a_long_table_with_chinese_titles(tmp_path):
    path = tmp_path / "长表.csv"
    text = "门店,月份,指标,数值\n甲,2024年1月,客流,1,\n甲,2024年2月,客流,2,\n甲,2024年1月,转化率,12%,\n".replace(
        ",\n", "\n"
    )
    path.write_bytes(text.encode("gb18030"))
    panel = read_panel(path, entity="门店", period="月份").panel
    assert panel.regime == "series"
    np.testing.assert_array_equal(panel.values[0], [[1, 12], [2, np.nan]])


def test_files_are_joined_outer_on_entity_and_period(tmp_path, frame):
    first, second = tmp_path / "a.csv", tmp_path / "b.parquet"
    frame[["plant", "month", "x00", "x01"]].iloc[:-3].to_csv(first, index=False)
    other = frame[["plant", "month", "x02"]].copy()
    other["month"] = pd.to_datetime(other["month"]) + pd.offsets.MonthEnd(0)
    other.iloc[3:].to_parquet(second)
    panel = read_panel([first, second], **KEYS).panel
    expected = panel_from_frame(frame, **KEYS)
    assert panel.present.all()
    np.testing.assert_array_equal(panel.values[1:-1], expected.values[1:-1, :, :3])
    assert np.isnan(panel.values[0, :3, 2]).all()
    assert np.isnan(panel.values[-1, -3:, :2]).all()


def test_gaps_stay_gaps(frame):
    panel = panel_from_frame(frame.drop(index=[5, 6]), **KEYS)
    assert panel.periods == tuple(sorted(set(frame["month"])))
    assert not panel.present[0, 5:7].any()
    assert np.isnan(panel.values[0, 5:7]).all()
    assert panel.present.sum() == len(frame) - 2


def test_one_entity_is_a_series_with_or_without_its_column(frame):
    one = frame[frame["plant"] == "plant 00"]
    assert panel_from_frame(one, **KEYS).regime == "series"
    alone = panel_from_frame(one.drop(columns="plant"), period="month")
    assert (alone.regime, alone.entities) == ("series", ("all",))


def test_a_cross_section_is_ordered_by_content(frame):
    rows = frame.drop(columns=["plant", "month"])
    panel = panel_from_frame(rows, entity=None, period=None)
    shuffled = panel_from_frame(rows.sample(frac=1, random_state=3))
    assert panel.regime == "cross-section"
    assert panel.clusters is None
    assert np.all(np.diff(panel.values[:, 0, 0]) >= 0)
    assert panel.fingerprint == shuffled.fingerprint


def test_an_entity_without_a_period_is_the_cluster(frame):
    panel = panel_from_frame(frame.drop(columns="month"), entity="plant")
    assert panel.regime == "cross-section"
    assert panel.clusters is not None
    assert panel.clusters == tuple(sorted(frame["plant"]))
    assert panel.entities[0] == "1"
    unique = panel_from_frame(frame.drop(columns="month").drop_duplicates("plant"), entity="plant")
    assert unique.entities == unique.clusters


def test_weights_are_no_indicator(frame):
    frame["orders"] = np.arange(len(frame)) % 7
    panel = panel_from_frame(frame, **KEYS, weight="Orders")
    assert "orders" not in panel.indicators
    assert panel.weights is not None
    assert panel.weights[0, 3] == 3
    assert panel.fingerprint != panel_from_frame(frame.drop(columns="orders"), **KEYS).fingerprint


def test_display_names_become_keys(frame):
    dictionary = read_dictionary(
        {
            "panel": {"entity": "plant", "period": "month"},
            "indicators": {
                "cycle": {"name": {"zh": "交付周期（天）", "en": "Delivery cycle"}},
                "score": {"name": "满意度"},
            },
        }
    )
    renamed = frame.rename(columns={"x00": "交付周期(天)", "x01": " 满意度 ", "x02": "DELIVERY  X"})
    result = read_panel(renamed, dictionary=dictionary)
    assert result.panel.indicators == ("DELIVERY X", "cycle", "score", "x03")
    finding = next(f for f in result.findings if f.code == "renamed-columns")
    assert finding.indicators == ("cycle", "score")


def test_number_forms_are_understood_and_said(tmp_path):
    path = tmp_path / "forms.csv"
    path.write_text(
        'plant,month,rate,revenue,mixed,region\nA,2024-01,12.5%,"¥1,234",5%,north\nA,2024-02,13%,"(1,000)",0.04,north\n'
        "B,2024-01,—,￥99,6%,south\n１,2024-02,无,,7%,south\n",
        encoding="utf-8",
    )
    result = read_panel(path, **KEYS)
    np.testing.assert_array_equal(result.panel.values[result.panel.entities.index("A"), :, 1], [12.5, 13])
    np.testing.assert_array_equal(result.panel.values[result.panel.entities.index("A"), :, 2], [1234, -1000])
    codes = {finding.code: finding for finding in result.findings}
    assert codes["percent-signs"].indicators == ("rate",)
    assert codes["mixed-percent"].indicators == ("mixed",)
    assert codes["mixed-percent"].severity == "review"
    assert codes["number-forms"].params["forms"] == ("currency", "full-width", "parentheses", "thousands")
    assert codes["text-columns"].params["columns"] == ("region",)


def test_entities_are_text_without_decoration():
    frame = pd.DataFrame({"id": [1.0, 1.0, 2.0, 2.0], "t": [1, 2, 1, 2], "x": [1, 2, 3, 4]})
    assert panel_from_frame(frame, entity="id", period="t").entities == ("1", "2")
    padded = frame.assign(id=["001", "001 ", "　002", "002"])
    assert panel_from_frame(padded, entity="id", period="t").entities == ("001", "002")


def test_an_index_written_by_accident_and_blank_lines_do_no_harm(tmp_path, frame):
    path = tmp_path / "index.csv"
    text = "\n\n" + frame.to_csv(index=True)
    lines = text.splitlines()
    lines.insert(7, ",,,,,,")
    path.write_text("\n".join(lines) + "\n\n")
    assert read_panel(path, **KEYS).panel.fingerprint == panel_from_frame(frame, **KEYS).fingerprint


def test_named_index_levels_are_columns(frame):
    indexed = frame.set_index(["plant", "month"])
    assert panel_from_frame(indexed, **KEYS).fingerprint == panel_from_frame(frame, **KEYS).fingerprint


def test_zero_has_one_sign_in_the_fingerprint(frame):
    frame.loc[0, "x00"] = 0.0
    negative = frame.copy()
    negative.loc[0, "x00"] = -0.0
    assert panel_from_frame(frame, **KEYS).fingerprint == panel_from_frame(negative, **KEYS).fingerprint
    frame.loc[0, "x00"] = 1e-300
    assert panel_from_frame(frame, **KEYS).fingerprint != panel_from_frame(negative, **KEYS).fingerprint


@pytest.mark.parametrize("header", ["月份", "month", "reported"])
def test_a_period_column_that_was_not_named_is_asked_about(tmp_path, header):
    months = [f"2024-{m:02d}" for m in range(1, 7)] * 3
    frame = pd.DataFrame({"plant": ["a"] * 6 + ["b"] * 6 + ["c"] * 6, header: months, "x": range(18), "y": range(18)})
    with pytest.raises(CallError) as refused:
        read_panel(frame, entity="plant")
    assert refused.value.code == "period-not-named"
    assert header in refused.value.remedy.en
    assert read_panel(frame, entity="plant", period=header).panel.regime == "panel"
    assert read_panel(frame.drop(columns=header), entity="plant").panel.regime == "cross-section"


@pytest.mark.parametrize("index", [["plant", "month"], ["plant"], ["month"]])
def test_columns_of_a_stored_index_keep_their_names(tmp_path, index):
    """pandas writes an index behind the columns and gives it back in front of them."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"plant": np.repeat(np.arange(1, 13), 10), "month": np.tile(np.arange(1, 11), 12)})
    frame["a"], frame["b"] = rng.normal(5, 1, 120), rng.normal(50, 1, 120)
    path = tmp_path / "panel.parquet"
    frame.set_index(index).to_parquet(path)
    for stream in (False, True):
        panel = read_panel(path, entity="plant", period="month", stream=stream).panel
        assert (len(panel.entities), panel.indicators) == (12, ("a", "b"))
        np.testing.assert_allclose(np.nanmean(panel.values, axis=(0, 1)), frame[["a", "b"]].mean())


def test_a_row_number_with_a_name_is_no_column(tmp_path):
    frame = pd.DataFrame({"plant": ["p", "q"] * 6, "month": np.repeat(range(6), 2), "a": np.arange(12.0)})
    frame.index.name = "line"
    path = tmp_path / "panel.parquet"
    frame.to_parquet(path)
    assert read_panel(path, entity="plant", period="month").panel.indicators == ("a",)


def test_rows_with_too_few_fields_are_read_and_named(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("plant,month,x,y,\nA,2024-01,1,2\nA,2024-02,3\nB,2024-01,4,5,\nB,2024-02\n", encoding="utf-8")
    found = read_panel(path, entity="plant", period="month")
    (finding,) = [f for f in found.findings if f.code == "short-rows"]
    assert (finding.severity, finding.params["rows"]) == ("review", 2)
    assert "line 3, 5" in finding.message.en
    assert np.isnan(found.panel.values[1, 1]).all()


def test_dates_of_a_spreadsheet_stored_as_numbers_are_months(frame):
    months = pd.to_datetime(frame["month"])
    frame["serial"] = (months - pd.Timestamp("1899-12-30")).dt.days
    dated = read_panel(frame.drop(columns="serial"), entity="plant", period="month").panel
    found = read_panel(frame.drop(columns="month"), entity="plant", period="serial")
    assert found.panel.fingerprint == dated.fingerprint
    (finding,) = [f for f in found.findings if f.code == "serial-dates"]
    assert finding.params == {"cell": "44927", "period": "2023-01"}


def test_it_is_said_that_what_was_to_be_read_in_pieces_was_not(tmp_path, frame):
    path = tmp_path / "plants.csv"
    frame.to_csv(path, index=False)

    def codes(stream: bool | None) -> set[str]:
        found = read_panel(path, entity="plant", period="month", stream=stream).findings
        return {finding.code for finding in found}

    assert "read-in-memory" in codes(True)
    assert "read-in-memory" not in codes(None) | codes(False)


def test_western_letters_of_a_spreadsheet_are_read(tmp_path):
    path = tmp_path / "western.csv"
    path.write_bytes("plant,month,x\nMünchen,2024-01,1\nMünchen,2024-02,2\nOrléans,2024-01,3\n".encode("cp1252"))
    assert read_panel(path, **KEYS).panel.entities == ("München", "Orléans")
    neighbours = "plant,month,Größe\nMünchen,2024-01,1\nKöln,2024-02,2\nSchöneweiß,2024-01,3\n"
    path.write_bytes(neighbours.encode("cp1252"))
    assert read_panel(path, **KEYS).panel.indicators == ("Größe",)


def test_commas_between_semicolons_are_asked_about(tmp_path):
    path = tmp_path / "commas.csv"
    path.write_text("plant;month;x\nA;2024-01;101,632\nA;2024-02;96,390\nB;2024-01;93,827\n", encoding="utf-8")
    (finding,) = [f for f in read_panel(path, **KEYS).findings if f.code == "doubtful-commas"]
    assert (finding.severity, finding.indicators) == ("review", ("x",))
