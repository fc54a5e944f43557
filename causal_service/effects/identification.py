"""Can the effect be read off these data at all, and by holding what equal?

For every lever and outcome, in the class learned on the full sample and with the hidden causes it is marked with: the
first delay at which an effect can arrive, and how the effect at that delay is identified. An effect is left open where
a possibly causal path starts with an arrow of unknown direction (Perkovic 2020, UAI), or where a hidden cause of lever
and outcome can neither be held equal nor got round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import Draw
from causal_service.effects.strategies import adjusted, front_door, instrument
from causal_service.effects.unrolled import CommonCause, Unrolled, unrolled
from causal_service.errors import Text
from causal_service.numerics.possible_paths import open_ways

__all__ = ["Identification", "Strategy", "Unidentified", "graph_at", "hidden_causes", "identified_shares", "identify"]

Strategy = Literal["backdoor", "front-door", "instrument", "no-path", "none"]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unidentified:
    """Why an effect cannot be read off these data, and what would make it possible."""

    code: Literal["open-direction", "hidden-common-cause"]
    """What stands in the way."""
    indicators: tuple[str, ...]
    """Neighbours of the lever whose arrow is open, or what the hidden cause moves beside the lever; sorted keys."""
    reason: Text = field(default_factory=lambda: Text("", ""))
    """The same in words."""
    what_would_help: Text = field(default_factory=lambda: Text("", ""))
    """What to declare, measure or try."""


@dataclass(frozen=True, slots=True)
class Identification:
    """How the effect of one lever on one outcome is identified."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    strategy: Strategy
    """``backdoor`` by holding others equal; ``front-door``; ``instrument``; ``no-path`` there is none, so the effect is
    zero; ``none``."""
    delay: int | None
    """Periods until an effect can first arrive; ``None`` when there is no path up to the horizon."""
    adjustment: tuple[str, ...]
    """What is held equal, as ``name`` or ``name[t-1]`` before the outcome's period; the lever acts at ``t-delay``."""
    through: tuple[str, ...]
    """Mediators of the front-door, or the instrument."""
    share: float
    """Share of draws in which the effect is identified by adjustment, or is zero for want of a path."""
    unidentified: Unidentified | None
    """Why it is not; ``None`` where it is."""
    sentence: Text = field(default_factory=lambda: Text("", ""))
    """The finding in words."""


def identify(
    discovery: Discovery, levers: Sequence[str], outcomes: Sequence[str], horizon: int, *, shares: bool = True
) -> tuple[Identification, ...]:
    """Return one row per lever and outcome, in that order.

    Parameters
    ----------
    horizon : periods ahead up to which an effect counts.
    shares : whether the draws are looked at, too; else ``share`` is that of the full sample, 0 or 1.
    """
    names, member = discovery.names, discovery.full.members[0]
    hidden = hidden_causes(discovery)
    opened = np.asarray(open_ways(discovery.full.found, horizon + 1), np.bool_)
    pairs = [(names.index(x), names.index(y)) for x in levers for y in outcomes if x != y]
    share = identified_shares(discovery, pairs, horizon, hidden) if shares else {}
    graphs = _Graphs(member, names, hidden, horizon)
    rows = []
    for x, y in pairs:
        row = _row(discovery, graphs, x, y, opened, hidden)
        own = share.get((x, y), float(row.strategy in ("backdoor", "no-path")))
        rows.append(replace(row, share=own))
    return tuple(sorted(rows, key=lambda row: (row.lever, row.outcome)))


def hidden_causes(discovery: Discovery) -> tuple[CommonCause, ...]:
    """Return the hidden common causes of the full-sample graph: its driver, and the pairs marked in the graph."""
    at = {name: i for i, name in enumerate(discovery.names)}
    moved = set(np.flatnonzero(discovery.full.loadings).tolist()) if discovery.full.loadings.size else set()
    causes = [_driver(discovery.full)] if moved else []
    for edge in discovery.graph.edges:
        pair = at[edge.source], at[edge.target]
        if edge.mark in ("o->", "o-o", "<->") and not (edge.lag == 0 and set(pair) <= moved):
            causes.append(CommonCause(((pair[0], 0), (pair[1], edge.lag))))
    return tuple(causes)


def graph_at(member: Bool, names: Sequence[str], delay: int, hidden: Sequence[CommonCause]) -> Unrolled:
    """Return the graph over enough periods for an effect that arrives after ``delay``."""
    lags = member.shape[1] // member.shape[0] - 1
    return unrolled(member, names, delay + 2 * lags + 1, hidden)


