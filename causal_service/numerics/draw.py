"""One draw: from reweighted Gram matrices to a graph, members of its class and their effects.

A draw never sees rows. ``base`` columns are estimated; ``expand`` (d, b) adds the columns that are exact sums of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from causal_service.numerics.keyed_random import next_state
from causal_service.numerics.linear_system import causal_order, fit_system, responses
from causal_service.numerics.meek import mpdag, sample_member
from causal_service.numerics.order_search import random_order, search_orders
from causal_service.numerics.short_panel import stationary_covariance

__all__ = ["covariances", "learn_class", "member_coefficients", "member_responses", "sampled_members"]


@njit(cache=True, nogil=True)
def covariances(
    W: NDArray[np.float64], span: NDArray[np.float64], expand: NDArray[np.float64], base: int, lags: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (within, stationary) covariances (d, d) from the within-covariance W of the base columns.

    ``span`` is ``short_panel.pair_counts``; empty = no short-panel correction.
    """
    S = stationary_covariance(W, span, base, lags) if span.shape[0] > 0 and lags > 0 else W
    return expand @ W @ expand.T, expand @ S @ expand.T


@njit(cache=True, nogil=True)
def learn_class(
    S: NDArray[np.float64],
    n: float,
    penalty: float,
    candidates: NDArray[np.bool_],
    required: NDArray[np.bool_],
    before: NDArray[np.bool_],
    allowed: NDArray[np.bool_],
    warm: NDArray[np.int64],
    starts: int,
    state: np.uint64,
) -> tuple[float, NDArray[np.int64], NDArray[np.bool_]]:
    """Search from ``warm`` orders (k, p) and ``starts`` random ones; return (score, order, class (p, d)).

    In the class, columns [lagged | present], a present pair with both entries True is undirected.
    """
    p, d = candidates.shape
    k = warm.shape[0]
    orders = np.empty((k + starts, p), np.int64)
    orders[:k] = warm
    for i in range(starts):
        for _ in range(p + 1):
            state = next_state(state)
        orders[k + i] = random_order(before, state)
    scores, order, parents = search_orders(S, n, penalty, candidates, required, before, orders)
    found = parents.copy()
    found[:, d - p :] = mpdag(parents, allowed)
    return scores.max(), order, found


@njit(cache=True, nogil=True)
def sampled_members(found: NDArray[np.bool_], count: int, state: np.uint64) -> NDArray[np.bool_]:
    """Return ``count`` members (count, p, d) of the class; one only when nothing is undirected."""
    p, d = found.shape
    m = d - p
    now = found[:, m:].copy()
    if not (now & now.T).any():
        count = 1
    members = np.empty((count, p, d), np.bool_)
    for k in range(count):
        members[k, :, :m] = found[:, :m]
        member, state = sample_member(now, state)
        members[k, :, m:] = member
    return members


@njit(cache=True, nogil=True)
def member_coefficients(S: NDArray[np.float64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the fitted coefficients (k, p, d) of every member on the covariance S."""
    out = np.empty(members.shape)
    for i in range(members.shape[0]):
        out[i] = fit_system(S, members[i])
    return out


@njit(cache=True, nogil=True)
def member_responses(
    members: NDArray[np.bool_], coefficients: NDArray[np.float64], horizon: int
) -> NDArray[np.float64]:
    """Return (k, 3, p, p): impact, sustained and cumulative responses of every member; [., ., y, j] lever j on y."""
    k, p, d = members.shape
    out = np.empty((k, 3, p, p))
    for i in range(k):
        out[i] = responses(coefficients[i], causal_order(members[i, :, d - p :]), horizon)
    return out
