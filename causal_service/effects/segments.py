"""For whom: effects by segment, from the draws of the whole panel.

Every draw keeps the graph it learned from all entities, joined by arrows that only single segments show
(``discovery.segment_arrows``): slopes that cancel over segments leave no arrow in the whole. Its coefficients are
fitted again on the moments of each segment under the draw's own weights, so that intervals hold graph uncertainty and
the short-panel correction as the main estimates do. What the draw adds to plain least squares on the whole panel
(bending mechanisms, a hidden driver) is kept for every segment. Values are then pooled partially
(``numerics.partial_pooling``): what the draws of all segments share is an error of the graph, the rest is a segment's
own. Whether segments differ at all is a Wald test on their differences, whose covariance is that of the draws (F with
the resampled blocks as degrees of freedom).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtrit
from threadpoolctl import threadpool_limits

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import block_weights
from causal_service.discovery.search_problem import search_problem
from causal_service.discovery.segment_arrows import with_segment_arrows
from causal_service.effects.estimate import KINDS, Z95, EffectDraws, effect_unit, false_discovery_rates
from causal_service.effects.results import EffectKind
from causal_service.errors import Text
from causal_service.graph.knowledge import Knowledge
from causal_service.numerics.draw import member_coefficients, member_responses
from causal_service.numerics.partial_pooling import pooled
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.segment_moments import SegmentMoments, SegmentSize, segment_moments, segment_sizes
from causal_service.preparation.within_rows import WithinRows

__all__ = [
    "BySegment",
    "Interaction",
    "NoSegments",
    "SegmentDraws",
    "SegmentEffect",
    "segment_draws",
    "segment_effects",
]

Array = NDArray[np.float64]
NoSegments = Literal["one-segment", "too-few-segments"]
_LEAST_APART = 0.25
"""Least own variance of a segment, in shares of the average one; less is noise of the shared part."""
LEVEL = 0.05
"""q below which segments are said to differ."""


@dataclass(frozen=True, slots=True)
class SegmentEffect:
    """Effect of one lever on one outcome in one segment."""

    segment: str
    """Label of the segment."""
    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: EffectKind
    """``impact`` | ``sustained``."""
    horizon: int
    """Periods ahead (0 for impact)."""
    value: float
    """Partially pooled value, outcome unit per lever unit."""
    low: float
    """Lower end of its 95 % interval, same unit."""
    high: float
    """Upper end, same unit."""
    unit: str
    """Unit of ``value``."""
    own: float
    """Value from the segment alone, same unit."""
    own_sd: float
    """SD of its draws, same unit."""
    pooling: float
    """How far it was moved towards the common value, 0 (not at all) .. 1 (all the way)."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Whether one effect differs between segments."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: EffectKind
    """``impact`` | ``sustained``."""
    horizon: int
    """Periods ahead (0 for impact)."""
    common: float
    """Mean of the segments' common value, outcome unit per lever unit."""
    spread: float
    """SD of the effect between segments, same unit."""
    p: float
    """p-value of the Wald test that all segments are alike."""
    q: float
    """Benjamini-Hochberg over the levers of this outcome and kind."""
    differs: bool
    """q <= .05."""
    opposite: bool
    """Segments differ and two of them have intervals on different sides of zero."""
    sentence: Text = Text("", "")
    """For whom the lever works, in words."""


@dataclass(frozen=True, slots=True)
class BySegment:
    """Effects by segment, or why there are none."""

    column: str
    """Segment column."""
    sizes: tuple[SegmentSize, ...]
    """All segments by name."""
    effects: tuple[SegmentEffect, ...]
    """Every lever x outcome x kind x segment."""
    tests: tuple[Interaction, ...]
    """Every lever x outcome x kind: do segments differ."""
    reason: NoSegments | None
    """Why there are no effects."""
    text: Text = Text("", "")
    """In one paragraph."""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentDraws:
    """Effects per draw and segment, in users' units."""

    sizes: tuple[SegmentSize, ...]
    """All segments, those that cannot be told apart included."""
    names: tuple[str, ...]
    """The S segments that are told apart."""
    blocks: tuple[int, ...]
    """Resampling blocks of each."""
    values: Array
    """(S, B, 2, p, p): segment, draw, impact and sustained, outcome, lever."""


def segment_draws(
    within: WithinRows,
    prepared: Prepared,
    discovery: Discovery,
    segments: Sequence[str],
    *,
    horizon: int,
    seed: int,
    knowledge: Knowledge | None = None,
) -> SegmentDraws:
    """Return the effects of every draw in every segment that can be told apart.

    Parameters
    ----------
    segments : (E,) label of every entity, empty where unknown.
    horizon : periods ahead of the sustained effect.
    seed : of the draws.
    knowledge : what arrows a segment may have that the whole panel hides; ``None`` = none is looked for.
    """
    sizes = segment_sizes(within, segments)
    names = tuple(size.name for size in sizes if size.reason is None)
    moments = [segment_moments(within, prepared, segments, name) for name in names]
    p = len(prepared.names)
    if len(names) < 2:
        return SegmentDraws(sizes, (), (), np.empty((0, 0, 2, p, p)))
    draws = discovery.draws
    weights = np.stack([block_weights(prepared, seed, index)[0] for index in range(len(draws))])
    unit = prepared.unit_sd[:, None] / prepared.unit_sd[None, :]
    values = np.empty((len(names), len(draws), 2, p, p))
    with threadpool_limits(1):
        beyond = _beyond_least_squares(prepared, discovery, weights)
        members = [draw.members[:1] for draw in draws]
        if knowledge is not None and discovery.graph_resampled:
            members = with_segment_arrows(prepared, search_problem(prepared, knowledge), moments, draws, seed)
        for s, own in enumerate(moments):
            values[s] = _effects(own, prepared, members, weights, beyond, horizon) * unit
    return SegmentDraws(sizes, names, tuple(int(m.blocks.size) for m in moments), values)


