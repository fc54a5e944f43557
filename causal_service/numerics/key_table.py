"""Codes of 64-bit keys in order of appearance: a hash table with open addressing that grows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel
from causal_service.numerics.lanes import prefetch

__all__ = ["KeyTable", "mixed"]

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]

_AHEAD = 16
"""Keys whose slots are asked for before they are looked at."""


class KeyTable:
    """Keys met so far."""

    def __init__(self) -> None:
        self._keys = np.empty(64, np.uint64)
        self._slots = np.full(128, -1, np.int64)
        self._count = 0

    @property
    def keys(self) -> Keys:
        """(n,) the keys by code."""
        return self._keys[: self._count]

    def codes(self, keys: Keys) -> tuple[Ints, Ints]:
        """Return (code (n,) of every key, places of those that were not met before, ascending)."""
        needed = self._count + keys.size
        if needed > self._keys.size:
            self._keys = np.concatenate([self.keys, np.empty(2 * needed - self._count, np.uint64)])
            self._slots = np.full(1 << (2 * self._keys.size).bit_length(), -1, np.int64)
            _fill_slots(self._slots, self.keys)
        codes, new = np.empty(keys.size, np.int64), np.empty(keys.size, np.int64)
        before, self._count = self._count, _look_up(self._slots, self._keys, self._count, keys, codes, new)
        return codes, new[: self._count - before]


def mixed(keys: Keys) -> Keys:
    """Return keys every bit of which depends on every bit of the given ones (finalizer of MurmurHash3, Appleby)."""
    mixed = keys ^ (keys >> np.uint64(33))
    mixed = mixed * np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xC4CEB9FE1A85EC53)
    return np.asarray(mixed ^ (mixed >> np.uint64(33)))


@kernel
def _fill_slots(slots: Ints, keys: Keys) -> None:
    last = np.uint64(slots.size - 1)
    for code in range(keys.size):
        slot = np.int64(keys[code] & last)
        while slots[slot] >= 0:
            slot = (slot + 1) & (slots.size - 1)
        slots[slot] = code


@kernel
def _look_up(slots: Ints, known: Keys, count: int, keys: Keys, codes: Ints, new: Ints) -> int:
    """Write the codes of the keys and the places of new ones; return how many keys are known now."""
    last, before = np.uint64(slots.size - 1), count
    for i in range(keys.size):
        if i + _AHEAD < keys.size:
            prefetch(slots, np.int64(keys[i + _AHEAD] & last))
        slot = np.int64(keys[i] & last)
        while slots[slot] >= 0 and known[slots[slot]] != keys[i]:
            slot = (slot + 1) & (slots.size - 1)
        if slots[slot] < 0:
            slots[slot], known[count], new[count - before] = count, keys[i], i
            count += 1
        codes[i] = slots[slot]
    return count
