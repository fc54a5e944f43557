"""Short-panel bias: from the within-covariance of few periods to the stationary covariance behind it.

Removing entity means over n periods biases the moments of a dynamic panel (Nickell 1981, Econometrica 49). For a
stationary process with autocovariances Gamma(k), an entity observed at n periods has the expected within-moment

    E W_ab = Gamma(a - b) - sum_k H(k) Gamma(k + a - b),    H(k) = #{(t, s): t - s = k} / n^2

for the blocks shifted by a and b periods. Where a trend and a season are removed as well, H(k) n is the sum of the k-th
diagonal of the projection on all terms, of which the formula above is the case of the level alone. The stationary
covariance is the fixed point S = W + B(S), where B is the second term under a VAR(L) fitted to S; its Lyapunov equation
is solved by doubling (Smith 1968).

All draws are solved side by side in stacked matrices (B, d, d).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.deterministic import carriers

__all__ = ["FARTHEST", "SPECTRAL_CAP", "pair_counts", "spectral_radius", "stationary_covariance"]

SPECTRAL_CAP = 0.97
"""Largest spectral radius the fitted VAR may have; a faster unit root is shrunk to it."""
FARTHEST = 240
"""Largest distance in periods of the autocovariances used; at the capped radius the next ones are below .001."""
_WORK_FLOATS = 4_000_000
"""Autocovariances held at a time (32 MB); longer calendars and wider panels are solved for fewer draws at a time."""
_NEGLIGIBLE = 1e-17
"""Share of the largest covariance below which autocovariances are left out."""
_RIDGE = 1e-9
"""Share of the mean variance added to the diagonal before solving."""

Array = NDArray[np.float64]


def pair_counts(
    entity: NDArray[np.int64], time: NDArray[np.int64], w: Array, span: int, terms: Array | None = None
) -> Array:
    """Return H (2 m + 1,): weight of Gamma(k), k = -m..m, in what the removed terms take out of a row's variance.

    Entities are averaged by their weight. Autocovariances further apart than ``FARTHEST`` periods count as zero.

    Parameters
    ----------
    entity, w : codes and weights of the rows (R,).
    time : calendar periods (R,) from 0 to span - 1.
    terms : deterministic terms (R, k) removed from every entity, the level among them; default the level alone.
    """
    taken = _level(entity, w) if terms is None else carriers(entity, w, terms)[0]
    entities, k = int(entity.max()) + 1, taken.shape[1]
    grid = np.zeros((entities, span, k))
    grid[entity, time] = taken / np.sqrt(w.sum())
    paths = np.ascontiguousarray(grid.transpose(0, 2, 1)).reshape(entities * k, span)
    farthest = min(span - 1, FARTHEST)
    half = np.array([float((paths[:, lag:] * paths[:, : span - lag]).sum()) for lag in range(farthest + 1)])
    return np.concatenate([half[:0:-1], half])


def _level(entity: NDArray[np.int64], w: Array) -> Array:
    """``carriers`` (R, 1) of entity means."""
    mass = np.bincount(entity, weights=w)
    return np.asarray(w / np.sqrt(mass[entity]))[:, None]


def stationary_covariance(
    W: Array,
    H: Array,
    p: int,
    lags: int,
    tolerance: float = 1e-7,
    rounds: int = 60,
    added: Array | None = None,
) -> Array:
    """Return S (..., d, d) with S - B(S) = W, d = p (lags + 1), blocks ordered oldest first.

    Parameters
    ----------
    W : within-covariance per row, (d, d) or stacked (B, d, d), standardised units.
    H : ``pair_counts``.
    p, lags : indicators and lags.
    tolerance : a matrix is done when no entry moves by more than this.
    rounds : most rounds of the fixed point.
    added : (d, d) B(S) to start from, of a covariance near these; each round leaves about 1/T of its error.
    """
    stack = W.reshape(-1, *W.shape[-2:])
    reach = (H.size + 1) // 2 + lags
    size = max(1, _WORK_FLOATS // (reach * p * p))
    parts = [
        _fixed_points(stack[start : start + size], H, p, lags, tolerance, rounds, added)
        for start in range(0, len(stack), size)
    ]
    return np.concatenate(parts).reshape(W.shape)


def _fixed_points(
    stack: Array, H: Array, p: int, lags: int, tolerance: float, rounds: int, added: Array | None
) -> Array:
    """Return S (B, d, d) for a stack of W side by side."""
    S = stack.copy() if added is None else stack + added
    active = np.arange(len(stack))
    for _ in range(rounds):
        new = stack[active] + _mean_variance(S[active], H, p, lags)
        moved = np.abs(new - S[active]).max(axis=(1, 2))
        S[active] = new
        active = active[moved >= tolerance]
        if active.size == 0:
            break
    return S


def spectral_radius(S: Array, p: int, lags: int) -> float:
    """Return the spectral radius of the VAR(L) fitted to S (d, d), not capped."""
    m = p * lags
    ridge = _RIDGE * np.trace(S) / len(S)
    F = np.eye(m, k=p)
    F[m - p :] = np.linalg.solve(S[:m, :m] + ridge * np.eye(m), S[:m, m:]).T
    return float(np.abs(np.linalg.eigvals(F)).max())


def _mean_variance(S: Array, H: Array, p: int, lags: int) -> Array:
    """B(S) (B, d, d): covariance of the entity means of the blocks under the VAR(L) fitted to each S."""
    m = p * lags
    d = m + p
    F, noise = _companion(S, p, lags)
    span = (H.size + 1) // 2
    gammas = _autocovariances(F, _lyapunov(F, noise), p, span + lags)
    weights = np.empty((lags + 1, 2, span + lags))
    for shift in range(lags + 1):
        step = np.arange(-(span - 1), span) + shift
        up, down = step >= 0, step < 0
        weights[shift, 0] = np.bincount(step[up], H[up], span + lags)
        weights[shift, 1] = np.bincount(-step[down], H[down], span + lags)
    near = weights[:, :, : len(gammas)].reshape(2 * (lags + 1), -1)
    ahead, behind = (near @ gammas.reshape(len(gammas), -1)).reshape(lags + 1, 2, len(S), p, p).swapaxes(0, 1)
    B = np.empty((len(S), d, d))
    for shift in range(lags + 1):
        block = ahead[shift] + behind[shift].transpose(0, 2, 1)
        for a in range(shift, lags + 1):
            rows, columns = slice(a * p, (a + 1) * p), slice((a - shift) * p, (a - shift + 1) * p)
            B[:, rows, columns] = block
            B[:, columns, rows] = block.transpose(0, 2, 1)
    return B


def _autocovariances(F: Array, X: Array, p: int, count: int) -> Array:
    """Return (at most ``count``, B, p, p): Gamma(k), k = 0, 1, ... of companions F with stationary covariances X.

    Those that are missing are too small to change a sum. Where it stops is decided on the largest entry of all B, so
    that what is small in one of them is left out only once it is small in every one, measured by the largest.
    """
    m = F.shape[1]
    gammas = np.empty((count, len(F), p, p))
    P = X[:, :, m - p :].copy()
    least = _NEGLIGIBLE * np.abs(P).max(initial=0.0)
    for k in range(count):
        gammas[k] = P[:, m - p :]
        P = F @ P
        if k % 8 == 7 and np.abs(P).max(initial=0.0) < least:
            return gammas[: k + 1]
    return gammas


def _companion(S: Array, p: int, lags: int) -> tuple[Array, Array]:
    """Return (companion matrices (B, m, m) of the fitted VARs with capped radius, their noise covariances)."""
    m = p * lags
    ridge = _RIDGE * np.trace(S, axis1=1, axis2=2) / S.shape[1]
    past = S[:, :m, :m] + ridge[:, None, None] * np.eye(m)
    phi = np.linalg.solve(past, S[:, :m, m:]).transpose(0, 2, 1)
    F = np.zeros((len(S), m, m))
    F[:, np.arange(m - p), np.arange(p, m)] = 1.0
    F[:, m - p :] = phi
    radius = _spectral_radius(F)
    factor = np.minimum(1.0, SPECTRAL_CAP / np.maximum(radius, 1e-300))
    powers = factor[:, None] ** np.repeat(np.arange(lags, 0, -1), p)
    F[:, m - p :] *= powers[:, None, :]
    phi = F[:, m - p :]
    cross = phi @ S[:, :m, m:]
    noise = np.zeros_like(F)
    own = S[:, m:, m:] - cross - cross.transpose(0, 2, 1) + phi @ S[:, :m, :m] @ phi.transpose(0, 2, 1)
    noise[:, m - p :, m - p :] = 0.5 * (own + own.transpose(0, 2, 1))
    return F, noise


def _spectral_radius(F: Array) -> Array:
    """Gelfand's formula by repeated squaring, |F^(2^k)|^(1/2^k), k = 10; (B,)."""
    A, log_radius, power = F, np.zeros(len(F)), 1.0
    for squaring in range(11):
        norm = np.maximum(np.sqrt((A * A).sum(axis=(1, 2))), 1e-150)
        log_radius += np.log(norm) / power
        if squaring < 10:
            A = A / norm[:, None, None]
            A = A @ A
            power *= 2.0
    radius: Array = np.exp(log_radius)
    return radius


def _lyapunov(F: Array, Q: Array) -> Array:
    """Solve X = F X F' + Q by doubling, stacked."""
    X, A = Q, F
    for _ in range(30):
        step = A @ X @ A.transpose(0, 2, 1)
        X = X + step
        if np.abs(step).max() < 1e-12 * np.abs(X).max():
            break
        A = A @ A
    return X
