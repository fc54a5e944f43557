"""The ledger of a whole study: every indicator of the chart, three ranks, one reason, on panels made for it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.explanation.results import Contrast


def ledger(frame: pd.DataFrame, outcome: str = "rating", **options) -> dict[str, Contrast]:
    """Contrast by indicator."""
    keys = {"entity": "plant", "period": "month"} | options
    found = cs.study(frame, outcome=outcome, resamples=40, threads=1, **keys)
    assert cs.Study.from_dict(json.loads(found.to_json())).to_json() == found.to_json()
    return {row.indicator: row for row in found.contrast}


@pytest.fixture(scope="module")
def crowded(simulated):
    """The chain with a consequence, a copy, a constant and an indicator that only differs between plants."""
    frame = simulated.frame(0, entities=40, periods=20, level=3.0)
    rng = np.random.default_rng(1)
    plant = frame["plant"].astype("category").cat.codes.to_numpy()
    return frame.assign(
        praise=0.8 * frame["rating"] + 0.5 * rng.normal(size=len(frame)),
        copied=frame["ontime"] * 60,
        still=5.0,
        size=rng.normal(size=40)[plant],
    )


def test_every_indicator_of_a_chart_is_there_with_its_reason(crowded):
    rows = ledger(crowded)
    assert set(rows) == {"cycle", "ontime", "visits", "praise", "copied", "still", "size"}
    removed = {name for name, row in rows.items() if row.causal_rank_reason == "removed"}
    assert removed == {"still", "size"} | (removed & {"ontime", "copied"})
    assert len(removed) == 3
    copy = rows[(removed & {"ontime", "copied"}).pop()]
    assert (copy.reason, copy.params["how"]) == ("duplicate", "copy")
    assert (rows["still"].reason, rows["size"].reason) == ("no-within-variation", "no-within-variation")
    assert rows["size"].params["between"] == pytest.approx(1.0)
    assert rows["praise"].reason == "consequence"
    assert sorted(row.shap_rank for row in rows.values())[0] == 1
    assert sum(row.shap_share for row in rows.values()) == pytest.approx(1.0)
    assert [row.causal_rank for row in rows.values() if row.causal_rank] == sorted(
        row.causal_rank for row in rows.values() if row.causal_rank
    )


def test_numbers_that_prove_a_reason_are_in_its_sentence(crowded):
    for row in ledger(crowded).values():
        for text in (row.sentence.zh, row.sentence.en):
            assert str(row.correlation_rank) in text
            assert "nan" not in text
            assert "—" not in text


@pytest.mark.parametrize("outcome", ["continuous", "binary"])
def test_one_other_indicator_only(simulated, outcome):
    frame = simulated.frame(0, entities=40)[["plant", "month", "ontime", "rating"]]
    if outcome == "binary":
        frame["rating"] = (frame["rating"] > frame["rating"].median()).astype(float)
    rows = ledger(frame)
    assert set(rows) == {"ontime"}
    assert (rows["ontime"].shap_rank, rows["ontime"].correlation_rank, rows["ontime"].causal_rank) == (1, 1, 1)
    assert rows["ontime"].reason == "agrees"


def test_a_series_and_a_cross_section_have_a_ledger(simulated):
    series = simulated.frame(0, entities=1, periods=120).drop(columns="plant")
    rows = ledger(series, entity=None)
    assert all(np.isfinite([row.correlation, row.within_correlation]).all() for row in rows.values())
    section = simulated.frame(0, entities=300, periods=1).drop(columns="month")
    assert set(ledger(section, period=None)) == {"cycle", "ontime", "visits"}


def test_an_outcome_of_one_class_is_refused_before(simulated):
    frame = simulated.frame(0).assign(rating=1.0)
    with pytest.raises(cs.DataError) as caught:
        ledger(frame)
    assert caught.value.code == "constant"
