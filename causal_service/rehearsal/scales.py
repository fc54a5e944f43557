"""Between an indicator's unit and the scale of the linear system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from causal_service.panel.dictionary import Transform

__all__ = ["Scale"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """One indicator's transform, both ways."""

    kind: Transform
    """``identity`` | ``log`` | ``logit`` | ``rank``."""
    top: float = 1.0
    """Largest share (``logit``)."""
    values: Array | None = None
    """Distinct observed values, ascending (``rank``)."""
    scores: Array | None = None
    """Their normal scores."""

    @staticmethod
    def of(kind: Transform, values: Array, scores: Array) -> Scale:
        """Return the scale on which ``values`` became ``scores`` (same shape, NaN = missing)."""
        seen = ~np.isnan(values)
        if kind == "logit":
            return Scale(kind, top=float(np.median(values[seen] / expit(scores[seen]))))
        if kind == "rank":
            distinct, first = np.unique(values[seen], return_index=True)
            return Scale(kind, values=distinct, scores=scores[seen][first])
        return Scale(kind)

    def back(self, scores: Array) -> Array:
        """Return values in the indicator's unit."""
        if self.kind == "log":
            return np.exp(scores)
        if self.kind == "logit":
            return np.asarray(self.top * expit(scores))
        if self.values is not None and self.scores is not None:
            return np.asarray(np.interp(scores, self.scores, self.values))
        return scores

    def forth(self, values: Array) -> Array:
        """Return scores; values outside the domain become its edge."""
        if self.kind == "log":
            return np.log(np.maximum(values, 1e-12))
        if self.kind == "logit":
            return np.asarray(logit(np.clip(values / self.top, 1e-9, 1 - 1e-9)))
        if self.values is not None and self.scores is not None:
            return np.asarray(np.interp(values, self.values, self.scores))
        return values
