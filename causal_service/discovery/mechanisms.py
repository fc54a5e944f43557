"""From linear coefficients to the average slopes of mechanisms that may bend, draw by draw.

Each draw stands for one period of the panel: its slopes are those of that period, so the spread of the draws tells how
far an effect in a period like these may be from the average. With straight mechanisms all periods are alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.curved_slopes import curved_slopes
from causal_service.preparation.prepared import Prepared

__all__ = ["draw_periods", "with_mechanisms"]

EVIDENCE = 1.0
"""Penalty discount of a curve."""


def draw_periods(prepared: Prepared, draws: int, seed: int) -> NDArray[np.int64]:
    """Return the period (draws,) each draw stands for: every period as often as any other, in a keyed order."""
    periods = 1 if prepared.curves is None else prepared.curves.slopes.shape[0]
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, _PURPOSE], np.uint64)))
    chosen: NDArray[np.int64] = (rng.permutation(draws) * periods) // draws
    return chosen


def with_mechanisms(
    prepared: Prepared,
    bends: NDArray[np.float64] | None,
    members: NDArray[np.bool_],
    coefficients: NDArray[np.float64],
    period: int | None,
) -> NDArray[np.bool_]:
    """Turn coefficients (k, p, d) into average slopes, in place; return (p, d) which arrows of the first member bend.

    Parameters
    ----------
    bends : (e, e) moments with bends under the block weights of the draw; ``None`` = mechanisms are straight.
    members : (k, p, d) graphs.
    period : position of the period the draw stands for; ``None`` = the average of all.
    """
    curves = prepared.curves
    if curves is None or bends is None:
        return np.zeros(members.shape[1:], np.bool_)
    slopes, steepness = curves.at(period)
    bent = [
        curved_slopes(bends, prepared.effective_n, EVIDENCE, member, slopes, steepness, C)
        for member, C in zip(members, coefficients, strict=True)
    ]
    first: NDArray[np.bool_] = bent[0]
    return first


_PURPOSE = 2**63
"""Key beyond every draw."""
