"""What follows when several variables of lagged linear systems are moved, for many systems at once.

A moved variable is its own path plus a given change in every period, and the equations into it are cut (METHOD,
Definitions; Pearl 2009, section 3.2.2). In a linear system the responses to the changes of several moved variables add
up as long as the same equations are cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["moved_responses"]

_CHUNK_FLOATS = 4_000_000
"""Floats of stacked matrices held at a time (32 MB)."""


def moved_responses(
    C: NDArray[np.float64], moved: NDArray[np.int64], changes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (B, k, H + 1, p): what each move alone does to every variable in periods 0..H; their sum is the whole.

    Parameters
    ----------
    C : (B, p, (L + 1) p) coefficients over the columns [t-L ... t-1 | t], without circles within a period.
    moved : (k,) positions of the moved variables; the equations of all of them are cut in every response.
    changes : (k, H + 1) change of each of them against its own path.
    """
    B, p, d = C.shape
    k, periods = changes.shape
    out = np.zeros((B, k, periods, p))
    step = max(1, _CHUNK_FLOATS // (p * d))
    for start in range(0, B, step):
        _respond(C[start : start + step].copy(), moved, changes, out[start : start + step])
    return out


def _respond(
    C: NDArray[np.float64], moved: NDArray[np.int64], changes: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    _, p, d = C.shape
    lags = d // p - 1
    C[:, moved] = 0.0
    now = C[:, :, lags * p :].transpose(0, 2, 1)
    for t in range(changes.shape[1]):
        source = np.zeros((out.shape[0], out.shape[1], p))
        for lag in range(1, min(lags, t) + 1):
            block = C[:, :, (lags - lag) * p : (lags - lag + 1) * p]
            source += out[:, :, t - lag] @ block.transpose(0, 2, 1)
        source[:, np.arange(moved.size), moved] = changes[:, t]
        out[:, :, t] = _settled(source, now)


def _settled(source: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x = source + x B' (B, k, p) without circles: repeated until it stands; what is not reached stays 0."""
    x = source
    for _ in range(now.shape[1]):
        following = source + x @ now
        if np.array_equal(following, x):
            break
        x = following
    return x
