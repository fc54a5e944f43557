"""One draw: from a covariance to a class of graphs, members of it and their effects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel
from causal_service.numerics.linear_system import causal_order, fit_system, responses
from causal_service.numerics.meek import mpdag, sample_member
from causal_service.numerics.order_search import search_orders

__all__ = ["learn_class", "member_coefficients", "member_responses", "sampled_members"]


def learn_class(
    S: NDArray[np.float64],
    n: float,
    penalty: float,
    candidates: NDArray[np.bool_],
    required: NDArray[np.bool_],
    before: NDArray[np.bool_],
    allowed: NDArray[np.bool_],
    orders: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Search from the given ``orders`` (k, p) and return (best order (p,), class (p, d)).

    In the class, columns [lagged | present], a present pair with both entries True is undirected. Parameters as in
    ``order_search.search_orders``; ``allowed`` as in ``meek.mpdag``.
    """
    p, d = candidates.shape
    _, order, parents = search_orders(S, n, penalty, candidates, required, before, orders)
    found = parents.copy()
    found[:, d - p :] = mpdag(parents, allowed)
    return order, found


@kernel
def sampled_members(found: NDArray[np.bool_], count: int, state: np.uint64) -> NDArray[np.bool_]:
    """Return ``count`` members (count, p, d) of the class; one only when nothing is undirected."""
    p, d = found.shape
    m = d - p
    now = np.zeros((p, p), np.bool_)
    undirected = False
    for y in range(p):
        for x in range(p):
            now[y, x] = found[y, m + x]
            undirected |= found[y, m + x] and found[x, m + y]
    members = np.empty((count if undirected else 1, p, d), np.bool_)
    for k in range(members.shape[0]):
        for y in range(p):
            for c in range(m):
                members[k, y, c] = found[y, c]
        member, state = sample_member(now, state)
        for y in range(p):
            for x in range(p):
                members[k, y, m + x] = member[y, x]
    return members


@kernel
def member_coefficients(S: NDArray[np.float64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the fitted coefficients (k, p, d) of every member on the covariance S."""
    out = np.empty(members.shape)
    for i in range(members.shape[0]):
        fit_system(S, members[i], out[i])
    return out


@kernel
def member_responses(
    members: NDArray[np.bool_], coefficients: NDArray[np.float64], horizon: int
) -> NDArray[np.float64]:
    """Return (k, 3, p, p): impact, sustained and cumulative responses of every member; [., ., y, j] lever j on y.

    Coefficients count where a member has no arrow, too; the two together have no circle.
    """
    k, p, d = members.shape
    out = np.empty((k, 3, p, p))
    for i in range(k):
        now = members[i, :, d - p :] | (coefficients[i, :, d - p :] != 0.0)
        responses(coefficients[i], causal_order(now), horizon, out[i])
    return out
