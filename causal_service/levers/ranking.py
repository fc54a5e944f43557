"""Rank levers by expected gain per feasible step, with rank uncertainty from the draws (METHOD, step 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.late_links import LateDoubts
from causal_service.effects.estimate import Z95, EffectDraws
from causal_service.effects.results import Effect, EffectKind
from causal_service.effects.robustness import Benchmark, ObservedCause, benchmarked, robustness_value
from causal_service.levers.results import Lever
from causal_service.levers.steps import Move, feasible_move, gains
from causal_service.levers.verdicts import FLOORS, FOLLOWS, USEFUL, Evidence, InSegments, Later, ReasonCode, judged
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.summary import IndicatorSummary
from causal_service.preparation.rows import BlockUnit

__all__ = ["POWER_FACTOR", "RankedLever", "Suspicions", "p_top", "ranked_levers"]

_EITHER_WAY = 0.8
"""Share of the draws in which lever and outcome hang together."""
_FEWEST_PATHS = 10
"""Draws with a path from which their spread is told."""
POWER_FACTOR = 2.8016
"""z(.975) + z(.8): an effect of this many SDs is found with power .8 at alpha .05."""


@dataclass(frozen=True, slots=True)
class Suspicions:
    """What the checks say about single indicators, for one outcome."""

    leaks: frozenset[str]
    """Suspected of being a consequence or another form of the outcome."""
    contradicted: frozenset[str]
    """Declared in a layer that the data contradict."""
    failed: Mapping[str, str]
    """Code of an indicator-scoped ``fail`` by indicator."""
    identities: Mapping[str, str]
    """The exact sum an indicator belongs to, in words."""
    driven: frozenset[str] = frozenset()
    """Put in doubt by a hidden driver of the outcome."""
    maybe_driven: frozenset[str] = frozenset()
    """A hidden driver of them and the outcome would leave the same traces."""
    graph_fixed: bool = False
    """The graph was learned once and held fixed, so that the draws say nothing about it."""
    shifted: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Effects that changed midway: in the first and the second half, outcome unit per lever unit, by lever."""
    segments: Mapping[str, InSegments] = field(default_factory=dict)
    """What segments say against the overall effect, by lever."""
    uneven: frozenset[str] = frozenset()
    """Their effect on the outcome, or on what leads to it, is not that of the average entity."""
    differing: frozenset[str] = frozenset()
    """Their effect differs so much between entities that many have one of the other sign."""
    late: LateDoubts = field(default_factory=LateDoubts)
    """What acts later than the lags of the study puts in doubt."""
    carried: Mapping[str, int] = field(default_factory=dict)
    """For how many periods their figures stand, by indicator; those with a figure for each period are left out."""


@dataclass(frozen=True, slots=True)
class RankedLever:
    """A lever with coded reasons, before it is put into words."""

    lever: Lever
    """The row, without texts."""
    reasons: tuple[ReasonCode, ...]
    """Coded reasons, most important first."""


