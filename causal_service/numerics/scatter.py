"""Columns of cells into their places in rows: what a columnar file needs to be grouped by row without a sort."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel

__all__ = ["TOGETHER", "mark_cells", "places_by_partition", "scatter_columns", "text_hashes"]

TOGETHER = 8
"""Columns that are scattered at a time."""
_STRIP = 64
"""Rows of a column that are scattered before the next column, so that the rows stay in the processor's cache."""


@kernel
def places_by_partition(
    keys: NDArray[np.uint64],
    who: NDArray[np.int32],
    when: NDArray[np.int32],
    partitions: int,
    rows: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (place (n,) of each row when rows stand by partition, stable; first place (partitions + 1,) of each).

    Partitions hold ascending ranges of keys. The bits of the key ``keys[who[r]]`` and the period ``when[r]`` of each
    row are written into the first two columns of ``rows`` at its place.
    """
    starts = np.zeros(partitions + 1, np.int64)
    group = np.empty(who.size, np.int64)
    for r in range(who.size):
        group[r] = np.int64((keys[who[r]] >> np.uint64(32)) * np.uint64(partitions) >> np.uint64(32))
        starts[group[r] + 1] += 1
    for g in range(partitions):
        starts[g + 1] += starts[g]
    free = starts[:-1].copy()
    place = np.empty(who.size, np.int64)
    bits = rows.view(np.uint64)
    for r in range(who.size):
        at = free[group[r]]
        free[group[r]] += 1
        place[r] = at
        bits[at, 0] = keys[who[r]]
        rows[at, 1] = when[r]
    return place, starts


@kernel
def scatter_columns(
    values: tuple[NDArray[np.float64], ...],
    valid: tuple[NDArray[np.uint8], ...],
    first_bit: NDArray[np.int64],
    place: NDArray[np.int64],
    columns: NDArray[np.int64],
    out: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Write ``out[place[r], columns[k]] = values[k][r]`` for some columns; count the (missing, infinite) cells of each.

    Parameters
    ----------
    values : TOGETHER columns of n cells each; side by side in ``out`` they fill a stretch of a processor's cache.
    valid : for each a bitmap, least significant bit first, whose bit ``first_bit[k] + r`` says that cell r is there;
        empty = all are. A missing cell becomes NaN and minus zero becomes zero.
    counts : (TOGETHER, 2), written.
    """
    n = place.size
    counts[:] = 0
    for start in range(0, n, _STRIP):
        stop = min(start + _STRIP, n)
        for k in range(TOGETHER):
            column, cells, bits, bit = columns[k], values[k], valid[k], first_bit[k]
            missing, infinite = 0, 0
            for r in range(start, stop):
                v = cells[r] + 0.0
                if bits.size > 0 and (bits[(bit + r) >> 3] >> ((bit + r) & 7)) & 1 == 0:
                    v = np.nan
                if not np.isfinite(v):
                    if np.isnan(v):
                        v = np.nan
                        missing += 1
                    else:
                        infinite += 1
                out[place[r], column] = v
            counts[k, 0] += missing
            counts[k, 1] += infinite


@kernel
def mark_cells(
    cells: NDArray[np.bool_],
    who: NDArray[np.int64],
    row_who: NDArray[np.int32],
    when: NDArray[np.int64],
    row_when: NDArray[np.int32],
) -> None:
    """Set ``cells[who[row_who], when[row_when]]`` of every row."""
    for r in range(row_who.size):
        cells[who[row_who[r]], when[row_when[r]]] = True


@kernel
def text_hashes(starts: NDArray[np.int64], text: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return a 64-bit hash (n,) of every text ``text[starts[i]:starts[i + 1]]`` (FNV-1a; Fowler, Noll & Vo)."""
    out = np.empty(starts.size - 1, np.uint64)
    for i in range(out.size):
        h = np.uint64(0xCBF29CE484222325)
        for c in range(starts[i], starts[i + 1]):
            h = (h ^ np.uint64(text[c])) * np.uint64(0x100000001B3)
        out[i] = h
    return out
