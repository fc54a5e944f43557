"""From draws to effects: values, intervals, p and q (METHOD, step 10 and Definitions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import Draw
from causal_service.effects.identification import Identification, identify
from causal_service.effects.results import Effect, EffectKind
from causal_service.numerics.draw import member_responses
from causal_service.preparation.prepared import Prepared

__all__ = [
    "KINDS",
    "Z95",
    "EffectDraws",
    "effect_draws",
    "effect_rows",
    "effect_unit",
    "false_discovery_rates",
    "widened",
]

KINDS: tuple[EffectKind, ...] = ("impact", "sustained", "cumulative")
Z95 = 1.959963984540054
"""Half-width of a 95 % interval in SDs."""


_PLURALS = frozenset({"days", "hours", "minutes", "weeks", "months", "quarters", "years", "points", "stars", "orders"})
"""Units that are singular after *per*."""


@dataclass(frozen=True, slots=True, eq=False)
class EffectDraws:
    """Effects of every indicator on every other, per draw, in users' units."""

    names: tuple[str, ...]
    """All p indicators, sorted."""
    horizon: int
    """Periods ahead of sustained and cumulative effects."""
    values: NDArray[np.float64]
    """(B, 3, p, p): draw, kind, outcome, lever; outcome unit per lever unit."""
    identified: NDArray[np.float64]
    """(3, p, p): mean share of members whose effect has the majority sign."""
    full: NDArray[np.float64]
    """(3, p, p): full-sample estimate, same units."""
    follows: NDArray[np.float64]
    """(p, p): [y, x] share of draws in which x is a same-period descendant of y."""
    undisturbed: NDArray[np.float64] | None = None
    """``values`` with a hidden driver as strong as estimated in every draw; ``None`` where no draw misjudges one."""

    @property
    def paths(self) -> NDArray[np.bool_]:
        """(B, 3, p, p): whether the arrows of the draw's first member lead from lever to outcome."""
        found: NDArray[np.bool_] = (self.values if self.undisturbed is None else self.undisturbed) != 0
        return found

    def of_strength(self, lever: str, outcome: str, kind: EffectKind) -> NDArray[np.float64]:
        """Return the part (B,) of the draws of one effect that a misjudged hidden driver makes."""
        if self.undisturbed is None:
            return np.zeros(len(self.values))
        at = (KINDS.index(kind), self.names.index(outcome), self.names.index(lever))
        part: NDArray[np.float64] = (self.values - self.undisturbed)[(slice(None), *at)]
        return part

    def of(self, lever: str, outcome: str, kind: EffectKind) -> NDArray[np.float64]:
        """Return the draws (B,) of one effect, outcome unit per lever unit."""
        at = (KINDS.index(kind), self.names.index(outcome), self.names.index(lever))
        draws: NDArray[np.float64] = self.values[(slice(None), *at)]
        return draws


def effect_draws(prepared: Prepared, discovery: Discovery, horizon: int) -> EffectDraws:
    """Return all effects of all draws.

    Parameters
    ----------
    prepared : for the users' units.
    discovery : draws with members and coefficients.
    horizon : h >= 0, periods.
    """
    p = len(discovery.names)
    unit: NDArray[np.float64] = prepared.unit_sd[:, None] / prepared.unit_sd[None, :]
    values = np.empty((len(discovery.draws), 3, p, p))
    identified = np.zeros((3, p, p))
    follows = np.zeros((p, p))
    undisturbed: dict[int, NDArray[np.float64]] = {}
    for i, draw in enumerate(discovery.draws):
        responses = member_responses(draw.members, draw.coefficients, horizon)
        values[i] = responses[0]
        if draw.misjudged.size:
            undisturbed[i] = member_responses(draw.members[:1], draw.fitted[None], horizon)[0]
        identified += _majority_share(responses)
        follows += _reached(draw)
    count = max(len(discovery.draws), 1)
    full = member_responses(discovery.full.members[:1], discovery.full.coefficients[:1], horizon)[0]
    values *= unit
    drawn = EffectDraws(discovery.names, horizon, values, identified / count, full * unit, follows / count)
    if not undisturbed:
        return drawn
    estimated = values.copy()
    for i, response in undisturbed.items():
        estimated[i] = response * unit
    return replace(drawn, undisturbed=estimated)


