"""One hidden driver beside a linear system: is the covariance better explained with it than without?

x(t) = A0 x(t) + A1 x(past) + lambda u(t) + e(t),   u(t) = gamma x(past) + eps(t),   Var eps = 1, e independent

u is never seen; it is driven by the past because a hidden cause with a memory leaves traces there. Its loadings are
estimated by EM for one factor (Rubin & Thayer 1982, Psychometrika 47) and its children by alternating EM with the order
search (structural EM, Friedman 1998, UAI), both on covariances. Systems are compared by -2 log likelihood + penalty x
number of coefficients, the penalty of the order search.

Columns are [past (m) | present (p)] without and [past (m) | u | present (p)] with the driver.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.draw import learn_class, member_coefficients, sampled_members
from causal_service.numerics.factor_em import expected_system, fit_beside_driver
from causal_service.numerics.order_search import random_order

__all__ = [
    "Factor",
    "Rules",
    "coefficients_beside",
    "driven_shares",
    "factor_search",
    "loadings_of",
    "refound",
    "start_score",
    "system_score",
    "without_driver",
]

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

_LEAST_NOISE = 0.15
"""Share of an indicator's open variance that the driver leaves open; keeps it from becoming one of the indicators."""
_FIRST_ROUNDS, _ROUNDS, _SEARCHES, _PATIENCE, _STARTS = 25, 15, 8, 3, 3
_SEARCHES_AGAIN = 2
"""Order searches on another covariance, from a driver known already."""


class Rules(NamedTuple):
    """What the order search may and must do: arrays of the system without the driver."""

    candidates: Bool
    required: Bool
    before: Bool
    allowed: Bool


class _System(NamedTuple):
    """A linear system with the driver; row 0 and column m are the driver's."""

    parents: Bool
    """(p + 1, m + 1 + p)."""
    coefficients: Array
    """(p + 1, m + 1 + p)."""
    noise: Array
    """(p + 1,) variances."""
    least: Array
    """(p,) smallest noise variances."""


class _Fitted(NamedTuple):
    """A system with the covariance expected under it."""

    system: _System
    joint: Array
    """(m + 1 + p, m + 1 + p)."""
    loglik: float
    """Per row, constants left out."""


class Factor(NamedTuple):
    """The best system found with the driver."""

    score: float
    """-2 log likelihood + penalty x number of coefficients."""
    system: _System
    """The system itself."""
    found: Bool
    """(p + 1, m + 1 + p) its class."""
    order: NDArray[np.int64]
    """(p + 1,) the order it was found in."""

    @property
    def parents(self) -> Bool:
        """(p, m + p) without the driver's row and column."""
        return without_driver(self.system.parents)

    @property
    def coefficients(self) -> Array:
        """(p, m + p) of the parents, without the driver's."""
        return without_driver(self.system.coefficients)

    @property
    def loadings(self) -> Array:
        """(p,) on the driver."""
        return loadings_of(self.system.coefficients)


def without_driver(wide: NDArray[Any]) -> NDArray[Any]:
    """Return (..., p, m + p) of an array (..., p + 1, m + 1 + p) without the driver's row and column."""
    m = wide.shape[-1] - wide.shape[-2]
    return np.ascontiguousarray(np.delete(wide, m, axis=-1)[..., 1:, :])


def loadings_of(wide: Array) -> Array:
    """Return the loadings (p,) on the driver in coefficients (p + 1, m + 1 + p)."""
    return wide[1:, _past(wide)].copy()


def system_score(S: Array, parents: Bool, n: float, penalty: float) -> float:
    """Return the score of a system without a driver on the covariance S (m + p, m + p)."""
    C = member_coefficients(S, parents[None])[0]
    noise = _open_variances(S, parents, C)
    left = np.diag(_residual_map(C) @ S @ _residual_map(C).T)  # below the noise floor where a column is an exact sum
    return float(n * (np.log(noise) + left / noise).sum() + penalty * parents.sum())


def factor_search(
    S: Array, n: float, penalty: float, rules: Rules, parents: Bool, children: NDArray[np.int64], key: np.uint64
) -> Factor:
    """Return the best system found when the driver first moves ``children`` and these do not move each other.

    Parameters
    ----------
    S : covariance (m + p, m + p). n : effective rows.
    parents : (p, m + p) a system without the driver.
    children : indicators among which the arrows of ``parents`` are put down to the driver at first.
    key : of the random orders of the first search.
    """
    wide = _with_driver(rules)
    orders = np.stack([random_order(wide.before, key + np.uint64(i)) for i in range(_STARTS)])
    first = _expected(S, _start(S, parents, children), _FIRST_ROUNDS)
    return _searched(S, n, penalty, wide, first, first.system.parents, orders, key, _SEARCHES)


def start_score(S: Array, n: float, penalty: float, parents: Bool, children: NDArray[np.int64]) -> float:
    """Return the score of the system from which ``factor_search`` would start, before any search."""
    return _score(_expected(S, _start(S, parents, children), _FIRST_ROUNDS), n, penalty)


def refound(S: Array, n: float, penalty: float, rules: Rules, factor: Factor, key: np.uint64) -> Factor | None:
    """Return the system found on another covariance S from a driver known already; ``None`` when it moves nothing."""
    first = _expected(S, factor.system, _ROUNDS)
    wide, orders = _with_driver(rules), factor.order[None]
    again = _searched(S, n, penalty, wide, first, factor.found, orders, key, _SEARCHES_AGAIN)
    return again if again.loadings.any() else None


