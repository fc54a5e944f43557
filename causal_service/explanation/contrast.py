"""The contrast: where the usual ranking by correlation places each lever, and why ours differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.estimate import EffectDraws
from causal_service.errors import Text
from causal_service.explanation.phrases import Names
from causal_service.explanation.results import Chain, Contrast, ContrastReason
from causal_service.explanation.wording import contrast_sentence
from causal_service.levers.results import Lever
from causal_service.numerics.within import within
from causal_service.panel.panel import Panel
from causal_service.panel.summary import RowTotals

__all__ = ["Correlations", "contrasts", "correlations"]

CLOSE = 2
"""Rank difference up to which the two rankings agree."""
FADES = 0.5
"""A correlation has faded when less than this share of it is left."""
MOSTLY_FOLLOWS = 0.5
"""Share of draws in which an indicator follows the outcome that makes it a consequence."""
CARRIES = 0.15
"""Share of another lever's effect that an indicator must carry to be called a mediator."""


@dataclass(frozen=True, slots=True)
class Correlations:
    """Correlation of one indicator with the outcome, seen three ways."""

    pooled: float
    """Over all cells."""
    between_removed: float
    """After entity means are removed."""
    within: float
    """After entity and period effects are removed."""


def correlations(panel: Panel, outcome: str, totals: RowTotals | None = None) -> dict[str, Correlations]:
    """Return the correlations of every indicator with the outcome, on cells where both are observed.

    ``totals`` of all rows take the place of those of a panel that is a sample of them.
    """
    if totals is not None:
        o = panel.indicators.index(outcome)
        three = (totals.pooled[:, o], totals.between_removed[:, o], totals.within[:, o])
        return {name: Correlations(*map(float, seen)) for name, *seen in zip(panel.indicators, *three, strict=True)}
    entity, time = np.nonzero(panel.present)
    X = panel.values[entity, time]
    ones = np.ones(entity.size)
    codes, periods = entity.astype(np.int64), time.astype(np.int64)
    if panel.regime == "cross-section":
        codes = np.zeros_like(codes)
    by_entity = within(X, ones, codes, np.zeros_like(periods))
    both = within(X, ones, codes, periods)
    o = panel.indicators.index(outcome)
    return {
        name: Correlations(_r(X, j, o), _r(by_entity, j, o), _r(both, j, o)) for j, name in enumerate(panel.indicators)
    }


def _r(X: NDArray[np.float64], i: int, j: int) -> float:
    seen = ~np.isnan(X[:, i]) & ~np.isnan(X[:, j])
    a, b = X[seen, i], X[seen, j]
    if a.size < 3 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))


def contrasts(
    found: Mapping[str, Correlations],
    levers: Sequence[Lever],
    chains: Sequence[Chain],
    draws: EffectDraws,
    duplicates: frozenset[str],
    indicators: Names,
) -> tuple[Contrast, ...]:
    """Return one contrast per lever of one outcome, in our order.

    ``duplicates`` are indicators that are parts of an exact sum with another lever.
    """
    size = {lever.lever: abs(found[lever.lever].pooled) for lever in levers}
    mediators = _mediators(levers, chains)
    out = []
    for lever in levers:
        seen = found[lever.lever]
        rank = 1 + sum(other > size[lever.lever] for other in size.values())
        follows = float(draws.follows[draws.names.index(lever.outcome), draws.names.index(lever.lever)])
        reason = _reason(seen, rank, lever, follows, lever.lever in mediators, lever.lever in duplicates)
        contrast = Contrast(
            lever.lever, lever.outcome, seen.pooled, seen.within, rank, lever.rank, reason, Text("", "")
        )
        out.append(replace(contrast, sentence=contrast_sentence(contrast, indicators)))
    return tuple(out)


def _mediators(levers: Sequence[Lever], chains: Sequence[Chain]) -> frozenset[str]:
    """Levers that stand inside another lever's chain and carry a part of its effect."""
    listed = {lever.lever for lever in levers}
    inside = [
        name
        for chain in chains
        if chain.share is not None and abs(chain.share) >= CARRIES
        for name in chain.path[1:-1]
        if name in listed
    ]
    return frozenset(inside)


def _reason(
    seen: Correlations, rank: int, lever: Lever, follows: float, mediator: bool, duplicate: bool
) -> ContrastReason:
    if follows > MOSTLY_FOLLOWS:
        return "consequence"
    if abs(rank - lever.rank) <= CLOSE:
        return "agrees"
    if rank > lever.rank:
        return "masked"
    if abs(seen.within) < FADES * abs(seen.pooled):
        season = abs(seen.between_removed) >= FADES * abs(seen.pooled)
        return "season" if season else "confounded"
    if duplicate:
        return "duplicate"
    return "mediator" if mediator else "confounded"
