"""Which levers are followed along a moderator, and what is found, in words."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.identification import Identification
from causal_service.effects.moderation import moderation_of, tested_together
from causal_service.effects.moderation_results import Moderation, NoModeration
from causal_service.effects.moderator import Moderator
from causal_service.explanation.moderation_sentences import worded_moderation
from causal_service.inference import Inference
from causal_service.levers.results import Lever

__all__ = ["MOST_FOLLOWED", "moderations"]

MOST_FOLLOWED = 5
"""Levers of one outcome that are followed along the moderator."""
_OF_THE_PANEL = {"is-outcome", "rows-on-disk", "one-entity", "few-entities", "same-everywhere"}
"""Reasons that hold for every lever, and are told although no lever is worth moving."""


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
        told = [
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
            for row in worth or own[:1]
        ]
        if not worth:
            told = [
                one
                if isinstance(one, NoModeration) and one.code in _OF_THE_PANEL
                else along.without(one.lever, outcome, "no-lever-worth-moving")
                for one in told
            ]
        found += told
    rows = {(row.lever, row.outcome): row for row in levers}
    frequency = learned.panel.frequency
    return tuple(
        worded_moderation(one, rows[one.lever, one.outcome], learned.indicators, frequency)
        for one in tested_together(found)
    )
