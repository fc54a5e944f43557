"""What the learned classes direct within a period, and what they leave open.

A sampled member directs every arrow; its class directs only those that all members share. What is said of the order of
two indicators rests on the class (Meek 1995, UAI).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.graph.separation import transitive_closure

__all__ = ["settled_now", "undirected_now"]

Bool = NDArray[np.bool_]


def settled_now(discovery: Discovery) -> Bool:
    """Return (B, p, p): [y, x] True where the class of a draw leads from x to y along directed arrows only."""
    now = _present(discovery)
    return transitive_closure(now & ~now.transpose(0, 2, 1))


def undirected_now(discovery: Discovery) -> Bool:
    """Return (B, p, p): where the class of a draw leaves the direction between two neighbours open; symmetric."""
    now = _present(discovery)
    return np.asarray(now & now.transpose(0, 2, 1), np.bool_)


def _present(discovery: Discovery) -> Bool:
    p = len(discovery.names)
    return np.stack([np.asarray(draw.found[:, -p:], np.bool_) for draw in discovery.draws])
