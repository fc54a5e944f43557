"""The learned system as a record: every arrow with one coefficient per draw, so that a stored study answers what-if.

Coefficients are those the effects come from (the first member of every draw, average slopes where mechanisms bend), in
users' units; an exact sum has its parts as causes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.effects.standing import Standing
from causal_service.preparation.prepared import Prepared, Total

__all__ = ["LARGEST", "System", "system_of"]

LARGEST = 100_000
"""Largest number of coefficients that are stored (about 3 MB of ``study.json``)."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class System:
    """Arrows of all draws with their coefficients; arrow k has entries ``start[k]`` to ``start[k + 1] - 1``."""

    indicators: tuple[Standing, ...]
    """The indicators of the system, sorted by key, and where they stand."""
    lags: int
    """Number of lags, periods."""
    horizon: int
    """Periods ahead for which the study was made."""
    draws: int
    """Number of draws B."""
    source: tuple[int, ...]
    """Position of the cause in ``indicators``, per arrow."""
    target: tuple[int, ...]
    """Position of the effect, per arrow."""
    lag: tuple[int, ...]
    """Periods between cause and effect, per arrow."""
    start: tuple[int, ...]
    """First entry of every arrow, and the number of entries."""
    draw: tuple[int, ...]
    """Draw (0..B-1), per entry; a draw that is not listed lacks the arrow: its coefficient is 0."""
    coefficient: tuple[float, ...]
    """Effect's unit per cause's unit, per entry."""
    totals: tuple[Total, ...]
    """Exact sums among the indicators."""
    left_out: tuple[str, ...]
    """Indicators of the study that were too many to be stored; none of them lies between a lever and an outcome kept
    here."""

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of the indicators."""
        return tuple(entry.indicator for entry in self.indicators)

    def coefficients(self, kept: Sequence[int] | None = None) -> Array:
        """Return (B, q, (L + 1) q) coefficients of the ``kept`` indicators (all), columns [t-L ... t-1 | t]."""
        chosen = range(len(self.indicators)) if kept is None else kept
        place = {old: new for new, old in enumerate(chosen)}
        q = len(place)
        out = np.zeros((self.draws, q, (self.lags + 1) * q))
        draw, coefficient = np.array(self.draw, np.int64), np.array(self.coefficient)
        for k, (x, y, lag) in enumerate(zip(self.source, self.target, self.lag, strict=True)):
            if x in place and y in place:
                entries = slice(self.start[k], self.start[k + 1])
                out[draw[entries], place[y], (self.lags - lag) * q + place[x]] = coefficient[entries]
        return out

    def after(self, moved: Sequence[int], share: float = 0.0) -> tuple[int, ...]:
        """Return the positions of the moved indicators and of everything that follows them, sorted.

        Arrows of more than ``share`` of the draws count; default: those of some draw.
        """
        least = share * self.draws
        arrows = [
            (x, y)
            for k, (x, y) in enumerate(zip(self.source, self.target, strict=True))
            if self.start[k + 1] - self.start[k] > least
        ]
        return tuple(sorted(_reachable(moved, _neighbours([x for x, _ in arrows], [y for _, y in arrows]))))


def system_of(
    prepared: Prepared,
    discovery: Discovery,
    standings: Mapping[str, Standing],
    *,
    horizon: int,
    levers: Sequence[str],
    outcomes: Sequence[str],
) -> System:
    """Return the system of a study.

    Parameters
    ----------
    prepared : users' units and exact sums.
    discovery : draws.
    standings : where every indicator stands.
    horizon : periods ahead of the headline effect.
    levers : keys, most important first: where not all fit into ``LARGEST`` coefficients, the first ones stay.
    outcomes : keys of the outcomes.
    """
    names, lags = discovery.names, discovery.lags
    p = len(names)
    unit = prepared.unit_sd[:, None] / prepared.unit_sd[None, :]
    C = np.stack([draw.coefficients[0] for draw in discovery.draws]) * np.tile(unit, (1, lags + 1))
    kept = _kept(C, [names.index(x) for x in levers], [names.index(y) for y in outcomes])
    place = {old: new for new, old in enumerate(kept)}
    arrows = [
        ((lags - int(c) // p, place[int(c) % p], place[int(y)]), np.flatnonzero(C[:, y, c]), C[:, y, c])
        for y, c in np.argwhere((C != 0).any(axis=0))
        if int(y) in place and int(c) % p in place
    ]
    arrows.sort(key=lambda arrow: (arrow[0][1], arrow[0][2], arrow[0][0]))
    inside = {names[i] for i in kept}
    return System(
        indicators=tuple(standings[names[i]] for i in kept),
        lags=lags,
        horizon=horizon,
        draws=len(discovery.draws),
        source=tuple(at[1] for at, _, _ in arrows),
        target=tuple(at[2] for at, _, _ in arrows),
        lag=tuple(at[0] for at, _, _ in arrows),
        start=tuple(int(n) for n in np.cumsum([0, *(present.size for _, present, _ in arrows)])),
        draw=tuple(int(b) for _, present, _ in arrows for b in present),
        coefficient=tuple(float(x) for _, present, values in arrows for x in values[present]),
        totals=tuple(total for total in prepared.totals if {total.name, *total.parts} <= inside),
        left_out=tuple(name for name in names if name not in inside),
    )


def _kept(C: Array, levers: Sequence[int], outcomes: Sequence[int]) -> list[int]:
    """Return the indicators that are stored: all; else levers, outcomes and what lies between; else fewer levers."""
    p = C.shape[1]
    entries = (C.reshape(C.shape[0], p, -1, p) != 0).sum(axis=(0, 2))
    everything = list(range(p))
    if entries.sum() <= LARGEST:
        return everything
    targets, sources = np.nonzero(entries)
    down, up = _neighbours(sources, targets), _neighbours(targets, sources)
    before = _reachable(outcomes, up)
    count = len(levers)
    while True:
        between = _reachable(levers[:count], down) & before
        kept = sorted({*levers[:count], *outcomes, *between})
        if entries[np.ix_(kept, kept)].sum() <= LARGEST or count <= 1:
            return kept
        count //= 2


def _neighbours(
    sources: Sequence[int] | NDArray[np.int64], targets: Sequence[int] | NDArray[np.int64]
) -> dict[int, set[int]]:
    out: dict[int, set[int]] = {}
    for x, y in zip(sources, targets, strict=True):
        out.setdefault(int(x), set()).add(int(y))
    return out


def _reachable(start: Sequence[int], following: Mapping[int, set[int]]) -> set[int]:
    found, waiting = set(start), list(start)
    while waiting:
        for node in following.get(waiting.pop(), set()) - found:
            found.add(node)
            waiting.append(node)
    return found
