"""How every indicator of a twin comes about: one equation per indicator, fitted to the user's panel.

The parents are those of one draw, so that twins differ as graphs do. An equation is linear, with smooth bends where
the panel shows them (restricted cubic splines; Stone & Koo 1985), a threshold for two states (logistic), or a log link
for counts; entity and period effects are estimated along (penalised in the last two: many short groups).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack
from scipy.special import expit, gammaincinv, pdtrik

from causal_service.rehearsal.levels import Levels
from causal_service.rehearsal.marginals import Marginal

__all__ = ["Bend", "Mechanism", "beside_driver", "fitted_mechanism"]

Array = NDArray[np.float64]

KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of a parent at which a bend may change (Harrell 2015, Regression Modeling Strategies, ch. 2.4)."""
FEWEST_STATES = 8
"""A parent with fewer distinct values has no bends."""
BEND_PENALTY = 2.0
"""Penalty of a bend, in units of BIC's: bends are for what is plainly there."""
_PARENT_SCALE = 10.0
"""Prior SD of a parent's coefficient in a link, per SD of the parent; effects of entities and periods have 1."""
_LARGEST_LOG_RATE = 6.0
_MOST_NEWTON = 1000
"""Columns of a link up to which its Hessian is factorised."""
_LEAST_OWN = 0.1
"""Share of its residual variance that an indicator keeps beside a hidden driver."""


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """What a parent adds beside a straight line."""

    column: int
    """Parent's column in [lags | now]."""
    knots: Array
    """(4,) on the parent's scale."""
    weights: Array
    """(2,) of the two curved basis functions."""

    def __call__(self, x: Array) -> Array:
        """Return the addition at x, any shape."""
        return np.asarray(curved_basis(x, self.knots) @ self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class Mechanism:
    """One equation of a twin."""

    target: int
    """Position of the indicator."""
    link: Literal["identity", "threshold", "log", "sum"]
    """How the linear predictor becomes a value; ``sum`` is exact."""
    columns: NDArray[np.int64]
    """(k,) parents' columns in [lags | now]."""
    weights: Array
    """(k,) of the parents, on the scale of the linear system."""
    bends: tuple[Bend, ...]
    """Bends of single parents."""
    kept: Array
    """(R,) entity and period effects of every row."""
    pool: Array
    """Residuals to draw from; uniform numbers for ``threshold`` and ``log``."""
    marginal: Marginal
    """Possible values."""
    dispersion: float = 0.0
    """Variance of a count's rate around its mean, relative to its square."""

    def predictor(self, past_and_now: Array, row: NDArray[np.int64]) -> Array:
        """Return the linear predictor (n,) from parents (n, d) and rows (n,) that lend their effects."""
        eta = past_and_now[:, self.columns] @ self.weights + self.kept[row]
        for bend in self.bends:
            eta = eta + bend(past_and_now[:, bend.column])
        return np.asarray(eta)

    def value(self, eta: Array, noise: Array) -> Array:
        """Return the value (n,) for a linear predictor (n,) and this equation's noise (n, 2)."""
        m = self.marginal
        if self.link == "sum":
            return eta
        if self.link == "identity":
            return np.asarray(eta + noise[:, 0])
        if self.link == "threshold":
            return np.where(noise[:, 0] < expit(eta), m.origin + m.step, m.origin)
        rate = np.exp(np.minimum(eta, _LARGEST_LOG_RATE))
        if self.dispersion > 0:
            shape = 1.0 / self.dispersion
            rate = rate * gammaincinv(shape, noise[:, 1]) / shape
        return np.asarray(m.origin + m.step * np.ceil(np.maximum(pdtrik(noise[:, 0], rate), 0.0)))


def curved_basis(x: Array, knots: Array) -> Array:
    """Return the two curved basis functions (..., 2) of a restricted cubic spline, linear beyond the outer knots."""
    cubes = np.maximum(x[..., None] - knots, 0.0) ** 3
    last, before = knots[-1], knots[-2]
    out = [
        cubes[..., j]
        - cubes[..., -2] * (last - knots[j]) / (last - before)
        + cubes[..., -1] * (before - knots[j]) / (last - before)
        for j in range(2)
    ]
    return np.asarray(np.stack(out, axis=-1) / (last - knots[0]) ** 2)


def beside_driver(mechanism: Mechanism, loading: float) -> Mechanism:
    """Return the equation without that part of its residuals that a standard normal driver with this loading makes."""
    spread = float((mechanism.pool**2).mean())
    if loading == 0.0 or spread == 0.0:
        return mechanism
    left = max(1 - loading**2 / spread, _LEAST_OWN)
    return replace(mechanism, pool=mechanism.pool * np.sqrt(left))


def fitted_mechanism(
    levels: Levels, y: int, parents: NDArray[np.bool_], line: Array, marginal: Marginal, weight: Array
) -> Mechanism:
    """Return the equation of indicator y.

    Parameters
    ----------
    parents : (d,) parents' columns.
    line : (d,) coefficients of the linear system, per SD.
    marginal : possible values of the indicator.
    weight : (R,) row weights of the draw.
    """
    columns = np.flatnonzero(parents)
    name = levels.names[y]
    total = next((t for t in levels.rows.totals if t.name == name), None)
    if total is not None:
        return _sum(levels, y, total.parts, total.coefficients, marginal)
    if marginal.kind in ("binary", "count"):
        return _linked(levels, y, columns, marginal, weight)
    d, p = levels.values.shape[1], len(levels.names)
    scale = levels.sd[y] / np.tile(levels.sd, d // p)
    weights, bends = line[columns] * scale[columns], _bends(levels, y, columns, weight)
    if bends:
        weights, bends = _refitted(levels, y, columns, bends, weight)
    X = levels.values
    rest = X[:, X.shape[1] - p + y] - X[:, columns] @ weights
    for bend in bends:
        rest = rest - bend(X[:, bend.column])
    kept = levels.kept(rest)
    noise = (rest - kept)[levels.measured] if levels.measured.sum() > p else rest - kept
    noise = noise - noise.mean()
    lost = 1 - (columns.size + 2 * len(bends) + len(rest) - levels.rows.used) / len(rest)
    pool = noise / np.sqrt(max(lost, 0.1))
    return Mechanism(y, "identity", columns, weights, bends, kept, pool, marginal)


def _sum(levels: Levels, y: int, parts: Sequence[str], coefficients: Sequence[float], marginal: Marginal) -> Mechanism:
    p, d = len(levels.names), levels.values.shape[1]
    columns = np.array([d - p + levels.names.index(part) for part in parts])
    weights = np.array(coefficients)
    kept = levels.values[:, d - p + y] - levels.values[:, columns] @ weights
    return Mechanism(y, "sum", columns, weights, (), kept, np.zeros(1), marginal)


def _bends(levels: Levels, y: int, columns: NDArray[np.int64], weight: Array) -> tuple[Bend, ...]:
    """Return the bends that lower BIC, best first, with weights still zero."""
    chosen: list[Bend] = []
    open_bends = [bend for c in columns if (bend := _possible_bend(levels, int(c))) is not None]
    if not open_bends:
        return ()
    n = levels.rows.effective_n
    target = _within(levels, [levels.values[:, levels.values.shape[1] - len(levels.names) + y]], weight)[:, 0]
    base = _within(levels, [levels.values[:, c] for c in columns], weight)
    curved = {
        b.column: _within(levels, list(curved_basis(levels.values[:, b.column], b.knots).T), weight) for b in open_bends
    }
    left = _residual_sum(base, target)
    while open_bends:
        sums = [_residual_sum(np.hstack([base, curved[b.column]]), target) for b in open_bends]
        best = int(np.argmin(sums))
        if n * np.log(left / max(sums[best], 1e-300)) <= 2 * BEND_PENALTY * np.log(n):
            break
        bend = open_bends.pop(best)
        chosen.append(bend)
        base, left = np.hstack([base, curved[bend.column]]), sums[best]
    return tuple(chosen)


def _possible_bend(levels: Levels, column: int) -> Bend | None:
    x = levels.values[:, column]
    knots = np.quantile(x, KNOTS)
    if np.unique(x).size < FEWEST_STATES or np.diff(knots).min() <= 0:
        return None
    return Bend(column, knots, np.zeros(2))


def _within(levels: Levels, columns: list[Array], weight: Array) -> Array:
    """Return the columns without effects, times the root of the weights (R, k)."""
    stacked = np.stack(columns, axis=1)
    return np.asarray(levels.rows.without_effects(stacked) * np.sqrt(weight)[:, None])


def _residual_sum(X: Array, y: Array) -> float:
    fit = np.linalg.lstsq(X, y, rcond=None)[0]
    rest = y - X @ fit
    return float(rest @ rest)


def _refitted(
    levels: Levels, y: int, columns: NDArray[np.int64], bends: Sequence[Bend], weight: Array
) -> tuple[Array, tuple[Bend, ...]]:
    """Return the weights of the lines and the bends, fitted together."""
    X = levels.values
    design = [X[:, c] for c in columns]
    for bend in bends:
        design += list(curved_basis(X[:, bend.column], bend.knots).T)
    Z = _within(levels, [*design, X[:, X.shape[1] - len(levels.names) + y]], weight)
    fit = np.asarray(np.linalg.lstsq(Z[:, :-1], Z[:, -1], rcond=None)[0], np.float64)
    k = columns.size
    fitted = tuple(Bend(b.column, b.knots, fit[k + 2 * i : k + 2 * i + 2]) for i, b in enumerate(bends))
    return fit[:k], fitted


def _linked(levels: Levels, y: int, columns: NDArray[np.int64], marginal: Marginal, weight: Array) -> Mechanism:
    """Return a threshold or log-link equation: penalised maximum likelihood with entity and period effects."""
    from sklearn.linear_model import LogisticRegression, PoissonRegressor

    d, p = levels.values.shape[1], len(levels.names)
    used = levels.measured & (weight > 0)
    if used.sum() <= p:
        used = weight > 0
    state = np.round((levels.values[:, d - p + y] - marginal.origin) / marginal.step)
    centre, spread = levels.values[:, columns].mean(0), levels.sd[columns % p]
    effects = levels.effect_columns()
    X = csr_array(hstack([csr_array((levels.values[:, columns] - centre) / spread * _PARENT_SCALE), effects]))
    w = weight[used] / weight[used].mean()
    solver = "newton-cholesky" if X.shape[1] <= _MOST_NEWTON else "lbfgs"
    model: Any
    if marginal.kind == "binary":
        rows, target, w = _with_what_is_rare(csr_array(X[used]), np.clip(state[used], 0, 1), w, marginal)
        model = LogisticRegression(C=1.0, solver=solver, max_iter=500).fit(rows, target, sample_weight=w)
        coefficients, intercept = model.coef_[0], float(model.intercept_[0])
    else:
        rows, target, w = _with_what_is_rare(csr_array(X[used]), np.maximum(state[used], 0), w, marginal)
        model = PoissonRegressor(alpha=1.0 / used.sum(), solver=solver, max_iter=500).fit(rows, target, sample_weight=w)
        coefficients, intercept = model.coef_, float(model.intercept_)
    weights = coefficients[: columns.size] * _PARENT_SCALE / spread
    kept = effects @ coefficients[columns.size :] + intercept - centre @ weights
    dispersion = 0.0
    if marginal.kind == "count":
        rate = np.exp(np.minimum((levels.values[:, columns] @ weights + kept)[used], _LARGEST_LOG_RATE))
        dispersion = float(np.clip((((target[: rate.size] - rate) ** 2 - rate).sum()) / (rate**2).sum(), 0.0, 4.0))
        dispersion = dispersion if dispersion > 0.02 else 0.0
    link: Literal["threshold", "log"] = "threshold" if marginal.kind == "binary" else "log"
    return Mechanism(y, link, columns, weights, (), kept, np.zeros(1), marginal, dispersion)


def _with_what_is_rare(X: Any, target: Array, weight: Array, marginal: Marginal) -> tuple[Any, Array, Array]:
    """Return the rows with half an average one more where a draw has left one state only, or no count beside zero, so
    that the other stays possible (the half of Haldane 1956)."""
    if np.unique(target).size > 1 or (marginal.kind == "count" and target.any()):
        return X, target, weight
    average = csr_array((1, X.shape[1]))
    return csr_array(vstack([X, average])), np.append(target, 1 - target[0]), np.append(weight, 0.5)