def identified_shares(
    discovery: Discovery, pairs: Sequence[tuple[int, int]], horizon: int, hidden: Sequence[CommonCause] = ()
) -> dict[tuple[int, int], float]:
    """Return the share of draws in which each pair (lever, outcome) is identified by adjustment or without a path.

    ``hidden`` counts in every draw where the graph was learned once; else draws have their own drivers.
    """
    held = dict.fromkeys(pairs, 0)
    for draw in discovery.draws:
        opened = np.asarray(open_ways(draw.found, horizon + 1), np.bool_)
        causes: Sequence[CommonCause] = hidden
        if discovery.graph_resampled:
            causes = [_driver(draw)] if draw.loadings.size else ()
        moved = {child for cause in causes for child, _ in cause.children}
        graphs = _Graphs(draw.members[0], discovery.names, causes, horizon)
        for x, y in pairs:
            held[x, y] += not opened[y, x] and (x not in moved or _adjustable(graphs, x, y))
    count = max(len(discovery.draws), 1)
    return {pair: number / count for pair, number in held.items()}


class _Graphs:
    """A member repeated over time, for effects that arrive after any delay; each graph is made when it is asked for."""

    def __init__(self, member: Bool, names: Sequence[str], hidden: Sequence[CommonCause], horizon: int) -> None:
        self._member, self._names, self._hidden, self._horizon = member, names, hidden, horizon
        self._at: dict[int, Unrolled] = {}
        self._reached: dict[int, Bool] = {}

    def at(self, delay: int) -> Unrolled:
        """Return the graph for one delay."""
        if delay not in self._at:
            self._at[delay] = graph_at(self._member, self._names, delay, self._hidden)
        return self._at[delay]

    def delay(self, lever: int, outcome: int) -> int | None:
        """Return the first delay, up to the horizon, at which the lever reaches the outcome."""
        longest = self.at(self._horizon)
        if lever not in self._reached:
            self._reached[lever] = longest.below(longest.only(longest.at(lever, self._horizon)))
        reached = self._reached[lever]
        delays = range(self._horizon + 1)
        return next((k for k in delays if reached[longest.at(outcome, self._horizon - k)]), None)


def _adjustable(graphs: _Graphs, lever: int, outcome: int) -> bool:
    delay = graphs.delay(lever, outcome)
    if delay is None:
        return True
    graph = graphs.at(delay)
    return adjusted(graph, graph.only(graph.at(lever, delay)), graph.only(graph.at(outcome, 0))) is not None


def _driver(draw: Draw) -> CommonCause:
    return CommonCause(tuple((int(child), 0) for child in np.flatnonzero(draw.loadings)), lasting=True)


def _row(
    discovery: Discovery,
    graphs: _Graphs,
    lever: int,
    outcome: int,
    opened: Bool,
    hidden: Sequence[CommonCause],
) -> Identification:
    names = discovery.names
    if opened[outcome, lever]:
        now = discovery.full.found[:, -len(names) :]
        open_to = tuple(names[z] for z in np.flatnonzero(now[lever] & now[:, lever]))
        return _none(names[lever], names[outcome], None, Unidentified("open-direction", open_to))
    delay = graphs.delay(lever, outcome)
    if delay is None:
        return Identification(names[lever], names[outcome], "no-path", None, (), (), 0.0, None)
    return _at_delay(names, graphs.at(delay), (lever, outcome), delay, hidden)


def _at_delay(
    names: Sequence[str], graph: Unrolled, pair: tuple[int, int], delay: int, hidden: Sequence[CommonCause]
) -> Identification:
    x, y = graph.at(pair[0], delay), graph.at(pair[1], 0)
    lever, outcome = names[pair[0]], names[pair[1]]
    chosen = adjusted(graph, graph.only(x), graph.only(y))
    if chosen is not None:
        return Identification(lever, outcome, "backdoor", delay, graph.labels(chosen), (), 0.0, None)
    door = front_door(graph, x, y)
    if door is not None:
        through = graph.labels(door.mediators)
        return Identification(lever, outcome, "front-door", delay, graph.labels(door.adjustment), through, 0.0, None)
    means = instrument(graph, x, y)
    if means is not None:
        through = graph.labels(graph.only(means.node))
        return Identification(lever, outcome, "instrument", delay, graph.labels(means.given), through, 0.0, None)
    beside = {child for cause in hidden for child, _ in cause.children if pair[0] in {c for c, _ in cause.children}}
    others = tuple(sorted(names[child] for child in beside - {pair[0]}))
    return _none(lever, outcome, delay, Unidentified("hidden-common-cause", others))


def _none(lever: str, outcome: str, delay: int | None, why: Unidentified) -> Identification:
    return Identification(lever, outcome, "none", delay, (), (), 0.0, why)
