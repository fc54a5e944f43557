"""A causal graph repeated over the last periods, with hidden common causes as nodes of their own.

Nodes are (indicator, periods ago). Only observed nodes may be adjusted for, stand between, or be an instrument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.possible_paths import descending, repeated

__all__ = ["CommonCause", "Unrolled", "label_of", "mask_of", "unrolled"]

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CommonCause:
    """A hidden common cause."""

    children: tuple[tuple[int, int], ...]
    """What it moves: (position of the indicator, periods after the first of them that it is moved)."""
    lasting: bool = False
    """Whether its own past moves it."""


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """A directed acyclic graph over W periods, oldest first; hidden common causes come last."""

    names: tuple[str, ...]
    """The p indicators."""
    periods: int
    """W."""
    arrows: Bool
    """(n, n), [y, x] True for x -> y, n = W p + hidden causes."""
    observed: Bool
    """(n,) False for hidden causes."""

    def at(self, indicator: int, ago: int) -> int:
        """Return the node of an indicator ``ago`` periods before the newest."""
        return (self.periods - 1 - ago) * len(self.names) + indicator

    def only(self, *nodes: int) -> Bool:
        """Return the mask (n,) of the nodes."""
        mask = np.zeros(len(self.arrows), np.bool_)
        mask[list(nodes)] = True
        return mask

    def below(self, start: Bool) -> Bool:
        """Return the mask (n,) of ``start`` and its descendants."""
        return np.asarray(descending(self.arrows, start), np.bool_)

    def above(self, start: Bool) -> Bool:
        """Return the mask (n,) of ``start`` and its ancestors."""
        return np.asarray(descending(np.ascontiguousarray(self.arrows.T), start), np.bool_)

    def labels(self, mask: Bool) -> tuple[str, ...]:
        """Return the observed nodes of a mask as ``name`` or ``name[t-1]``, newest first, then by name."""
        p = len(self.names)
        nodes = [int(node) for node in np.flatnonzero(mask & self.observed)]
        pairs = sorted((self.periods - 1 - node // p, self.names[node % p]) for node in nodes)
        return tuple(label_of(name, ago) for ago, name in pairs)


def label_of(name: str, ago: int) -> str:
    """Return ``name`` or ``name[t-1]``."""
    return name if ago == 0 else f"{name}[t-{ago}]"


def mask_of(graph: Unrolled, labels: Sequence[str]) -> Bool:
    """Return the mask (n,) of nodes written as ``name`` or ``name[t-1]``."""
    by_label = {
        label_of(name, ago): graph.at(i, ago) for i, name in enumerate(graph.names) for ago in range(graph.periods)
    }
    return graph.only(*(by_label[label] for label in labels))


def unrolled(member: Bool, names: Sequence[str], periods: int, hidden: Sequence[CommonCause] = ()) -> Unrolled:
    """Return a member graph (p, d), columns [lagged | present], repeated over ``periods``."""
    p = len(names)
    seen = np.asarray(repeated(member, periods), np.bool_)
    size = periods * p
    columns: list[list[int]] = []
    chains: list[tuple[int, int]] = []
    for cause in hidden:
        before = None
        for t in range(periods):
            moved = [(t + later) * p + child for child, later in cause.children if t + later < periods]
            if before is not None and cause.lasting:
                chains.append((size + before, size + len(columns)))
            before = len(columns)
            columns.append(moved)
    n = size + len(columns)
    arrows = np.zeros((n, n), np.bool_)
    arrows[:size, :size] = seen
    for k, moved in enumerate(columns):
        arrows[moved, size + k] = True
    for earlier, later in chains:
        arrows[later, earlier] = True
    return Unrolled(tuple(names), periods, arrows, np.arange(n) < size)
