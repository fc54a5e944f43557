"""Average effects of the levers of a cross-section that have two states.

A linear system asks what one unit does at the margin. For a lever that one either has or has not, the question is what
it did to those who got it, and what it would do to everyone: ``average_effect``, with the indicators held equal that
precede lever and outcome in the learned graphs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.average_effect import FEWEST, FOLDS, Averages, averages
from causal_service.effects.estimate import EffectDraws
from causal_service.errors import Text
from causal_service.preparation.kinds import kind_of
from causal_service.preparation.within_rows import WithinRows

__all__ = ["AverageEffect", "NoAverage", "average_effects", "held_equal"]

Array = NDArray[np.float64]
Code = Literal[
    "too-few-rows", "one-state", "no-comparable-rows", "follows-outcome", "open-direction", "outcome-constant"
]

FOLLOWS = 0.5
"""An indicator that follows from lever or outcome in at least this share of draws is not held equal."""
DOUBTFUL = 0.1
"""Share of draws against the majority from which on its place is in doubt."""
MATTERS = 0.05
"""An indicator is held equal if it precedes lever or outcome in at least this share of draws."""
MOST_ROWS = 20_000
"""Of larger surveys this many rows are used, every k-th of the sorted ones."""


@dataclass(frozen=True, slots=True)
class NoAverage:
    """Why there is no average effect, and what would make one possible."""

    code: Code
    """What stands in the way."""
    reason: Text = field(default_factory=lambda: Text("", ""))
    """The same in words."""
    what_would_help: Text = field(default_factory=lambda: Text("", ""))
    """What to measure, declare or try."""


@dataclass(frozen=True, slots=True)
class AverageEffect:
    """What the upper state of a lever does to an outcome, on average, against its lower state."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    target: Literal["everyone", "treated"]
    """Over all comparable rows (ATE), or over the comparable rows in the upper state (ATT)."""
    states: tuple[float, float]
    """Lower and upper state of the lever, in its unit."""
    value: float | None
    """Change of the outcome from lower to upper state, in its unit; ``None`` when there is none, see ``refused``."""
    low: float | None
    """Lower end of the 95 % interval, same unit."""
    high: float | None
    """Upper end of the 95 % interval, same unit."""
    standard_error: float | None
    """Robust to unequal variances and clusters, with the variation between sample splits, same unit."""
    unit: str
    """Unit of the outcome."""
    rows: int
    """Rows in which lever and outcome were measured."""
    upper_rows: int
    """Of them, in the upper state."""
    effective_rows: float | None
    """Effective number of weighted rows in the state whose weights are more uneven."""
    comparable_share: float | None
    """Share of the target rows that has comparable rows in the other state, 0..1; the others are left out."""
    adjustment: tuple[str, ...]
    """Indicators held equal, sorted keys."""
    doubtful: tuple[str, ...]
    """Indicators whose place before or after lever and outcome differs between draws."""
    refused: NoAverage | None
    """Why there is no number; ``None`` where there is one."""
    sentence: Text = field(default_factory=lambda: Text("", ""))
    """The finding in words."""


def average_effects(
    within: WithinRows,
    draws: EffectDraws,
    levers: Sequence[str],
    outcomes: Sequence[str],
    units: dict[str, str],
    seed: int,
    open_pairs: Collection[tuple[str, str]] = (),
) -> tuple[AverageEffect, ...]:
    """Return two rows (treated, everyone) for every lever with two states and every outcome of a cross-section.

    Parameters
    ----------
    within : rows of a cross-section; other regimes have none.
    draws : for what precedes and what follows.
    units : unit of every indicator, by key.
    seed : of the sample splits.
    open_pairs : (lever, outcome) whose order, or that of what to hold equal, the data leave open.
    """
    panel = within.panel
    if panel.regime != "cross-section":
        return ()
    rows: list[AverageEffect] = []
    for lever in levers:
        column = panel.values[:, :, panel.indicators.index(lever)]
        if kind_of(column) != "binary":
            continue
        for outcome in outcomes:
            if outcome != lever:
                unsettled = (lever, outcome) in open_pairs
                rows += _pair(within, draws, lever, outcome, units.get(outcome, ""), seed, unsettled)
    return tuple(rows)


