"""Levers without any effect: truths that are exactly zero must occur, or nothing is learned about false claims."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.graph.separation import reached

__all__ = ["with_a_null"]

Array = NDArray[np.float64]


def with_a_null(
    member: NDArray[np.bool_], lines: Array, levers: Sequence[int], outcomes: Sequence[int], turn: int
) -> tuple[NDArray[np.bool_], Array]:
    """Return the graph (p, d) and its coefficients with one lever cut off from every outcome.

    Unchanged when some lever reaches no outcome already. The lever is the ``turn``-th, counted round; its arrows into
    the outcomes and their ancestors are cut, so that it still moves with them through common causes.
    """
    p = len(member)
    reach = reached(member)
    before: NDArray[np.bool_] = np.asarray(reach[list(outcomes)].any(axis=0))
    candidates = [j for j in levers if j not in outcomes]
    if not candidates or not all(before[j] for j in candidates):
        return member, lines
    lever = candidates[turn % len(candidates)]
    before[lever] = False
    arrows = np.zeros((p, member.shape[1] // p, p), bool)
    arrows[before, :, lever] = True
    cut = arrows.reshape(member.shape)
    return member & ~cut, np.where(cut, 0.0, lines)
