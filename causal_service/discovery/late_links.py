"""Levers whose effects lags beyond those of the study put in doubt.

Whoever acts on the outcome later than the study looks back is a cause that the study leaves out. A lever that follows
this cause, the past outcome among them, stands in for it: policy that answers to last month's result looks like what
moves the next one. And a lever that itself acts later does more than the study sees. Links that are clear and faint
(counts are noisy measures, mechanisms bend) are left alone: what little they feign no lever is told to act on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.preparation.lag_order import LateLink

__all__ = ["LateDoubts", "late_doubts"]

TELLING = 0.15
"""Smallest partial correlation of a late link that bears on a verdict; a useful effect is .2 standard deviations."""
OFTEN = 0.2
"""Share of the draws in which one leads to the other that makes the lever doubtful."""


@dataclass(frozen=True, slots=True)
class LateDoubts:
    """Indicators in doubt, for one outcome."""

    standing_in: frozenset[str] = frozenset()
    """They follow something that acts on the outcome later than the study looks back."""
    acting_later: frozenset[str] = frozenset()
    """They act later than that themselves, on the outcome or on what leads to it."""


def late_doubts(late: Sequence[LateLink], discovery: Discovery, outcome: str) -> LateDoubts:
    """Return the doubts that links ``late``, beyond the lags of the study, raise about effects on one outcome."""
    if not late:
        return LateDoubts()
    names, members = discovery.names, [draw.members[0] for draw in discovery.draws]
    known = [link for link in late if link.size >= TELLING and {link.cause, link.effect} <= set(names)]
    onto = {link.cause for link in known if link.effect == outcome}
    behind = {cause: _led_to(members, names, cause) for cause in {*onto, *(link.effect for link in known)}}
    standing = {name for cause in onto for name in behind[cause] if name not in (cause, outcome)}
    onward = [link for link in known if link.cause not in (link.effect, outcome)]  # not its own memory
    acting = {link.cause for link in onward if outcome in {link.effect, *behind[link.effect]}}
    return LateDoubts(frozenset(standing), frozenset(acting))


def _led_to(members: Sequence[NDArray[np.bool_]], names: Sequence[str], start: str) -> set[str]:
    """Return the indicators to which arrows of any lag lead from ``start`` in at least ``OFTEN`` of the graphs."""
    p = len(names)
    share = np.zeros(p)
    for member in members:
        arrows: NDArray[np.bool_] = np.asarray(member.reshape(p, -1, p).any(axis=1))  # [effect, cause]
        reached = np.zeros(p, np.bool_)
        new: NDArray[np.bool_] = arrows[:, names.index(start)].copy()
        while (new & ~reached).any():
            reached |= new
            new = np.asarray(arrows[:, reached].any(axis=1))
        share += reached
    return {names[int(x)] for x in np.flatnonzero(share >= OFTEN * max(len(members), 1))}
