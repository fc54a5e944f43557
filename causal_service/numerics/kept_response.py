"""Response to a lever kept at another level, one period at a time: sequential g-estimation with splines.

y(t + h) depends on the lever in every period t .. t + h. What the last dose adds is estimated beside what that dose was
chosen by, and taken out of the outcome; then what the dose before added, beside what that one was chosen by; and so on
(structural nested mean models, Robins 1994, Communications in Statistics 23; sequential g-estimation, Vansteelandt
2009, Epidemiology 20). The sum over the periods is the response to a level that is kept, with every later dose held,
not only caused, at that level. Doses of different periods add up; within a period the response may bend as it likes.

All stages are least squares, so a cluster's contribution to a stage is its own plus what it added to the stages before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.clustered_regression import clustered_fit

__all__ = ["Response", "Stage", "kept_response"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Rows of one distance between dose and outcome; effects of entities and periods are removed from all columns."""

    dose: Array
    """(R, K) the lever's columns at the distance."""
    later: Array
    """(R, distance, K) the lever's columns at distances 0 .. distance - 1."""
    beside: Array
    """(R, q) what may be adjusted for."""
    late: Array
    """(R, m) other causes of the outcome at its time, none of them a consequence of the lever; always adjusted for."""
    outcome: Array
    """(R,) the outcome."""
    weight: Array
    """(R,) row weights."""
    cluster: NDArray[np.int64]
    """(R,) clusters."""


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Coefficients of the summed response."""

    coefficients: Array
    """(K,) of the lever's columns, outcome units."""
    influence: Array
    """(clusters, K) what every cluster adds to them; their covariance is ``influence' influence``."""

    @property
    def covariance(self) -> Array:
        """(K, K) cluster-robust covariance of the coefficients."""
        V: Array = self.influence.T @ self.influence
        return V


def kept_response(stages: Sequence[Stage], chosen: NDArray[np.int64], clusters: int) -> Response | None:
    """Return the response summed over the stages, distance 0 first; ``None`` where a stage cannot be fitted.

    Parameters
    ----------
    chosen : positions among the columns of ``beside`` that are adjusted for.
    """
    K = stages[0].dose.shape[1]
    found: list[Array] = []
    influences: list[Array] = []
    for stage in stages:
        y = stage.outcome.copy()
        for distance, coefficients in enumerate(found):
            y -= stage.later[:, distance] @ coefficients
        X = np.concatenate([stage.dose, stage.beside[:, chosen], stage.late], axis=1)
        fit = clustered_fit(X, y, stage.weight, stage.cluster, clusters)
        if fit is None:
            return None
        own = fit.influence[:, :K].copy()
        for distance, before in enumerate(influences):
            passed = fit.inverse[:K] @ (X.T @ (stage.weight[:, None] * stage.later[:, distance]))
            own -= before @ passed.T
        found.append(fit.coefficients[:K])
        influences.append(own)
    return Response(np.sum(found, axis=0), np.sum(influences, axis=0))
