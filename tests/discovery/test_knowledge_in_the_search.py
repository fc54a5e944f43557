"""Knowledge that the search must settle: arrows at some lag in a circle, arrows into exact sums, arrows left over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.errors import DataError, KnowledgeConflict


@pytest.fixture
def panel() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = pd.MultiIndex.from_product([range(20), pd.period_range("2022-01", periods=14, freq="M").astype(str)])
    data = pd.DataFrame(rng.normal(size=(len(rows), 4)).round(2), columns=list("abcd"))
    data["plant"], data["month"] = [str(i) for i, _ in rows], [t for _, t in rows]
    data["c"] += 0.5 * data["a"]
    return data


@pytest.fixture
def asked(tmp_path):
    def study(data: pd.DataFrame, knowledge: str, **options) -> cs.Study:
        path = tmp_path / "knowledge.yaml"
        path.write_text(knowledge, encoding="utf-8")
        return cs.study(
            data, entity="plant", period="month", outcome="c", knowledge=path, resamples=20, threads=1, **options
        )

    return study


@pytest.mark.parametrize("circle", ["[[a, b], [b, a]]", "[[a, b], [b, d], [d, a]]"])
def test_arrows_at_some_lag_may_form_a_circle_over_time(panel, asked, circle):
    study = asked(panel, f"required: {circle}")
    assert study.graph.certificate.required == "kept"
    assert study.graph.certificate.acyclic


def test_the_same_circle_within_a_period_is_refused(panel, asked):
    with pytest.raises(KnowledgeConflict, match="circle"):
        asked(panel, "required: [[a, b], [b, a]]", lags=0)


@pytest.mark.parametrize("knowledge", ["required: [[d, total]]", "forbidden: [[a, total]]"])
def test_nothing_but_its_parts_moves_an_exact_sum(panel, asked, knowledge):
    with pytest.raises(KnowledgeConflict, match="exact sum"):
        asked(panel.assign(total=panel["a"].round(2) + panel["b"]), knowledge)


def test_knowledge_about_a_removed_indicator_is_said_to_be_left_out(panel, asked):
    study = asked(panel.assign(k=1.0), "required: [[k, c]]")
    assert "knowledge-not-applied" in {finding.code for finding in study.findings}


def test_a_lever_that_was_asked_for_and_removed_is_refused_with_the_reason(panel, asked):
    with pytest.raises(DataError, match=r"'k' was removed.*Constant"):
        asked(panel.assign(k=1.0), "required: []", lever="k")
