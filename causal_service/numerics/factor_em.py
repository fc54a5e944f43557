"""EM for one hidden driver inside a linear system on a covariance, compiled.

Rubin & Thayer (1982), Psychometrika 47, with the driver's mean driven by the past. Columns of the system are
[past (m) | u | present (p)], row 0 of ``parents``, ``C`` and ``noise`` is the driver, whose innovation has variance 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.linear_system import fit_system

__all__ = ["expected_system", "fit_beside_driver"]

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]


@kernel
def expected_system(S: Array, parents: Bool, C: Array, noise: Array, least: Array, rounds: int, joint: Array) -> float:
    """Improve C and noise in place by ``rounds`` of EM on S (m + p, m + p); return the log likelihood per row.

    Constants are left out of it. The expected covariance with the driver is written into joint (m + 1 + p, ...).

    Parameters
    ----------
    parents : (p + 1, m + 1 + p). C : same shape. noise : (p + 1,). least : (p,) smallest noise variances.
    """
    p, d = parents.shape[0] - 1, S.shape[0]
    m = d - p
    for i in range(d):
        for j in range(d):
            joint[i + (i >= m), j + (j >= m)] = S[i, j]
    loglik = _expect(S, C, noise, m, joint)
    for _ in range(rounds):
        fit_beside_driver(joint, parents, C, noise, least)
        loglik = _expect(S, C, noise, m, joint)
    return loglik


@inner
def _expect(S: Array, C: Array, noise: Array, m: int, joint: Array) -> float:
    """Write the driver's expected moments into joint and return the log likelihood with the driver integrated out."""
    p, d = C.shape[0] - 1, S.shape[0]
    precision, logs, quadratic, shared = 1.0, 0.0, 0.0, 0.0
    for y in range(p):
        precision += C[y + 1, m] ** 2 / noise[y + 1]
        logs += np.log(noise[y + 1])
    weights, pull, row = np.empty(d), np.zeros(d), np.empty(d)
    for c in range(d):
        weights[c] = C[0, c + (c >= m)]
    for y in range(p):
        q = C[y + 1, m] / noise[y + 1]
        for c in range(d):
            left = (1.0 if c == m + y else 0.0) - C[y + 1, c + (c >= m)]
            row[c] = left - C[y + 1, m] * C[0, c + (c >= m)]
            weights[c] += q * left
            pull[c] += q * row[c]
        quadratic += _form(S, row) / noise[y + 1]
    shared = _form(S, pull)
    variance = 1.0 / precision
    for c in range(d):
        weights[c] *= variance
    for i in range(d):
        s = 0.0
        for c in range(d):
            if weights[c] != 0.0:
                s += weights[c] * S[c, i]
        joint[m, i + (i >= m)] = s
        joint[i + (i >= m), m] = s
        variance += s * weights[i]
    joint[m, m] = variance
    return -0.5 * (logs + np.log(precision) + quadratic - shared / precision)


@inner
def _form(S: Array, v: Array) -> float:
    """v' S v, skipping zeros."""
    total = 0.0
    for i in range(v.size):
        if v[i] != 0.0:
            s = 0.0
            for j in range(v.size):
                if v[j] != 0.0:
                    s += S[i, j] * v[j]
            total += v[i] * s
    return total


@kernel
def fit_beside_driver(joint: Array, parents: Bool, C: Array, noise: Array, least: Array) -> None:
    """Write the least-squares system on joint into C and noise, the driver's innovation rescaled to variance 1."""
    fit_system(joint, parents, C)
    q, d = parents.shape
    m = d - q
    for y in range(q):
        s = joint[m + y, m + y]
        for c in range(d):
            if C[y, c] != 0.0:
                s -= C[y, c] * joint[m + y, c]
        noise[y] = max(s, 1e-9)
    unit = np.sqrt(noise[0])
    for c in range(d):
        C[0, c] /= unit
    noise[0] = 1.0
    for y in range(1, q):
        C[y, m] *= unit
        noise[y] = max(noise[y], least[y - 1])
