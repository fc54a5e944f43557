"""How strong a hidden driver is cannot be read off the data: in every draw that carries it, it is off by some share.

A driver and an arrow between two indicators that it moves explain the same thing, that the two move together within a
period. The search gives all of it to the one or to the other; what is in between fits nearly as well. Where the driver
accounts for (1 - s) of the covariance l_x l_y that it is estimated to give x and y (loadings l), the rest is an arrow
x -> y of s l_x l_y / v_x, with v_x the variance of x that its other causes leave open. s is uniform around zero, one
for all pairs of a draw; links into the outcomes are changed, since their causes are asked for. The shares of
successive draws are spread evenly (golden ratio; Niederreiter 1992, ch. 3), so that values stay. A sensitivity analysis
with a prior on the strength of what is hidden (Greenland 2005, JRSS A 168), inside the draws, so that effects, chains,
what-if and ranks all carry it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.graph.separation import transitive_closure
from causal_service.numerics.keyed_random import key_of, next_uniform

__all__ = ["MISJUDGED", "misjudged_links", "misjudged_share"]

MISJUDGED = 0.75
"""Largest share by which the driver may be stronger or weaker than estimated (docs/decisions/0455)."""

_GOLDEN = (5.0**0.5 - 1.0) / 2.0
_PURPOSE = 15

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]


def misjudged_share(seed: int, draw: int) -> float:
    """Return the share s of one draw; over the draws of a seed they fill -MISJUDGED .. MISJUDGED evenly."""
    start = float(next_uniform(np.uint64(key_of(seed, 0, _PURPOSE))))
    return MISJUDGED * (2.0 * ((start + draw * _GOLDEN) % 1.0) - 1.0)


def misjudged_links(
    members: Bool, coefficients: Array, loadings: Array, S: Array, allowed: Bool, outcomes: Sequence[int], share: float
) -> Array:
    """Return (k, p, p) what is added to the same-period coefficients of members; [., y, x] for x -> y.

    Nothing is added against ``allowed``, nor where it would close a circle, be it with what is added elsewhere. Between
    two outcomes something is added only where the member or ``allowed`` say which of them comes first.

    Parameters
    ----------
    members : (k, p, d) graphs. coefficients : (k, p, d) standardised.
    loadings : (p,) standardised, on the driver.
    S : (d, d) covariance that the coefficients were fitted on.
    allowed : (p, p) [y, x] whether x may be a same-period cause of y.
    outcomes : indicators whose links are changed, in any order.
    share : s.
    """
    k, p, d = members.shape
    added = np.zeros((k, p, p))
    for i in range(k):
        for y, x in np.argwhere(_links(members[i, :, d - p :], loadings != 0.0, allowed, outcomes)):
            added[i, y, x] = share * loadings[x] * loadings[y] / _left_open(coefficients[i, x], S, d - p + x)
    return added


def _links(now: Bool, moved: Bool, allowed: Bool, outcomes: Sequence[int]) -> Bool:
    """Return (p, p) [y, x] the links into outcomes that are changed, from the arrows of a period (p, p)."""
    asked = np.zeros(len(now), dtype=bool)
    asked[list(outcomes)] = True
    asked &= moved
    after = transitive_closure(now.T)
    links: Bool = asked[:, None] & moved[None, :] & allowed & ~after & ~np.eye(len(now), dtype=bool)
    links &= ~(links & links.T)
    links &= ~transitive_closure((now | links).T)
    return links


def _left_open(coefficients: Array, S: Array, column: int) -> float:
    """Return the variance of one column of S that its observed causes leave open; the driver is part of it."""
    rest = -coefficients
    rest[column] += 1.0
    return max(float(rest @ S @ rest), 1e-9)
