"""Distances between graphs, counted by hand."""

from __future__ import annotations

import numpy as np

from causal_service.graph.arrays import edges_of, pdag_of
from causal_service.graph.causal_graph import Edge
from causal_service.graph.compare import cpdag, directed_f1, shd


def arrows(p: int, *pairs: tuple[int, int]) -> np.ndarray:
    """Boolean array with x -> y for every pair (x, y)."""
    result = np.zeros((p, p), bool)
    for x, y in pairs:
        result[y, x] = True
    return result


def test_shd_counts_every_differing_pair_once() -> None:
    truth = arrows(4, (0, 1), (1, 2), (2, 3))
    assert shd(truth, truth) == 0
    assert shd(arrows(4, (1, 0), (1, 2), (2, 3)), truth) == 1  # turned around
    assert shd(arrows(4, (0, 1), (1, 0), (1, 2), (2, 3)), truth) == 1  # left open
    assert shd(arrows(4, (0, 1), (0, 2)), truth) == 3  # two missing, one too many


def test_cpdag_opens_a_chain_and_keeps_a_collider() -> None:
    assert np.array_equal(cpdag(arrows(3, (0, 1), (1, 2))), arrows(3, (0, 1), (1, 0), (1, 2), (2, 1)))
    assert np.array_equal(cpdag(arrows(3, (0, 1), (2, 1))), arrows(3, (0, 1), (2, 1)))


def test_directed_f1_gives_half_a_hit_to_an_open_edge_and_ignores_own_lags() -> None:
    truth = np.concatenate([arrows(2, (0, 0), (0, 1)), arrows(2, (0, 1))], axis=1)
    assert directed_f1(truth, truth) == 1.0
    without_own = truth.copy()
    without_own[0, 0] = False
    assert directed_f1(without_own, truth) == 1.0
    left_open = truth.copy()
    left_open[0, 2 + 1] = True
    assert directed_f1(left_open, truth) == 2 * 1.5 / 4
    assert directed_f1(np.zeros_like(truth), truth) == 0.0
    assert directed_f1(np.zeros_like(truth), np.zeros_like(truth)) == 0.0


def test_edges_name_the_lag_and_show_an_open_edge_once() -> None:
    pdag = np.zeros((2, 6), bool)
    pdag[0, 1] = True  # b(t-2) -> a
    pdag[1, 3] = True  # b(t-1) -> b
    pdag[0, 5] = pdag[1, 4] = True  # a --- b
    edges = edges_of(pdag, ["a", "b"])
    assert edges == (
        Edge("a", "b", 0, "---", None, None),
        Edge("b", "a", 2, "-->", None, None),
        Edge("b", "b", 1, "-->", None, None),
    )
    assert np.array_equal(pdag_of(edges, ["a", "b"], 2), pdag)
