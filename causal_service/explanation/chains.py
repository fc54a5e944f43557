"""Chains: the headline effect split over paths, so that the parts add up to the whole.

With coefficients b_0, b_1, ... on an edge and inertia a_1, a_2, ... of a node, the response at period h to a lever
kept one unit up from period 0 is, along one path of indicators, the sum of the coefficients of L^0..L^h in the product
of the edge polynomials b(L) and, for every node but the lever, 1 / (1 - a(L)) (path tracing, Wright 1934; lag
polynomials, Hamilton 1994, ch. 2). Paths that revisit an indicator and paths not listed are the rest: total minus the
listed ones. The same sums at earlier periods say when each part arrives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.effects.estimate import Z95, EffectDraws
from causal_service.effects.results import EffectKind
from causal_service.errors import Text
from causal_service.explanation.arrival import arrived_shares, half_by, share_of
from causal_service.explanation.phrases import Names
from causal_service.explanation.results import Chain
from causal_service.explanation.wording import chain_sentence
from causal_service.numerics.linear_system import sustained_paths
from causal_service.preparation.prepared import Prepared

__all__ = ["along", "chains_of", "coefficient_draws", "fitted_draws", "frequent_links", "whole_path", "worth_dividing"]

LISTED = 6
"""Largest number of paths listed per pair."""
TRIED = 60
"""Largest number of paths evaluated per pair."""
LONGEST = 7
"""Largest number of indicators on a path."""
FREQUENT = 0.3
"""Share of draws in which a link must be present to be followed."""
NEGLIGIBLE = 1e-3
"""Totals below this, in within-SDs, are not divided into shares."""

Array = NDArray[np.float64]


def coefficient_draws(discovery: Discovery) -> Array:
    """Return the standardised coefficients (B, p, d) of the draws' first members."""
    return np.stack([draw.coefficients[0] for draw in discovery.draws])


def fitted_draws(discovery: Discovery) -> Array:
    """Return the same with a hidden driver as strong as estimated: zero where the member has no arrow."""
    return np.stack([draw.fitted for draw in discovery.draws])


def frequent_links(coefficients: Array) -> dict[int, list[int]]:
    """Return source -> targets of the links present, at any lag, in at least ``FREQUENT`` of the draws.

    Parameters
    ----------
    coefficients : ``fitted_draws``, so that a link counts only where the graph of a draw has it.
    """
    B, p, d = coefficients.shape
    present = (coefficients.reshape(B, p, d // p, p) != 0).any(axis=2).mean(axis=0) >= FREQUENT
    return {x: [y for y in range(p) if y != x and present[y, x]] for x in range(p)}


def chains_of(
    prepared: Prepared,
    draws: EffectDraws,
    coefficients: Array,
    links: Mapping[int, Sequence[int]],
    lever: str,
    outcome: str,
    kind: EffectKind,
    indicators: Names,
    frequency: str = "",
) -> tuple[Chain, ...]:
    """Return the main paths of one pair, largest part first, and the rest; their values add up to the effect.

    Parameters
    ----------
    coefficients, links : from ``coefficient_draws`` and ``frequent_links``. What a misjudged hidden driver adds between
        indicators that no link joins is part of the rest.
    kind : headline kind, ``impact`` (h = 0) or ``sustained``.
    frequency : ``PanelSummary.frequency``, for the sentences.
    """
    names = draws.names
    horizon = 0 if kind == "impact" else draws.horizon
    x, y = names.index(lever), names.index(outcome)
    if not worth_dividing(prepared, draws, lever, outcome, kind):
        return ()
    unit = float(prepared.unit_sd[y] / prepared.unit_sd[x])
    whole = unit * whole_path(coefficients, x, horizon)[:, :, y]
    whole[:, -1] = draws.of(lever, outcome, kind)
    parts = [(path, unit * along(coefficients, path, horizon)) for path in _paths(links, x, y)]
    parts = [part for part in parts if np.any(part[1][:, -1])]
    parts.sort(key=lambda part: (-abs(part[1][:, -1].mean()), part[0]))
    listed = parts[:LISTED]
    rest = whole - np.sum([value for _, value in listed], axis=0) if listed else whole
    about = (lever, outcome)
    out = [_chain(tuple(names[i] for i in path), value, whole, about, indicators, frequency) for path, value in listed]
    if np.abs(rest[:, -1]).max() > 1e-12 * max(np.abs(whole[:, -1]).max(), 1e-300):
        out.append(_chain((), rest, whole, about, indicators, frequency))
    return tuple(out)


def worth_dividing(prepared: Prepared, draws: EffectDraws, lever: str, outcome: str, kind: EffectKind) -> bool:
    """Say whether an effect is large enough to be divided into parts."""
    x, y = draws.names.index(lever), draws.names.index(outcome)
    total = float(draws.of(lever, outcome, kind).mean())
    return abs(total) >= NEGLIGIBLE * float(prepared.unit_sd[y] / prepared.unit_sd[x])


def whole_path(coefficients: Array, lever: int, horizon: int) -> Array:
    """Return the responses (B, horizon + 1, p) of everything to the lever kept one unit up, standardised."""
    paths: Array = sustained_paths(np.ascontiguousarray(coefficients), lever, horizon)
    return paths


def _paths(links: Mapping[int, Sequence[int]], source: int, target: int) -> list[tuple[int, ...]]:
    """Return simple paths from source to target, shortest first, at most ``TRIED``."""
    found: list[tuple[int, ...]] = []
    frontier: list[tuple[int, ...]] = [(source,)]
    while frontier and len(found) < TRIED:
        longer: list[tuple[int, ...]] = []
        for path in frontier:
            for node in links[path[-1]]:
                if node == target:
                    found.append((*path, node))
                elif node not in path and len(path) < LONGEST - 1:
                    longer.append((*path, node))
        frontier = longer[:5000]
    return found[:TRIED]


def along(coefficients: Array, path: Sequence[int], horizon: int) -> Array:
    """Return the responses (B, horizon + 1) along one path to the lever kept one unit up, standardised."""
    B, p, d = coefficients.shape
    lags = d // p - 1
    signal = np.ones((B, horizon + 1))
    for x, y in pairwise(path):
        passed = np.zeros((B, horizon + 1))
        for lag in range(min(lags, horizon) + 1):
            weight = coefficients[:, y, (lags - lag) * p + x, None]
            passed[:, lag:] += weight * signal[:, : horizon + 1 - lag]
        for t in range(1, horizon + 1):
            for lag in range(1, min(lags, t) + 1):
                passed[:, t] += coefficients[:, y, (lags - lag) * p + y] * passed[:, t - lag]
        signal = passed
    return signal


def _chain(
    path: tuple[str, ...], part: Array, whole: Array, pair: tuple[str, str], indicators: Names, frequency: str
) -> Chain:
    value, total = part[:, -1], whole[:, -1]
    mean, sd = float(value.mean()), float(value.std(ddof=1))
    share, share_low, share_high = share_of(value, total)
    arrived = arrived_shares(part)
    chain = Chain(
        lever=pair[0],
        outcome=pair[1],
        kind="path" if path else "rest",
        path=path,
        value=mean,
        low=mean - Z95 * sd,
        high=mean + Z95 * sd,
        share=share,
        sentence=Text("", ""),
        share_low=share_low,
        share_high=share_high,
        arrived=arrived,
        half_by=half_by(arrived),
    )
    return replace(chain, sentence=chain_sentence(chain, indicators, frequency))
