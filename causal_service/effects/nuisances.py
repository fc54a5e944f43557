"""Nuisance functions of an average effect: the share treated and the outcome of either state, given covariates.

Several learners predict every row from the folds it is not in; a convex combination of them, chosen on those
predictions, is used (super learner: van der Laan, Polley & Hubbard 2007, SAGMB).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from causal_service.effects.via_sklearn import boosted_outcome, boosted_share, kernel_features, logistic_share
from causal_service.numerics.fold_ridge import fold_ridge

__all__ = ["Design", "OutcomeStack", "ShareStack", "design_of", "outcome_stack", "predicted_shares", "share_stacks"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]

PENALTIES = 10.0 ** np.arange(-4.0, 1.5, 0.5)
"""Ridge penalties tried, per unit of weight."""
BEND = 0.25
"""Standard deviation of squares in the logistic regression, beside 1 of the rest: a sixteenth of its prior variance."""
FREE = 1.0
"""Strength C of a freer logistic regression, bends and slopes alike, that trees must beat too."""
WIDTHS = (1.5, 4.0)
"""Widths of the kernels, in median distances between rows."""
LANDMARKS = 150
MOST_PRODUCTS = 300
"""Pairwise products are used when there are no more than this."""
LEAST_WEIGHT = 0.05
"""A learner with less weight in the combination is left out."""
WORSE = 1.05
"""Trees that lose by more than this factor on the first fold are not tried on the others: they cost most."""
FEW_LEVELS = 10
SPIKE = 0.1
"""Share of rows at one value of a quantity from which on that value gets an indicator of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Covariates in the forms that learners take, columns of unit variance."""

    plain: Array
    """(n, p) as measured."""
    shape: Array
    """(n, q) with squares of quantities and indicators of their spikes."""
    held: Array
    """(n, q) the same with squares scaled down to ``BEND``: a penalty holds bends tighter than slopes."""
    forms: tuple[Array, ...]
    """Feature matrices of the ridge regressions, plainest first."""


def design_of(X: Array, seed: int) -> Design:
    """Return the forms of covariates X (n, p); constant columns are left out."""
    plain = _scaled(X)
    squares, spikes = [], []
    for column in plain.T:
        levels, counts = np.unique(column, return_counts=True)
        if levels.size > 2:
            squares.append(column**2)
        if levels.size > FEW_LEVELS and counts.max() >= SPIKE * column.size:
            spikes.append((column == levels[counts.argmax()]).astype(float))
    made = _scaled(np.column_stack([plain, *spikes, *squares]))
    kept = _independent(made)
    shape, tight = made[:, kept], np.where(kept < made.shape[1] - len(squares), 1.0, BEND)
    forms = [shape]
    p = plain.shape[1]
    if not p:
        return Design(plain, shape, shape, (shape,))
    if p > 1 and p * (p - 1) // 2 <= MOST_PRODUCTS:
        i, j = np.triu_indices(p, 1)
        forms.append(np.column_stack([shape, _scaled(plain[:, i] * plain[:, j])]))
    rng = np.random.default_rng([seed, 71])
    some = plain[rng.permutation(plain.shape[0])[:400]]
    distance = float(np.median(((some[:, None] - some[None]) ** 2).sum(-1)[np.triu_indices(some.shape[0], 1)]))
    for width in WIDTHS:
        made = kernel_features(plain, 1.0 / (2 * width**2 * max(distance, 1e-12)), LANDMARKS, seed % 2**31)
        forms.append(made - made.mean(0))
    return Design(plain, shape, shape * tight, tuple(forms))


@dataclass(frozen=True, slots=True)
class OutcomeStack:
    """Which learners predict an outcome, and how they are combined."""

    ridges: tuple[tuple[int, float, float], ...]
    """(form, penalty, weight)."""
    trees: float
    """Weight of boosted trees."""
    r2: float
    """Share of the variance within the arm that the combination predicts on held-out rows."""

    def predict(self, design: Design, y: Array, w: Array, arm: Mask, fold: Codes) -> Array:
        """Return held-out predictions (n,) of y, learned from the rows of ``arm``."""
        out = np.zeros(y.size)
        for form, penalty, weight in self.ridges:
            out += weight * fold_ridge(design.forms[form], y, w, arm, fold, np.array([penalty]))[0]
        if self.trees:
            out += self.trees * _by_fold(boosted_outcome, design.plain, y, w, arm, fold)
        return out


def outcome_stack(design: Design, y: Array, w: Array, arm: Mask, fold: Codes, *, trees: bool = True) -> OutcomeStack:
    """Return the combination of learners that predicts y best on held-out rows of ``arm``."""
    held, labels = [], []
    for form, F in enumerate(design.forms):
        path = fold_ridge(F, y, w, arm, fold, PENALTIES)
        loss = ((path[:, arm] - y[arm]) ** 2 * w[arm]).sum(1)
        best = int(loss.argmin())
        held.append(path[best])
        labels.append((form, float(PENALTIES[best])))
    trees = trees and _promising(design, y, w, arm, fold, held)
    if trees:
        held.append(_by_fold(boosted_outcome, design.plain, y, w, arm, fold))
    H = np.stack(held, axis=1)
    weights = _convex(H[arm], y[arm], w[arm])
    rest = ((y - H @ weights)[arm] ** 2 * w[arm]).sum()
    spread = ((y[arm] - np.average(y[arm], weights=w[arm])) ** 2 * w[arm]).sum()
    return OutcomeStack(
        tuple((*label, float(v)) for label, v in zip(labels, weights, strict=False) if v > 0),
        float(weights[len(labels)]) if trees else 0.0,
        float(1.0 - rest / spread) if spread > 0 else 0.0,
    )


@dataclass(frozen=True, slots=True)
class ShareStack:
    """How the learners of the share treated are combined, for the weights of one average."""

    strength: float
    """C of the logistic regression."""
    trees: float
    """Weight of boosted trees; the rest is logistic regression."""


def predicted_shares(stacks: Sequence[ShareStack], design: Design, t: Mask, w: Array, fold: Codes) -> tuple[Array, ...]:
    """Return held-out probabilities (n,) of every combination; trees are grown once for all."""
    everyone = np.ones(t.size, bool)
    boosted: Array | None = None
    out = []
    for stack in stacks:
        share = (1.0 - stack.trees) * _by_fold(_logistic(stack.strength), design.held, t, w, everyone, fold)
        if stack.trees:
            if boosted is None:
                boosted = _by_fold(boosted_share, design.plain, t, w, everyone, fold)
            share += stack.trees * boosted
        out.append(share)
    return tuple(out)


def share_stacks(strengths: Sequence[float], design: Design, t: Mask, w: Array, fold: Codes) -> tuple[ShareStack, ...]:
    """Return logistic regressions with given penalties; trees join one where that is clearly better on held-out rows.

    *Clearly* is 1.96 standard errors of the difference of held-out log losses, from the best of the regressions and a
    freer one. The penalty is not chosen by that loss, which is about all rows alike, while a wrong propensity costs by
    the weights of a few.
    """
    plain = tuple(ShareStack(c, 0.0) for c in strengths)
    everyone = np.ones(t.size, bool)
    if not design.plain.shape[1]:
        return plain
    paths = [_by_fold(_logistic(c), design.held, t, w, everyone, fold) for c in strengths]
    free = _by_fold(_logistic(FREE), design.shape, t, w, everyone, fold)
    best = min((_log_losses(path, t) for path in (*paths, free)), key=lambda loss: float(np.average(loss, weights=w)))
    first = fold == 0
    tried = boosted_share(design.plain[~first], t[~first], w[~first], design.plain[first])
    if np.average(_log_losses(tried, t[first]), weights=w[first]) > WORSE * np.average(best[first], weights=w[first]):
        return plain
    boosted = _by_fold(boosted_share, design.plain, t, w, everyone, fold)
    shares = np.linspace(0.0, 1.0, 11)
    out = []
    for strength, path in zip(strengths, paths, strict=True):
        mixed = [_log_losses((1 - v) * path + v * boosted, t) for v in shares]
        v = int(np.argmin([np.average(loss, weights=w) for loss in mixed]))
        out.append(ShareStack(strength, float(shares[v]) if _clearly_worse(best, mixed[v], w) else 0.0))
    return tuple(out)


def _promising(design: Design, y: Array, w: Array, arm: Mask, fold: Codes, held: Sequence[Array]) -> bool:
    """Whether boosted trees come close to the best ridge regression on the first fold."""
    learn, test = arm & (fold != 0), arm & (fold == 0)
    if not test.any() or not design.plain.shape[1]:
        return False
    tried = boosted_outcome(design.plain[learn], y[learn], w[learn], design.plain[test])
    losses = [float(((h[test] - y[test]) ** 2 * w[test]).sum()) for h in held]
    return float(((tried - y[test]) ** 2 * w[test]).sum()) <= WORSE * min(losses)


def _logistic(strength: float) -> Callable[[Array, Mask, Array, Array], Array]:
    return lambda F, t, w, new: logistic_share(F, t, w, strength, new)


def _by_fold(
    learner: Callable[..., Array], F: Array, target: NDArray[np.generic], w: Array, trained: Mask, fold: Codes
) -> Array:
    out = np.empty(target.size)
    if not F.shape[1]:
        learner = _mean
    for k in range(int(fold.max()) + 1):
        used = trained & (fold != k)
        out[fold == k] = learner(F[used], target[used], w[used], F[fold == k])
    return out


def _mean(F: Array, target: NDArray[np.generic], w: Array, new: Array) -> Array:
    """Stands in for any learner where there are no covariates."""
    return np.full(new.shape[0], float(np.average(target.astype(float), weights=w)))


def _convex(H: Array, y: Array, w: Array) -> Array:
    """Return weights of the columns of H by least squares: non-negative, sum 1, small ones dropped."""
    root = np.sqrt(w)
    size = float(np.sqrt((root * y) @ (root * y))) + 1e-300
    A = np.vstack([H * root[:, None] / size, 1e3 * np.ones(H.shape[1])])
    weights = nnls(A, np.append(root * y / size, 1e3))[0]
    weights = np.where(weights < LEAST_WEIGHT, 0.0, weights)
    return np.asarray(weights / weights.sum(), np.float64)


def _log_losses(p: Array, t: Mask) -> Array:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return -np.where(t, np.log(p), np.log(1 - p))


def _clearly_worse(loss: Array, best: Array, w: Array) -> bool:
    """Whether the mean of ``loss`` exceeds that of ``best`` by more than 1.96 standard errors."""
    gap = loss - best
    mean = float(np.average(gap, weights=w))
    return mean > 1.96 * float(np.sqrt((w**2 * (gap - mean) ** 2).sum()) / w.sum())


def _scaled(X: Array) -> Array:
    sd = X.std(0)
    keep = sd > 1e-12 * np.maximum(np.abs(X).max(0, initial=0.0), 1e-300)
    out: Array = (X[:, keep] - X[:, keep].mean(0)) / sd[keep]
    return out


def _independent(F: Array) -> NDArray[np.int64]:
    """Return the columns of F that do not repeat an earlier one."""
    C = np.abs(F.T @ F / F.shape[0])
    kept = [j for j in range(F.shape[1]) if C[j, :j].max(initial=0.0) < 1 - 1e-9]
    return np.array(kept, np.int64)
