"""Chains that meet two indicators in both orders: the report says that their order is not certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from causal_service.errors import Text
from causal_service.explanation.phrases import Names, name_of, spaced
from causal_service.explanation.results import Chain, Mediation
from causal_service.inference import Inference

__all__ = ["both_orders", "with_both_orders"]

OCCURS = 0.1
"""Share of draws in which an order within a period must occur to count."""


def with_both_orders(rows: Sequence[Mediation], chains: Sequence[Chain], learned: Inference) -> tuple[Mediation, ...]:
    """Return the rows; those whose chains meet two indicators in both orders say that the order is not certain.

    ``chains`` of all outcomes: two outcomes may be each other's go-between.
    """
    members = np.stack([draw.members[0] for draw in learned.discovery.draws])
    now = members[:, :, -len(learned.draws.names) :].mean(axis=0)
    at = {name: i for i, name in enumerate(learned.draws.names)}
    out = []
    for row in rows:
        own = [chain.path for chain in chains if chain.lever == row.lever]
        shown = {pair for c in chains if (c.lever, c.outcome) == (row.lever, row.outcome) for pair in pairwise(c.path)}
        pairs = [
            (a, b)
            for a, b in both_orders(own)
            if shown & {(a, b), (b, a)} and min(now[at[a], at[b]], now[at[b], at[a]]) >= OCCURS
        ]
        out.append(replace(row, sentence=_joined(row.sentence, pairs, learned.indicators)))
    return tuple(out)


def both_orders(paths: Sequence[tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    """Return the pairs, sorted, that follow each other in either order along some of the paths."""
    steps = {step for path in paths for step in pairwise(path)}
    return tuple(sorted((a, b) for a, b in steps if a < b and (b, a) in steps))


def _joined(said: Text, pairs: Sequence[tuple[str, str]], indicators: Names) -> Text:
    for a, b in pairs:
        one, two = name_of(a, indicators), name_of(b, indicators)
        note = spaced(
            f"{one.zh}与{two.zh}谁先谁后并不确定：两种顺序的路径都出现了。",
            f" Which of {one.en} and {two.en} comes first is not certain: chains in both orders occur.",
        )
        said = Text(said.zh + note.zh, said.en + note.en)
    return said
