"""A digest of rows that does not depend on their order: every row is hashed, hashes are added up.

Cells are hashed by their two 32-bit words (NH; Black, Halevi, Krawczyk, Krovetz & Rogaway 1999, "UMAC: fast and secure
message authentication"), twice, which two rows that differ survive with probability 2^-64; the hash of a row is mixed
before it is added. This tells rows apart that differ by chance or by work, not by an opponent who knows the words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.key_table import mixed
from causal_service.numerics.raw_memory import bits_at, byte_at

__all__ = ["add_rows", "digest_words"]

Keys = NDArray[np.uint64]

_AT_ONCE = 256
"""Rows hashed side by side, column by column; few enough to stay in the first cache."""
_LOWER, _UPPER = np.uint64(0xFFFFFFFF), np.uint64(32)
_SIGN, _INFINITE, _NAN = np.uint64(1 << 63), np.uint64(0x7FF << 52), np.uint64(0xFFF << 51)


def digest_words(columns: int) -> Keys:
    """Return the 32-bit words (columns, 4) that cells are hashed with, the same on every machine."""
    numbers = np.arange(1, 4 * columns + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.ascontiguousarray(mixed(numbers).reshape(columns, 4) >> _UPPER)


@inner
def _mixed(h: np.uint64) -> np.uint64:
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@inner
def _alike(bits: np.uint64) -> np.uint64:
    """Return the bits of a number with every NaN and every zero in one way."""
    size = bits & ~_SIGN
    return _NAN if size > _INFINITE else np.uint64(0) if size == np.uint64(0) else bits


@inner
def _hashed(bits: np.uint64, one: np.uint64, two: np.uint64) -> np.uint64:
    return (((bits & _LOWER) + one) & _LOWER) * (((bits >> _UPPER) + two) & _LOWER)


@kernel
def add_rows(
    keys: Keys,
    who: NDArray[np.int32],
    when: NDArray[np.int32],
    values: NDArray[np.int64],
    valid: NDArray[np.int64],
    first_bit: NDArray[np.int64],
    words: Keys,
    sums: Keys,
) -> None:
    """Add the hashes of rows to the ``sums`` (groups, 2) of their groups ``when`` (n,); row r has key ``keys[who[r]]``.

    ``values``, ``valid`` and ``first_bit`` say where the cells of all columns are, as in ``scatter_rows``; a missing
    cell counts as NaN. ``words`` (columns, 4) are ``digest_words``.
    """
    cells, a, b = np.empty(_AT_ONCE, np.uint64), np.empty(_AT_ONCE, np.uint64), np.empty(_AT_ONCE, np.uint64)
    for start in range(0, who.size, _AT_ONCE):
        n = min(_AT_ONCE, who.size - start)
        a[:], b[:] = np.uint64(0), np.uint64(0)
        for k in range(values.size):
            for r in range(n):
                cells[r] = bits_at(values[k] + 8 * (start + r))
            if valid[k] != 0:
                _mark_missing(valid[k], first_bit[k] + start, cells[:n])
            w0, w1, w2, w3 = words[k, 0], words[k, 1], words[k, 2], words[k, 3]
            for r in range(n):
                bits = _alike(cells[r])
                a[r] += _hashed(bits, w0, w1)
                b[r] += _hashed(bits, w2, w3)
        for r in range(n):
            key, group = keys[who[start + r]], when[start + r]
            sums[group, 0] += _mixed(a[r] ^ _mixed(key))
            sums[group, 1] += _mixed(b[r] + _mixed(~key))


@inner
def _mark_missing(valid: int, first_bit: int, cells: Keys) -> None:
    """Write NaN into the cells whose bits, from ``first_bit`` on, are not set."""
    r = 0
    while r < cells.size:
        at = first_bit + r
        there = byte_at(valid + (at >> 3))
        if there == 255 and at & 7 == 0:
            r += 8
            continue
        if (there >> (at & 7)) & 1 == 0:
            cells[r] = _NAN
        r += 1
