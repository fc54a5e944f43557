"""The average effect of a lever with two states, given covariates: doubly robust, cross-fitted.

For everyone (ATE) and for the rows that have the upper state (ATT): outcome models of either state, corrected by the
weighted residuals of the rows observed in it (Robins, Rotnitzky & Zhao 1994; cross-fitting: Chernozhukov et al. 2018,
Econometrics Journal). The value is right when either the propensities or the outcome models are. Weights are inverse
propensities that sum to one in each state (Hajek). Sample splits are repeated; what is predicted for a row is averaged
over them, always from folds without the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit
from threadpoolctl import threadpool_limits

from causal_service.effects.nuisances import (
    Design,
    OutcomeStack,
    ShareStack,
    design_of,
    outcome_stack,
    predicted_shares,
    share_stacks,
)
from causal_service.effects.via_sklearn import ready

__all__ = ["FEWEST", "Averages", "TwoStates", "averages"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]

FOLDS = 5
SPLITS = 3
COMPARABLE = 0.02
"""A row is comparable when at least this share of rows like it has either state."""
STRENGTHS = (0.3, 0.03)
"""Strength C of the logistic regression in the weights of the ATE and of the ATT: slopes are held towards 0 as by a
normal prior of variance C. Either average has its own Riesz representer, so either has its own penalty."""
CLIP = 0.01
"""Propensities are kept away from 0 and 1 by this much in weights."""
LEAST_COMPARABLE = 0.5
"""With a smaller share of comparable rows there is no number."""
FEWEST = 20
"""Fewer rows than this in one state: no average effect."""


@dataclass(frozen=True, slots=True)
class Averages:
    """One average effect of the upper state against the lower."""

    target: Literal["everyone", "treated"]
    """Over all rows that are comparable, or over those of them that have the upper state."""
    value: float
    """Outcome unit."""
    low: float
    """Lower end of the 95 % interval, same unit."""
    high: float
    """Upper end of the 95 % interval, same unit."""
    standard_error: float
    """Robust to unequal variances and clusters, with the variation between splits, same unit."""
    comparable: float
    """Share of the weight of the target rows that has comparable rows in the other state; the others are left out."""
    effective: float
    """Effective number of weighted rows of the arm that is weighted most unevenly."""


@dataclass(frozen=True, slots=True, eq=False)
class TwoStates:
    """What is known about a lever with two states."""

    everyone: Averages | None
    """ATE; ``None`` when fewer than half of the rows are comparable."""
    treated: Averages | None
    """ATT; ``None`` when fewer than half of the treated rows are comparable."""
    comparable: tuple[float, float]
    """Share of all and of treated rows that are comparable."""
    by_row: Array
    """(n,) effect expected for a row with these covariates, outcome unit."""
    outcome_r2: tuple[float, float]
    """Held-out share of the outcome's variance predicted in the lower and the upper state."""


