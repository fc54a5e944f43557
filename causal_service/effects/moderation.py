"""Along what: how the effect of a lever changes with the entity means of another indicator, through EconML.

Rows are those of the study, without the effects of entities and periods; held equal is what identifies the effect at
its first delay, and what is held equal may itself matter differently along the moderator. EconML gives the effects.
Their errors hang together within entities, whose slopes differ for more reasons than the moderator: intervals and the
test of a straight line are those of the jackknife over entities (``numerics.clustered_slope``) on EconML's
residuals; the intervals of a forest are widened by as much as clusters widen those of the line (Moulton 1986, Journal
of Econometrics 32). The learned graph is taken as given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.effects.comparison import Comparison, comparisons_of
from causal_service.effects.estimate import EffectDraws, effect_unit, false_discovery_rates
from causal_service.effects.identification import Identification
from causal_service.effects.moderation_results import ModeratedEffect, Moderation, NoModeration
from causal_service.effects.moderator import SAME, Moderator
from causal_service.effects.unrolled import label_of
from causal_service.effects.via_econml import moderated
from causal_service.numerics.clustered_slope import clustered_slope
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["moderation_of", "tested_together"]

Array = NDArray[np.float64]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
FEWEST_ENTITIES = 10
"""With fewer entities no line through their slopes can be judged."""
FOLLOWS = 0.5
"""Share of draws in which the moderator follows from the lever from which it is refused."""
LEVEL = 0.05
"""q up to which the effect is said to change."""


def moderation_of(
    along: Moderator,
    within: WithinRows | None,
    prepared: Prepared,
    discovery: Discovery,
    draws: EffectDraws,
    row: Identification,
    units: tuple[str, str],
    seed: int,
) -> Moderation | NoModeration:
    """Return the effect of one lever on one outcome along the moderator, or why there is none; without words.

    Parameters
    ----------
    within : rows of the study; ``None`` where they are on disk.
    row : how the effect is identified.
    units : of lever and outcome.
    seed : of the forest.
    """
    refused = _refused(along, within, prepared, draws, row)
    compared = comparisons_of(discovery, row)
    if refused is not None or within is None or isinstance(compared, str):
        code = refused or (compared if isinstance(compared, str) else "rows-on-disk")
        return along.without(row.lever, row.outcome, code, int(along.level.size) if code == "one-entity" else None)
    one, p = compared[0], len(prepared.names)
    used = _measured(within, prepared, one) & np.isfinite(along.level)[within.rows.entity]
    entity, weight = within.rows.entity[used], within.rows.weight[used]
    group = _groups(within)[used]
    groups = int(np.unique(group).size)
    if groups < FEWEST_ENTITIES:
        return along.without(row.lever, row.outcome, "few-entities", groups)
    level = along.level[np.unique(entity)]
    at = np.quantile(level, QUANTILES)
    if at[-1] - at[0] <= along.same:
        return along.without(row.lever, row.outcome, "same-everywhere")
    columns = [one.outcome, one.lever, *one.given]
    rows = within.filled[used] @ prepared.expand[columns].T
    centre, spread = float(level.mean()), float(level.std())
    x, where = (along.level[entity] - centre) / spread, (at - centre) / spread
    held = np.concatenate([rows[:, 2:], rows[:, 2:] * x[:, None]], axis=1)
    found = moderated(rows[:, 0], rows[:, 1], x, held, group, weight, where, along.learner, seed)
    line = clustered_slope(found.y, found.d, x, weight, group, where)
    if line is None:
        return along.without(row.lever, row.outcome, "no-variation")
    i, j = prepared.names.index(row.outcome), prepared.names.index(row.lever)
    unit = float(prepared.unit_sd[i] / prepared.unit_sd[j])
    half = line.half if along.learner == "linear" else (found.high - found.low) / 2 * line.wider
    gap = float(found.value[-1] - found.value[0])
    certain = along.learner == "linear"
    return Moderation(
        lever=row.lever,
        outcome=row.outcome,
        moderator=along.key,
        moderator_name=along.name,
        moderator_unit=along.unit,
        learner=along.learner,
        delay=one.delay,
        adjustment=tuple(label_of(prepared.names[c % p], prepared.lags - c // p) for c in reversed(one.given)),
        entities=groups,
        rows=int(used.sum()),
        unit=effect_unit(units[1], units[0]),
        effects=tuple(
            ModeratedEffect(share, float(level), unit * float(value), unit * float(value - h), unit * float(value + h))
            for share, level, value, h in zip(QUANTILES, at, found.value, half, strict=True)
        ),
        difference=unit * gap,
        difference_low=unit * (gap - line.gap_half) if certain else None,
        difference_high=unit * (gap + line.gap_half) if certain else None,
        p=line.p,
        q=line.p,
        differs=line.p <= LEVEL,
    )


def tested_together(rows: Sequence[Moderation | NoModeration]) -> tuple[Moderation | NoModeration, ...]:
    """Return the rows with false discovery rates over the levers of each outcome."""
    out = list(rows)
    for outcome in dict.fromkeys(row.outcome for row in rows):
        own = [(i, row) for i, row in enumerate(rows) if isinstance(row, Moderation) and row.outcome == outcome]
        rates = false_discovery_rates(np.array([row.p for _, row in own]))
        for (i, row), q in zip(own, rates, strict=True):
            out[i] = replace(row, q=float(q), differs=bool(q <= LEVEL))
    return tuple(out)


def _refused(
    along: Moderator, within: WithinRows | None, prepared: Prepared, draws: EffectDraws, row: Identification
) -> str | None:
    if along.key in (row.lever, row.outcome):
        return "is-lever" if along.key == row.lever else "is-outcome"
    if within is None:
        return "rows-on-disk"
    if within.panel.regime == "series":
        return "one-entity"
    if along.steady and within.panel.regime == "panel":
        return None
    if along.key not in draws.names:
        return "not-studied"
    return "follows-lever" if _moved(draws, prepared, row.lever, along.key) >= FOLLOWS else None


def _moved(draws: EffectDraws, prepared: Prepared, lever: str, moderator: str) -> float:
    """Return the share of draws in which the lever moves the moderator, in the same period or later."""
    i, j = draws.names.index(moderator), draws.names.index(lever)
    size = float(prepared.unit_sd[i] / prepared.unit_sd[j])
    return float((np.abs(draws.values[:, :, i, j]) > SAME * size).any(axis=1).mean())


def _groups(within: WithinRows) -> NDArray[np.int64]:
    """Return the code (R,) of what errors hang together in: the entity; of a cross-section its declared one."""
    clusters = within.panel.clusters
    if clusters is None:
        return within.rows.entity
    return np.unique(np.array(clusters), return_inverse=True)[1][within.rows.entity].astype(np.int64)


def _measured(within: WithinRows, prepared: Prepared, one: Comparison) -> NDArray[np.bool_]:
    """Return the rows (R,) in which lever and outcome were measured: what fills gaps knows no moderator."""
    parts = prepared.expand[[one.outcome, one.lever]] != 0
    missing: NDArray[np.bool_] = (within.missing @ parts.T.astype(np.int64) > 0).any(axis=1)
    return ~missing