def ranked_levers(
    draws: EffectDraws,
    effects: Sequence[Effect],
    summaries: Mapping[str, IndicatorSummary],
    dictionary: Dictionary,
    outcome: str,
    *,
    levers: Sequence[str],
    kind: EffectKind,
    suspicions: Suspicions,
    usual_sd: float,
    effective_n: float,
    entities: int,
    unit: BlockUnit = "entity",
    widening: float = 1.0,
    observed: Mapping[str, ObservedCause] | None = None,
) -> tuple[RankedLever, ...]:
    """Return the levers of one outcome, best expected gain first; equal gains share a rank.

    Parameters
    ----------
    effects : rows of ``effect_rows``.
    kind : headline kind.
    usual_sd : how far the outcome usually moves (``usual_spread``), its unit.
    entities : number of entities.
    unit : what was resampled; it decides how many entities and rows ``act`` needs.
    widening : factor for half-widths, as already in ``effects``.
    observed : strongest observed common cause by lever.
    """
    listed = [lever for lever in levers if lever != outcome]
    if not listed:
        return ()
    rows = {e.lever: e for e in effects if e.outcome == outcome and e.kind == kind}
    entry, level = dictionary.indicators.get(outcome), summaries[outcome].mean
    moves = [_move(dictionary, summaries, rows[x], level) for x in listed]
    G = np.stack(
        [gains(draws.of(x, outcome, kind), move, entry, level) for x, move in zip(listed, moves, strict=True)], axis=1
    )
    top1, top3 = p_top(G, 1), p_top(G, 3)
    regret = (G.max(axis=1, keepdims=True) - G).mean(0)
    expected = G.mean(0)
    ranks = [1 + int((expected > gain + 1e-12 * np.abs(expected).max()).sum()) for gain in expected]
    out = []
    for i, name in enumerate(listed):
        row, move, sd = rows[name], moves[i], widening * float(G[:, i].std(ddof=1))
        strength = abs(move.change) * float(draws.of_strength(name, outcome, kind).std(ddof=1))
        outcome_sd = summaries[outcome].within_sd
        follows = float(draws.follows[draws.names.index(outcome), draws.names.index(name)])
        evidence = Evidence(
            controllable=summaries[name].controllable is not False,
            q=row.q,
            gain=float(expected[i]),
            p_sign=float((np.sign(G[:, i]) == np.sign(expected[i])).mean()),
            p_top3=float(top3[i]),
            identified_share=row.identified_share,
            zero_share=row.zero_share,
            smallest_detectable=_smallest_detectable(sd, move, outcome_sd, summaries[name].within_sd, effective_n),
            strength_open=POWER_FACTOR * strength,
            direction_open=_direction_open(G[:, i], follows)
            and _smallest_detectable(
                widening * _spread_of_paths(G[:, i]), move, outcome_sd, summaries[name].within_sd, effective_n
            )
            <= USEFUL * usual_sd,
            outcome_sd=usual_sd,
            outcome_unit=summaries[outcome].unit,
            robustness=_robustness(row, effective_n),
            follows=follows,
            suspected_leak=name in suspicions.leaks,
            contradicted=name in suspicions.contradicted,
            failed=suspicions.failed.get(name),
            entities=entities,
            floors=FLOORS[unit],
            rows=effective_n,
            bound=move.bound,
            lever_unit=summaries[name].unit,
            identity=suspicions.identities.get(name),
            hidden_driver=name in suspicions.driven,
            driver_possible=name in suspicions.maybe_driven,
            graph_fixed=suspicions.graph_fixed,
            shifted=suspicions.shifted.get(name),
            segments=suspicions.segments.get(name, InSegments()),
            standing_in=name in suspicions.late.standing_in,
            later=_later(suspicions.late.acting_later.get(name), row.value),
            uneven=name in suspicions.uneven,
            differs=name in suspicions.differing,
            carried=max(suspicions.carried.get(one, 1) for one in (name, outcome)),
        )
        verdict, reasons = judged(evidence)
        lever = Lever(
            rank=ranks[i],
            lever=name,
            outcome=outcome,
            kind=kind,
            horizon=row.horizon,
            step=move.change,
            step_basis=move.basis,
            value=row.value,
            low=row.low,
            high=row.high,
            gain_per_step=float(expected[i]),
            gain_low=float(expected[i]) - Z95 * sd,
            gain_high=float(expected[i]) + Z95 * sd,
            p_top1=float(top1[i]),
            p_top3=float(top3[i]),
            expected_regret=float(regret[i]),
            expected_regret_sd=float(regret[i]) / outcome_sd,
            smallest_detectable=evidence.smallest_detectable,
            robustness=evidence.robustness,
            verdict=verdict,
            robustness_interval=_robustness(row, effective_n, 0.05),
            benchmark=_benchmark(row, effective_n, (observed or {}).get(name)),
        )
        out.append(RankedLever(lever, reasons))
    return tuple(sorted(out, key=lambda r: (r.lever.rank, r.lever.lever)))


def _move(dictionary: Dictionary, summaries: Mapping[str, IndicatorSummary], row: Effect, level: float) -> Move:
    summary = summaries[row.lever]
    entry = dictionary.indicators.get(row.lever)
    target = dictionary.indicators.get(row.outcome)
    return feasible_move(entry, summary.mean, summary.within_sd, row.value, target, level)


def p_top(G: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return P(among the best k) per lever from gains (B, levers); a draw whose gain is zero is not in the top."""
    k = min(k, G.shape[1])
    place = np.argsort(np.argsort(-G, axis=1, kind="stable"), axis=1, kind="stable")
    share: NDArray[np.float64] = ((place < k) & (G != 0)).mean(0)
    return share


def _smallest_detectable(sd: float, move: Move, outcome_sd: float, lever_sd: float, n: float) -> float:
    """Power .8, alpha .05, from the SD of the draws; never below what one regression on n rows could show."""
    floor = outcome_sd * abs(move.change) / max(lever_sd, 1e-300) / np.sqrt(n)
    return float(POWER_FACTOR * max(sd, floor))


def _later(size: float | None, value: float) -> Later:
    """Return which way a lever goes on after the lags of the study.

    Parameters
    ----------
    size : partial correlation of the late effect, 0 for one on others first; ``None`` = no such effect.
    value : effect that the study sees.
    """
    if size is None:
        return "none"
    return "along" if size * value > 0 else "against"


def _direction_open(gains: NDArray[np.float64], follows: float) -> bool:
    """Whether nearly all draws say that the lever moves the outcome or follows it, and they do not agree which."""
    return follows > FOLLOWS and float((gains != 0).mean()) + follows >= _EITHER_WAY


def _spread_of_paths(gains: NDArray[np.float64]) -> float:
    """Standard deviation over the draws in which a path leads to the outcome; infinite where there are too few."""
    some = gains[gains != 0]
    return float(some.std(ddof=1)) if some.size >= _FEWEST_PATHS else np.inf


def _robustness(row: Effect, n: float, alpha: float | None = None) -> float:
    t = _t_value(row)
    return 1.0 if t is None else robustness_value(t, n, alpha)


def _benchmark(row: Effect, n: float, cause: ObservedCause | None) -> Benchmark | None:
    t = _t_value(row)
    return None if cause is None or t is None or t == 0.0 else benchmarked(row.value, t, n, cause)


def _t_value(row: Effect) -> float | None:
    """Return the mean of the draws over their SD; ``None`` where they do not scatter."""
    sd = (row.high - row.low) / (2 * Z95)
    if row.value == 0.0:
        return 0.0
    return row.value / sd if sd > 0 else None
