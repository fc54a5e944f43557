"""Up to which point: the response of an outcome over the levels of a lever, with a band for the whole curve.

Natural cubic splines of the lever, expanded before the effects of entities and periods are removed (the other order
would fit a curve of deviations, not of levels); adjusted for the lever's causes in the draws; cluster-robust; kept over
the horizon by sequential g-estimation (``numerics.kept_response``); short-panel bias removed by the half-panel
jackknife (Dhaene & Jochmans 2015, Review of Economic Studies 82). See docs/decisions/0530.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from causal_service.discovery.discover import Discovery
from causal_service.effects.dose_columns import (
    Beside,
    Spline,
    adjusters,
    beside_columns,
    column_values,
    following,
    slopes_by_entity,
    stages_of,
)
from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.effects.dose_shape import Curve, shape_of
from causal_service.effects.unrolled import label_of
from causal_service.numerics.kept_response import Response, Stage, kept_response
from causal_service.numerics.natural_spline import KNOT_QUANTILES
from causal_service.numerics.simultaneous_band import coefficient_draws, sup_t
from causal_service.preparation.within_rows import WithinRows

__all__ = ["CONFIDENCE", "dose_response"]

Array = NDArray[np.float64]

CONFIDENCE = 0.95
"""Probability with which a band holds the whole curve."""
POINTS = 25
"""Levels at which a curve is given."""
SUPPORT = (0.05, 0.95)
"""Quantiles of the lever's levels between which a curve is drawn."""
OUTER, INNER = 0.005, 0.05
"""Shares of the levels beyond the outermost knots and beyond the next ones, the ends of the range drawn; the others
stand at equal shares between. A curve that is straight beyond its outer knots must not be so inside the range."""
FEWEST_KNOTS, MOST_KNOTS = 4, 9
"""Numbers of knots."""
KNOTS_PER_ROOT = 1.2
"""Knots per fourth root of the effective rows."""
FEWEST_LEVELS = 8
"""A lever with fewer different values has steps, not a curve."""
FEWEST_CLUSTERS = 8
"""With fewer clusters no covariance can be told."""
BINS = 12
"""Equal stretches of the supported range, each of which must have been visited."""
FEWEST_VISITS = 5
"""Rows that must have visited a stretch, by at least ``FEWEST_VISITORS`` entities."""
FEWEST_VISITORS = 3
STRAIGHT = 2
"""Columns of slopes by entity that always stand beside a bend: mean level and spread."""
BETTER = 0.01
"""Largest p-value of a bend, as a share of that of slopes by group, with which it is the better explanation."""
HALVES_FROM = 5
"""Periods that each half must have for the jackknife."""
HALVES_BELOW = 24
"""From so many periods on there is none: it would widen bands by a fifth to remove a bias that is small beside them."""