def _majority_share(responses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of members (k, 3, p, p) that have the most frequent of the signs -, 0, +."""
    if responses.shape[0] == 1:
        return np.ones(responses.shape[1:])
    counts = np.stack([(np.sign(responses) == s).mean(0) for s in (-1, 0, 1)])
    share: NDArray[np.float64] = counts.max(0)
    return share


def _reached(draw: Draw) -> NDArray[np.float64]:
    """(p, p) 1 where x is a same-period descendant of y in the draw's first member, at [y, x]."""
    p = draw.members.shape[1]
    now = draw.members[0][:, draw.members.shape[2] - p :].T.astype(np.float64)
    reach: NDArray[np.float64] = now.copy()
    for _ in range(int(np.ceil(np.log2(max(p, 2))))):
        reach = np.minimum(reach + reach @ reach, 1.0)
    return reach


def effect_rows(
    draws: EffectDraws, discovery: Discovery, levers: Sequence[str], outcomes: Sequence[str], units: Mapping[str, str]
) -> tuple[Effect, ...]:
    """Return one row per lever x outcome x kind, in that order; levers as given."""
    rows = []
    identified = identify(discovery, levers, outcomes, draws.horizon, shares=False)
    adjustment = {(row.lever, row.outcome): row for row in identified}
    for outcome in outcomes:
        listed = [lever for lever in levers if lever != outcome]
        for kind in KINDS:
            p_values = np.array([_p_value(draws.of(lever, outcome, kind)) for lever in listed])
            q_values = false_discovery_rates(p_values)
            rows += [
                _row(draws, adjustment[lever, outcome], kind, float(p), float(q), units)
                for lever, p, q in zip(listed, p_values, q_values, strict=True)
            ]
    return tuple(sorted(rows, key=lambda r: (r.lever, r.outcome, KINDS.index(r.kind))))


def _row(
    draws: EffectDraws, identified: Identification, kind: EffectKind, p: float, q: float, units: Mapping[str, str]
) -> Effect:
    lever, outcome = identified.lever, identified.outcome
    adjusted = identified.strategy == "backdoor" and (kind != "impact" or identified.delay == 0)
    of = draws.of(lever, outcome, kind)
    value, sd = float(of.mean()), float(of.std(ddof=1))
    at = (KINDS.index(kind), draws.names.index(outcome), draws.names.index(lever))
    return Effect(
        lever=lever,
        outcome=outcome,
        kind=kind,
        horizon=0 if kind == "impact" else draws.horizon,
        value=value,
        low=value - Z95 * sd,
        high=value + Z95 * sd,
        unit=effect_unit(units.get(outcome, ""), units.get(lever, "")),
        zero_share=float((of == 0).mean()),
        full_sample=float(draws.full[at]),
        identified_share=float(draws.identified[at]),
        adjustment=identified.adjustment if adjusted else (),
        p=p,
        q=q,
    )


def _p_value(draws: NDArray[np.float64]) -> float:
    """2 Phi(-|mean| / SD); 1 when every draw is zero."""
    value, sd = float(draws.mean()), float(draws.std(ddof=1))
    if value == 0.0:
        return 1.0
    return float(2 * ndtr(-abs(value) / sd)) if sd > 0 else 0.0


def false_discovery_rates(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Benjamini-Hochberg (1995) adjusted p-values, same order."""
    m = p.size
    if m == 0:
        return p
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum.accumulate((p[order] * m / np.arange(1, m + 1))[::-1])[::-1]
    q = np.empty(m)
    q[order] = np.minimum(adjusted, 1.0)
    return q


def widened(effects: Sequence[Effect], factors: Mapping[tuple[str, EffectKind], float]) -> tuple[Effect, ...]:
    """Return the effects with half-widths multiplied by the factor of their outcome and kind; p and q follow."""
    rows = [_widened(effect, factors.get((effect.outcome, effect.kind), 1.0)) for effect in effects]
    q: dict[tuple[str, str, str], float] = {}
    for outcome, kind in {(row.outcome, row.kind) for row in rows}:
        group = [row for row in rows if (row.outcome, row.kind) == (outcome, kind)]
        rates = false_discovery_rates(np.array([row.p for row in group]))
        q |= {(row.lever, outcome, kind): float(rate) for row, rate in zip(group, rates, strict=True)}
    return tuple(replace(row, q=q[row.lever, row.outcome, row.kind]) for row in rows)


def _widened(effect: Effect, factor: float) -> Effect:
    if factor == 1.0:
        return effect  # to the last digit
    half = (effect.high - effect.low) / 2 * factor
    p = float(2 * ndtr(-abs(effect.value) * Z95 / half)) if half > 0 else effect.p
    return replace(effect, low=effect.value - half, high=effect.value + half, p=p)


def effect_unit(outcome: str, lever: str) -> str:
    """Return the unit of an effect, for example ``points per day``."""
    per = lever or "unit"
    return f"{outcome or 'unit'} per {per[:-1] if per.lower() in _PLURALS else per}"
