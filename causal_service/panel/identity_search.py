"""Finding identities: screen cheaply, select forward, prune backward, prove row by row, keep the independent ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.exactness import ExactFit, Relation, complete, exact_fit, is_close
from causal_service.panel.identities import Identity
from causal_service.panel.identity_orientation import oriented_product, oriented_sum
from causal_service.panel.rounding import rounding_grid

__all__ = ["Columns", "independent", "search"]

_SAMPLE = 1000
"""Rows used for screening; proofs use all of them."""
_PROOF = 20_000
_INFLATION = 8.0
"""Variance inflation below which a column cannot be part of an identity (R2 < .875); low, for keying errors."""
_LONGEST = 10
"""Most parts of one identity."""
_HOPELESS = 0.05
"""Partial R2 of the best next part below which no identity is near: of m missing parts the best explains about 1/m."""
_ALMOST = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns to be searched, with the rounding grid of every cell."""

    names: tuple[str, ...]
    """Keys, length P."""
    x: NDArray[np.float64]
    """Values, shape (n, P); NaN where missing."""
    grid: NDArray[np.float64]
    """Rounding grid of every cell, shape (n, P)."""

    def thinned(self, rows: int) -> Columns:
        """Return at most about ``rows`` rows, evenly spaced in canonical order."""
        step = max(1, -(-len(self.x) // rows))
        return Columns(self.names, self.x[::step], self.grid[::step])

    def relation(self, target: int, parts: Sequence[int]) -> Relation:
        """Return the complete rows of a target and its parts."""
        columns = [target, *parts]
        rows = complete([self.x[:, column] for column in columns])
        x, grid = self.x[rows][:, columns], self.grid[rows][:, columns]
        return Relation(x[:, 0], x[:, 1:], grid[:, 0], grid[:, 1:])


def search(names: Sequence[str], x: NDArray[np.float64]) -> tuple[Identity, ...]:
    """Return the identities among columns ``x`` (n, P), sorted by target; constants are skipped."""
    from causal_service.panel.identity_products import pair_identities

    step = max(1, len(x) // _PROOF)
    x = x[::step]
    keep = [j for j in range(len(names)) if _varies(x[:, j])]
    grid = np.column_stack([rounding_grid(x[:, j]) for j in keep]) if keep else np.empty((len(x), 0))
    columns = Columns(tuple(names[j] for j in keep), x[:, keep], grid)
    additive = [oriented_sum(*found, columns) for found in _relations(columns, lambda fit: True)]
    logs = _logarithms(columns)
    products = [oriented_product(*found, columns) for found in _relations(logs, _unit_exponents)]
    products += pair_identities(columns)
    sums = independent(additive, columns.names)
    known = {identity.members for identity in sums}
    rest = independent([product for product in products if product.members not in known], columns.names)
    return tuple(sorted((*sums, *rest), key=lambda identity: (identity.target, identity.parts)))


def _varies(column: NDArray[np.float64]) -> bool:
    cells = column[np.isfinite(column)]
    return cells.size > 0 and bool(np.ptp(cells) > 0)


def _unit_exponents(fit: ExactFit) -> bool:
    return all(abs(weight) == 1.0 for weight in fit.coefficients)


def _logarithms(columns: Columns) -> Columns:
    """Return logarithms of the columns that are never negative and mostly positive; zeros count as missing."""
    x = columns.x
    low = np.nanmin(x, axis=0) if x.shape[1] else np.empty(0)
    filled = np.isfinite(x).sum(0)
    good = [j for j in range(x.shape[1]) if low[j] >= 0 and (x[:, j] > 0).sum() > 0.5 * filled[j]]
    positive = np.where(x[:, good] > 0, x[:, good], np.nan)
    return Columns(tuple(columns.names[j] for j in good), np.log(positive), columns.grid[:, good] / positive)


def _relations(columns: Columns, accept: Callable[[ExactFit], bool]) -> list[tuple[str, tuple[str, ...], ExactFit]]:
    """Return the exact linear relations among ``columns`` as (target, parts, fit), each member set once."""
    sample = columns.thinned(_SAMPLE)
    members = _inflated(sample)
    found: dict[frozenset[int], tuple[str, tuple[str, ...], ExactFit]] = {}
    for target in members:
        parts = _select(sample, target, [j for j in members if j != target])
        if parts is None and len(members) < len(columns.names):
            parts = _select(sample, target, [j for j in range(len(columns.names)) if j != target])
        if parts is None or frozenset((target, *parts)) in found:
            continue
        fit = exact_fit(columns.relation(target, parts))
        if fit is not None and accept(fit):
            names = tuple(columns.names[j] for j in parts)
            found[frozenset((target, *parts))] = (columns.names[target], names, fit)
    return list(found.values())


def _inflated(columns: Columns) -> list[int]:
    """Return the columns that the others (nearly) determine; all of them when too few rows are complete to tell."""
    p = len(columns.names)
    rows = complete(list(columns.x.T)) if p else np.empty(0, bool)
    if rows.sum() < 2 * p + 20:
        return list(range(p))
    z = columns.x[rows]
    live = np.flatnonzero(np.ptp(z, axis=0) > 0)
    z = z[:, live] - z[:, live].mean(axis=0)
    z = z / np.sqrt((z**2).sum(axis=0))
    inflation = np.diag(np.linalg.inv(z.T @ z + _ALMOST * np.eye(len(live))))
    still = set(range(p)) - set(live.tolist())
    return sorted({int(live[k]) for k in np.flatnonzero((inflation > _INFLATION) | (inflation < 0))} | still)


def _select(columns: Columns, target: int, candidates: list[int]) -> tuple[int, ...] | None:
    """Return a minimal set of parts that explains ``target`` within rounding, or ``None``.

    Orthogonal forward selection: at each step the candidate whose part orthogonal to the chosen ones correlates most
    with the residual is added, up to ``_LONGEST``; then parts that are not needed are pruned.
    """
    chosen: list[int] = []
    while len(chosen) < min(_LONGEST, len(candidates)):
        best = _next_part(columns, target, chosen, [j for j in candidates if j not in chosen])
        if best is None:
            return None
        chosen.append(best)
        relation = columns.relation(target, chosen)
        if relation.y.size >= 2 * len(chosen) + 6 and is_close(relation):
            return _pruned(columns, target, chosen)
    return None


def _next_part(columns: Columns, target: int, chosen: list[int], candidates: list[int]) -> int | None:
    rows = complete([columns.x[:, j] for j in (target, *chosen)])
    if rows.sum() < 12 or not candidates:
        return None
    basis = np.column_stack([np.ones(int(rows.sum())), columns.x[rows][:, chosen]])
    q = np.linalg.qr(basis / np.maximum(np.sqrt((basis**2).sum(0)), 1e-300))[0]
    r = columns.x[rows, target]
    r = r - q @ (q.T @ r)
    x = columns.x[rows][:, candidates]
    seen = np.isfinite(x)
    x = np.where(seen, x - np.sum(np.where(seen, x, 0.0), 0) / np.maximum(seen.sum(0), 1), 0.0)
    size = (x**2).sum(0)
    x = x - q @ (q.T @ x)
    left = (x**2).sum(0)
    usable = (left > 1e-10 * size) & (seen.sum(0) >= 12)
    score = np.where(usable, (r @ x) ** 2 / np.maximum(left * ((r**2) @ seen), 1e-300), -1.0)
    return candidates[int(np.argmax(score))] if score.max(initial=-1.0) > _HOPELESS else None


def _pruned(columns: Columns, target: int, chosen: list[int]) -> tuple[int, ...]:
    parts = list(chosen)
    for part in list(chosen):
        fewer = [j for j in parts if j != part]
        if fewer and is_close(columns.relation(target, fewer)):
            parts = fewer
    return tuple(sorted(parts))


def independent(found: Sequence[Identity], names: Sequence[str]) -> list[Identity]:
    """Return identities that do not follow from smaller ones (rank of their coefficient vectors)."""
    kept: list[Identity] = []
    vectors: list[NDArray[np.float64]] = []
    affine: set[tuple[str, ...]] = set()
    for identity in sorted(found, key=lambda one: (len(one.parts), one.target, one.parts, one.constant != 0)):
        if not identity.additive and identity.constant != 0:
            if identity.members not in affine and all(identity.members != one.members for one in kept):
                kept.append(identity)
                affine.add(identity.members)
            continue
        vector = np.zeros(len(names))
        vector[names.index(identity.target)] = -1.0
        for name, weight in zip(identity.parts, identity.coefficients, strict=True):
            vector[names.index(name)] = weight
        vector /= np.abs(vector).max()
        if np.linalg.matrix_rank(np.array([*vectors, vector]), tol=1e-6) > len(vectors):
            vectors.append(vector)
            kept.append(identity)
    return kept
