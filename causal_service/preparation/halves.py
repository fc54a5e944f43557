"""Moments of the first and the second half of the time, each less the effects of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.covariances import covariances
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["FEWEST_PERIODS", "Halves", "halves_of"]

FEWEST_PERIODS = 8
"""Periods that each half needs."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """Moments per half and resampling block, in the units of ``Prepared``."""

    grams: Array
    """(2, blocks, b, b) Gram matrices of the base columns, b = base (L + 1)."""
    mass: Array
    """(2, blocks) sums of row weights."""
    expand: Array
    """(d, b) from base columns to all columns."""

    def covariances(self, weights: Array) -> tuple[Array, Array]:
        """Return the covariances (B, d, d) of the first and the second half under block weights (B, blocks)."""
        first, second = (
            covariances(np.tensordot(weights, G, 1), weights @ n) for G, n in zip(self.grams, self.mass, strict=True)
        )
        expand = self.expand
        return np.ascontiguousarray(expand @ first @ expand.T), np.ascontiguousarray(expand @ second @ expand.T)


def halves_of(within: WithinRows, prepared: Prepared) -> Halves | None:
    """Return the moments of the two halves; ``None`` where they are too short or too thin to be studied.

    Gaps keep the values that were expected over the whole time.
    """
    rows = within.rows
    span = int(rows.time.max() - rows.time.min()) + 1
    if prepared.regime == "cross-section" or span < 2 * FEWEST_PERIODS:
        return None
    late = rows.time - rows.time.min() >= span // 2
    needed = 2 * within.filled.shape[1]
    grams, mass = [], []
    for half in (~late, late):
        Z = within.part(half)
        if len(Z) < needed or np.any((Z * Z).mean(axis=0) < 1e-6):
            return None
        block, w = within.blocks.code[half], rows.weight[half]
        grams.append(_block_grams(Z, w, block, prepared.blocks))
        mass.append(np.bincount(block, weights=w, minlength=prepared.blocks))
    return Halves(np.stack(grams), np.stack(mass), prepared.expand)


def _block_grams(Z: Array, w: Array, block: NDArray[np.int64], blocks: int) -> Array:
    order = np.argsort(block, kind="stable")
    X, codes = Z[order] * np.sqrt(w[order])[:, None], block[order]
    grams = np.zeros((blocks, Z.shape[1], Z.shape[1]))
    ends = np.flatnonzero(np.diff(codes)) + 1
    for rows in np.split(np.arange(codes.size), ends):
        grams[codes[rows[0]]] = X[rows].T @ X[rows]
    return grams
