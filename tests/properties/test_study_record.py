"""The stored record: finite numbers only, the same study when read back, arithmetic that holds inside it."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import causal_service as cs
from causal_service.graph.interchange import from_json, from_networkx, to_json, to_networkx
from causal_service.study_record import DIGITS

KEYS = {"entity": "plant", "period": "month"}


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [x for item in value.values() for x in numbers(item)]
    if isinstance(value, list):
        return [x for item in value for x in numbers(item)]
    return [value] if isinstance(value, float) else []


@st.composite
def studies(draw: st.DrawFn, simulated) -> cs.Study:
    """Small studies of all kinds: few or many plants, gaps, lags, horizons, cross-sections."""
    crossed = draw(st.booleans())
    frame = simulated.frame(
        draw(st.integers(0, 50)),
        entities=draw(st.sampled_from([6, 10, 16])),
        periods=draw(st.sampled_from([8, 12])),
        gaps=draw(st.sampled_from([0.0, 0.08])),
        level=draw(st.sampled_from([0.0, 3.0])),
    )
    layers = draw(st.sampled_from([{}, {"cycle": "process", "ontime": "process", "rating": "business"}]))
    return cs.study(
        frame.drop(columns=["plant", "month"]) if crossed else frame,
        outcome=draw(st.sampled_from(["rating", ("rating", "ontime")])),
        dictionary=simulated.dictionary(layers, rating={"better": draw(st.sampled_from(["higher", "lower"]))}),
        lags=draw(st.sampled_from([0, 1, 2, "auto"])) if not crossed else 1,
        horizon=draw(st.sampled_from([0, 1, 5])),
        resamples=20,
        **({} if crossed else KEYS),
    )


@pytest.fixture
def any_study(simulated):
    return studies(simulated)


def test_any_study_holds_together(any_study):
    """One run over many small studies: what the record says about itself is true."""

    @settings(max_examples=12, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
    @given(any_study)
    def check(study: cs.Study) -> None:
        finite_and_read_back(study)
        intervals_contain_values(study)
        probabilities_are_probabilities(study)
        ranks_follow_gains(study)
        chains_add_up(study)
        everything_named_exists(study)

    check()


def finite_and_read_back(study: cs.Study) -> None:
    content = json.loads(study.to_json())
    assert all(math.isfinite(x) for x in numbers(content))
    assert all(x == float(f"{x:.{DIGITS}g}") for x in numbers(content))
    again = cs.Study.from_dict(content)
    assert again.to_json() == study.to_json()
    assert type(again.levers[0]) is type(study.levers[0])
    assert from_json(to_json(again.graph)) == again.graph
    assert from_networkx(to_networkx(again.graph)) == again.graph


def intervals_contain_values(study: cs.Study) -> None:
    for row in (*study.effects, *study.levers, *study.chains):
        assert row.low <= row.value <= row.high
    for lever in study.levers:
        assert lever.gain_low <= lever.gain_per_step <= lever.gain_high


def probabilities_are_probabilities(study: cs.Study) -> None:
    for row in study.effects:
        assert all(0.0 <= x <= 1.0 for x in (row.p, row.q, row.zero_share, row.identified_share))
        assert row.q >= row.p - 1e-12
    for lever in study.levers:
        assert 0.0 <= lever.p_top1 <= lever.p_top3 <= 1.0
        assert lever.expected_regret >= 0.0
        assert 0.0 <= lever.robustness <= 1.0
    for edge in study.graph.edges:
        assert 0.0 <= edge.frequency <= 1.0


def ranks_follow_gains(study: cs.Study) -> None:
    for outcome in study.plan.outcome:
        rows = [lever for lever in study.levers if lever.outcome == outcome]
        assert [r.gain_per_step for r in rows] == sorted((r.gain_per_step for r in rows), reverse=True)
        assert rows[0].rank == 1
        assert all(a.rank <= b.rank for a, b in pairwise(rows))
        assert sum(r.p_top1 for r in rows) <= 1.0 + 1e-9
        assert sum(r.p_top3 for r in rows) <= min(3, len(rows)) + 1e-9


def chains_add_up(study: cs.Study) -> None:
    for lever in study.levers:
        own = [c for c in study.chains if (c.lever, c.outcome) == (lever.lever, lever.outcome)]
        if own:
            assert sum(c.value for c in own) == pytest.approx(lever.value, rel=1e-9, abs=1e-9)
            shares = [c.share for c in own if c.share is not None]
            assert len(shares) in (0, len(own))
            assert not shares or sum(shares) == pytest.approx(1.0)


def everything_named_exists(study: cs.Study) -> None:
    names = set(study.panel.indicators)
    assert {i.key for i in study.indicators} == {n.name for n in study.graph.nodes} == names
    assert {e.source for e in study.graph.edges} | {e.target for e in study.graph.edges} <= names
    assert {(e.lever, e.outcome) for e in study.effects} == {(x.lever, x.outcome) for x in study.levers}
    ranked = {(x.lever, x.outcome): x.rank for x in study.levers}
    charted = {(c.indicator, c.outcome): c.causal_rank for c in study.contrast}
    assert charted == {(x, y): ranked.get((x, y)) for y in study.plan.outcome for x in names - {y}}
    assert all((c.causal_rank is None) == (c.causal_rank_reason is not None) for c in study.contrast)
    assert all((c.shap_rank is None) == (c.shap_rank_reason is not None) for c in study.contrast)
    assert all(x.reasons and x.sentence.zh and x.sentence.en for x in study.levers)
    headline = {(e.lever, e.outcome): e.value for e in study.effects if e.kind == study.plan.headline}
    assert all(headline[x.lever, x.outcome] == x.value for x in study.levers)


def test_reading_refuses_what_is_no_study(simulated, tmp_path):
    study = cs.study(simulated.frame(0), outcome="rating", resamples=20, **KEYS)
    path = tmp_path / "study.json"
    path.write_text(study.to_json(), encoding="utf-8")
    assert cs.load(path).to_json() == study.to_json()
    content = study.to_dict()
    content["levers"][0].pop("verdict")
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(cs.DataError) as refused:
        cs.load(path)
    assert refused.value.code == "not-a-study"
    assert "levers.0.verdict" in refused.value.what.en
    with pytest.raises(cs.CallError):
        cs.load(tmp_path / "missing.json")
