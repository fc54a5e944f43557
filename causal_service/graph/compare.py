"""How far an estimated graph is from the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.meek import mpdag

__all__ = ["cpdag", "directed_f1", "shd"]


def cpdag(dag: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the completed partially directed graph (p, p) of a DAG (p, p), ``[y, x]`` True for x -> y."""
    p = len(dag)
    return np.asarray(mpdag(np.ascontiguousarray(dag, np.bool_), np.ones((p, p), np.bool_)), np.bool_)


def shd(estimate: NDArray[np.bool_], truth: NDArray[np.bool_]) -> int:
    """Return the structural Hamming distance: variable pairs whose connection differs (absent, ->, <-, open).

    Source: Tsamardinos, Brown & Aliferis (2006), on CPDAGs. Every differing pair counts once, an open edge against a
    directed one included. Pass ``cpdag(dag)`` as ``truth`` to compare equivalence classes.

    Parameters
    ----------
    estimate, truth : (p, p), ``[y, x]`` True for x -> y, both for an open direction.
    """
    different = (estimate != truth) | (estimate != truth).T
    return int(np.triu(different, 1).sum())


def directed_f1(estimate: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the directed F1 over same-period and lagged arrows together, own lags left out.

    An open same-period edge of the estimate is one claim and half a hit when the truth has an arrow there.

    Parameters
    ----------
    estimate : (p, d) partially directed, columns ``[lagged block | present block]``.
    truth : (p, d) DAG of the same layout.
    """
    p, d = truth.shape
    others = ~np.tile(np.eye(p, dtype=np.bool_), (1, d // p))
    now = estimate[:, d - p :]
    open_now = now & now.T
    said = estimate & others
    said[:, d - p :] &= ~open_now
    true = truth & others
    hits = float((said & true).sum()) + 0.5 * float((true[:, d - p :] & open_now).sum())
    claims = int(said.sum()) + int(np.triu(open_now).sum())
    return 2 * hits / max(claims + int(true.sum()), 1)
