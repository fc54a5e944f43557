"""Small counter-based random numbers for kernels: same key, same numbers, on any number of threads.

SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA).
"""

from __future__ import annotations

import numpy as np

from causal_service.numerics.compiled import inner, kernel

__all__ = ["key_of", "next_below", "next_state", "next_uniform"]


@kernel
def next_state(state: np.uint64) -> np.uint64:
    """Advance the counter."""
    return np.uint64(state + np.uint64(0x9E3779B97F4A7C15))


@inner
def _mix(state: np.uint64) -> np.uint64:
    z = np.uint64(state)
    z = np.uint64((z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9))
    z = np.uint64((z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB))
    return np.uint64(z ^ (z >> np.uint64(31)))


@kernel
def key_of(seed: int, draw: int, purpose: int) -> np.uint64:
    """Return the starting state for (seed, draw, purpose); distinct keys give unrelated sequences."""
    a = _mix(np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15))
    b = _mix(a ^ (np.uint64(draw) * np.uint64(0xD1342543DE82EF95) + np.uint64(1)))
    return _mix(b ^ (np.uint64(purpose) * np.uint64(0xAF251AF3B0F025B5) + np.uint64(7)))


@kernel
def next_uniform(state: np.uint64) -> float:
    """Return the uniform (0, 1) number of this state."""
    return (float(_mix(state) >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@kernel
def next_below(state: np.uint64, bound: int) -> int:
    """Return the integer in [0, bound) of this state."""
    return min(int(next_uniform(state) * bound), bound - 1)
