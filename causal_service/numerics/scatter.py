"""Columns of cells into their places in rows: what a columnar file needs to be grouped by row without a sort."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel, lean
from causal_service.numerics.lanes import LANES, prefetch
from causal_service.numerics.raw_memory import SIDE, byte_at, fetch_at, float_at, turn

__all__ = [
    "first_places",
    "mark_cells",
    "places_by_partition",
    "read_keys",
    "scatter_rows",
    "text_hashes",
]

_AHEAD = 16
"""Places that are asked for before rows are written there."""
_STRIP = 64
"""Rows that are turned before the next columns are: a processor follows few columns at a time."""
_HALF, _LOWER = np.uint64(32), np.uint64(0xFFFFFFFF)


@kernel
def places_by_partition(keys: NDArray[np.uint64], partitions: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (place (n,) of each row when rows stand by partition, stable; first place (partitions + 1,) of each).

    Partitions hold ascending ranges of the ``keys`` (n,).
    """
    starts = np.zeros(partitions + 1, np.int64)
    place = np.empty(keys.size, np.int64)
    for r in range(keys.size):
        group = np.int64((keys[r] >> np.uint64(32)) * np.uint64(partitions) >> np.uint64(32))
        place[r] = group
        starts[group + 1] += 1
    for g in range(partitions):
        starts[g + 1] += starts[g]
    free = starts[:-1].copy()
    for r in range(keys.size):
        group = place[r]
        place[r] = free[group]
        free[group] += 1
    return place, starts


@kernel
def read_keys(
    bits: NDArray[Any],
    start: int,
    stop: int,
    calendar: NDArray[np.int64],
    key: NDArray[np.uint64],
    time: NDArray[np.int64],
) -> None:
    """Take the keys and periods that ``scatter_rows`` has written from the bits of some rows.

    ``calendar`` gives the calendar period of every period code.
    """
    for r in range(start, stop):
        key[r] = (np.uint64(bits[r, 0]) << np.uint64(32)) | np.uint64(bits[r, 1])
        time[r] = calendar[np.int64(bits[r, 2])]


@kernel
def scatter_rows(
    keys: NDArray[np.uint64],
    when: NDArray[np.int32],
    values: NDArray[np.int64],
    valid: NDArray[np.int64],
    first_bit: NDArray[np.int64],
    place: NDArray[np.int64],
    exact: NDArray[np.float64],
    exact_bits: NDArray[np.uint64],
    rounded: NDArray[np.float32],
    rounded_bits: NDArray[np.uint32],
    largest: float,
    counts: NDArray[np.int64],
) -> None:
    """Write [key, upper and lower half | period | cells] of row r to place[r] in ``exact`` or, behind it, ``rounded``.

    Parameters
    ----------
    keys, when : (n,) key and period of each row.
    values : (columns,) addresses of their n cells, float64.
    valid : addresses of bitmaps, least significant bit first, whose bit ``first_bit[k] + r`` says that cell r is there;
        0 = all are. A missing cell becomes NaN and minus zero becomes zero.
    exact_bits, rounded_bits : the same memory as whole numbers.
    rounded : has a last row that no row r goes to; anything is written there.
    largest : cells beyond it count as infinite.
    counts : (columns, 3) to which is added how many cells of each column are NaN although the bitmap has them,
        infinite, neither but not in float32.
    """
    n, columns, split, stride, spare = place.size, values.size, exact.shape[0], exact.shape[1], rounded.shape[0] - 1
    places, odd, cells = np.empty(_STRIP, np.int64), np.zeros(columns, np.bool_), rounded.reshape(-1)
    for start in range(0, n, _STRIP):
        places[:] = spare
        for i in range(min(_STRIP, n - start)):
            r = start + i
            if r + _AHEAD < n and place[r + _AHEAD] >= split:
                for c in range(0, stride, LANES):
                    prefetch(cells, (place[r + _AHEAD] - split) * stride + c)
            at, key = place[r], keys[r]
            if at < split:
                exact_bits[at, 0], exact_bits[at, 1], exact_bits[at, 2] = key >> _HALF, key & _LOWER, when[r]
                _write_exactly(values, valid, first_bit, r, exact, at)
            else:
                at -= split
                places[i] = at
                rounded_bits[at, 0], rounded_bits[at, 1], rounded_bits[at, 2] = key >> _HALF, key & _LOWER, when[r]
        for begin in range(0, columns, SIDE):
            k = max(min(begin, columns - SIDE), 0)  # a last square that is whole costs less than one with an edge
            for i in range(0, min(_STRIP, n - start), SIDE):
                for j in range(k, min(k + SIDE, columns)):
                    fetch_at(values[j] + 8 * (start + i + _STRIP))
                if turn(values, valid, first_bit, k, start + i, n, places, i, cells, stride, 3 + k) != 0:
                    odd[k : k + SIDE] = True
    for k in range(columns):
        if odd[k]:
            _count_odd(values[k], valid[k], first_bit[k], place, exact, rounded, largest, k, counts)


