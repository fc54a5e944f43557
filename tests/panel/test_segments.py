from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.errors import CallError, DataError
from causal_service.panel.reading import panel_from_frame, read_panel


def table(segment: object, entities: int = 4, periods: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = entities * periods
    return pd.DataFrame(
        {
            "shop": np.repeat([f"S{i}" for i in range(entities)], periods),
            "month": np.tile([f"2024-{t + 1:02d}" for t in range(periods)], entities),
            "region": segment,
            "x": rng.normal(size=n),
            "y": rng.normal(size=n),
        }
    )


def test_a_segment_is_no_indicator_and_leaves_the_values_alone() -> None:
    frame = table(np.repeat([1, 1, 2, 2], 5))
    panel = panel_from_frame(frame, entity="shop", period="month", segment="Region")
    assert panel.indicators == ("x", "y")
    assert panel.segments == ("1", "1", "2", "2")
    without = panel_from_frame(frame.drop(columns="region"), entity="shop", period="month")
    assert without.segments is None and np.array_equal(panel.values, without.values)
    assert panel.fingerprint != without.fingerprint


def test_long_tables_wide_tables_and_joined_files_tell_the_same_segments(tmp_path) -> None:  # type: ignore[no-untyped-def]
    frame = table(np.repeat(["north", "north", "south", "south"], 5))
    wide = panel_from_frame(frame, entity="shop", period="month", segment="region")
    long = frame.melt(id_vars=["shop", "month", "region"], var_name="indicator", value_name="value")
    assert panel_from_frame(long, entity="shop", period="month", segment="region").fingerprint == wide.fingerprint
    months = long.pivot(index=["shop", "region", "indicator"], columns="month", values="value").reset_index()
    assert panel_from_frame(months, entity="shop", segment="region").fingerprint == wide.fingerprint
    frame[["shop", "month", "region", "x"]].to_csv(tmp_path / "one.csv", index=False)
    frame[["shop", "month", "y"]].to_csv(tmp_path / "two.csv", index=False)
    joined = read_panel([tmp_path / "one.csv", tmp_path / "two.csv"], entity="shop", period="month", segment="region")
    assert joined.panel.segments == wide.segments


def test_rows_of_a_cross_section_keep_their_own_segment_in_any_order() -> None:
    frame = table(np.tile(["a", "b"], 10)).drop(columns=["shop", "month"])
    panel = panel_from_frame(frame, segment="region")
    assert panel.fingerprint == panel_from_frame(frame.sample(frac=1, random_state=1), segment="region").fingerprint
    x = dict(zip(frame["x"], frame["region"], strict=True))
    assert [x[v] for v in panel.values[:, 0, 0]] == list(panel.segments or ())


def test_a_few_rows_that_disagree_are_settled_and_said() -> None:
    labels = np.repeat(["n", "n", "s", "s"], 5).astype(object)
    labels[1], labels[7] = "s", None
    read = read_panel(table(labels), entity="shop", period="month", segment="region")
    assert read.panel.segments == ("n", "n", "s", "s")
    (said,) = [f for f in read.findings if f.code == "segment-varies"]
    assert said.params["entities"] == 1 and said.params["rows"] == 1


def test_an_entity_without_a_segment_stays_in_the_panel() -> None:
    labels = np.repeat(["n", "n", "s", None], 5)
    read = read_panel(table(labels), entity="shop", period="month", segment="region")
    assert read.panel.segments == ("n", "n", "s", "")
    assert [f.params["entities"] for f in read.findings if f.code == "segment-missing"] == [1]


@pytest.mark.parametrize(
    ("labels", "column", "code", "error"),
    [
        (np.tile(["a", "b", "c", "d", "e"], 4), "region", "segment-changes", DataError),
        (np.repeat(["a", "b", "c", "d"], 5), "regoin", "unknown-column", CallError),
        (np.repeat(["a", "b", "c", "d"], 5), "shop", "segment-is-key", CallError),
    ],
)
def test_what_is_no_segment_is_refused_with_a_remedy(
    labels: object, column: str, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        read_panel(table(labels), entity="shop", period="month", segment=column)
    assert raised.value.code == code and raised.value.remedy.zh and raised.value.remedy.en  # type: ignore[attr-defined]


def test_too_many_segments_are_refused() -> None:
    with pytest.raises(DataError, match="12"):
        read_panel(table(np.repeat(np.arange(14), 5), entities=14), entity="shop", period="month", segment="region")
