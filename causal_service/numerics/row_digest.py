"""A digest of rows that does not depend on their order: every row is hashed, hashes are added up.

Cells are hashed in pairs of 32-bit words (NH; Black, Halevi, Krawczyk, Krovetz & Rogaway 1999, "UMAC: fast and secure
message authentication"), twice, which two rows that differ survive with probability 2^-64; the hash of a row is mixed
before it is added. This tells rows apart that differ by chance or by work, not by an opponent who knows the words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.key_table import mixed

__all__ = ["add_rows", "digest_words"]

Keys = NDArray[np.uint64]


def digest_words(columns: int) -> Keys:
    """Return the 32-bit words (4, columns) that cells are hashed with, the same on every machine."""
    numbers = np.arange(1, 4 * columns + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.ascontiguousarray(mixed(numbers).reshape(columns, 4).T >> np.uint64(32))


@inner
def _mixed(h: np.uint64) -> np.uint64:
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@kernel
def add_rows(rows: NDArray[np.float64], first: int, words: Keys, sums: Keys) -> None:
    """Add the hashes of rows (n, columns) to the ``sums`` (groups, 2) of their groups.

    A row begins with a key, which is hashed, and its group; then come columns, hashed from ``first`` on. NaN and zero
    must be written in one way. ``words`` (4, columns) are ``digest_words``.
    """
    bits, low = rows.view(np.uint64), np.uint64(0xFFFFFFFF)
    for r in range(rows.shape[0]):
        a, b = np.uint64(0), np.uint64(0)
        for c in range(first, rows.shape[1]):
            left, right = bits[r, c] & low, bits[r, c] >> np.uint64(32)
            a += ((left + words[0, c]) & low) * ((right + words[1, c]) & low)
            b += ((left + words[2, c]) & low) * ((right + words[3, c]) & low)
        at, key = np.int64(rows[r, 1]), bits[r, 0]
        sums[at, 0] += _mixed(a ^ _mixed(key))
        sums[at, 1] += _mixed(b + _mixed(~key))
