"""PCMCI+ (Runge 2020) and J-PCMCI+ (Günther et al. 2023) of tigramite, which is GPL and therefore only in an extra."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from answers import Answer, Graph, effects_on_graph
from given import Array, Given
from numpy.typing import NDArray

MISSING = 999.0


def pcmci_plus(data: Given, alpha: float, layers: bool) -> Answer:
    """PCMCI+ on the panel without entity and period effects, one dataset per entity, gaps flagged."""
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    start = time.process_time()
    frame = DataFrame(_entities(data.within), analysis_mode="multiple", missing_flag=MISSING)
    links = _links(data.tier, layers)
    search = PCMCI(dataframe=frame, cond_ind_test=ParCorr(), verbosity=0)
    found = search.run_pcmciplus(tau_min=0, tau_max=1, pc_alpha=alpha, link_assumptions=links)
    return _answer(found["graph"], data, start)


def j_pcmci_plus(data: Given, alpha: float, layers: bool) -> Answer:
    """J-PCMCI+ on the panel as measured; entities and periods enter as its space and time dummies (one-hot)."""
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr_mult import ParCorrMult
    from tigramite.jpcmciplus import JPCMCIplus

    start = time.process_time()
    T, N, p = data.raw.shape
    columns = {i: np.hstack([X, np.eye(T), np.tile(np.eye(N)[i], (T, 1))]) for i, X in _entities(data.raw).items()}
    vectors = {j: [(j, 0)] for j in range(p)}
    vectors |= {p: [(p + t, 0) for t in range(T)], p + 1: [(p + T + i, 0) for i in range(N)]}
    frame = DataFrame(columns, analysis_mode="multiple", missing_flag=MISSING, vector_vars=vectors)
    kinds = dict.fromkeys(range(p), "system") | {p: "time_dummy", p + 1: "space_dummy"}
    links = _links(data.tier, layers)
    for j in range(p):
        links[j] |= {(p, 0): "-?>", (p + 1, 0): "-?>"}
    links |= {p: {}, p + 1: {}}
    search = JPCMCIplus(dataframe=frame, cond_ind_test=ParCorrMult(), node_classification=kinds, verbosity=0)
    found = search.run_jpcmciplus(tau_min=0, tau_max=1, pc_alpha=alpha, link_assumptions=links)
    return _answer(found["graph"][:p, :p], data, start)


def _entities(X: Array) -> dict[int, Array]:
    return {i: np.nan_to_num(X[:, i], nan=MISSING) for i in range(X.shape[1])}


def _links(tier: NDArray[np.int64], layers: bool) -> dict[int, dict[tuple[int, int], str]]:
    """Every lagged link may be; same-period links only from earlier layers to later ones, within one either way."""
    links: dict[int, dict[tuple[int, int], str]] = {}
    for y in range(len(tier)):
        links[y] = {(x, -1): "-?>" for x in range(len(tier))}
        for x in range(len(tier)):
            if x != y:
                ahead = 0 if not layers else int(np.sign(tier[y] - tier[x]))
                links[y][x, 0] = {1: "-?>", 0: "o?o", -1: "<?-"}[ahead]
    return links


def _answer(marks: NDArray[Any], data: Given, start: float) -> Answer:
    """``marks`` [cause, effect, lag]; conflicting and unoriented same-period links count as open pairs."""
    now = (marks[:, :, 0] == "-->").T
    graph = Graph(now=now, later=(marks[:, :, 1] == "-->").T, open=np.isin(marks[:, :, 0], ["o-o", "x-x"]))
    found = time.process_time()
    effects = effects_on_graph(graph, data)
    seconds = {"graph": found - start, "effects": time.process_time() - found}
    return Answer(graph=graph, effects=effects, seconds=seconds)
