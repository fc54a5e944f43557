"""A total row among the entities is named before it can outweigh them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.reading import panel_from_frame
from causal_service.panel.total_entities import total_entities


def frame(seed: int = 0, plants: int = 5, months: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cells = plants * months
    return pd.DataFrame(
        {
            "plant": np.repeat([f"P{i}" for i in range(plants)], months),
            "month": [f"2024-{m + 1:02d}" for m in range(months)] * plants,
            "orders": rng.integers(50, 90, cells).astype(float),
            "rate": rng.uniform(60, 95, cells),
        }
    )


def with_row(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """The table and a row per month that adds up the orders and averages the rate."""
    total = table.groupby("month", as_index=False).agg({"orders": "sum", "rate": "mean"}).round(2)
    return pd.concat([table, total.assign(plant=label)], ignore_index=True)


def finding(table: pd.DataFrame):
    return total_entities(panel_from_frame(table, entity="plant", period="month"))[0]


@pytest.mark.parametrize("label", ["合计", "Headquarters"])
def test_sums_and_means_of_all_others_stop_the_study_under_any_name(label):
    found = finding(with_row(frame(), label))
    assert (found.severity, found.scope, found.params["entities"]) == ("fail", "panel", (label,))
    assert label in found.message.zh
    assert label in found.remedy.en


def test_a_row_that_only_sounds_like_a_total_is_asked_about():
    table = frame()
    table.loc[table["plant"] == "P4", "plant"] = " Total "
    assert finding(table).severity == "review"


def test_ordinary_entities_pass():
    assert [finding(frame(seed)).severity for seed in range(5)] == ["pass"] * 5


def test_two_entities_are_not_each_others_total():
    table = frame(plants=1)
    assert finding(pd.concat([table, table.assign(plant="P9")])).severity == "pass"


def test_constant_entities_are_no_totals():
    assert finding(frame().assign(orders=5.0, rate=7.0)).severity == "pass"
