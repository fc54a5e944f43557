"""DirectLiNGAM (Shimizu et al. 2011) and VAR-LiNGAM (Hyvärinen et al. 2010) of the lingam package."""

from __future__ import annotations

import time

import numpy as np
from answers import Answer, Graph, in_units, responses
from given import Array, Given


def direct_lingam(data: Given, threshold: float, layers: bool) -> Answer:
    """DirectLiNGAM on rows [this | last period] within entities; last period exogenous, layers as prior knowledge."""
    import lingam

    start = time.process_time()
    rows, p = data.now_and_before, data.within.shape[2]
    allowed = np.full((2 * p, 2 * p), -1)
    allowed[p:] = 0
    if layers:
        allowed[:p, :p][data.tier[:, None] < data.tier[None, :]] = 0
    np.fill_diagonal(allowed, -1)
    model = lingam.DirectLiNGAM(prior_knowledge=allowed, apply_prior_knowledge_softly=False, random_state=0)
    model.fit(rows)
    B = model.adjacency_matrix_[:p]
    return _answer(B[:, :p], B[:, p:], data, threshold, start)


def var_lingam(data: Given, threshold: float) -> Answer:
    """VARLiNGAM (pruned) on the within-transformed panel, entities one after another as it knows one series only."""
    import lingam

    start = time.process_time()
    T, N, p = data.filled.shape
    series = data.filled.transpose(1, 0, 2).reshape(N * T, p)
    model = lingam.VARLiNGAM(lags=1, criterion=None, prune=True, random_state=0)
    model.fit(series)
    return _answer(model.adjacency_matrices_[0], model.adjacency_matrices_[1], data, threshold, start)


def _answer(B0: Array, B1: Array, data: Given, threshold: float, start: float) -> Answer:
    B0, B1 = np.where(np.abs(B0) > threshold, B0, 0.0), np.where(np.abs(B1) > threshold, B1, 0.0)
    graph = Graph(now=B0 != 0, later=B1 != 0, open=np.zeros(B0.shape, bool))
    said = responses(B0, B1, data.outcome)
    effects = {kind: in_units(values, data.within_sd, data.outcome) for kind, values in said.items()}
    return Answer(graph=graph, effects=effects, seconds={"all": time.process_time() - start})
