"""A second opinion from DoWhy: on how every effect is identified, and on what refuters find where it matters.

Identification is compared on the full-sample graph repeated over time, hidden causes included. Where an arrow at the
lever is open there is nothing to compare: DoWhy knows graphs without open arrows only. Refuters run on the rows behind
the regression of ``comparison``; their mean must be what the closed form says, within four standard errors.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from causal_service.discovery.discover import Discovery
from causal_service.effects.comparison import Comparison, comparisons_of
from causal_service.effects.identification import Identification, Strategy, graph_at, hidden_causes
from causal_service.effects.unrolled import mask_of
from causal_service.effects.via_dowhy import Reading, Refuted, Refuter, reading, refuted
from causal_service.errors import Text
from causal_service.numerics.partial_regression import Partial, partial_fit
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["REPEATS", "Crosscheck", "RefuterCheck", "crosschecked"]

REPEATS = 20
"""Repeats of every refuter."""
_ALL: tuple[Refuter, ...] = ("placebo-lever", "random-common-cause", "subset")


@dataclass(frozen=True, slots=True)
class RefuterCheck:
    """One refuter of DoWhy beside the closed form, outcome unit per lever unit."""

    check: Refuter
    """What was tried."""
    estimate: float
    """DoWhy's estimate before."""
    found: float
    """Mean that DoWhy found."""
    expected: float
    """What the closed form says."""
    tolerance: float
    """Four standard errors of DoWhy's mean."""
    repeats: int
    """Repeats of DoWhy."""
    agrees: bool
    """Whether the two differ by no more than the tolerance."""


@dataclass(frozen=True, slots=True)
class Crosscheck:
    """What DoWhy says about one effect."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    ours: Strategy
    """How we identify it."""
    theirs: Strategy | None
    """How DoWhy would; ``None`` where it was not asked."""
    agrees: bool | None
    """Whether that is compatible and our adjustment set is valid by DoWhy's word; ``None`` where it was not asked."""
    refuters: tuple[RefuterCheck, ...]
    """Its refuters, for levers worth acting on or testing."""
    sentence: Text = field(default_factory=lambda: Text("", ""))
    """The finding in words."""


def crosschecked(
    prepared: Prepared,
    within: WithinRows | None,
    discovery: Discovery,
    identified: Sequence[Identification],
    worth: Collection[tuple[str, str]],
    seed: int,
) -> tuple[Crosscheck, ...]:
    """Return one row per pair in ``identified``, in that order; slow.

    Parameters
    ----------
    within : the rows; without them no refuter is run.
    worth : pairs (lever, outcome) whose effect is refuted, too.
    """
    rows = []
    for row in identified:
        theirs, agrees = _second_opinion(discovery, row)
        refuters: tuple[RefuterCheck, ...] = ()
        if within is not None and (row.lever, row.outcome) in worth:
            compared = comparisons_of(discovery, row)
            if not isinstance(compared, str):
                refuters = _refuters(prepared, within, row, compared[0], seed)
        rows.append(Crosscheck(row.lever, row.outcome, row.strategy, theirs, agrees, refuters))
    return tuple(rows)


def _second_opinion(discovery: Discovery, row: Identification) -> tuple[Strategy | None, bool | None]:
    if row.unidentified is not None and row.unidentified.code == "open-direction":
        return None, None
    delay = row.delay or 0
    member = discovery.full.members[0]
    graph = graph_at(member, discovery.names, delay, hidden_causes(discovery))
    x, y = discovery.names.index(row.lever), discovery.names.index(row.outcome)
    given = mask_of(graph, row.adjustment) if row.strategy == "backdoor" else None
    word = reading(graph, graph.at(x, delay), graph.at(y, 0), given)
    return _strategy(word), _agrees(row, word)


def _strategy(word: Reading) -> Strategy:
    if not word.path:
        return "no-path"
    if word.adjustable:
        return "backdoor"
    return "front-door" if word.front_door else "instrument" if word.instruments else "none"


def _agrees(row: Identification, word: Reading) -> bool:
    """Same word on paths and adjustment; what DoWhy finds beyond must not be missed by us.

    It looks for front-doors and instruments without holding anything equal, so we may find more.
    """
    if (row.strategy == "no-path") == word.path:
        return False
    if row.strategy == "backdoor":
        return word.adjustable and word.valid is True
    if row.strategy == "no-path":
        return True
    return not word.adjustable and (row.strategy != "none" or not (word.front_door or word.instruments))


def _refuters(
    prepared: Prepared, within: WithinRows, row: Identification, compared: Comparison, seed: int
) -> tuple[RefuterCheck, ...]:
    columns = [compared.lever, compared.outcome, *compared.given]
    rows = within.filled @ prepared.expand[columns].T
    rows = rows - rows.mean(axis=0)
    n = len(rows)
    fit = partial_fit((rows.T @ rows / n)[None], 0, 1, range(2, len(columns)))
    x, y = prepared.names.index(row.lever), prepared.names.index(row.outcome)
    unit = float(prepared.unit_sd[y] / prepared.unit_sd[x])
    found = refuted(rows[:, 0], rows[:, 1], rows[:, 2:], _ALL, REPEATS, seed)
    return tuple(_beside(one, fit, float(rows[:, 0].var()), n, unit) for one in found)


def _beside(theirs: Refuted, fit: Partial, variance: float, n: int, unit: float) -> RefuterCheck:
    estimate = float(fit.coefficient[0])
    error = float(np.sqrt(fit.rest[0] / fit.lever[0] / n))
    expected, scatter = {
        "placebo-lever": (0.0, float(np.sqrt(fit.outcome[0] / variance / n))),
        "random-common-cause": (estimate, float(np.sqrt(fit.rest[0] / fit.lever[0])) / n),
        "subset": (estimate, 0.5 * error),
    }[theirs.check]
    tolerance = 4.0 * scatter / float(np.sqrt(theirs.repeats)) + 1e-6 * abs(estimate)
    agrees = abs(theirs.found - expected) <= tolerance
    sizes = (unit * theirs.estimate, unit * theirs.found, unit * expected, abs(unit) * tolerance)
    return RefuterCheck(theirs.check, *sizes, theirs.repeats, agrees)
