"""A second opinion by DoWhy: agrees on a sound study, and what it would see otherwise becomes a finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

import causal_service as cs
from causal_service.effects.crosscheck import Crosscheck, RefuterCheck
from causal_service.explanation.crosscheck_sentences import crosscheck_findings, crosscheck_worded
from causal_service.panel.dictionary import Dictionary

pytest.importorskip("dowhy")
REFUTER = RefuterCheck("subset", 0.5, 0.51, 0.5, 0.05, 20, True)
ROW = Crosscheck("x", "y", "backdoor", "backdoor", True, (REFUTER,))


@pytest.mark.slow
def test_a_crosschecked_study_agrees_and_can_be_stored(simulated, tmp_path):
    frame = simulated.frame(0, entities=30, periods=20)
    study = cs.study(frame, outcome="rating", resamples=20, entity="plant", period="month", threads=1, crosscheck=True)
    assert study.plan.crosscheck
    assert {row.lever for row in study.crosscheck} == {row.lever for row in study.identification}
    assert all(row.agrees for row in study.crosscheck if row.theirs is not None)
    assert any(row.refuters for row in study.crosscheck)
    assert all(one.agrees for row in study.crosscheck for one in row.refuters)
    assert not [finding for finding in study.findings if finding.code.endswith("-disagrees")]
    folder = study.save(tmp_path / "result")
    assert cs.load(folder / "study.json").to_json() == study.to_json()
    assert "DoWhy agrees" in (folder / "report.html").read_text(encoding="utf-8")


def test_without_it_nothing_is_asked(simulated):
    frame = simulated.frame(0, entities=20, periods=12)
    study = cs.study(frame, outcome="rating", resamples=20, entity="plant", period="month", threads=1)
    assert study.crosscheck == ()
    assert not study.plan.crosscheck


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (replace(ROW, theirs="none", agrees=False), "identification-disagrees"),
        (replace(ROW, refuters=(replace(REFUTER, found=0.9, agrees=False),)), "refuter-disagrees"),
    ],
)
def test_what_it_sees_otherwise_is_a_finding(row, code):
    (finding,) = crosscheck_findings([crosscheck_worded(row, {})], Dictionary())
    assert (finding.code, finding.severity, finding.indicators) == (code, "review", ("x", "y"))
    assert "DoWhy" in finding.message.zh
    assert "DoWhy" in finding.message.en


def test_agreement_and_open_arrows_are_no_finding():
    rows = [ROW, replace(ROW, ours="none", theirs=None, agrees=None, refuters=())]
    assert crosscheck_findings(rows, Dictionary()) == ()
    assert all(crosscheck_worded(row, {}).sentence.zh for row in rows)
