"""What the order search may and must do, as arrays: knowledge, inertia, and totals that follow their parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import KnowledgeConflict, Text
from causal_service.graph.knowledge import Arrow, Knowledge
from causal_service.preparation.prepared import Prepared, Total

__all__ = ["SearchProblem", "search_problem", "settled_knowledge"]

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SearchProblem:
    """Arrays of one search; columns are [lagged | present]."""

    candidates: Bool
    """(p, d): the column may be a parent."""
    required: Bool
    """(p, d): the column must be a parent."""
    before: Bool
    """(p, p): [a, b] True where a must stand before b."""
    allowed: Bool
    """(p, p): [y, x] True where x -> y may exist within a period."""
    knowledge: Knowledge
    """The knowledge with every required arrow at a definite lag."""


def settled_knowledge(prepared: Prepared, knowledge: Knowledge) -> Knowledge:
    """Return the knowledge with "some lag" replaced by the lag of the largest correlation, and totals after parts."""
    within, _ = prepared.covariance()
    at = {name: i for i, name in enumerate(prepared.names)}
    known = [arrow for arrow in knowledge.required if arrow[0] in at and arrow[1] in at]
    arrows: list[Arrow] = [(part, total.name, 0) for total in prepared.totals for part in total.parts]
    arrows += [arrow for arrow in known if arrow[2] is not None]
    for cause, effect, lag in known:
        if lag is None:
            so_far = replace(knowledge, required=tuple(arrows))
            arrows.append((cause, effect, _settled_lag(within, at, prepared, so_far, (cause, effect))))
    forbidden = tuple(a for a in knowledge.forbidden if a[0] in at and a[1] in at)
    tiers = {name: tier for name, tier in knowledge.tiers.items() if name in at}
    return replace(knowledge, tiers=tiers, required=tuple(sorted(set(arrows))), forbidden=forbidden)


def _settled_lag(
    W: NDArray[np.float64], at: dict[str, int], prepared: Prepared, knowledge: Knowledge, arrow: tuple[str, str]
) -> int:
    """Return the permitted lag at which cause and effect correlate most; lag 0 only where it closes no circle."""
    p, lags = len(prepared.names), prepared.lags
    x, y = at[arrow[0]], at[arrow[1]]
    scale = np.sqrt(np.diag(W))
    now = knowledge.allowed_now(prepared.names)[y, x] and not knowledge.precedence(prepared.names, lags)[y, x]
    possible = [0] if now else []
    lagged = knowledge.allowed_lag(prepared.names, lags)
    possible += [lag for lag in range(1, lags + 1) if lagged[y, (lags - lag) * p + x]]
    if not possible:
        raise _no_lag_left(arrow)
    strength = {lag: abs(W[lags * p + y, (lags - lag) * p + x]) / scale[(lags - lag) * p + x] for lag in possible}
    return max(possible, key=lambda lag: (strength[lag], -lag))


def _no_lag_left(arrow: tuple[str, str]) -> KnowledgeConflict:
    cause, effect = arrow
    return KnowledgeConflict(
        "required-circle",
        Text(
            f"必需的因果边“{cause} → {effect}”在任何滞后期都与其余已知条件矛盾。",
            f"Required edge '{cause} -> {effect}' contradicts the other knowledge at every lag.",
        ),
        Text("请删除这些边中的一条，或增大滞后阶数。", "Remove one of these edges, or study more lags."),
        {"cause": cause, "effect": effect},
    )


def _check_totals(prepared: Prepared, knowledge: Knowledge) -> None:
    """Refuse knowledge about what moves an exact sum: its parts do and nothing else can."""
    for total in prepared.totals:
        for cause, effect, _ in knowledge.required:
            if effect == total.name and cause not in total.parts and cause in prepared.names:
                raise _about_total(total, cause)
        for cause, effect, lag in knowledge.forbidden:
            if effect == total.name and cause in total.parts and lag in (None, 0):
                raise _about_total(total, cause)


def _about_total(total: Total, cause: str) -> KnowledgeConflict:
    parts = ", ".join(total.parts)
    return KnowledgeConflict(
        "knowledge-about-total",
        Text(
            f"“{total.name}”由 {parts} 加总得到，已知条件“{cause} → {total.name}”不适用。",
            f"'{total.name}' is the exact sum of {parts}; the knowledge '{cause} -> {total.name}' cannot apply to it.",
        ),
        Text("请改为说明哪个分项受影响，或去掉加总指标。", "Speak of the part that is moved, or leave the total out."),
        {"total": total.name, "cause": cause},
    )


def search_problem(prepared: Prepared, knowledge: Knowledge) -> SearchProblem:
    """Return the arrays of the search.

    Every indicator keeps its own last period as a parent (inertia is part of the model, not something to be found),
    unless that is forbidden. A total has its parts as parents and nothing else.
    """
    _check_totals(prepared, knowledge)
    settled = settled_knowledge(prepared, knowledge)
    names, lags = prepared.names, prepared.lags
    p = len(names)
    allowed = settled.allowed_now(names)
    candidates = np.concatenate([settled.allowed_lag(names, lags), allowed], axis=1)
    required = np.concatenate([settled.required_lag(names, lags), settled.required_now(names, lags)], axis=1)
    before = settled.precedence(names, lags)
    allowed &= ~before
    if lags > 0:
        own = np.arange(p)
        required[own, (lags - 1) * p + own] |= candidates[own, (lags - 1) * p + own]
    for total in prepared.totals:
        y = names.index(total.name)
        only = np.zeros(candidates.shape[1], np.bool_)
        only[[lags * p + names.index(part) for part in total.parts]] = True
        candidates[y], required[y] = only, only
    candidates[:, lags * p :] &= ~before
    return SearchProblem(candidates, required, before, allowed, settled)
