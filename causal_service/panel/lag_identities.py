"""Indicators computed from another one's past: its last value, its change, its growth rate.

The study makes lags itself, so such a column repeats what the lag block already holds and would make it singular.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.copies import pairwise_correlation
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.exactness import ExactFit, Relation, complete, exact_fit
from causal_service.panel.findings import Finding
from causal_service.panel.panel import Panel
from causal_service.panel.rounding import rounding_grid
from causal_service.panel.statements import Params, about_indicators, passed

__all__ = ["LagIdentity", "find_lag_identities", "lag_identities_found"]

_SAMPLE = 1500
_SCREEN = 0.95
"""Smallest squared correlation of a pair that is looked at closely."""


@dataclass(frozen=True, slots=True)
class LagIdentity:
    """``target`` is computed from ``source`` and its previous value."""

    target: str
    """Key of the computed indicator."""
    source: str
    """Key of the indicator it is computed from."""
    kind: Literal["lag", "difference", "growth"]
    """Previous value; weighted difference with it; affine in the ratio to it."""


def find_lag_identities(panel: Panel) -> tuple[LagIdentity, ...]:
    """Return indicators computed from another one's previous value, sorted by target; constants are skipped.

    Of two that could each be computed from the other only the first by name is, so that one of them stays.
    """
    if panel.regime == "cross-section" or len(panel.periods) < 3:
        return ()
    now = panel.values[:, 1:].reshape(-1, len(panel.indicators))
    before = panel.values[:, :-1].reshape(-1, len(panel.indicators))
    step = max(1, len(now) // _SAMPLE)
    squared = _screen(now[::step], before[::step])
    found: dict[str, LagIdentity] = {}
    for target, name in enumerate(panel.indicators):
        for source in np.flatnonzero(squared[:, target] > _SCREEN):
            origin = panel.indicators[source]
            kind = None if source == target or origin in found else _prove(now, before, target, int(source))
            if kind is not None:
                found[name] = LagIdentity(name, origin, kind)
                break
    return tuple(found.values())


def _screen(now: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how well each source (rows) explains each target (columns): last value, both values, or their ratio."""
    p = now.shape[1]
    r = pairwise_correlation(np.hstack([now, before, _ratio(now, before)]))
    here, lagged, growth = r[:p, :p], r[p : 2 * p, :p], r[2 * p :, :p]
    own = np.diag(r[p : 2 * p, :p])[:, None]
    free = np.maximum(1 - own**2, 1e-9)
    both = (here**2 + lagged**2 - 2 * here * lagged * own) / free
    return np.maximum(np.maximum(both, lagged**2), growth**2)


def _ratio(now: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(now, before, out=np.full_like(now, np.nan), where=np.abs(before) > 0))


def _prove(
    now: NDArray[np.float64], before: NDArray[np.float64], target: int, source: int
) -> Literal["lag", "difference", "growth"] | None:
    y, x, past = now[:, target], now[:, source], before[:, source]
    rows = complete((y, x, past))
    if rows.sum() < 12 or np.ptp(past[rows]) == 0 or np.array_equal(x[rows], past[rows]):
        return None
    gy, gx, gp = (rounding_grid(column)[rows] for column in (y, x, past))
    y, x, past = y[rows], x[rows], past[rows]
    if _exact(y, [past], gy, [gp]) is not None:
        return "lag"
    if _exact(y, [x, past], gy, [gx, gp]) is not None:
        return "difference"
    sure = np.abs(past) > 2 * gp
    y, x, past, gy, gx, gp = (column[sure] for column in (y, x, past, gy, gx, gp))
    spread = gx / np.abs(past) + np.abs(x) * gp / past**2
    return "growth" if _exact(y, [x / past], gy, [spread]) is not None else None


def _exact(
    y: NDArray[np.float64], x: list[NDArray[np.float64]], gy: NDArray[np.float64], gx: list[NDArray[np.float64]]
) -> ExactFit | None:
    return exact_fit(Relation(y, np.column_stack(x), gy, np.column_stack(gx)))


_HOW = {
    "lag": Text("就是上一期的", "is last period's"),
    "difference": Text("由本期与上期之差得出，来源为", "is a difference between this and last period's"),
    "growth": Text("是环比增长率，来源为", "is a growth rate of"),
}


def lag_identities_found(panel: Panel, dictionary: Dictionary, outcomes: Sequence[str]) -> list[Finding]:
    """Report columns that are another one's past; the computed one leaves, never an outcome."""
    if panel.regime == "cross-section":
        return []
    found = find_lag_identities(panel)
    if not found:
        text = Text("没有由其他指标的上期值算出的指标。", "No indicator is computed from another one's past.")
        return [passed("lagged-copy", text)]
    return [_finding(one, dictionary, outcomes) for one in found]


def _finding(one: LagIdentity, dictionary: Dictionary, outcomes: Sequence[str]) -> Finding:
    target, source, how = dictionary.name(one.target), dictionary.name(one.source), _HOW[one.kind]
    leaver = one.source if one.target in outcomes and one.source not in outcomes else one.target
    message = Text(
        f"“{target.zh}”{how.zh}“{source.zh}”；{{names}} 不参与研究，滞后由系统自动构造。",
        f"{target.en!r} {how.en} {source.en!r}; {{names}} is left out of the study, which makes lags itself.",
    )
    params: Params = {"target": one.target, "source": one.source, "kind": one.kind}
    severity: Literal["review", "fail"] = "review" if leaver in outcomes else "fail"
    return about_indicators("lagged-copy", severity, [leaver], dictionary, message=message, params=params)
