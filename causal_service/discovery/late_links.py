"""Levers whose effects lags beyond those of the study put in doubt.

Whoever acts on the outcome later than the study looks back is a cause that the study leaves out. A lever that follows
this cause, the past outcome among them, stands in for it: policy that answers to last month's result looks like what
moves the next one. And a lever that itself acts later does more than the study sees. Links that are clear and faint
(counts are noisy measures, mechanisms bend) are left alone: what little they feign no lever is told to act on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.numerics.possible_paths import descending
from causal_service.preparation.lag_order import LateLink

__all__ = ["LateDoubts", "late_doubts"]

Bool = NDArray[np.bool_]

TELLING = 0.15
"""Smallest partial correlation of a late link that bears on a verdict; a useful effect is .2 standard deviations."""
OFTEN = 0.2
"""Share of the draws in which an arrow is there, or a way, that counts."""


@dataclass(frozen=True, slots=True)
class LateDoubts:
    """Indicators in doubt, for one outcome."""

    standing_in: frozenset[str] = frozenset()
    """They follow something that acts, later than the study looks back, on the outcome or on what leads to it, and are
    put in its place."""
    acting_later: Mapping[str, float] = field(default_factory=dict)
    """Those that act later than that themselves, with the partial correlation of the late effect on the outcome; 0 for
    one on what leads to it."""


def late_doubts(late: Sequence[LateLink], discovery: Discovery, outcome: str) -> LateDoubts:
    """Return the doubts that links ``late``, beyond the lags of the study, raise about effects on one outcome."""
    names = discovery.names
    known = [link for link in late if abs(link.size) >= TELLING and {link.cause, link.effect} <= set(names)]
    if not known:
        return LateDoubts()
    graphs = _Graphs(discovery)
    direct = [link for link in known if not any(_passes_on(other, link, graphs) for other in known)]
    standing: set[str] = set()
    acting: dict[str, float] = {}
    for link in direct:
        if link.effect != outcome and outcome not in graphs.led_to(link.effect, without=link.cause):
            continue
        stand_ins = graphs.led_to(link.cause) & graphs.causes_of(link.effect)
        standing |= stand_ins - {link.cause, link.effect, outcome}
        if link.cause not in (link.effect, outcome):  # its own memory is none of its effects
            acting.setdefault(link.cause, link.size if link.effect == outcome else 0.0)
    return LateDoubts(frozenset(standing), acting)


def _passes_on(other: LateLink, link: LateLink, graphs: _Graphs) -> bool:
    """Whether a link is what another one does at once to a third: z acts late on m, and m on the effect at once."""
    same = (other.lag, other.cause) == (link.lag, link.cause) and other.effect != link.effect
    return same and abs(other.size) >= abs(link.size) and link.effect in graphs.led_to(other.effect, at_once=True)


class _Graphs:
    """The graphs of the draws, one member each."""

    def __init__(self, discovery: Discovery) -> None:
        self._names, p = discovery.names, len(discovery.names)
        members = [draw.members[0] for draw in discovery.draws]
        self._any = [np.asarray(m.reshape(p, -1, p).any(axis=1)) for m in members]  # [effect, cause]
        self._now = [m[:, m.shape[1] - p :] for m in members]

    def causes_of(self, effect: str) -> set[str]:
        """Return those with an arrow of any lag into ``effect``."""
        return self._often([arrows[self._names.index(effect)] for arrows in self._any])

    def led_to(self, start: str, *, without: str = "", at_once: bool = False) -> set[str]:
        """Return ``start`` and those to which arrows lead from it, none through ``without``; of one period if
        ``at_once``."""
        begin = np.array([name == start for name in self._names])
        through = np.array([name == start or name != without for name in self._names])
        graphs = self._now if at_once else self._any
        return self._often([descending(arrows & through[:, None], begin) for arrows in graphs])

    def _often(self, found: Sequence[Bool]) -> set[str]:
        share = np.sum(found, axis=0) / max(len(found), 1)
        return {self._names[int(x)] for x in np.flatnonzero(share >= OFTEN)}
