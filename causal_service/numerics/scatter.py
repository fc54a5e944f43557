"""Columns of cells into their places in rows: what a columnar file needs to be grouped by row without a sort."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel
from causal_service.numerics.raw_memory import byte_at, float_at

__all__ = ["mark_cells", "places_by_partition", "read_keys", "scatter_columns", "text_hashes"]


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
def read_keys(
    rows: NDArray[np.float64],
    start: int,
    stop: int,
    calendar: NDArray[np.int64],
    key: NDArray[np.uint64],
    time: NDArray[np.int64],
) -> None:
    """Take the keys and periods that ``places_by_partition`` has written from some rows, while they are at hand.

    ``calendar`` gives the calendar period of every period code.
    """
    bits = rows.view(np.uint64)
    for r in range(start, stop):
        key[r] = bits[r, 0]
        time[r] = calendar[np.int64(rows[r, 1])]


@kernel
def scatter_columns(
    values: NDArray[np.int64],
    valid: NDArray[np.int64],
    first_bit: NDArray[np.int64],
    place: NDArray[np.int64],
    first: int,
    out: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Write cell r of column k to ``out[place[r], first + k]``; count the (missing, infinite) cells of each column.

    Parameters
    ----------
    values : (columns,) addresses of their n cells, float64.
    valid : addresses of bitmaps, least significant bit first, whose bit ``first_bit[k] + r`` says that cell r is there;
        0 = all are. A missing cell becomes NaN and minus zero becomes zero.
    counts : (columns, 2), written.
    """
    n = place.size
    for r in range(n):
        at = place[r]
        for k in range(values.size):
            out[at, first + k] = float_at(values[k] + 8 * r) + 0.0
    for k in range(values.size):
        column, bit = first + k, first_bit[k]
        missing, odd = 0, 0
        r = 0
        while valid[k] != 0 and r < n:
            bits = byte_at(valid[k] + ((bit + r) >> 3))
            if bits == 255 and (bit + r) & 7 == 0:
                r += 8
                continue
            if (bits >> ((bit + r) & 7)) & 1 == 0:
                out[place[r], column] = np.nan
                missing += 1
            r += 1
        for r in range(n):
            v = float_at(values[k] + 8 * r)
            odd += v - v != 0.0  # also where the cell is missing and holds anything
        if odd > 0:
            missing, odd = 0, 0
            for r in range(n):
                v = out[place[r], column]
                if np.isnan(v):
                    out[place[r], column] = np.nan
                    missing += 1
                odd += np.isinf(v)
        counts[k, 0], counts[k, 1] = missing, odd


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
