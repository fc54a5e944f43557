"""One column of cells into its place in rows: what a columnar file needs to be grouped by row without a sort."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel

__all__ = ["places_by_group", "scatter_column"]


@kernel
def places_by_group(group: NDArray[np.int64], groups: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (place (n,) of each row when rows stand by group, stable; first place (groups + 1,) of each group)."""
    starts = np.zeros(groups + 1, np.int64)
    for g in group:
        starts[g + 1] += 1
    for g in range(groups):
        starts[g + 1] += starts[g]
    free = starts[:-1].copy()
    place = np.empty(group.size, np.int64)
    for r in range(group.size):
        place[r] = free[group[r]]
        free[group[r]] += 1
    return place, starts


@kernel
def scatter_column(
    values: NDArray[np.float64],
    valid: NDArray[np.uint8],
    first_bit: int,
    place: NDArray[np.int64],
    column: int,
    out: NDArray[np.float64],
) -> tuple[int, int]:
    """Write ``out[place[r], column] = values[r]``; return how many cells are (missing, infinite).

    ``valid`` is a bitmap, least significant bit first, whose bit ``first_bit + r`` says that cell r is there; empty =
    all are. A missing cell becomes NaN and minus zero becomes zero.
    """
    missing, infinite = 0, 0
    for r in range(values.size):
        v = values[r] + 0.0
        if valid.size > 0:
            bit = first_bit + r
            if (valid[bit >> 3] >> (bit & 7)) & 1 == 0:
                v = np.nan
        if not np.isfinite(v):
            if np.isnan(v):
                v = np.nan
                missing += 1
            else:
                infinite += 1
        out[place[r], column] = v
    return missing, infinite
