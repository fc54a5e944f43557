"""Levers whose link to an outcome a hidden driver of the two would have left as well.

A driver with a memory that moves one lever and the outcome makes the two move together in a period, and the past of
each helps to tell the other: the past outcome points back at the lever, or an arrow from the past lever works against
the one of the period, which takes the lever's own memory off again. Such a pair has as many coefficients as a driver
needs, so that no likelihood tells the two stories apart (``hidden_driver`` finds drivers with more children). A plain
cause hardly ever shows these traces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery

__all__ = ["SharedTraces", "shared_traces"]

OFTEN = 0.35
"""Share of the draws in which a pair shows the traces that makes it doubtful."""

FAINT = 0.05
"""Traces below this share of the link itself are those of a driver that hardly remembers, or of nothing: with very many
rows, coefficients of a few thousandths are drawn as arrows."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SharedTraces:
    """Direct causes of one outcome that a hidden driver of both explains as well.

    Causes further up are left alone: what they do in all does not depend on how a cause of theirs and the outcome hang
    together, for a driver that makes the link too strong makes them work past it the other way.
    """

    outcome: str
    """Indicator key."""
    levers: tuple[str, ...]
    """Indicators whose link shows the traces, most frequent first."""
    shares: tuple[float, ...]
    """Share of the draws in which each does."""


def shared_traces(discovery: Discovery, outcomes: Sequence[str]) -> tuple[SharedTraces, ...]:
    """Return the doubtful causes of every outcome that has any; draws with a hidden driver do not count."""
    plain = [draw for draw in discovery.draws if not draw.loadings.size]
    if not discovery.graph_resampled or discovery.lags == 0 or not plain:
        return ()
    names, total = discovery.names, len(discovery.draws)
    coefficients = np.stack([draw.coefficients[0] * draw.members[0] for draw in plain])
    out = []
    for outcome in outcomes:
        shares = _tied(coefficients, names.index(outcome)).sum(axis=0) / total
        found = sorted(map(int, np.flatnonzero(shares > OFTEN)), key=lambda x: (-shares[x], names[x]))
        if found:
            said = tuple(names[x] for x in found)
            out.append(SharedTraces(outcome, said, tuple(float(shares[x]) for x in found)))
    return tuple(out)


def _tied(coefficients: Array, y: int) -> NDArray[np.bool_]:
    """Return (B, p) whether a same-period cause of y also follows its past, or works against itself from the past.

    A driver with a memory makes the past outcome point back with the sign of the link itself.
    """
    b, p, d = coefficients.shape
    now = coefficients[:, y, d - p :]
    past = coefficients[:, :, : d - p].reshape(b, p, -1, p)
    least = FAINT * now**2
    back = past[:, :, :, y].sum(axis=2) * now > least
    against = -past[:, y].sum(axis=1) * now > least
    tied: NDArray[np.bool_] = (now != 0) & (back | against)
    tied[:, y] = False
    return tied