def averages(
    X: Array, treated: Mask, y: Array, *, w: Array | None = None, clusters: Codes | None = None, seed: int = 0
) -> TwoStates:
    """Return both average effects of ``treated`` on y beside covariates X.

    Parameters
    ----------
    X : (n, p) covariates, finite; none of them a consequence of the lever.
    treated : (n,) the lever is in its upper state; at least ``FEWEST`` rows of either state.
    y : (n,) outcome, finite.
    w : (n,) row weights.
    clusters : (n,) rows that may depend on each other; they stay together in a fold.
    seed : of the splits.
    """
    weight = np.ones(y.size) if w is None else w / w.mean()
    centre = np.average(y, weights=weight)
    scale = float(np.sqrt(np.average((y - centre) ** 2, weights=weight))) or 1.0
    ready()
    with threadpool_limits(1):
        design = design_of(X, seed)
        kept = _Kept(design, treated, (y - centre) / scale, weight, clusters)
        splits = [_split(kept, seed, s) for s in range(SPLITS)]
        stacks = _stacks(kept, splits[0])
        fitted = [_fit(kept, fold, stacks) for fold in splits]
    mean = _mean(fitted)
    near = (mean.everyone >= COMPARABLE) & (mean.everyone <= 1 - COMPARABLE)
    near_treated = treated & (mean.treated <= 1 - COMPARABLE)
    told = (
        float(weight[near].sum() / weight.sum()),
        float(weight[near_treated].sum() / weight[treated].sum()),
    )
    return TwoStates(
        _told("everyone", kept, fitted, near, told[0], scale),
        _told("treated", kept, fitted, near_treated | ~treated, told[1], scale),
        told,
        (mean.upper - mean.lower) * scale,
        (stacks.lower.r2, stacks.upper.r2),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    design: Design
    t: Mask
    y: Array
    w: Array
    clusters: Codes | None


@dataclass(frozen=True, slots=True)
class _Stacks:
    shares: tuple[ShareStack, ...]
    """For the weights of the ATE and of the ATT."""
    lower: OutcomeStack
    upper: OutcomeStack


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    everyone: Array
    """Share treated, for the weights of the ATE."""
    treated: Array
    """Share treated, for the weights of the ATT."""
    lower: Array
    upper: Array


@dataclass(frozen=True, slots=True, eq=False)
class _Once:
    value: float
    influence: Array
    """(m,) of the rows used; sums to zero."""
    effective: tuple[float, float]
    """Effective number of weighted rows in the upper and the lower state."""


def _split(kept: _Kept, seed: int, split: int) -> Codes:
    """Return folds (n,), either state dealt out evenly, clusters kept whole."""
    rng = np.random.default_rng([seed, split, 73])
    unit = np.arange(kept.t.size) if kept.clusters is None else np.unique(kept.clusters, return_inverse=True)[1]
    units = int(unit.max()) + 1
    share = np.bincount(unit, kept.t, units) / np.bincount(unit, minlength=units)
    group, key = np.round(share * 4), rng.random(units)
    fold = np.empty(units, np.int64)
    for kind in np.unique(group):
        own = np.flatnonzero(group == kind)
        fold[own[np.argsort(key[own])]] = np.arange(own.size) % FOLDS
    return fold[unit]


def _stacks(kept: _Kept, fold: Codes) -> _Stacks:
    d, t, y, w = kept.design, kept.t, kept.y, kept.w
    return _Stacks(
        share_stacks(STRENGTHS, d, t, w, fold), outcome_stack(d, y, w, ~t, fold), outcome_stack(d, y, w, t, fold)
    )


def _fit(kept: _Kept, fold: Codes, stacks: _Stacks) -> _Fitted:
    d, t, y, w = kept.design, kept.t, kept.y, kept.w
    everyone, treated = predicted_shares(stacks.shares, d, t, w, fold)
    lower, upper = stacks.lower.predict(d, y, w, ~t, fold), stacks.upper.predict(d, y, w, t, fold)
    return _Fitted(everyone, treated, lower, upper)


def _everyone(kept: _Kept, f: _Fitted, rows: Mask) -> _Once:
    t, y, w = kept.t[rows], kept.y[rows], kept.w[rows]
    e = np.clip(f.everyone[rows], CLIP, 1 - CLIP)
    upper, lower = _weights(np.where(t, w / e, 0.0)), _weights(np.where(t, 0.0, w / (1 - e)))
    gap, part = f.upper[rows] - f.lower[rows], w / w.sum()
    value = float(part @ gap + upper @ (y - f.upper[rows]) - lower @ (y - f.lower[rows]))
    influence = part * (gap - value) + upper * (y - f.upper[rows]) - lower * (y - f.lower[rows])
    return _Once(value, influence, (_kish(upper), _kish(lower)))


def _treated(kept: _Kept, f: _Fitted, rows: Mask) -> _Once:
    t, y, w = kept.t[rows], kept.y[rows], kept.w[rows]
    e = np.minimum(f.treated[rows], 1 - CLIP)
    own, lower = _weights(np.where(t, w, 0.0)), _weights(np.where(t, 0.0, w * e / (1 - e)))
    rest = y - f.lower[rows]
    value = float(own @ rest - lower @ rest)
    influence = own * (rest - value) - lower * rest
    return _Once(value, influence, (_kish(own), _kish(lower)))


def _weights(raw: Array) -> Array:
    out: Array = raw / raw.sum()
    return out


def _told(
    target: Literal["everyone", "treated"],
    kept: _Kept,
    fitted: list[_Fitted],
    rows: Mask,
    comparable: float,
    scale: float,
) -> Averages | None:
    """Return value and interval from predictions averaged over the splits."""
    if comparable < LEAST_COMPARABLE:
        return None
    score = _everyone if target == "everyone" else _treated
    once = score(kept, _mean(fitted), rows)
    left = float(np.var([score(kept, f, rows).value for f in fitted], ddof=1)) / len(fitted)
    se = float(np.sqrt(_variance(kept, rows, once.influence) + left))
    half = abs(float(stdtrit(_freedom(kept, rows, once), 0.025))) * se
    v = once.value
    return Averages(
        target, v * scale, (v - half) * scale, (v + half) * scale, se * scale, comparable, min(once.effective)
    )


def _mean(fitted: list[_Fitted]) -> _Fitted:
    parts = ("everyone", "treated", "lower", "upper")
    return _Fitted(*(np.mean([getattr(f, part) for f in fitted], axis=0) for part in parts))


def _variance(kept: _Kept, rows: Mask, influence: Array) -> float:
    if kept.clusters is not None:
        codes = np.unique(kept.clusters[rows], return_inverse=True)[1]
        influence = np.asarray(np.bincount(codes, influence), np.float64)
    m = influence.size
    return float(influence @ influence) * m / max(m - 1, 1)


def _freedom(kept: _Kept, rows: Mask, once: _Once) -> float:
    """Return the degrees of freedom of two unequal variances (Satterthwaite 1946; Welch 1947), at least 2.

    A state counts its effective rows; clusters are never exceeded.
    """
    upper = kept.t[rows]
    parts = np.array([float(once.influence[arm] @ once.influence[arm]) for arm in (upper, ~upper)])
    own = np.maximum(np.array(once.effective) - 1.0, 1.0)
    units = once.influence.size if kept.clusters is None else np.unique(kept.clusters[rows]).size
    spread = float((parts**2 / own).sum())
    return max(min(float(parts.sum() ** 2 / spread) if spread else np.inf, units - 1.0), 2.0)


def _kish(w: Array) -> float:
    return float(w.sum() ** 2 / (w @ w))
