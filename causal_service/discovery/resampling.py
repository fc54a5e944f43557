"""Draws over entities: every draw reweights the Gram matrices, searches, and keeps members of its class.

Source of the idea: bagging of graph search (Friedman, Goldszmidt & Wyner 1999) with a random penalty per draw; METHOD
steps 7-9. Random numbers are keyed by (seed, draw), so the result does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.search_problem import SearchProblem
from causal_service.numerics.draw import learn_class, member_coefficients, sampled_members
from causal_service.numerics.hidden_factor import (
    Factor,
    Rules,
    coefficients_beside,
    loadings_of,
    refound,
    system_score,
    without_driver,
)
from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.order_search import random_order
from causal_service.preparation.prepared import Prepared

__all__ = [
    "MEMBERS",
    "PENALTY_RANGE",
    "Draw",
    "beside",
    "block_weights",
    "full_sample",
    "refitted",
    "resampled",
    "rules_of",
    "settled_penalty",
]

MEMBERS = 8
"""Members sampled from the class of a draw that leaves edges undirected."""
PENALTY_RANGE = (1.2, 2.4)
"""Range of the penalty discount of the draws (see docs/decisions/0002)."""
FULL_SAMPLE_STARTS = 10
"""Random starts of the full-sample search."""
FEW_ROWS = 250
"""Below this effective n the full-sample penalty discount is 1, else 2 (METHOD, Defaults)."""

_CHUNK_FLOATS = 8_000_000
"""Floats of stacked covariances held at a time (64 MB)."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One learned class with some of its members; columns are [lagged | present]."""

    found: NDArray[np.bool_]
    """Class (p, d); a present pair with both entries True is undirected."""
    members: NDArray[np.bool_]
    """(k, p, d) member graphs; the first is the random one whose effects the draw stands for."""
    coefficients: NDArray[np.float64]
    """(k, p, d) standardised coefficients of the members."""
    order: NDArray[np.int64]
    """(p,) the best order found."""
    loadings: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """(p,) standardised loadings on a hidden driver; empty in a draw without one."""


def settled_penalty(prepared: Prepared) -> float:
    """Return the full-sample penalty discount."""
    return 1.0 if prepared.effective_n < FEW_ROWS else 2.0


def block_weights(prepared: Prepared, seed: int, draw: int) -> tuple[NDArray[np.float64], float]:
    """Return (block weights (blocks,), penalty discount) of a draw.

    Multinomial counts of blocks, or of the runs of consecutive blocks that start at each of them.
    """
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, draw], np.uint64)))
    b = prepared.blocks
    starts = rng.multinomial(-(-b // prepared.run), np.full(b, 1.0 / b)).astype(np.float64)
    weights = np.sum([np.roll(starts, step) for step in range(prepared.run)], axis=0)
    low, high = PENALTY_RANGE
    return weights, float(rng.uniform(low, high))


def chunks(prepared: Prepared, draws: int) -> list[range]:
    """Return the draws in ranges whose stacked covariances fit into the working memory."""
    d = len(prepared.names) * (prepared.lags + 1)
    size = max(1, min(draws, _CHUNK_FLOATS // (d * d)))
    return [range(start, min(start + size, draws)) for start in range(0, draws, size)]


def full_sample(prepared: Prepared, problem: SearchProblem, seed: int, penalty: float | None = None) -> Draw:
    """Return the class learned on all entities from several random starts."""
    discount = settled_penalty(prepared) if penalty is None else penalty
    within, stationary = prepared.covariance()
    orders = np.stack([random_order(problem.before, _key(seed, i, 1)) for i in range(FULL_SAMPLE_STARTS)])
    return _learned(prepared, problem, (within, stationary), discount, orders, _key(seed, 0, 4))


def resampled(
    prepared: Prepared,
    problem: SearchProblem,
    warm: NDArray[np.int64],
    *,
    draws: int,
    seed: int,
    threads: int,
    progress: Progress | None = None,
    driver: Factor | None = None,
) -> tuple[Draw, ...]:
    """Return ``draws`` draws in order; even ones start from ``warm`` (p,), odd ones from a random order.

    With the ``driver`` of the full sample every draw looks for it anew and keeps it where it is the better explanation.
    """

    def one(task: tuple[int, float, NDArray[np.float64], NDArray[np.float64]]) -> Draw:
        index, discount, within, stationary = task
        key, covariances = _key(seed, index, 2), (within, stationary)
        order = warm.copy() if index % 2 == 0 else random_order(problem.before, key)
        plain = _learned(prepared, problem, covariances, discount, order[None, :], _key(seed, index, 5))
        if driver is None:
            return plain
        return _better(prepared, problem, covariances, discount, plain, driver, _key(seed, index, 9))

    out: list[Draw] = []
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for chunk in chunks(prepared, draws):
            weights, discounts = zip(*(block_weights(prepared, seed, index) for index in chunk), strict=True)
            within, stationary = prepared.covariances(np.stack(weights))
            for draw in pool.map(one, zip(chunk, discounts, within, stationary, strict=True)):
                out.append(draw)
                if progress is not None:
                    progress(len(out), draws)
    return tuple(out)


def _learned(
    prepared: Prepared,
    problem: SearchProblem,
    covariances: tuple[NDArray[np.float64], NDArray[np.float64]],
    discount: float,
    orders: NDArray[np.int64],
    key: np.uint64,
) -> Draw:
    """Search on the within-covariance, fit on the stationary one."""
    n = prepared.effective_n
    order, found = learn_class(
        covariances[0],
        n,
        discount * float(np.log(n)),
        problem.candidates,
        problem.required,
        problem.before,
        problem.allowed,
        orders,
    )
    members = sampled_members(found, MEMBERS, key)
    return Draw(found, members, member_coefficients(covariances[1], members), order)


def _better(
    prepared: Prepared,
    problem: SearchProblem,
    covariances: tuple[NDArray[np.float64], NDArray[np.float64]],
    discount: float,
    plain: Draw,
    driver: Factor,
    key: np.uint64,
) -> Draw:
    """Return the draw with the driver where it scores better than the plain one, else the plain one."""
    n, (within, stationary) = prepared.effective_n, covariances
    penalty = discount * float(np.log(n))
    again = refound(within, n, penalty, rules_of(problem), driver, key)
    if again is None or again.score >= system_score(within, plain.members[0], n, penalty):
        return plain
    return beside(again, stationary, key)


def beside(driver: Factor, stationary: NDArray[np.float64], key: np.uint64) -> Draw:
    """Return the draw of a system with a driver: its class, with coefficients fitted on the stationary covariance."""
    members = sampled_members(driver.found, MEMBERS, key)
    coefficients = coefficients_beside(stationary, driver, members)
    return Draw(
        without_driver(driver.found),
        without_driver(members),
        without_driver(coefficients),
        driver.order[driver.order != 0] - 1,
        loadings_of(coefficients[0]),
    )


def rules_of(problem: SearchProblem) -> Rules:
    """Return what the search beside a driver may and must do."""
    return Rules(problem.candidates, problem.required, problem.before, problem.allowed)


def refitted(found: NDArray[np.bool_], stationary: NDArray[np.float64], key: np.uint64) -> Draw:
    """Return a draw whose class is given and only its coefficients are estimated."""
    members = sampled_members(found, MEMBERS, key)
    return Draw(found, members, member_coefficients(stationary, members), np.arange(found.shape[0]))


def _key(seed: int, draw: int, purpose: int) -> np.uint64:
    return np.uint64(key_of(seed, draw, purpose))
