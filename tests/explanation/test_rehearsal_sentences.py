"""What a rehearsal says: figures and units, in both languages, only what is known."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from causal_service.errors import Text
from causal_service.explanation.rehearsal_sentences import rehearsal_sentence
from causal_service.rehearsal.results import Calibration, RehearsedOutcome

NAMES = {"rating": SimpleNamespace(name=Text("满意度", "Satisfaction"), unit="points")}
ROW = RehearsedOutcome("rating", 20, 17, 0.85, 0.8, 0.9, 0.93, 40, 1, 0.025, 0.05, 33, 0.3, None)
FITTING = Calibration("rating", "sustained", 150, 0.96, 0.02, 0.96, 1.0, None)
NARROW = Calibration("rating", "sustained", 150, 0.81, 0.04, 0.95, 1.62, None)


def said(row: RehearsedOutcome = ROW, calibration: Calibration = FITTING) -> Text:
    return rehearsal_sentence(row, [calibration], "sustained", 20, NAMES)


def test_hits_coverage_detectable_and_wrong_calls_are_said():
    text = said()
    for figure in ("20", "17", "90%", "96%", "0.3", "40", "1"):
        assert figure in text.en
        assert figure in text.zh
    assert "0.3 points" in text.en
    assert "0.3分" in text.zh.replace(" ", "")


def test_widening_is_said_where_there_is_one():
    assert "1.62" not in said().en
    text = said(calibration=NARROW)
    assert "1.62 times" in text.en
    assert "1.62倍" in text.zh.replace(" ", "")
    assert "81%" in text.zh


@pytest.mark.parametrize(
    ("row", "silent"),
    [
        (replace(ROW, smallest_detectable=None), "below"),
        (replace(ROW, acts=0, false_acts=0, false_act_rate=None), "act"),
    ],
)
def test_what_is_not_known_is_not_said(row, silent):
    assert silent not in said(row).en
    assert silent in said().en


def test_twins_on_which_nothing_helps():
    text = said(replace(ROW, ranked=0, top1_hits=0, top1_hit=None, top1_stated=None, top3_hit=None, top3_stated=None))
    assert "no lever truly helped" in text.en
    assert "没有任何杠杆" in text.zh


def test_no_wrong_call_and_one_call_read_naturally():
    assert "none was wrong" in said(replace(ROW, false_acts=0)).en
    assert "Of 1 call to act" in said(replace(ROW, acts=1, false_acts=1)).en


def test_few_twins_are_a_rough_guide_and_said_to_be():
    few = rehearsal_sentence(ROW, [FITTING], "sustained", 9, NAMES)
    assert "so few panels are rough" in few.en
    assert "粗略参考" in few.zh
    assert "rough" not in said().en
