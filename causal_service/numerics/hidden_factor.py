"""One hidden driver beside a linear system: is the covariance better explained with it than without?

x(t) = A0 x(t) + A1 x(past) + lambda u(t) + e(t),   u(t) = gamma x(past) + eps(t),   Var eps = 1, e independent

u is never seen; it is driven by the past because a hidden cause with a memory leaves traces there. Its loadings are
estimated by EM for one factor (Rubin & Thayer 1982, Psychometrika 47) and its children by alternating EM with the order
search (structural EM, Friedman 1998, UAI), both on covariances. Systems are compared by -2 log likelihood + penalty x
number of coefficients, the penalty of the order search.

Columns are [past (m) | present (p)] without and [past (m) | u | present (p)] with the driver.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.draw import learn_class, member_coefficients, sampled_members
from causal_service.numerics.order_search import random_order

__all__ = ["Factor", "Rules", "factor_search", "system_score"]

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

_LEAST_NOISE = 0.15
"""Share of an indicator's open variance that the driver leaves open; keeps it from becoming one of the indicators."""
_FIRST_ROUNDS, _ROUNDS, _SEARCHES, _PATIENCE, _STARTS = 25, 10, 8, 3, 3


class Rules(NamedTuple):
    """What the order search may and must do: arrays of the system without the driver."""

    candidates: Bool
    required: Bool
    before: Bool
    allowed: Bool


class Factor(NamedTuple):
    """The best system found with the driver."""

    score: float
    """-2 log likelihood + penalty x number of coefficients."""
    parents: Bool
    """(p, m + p) without the driver's column."""
    coefficients: Array
    """(p, m + p) of the parents, without the driver's column."""
    loadings: Array
    """(p,) on the driver."""


class _System(NamedTuple):
    parents: Bool
    """(p + 1, m + 1 + p); row 0 is the driver."""
    coefficients: Array
    noise: Array
    least: Array
    """(p,) smallest noise variances."""


class _Posterior(NamedTuple):
    weights: Array
    """(m + p,) of the observed columns in the expected driver."""
    variance: float
    loglik: float
    """Per row, constants left out."""


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
    system = _expected(S, _start(S, parents, children), _FIRST_ROUNDS)
    best, score = system, _score(S, system, n, penalty)
    orders = np.stack([random_order(wide.before, key + np.uint64(i)) for i in range(_STARTS)])
    idle = 0
    for _ in range(_SEARCHES):
        joint = _joint(S, _posterior(S, system), system)
        order, found = learn_class(joint, n, penalty, *wide, orders)
        member = sampled_members(found, 1, key)[0]
        orders = order[None]
        if not member[1:, _past(member)].any():
            break
        system = _expected(S, _fitted(joint, member, system.least), _ROUNDS)
        new = _score(S, system, n, penalty)
        idle = 0 if new < score - 1e-6 else idle + 1
        if new < score:
            best, score = system, new
        if idle == _PATIENCE:
            break
    m = _past(best.parents)
    keep = np.delete(np.arange(best.parents.shape[1]), m)
    return Factor(score, best.parents[1:, keep], best.coefficients[1:, keep], best.coefficients[1:, m])


def _past(parents: Bool) -> int:
    """Return m of parents (q, m + q)."""
    return int(parents.shape[1] - parents.shape[0])


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


def _posterior(S: Array, system: _System) -> _Posterior:
    """Return what the observed columns say about the driver, and the likelihood with the driver integrated out."""
    m = _past(system.parents)
    observed = np.delete(np.arange(system.parents.shape[1]), m)
    C, noise, loadings = system.coefficients[1:, observed], system.noise[1:], system.coefficients[1:, m]
    memory = system.coefficients[0, observed]
    R = _residual_map(C)
    q = loadings / noise
    precision = 1.0 + float(loadings @ q)
    M = R - np.outer(loadings, memory)
    M = M @ S @ M.T
    quadratic = float((np.diag(M) / noise).sum() - q @ M @ q / precision)
    loglik = -0.5 * (float(np.log(noise).sum()) + np.log(precision) + quadratic)
    return _Posterior((memory + q @ R) / precision, 1.0 / precision, loglik)


def _joint(S: Array, posterior: _Posterior, system: _System) -> Array:
    """Return the expected covariance (m + 1 + p, ...) of [past | u | present]."""
    m, d = _past(system.parents), S.shape[0]
    observed = np.delete(np.arange(d + 1), m)
    joint = np.empty((d + 1, d + 1))
    joint[np.ix_(observed, observed)] = S
    with_driver = posterior.weights @ S
    joint[m, observed] = joint[observed, m] = with_driver
    joint[m, m] = with_driver @ posterior.weights + posterior.variance
    return joint


def _fitted(joint: Array, parents: Bool, least: Array) -> _System:
    """Return the least-squares system, the driver's innovation rescaled to variance 1."""
    m = _past(parents)
    C = member_coefficients(joint, parents[None])[0]
    noise = _open_variances(joint, parents, C)
    unit = np.sqrt(noise[0])
    C[0] /= unit
    C[1:, m] *= unit
    noise[0] = 1.0
    noise[1:] = np.maximum(noise[1:], least)
    return _System(parents, C, noise, least)


def _expected(S: Array, system: _System, rounds: int) -> _System:
    """Return the system after some rounds of EM."""
    for _ in range(rounds):
        system = _fitted(_joint(S, _posterior(S, system), system), system.parents, system.least)
    return system


def _score(S: Array, system: _System, n: float, penalty: float) -> float:
    return float(-2.0 * n * _posterior(S, system).loglik + penalty * system.parents.sum())