@lean
def _is_there(valid: int, bit: int) -> bool:
    return valid == 0 or (byte_at(valid + (bit >> 3)) >> (bit & 7)) & 1 != 0


@lean
def _write_exactly(
    values: NDArray[np.int64],
    valid: NDArray[np.int64],
    first_bit: NDArray[np.int64],
    r: int,
    exact: NDArray[np.float64],
    at: int,
) -> None:
    for k in range(values.size):
        exact[at, 3 + k] = float_at(values[k] + 8 * r) + 0.0 if _is_there(valid[k], first_bit[k] + r) else np.nan


@inner
def _clear(exact: NDArray[np.float64], rounded: NDArray[np.float32], at: int, k: int) -> None:
    if at < exact.shape[0]:
        exact[at, 3 + k] = np.nan
    else:
        rounded[at - exact.shape[0], 3 + k] = np.nan


@inner
def _count_odd(
    values: int,
    valid: int,
    first_bit: int,
    place: NDArray[np.int64],
    exact: NDArray[np.float64],
    rounded: NDArray[np.float32],
    largest: float,
    k: int,
    counts: NDArray[np.int64],
) -> None:
    """Look at the cells of a column one by one."""
    for r in range(place.size):
        v = float_at(values + 8 * r)
        if not _is_there(valid, first_bit + r):
            _clear(exact, rounded, place[r], k)
        elif np.isnan(v):
            _clear(exact, rounded, place[r], k)
            counts[k, 0] += 1
        elif abs(v) > largest:
            counts[k, 1] += 1
        elif np.isinf(np.float32(v)):
            counts[k, 2] += 1


@kernel
def first_places(codes: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """Return (count,) the first place of every code from 0 on, -1 where a code does not occur."""
    first = np.full(count, -1, np.int64)
    for r in range(codes.size):
        if first[codes[r]] < 0:
            first[codes[r]] = r
    return first


@kernel
def mark_cells(
    cells: NDArray[np.uint8],
    who: NDArray[np.int64],
    row_who: NDArray[np.int32],
    when: NDArray[np.int64],
    row_when: NDArray[np.int32],
) -> None:
    """Set bit ``when[row_when]``, the least significant first, in row ``who[row_who]`` of ``cells``, for every row."""
    for r in range(row_who.size):
        at = when[row_when[r]]
        cells[who[row_who[r]], at >> 3] |= np.uint8(1 << (at & 7))


@kernel
def text_hashes(starts: NDArray[np.int64], text: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], bool]:
    """Return a 64-bit hash (n,) of every text ``text[starts[i]:starts[i + 1]]`` (FNV-1a; Fowler, Noll & Vo), and
    whether all texts are ASCII and none begins or ends with white space."""
    out = np.empty(starts.size - 1, np.uint64)
    every, ends = np.uint64(0), np.uint64(255)
    for i in range(out.size):
        h, start, stop = np.uint64(0xCBF29CE484222325), starts[i], starts[i + 1]
        for c in range(start, stop):
            byte = np.uint64(text[c])
            every |= byte
            h = (h ^ byte) * np.uint64(0x100000001B3)
        out[i] = h
        if start < stop:
            ends = min(ends, np.uint64(text[start]), np.uint64(text[stop - 1]))
    return out, bool(every < np.uint64(128) and ends > np.uint64(32))
