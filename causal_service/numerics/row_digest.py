"""A digest of rows that does not depend on their order: every row is hashed, hashes are added up.

Cells are hashed by pairs of 32-bit words (NH; Black, Halevi, Krawczyk, Krovetz & Rogaway 1999, "UMAC: fast and secure
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


def digest_words(pairs: int) -> Keys:
    """Return the 32-bit words (4, pairs) that pairs are hashed with, the same on every machine."""
    numbers = np.arange(1, 4 * pairs + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.ascontiguousarray(mixed(numbers).reshape(pairs, 4).T >> np.uint64(32))


@inner
def _mixed(h: np.uint64) -> np.uint64:
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@kernel
def add_rows(bits: NDArray[np.uint32], size: int, first: int, words: Keys, sums: Keys) -> None:
    """Add the hashes of rows (n, columns), given as their bits (n, size columns), to the ``sums`` (groups, 2).

    A row begins with [key, upper and lower half | group], as ``scatter_rows`` writes them; the columns from ``first``
    on are hashed. NaN and zero must be written in one way. ``words`` (4, pairs of words) are ``digest_words``.
    """
    low = np.uint64(0xFFFFFFFF)
    last = bits.shape[1] - 1
    for r in range(bits.shape[0]):
        a, b = np.uint64(0), np.uint64(0)
        for k in range((last + 2 - first * size) // 2):
            c = first * size + 2 * k
            left, right = np.uint64(bits[r, c]), np.uint64(bits[r, c + 1]) if c < last else np.uint64(0)
            a += ((left + words[0, k]) & low) * ((right + words[1, k]) & low)
            b += ((left + words[2, k]) & low) * ((right + words[3, k]) & low)
        at, key = np.int32(bits[r, 2 * size]), (np.uint64(bits[r, 0]) << np.uint64(32)) | np.uint64(bits[r, size])
        sums[at, 0] += _mixed(a ^ _mixed(key))
        sums[at, 1] += _mixed(b + _mixed(~key))
