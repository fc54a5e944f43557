"""Which levers are followed along a moderator, and what is found, in words."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.identification import Identification
from causal_service.effects.moderation import Moderator, moderation_of, tested_together
from causal_service.effects.moderation_results import Moderation, NoModeration
from causal_service.explanation.moderation_sentences import worded_moderation
from causal_service.inference import Inference
from causal_service.levers.results import Lever

__all__ = ["MOST_FOLLOWED", "moderations"]

MOST_FOLLOWED = 5
"""Levers of one outcome that are followed along the moderator."""


def moderations(
    learned: Inference,
    levers: Sequence[Lever],
    identification: Sequence[Identification],
    along: Moderator | None,
    seed: int,
) -> tuple[Moderation | NoModeration, ...]:
    """Return one row per lever to act on or to test, by outcome and rank; where there is none, one that says so.

    Parameters
    ----------
    levers : ranked levers of all outcomes.
    along : the moderator; without one there is nothing.
    seed : of the forest.
    """
    if along is None:
        return ()
    how = {(row.lever, row.outcome): row for row in identification}
    units = {key: entry.unit for key, entry in learned.indicators.items()}
    found: list[Moderation | NoModeration] = []
    for outcome in learned.ranked:
        own = sorted((row for row in levers if row.outcome == outcome), key=lambda row: (row.rank, row.lever))
        worth = [row for row in own if row.verdict in ("act", "test")][:MOST_FOLLOWED]
        found += [
            moderation_of(
                along,
                learned.within,
                learned.prepared,
                learned.discovery,
                learned.draws,
                how[row.lever, outcome],
                (units[row.lever], units[outcome]),
                seed,
            )
            for row in worth
        ]
        if own and not worth:
            found.append(along.without(own[0].lever, outcome, "no-lever-worth-moving"))
    rows = {(row.lever, row.outcome): row for row in levers}
    frequency = learned.panel.frequency
    return tuple(
        worded_moderation(one, rows[one.lever, one.outcome], learned.indicators, frequency)
        for one in tested_together(found)
    )