def dose_response(
    within: WithinRows | None,
    discovery: Discovery,
    lever: str,
    outcome: str,
    *,
    horizon: int,
    seed: int,
    units: tuple[str, str] = ("", ""),
) -> DoseResponse | NoDoseResponse:
    """Return the curve, or why there is none.

    Parameters
    ----------
    within : rows of the panel; ``None`` where they are on disk.
    horizon : periods ahead; 0 = response in the same period, else the level is kept from period 0 on.
    seed : non-negative; the band is simulated.
    units : of lever and outcome.
    """
    if within is None:
        return NoDoseResponse(lever, outcome, "rows-on-disk")
    rows = within.rows
    dose, target = column_values(within, lever, raw=True), column_values(within, outcome, raw=False)
    seen = dose[rows.entity, rows.time]
    observed = ~np.isnan(seen)
    refused = _refused(lever, outcome, discovery, seen[observed])
    if refused is not None:
        return refused
    reference, levels = float(np.median(seen[observed])), np.unique(seen[observed])
    support = _supported(seen[observed], rows.entity[observed], reference)
    if support is None:
        return NoDoseResponse(lever, outcome, "scattered-levels")
    scale = float(levels[-1] - levels[0])
    beside = adjusters(within, discovery, lever, outcome)
    x = (dose - reference) / scale
    spline = Spline(np.quantile(x[rows.entity, rows.time][observed], knot_shares(within.used)))
    found = _response(within, spline.columns(x), target, beside, horizon)
    if isinstance(found, str):
        return NoDoseResponse(lever, outcome, found, horizon)
    response, spread, first = found
    clusters = int(np.unique(first.cluster).size)

    levels_shown = np.linspace(*support, POINTS)
    at = (levels_shown - reference) / scale
    V = response.covariance + spread
    deviations = coefficient_draws(V, clusters - 1.0, seed)
    span = spline.columns(at) - spline.columns(np.zeros(1))
    se, critical = sup_t(span, V, deviations, CONFIDENCE)
    values = span @ response.coefficients
    curve = Curve(levels_shown, response.coefficients, deviations, spline.slopes(at) / scale, V)
    bend_p = _bend_evidence(within, x, target, beside, horizon)
    shape = shape_of(curve, bend_p)
    return DoseResponse(
        lever=lever,
        outcome=outcome,
        kind="impact" if horizon == 0 else "sustained",
        horizon=horizon,
        reference=reference,
        levels=_floats(levels_shown),
        values=_floats(values),
        low=_floats(values - critical * se),
        high=_floats(values + critical * se),
        slopes=_floats(curve.slopes @ response.coefficients),
        confidence=CONFIDENCE,
        lowest=float(levels[0]),
        highest=float(levels[-1]),
        rows=int(first.outcome.size),
        clusters=clusters,
        bend_p=bend_p,
        shape=shape.shape,
        saturation_share=shape.share,
        saturation=shape.saturation[0],
        saturation_low=shape.saturation[1],
        saturation_high=shape.saturation[2],
        turning=shape.turning[0],
        turning_low=shape.turning[1],
        turning_high=shape.turning[2],
        adjustment=_names(within, beside),
        unit=units[1],
        lever_unit=units[0],
    )


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _refused(lever: str, outcome: str, discovery: Discovery, levels: Array) -> NoDoseResponse | None:
    """Return why levels (n,) or graph allow no curve; ``None`` where they do."""
    different = int(np.unique(levels).size)
    if different < FEWEST_LEVELS:
        return NoDoseResponse(lever, outcome, "few-levels", different)
    knots = np.quantile(levels, knot_shares(1.0))
    if not (np.diff(knots) > 1e-6 * (knots[-1] - knots[0])).all():
        return NoDoseResponse(lever, outcome, "crowded-levels")
    if _outcome_first(discovery, lever, outcome):
        return NoDoseResponse(lever, outcome, "outcome-first")
    return None


def knot_shares(used: float) -> Array:
    """Return where the knots stand, as shares of the lever's levels, for so many effective rows.

    Their number grows with the fourth root of the rows: faster than what would minimise the error of the curve, so that
    the error of the spline is small beside the band (undersmoothing; Newey 1997, Journal of Econometrics 79).
    """
    count = int(np.clip(round(KNOTS_PER_ROOT * used**0.25), FEWEST_KNOTS, MOST_KNOTS))
    return np.concatenate([[OUTER], np.linspace(INNER, 1 - INNER, count - 2), [1 - OUTER]])


def _outcome_first(discovery: Discovery, lever: str, outcome: str) -> bool:
    """Whether in most draws the lever follows from the outcome within the period."""
    p = len(discovery.names)
    x, y = discovery.names.index(lever), discovery.names.index(outcome)
    count = sum(bool(following(draw.members[0][:, -p:], [y])[x]) for draw in discovery.draws)
    return 2 * count > len(discovery.draws)


def _supported(x: Array, who: NDArray[np.int64], reference: float) -> tuple[float, float] | None:
    """Return the range around the reference in which every stretch was visited often enough; ``None`` without one."""
    low, high = np.quantile(x, SUPPORT)
    if not low < reference < high:
        return None
    edges = np.linspace(low, high, BINS + 1)
    stretch = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, BINS - 1)
    inside = (x >= low) & (x <= high)
    several = np.unique(who).size >= FEWEST_VISITORS
    fine = [
        (inside & (stretch == i)).sum() >= FEWEST_VISITS
        and (not several or np.unique(who[inside & (stretch == i)]).size >= FEWEST_VISITORS)
        for i in range(BINS)
    ]
    here = int(np.clip(np.searchsorted(edges, reference, side="right") - 1, 0, BINS - 1))
    if not fine[here]:
        return None
    first = last = here
    while first > 0 and fine[first - 1]:
        first -= 1
    while last < BINS - 1 and fine[last + 1]:
        last += 1
    return float(edges[first]), float(edges[last + 1])