def held_equal(draws: EffectDraws, lever: str, outcome: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (indicators to hold equal, indicators whose place is in doubt), sorted.

    Held equal is what causes the lever, the outcome or both and follows from neither (VanderWeele 2019, disjunctive
    cause criterion), each read off the draws.
    """
    d, y = draws.names.index(lever), draws.names.index(outcome)
    held, doubtful = [], []
    for z, name in enumerate(draws.names):
        if z in (d, y):
            continue
        after = max(draws.follows[d, z], draws.follows[y, z])
        before = max(draws.follows[z, d], draws.follows[z, y])
        if after < FOLLOWS and before >= MATTERS:
            held.append(name)
        if DOUBTFUL < after < 1 - DOUBTFUL:
            doubtful.append(name)
    return tuple(held), tuple(doubtful)


def _pair(
    within: WithinRows, draws: EffectDraws, lever: str, outcome: str, unit: str, seed: int, unsettled: bool
) -> list[AverageEffect]:
    panel, place = within.panel, within.rows
    at = (place.entity, place.time)
    x, y = (panel.values[..., panel.indicators.index(name)][at] for name in (lever, outcome))
    used = np.flatnonzero(~np.isnan(x) & ~np.isnan(y))
    used = used[:: -(-used.size // MOST_ROWS) or 1]
    low, high = (float(v) for v in np.unique(x[~np.isnan(x)])[[0, -1]])
    upper = x[used] == high
    held, doubtful = held_equal(draws, lever, outcome)
    held = tuple(name for name in held if name in within.names)

    clusters = _clusters(within, used)
    refused: Code | None = "open-direction"
    if not unsettled:
        refused = _refusal(draws, lever, outcome, upper, y[used], clusters)
    empty = AverageEffect(
        lever=lever,
        outcome=outcome,
        target="treated",
        states=(low, high),
        value=None,
        low=None,
        high=None,
        standard_error=None,
        unit=unit,
        rows=int(used.size),
        upper_rows=int(upper.sum()),
        effective_rows=None,
        comparable_share=None,
        adjustment=held,
        doubtful=doubtful,
        refused=None if refused is None else NoAverage(refused),
    )
    if refused is not None:
        return [empty, replace(empty, target="everyone")]
    columns = np.array([within.names.index(name) for name in held], np.int64)
    found = averages(
        within.filled[np.ix_(used, columns)], upper, y[used], w=place.weight[used], clusters=clusters, seed=seed
    )
    return [
        _filled(empty, found.treated, found.comparable[1]),
        _filled(replace(empty, target="everyone"), found.everyone, found.comparable[0]),
    ]


def _filled(row: AverageEffect, found: Averages | None, share: float) -> AverageEffect:
    if found is None:
        return replace(row, comparable_share=share, refused=NoAverage("no-comparable-rows"))
    return replace(
        row,
        value=found.value,
        low=found.low,
        high=found.high,
        standard_error=found.standard_error,
        effective_rows=found.effective,
        comparable_share=share,
    )


def _refusal(
    draws: EffectDraws,
    lever: str,
    outcome: str,
    upper: NDArray[np.bool_],
    y: Array,
    clusters: NDArray[np.int64] | None,
) -> Code | None:
    d, o = draws.names.index(lever), draws.names.index(outcome)
    if draws.follows[o, d] >= FOLLOWS:
        return "follows-outcome"
    if upper.all() or not upper.any():
        return "one-state"
    if min(upper.sum(), (~upper).sum()) < FEWEST:
        return "too-few-rows"
    if clusters is not None and min(np.unique(clusters[upper]).size, np.unique(clusters[~upper]).size) < 2 * FOLDS:
        return "too-few-rows"
    if np.ptp(y) == 0:
        return "outcome-constant"
    return None


def _clusters(within: WithinRows, used: NDArray[np.int64]) -> NDArray[np.int64] | None:
    labels = within.panel.clusters
    if labels is None:
        return None
    codes = np.unique(np.array(labels), return_inverse=True)[1]
    found: NDArray[np.int64] = codes[within.rows.entity[used]].astype(np.int64)
    return found
