"""Hits, claims and detectable effects, beside the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causal_service.levers.ranking import POWER_FACTOR
from causal_service.rehearsal.scores import lever_scores, outcome_scores
from causal_service.rehearsal.trial import Trial


@pytest.fixture
def base() -> Trial:
    """Four levers; the true order is that of the names, the fourth has no effect."""
    truth = np.tile([3.0, 2.0, 1.0, 0.0], (3, 1))
    return Trial(
        outcome="y",
        levers=("a", "b", "c", "d"),
        truth=truth,
        value=truth + 0.1,
        half_width=np.ones((3, 4)),
        counted=truth[2] > 0,
        gain=truth[1],
        step=np.array([1.0, 1.0, 2.0, 1.0]),
        rank=np.array([1, 2, 3, 4]),
        p_top1=np.array([0.7, 0.2, 0.1, 0.0]),
        p_top3=np.array([0.9, 0.8, 0.7, 0.6]),
        found=np.array([True, True, False, False]),
        verdicts=("act", "act", "watch", "watch"),
    )


def test_hits_stand_beside_what_was_stated(base):
    wrong = replace(base, rank=np.array([2, 1, 4, 3]))
    row = outcome_scores([base, wrong])
    assert (row.ranked, row.top1_hits, row.top1_hit) == (2, 1, 0.5)
    assert row.top1_stated == pytest.approx((0.7 + 0.2) / 2)
    assert row.top3_hit == pytest.approx((1 + 2 / 3) / 2)
    assert row.top3_stated == pytest.approx((0.8 + (0.9 + 0.8 + 0.6) / 3) / 2)
    assert row.nulls == 2


def test_a_call_to_act_on_nothing_is_counted(base):
    wrong = replace(base, verdicts=("act", "watch", "watch", "act"))
    row = outcome_scores([base, wrong])
    assert (row.acts, row.false_acts, row.false_act_rate, row.false_act_twins) == (4, 1, 0.25, 0.5)


def test_a_harmful_lever_told_to_act_is_wrong_too(base):
    harmful = replace(base, gain=np.array([-3.0, 2.0, 1.0, 0.0]))
    assert outcome_scores([harmful]).false_acts == 1


def test_smallest_detectable_is_where_four_of_five_are_found(base):
    sizes = np.linspace(0.1, 1.0, 10)
    trials = [
        replace(base, gain=np.array([s, s, s, s]), found=np.array([s > 0.35] * 4), truth=np.full((3, 4), s))
        for s in sizes
    ]
    assert outcome_scores(trials).smallest_detectable == pytest.approx(0.4)


def test_nothing_to_find_is_said(base):
    none = replace(base, gain=np.zeros(4), truth=np.zeros((3, 4)), verdicts=("watch",) * 4)
    row = outcome_scores([none])
    assert (row.top1_hit, row.smallest_detectable, row.false_act_rate) == (None, None, None)
    assert row.reason == "nothing-helps nothing-found no-act"


def test_errors_make_the_smallest_detectable_effect_of_a_lever(base):
    rows = lever_scores([base, base], "sustained", {"a": 0.0, "b": 0.0, "c": 0.0, "d": 9.0})
    assert [row.smallest_detectable for row in rows] == pytest.approx(
        [POWER_FACTOR * 0.1, POWER_FACTOR * 0.1, POWER_FACTOR * 0.2, 9.0]
    )
    assert [row.nulls for row in rows] == [0, 0, 0, 2]