def _response(
    within: WithinRows,
    columns: Array,
    target: Array,
    beside: Beside,
    horizon: int,
) -> tuple[Response, Array, Stage] | str:
    """Return (response, spread of the coefficients between adjustment sets, first stage), or why there is none."""
    Z, owner = beside_columns(within, beside)
    whole = stages_of(within, columns, target, Z, beside.late, horizon, None)
    if whole is None or any(stage.outcome.size < 4 * stage.dose.shape[1] + Z.shape[1] for stage in whole):
        return "too-few-rows"
    if np.unique(whole[0].cluster).size < FEWEST_CLUSTERS:
        return "few-clusters"
    halves = []
    if within.panel.regime == "panel" and within.rows.lags > 0 and _short(within, horizon):
        halves = [stages_of(within, columns, target, Z, beside.late, horizon, half) for half in (0, 1)]
    clusters = within.blocks.count
    responses, weights = [], []
    for positions, share in zip(beside.sets, beside.shares, strict=True):
        chosen = np.flatnonzero(np.isin(owner, positions))
        full = kept_response(whole, chosen, clusters)
        parts = [kept_response(half, chosen, clusters) for half in halves if half is not None]
        if full is None:
            continue
        first, second = parts if len(parts) == 2 else (None, None)
        responses.append(full if first is None or second is None else _jackknifed(full, first, second))
        weights.append(share)
    if not responses:
        return "no-variation"
    w = np.array(weights) / sum(weights)
    mean = np.tensordot(w, np.stack([r.coefficients for r in responses]), 1)
    influence = np.tensordot(w, np.stack([r.influence for r in responses]), 1)
    apart = np.stack([r.coefficients for r in responses]) - mean
    return Response(mean, influence), (apart * w[:, None]).T @ apart, whole[0]


def _jackknifed(full: Response, first: Response, second: Response) -> Response:
    return Response(
        2 * full.coefficients - (first.coefficients + second.coefficients) / 2,
        2 * full.influence - (first.influence + second.influence) / 2,
    )


def _short(within: WithinRows, horizon: int) -> bool:
    """Whether the panel is so short that halves are worth their noise, and long enough to have halves."""
    periods = int(np.unique(within.rows.time).size)
    return periods < HALVES_BELOW and periods - horizon >= 2 * HALVES_FROM


def _bend_evidence(within: WithinRows, x: Array, target: Array, beside: Beside, horizon: int) -> float:
    """Return the p-value of a straight line: a Wald test of the bends of a spline with few knots, F with Hotelling's
    factor for few clusters.

    Entities at different levels whose straight lines differ in slope look like a bend when taken together. The slope
    may therefore differ with the entity's own mean level (Mundlak 1978, Econometrica 46) and spread, and, unless
    the bend is by far the better explanation, by group of entities with like levels: it must show within entities.
    """
    seen = x[within.rows.entity, within.rows.time]
    knots = np.quantile(seen[~np.isnan(seen)], KNOT_QUANTILES)
    if not (np.diff(knots) > 1e-9 * (knots[-1] - knots[0])).all():
        return 1.0
    columns = Spline(knots).columns(x)
    by_entity = slopes_by_entity(within, x)
    always, groups = np.split(by_entity, [min(STRAIGHT, by_entity.shape[2])], axis=2)
    straight, curved = columns[..., :1], columns[..., 1:]

    def evidence(tested: Array, beside_it: Array) -> float:
        found = _response(within, np.concatenate([straight, tested, beside_it], axis=2), target, beside, horizon)
        if isinstance(found, str):
            return 1.0
        response, spread, first = found
        clusters = int(np.unique(first.cluster).size)
        return _wald_p(response.coefficients, response.covariance + spread, slice(1, 1 + tested.shape[2]), clusters)

    bend = evidence(curved, always)
    if groups.shape[2] == 0 or bend <= BETTER * evidence(groups, always):
        return bend
    return max(bend, evidence(curved, by_entity))


def _wald_p(coefficients: Array, V: Array, which: slice, clusters: int) -> float:
    """Wald test that some coefficients are zero, F with Hotelling's factor for few clusters."""
    b = coefficients[which]
    wald, free = float(b @ np.linalg.lstsq(V[which, which], b, rcond=1e-12)[0]), clusters - b.size
    return float(fdtrc(b.size, free, wald * free / (b.size * (clusters - 1.0)))) if free >= 2 else 1.0


def _names(within: WithinRows, beside: Beside) -> tuple[str, ...]:
    b, lags = len(within.names), within.rows.lags
    return tuple(label_of(within.names[c % b], lags - c // b) for c in beside.columns)
