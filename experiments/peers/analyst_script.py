"""causal-learn's PC and DoWhy, as an analyst would script them."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from answers import Answer, Graph, effects_on_graph, in_units, without_open_ends
from given import Array, Bool, Given
from numpy.typing import NDArray

REFUTERS: dict[str, dict[str, Any]] = {
    "random_common_cause": {},
    "placebo_treatment_refuter": {"placebo_type": "permute"},
    "data_subset_refuter": {"subset_fraction": 0.8},
}


def plain_script(data: Given, alpha: float) -> Answer:
    """PC on the pooled rows, then adjusted regressions on its graph; read as the effect of every kind."""
    start = time.process_time()
    now, open_pairs = pc_graph(data.pooled, None, alpha)
    p, y = len(now), data.outcome
    graph = Graph(now=now, later=np.zeros((p, p), bool), open=open_pairs)
    found = time.process_time()
    frame = pd.DataFrame(data.pooled, columns=data.names)
    dag = named(without_open_ends(graph), data.names)
    table = np.zeros((3, p))
    for j in range(p):
        if j != y:
            table[:, j] = estimate(frame, dag, data.names[j], data.names[y]).interval
    value, low, high = (in_units(row, data.pooled_sd, y) for row in table)
    kinds = ("impact", "sustained", "cumulative")
    seconds = {"graph": found - start, "effects": time.process_time() - found}
    return Answer(graph, dict.fromkeys(kinds, value), dict.fromkeys(kinds, (low, high)), seconds=seconds)


def careful_script(data: Given, alpha: float) -> Answer:
    """The same on rows [this | last period] within entities with layers as tiers.

    DoWhy gives ``impact``; the other kinds are what PC's graph implies for a linear system (``effects_on_graph``).
    """
    start = time.process_time()
    p, y, rows = data.within.shape[2], data.outcome, data.now_and_before
    arrows, open_pairs = pc_graph(rows, np.concatenate([data.tier + 1, np.zeros(p, np.int64)]), alpha)
    graph = Graph(now=arrows[:p, :p], later=arrows[:p, p:], open=open_pairs[:p, :p])
    found = time.process_time()
    names = data.names + [f"{name}_before" for name in data.names]
    frame = pd.DataFrame(rows, columns=names)
    parents = np.zeros((2 * p, 2 * p), bool)
    parents[:p] = np.concatenate([without_open_ends(graph), graph.later], axis=1)
    dag = named(parents, names)
    table = np.zeros((3, p))
    for j in range(p):
        if j != y:
            table[:, j] = estimate(frame, dag, names[j], names[y]).interval
    value, low, high = (in_units(row, data.within_sd, y) for row in table)
    effects = effects_on_graph(graph, data) | {"impact": value}
    seconds = {"graph": found - start, "effects": time.process_time() - found}
    return Answer(graph, effects, {"impact": (low, high)}, seconds=seconds)


def pc_graph(rows: Array, tier: NDArray[np.int64] | None, alpha: float) -> tuple[Bool, Bool]:
    """causal-learn's PC with Fisher's z and MaxP colliders: (directed [y, x], open pairs); no links inside tier 0."""
    from causallearn.graph.GraphNode import GraphNode
    from causallearn.search.ConstraintBased.PC import pc
    from causallearn.utils.PCUtils.BackgroundKnowledge import BackgroundKnowledge

    p = rows.shape[1]
    knowledge = None
    if tier is not None:
        knowledge = BackgroundKnowledge()
        nodes = [GraphNode(f"X{j + 1}") for j in range(p)]
        for x in range(p):
            for y in range(p):
                if x != y and (tier[x] > tier[y] or tier[x] == tier[y] == 0):
                    knowledge.add_forbidden_by_node(nodes[x], nodes[y])
    found = pc(rows, alpha, "fisherz", stable=True, uc_rule=1, background_knowledge=knowledge, show_progress=False)
    marks = found.G.graph  # marks[i, j] = 1 and marks[j, i] = -1: j -> i ... read as i <- j
    arrow = (marks == 1) & (marks.T == -1)
    both = ((marks == -1) & (marks.T == -1)) | ((marks == 1) & (marks.T == 1))
    return arrow, both


def named(parents: Bool, names: list[str]) -> nx.DiGraph:
    """Graph with an arrow x -> y for every parents[y, x]."""
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((names[x], names[y]) for y, x in np.argwhere(parents))
    return graph


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """One effect by DoWhy."""

    interval: tuple[float, float, float]
    """(value, low, high), 95 %; zeros where the graph has no way from lever to outcome."""
    model: Any = None
    estimand: Any = None
    value: Any = None


def estimate(frame: pd.DataFrame, graph: nx.DiGraph, lever: str, outcome: str) -> Estimate:
    """Identify and estimate by regression with back-door adjustment."""
    from dowhy import CausalModel

    if not nx.has_path(graph, lever, outcome):
        return Estimate((0.0, 0.0, 0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CausalModel(data=frame.copy(), treatment=lever, outcome=outcome, graph=graph.copy())
        estimand = model.identify_effect(proceed_when_unidentifiable=True)
        value = model.estimate_effect(
            estimand,
            method_name="backdoor.linear_regression",
            effect_modifiers=[],
            confidence_intervals=False,
        )
        low, high = np.ravel(value.get_confidence_intervals())[:2]
    return Estimate((float(value.value), float(low), float(high)), model, estimand, value)


def refute(said: Estimate, repeats: int) -> dict[str, float]:
    """CPU seconds of each refuter."""
    seconds = {}
    for name, options in REFUTERS.items():
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said.model.refute_estimate(
                said.estimand, said.value, method_name=name, num_simulations=repeats, random_seed=0, n_jobs=1, **options
            )
        seconds[name] = time.process_time() - start
    return seconds
