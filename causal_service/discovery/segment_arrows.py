"""Arrows that single segments show and the whole panel hides, because slopes of opposite sign cancel.

The class of every segment is learned once, on its whole sample with the penalty of the full-sample search. Every draw
takes a random member of each class and gains those of its arrows between indicators that it leaves apart, as long as no
circle closes. Which arrows a draw gains thus varies with what the segments leave undirected, not with the resample.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.resampling import FEW_ROWS, FULL_SAMPLE_STARTS, Draw
from causal_service.discovery.search_problem import SearchProblem
from causal_service.numerics.draw import learn_class, sampled_members
from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.order_search import random_order
from causal_service.numerics.possible_paths import descending
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.segment_moments import SegmentMoments

__all__ = ["with_segment_arrows"]

Bool = NDArray[np.bool_]


def with_segment_arrows(
    prepared: Prepared, problem: SearchProblem, moments: Sequence[SegmentMoments], draws: Sequence[Draw], seed: int
) -> list[Bool]:
    """Return the first member (1, p, d) of every draw with the arrows of the segments.

    Draws with a hidden driver stay as they are: the driver explains what an arrow would.
    """
    orders = np.stack([random_order(problem.before, np.uint64(key_of(seed, i, 1))) for i in range(FULL_SAMPLE_STARTS)])
    learned = []
    for s, own in enumerate(moments):
        found = _class(prepared, problem, own, orders)
        learned.append(sampled_members(found, len(draws), np.uint64(key_of(seed, s, 12))))
    out = []
    for i, draw in enumerate(draws):
        member = draw.members[:1]
        if not draw.loadings.size:
            member = member.copy()
            for members in learned:
                _join(member[0], members[i % len(members)], problem)
        out.append(member)
    return out


def _class(prepared: Prepared, problem: SearchProblem, own: SegmentMoments, orders: NDArray[np.int64]) -> Bool:
    n = prepared.rows_counted(prepared.effective_n * float(own.mass.sum() / prepared.mass.sum()))
    penalty = (1.0 if n < FEW_ROWS else 2.0) * float(np.log(max(n, 2.0)))
    return learn_class(
        own.within(prepared), n, penalty, problem.candidates, problem.required, problem.before, problem.allowed, orders
    )[1]


def _join(member: Bool, other: Bool, problem: SearchProblem) -> None:
    """Add the arrows of ``other`` (p, d) that ``member`` has in neither direction; nothing may close a circle."""
    p, d = member.shape
    m = d - p
    member[:, :m] |= other[:, :m] & problem.candidates[:, :m]
    now = member[:, m:]
    for y, x in np.argwhere(other[:, m:] & problem.candidates[:, m:] & ~now & ~now.T):
        if not descending(np.ascontiguousarray(now), np.arange(p) == y)[x]:
            now[y, x] = True
