"""Products and ratios of two columns, with a constant where there is one (margin = 1 - cost / revenue)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.exactness import ExactFit, Relation, exact_fit, is_close
from causal_service.panel.identities import Identity
from causal_service.panel.identity_orientation import oriented_product
from causal_service.panel.identity_search import Columns

__all__ = ["pair_identities"]

_WIDEST = 80
"""Most columns for which all pairs are screened (cost grows with the cube); beyond it logarithms alone are searched."""
_SAMPLE = 400
_SCREEN = 0.98
_PER_TARGET = 12
"""Candidates proved per target."""


def pair_identities(columns: Columns) -> list[Identity]:
    """Return identities ``y = c + f a b`` and ``y = c + f a / b`` among ``columns``.

    Every product and ratio of two columns is correlated with every column on a sample of rows; the closest are proved
    on all rows, with the rounding of both parts propagated to first order.
    """
    p = len(columns.names)
    if not 3 <= p <= _WIDEST:
        return []
    sample = columns.thinned(_SAMPLE)
    pairs = [(a, b, sign) for a, b in combinations(range(p), 2) for sign in (1, -1)]
    pairs += [(b, a, -1) for a, b in combinations(range(p), 2)]
    features = np.column_stack([_feature(sample, *pair)[0] for pair in pairs])
    close = _correlation(features, sample.x)
    found = []
    for target in range(p):
        ranked = np.argsort(-close[:, target], kind="stable")[: _PER_TARGET + 2 * p]
        candidates = [pairs[k] for k in ranked if close[k, target] > _SCREEN and target not in pairs[k][:2]]
        for pair in candidates[:_PER_TARGET]:
            identity = _proved(columns, target, pair)
            if identity is not None:
                found.append(identity)
                break
    return found


def _feature(columns: Columns, a: int, b: int, sign: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``x_a x_b`` or ``x_a / x_b`` and its rounding grid (first order); NaN where the divisor is zero."""
    xa, xb, ga, gb = columns.x[:, a], columns.x[:, b], columns.grid[:, a], columns.grid[:, b]
    if sign > 0:
        return xa * xb, np.abs(xb) * ga + np.abs(xa) * gb
    xb = np.where(np.abs(xb) > 2 * gb, xb, np.nan)
    return xa / xb, ga / np.abs(xb) + np.abs(xa) * gb / xb**2


def _correlation(features: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return absolute correlations of features (n, F) with columns (n, P) over jointly measured rows, shape (F, P)."""
    mf, mx = np.isfinite(features).astype(float), np.isfinite(x).astype(float)
    f, z = _standard(features), _standard(x)
    n = np.maximum(mf.T @ mx, 1.0)
    mean_f, mean_x = (f.T @ mx) / n, (mf.T @ z) / n
    cov = (f.T @ z) / n - mean_f * mean_x
    var = np.maximum((f**2).T @ mx / n - mean_f**2, 0) * np.maximum(mf.T @ z**2 / n - mean_x**2, 0)
    return np.asarray(np.divide(np.abs(cov), np.sqrt(var), out=np.zeros_like(cov), where=(var > 1e-20) & (n >= 12)))


def _standard(x: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = np.isfinite(x)
    count = np.maximum(seen.sum(0), 1)
    filled = np.where(seen, x, 0.0)
    centred = np.where(seen, x - filled.sum(0) / count, 0.0)
    scale = np.sqrt((centred**2).sum(0) / count)
    return centred / np.where(scale > 0, scale, 1.0)


def _proved(columns: Columns, target: int, pair: tuple[int, int, int]) -> Identity | None:
    a, b, sign = pair
    y, gy = columns.x[:, target], columns.grid[:, target]
    feature, grid = _feature(columns, a, b, sign)
    rows = np.isfinite(y) & np.isfinite(feature)
    fit = exact_fit(Relation(y[rows], feature[rows, None], gy[rows], grid[rows, None]))
    if fit is None or _linear_already(columns, target, a, b):
        return None
    names = columns.names
    if fit.constant == 0.0:
        powers = ExactFit((1.0, float(sign)), float(np.log(abs(fit.coefficients[0]))), fit.inside)
        if fit.coefficients[0] > 0:
            return oriented_product(names[target], (names[a], names[b]), powers, columns)
    weights = {names[a]: 1.0, names[b]: float(sign)}
    parts = tuple(sorted(weights))
    kind = "product" if sign > 0 else "ratio"
    return Identity(
        kind,  # type: ignore[arg-type]
        names[target],
        parts,
        tuple(weights[part] for part in parts),
        fit.constant,
        fit.coefficients[0],
    )


def _linear_already(columns: Columns, target: int, a: int, b: int) -> bool:
    """Return whether a plain weighted sum of the two parts does as well: then curvature was not seen."""
    return is_close(columns.relation(target, [a, b]))
