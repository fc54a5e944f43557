"""A lever without any effect is made where there is none."""

from __future__ import annotations

import numpy as np

from causal_service.graph.separation import reached
from causal_service.rehearsal.nulls import with_a_null

MEMBER = np.zeros((3, 6), bool)
MEMBER[1, 3] = MEMBER[2, 4] = MEMBER[2, 0] = True
"""0 -> 1 -> 2 in one period, 0 -> 2 one period later."""
LINES = np.where(MEMBER, 0.5, 0.0)


def test_one_lever_is_cut_off_and_the_others_stay():
    member, lines = with_a_null(MEMBER, LINES, [0, 1], [2], 0)
    assert not reached(member)[2, 0]
    assert reached(member)[2, 1]
    assert (lines != 0).tolist() == member.tolist()
    assert reached(with_a_null(MEMBER, LINES, [0, 1], [2], 1)[0])[2].tolist() == [True, False, True]


def test_nothing_is_cut_where_a_lever_has_no_effect_already():
    lonely = MEMBER.copy()
    lonely[2, 4] = False
    assert with_a_null(lonely, LINES, [0, 1], [2], 0)[0] is lonely
