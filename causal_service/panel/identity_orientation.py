"""Which member of an identity is the total: the reading a business person would choose, decided from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.exactness import ExactFit
from causal_service.panel.identities import Identity, IdentityKind

if TYPE_CHECKING:
    from causal_service.panel.identity_search import Columns

__all__ = ["oriented_product", "oriented_sum"]

_RATE_WORDS = ("rate", "ratio", "share", "per_", "margin", "pct", "percent", "率", "比", "占")


def oriented_sum(target: str, parts: tuple[str, ...], fit: ExactFit, columns: Columns) -> Identity:
    """Return a linear identity solved for its total.

    Preferred in this order: round coefficients, few negative ones, no constant, parts that are never negative,
    the largest spread, the later name.
    """
    positive = all(weight > 0 for weight in fit.coefficients)
    order = np.argsort(parts)
    first = Identity(
        "sum" if positive else "difference",
        target,
        tuple(parts[k] for k in order),
        tuple(fit.coefficients[k] for k in order),
        fit.constant,
    )
    readings = [first, *(reading for name in parts if (reading := first.solved_for(name)) is not None)]
    return min(readings, key=lambda one: _sum_rank(one, columns))


def _sum_rank(identity: Identity, columns: Columns) -> tuple[float, ...]:
    index = [columns.names.index(name) for name in identity.parts]
    low = np.nanmin(columns.x[:, index], axis=0)
    spread = float(np.nanstd(columns.x[:, columns.names.index(identity.target)]))
    return (
        sum(len(f"{abs(weight):.12g}") for weight in identity.coefficients),
        sum(weight < 0 for weight in identity.coefficients),
        float(identity.constant != 0),
        float((low < 0).sum()),
        -round(spread, 9),
        -float(columns.names.index(identity.target)),
    )


def oriented_product(target: str, parts: tuple[str, ...], fit: ExactFit, columns: Columns) -> Identity:
    """Return a relation of logarithms as product or ratio, solved for its computed member.

    A member named like a rate, or the only one that is no whole number, is the computed one; else the product is.
    """
    order = np.argsort(parts)
    weights = tuple(fit.coefficients[k] for k in order)
    first = Identity(
        _product_kind(weights), target, tuple(parts[k] for k in order), weights, 0.0, _round_factor(fit.constant)
    )
    readings = [first, *(reading for name in parts if (reading := first.solved_for(name)) is not None)]
    return min(readings, key=lambda one: _product_rank(one, columns))


def _product_kind(weights: tuple[float, ...]) -> IdentityKind:
    return "product" if all(weight > 0 for weight in weights) else "ratio"


def _round_factor(log_factor: float) -> float:
    factor = float(np.exp(log_factor))
    near = float(f"{factor:.2e}")
    return near if abs(near / factor - 1) < 1e-3 else factor


def _product_rank(identity: Identity, columns: Columns) -> tuple[float, ...]:
    whole = {name: _is_whole(columns.x[:, columns.names.index(name)]) for name in identity.members}
    rate = [name for name in identity.members if any(word in name.casefold() for word in _RATE_WORDS)]
    broken = [name for name, is_whole in whole.items() if not is_whole]
    chosen = rate if len(rate) == 1 else broken if len(broken) == 1 and len(whole) > 2 else []
    return (
        float(identity.target not in chosen) if chosen else 0.0,
        sum(weight < 0 for weight in identity.coefficients),
        -float(columns.names.index(identity.target)),
    )


def _is_whole(column: NDArray[np.float64]) -> bool:
    cells = column[np.isfinite(column)]
    return bool(np.all(cells == np.rint(cells)))
