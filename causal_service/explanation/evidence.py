"""What the learned system says about one indicator and one outcome: the numbers that reasons are decided on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.effects.estimate import KINDS, EffectDraws
from causal_service.effects.open_directions import settled_now, undirected_now
from causal_service.effects.results import EffectKind
from causal_service.explanation.associations import Correlations, partial_correlation
from causal_service.explanation.results import Chain
from causal_service.preparation.prepared import Prepared

__all__ = ["Evidence", "Learned", "evidence"]

Array = NDArray[np.float64]

OFTEN = 0.5
"""Share of draws in which a path must be there to be spoken of."""
SURE = 1.96
"""SDs by which an effect must differ from zero to count."""
MOST_CONFOUNDERS = 3
"""Most indicators held fixed together to explain a correlation."""
WORTH = 0.1
"""Share of the correlation that one more confounder must take away."""
CARRIES = 0.15
"""Share of a lever's effect that an indicator must carry to be called a mediator, and no confounder of that lever."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a reason looks at, for one indicator of the study."""

    seen: Correlations
    """Correlations with the outcome."""
    shap_share: float | None
    """Share of the sum of mean |SHAP|."""
    fair_share: float
    """What each indicator would have if all had the same."""
    between: float
    """Share of its variance between entities."""
    effect: float
    """Headline effect, within-SDs of the outcome per within-SD (mean of draws)."""
    cause: bool
    """Whether that effect stands clear of zero and has a path in most draws."""
    no_path: float
    """Share of draws whose graph has no path from it to the outcome."""
    follows: float
    """Share of draws in which it follows from the outcome and does not act on it in the same period, for certain."""
    open: float
    """Share of draws that leave open which of the two comes first in a period."""
    beside: float
    """Correlation within entities and periods, from the moments."""
    confounders: tuple[str, ...]
    """Observed common causes that explain most of it."""
    adjusted: float
    """The same correlation once they are held fixed."""
    common_effect: str | None
    """What follows from both it and the outcome, and ties them together most when held fixed."""
    given: float
    """Correlation once the common effect is held fixed."""
    twin: str | None
    """Indicator that it goes with most closely."""
    twin_correlation: float
    """Correlation with the twin."""
    carried_by: str | None
    """Indicator through which most of its effect travels."""
    carried: float
    """Share of its effect that does."""
    carrier_share: float
    """Share of the carrier in the sum of mean |SHAP|; 0 without a chart."""
    beside_carrier: float
    """Correlation within entities and periods once the carrier is held fixed."""
    carries_for: str | None
    """Lever, itself a cause, whose effect travels through it most."""
    carries: float
    """Share of that lever's effect."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What was learned, seen from one outcome."""

    names: tuple[str, ...]
    """Indicators of the study."""
    outcome: int
    """Index of the outcome."""
    covariance: Array
    """Within covariance (d, d) of [lags | now]."""
    effects: Array
    """(B, p) headline effects on the outcome in within-SDs."""
    reaches: NDArray[np.bool_]
    """(B, p, p) [y, x]: arrows of the draw's graph lead from x to y, in the same period or later."""
    reaches_now: NDArray[np.bool_]
    """The same within a period."""
    settled: NDArray[np.bool_]
    """(B, p, p) [y, x]: the same where the class of the draw directs every arrow on the way."""
    undirected: NDArray[np.bool_]
    """(B, p, p): neighbours within a period whose arrow the class of the draw leaves open."""

    @staticmethod
    def of(prepared: Prepared, discovery: Discovery, draws: EffectDraws, outcome: str, kind: EffectKind) -> Learned:
        """Return what the draws say about ``outcome``."""
        y = draws.names.index(outcome)
        now, later = (draws.paths[:, KINDS.index(k)] for k in ("impact", "sustained"))
        scale = prepared.unit_sd / prepared.unit_sd[y]
        effects = draws.values[:, KINDS.index(kind), y, :] * scale
        return Learned(
            draws.names,
            y,
            prepared.covariance()[0],
            effects,
            now | later,
            now,
            settled_now(discovery),
            undirected_now(discovery),
        )

    def column(self, i: int) -> int:
        """Return the column of indicator i in this period."""
        return len(self.covariance) - len(self.names) + i

    def all_columns(self, i: int) -> list[int]:
        """Return the columns of indicator i in all periods."""
        return list(range(i, len(self.covariance), len(self.names)))

    def correlation(self, i: int, given: Sequence[int] = ()) -> float:
        """Return the correlation of indicator i and the outcome with columns held fixed."""
        return partial_correlation(self.covariance, self.column(i), self.column(self.outcome), given)


