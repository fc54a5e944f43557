"""PCMCI+ of antecedent (PyPI, a Rust engine). Its effects are not comparable here: see question.md."""

from __future__ import annotations

import time

import numpy as np
from answers import Answer, Graph, effects_on_graph
from given import Given


def pcmci_plus(data: Given, alpha: float, layers: bool) -> Answer:
    """Its PCMCI+ over the pooled entities of the panel without entity and period effects, layers as tiers."""
    import antecedent
    from antecedent.discovery import BackgroundKnowledge, PCMCIPlus

    start = time.process_time()
    names, p = data.names, len(data.names)
    units = {
        i: {name: np.ascontiguousarray(data.filled[:, i, j]) for j, name in enumerate(names)}
        for i in range(data.filled.shape[1])
    }
    tiers = [tuple(names[j] for j in np.flatnonzero(data.tier == k)) for k in np.unique(data.tier)]
    search = PCMCIPlus(
        max_lag=1,
        alpha=alpha,
        fdr=False,
        max_cond_size=p,
        knowledge=BackgroundKnowledge(tiers=tuple(tiers)) if layers else None,
    )
    found = search.run(antecedent.data.panel(units), seed=0, threads=1)
    graph, at = Graph(*(np.zeros((p, p), bool) for _ in range(3))), {name: j for j, name in enumerate(names)}
    for edge in found.graph_edges:
        ends = [(at[edge.source], edge.source_lag, edge.at_source), (at[edge.target], edge.target_lag, edge.at_target)]
        (a, lag_a, mark_a), (b, lag_b, mark_b) = sorted(ends, key=lambda end: end[2] != "tail")
        if lag_a == lag_b:
            (graph.now if (mark_a, mark_b) == ("tail", "arrow") else graph.open)[b, a] = True
        else:
            graph.later[(b, a) if lag_a > lag_b else (a, b)] = True
    searched = time.process_time()
    effects = effects_on_graph(graph, data)
    seconds = {"graph": searched - start, "effects": time.process_time() - searched}
    return Answer(graph=graph, effects=effects, seconds=seconds)
