"""Draws over entities: every draw reweights the Gram matrices, searches, and keeps members of its class.

Source of the idea: bagging of graph search (Friedman, Goldszmidt & Wyner 1999) with a random penalty per draw; METHOD
steps 7-9. Random numbers are keyed by (seed, draw), so the result does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.driver_strength import misjudged_links, misjudged_share
from causal_service.discovery.mechanisms import draw_periods, with_mechanisms
from causal_service.discovery.search_problem import SearchProblem
from causal_service.numerics.draw import learn_class, member_coefficients, sampled_members
from causal_service.numerics.fan_out import in_order
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
    "Draw",
    "Sample",
    "beside",
    "block_weights",
    "full_sample",
    "refitted",
    "resampled",
    "rules_of",
    "samples",
    "settled_penalty",
    "whole_sample",
]

MEMBERS = 8
"""Members sampled from the class of a draw that leaves edges undirected."""
PENALTY_RANGE = (1.2, 2.4)
"""Range of the penalty discount of the draws (see docs/decisions/0002)."""
MANY_ROWS = 1000
"""From this effective n the range reaches further down: there a weak arrow that every draw leaves out is what is wrong
with an interval (see docs/decisions/0461)."""
PENALTY_RANGE_MANY = (0.6, 2.4)
"""Range of the penalty discount from ``MANY_ROWS``."""
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
    """(k, p, d) standardised coefficients of the members; average slopes where a mechanism bends.

    Beside a hidden driver they include what it is misjudged by, also where the member has no arrow."""
    order: NDArray[np.int64]
    """(p,) the best order found."""
    bent: NDArray[np.bool_]
    """(p, d) arrows of the first member whose mechanism bends."""
    loadings: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """(p,) standardised loadings on a hidden driver; empty in a draw without one."""
    misjudged: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """(p, p) [y, x] part of the first member's same-period coefficients that the driver is misjudged by; empty in a
    draw without one (``driver_strength``). Of the other members it is in their coefficients only: nobody asks what they
    would do without it."""

    @property
    def fitted(self) -> NDArray[np.float64]:
        """(p, d) coefficients of the first member as the panel gives them, with the driver as strong as estimated."""
        coefficients: NDArray[np.float64] = self.coefficients[0].copy()
        if self.misjudged.size:
            coefficients[:, -len(coefficients) :] -= self.misjudged
        return coefficients


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one draw learns from."""

    index: int
    """Number of the draw."""
    bends: NDArray[np.float64] | None
    """(e, e) moments with the bends of mechanisms (``preparation.curves``); ``None`` where they are straight."""
    discount: float
    """Penalty discount."""
    within: NDArray[np.float64]
    """(d, d) covariance the graph is searched on."""
    stationary: NDArray[np.float64]
    """(d, d) covariance the coefficients are fitted on."""
    period: int | None
    """Position of the period whose slopes the draw has; ``None`` = the average of all."""


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
    weights = starts
    for step in range(1, prepared.run):
        weights = weights + np.roll(starts, step)
    low, high = PENALTY_RANGE if prepared.effective_n < MANY_ROWS else PENALTY_RANGE_MANY
    return weights, float(rng.uniform(low, high))