def evidence(
    learned: Learned,
    correlations: Mapping[str, Correlations],
    between: Mapping[str, float],
    shares: Mapping[str, float],
    chains: Sequence[Chain],
) -> dict[str, Evidence]:
    """Return the evidence on every indicator of the study but the outcome.

    Parameters
    ----------
    correlations, between, shares : by indicator; ``shares`` of mean |SHAP| may be empty.
    chains : of this outcome.
    """
    effects = learned.effects.mean(axis=0)
    spread = learned.effects.std(axis=0, ddof=1)
    y, p = learned.outcome, len(learned.names)
    now = learned.covariance[-p:, -p:]
    scale = np.sqrt(np.maximum(np.diag(now), 1e-300))
    close = np.abs(now) / scale[:, None] / scale[None, :]
    np.fill_diagonal(close, -1.0)
    close[:, y] = -1.0
    through = _through(chains)
    no_path = 1 - learned.reaches[:, y, :].mean(axis=0)
    clear = (no_path < OFTEN) & (np.abs(effects) > SURE * spread)
    causes = {name for name, sure in zip(learned.names, clear, strict=True) if sure}
    out = {}
    for x, name in enumerate(learned.names):
        if x == y:
            continue
        common, given = _common_effect(learned, x)
        twin = int(close[x].argmax())
        own = {m: share for (lever, m), share in through.items() if lever == name}
        others = {lever: share for (lever, m), share in through.items() if m == name and lever in causes}
        carrier = _largest(own)
        carriers = {m for m, share in own.items() if abs(share) >= CARRIES}
        names, adjusted = _confounders(learned, x, carriers)
        sender = _largest({lever: share * abs(effects[learned.names.index(lever)]) for lever, share in others.items()})
        now_after, settled = learned.reaches_now[:, x, y], learned.settled[:, x, y]
        after = settled | learned.reaches[:, x, y] & ~learned.reaches[:, y, x] & ~now_after
        unsettled = learned.undirected[:, x, y] | now_after & ~settled
        out[name] = Evidence(
            seen=correlations[name],
            shap_share=shares.get(name),
            fair_share=1 / max(len(shares), 1),
            between=between[name],
            effect=float(effects[x]),
            cause=name in causes,
            no_path=float(no_path[x]),
            follows=float(after.mean()),
            open=float((unsettled & ~after).mean()),
            beside=learned.correlation(x),
            confounders=names,
            adjusted=adjusted,
            common_effect=common,
            given=given,
            twin=learned.names[twin] if close[x, twin] > 0 else None,
            twin_correlation=float(now[x, twin] / scale[x] / scale[twin]),
            carried_by=carrier,
            carried=own[carrier] if carrier else 0.0,
            carrier_share=shares.get(carrier, 0.0) if carrier else 0.0,
            beside_carrier=learned.correlation(x, learned.all_columns(learned.names.index(carrier)))
            if carrier
            else 0.0,
            carries_for=sender,
            carries=others[sender] if sender else 0.0,
        )
    return out


def _confounders(learned: Learned, x: int, carriers: Collection[str]) -> tuple[tuple[str, ...], float]:
    """Return (observed causes of both x and the outcome that take most of their correlation away, what is left).

    What x reaches within the period, or what carries its effect, is no cause to hold fixed: it may still reach x later.
    """
    y, reaches, names = learned.outcome, learned.reaches, learned.names
    both = (reaches[:, x, :] & reaches[:, y, :]).mean(axis=0)
    after = learned.reaches_now[:, :, x].mean(axis=0)
    candidates = [
        z
        for z, name in enumerate(names)
        if z not in (x, y) and both[z] >= OFTEN and after[z] < OFTEN and name not in carriers
    ]
    start = left = learned.correlation(x)
    chosen: list[int] = []
    while candidates and len(chosen) < MOST_CONFOUNDERS:
        trial = {
            z: learned.correlation(x, [c for k in (*chosen, z) for c in learned.all_columns(k)]) for z in candidates
        }
        best = min(candidates, key=lambda z: (round(abs(trial[z]), 9), learned.names[z]))
        if abs(left) - abs(trial[best]) < WORTH * abs(start):
            break
        chosen.append(best)
        candidates.remove(best)
        left = trial[best]
    return tuple(learned.names[z] for z in chosen), left


def _common_effect(learned: Learned, x: int) -> tuple[str | None, float]:
    """Return (what follows from both x and the outcome within a period, their correlation once it is held fixed)."""
    y, now = learned.outcome, learned.reaches_now
    both = (now[:, :, x] & now[:, :, y]).mean(axis=0)
    found = {
        c: learned.correlation(x, [learned.column(c)])
        for c in range(len(learned.names))
        if c not in (x, y) and both[c] >= OFTEN
    }
    if not found:
        return None, 0.0
    best = max(found, key=lambda c: (round(abs(found[c]), 9), learned.names[c]))
    return learned.names[best], found[best]


def _through(chains: Sequence[Chain]) -> dict[tuple[str, str], float]:
    """Return the share of a lever's effect that passes through an indicator, by (lever, indicator)."""
    out: dict[tuple[str, str], float] = {}
    for chain in chains:
        for name in chain.path[1:-1]:
            out[chain.lever, name] = out.get((chain.lever, name), 0.0) + (chain.share or 0.0)
    return out


def _largest(shares: Mapping[str, float]) -> str | None:
    return max(shares, key=lambda name: (shares[name], name), default=None)