def coefficients_beside(S: Array, factor: Factor, members: Bool) -> Array:
    """Return the coefficients (k, p + 1, m + 1 + p) of members of the factor's class, fitted on the covariance S."""
    fitted = _expected(S, factor.system, _ROUNDS)
    return np.stack([_fitted(fitted.joint, member, fitted.system.least).coefficients for member in members])


def driven_shares(S: Array, factor: Factor) -> Array:
    """Return (p,) the share of each indicator's variance in S that the driver adds in the same period, 0..1."""
    m = _past(factor.system.parents)
    variance = _expected(S, factor.system, 0).joint[m, m]
    shares: Array = np.minimum(factor.loadings**2 * variance / np.diag(S)[m:], 1.0)
    return shares


def _searched(
    S: Array,
    n: float,
    penalty: float,
    wide: Rules,
    first: _Fitted,
    found: Bool,
    orders: NDArray[np.int64],
    key: np.uint64,
    searches: int,
) -> Factor:
    """Alternate the order search and EM from the system ``first`` of class ``found`` while the score improves."""
    best, score, order = first, _score(first, n, penalty), orders[0]
    current, idle = first, 0
    for _ in range(searches):
        kept, said = learn_class(current.joint, n, penalty, *wide, orders)
        member = sampled_members(said, 1, key)[0]
        orders = kept[None]
        if not member[1:, _past(member)].any():
            break
        current = _expected(S, _fitted(current.joint, member, current.system.least), _ROUNDS)
        new = _score(current, n, penalty)
        idle = 0 if new < score - 1e-6 else idle + 1
        if new < score:
            best, score, found, order = current, new, said, kept
        if idle == _PATIENCE:
            break
    return Factor(score, best.system, found, order)


def _past(wide: NDArray[Any]) -> int:
    """Return m of an array (q, m + q)."""
    return int(wide.shape[1] - wide.shape[0])


def _with_driver(rules: Rules) -> Rules:
    """Return the rules with the driver in front: it has no present cause and moves whatever may have other causes."""
    p, d = rules.candidates.shape
    m = d - p
    open_nodes = (rules.candidates != rules.required).any(axis=1)
    candidates, required = np.zeros((p + 1, d + 1), np.bool_), np.zeros((p + 1, d + 1), np.bool_)
    before, allowed = np.zeros((p + 1, p + 1), np.bool_), np.zeros((p + 1, p + 1), np.bool_)
    columns = np.delete(np.arange(d + 1), m)
    candidates[1:, columns], required[1:, columns] = rules.candidates, rules.required
    candidates[0, :m], candidates[1:, m] = True, open_nodes
    before[1:, 1:], allowed[1:, 1:] = rules.before, rules.allowed
    before[0, 1:], allowed[1:, 0] = True, True
    return Rules(candidates, required, before, allowed)


def _start(S: Array, parents: Bool, children: NDArray[np.int64]) -> _System:
    """Return the system in which the first principal component of the children's residuals replaces their arrows."""
    p, d = parents.shape
    m = d - p
    bare = parents.copy()
    bare[np.ix_(children, m + children)] = False
    wide = np.zeros((p + 1, d + 1), np.bool_)
    wide[1:, np.delete(np.arange(d + 1), m)] = bare
    wide[1 + children, m] = True
    wide[0, m - p + children] = True  # the children one period before
    coefficients = member_coefficients(S, bare[None])[0]
    R = _residual_map(coefficients)
    M = (R @ S @ R.T)[np.ix_(children, children)]
    scale = np.sqrt(np.diag(M))
    size, direction = np.linalg.eigh(M / np.outer(scale, scale))
    loadings = np.clip(direction[:, -1] * np.sqrt(max(float(size[-1]) - 1.0, 0.2)), -0.8, 0.8) * scale
    least = _LEAST_NOISE * _open_variances(S, parents, member_coefficients(S, parents[None])[0])
    C, noise = np.zeros((p + 1, d + 1)), np.ones(p + 1)
    C[1:, np.delete(np.arange(d + 1), m)] = coefficients
    C[1 + children, m] = loadings
    noise[1:] = _open_variances(S, bare, coefficients)
    noise[1 + children] -= loadings**2
    noise[1:] = np.maximum(noise[1:], least)
    return _System(wide, C, noise, least)


def _residual_map(C: Array) -> Array:
    """Return R (p, m + p) with residuals = R [past | present]."""
    p, d = C.shape
    R = -C
    R[:, d - p :] += np.eye(p)
    return R


def _open_variances(S: Array, parents: Bool, C: Array) -> Array:
    """Return the residual variances of least-squares coefficients C (q, m + q)."""
    m = _past(parents)
    variances: Array = np.diag(S)[m:] - (C * S[m:]).sum(axis=1)
    return np.maximum(variances, 1e-9)


def _fitted(joint: Array, parents: Bool, least: Array) -> _System:
    """Return the least-squares system on the expected covariance."""
    C, noise = np.empty(parents.shape), np.empty(len(parents))
    fit_beside_driver(joint, parents, C, noise, least)
    return _System(parents, C, noise, least)


def _expected(S: Array, system: _System, rounds: int) -> _Fitted:
    """Return the system after some rounds of EM."""
    C, noise = system.coefficients.copy(), system.noise.copy()
    joint = np.empty((len(S) + 1, len(S) + 1))
    loglik = expected_system(S, system.parents, C, noise, system.least, rounds, joint)
    return _Fitted(_System(system.parents, C, noise, system.least), joint, loglik)


def _score(fitted: _Fitted, n: float, penalty: float) -> float:
    return float(-2.0 * n * fitted.loglik + penalty * fitted.system.parents.sum())
