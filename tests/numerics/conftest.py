"""Plain, slow versions of what the kernels do, and random problems for both."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.numerics.grow_shrink import Problem


def bic_score(S: NDArray[np.float64], n: float, penalty: float, y: int, parents: frozenset[int]) -> float:
    """-n ln(residual variance) - penalty x parents; ``y`` and ``parents`` are columns of S."""
    P = sorted(parents)
    residual = S[y, y] - S[y, P] @ np.linalg.solve(S[np.ix_(P, P)], S[P, y]) if P else S[y, y]
    return float(-n * np.log(residual) - penalty * len(P))


def plain_grow_shrink(problem: Problem, y: int, available: frozenset[int]) -> tuple[frozenset[int], float]:
    """Best parents of present variable y among available columns: add the best while it helps, then drop likewise.

    Required parents are there from the start and stay.
    """
    p, d = problem.candidates.shape
    column = d - p + y

    def score(parents: frozenset[int]) -> float:
        return bic_score(problem.S, problem.n, problem.penalty, column, parents)

    forced = frozenset(np.flatnonzero(problem.required[y]).tolist())
    parents, best = forced, score(forced)
    free = {c for c in available if problem.candidates[y, c]} - {column}
    while free - parents:
        value, c = max((score(parents | {c}), c) for c in free - parents)
        if value <= best:
            break
        parents, best = parents | {c}, value
    while parents - forced:
        value, c = max((score(parents - {c}), c) for c in parents - forced)
        if value <= best + 1e-9:
            break
        parents, best = parents - {c}, value
    return parents, best


def random_problem(
    seed: int, p: int = 5, m: int = 3, n: float = 200.0, penalty: float | None = None, required: int = 0
) -> Problem:
    """A covariance estimated from few rows of a random system, so that parents are really in doubt."""
    rng = np.random.default_rng(seed)
    d = m + p
    B = np.tril(rng.normal(size=(d, d)) * (rng.random((d, d)) < 0.5), -1)
    rows = rng.normal(size=(int(n), d)) @ np.linalg.inv(np.eye(d) - B).T
    shuffled = np.concatenate([np.arange(m), m + rng.permutation(p)])
    S = np.corrcoef(rows[:, shuffled].T)
    forced = np.zeros((p, d), bool)
    for y, c in zip(rng.integers(0, p, required), rng.integers(0, m, required), strict=True):
        forced[y, c] = True
    candidates = np.ones((p, d), bool)
    candidates[np.arange(p), m + np.arange(p)] = False
    return Problem(S, n, np.log(n) if penalty is None else penalty, candidates, forced, np.zeros((p, p), bool))


class Plain(NamedTuple):
    """The functions above, for tests to ask for by one name."""

    bic_score: Callable[..., float]
    grow_shrink: Callable[..., tuple[frozenset[int], float]]
    problem: Callable[..., Problem]


@pytest.fixture(scope="session")
def plain() -> Plain:
    return Plain(bic_score, plain_grow_shrink, random_problem)
