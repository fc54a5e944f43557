"""What is known before looking at the data: tiers, required and forbidden edges.

Array layout everywhere in this project: ``A[y, x]`` True speaks of x -> y; the lagged block has L p columns ordered
``[x(t-L) ... x(t-1)]``, so indicator j at lag l stands in column ``(L - l) p + j``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import CallError, KnowledgeConflict, Text
from causal_service.graph.names import check_known
from causal_service.graph.separation import transitive_closure

__all__ = ["Arrow", "Knowledge"]

Arrow = tuple[str, str, int | None]
"""(cause, effect, lag); lag ``None`` = some lag (required) or every lag (forbidden)."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Background knowledge over named indicators.

    Tiers bind lag 0 only: a later tier never causes an earlier one within a period.
    """

    tiers: dict[str, int]
    """Tier by indicator, 0 earliest; an indicator without an entry is untiered (free)."""
    required: tuple[tuple[str, str, int | None], ...] = ()
    """Arrows (cause, effect, lag) that must be present; lag ``None`` = at some lag."""
    forbidden: tuple[tuple[str, str, int | None], ...] = ()
    """Arrows (cause, effect, lag) that must be absent; lag ``None`` = at every lag."""

    @staticmethod
    def build(
        names: Sequence[str],
        layers: Mapping[str, str | None],
        order: Sequence[str],
        *,
        required: Iterable[Arrow] = (),
        forbidden: Iterable[Arrow] = (),
        max_lag: int = 0,
    ) -> Knowledge:
        """Return checked knowledge over ``names``.

        Parameters
        ----------
        names : indicators of the study.
        layers : layer of each indicator; missing or ``None`` = untiered.
        order : layer names, earliest first.
        required, forbidden : (cause, effect, lag) with lag in periods, 0 = same period, or ``None``.
        max_lag : largest lag that the study looks at, in periods.

        Raises
        ------
        UnknownName : an indicator or layer that does not exist; the nearest ones are offered.
        KnowledgeConflict : required against the layers, required and forbidden, or required in a circle.
        CallError : a lag outside 0..max_lag, or an indicator as its own cause within a period.
        """
        rank = {layer: i for i, layer in enumerate(order)}
        for layer in layers.values():
            if layer is not None:
                check_known(layer, rank, Text("层级", "layer"))
        tiers = {name: rank[layer] for name in names if (layer := layers.get(name)) is not None}
        knowledge = Knowledge(tiers, _ordered(required), _ordered(forbidden))
        for arrow in (*knowledge.required, *knowledge.forbidden):
            _check_arrow(arrow, names, max_lag)
        _check_conflicts(knowledge, layers, max_lag)
        return knowledge

    def allowed_now(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return ``allowed[y, x]`` (p, p): whether x -> y may exist within a period.

        Excluded are the diagonal, later tiers causing earlier ones, forbidden arrows, and the reverse of required ones.
        """
        tier = [self.tiers.get(name) for name in names]
        allowed = np.array([[x is None or y is None or x <= y for x in tier] for y in tier], dtype=np.bool_).reshape(
            len(names), len(names)
        )
        np.fill_diagonal(allowed, False)
        return allowed & ~_marked(self.forbidden, names, 0) & ~self.required_now(names).T

    def allowed_lag(self, names: Sequence[str], lags: int) -> NDArray[np.bool_]:
        """Return (p, L p): whether the lagged column may be a parent; only forbidden arrows are excluded."""
        blocks = [~_marked(self.forbidden, names, lag) for lag in range(lags, 0, -1)]
        return np.concatenate([np.ones((len(names), 0), np.bool_), *blocks], axis=1)

    def required_now(self, names: Sequence[str], lags: int | None = None) -> NDArray[np.bool_]:
        """Return (p, p): arrows that must be there within a period.

        With ``lags`` given, an arrow required "at some lag" is one of them when every lag from 1 to ``lags`` is
        forbidden to it or there is none.
        """
        arrows = [
            a for a in self.required if a[2] == 0 or (a[2] is None and lags is not None and self._only_now(a, lags))
        ]
        return _marked(arrows, names, 0)

    def _only_now(self, arrow: Arrow, lags: int) -> bool:
        """Return whether an arrow has no permitted lag from 1 to ``lags``."""
        banned = {lag for cause, effect, lag in self.forbidden if (cause, effect) == arrow[:2]}
        return None in banned or banned.issuperset(range(1, lags + 1))

    def required_lag(self, names: Sequence[str], lags: int) -> NDArray[np.bool_]:
        """Return (p, L p): arrows that must be there at that very lag."""
        arrows = [a for a in self.required if a[2] is not None]
        blocks = [_marked(arrows, names, lag) for lag in range(lags, 0, -1)]
        return np.concatenate([np.zeros((len(names), 0), np.bool_), *blocks], axis=1)

    def required_somewhere(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return (p, p): arrows that must be there at some lag, whichever."""
        return _marked([a for a in self.required if a[2] is None], names, 0)

    def precedence(self, names: Sequence[str], lags: int | None = None) -> NDArray[np.bool_]:
        """Return ``before[a, b]`` (p, p): a must come before b in every order of the present period.

        The transitive closure of the tiers and of the arrows required within a period.
        """
        tier = [self.tiers.get(name) for name in names]
        before = np.array(
            [[a is not None and b is not None and a < b for b in tier] for a in tier], dtype=np.bool_
        ).reshape(len(names), len(names))
        return transitive_closure(before | self.required_now(names, lags).T)


def _ordered(arrows: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """Return the arrows once each, sorted, "any lag" first."""
    unique = {(a[0], a[1], a[2]) for a in arrows}
    return tuple(sorted(unique, key=lambda a: (a[0], a[1], -1 if a[2] is None else a[2])))


def _marked(arrows: Iterable[Arrow], names: Sequence[str], lag: int) -> NDArray[np.bool_]:
    """Return (p, p) with True at the arrows that speak of this lag; names outside are passed over."""
    at = {name: i for i, name in enumerate(names)}
    marked = np.zeros((len(names), len(names)), np.bool_)
    for cause, effect, arrow_lag in arrows:
        if arrow_lag in (None, lag) and cause in at and effect in at:
            marked[at[effect], at[cause]] = True
    return marked


def _spelled(arrow: Arrow) -> Text:
    """Return the arrow in words."""
    cause, effect, lag = arrow
    if lag is None:
        return Text(f"“{cause} → {effect}”", f"'{cause} -> {effect}'")
    return Text(f"“{cause} → {effect}”（滞后 {lag} 期）", f"'{cause} -> {effect}' (lag {lag})")


def _check_arrow(arrow: Arrow, names: Sequence[str], max_lag: int) -> None:
    cause, effect, lag = arrow
    for name in (cause, effect):
        check_known(name, names, Text("指标", "indicator"))
    said = _spelled(arrow)
    params: dict[str, object] = {"cause": cause, "effect": effect, "lag": lag, "max_lag": max_lag}
    if lag is not None and not 0 <= lag <= max_lag:
        raise CallError(
            "lag-out-of-range",
            Text(
                f"{said.zh}超出了本次研究的滞后范围（0 至 {max_lag} 期）。",
                f"{said.en} is outside the study's lags 0..{max_lag}.",
            ),
            Text("请改用该范围内的滞后期，或增大研究的滞后阶数。", "Use a lag within that range or study more lags."),
            params,
        )
    if cause == effect and (lag == 0 or max_lag == 0):
        raise CallError(
            "own-cause",
            Text(f"指标“{cause}”不能在同一期内成为自身的原因。", f"'{cause}' cannot cause itself within a period."),
            Text("请删除该条目，或写明不小于 1 的滞后期。", "Remove the entry or state a lag of at least 1."),
            params,
        )


def _conflict(code: str, arrow: Arrow, what: Text, remedy: Text) -> KnowledgeConflict:
    params: dict[str, object] = {"cause": arrow[0], "effect": arrow[1], "lag": arrow[2]}
    return KnowledgeConflict(code, what, remedy, params)


def _check_conflicts(knowledge: Knowledge, layers: Mapping[str, str | None], max_lag: int) -> None:
    """Refuse required arrows against the layers, against forbidden ones, or in a circle within a period."""
    for arrow in knowledge.required:
        _check_tiers(arrow, knowledge.tiers, layers)
        _check_forbidden(arrow, knowledge.forbidden, max_lag)
    _check_circle(knowledge, max_lag)


def _check_tiers(arrow: Arrow, tiers: Mapping[str, int], layers: Mapping[str, str | None]) -> None:
    """Refuse a required arrow into an earlier tier, unless its lag says that it takes time."""
    cause, effect, lag = arrow
    if (lag is not None and lag > 0) or cause not in tiers or effect not in tiers or tiers[cause] <= tiers[effect]:
        return
    said = _spelled(arrow)
    raise _conflict(
        "required-against-layers",
        arrow,
        Text(
            f"必需的因果边{said.zh}与层级矛盾：{layers[cause]} 层排在 {layers[effect]} 层之后。",
            f"Required edge {said.en} runs against the layers: {layers[cause]} comes after {layers[effect]}.",
        ),
        Text(
            f"请删除该边、调整层级，或写明滞后期，例如 [{cause}, {effect}, 1]。",
            f"Remove the edge, change a layer, or state that it takes time: [{cause}, {effect}, 1].",
        ),
    )


def _check_forbidden(arrow: Arrow, forbidden: Sequence[Arrow], max_lag: int) -> None:
    """Refuse a required arrow of which every possible lag is forbidden."""
    cause, effect, lag = arrow
    own = cause == effect
    possible = {lag} if lag is not None else set(range(1 if own else 0, max_lag + 1))
    for f in forbidden:
        if f[:2] == (cause, effect):
            possible -= possible if f[2] is None else {f[2]}
    if possible:
        return
    said = _spelled(arrow)
    raise _conflict(
        "required-and-forbidden",
        arrow,
        Text(f"因果边{said.zh}既被列为必需，又被列为禁止。", f"Edge {said.en} is both required and forbidden."),
        Text("请从其中一个清单中删除它。", "Remove it from one of the two lists."),
    )


def _check_circle(knowledge: Knowledge, max_lag: int) -> None:
    """Refuse required same-period arrows that, with the tiers, lead back to where they start."""
    names = sorted({*knowledge.tiers, *(name for arrow in knowledge.required for name in arrow[:2])})
    before = knowledge.precedence(names, max_lag)
    now = knowledge.required_now(names, max_lag)
    at = {name: i for i, name in enumerate(names)}
    for arrow in knowledge.required:
        cause, effect = at[arrow[0]], at[arrow[1]]
        if now[effect, cause] and before[effect, cause]:
            said = _spelled(arrow)
            raise _conflict(
                "required-circle",
                arrow,
                Text(
                    f"必需的同期因果边形成回路，其中包含{said.zh}。",
                    f"The edges required within a period form a circle through {said.en}.",
                ),
                Text("请删除其中一条，或为其中一条写明滞后期。", "Remove one of them, or give one of them a lag."),
            )
