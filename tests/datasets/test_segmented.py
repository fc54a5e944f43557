"""Retail and bank: committed truth, closed forms against twin runs, and a study that finds them."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import causal_service as cs

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("retail", "bank")


@cache
def loaded(name: str) -> ModuleType:
    file = ROOT / "datasets" / name / "simulate.py"
    spec = importlib.util.spec_from_file_location(f"simulate_{name}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def frame(name: str, seed: int | None = None) -> pd.DataFrame:
    module = loaded(name)
    return pd.read_csv(io.StringIO(module.panel_csv(module.CASE, seed)))


@cache
def study(name: str, outcomes: tuple[str, ...]) -> cs.Study:
    case = loaded(name).CASE
    dictionary = ROOT / "datasets" / name / "dictionary.yaml"
    return cs.study(frame(name), dictionary=dictionary, outcome=outcomes, segment=case.segment, resamples=100)


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_truth_is_what_the_generator_writes(name: str) -> None:
    module = loaded(name)
    assert (ROOT / "datasets" / name / "truth.json").read_text(encoding="utf-8") == module.truth(module.CASE)
    assert module.panel_csv(module.CASE) == module.panel_csv(module.CASE)


@pytest.mark.parametrize("name", NAMES)
def test_closed_forms_agree_with_twin_runs_in_every_segment(name: str) -> None:
    from segmented import HORIZON, draw, effects, run

    case = loaded(name).CASE
    inputs = draw(case)
    base = run(case, inputs)
    labels = np.array(case.members)
    for lever in case.levers:
        moved = run(case, inputs, hold=(lever, 1.0, base)) - base
        for outcome in case.outcomes:
            y = case.keys.index(outcome)
            for segment in case.segments:
                true = effects(case, lever, outcome, segment)
                assert np.allclose(moved[0, labels == segment, y], true["impact"], atol=1e-9)
                assert np.allclose(moved[HORIZON, labels == segment, y], true["sustained"], atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_rates_stay_between_their_bounds(name: str) -> None:
    values = frame(name)
    for key in {"retail": ("repurchase", "churn", "membership"), "bank": ("overdue", "take_up")}[name]:
        assert values[key].min() > 0 and values[key].max() < 100


@pytest.mark.slow
@pytest.mark.parametrize(("name", "outcomes"), [("retail", ("repurchase", "churn")), ("bank", ("overdue", "take_up"))])
def test_a_study_finds_the_effect_of_every_segment(name: str, outcomes: tuple[str, ...]) -> None:
    stored = json.loads((ROOT / "datasets" / name / "truth.json").read_text(encoding="utf-8"))["effects"]
    true = {(e["lever"], e["outcome"], e["segment"], e["kind"]): e["value"] for e in stored}
    found = study(name, outcomes).segments
    assert found is not None and found.reason is None
    hits = [e.low <= true[e.lever, e.outcome, e.segment, e.kind] <= e.high for e in found.effects]
    assert np.mean(hits) >= 0.8  # errors of one lever are correlated over outcomes, segments and kinds
    differing = {(t.lever, t.outcome) for t in found.tests if t.differs and t.kind == "sustained"}
    lever = {"retail": "membership", "bank": "calls"}[name]
    assert differing == {(lever, outcome) for outcome in outcomes}


@pytest.mark.slow
def test_the_bank_is_told_that_calls_do_opposite_things() -> None:
    result = study("bank", ("overdue", "take_up"))
    said = next(f for f in result.findings if f.code == "segments-opposite" and f.params["outcome"] == "overdue")
    assert said.params["lever"] == "calls"
    assert set(said.params["segments"]) == {"small_firms", "households"}  # type: ignore[arg-type]
    assert result.segments is not None
    assert "small_firms" in result.segments.text.en and "households" in result.segments.text.zh
    for lang in ("zh", "en"):
        assert "households" in result.report(lang)


@pytest.mark.slow
def test_calls_that_cancel_over_all_clients_are_found_in_both_segments() -> None:
    values = frame("bank")
    firms = values.loc[values["clients"] == "small_firms", "desk"].unique()[:18]
    kept = values[(values["clients"] == "households") | values["desk"].isin(firms)]
    dictionary = ROOT / "datasets" / "bank" / "dictionary.yaml"
    result = cs.study(kept, dictionary=dictionary, outcome="overdue", segment="clients", resamples=100)
    assert result.segments is not None
    calls = {e.segment: e for e in result.segments.effects if e.lever == "calls" and e.kind == "sustained"}
    assert calls["small_firms"].high < -0.3 and calls["households"].low > 0.1
    test = next(t for t in result.segments.tests if t.lever == "calls" and t.kind == "sustained")
    assert test.opposite and test.sentence.en
    assert "overall effects" not in result.segments.text.en
    assert "small_firms" in result.answers[0].text.zh and "households" in result.answers[0].text.en


@pytest.mark.slow
def test_a_lever_that_harms_one_segment_is_no_act_and_one_without_clear_effect_is_named() -> None:
    calls = next(row for row in study("bank", ("overdue", "take_up")).levers if row.lever == "calls")
    assert calls.outcome == "overdue" and calls.verdict == "test" and calls.reasons[0].code == "opposite-in-segments"
    row = next(row for row in study("retail", ("repurchase", "churn")).levers if row.lever == "membership")
    assert row.verdict == "act"
    assert "frequent" in {reason.params.get("segment") for reason in row.reasons}
