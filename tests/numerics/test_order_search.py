"""The order search: exact on small problems, faithful to its score, and never against precedence or knowledge."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from causal_service.graph.separation import transitive_closure
from causal_service.numerics.grow_shrink import Problem
from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.order_search import random_order, search_orders


def starts(problem: Problem, count: int, seed: int = 0) -> NDArray[np.int64]:
    return np.stack([random_order(problem.before, np.uint64(key_of(seed, k, 0))) for k in range(count)])


def searched(problem: Problem, orders: NDArray[np.int64]):
    return search_orders(
        problem.S, problem.n, problem.penalty, problem.candidates, problem.required, problem.before, orders
    )


def respects(order: NDArray[np.int64], before: NDArray[np.bool_]) -> bool:
    position = np.argsort(order)
    return all(position[a] < position[b] for a, b in zip(*np.nonzero(before), strict=True))


@pytest.mark.parametrize("seed", range(8))
def test_twenty_starts_find_the_optimum_over_all_orders(plain, seed):
    """Brute force: all 720 orders, every variable's parents by the plain algorithm among its predecessors."""
    problem = plain.problem(seed, p=6, m=2, n=120.0)
    p, d = problem.candidates.shape
    score = {}
    for y in range(p):
        for mask in range(1 << p):
            prefix = frozenset(v for v in range(p) if mask >> v & 1)
            if y not in prefix:
                available = frozenset(range(d - p)) | {d - p + v for v in prefix}
                score[y, prefix] = plain.grow_shrink(problem, y, available)[1]
    totals = [sum(score[y, frozenset(order[:i])] for i, y in enumerate(order)) for order in permutations(range(p))]
    scores, _, _ = searched(problem, starts(problem, 20))
    assert scores.max() == pytest.approx(max(totals), abs=1e-6)
    assert max(totals) > np.median(totals) + 1  # the order matters here


@pytest.mark.parametrize("seed", range(6))
def test_the_score_is_the_bic_of_the_parents_returned(plain, seed):
    problem = plain.problem(seed, p=7, m=4, required=3)
    p, d = problem.candidates.shape
    scores, order, parents = searched(problem, starts(problem, 4))
    total = sum(
        plain.bic_score(
            problem.S, problem.n, problem.penalty, d - p + y, frozenset(np.flatnonzero(parents[y]).tolist())
        )
        for y in range(p)
    )
    assert scores.max() == pytest.approx(total, abs=1e-6)
    position = np.argsort(order)
    for y, x in zip(*np.nonzero(parents[:, d - p :]), strict=True):
        assert position[x] < position[y]


@pytest.mark.parametrize("seed", range(6))
def test_no_start_ends_below_where_it_began(plain, seed):
    """Each start is improved on its own: its score is at least that of the plain algorithm under the first order."""
    problem = plain.problem(seed, p=6, m=2)
    p, d = problem.candidates.shape
    orders = starts(problem, 5, seed)
    scores, _, _ = searched(problem, orders)
    for order, score in zip(orders, scores, strict=True):
        at_start = sum(
            plain.grow_shrink(problem, y, frozenset(range(d - p)) | {d - p + v for v in order[:i]})[1]
            for i, y in enumerate(order)
        )
        assert score >= at_start - 1e-6


@pytest.mark.parametrize("seed", range(12))
def test_no_single_move_improves_the_order_returned(plain, seed):
    problem = plain.problem(seed, p=6, m=2)
    p, d = problem.candidates.shape
    scores, order, _ = searched(problem, starts(problem, 1, seed))
    memo: dict[tuple[int, frozenset[int]], float] = {}

    def total(order: list[int]) -> float:
        for i, y in enumerate(order):
            prefix = frozenset(order[:i])
            if (y, prefix) not in memo:
                available = frozenset(range(d - p)) | {d - p + v for v in prefix}
                memo[y, prefix] = plain.grow_shrink(problem, y, available)[1]
        return sum(memo[y, frozenset(order[:i])] for i, y in enumerate(order))

    assert total(order.tolist()) == pytest.approx(scores[0], abs=1e-6)
    for v in range(p):
        rest = [w for w in order.tolist() if w != v]
        for gap in range(p):
            assert total([*rest[:gap], v, *rest[gap:]]) <= scores[0] + 1e-6


def test_a_planted_chain_comes_back(plain):
    """x0 -> x1 -> x2 -> x3 with a lagged driver of x0: with precedence given, exactly these parents."""
    rng = np.random.default_rng(5)
    n = 2000
    lagged = rng.normal(size=n)
    x = [0.7 * lagged + rng.normal(size=n)]
    for _ in range(3):
        x.append(0.8 * x[-1] + rng.normal(size=n))
    S = np.corrcoef(np.stack([lagged, *x]))
    problem = plain.problem(0, p=4, m=1, n=float(n))._replace(S=S, before=np.triu(np.ones((4, 4), bool), 1))
    _, order, parents = searched(problem, starts(problem, 2))
    np.testing.assert_array_equal(order, np.arange(4))
    np.testing.assert_array_equal(parents, np.eye(4, 5, dtype=bool))


@st.composite
def constrained(draw: st.DrawFn) -> tuple[int, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """(seed, candidates, required, before) of a problem with p = 5 present and m = 2 lagged columns."""
    p, m = 5, 2
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rank = rng.permutation(p)
    earlier = rank[:, None] < rank[None, :]
    before = transitive_closure(earlier & (rng.random((p, p)) < draw(st.sampled_from([0.0, 0.3, 0.8, 1.0]))))
    candidates = rng.random((p, m + p)) < draw(st.sampled_from([0.2, 0.6, 1.0]))
    candidates[:, m:] &= ~before & ~np.eye(p, dtype=bool)
    required = rng.random((p, m + p)) < draw(st.sampled_from([0.0, 0.3]))
    required[:, m:] &= before.T
    return int(rng.integers(1000)), candidates | required, required, before


@settings(max_examples=60, deadline=None)
@given(constrained())
def test_constraints_are_never_violated(plain, chosen):
    seed, candidates, required, before = chosen
    problem = plain.problem(seed, p=5, m=2)._replace(candidates=candidates, required=required, before=before)
    orders = starts(problem, 3, seed)
    assert all(respects(order, before) for order in orders)
    _, order, parents = searched(problem, orders)
    assert sorted(order.tolist()) == list(range(5))
    assert respects(order, before)
    assert not (parents & ~candidates).any()
    assert not (required & ~parents).any()
    assert not (parents[:, 2:] & before).any()  # [y, x]: x -> y although y must stand before x


def test_random_orders_cover_all_linear_extensions():
    """a before b, c free: the three orders come out, others never."""
    before = np.zeros((3, 3), bool)
    before[0, 1] = True
    seen = {tuple(random_order(before, np.uint64(key_of(0, k, 5))).tolist()) for k in range(200)}
    assert seen == {(0, 1, 2), (0, 2, 1), (2, 0, 1)}


def test_the_orders_given_are_left_as_they_are(plain):
    """Draws that run side by side start from one and the same order."""
    problem = plain.problem(4, p=8, m=8)
    orders = starts(problem, 5)
    given = orders.copy()
    _, best, _ = searched(problem, orders)
    np.testing.assert_array_equal(orders, given)
    assert not np.shares_memory(best, orders)
    assert best.tolist() not in given.tolist()  # there was something to improve


def test_the_same_start_gives_the_same_bytes(plain):
    problem = plain.problem(9, p=8, m=8)
    first, second = (searched(problem, starts(problem, 5)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
