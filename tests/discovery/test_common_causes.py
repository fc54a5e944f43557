"""Marks of hidden common causes: what the draws say about a pair decides its mark and its frequency."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.discovery.common_causes import with_common_causes
from causal_service.discovery.consensus import consensus_edges
from causal_service.discovery.resampling import Draw
from causal_service.graph.causal_graph import Edge

NAMES = ("a", "b", "c")
FREE = ~np.eye(3, dtype=bool)
NOTHING = np.zeros((3, 3), bool)


def draw(arrows: str = "", moved: str = "") -> Draw:
    """A draw with same-period arrows, ``ab`` for a -> b, of strength .5, and a driver of strength .6 on ``moved``."""
    found = np.zeros((3, 6), bool)
    for cause, effect in arrows.split():
        found[NAMES.index(effect), 3 + NAMES.index(cause)] = True
    loadings = np.array([0.6 if name in moved else 0.0 for name in NAMES]) if moved else np.empty(0)
    return Draw(found, found[None], np.where(found, 0.5, 0.0)[None], np.arange(3), np.zeros_like(found), loadings)


def marks(*draws: Draw, required: np.ndarray = NOTHING) -> dict[tuple[str, str], Edge]:
    edges = with_common_causes(consensus_edges(draws, NAMES, FREE), draws, NAMES, required)
    return {(e.source, e.target): e for e in edges}


def test_without_a_driver_nothing_changes():
    draws = [draw("ab bc")] * 4
    edges = consensus_edges(draws, NAMES, FREE)
    assert with_common_causes(edges, draws, NAMES, NOTHING) == edges


def test_a_pair_that_only_the_driver_joins_gets_two_heads():
    edge = marks(*[draw(moved="ab")] * 9, draw())["a", "b"]
    assert (edge.mark, edge.frequency) == ("<->", 0.9)
    assert edge.strength == pytest.approx(0.36)


def test_an_arrow_of_most_draws_gets_a_circle_where_a_fifth_have_the_driver():
    edge = marks(*[draw("ab")] * 8, *[draw(moved="ab")] * 2)["a", "b"]
    assert (edge.mark, edge.frequency, edge.strength) == ("o->", 1.0, 0.5)
    assert marks(*[draw("ab")] * 9, draw(moved="ab"))["a", "b"].mark == "-->"


def test_draws_split_between_arrow_and_driver_keep_both_possible():
    """Neither has a majority, together they have: the pair must not vanish from the graph."""
    split = marks(*[draw("ba")] * 3, *[draw(moved="ab")] * 3, *[draw()] * 2)
    assert split["b", "a"].mark == "o->"
    either = marks(*[draw("ba")] * 2, *[draw("ab")] * 2, *[draw(moved="ab")] * 4)
    assert [e.mark for e in either.values()] == ["o-o"]


def test_a_required_arrow_keeps_its_mark():
    required = NOTHING.copy()
    required[1, 0] = True
    assert marks(*[draw("ab", moved="ab")] * 4, required=required)["a", "b"].mark == "-->"


def test_an_indicator_the_driver_does_not_move_is_left_alone():
    found = marks(*[draw("bc", moved="ab")] * 4)
    assert found["b", "c"].mark == "-->"
    assert ("a", "c") not in found
