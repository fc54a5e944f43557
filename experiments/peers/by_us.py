"""This project's pipeline with its defaults: one call, 200 resamples, one thread."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from answers import KINDS, Answer, Graph
from case import Case

import causal_service as cs


def study(case: Case, layers: bool) -> Answer:
    """Graph, values and intervals of ``cs.study``; an indicator that the study leaves out has effect 0."""
    dictionary = case.dictionary
    if not layers:
        bare = {key: replace(one, layer=None) for key, one in dictionary.indicators.items()}
        dictionary = replace(dictionary, indicators=bare)
    start = time.process_time()
    said = cs.study(case.frame, dictionary=dictionary, outcome=case.names[case.outcome], threads=1)
    seconds = time.process_time() - start
    at, p = {name: j for j, name in enumerate(case.names)}, len(case.names)
    table = {kind: np.zeros((3, p)) for kind in KINDS}
    for effect in said.effects:
        if effect.kind in table:
            table[effect.kind][:, at[effect.lever]] = effect.value, effect.low, effect.high
    graph = Graph(*(np.zeros((p, p), bool) for _ in range(3)))
    for edge in said.graph.edges:
        into = graph.later if edge.lag > 0 else graph.now if edge.mark == "-->" else graph.open
        into[at[edge.target], at[edge.source]] = True
    return Answer(
        graph=graph,
        effects={kind: rows[0] for kind, rows in table.items()},
        intervals={kind: (rows[1], rows[2]) for kind, rows in table.items()},
        seconds={"study": seconds},
    )
