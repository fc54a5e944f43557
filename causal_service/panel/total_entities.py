"""A total or average row that is read as an entity: it repeats the others and outweighs them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.findings import Finding
from causal_service.panel.labels import fold, listed
from causal_service.panel.panel import Panel
from causal_service.panel.statements import about_panel, passed

__all__ = ["total_entities"]

_NAMES = frozenset(
    {
        "合计",
        "总计",
        "总和",
        "小计",
        "全部",
        "整体",
        "平均",
        "均值",
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sum",
    }
    | {"overall", "all", "average", "mean"}
)
"""Labels that say it."""
_CLOSE = 1e-3
"""Share of an indicator's size that rounding may leave between an entity and the sum or mean of the others."""
_FEWEST_OTHERS, _FEWEST_PERIODS = 2, 3
_MOST_ENTITIES = 2000
"""More entities than this, and samples of them, are looked at by name only."""


def total_entities(panel: Panel) -> list[Finding]:
    """Name entities that are the sum or the mean of all others (stops the study), or that are labelled so (review)."""
    if panel.regime != "panel":
        return []
    by_value = panel.behind is None and len(panel.entities) <= _MOST_ENTITIES
    exact = _exact(panel) if by_value else []
    by_name = [name for name in panel.entities if fold(name) in _NAMES and name not in exact]
    if exact:
        shown = listed(exact)
        return [
            about_panel(
                "total-entity",
                "fail",
                message=Text(
                    f"实体“{shown}”的取值等于其余实体的合计或平均，不是独立的实体。",
                    f"Entity '{shown}' equals the sum or the mean of all others; it is no entity of its own.",
                ),
                remedy=Text(f"请从数据中删除“{shown}”的行。", f"Remove the rows of '{shown}' from the data."),
                params={"entities": tuple(exact)},
            )
        ]
    if by_name:
        shown = listed(by_name)
        return [
            about_panel(
                "total-entity",
                "review",
                message=Text(
                    f"实体“{shown}”从名称看是合计或平均，现按普通实体研究。",
                    f"Entity '{shown}' sounds like a total or an average; it is studied like any other entity.",
                ),
                remedy=Text(
                    f"如果确是合计，请删除“{shown}”的行。", f"If it is one, remove the rows of '{shown}' from the data."
                ),
                params={"entities": tuple(by_name)},
            )
        ]
    return [passed("total-entity", Text("没有合计行被当作实体。", "No total row is read as an entity."))]


def _exact(panel: Panel) -> list[str]:
    """Return the entities that are the sum or mean of all others in most indicators, wherever all are measured."""
    full: NDArray[np.bool_] = np.asarray(np.isfinite(panel.values).all(axis=0))
    usable = [j for j in range(len(panel.indicators)) if full[:, j].sum() >= _FEWEST_PERIODS]
    others = len(panel.entities) - 1
    if not usable or others < _FEWEST_OTHERS:
        return []
    hits = np.zeros(len(panel.entities))
    for j in usable:
        X = panel.values[:, full[:, j], j]
        rest = X.sum(axis=0) - X
        hits += _same(X, rest) | _same(X, rest / others)
    return [name for name, hit in zip(panel.entities, hits, strict=True) if hit > len(usable) / 2]


def _same(X: NDArray[np.float64], Y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (E,) whether a row of X equals that of Y within rounding; rows without variation never do."""
    size = np.abs(X).max(axis=1)
    varied = np.ptp(X, axis=1) > 10 * _CLOSE * size
    return np.asarray((np.abs(X - Y).max(axis=1) <= _CLOSE * size) & varied)