def samples(prepared: Prepared, draws: int, seed: int) -> Iterator[list[Sample]]:
    """Yield the samples of the draws in order, as many at a time as fit into the working memory."""
    d = len(prepared.names) * (prepared.lags + 1)
    curves = prepared.curves
    widest = d if curves is None else curves.width
    size = max(1, min(draws, _CHUNK_FLOATS // (widest * widest)))
    periods = draw_periods(prepared, draws, seed)
    for start in range(0, draws, size):
        chunk = range(start, min(start + size, draws))
        weights, discounts = zip(*(block_weights(prepared, seed, index) for index in chunk), strict=True)
        together = np.stack(weights)
        within, stationary = prepared.covariances(together)
        bends = None if curves is None else curves.moments(together, prepared.mass)
        yield [
            Sample(
                index, None if bends is None else bends[i], discounts[i], within[i], stationary[i], int(periods[index])
            )
            for i, index in enumerate(chunk)
        ]


def whole_sample(prepared: Prepared, penalty: float | None = None) -> Sample:
    """Return all blocks, once each, on average over the periods."""
    within, stationary = prepared.covariance()
    discount = settled_penalty(prepared) if penalty is None else penalty
    bends = (
        None if prepared.curves is None else prepared.curves.moments(np.ones((1, prepared.blocks)), prepared.mass)[0]
    )
    return Sample(0, bends, discount, within, stationary, None)


def full_sample(prepared: Prepared, problem: SearchProblem, seed: int, penalty: float | None = None) -> Draw:
    """Return the class learned on all entities from several random starts."""
    orders = np.stack([random_order(problem.before, _key(seed, i, 1)) for i in range(FULL_SAMPLE_STARTS)])
    return _learned(prepared, problem, whole_sample(prepared, penalty), orders, _key(seed, 0, 4))


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
    outcomes: Sequence[int] = (),
) -> tuple[Draw, ...]:
    """Return ``draws`` draws in order; even ones start from ``warm`` (p,), odd ones from a random order.

    With the ``driver`` of the full sample every draw looks for it anew and keeps it where it is the better explanation;
    its strength is then uncertain by what that does to the links into the ``outcomes`` (positions).
    """

    task = _Task(prepared, problem, warm, seed, driver, tuple(outcomes))
    out: list[Draw] = []
    for chunk in samples(prepared, draws, seed):
        for draw in in_order(_drawn, task, chunk, threads):
            out.append(draw)
            if progress is not None:
                progress(len(out), draws)
    return tuple(out)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What all draws share."""

    prepared: Prepared
    problem: SearchProblem
    warm: NDArray[np.int64]
    seed: int
    driver: Factor | None
    outcomes: tuple[int, ...]


def _drawn(task: _Task, sample: Sample) -> Draw:
    prepared, problem, seed, index = task.prepared, task.problem, task.seed, sample.index
    order = task.warm.copy() if index % 2 == 0 else random_order(problem.before, _key(seed, index, 2))
    plain = _learned(prepared, problem, sample, order[None, :], _key(seed, index, 5))
    if task.driver is None:
        return plain
    draw = _better(prepared, problem, sample, plain, task.driver, _key(seed, index, 9))
    if not draw.loadings.size:
        return draw
    return _misjudged(draw, problem, sample, task.outcomes, misjudged_share(seed, index))


def _learned(
    prepared: Prepared, problem: SearchProblem, sample: Sample, orders: NDArray[np.int64], key: np.uint64
) -> Draw:
    """Search on the within-covariance, fit on the stationary one, let mechanisms bend."""
    n = prepared.search_n
    order, found = learn_class(
        sample.within,
        n,
        sample.discount * float(np.log(n)),
        problem.candidates,
        problem.required,
        problem.before,
        problem.allowed,
        orders,
    )
    return replace(refitted(prepared, found, sample, key), order=order)


def _better(
    prepared: Prepared, problem: SearchProblem, sample: Sample, plain: Draw, driver: Factor, key: np.uint64
) -> Draw:
    """Return the draw with the driver where it scores better than the plain one, else the plain one."""
    n = prepared.search_n
    penalty = sample.discount * float(np.log(n))
    again = refound(sample.within, n, penalty, rules_of(problem), driver, key)
    if again is None or again.score >= system_score(sample.within, plain.members[0], n, penalty):
        return plain
    return beside(prepared, again, sample, key)


def beside(prepared: Prepared, driver: Factor, sample: Sample, key: np.uint64) -> Draw:
    """Return the draw of a system with a driver: its class, with coefficients fitted on the stationary covariance."""
    members = sampled_members(driver.found, MEMBERS, key)
    coefficients = coefficients_beside(sample.stationary, driver, members)
    seen, slopes = without_driver(members), without_driver(coefficients)
    bent = with_mechanisms(prepared, sample.bends, seen, slopes, sample.period)
    order = driver.order[driver.order != 0] - 1
    return Draw(without_driver(driver.found), seen, slopes, order, bent, loadings_of(coefficients[0]))


def _misjudged(draw: Draw, problem: SearchProblem, sample: Sample, outcomes: Sequence[int], share: float) -> Draw:
    """Return a draw whose driver is misjudged by a share."""
    p = len(draw.found)
    added = misjudged_links(
        draw.members,
        draw.coefficients,
        draw.loadings,
        sample.stationary,
        problem.candidates[:, -p:],
        outcomes,
        share,
    )
    coefficients = draw.coefficients.copy()
    coefficients[:, :, -p:] += added
    return replace(draw, coefficients=coefficients, misjudged=added[0])


def rules_of(problem: SearchProblem) -> Rules:
    """Return what the search beside a driver may and must do."""
    return Rules(problem.candidates, problem.required, problem.before, problem.allowed)


def refitted(prepared: Prepared, found: NDArray[np.bool_], sample: Sample, key: np.uint64) -> Draw:
    """Return a draw whose class is given and only its coefficients are estimated."""
    members = sampled_members(found, MEMBERS, key)
    coefficients = member_coefficients(sample.stationary, members)
    bent = with_mechanisms(prepared, sample.bends, members, coefficients, sample.period)
    return Draw(found, members, coefficients, np.arange(found.shape[0]), bent)


def _key(seed: int, draw: int, purpose: int) -> np.uint64:
    return np.uint64(key_of(seed, draw, purpose))