def _beyond_least_squares(prepared: Prepared, discovery: Discovery, weights: Array) -> dict[int, Array]:
    """Return what the coefficients (p, d) of a draw have beyond least squares, by draw; most draws have nothing."""
    special = [i for i, draw in enumerate(discovery.draws) if draw.bent.any() or draw.loadings.size]
    if not special:
        return {}
    S = prepared.covariances(weights[special])[1]
    draws = discovery.draws
    return {
        i: draws[i].coefficients[0] - member_coefficients(S[k], draws[i].members[:1])[0] for k, i in enumerate(special)
    }


def _effects(
    own: SegmentMoments,
    prepared: Prepared,
    members: Sequence[NDArray[np.bool_]],
    weights: Array,
    beyond: Mapping[int, Array],
    horizon: int,
) -> Array:
    """(B, 2, p, p) standardised effects in one segment."""
    S = own.covariances(weights, prepared)
    out = np.empty((len(S), 2, S.shape[1] // (prepared.lags + 1), S.shape[1] // (prepared.lags + 1)))
    for i, member in enumerate(members):
        fit = member_coefficients(S[i], member)
        if i in beyond:
            fit[0] += beyond[i]
        out[i] = member_responses(member, fit, horizon)[0, :2]
    return out


def segment_effects(
    drawn: SegmentDraws,
    whole: EffectDraws,
    levers: Sequence[str],
    outcomes: Sequence[str],
    units: Mapping[str, str],
    kinds: Sequence[EffectKind],
) -> tuple[tuple[SegmentEffect, ...], tuple[Interaction, ...]]:
    """Return every lever x outcome x kind x segment, and one test per lever x outcome x kind.

    Parameters
    ----------
    whole : draws of the whole panel, for names and horizon.
    units : unit by indicator key.
    kinds : of ``impact`` and ``sustained``.
    """
    effects: list[SegmentEffect] = []
    tests: list[Interaction] = []
    for outcome in outcomes:
        listed = [lever for lever in levers if lever != outcome]
        for kind in kinds:
            rows = _of_one_outcome(drawn, whole, listed, outcome, kind, units)
            effects += rows[0]
            tests += rows[1]
    order = {kind: i for i, kind in enumerate(KINDS)}
    return (
        tuple(sorted(effects, key=lambda r: (r.lever, r.outcome, order[r.kind], r.segment))),
        tuple(sorted(tests, key=lambda r: (r.lever, r.outcome, order[r.kind]))),
    )


def _of_one_outcome(
    drawn: SegmentDraws,
    whole: EffectDraws,
    levers: Sequence[str],
    outcome: str,
    kind: EffectKind,
    units: Mapping[str, str],
) -> tuple[list[SegmentEffect], list[Interaction]]:
    y = whole.names.index(outcome)
    at = [whole.names.index(lever) for lever in levers]
    X = drawn.values[:, :, KINDS.index(kind), y, :][:, :, at]  # (S, B, k)
    S, B, k = X.shape
    mean = X.mean(axis=1).T
    centred = X - X.mean(axis=1, keepdims=True)
    V = np.einsum("sbk,tbk->kst", centred, centred) / (B - 1)
    few = np.array([(float(stdtrit(max(n - 1, 1), 0.975)) / Z95) ** 2 for n in drawn.blocks])
    own = np.diagonal(V, axis1=1, axis2=2)
    common = np.maximum((V.sum(axis=(1, 2)) - own.sum(axis=1)) / max(S * (S - 1), 1), 0.0)
    apart = np.maximum(own - common[:, None], _LEAST_APART * (own.mean(axis=1) - common)[:, None])
    result = pooled(mean, apart * few, common)
    p = np.array([_wald(mean[j], V[j], sum(drawn.blocks)) for j in range(k)])
    q = false_discovery_rates(p)
    horizon = 0 if kind == "impact" else whole.horizon
    effects, tests = [], []
    for j, lever in enumerate(levers):
        low, high = result.mean[j] - Z95 * result.sd[j], result.mean[j] + Z95 * result.sd[j]
        differs = bool(q[j] <= LEVEL)
        tests.append(
            Interaction(
                lever, outcome, kind, horizon, float(result.centre[j]), float(result.tau[j]), float(p[j]), float(q[j]),
                differs, differs and bool((low > 0).any() and (high < 0).any()),
            )
        )  # fmt: skip
        effects += [
            SegmentEffect(
                segment=name,
                lever=lever,
                outcome=outcome,
                kind=kind,
                horizon=horizon,
                value=float(result.mean[j, s]),
                low=float(low[s]),
                high=float(high[s]),
                unit=effect_unit(units.get(outcome, ""), units.get(lever, "")),
                own=float(mean[j, s]),
                own_sd=float(np.sqrt(own[j, s])),
                pooling=float(result.share[j, s]),
            )
            for s, name in enumerate(drawn.names)
        ]
    return effects, tests


def _wald(mean: Array, V: Array, blocks: int) -> float:
    """p of all segments being alike: contrasts against the first one, F(S - 1, blocks - S)."""
    S = mean.size
    contrast = np.concatenate([-np.ones((S - 1, 1)), np.eye(S - 1)], axis=1)
    d, D = contrast @ mean, contrast @ V @ contrast.T
    scale = np.sqrt(np.diag(D))
    if not np.all(scale > 0):
        return 1.0
    R = D / np.outer(scale, scale) + 1e-9 * np.eye(S - 1)
    z = d / scale
    free = max(blocks - S, 1)
    return float(fdtrc(S - 1, free, float(z @ np.linalg.solve(R, z)) / (S - 1)))
