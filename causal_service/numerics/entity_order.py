"""Rows in an order that depends on their content alone, by entity and period, whatever order they came in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel

__all__ = ["cell_totals", "sorted_rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROOMY = 4
"""Most cells, in multiples of the rows, of which a table is made."""


@kernel
def sorted_rows(key: NDArray[np.uint64], time: Ints, periods: int) -> tuple[Ints, Ints, NDArray[np.uint64]]:
    """Return (order (n,), starts (E + 1,), keys (E,)): rows by key and period, where each key begins, sorted keys.

    ``time`` is from 0 on, below ``periods``; there are fewer than 2^31 rows. Rows that come entity by entity, each by
    period, are only moved a run at a time.
    """
    n = key.size
    size = 16
    while size < 2 * n:
        size *= 2
    slot_key = np.empty(size, np.uint64)
    slot_code = np.full(size, -1, np.int64)
    code = np.empty(n, np.int64)
    found, begins = np.empty(n, np.uint64), np.empty(n + 1, np.int64)
    count, runs = 0, True
    last, last_code = np.uint64(0), -1
    for r in range(n):
        k = key[r]
        if last_code >= 0 and k == last:
            code[r] = last_code
            runs &= time[r - 1] < time[r]
            continue
        slot = np.int64(k & np.uint64(size - 1))
        while slot_code[slot] >= 0 and slot_key[slot] != k:
            slot = (slot + 1) & (size - 1)
        runs &= slot_code[slot] < 0
        if slot_code[slot] < 0:
            slot_code[slot], slot_key[slot] = count, k
            found[count], begins[count] = k, r
            count += 1
        last, last_code = k, slot_code[slot]
        code[r] = last_code
    by_key = np.argsort(found[:count])
    if runs:
        begins[count] = n
        order, starts = _by_run(begins, by_key)
        return order, starts, found[:count][by_key]
    rank = np.empty(count, np.int64)
    for i in range(count):
        rank[by_key[i]] = i
    order, starts = np.empty(n, np.int64), np.zeros(count + 1, np.int64)
    if count * periods > _ROOMY * n or not _by_cell(code, time, rank, periods, order, starts):
        by_time = _counted(time, np.arange(n), periods)[0]
        for r in range(n):
            code[r] = rank[code[r]]
        order, starts = _counted(code, by_time, count)
    return order, starts, found[:count][by_key]


@inner
def _by_cell(code: Ints, time: Ints, rank: Ints, periods: int, order: Ints, starts: Ints) -> bool:
    """Write what is wanted by a table of the cells; return whether no cell has more rows than one."""
    row_of = np.full(rank.size * periods, np.int32(-1))
    for r in range(code.size):
        row_of[rank[code[r]] * periods + time[r]] = r
    at = 0
    for e in range(rank.size):
        for cell in range(e * periods, (e + 1) * periods):
            if row_of[cell] >= 0:
                order[at] = row_of[cell]
                at += 1
        starts[e + 1] = at
    return at == code.size


@inner
def _by_run(begins: Ints, by_key: Ints) -> tuple[Ints, Ints]:
    """Rows run by run, run e from ``begins[e]`` on; also where each run begins now."""
    order, starts = np.empty(begins[by_key.size], np.int64), np.zeros(by_key.size + 1, np.int64)
    at = 0
    for i in range(by_key.size):
        for r in range(begins[by_key[i]], begins[by_key[i] + 1]):
            order[at] = r
            at += 1
        starts[i + 1] = at
    return order, starts


@inner
def _counted(code: Ints, order: Ints, groups: int) -> tuple[Ints, Ints]:
    """Stable counting sort of ``order`` by code; also where each group begins."""
    starts = np.zeros(groups + 1, np.int64)
    for r in order:
        starts[code[r] + 1] += 1
    for g in range(groups):
        starts[g + 1] += starts[g]
    place = starts[:-1].copy()
    out = np.empty_like(order)
    for r in order:
        out[place[code[r]]] = r
        place[code[r]] += 1
    return out, starts


@kernel
def cell_totals(X: Floats, columns: Ints, order: Ints, centre: Floats) -> Floats:
    """Return (3, p) count, sum and sum of squares of the measured cells of ``X[:, columns]`` less ``centre``.

    Columns ascend. Rows are taken in ``order``, so that the result does not depend on how they stand in X.
    """
    p = columns.size
    count, total, square = np.zeros(p), np.zeros(p), np.zeros(p)
    first = columns[0]
    together = columns[p - 1] - first == p - 1
    x = np.empty(p)
    for r in order:
        if together:
            for j in range(p):
                x[j] = X[r, first + j]
        else:
            for j in range(p):
                x[j] = X[r, columns[j]]
        for j in range(p):
            y = x[j] - centre[j]
            hole = np.isnan(y)
            y = 0.0 if hole else y
            count[j] += 0.0 if hole else 1.0
            total[j] += y
            square[j] += y * y
    out = np.empty((3, p))
    out[0], out[1], out[2] = count, total, square
    return out
