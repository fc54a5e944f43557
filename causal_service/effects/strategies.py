"""Ways to read an effect off data that nobody randomised: adjustment, front-door, instrument.

All are exact graph criteria on a graph with hidden causes as nodes. Adjustment: van der Zander, Liskiewicz & Textor
(2014, UAI), complete; the set chosen is the optimal one of Henckel, Perkovic & Maathuis (2022, JRSS B 84), the parents
of everything on a causal path less the path's consequences, wherever it is valid. Front-door: Pearl (2009, 3.3.2), with
adjustment allowed in both steps. Instruments: Brito & Pearl (2002, UAI), given what must be held equal, among the
lever's own causes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.unrolled import Unrolled
from causal_service.numerics.possible_paths import connected, descending

__all__ = ["FrontDoor", "Instrument", "adjusted", "front_door", "instrument", "is_adjustment", "on_the_way"]

Bool = NDArray[np.bool_]


class FrontDoor(NamedTuple):
    """Mediators that carry the whole effect."""

    mediators: Bool
    """(n,) mask."""
    adjustment: Bool
    """(n,) what is held equal in either step, lever left out."""


class Instrument(NamedTuple):
    """A cause of the lever that reaches the outcome through it only."""

    node: int
    """The instrument."""
    given: Bool
    """(n,) what is held equal."""


def on_the_way(graph: Unrolled, x: Bool, y: Bool) -> Bool:
    """Return (n,): the nodes on causal paths from x to y that do not return to x; y included, x not."""
    into, out_of = graph.arrows.copy(), graph.arrows.copy()
    into[x] = False
    out_of[:, x] = False
    reached = np.asarray(descending(into, x), np.bool_)
    leading = np.asarray(descending(np.ascontiguousarray(out_of.T), y), np.bool_)
    return reached & leading & ~x


def is_adjustment(graph: Unrolled, x: Bool, y: Bool, given: Bool) -> bool:
    """Return whether ``given`` (n,) is a valid adjustment set for the joint effect of x on y."""
    way = on_the_way(graph, x, y)
    return not (given & graph.below(way)).any() and _separates(_without(graph, x, way), x, y, given)


def adjusted(graph: Unrolled, x: Bool, y: Bool, usable: Bool | None = None) -> Bool | None:
    """Return the adjustment set (n,) for the joint effect of x on y, ``None`` where none is valid.

    The optimal set where it is valid, else the lever's causes, else a set from which nothing can be left out.

    Parameters
    ----------
    usable : (n,) nodes that may be in it; default all that are observed.
    """
    way = on_the_way(graph, x, y)
    open_to_use = graph.observed if usable is None else usable & graph.observed
    free = open_to_use & ~(x | y | graph.below(way))
    rest = _without(graph, x, way)
    optimal = _causes(graph, way) & ~(way | x)
    causes = _causes(graph, x)
    for candidate in (optimal, causes):
        if not (candidate & ~free).any() and _separates(rest, x, y, candidate):
            return candidate
    widest = free & graph.above(x | y)
    if not _separates(rest, x, y, widest):
        return None
    for candidate in (optimal & free, causes & free):
        if _separates(rest, x, y, candidate):
            return candidate
    return _pruned(rest, x, y, widest)


def front_door(graph: Unrolled, x: int, y: int) -> FrontDoor | None:
    """Return mediators through which all of the effect of x on y goes and whose two steps are identified."""
    lever, outcome = graph.only(x), graph.only(y)
    way = on_the_way(graph, lever, outcome) & ~outcome & graph.observed
    first = graph.arrows[:, x] & way
    for mediators in (*(graph.only(int(m)) for m in np.flatnonzero(way)), first):
        if not mediators.any() or not _cuts(graph, lever, outcome, mediators):
            continue
        before = adjusted(graph, lever, mediators)
        if before is None:
            continue
        after = adjusted(graph, mediators, outcome, graph.observed)
        if after is not None:
            return FrontDoor(mediators, (before | after) & ~lever)
    return None


def instrument(graph: Unrolled, x: int, y: int) -> Instrument | None:
    """Return a cause of x that reaches y through x only, given what must be held equal; the most recent one."""
    lever, outcome = graph.only(x), graph.only(y)
    cut = graph.arrows.copy()
    cut[:, x] = False
    follows = graph.below(lever) | graph.below(outcome)
    for z in sorted(np.flatnonzero(graph.arrows[x] & graph.observed), reverse=True):
        node = graph.only(int(z))
        above = np.asarray(descending(np.ascontiguousarray(cut.T), node | outcome), np.bool_)
        given = above & graph.observed & ~(node | outcome | follows)
        if _separates(cut, node, outcome, given):
            return Instrument(int(z), _pruned(cut, node, outcome, given))
    return None


def _causes(graph: Unrolled, of: Bool) -> Bool:
    return np.asarray(graph.arrows[of].any(axis=0), np.bool_)


def _cuts(graph: Unrolled, x: Bool, y: Bool, mediators: Bool) -> bool:
    """Return whether every causal path from x to y runs through a mediator."""
    arrows = graph.arrows.copy()
    arrows[:, mediators] = False
    return not (np.asarray(descending(arrows, x), np.bool_) & y).any()


def _without(graph: Unrolled, x: Bool, way: Bool) -> Bool:
    """Return the arrows but for the first ones of the causal paths."""
    rest = graph.arrows.copy()
    rest[np.ix_(way, x)] = False
    return rest


def _separates(arrows: Bool, x: Bool, y: Bool, given: Bool) -> bool:
    return not (np.asarray(connected(arrows, x, given), np.bool_) & y).any()


def _pruned(arrows: Bool, x: Bool, y: Bool, given: Bool) -> Bool:
    """Return ``given`` without what can be left out, oldest first."""
    kept = given.copy()
    for node in np.flatnonzero(given):
        kept[node] = False
        if not _separates(arrows, x, y, kept):
            kept[node] = True
    return kept
