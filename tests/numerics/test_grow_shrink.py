"""Grow-shrink trees find the parents that the plain algorithm finds, for any prefix, however little room they have.

The order is fixed by precedence here, so that what the search returns is what the trees say about every prefix of it.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.numerics.grow_shrink import MAX_PARENTS, Problem, forest, full, plant, roomier
from causal_service.numerics.order_search import improve, search_orders

SEEDS = range(8)


def in_order(problem: Problem, order: tuple[int, ...]) -> Problem:
    """The problem in which every pair has its place."""
    position = np.argsort(order)
    return problem._replace(before=position[:, None] < position[None, :])


def parents_in(problem: Problem, order: tuple[int, ...]) -> tuple[float, NDArray[np.bool_]]:
    """(score, parents (p, d)) under one order."""
    fixed = in_order(problem, order)
    scores, _, parents = search_orders(
        fixed.S, fixed.n, fixed.penalty, fixed.candidates, fixed.required, fixed.before, np.array([order])
    )
    return float(scores[0]), parents


@pytest.mark.parametrize("required", [0, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_parents_and_score_equal_the_plain_algorithm_for_every_prefix(plain, seed, required):
    problem = plain.problem(seed, p=4, m=3, required=required)
    p, d = problem.candidates.shape
    m = d - p
    for order in permutations(range(p)):
        score, parents = parents_in(problem, order)
        total = 0.0
        for i, y in enumerate(order):
            expected, value = plain.grow_shrink(problem, y, frozenset(range(m)) | {m + v for v in order[:i]})
            assert frozenset(np.flatnonzero(parents[y]).tolist()) == expected
            assert value == pytest.approx(plain.bic_score(problem.S, problem.n, problem.penalty, m + y, expected))
            total += value
        assert score == pytest.approx(total, abs=1e-7)


def test_shrinking_is_put_to_use(plain):
    """Growing takes a proxy first and drops it once the two real parents are there: w = u + v + a little noise."""
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, 500))
    w = u + v + 0.5 * rng.normal(size=500)
    y = u + v + 0.3 * rng.normal(size=500)
    problem = plain.problem(0, p=1, m=3, n=500.0)._replace(S=np.corrcoef(np.stack([u, v, w, y])))
    _, parents = parents_in(problem, (0,))
    np.testing.assert_array_equal(parents[0], [True, True, False, False])
    S = problem.S
    assert abs(S[2, 3]) > max(abs(S[0, 3]), abs(S[1, 3]))  # the proxy alone looks best


@pytest.mark.parametrize("required", [0, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_trees_that_run_out_of_room_give_the_same_answers(plain, seed, required):
    problem = plain.problem(seed, p=6, m=3, required=required)
    p, d = problem.candidates.shape
    for order in [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (2, 0, 5, 1, 4, 3)]:
        score, expected = parents_in(problem, order)
        fixed = in_order(problem, order)
        trees = forest(p, d, p + int(problem.required.sum()), d)
        plant(fixed, trees)
        parents = np.zeros((p, d), bool)
        queue = np.array([*order, 0, 0])
        value, grown = improve(fixed, trees, np.array(order), parents, queue), 0
        while full(trees):
            trees, grown = roomier(fixed, trees), grown + 1
            value = improve(fixed, trees, np.array(order), parents, queue)
        assert grown > 1
        assert value == pytest.approx(score, abs=1e-8)
        np.testing.assert_array_equal(parents, expected)


def test_trees_can_be_used_again_after_they_were_cleared(plain):
    problem = in_order(plain.problem(1, p=5, m=2), (4, 2, 0, 1, 3))
    trees = forest(5, 7, 500, 5000)
    scores = []
    for _ in range(2):
        plant(problem, trees)
        scores.append(
            improve(problem, trees, np.array([4, 2, 0, 1, 3]), np.zeros((5, 7), bool), np.array([4, 2, 0, 1, 3, 0, 0]))
        )
    assert scores[0] == scores[1]


def test_a_larger_penalty_never_adds_parents(plain):
    sizes = []
    for penalty in (0.5, 2.0, 8.0, 32.0, 1e6):
        _, parents = parents_in(plain.problem(1, p=6, m=4, penalty=penalty), (0, 1, 2, 3, 4, 5))
        sizes.append(int(parents.sum()))
    assert sizes[0] > sizes[-1] == 0
    assert sizes == sorted(sizes, reverse=True)


def test_required_parents_stay_even_when_they_do_not_help(plain):
    problem = plain.problem(2, p=4, m=6, penalty=1e6, required=5)
    _, parents = parents_in(problem, (0, 1, 2, 3))
    np.testing.assert_array_equal(parents, problem.required)


def test_what_is_no_candidate_is_not_taken(plain):
    problem = plain.problem(4, p=4, m=4, penalty=0.1)
    candidates = problem.candidates & (np.random.default_rng(0).random((4, 8)) < 0.5)
    _, parents = parents_in(problem._replace(candidates=candidates), (0, 1, 2, 3))
    assert parents.any()
    assert not (parents & ~candidates).any()


def test_a_copy_of_a_parent_is_not_taken_as_well(plain):
    """Exact copies have no variance left given the other: scored, they would divide by nothing."""
    problem = plain.problem(3, p=3, m=2, penalty=0.1)
    S = problem.S.copy()
    S[1], S[:, 1] = S[0], S[:, 0]
    S[1, 1] = S[0, 0]
    score, parents = parents_in(problem._replace(S=S), (0, 1, 2))
    assert np.isfinite(score)
    assert not (parents[:, 0] & parents[:, 1]).any()
    assert parents[:, :2].any()


def test_there_is_a_largest_number_of_parents(plain):
    """100 true parents: growing stops, the score stays that of the parents returned."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(5000, 100))
    y = rows.sum(axis=1) + rng.normal(size=5000)
    problem = plain.problem(0, p=1, m=100, n=5000.0)._replace(S=np.corrcoef(np.column_stack([rows, y]).T))
    score, parents = parents_in(problem, (0,))
    taken = frozenset(np.flatnonzero(parents[0]).tolist())
    assert len(taken) == MAX_PARENTS
    assert score == pytest.approx(plain.bic_score(problem.S, problem.n, problem.penalty, 100, taken), abs=1e-5)
