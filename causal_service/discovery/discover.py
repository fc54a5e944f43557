"""The verb ``discover``: moments and knowledge in, a graph with frequencies and the draws behind it out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from causal_service.discovery.common_causes import with_common_causes
from causal_service.discovery.consensus import consensus_edges
from causal_service.discovery.hidden_driver import HiddenDriver, hidden_drivers
from causal_service.discovery.raw_graph import causal_reading
from causal_service.discovery.resampling import (
    Draw,
    Progress,
    beside,
    full_sample,
    refitted,
    resampled,
    samples,
    whole_sample,
)
from causal_service.discovery.search_problem import SearchProblem, search_problem
from causal_service.errors import CallError, KnowledgeConflict, Text, nearest
from causal_service.graph.arrays import edges_of
from causal_service.graph.causal_graph import CausalGraph, Edge, Node
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Knowledge
from causal_service.numerics.keyed_random import key_of
from causal_service.preparation.prepared import Prepared

__all__ = ["METHODS", "Discovery", "Method", "check_method", "discover"]

Method = Literal["boss", "pc", "ges", "fci"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, slots=True, eq=False)
class Discovery:
    """What was learned about causes."""

    names: tuple[str, ...]
    """All p indicators, sorted."""
    lags: int
    """Number of lags L."""
    method: Method
    """Which search."""
    graph: CausalGraph
    """The graph to report, with frequencies, strengths and certificate."""
    full: Draw
    """Learned on the full sample."""
    draws: tuple[Draw, ...]
    """One per resample."""
    graph_resampled: bool
    """Whether the graph itself was learned again in every draw (otherwise only the coefficients were)."""
    notes: tuple[Text, ...]
    """What a library's graph needed to agree with the knowledge."""
    drivers: tuple[HiddenDriver, ...] = ()
    """Hidden drivers that may stand behind the outcomes; the strongest is part of the draws that it explains better."""


def discover(
    prepared: Prepared,
    knowledge: Knowledge,
    *,
    layers: Mapping[str, str | None] | None = None,
    outcomes: Sequence[str] = (),
    horizon: int = 3,
    method: Method = "boss",
    resamples: int = 200,
    seed: int = 0,
    penalty: float | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Discovery:
    """Learn a graph.

    Parameters
    ----------
    prepared : moments.
    knowledge : tiers, required and forbidden arrows; enforced inside our search, settled afterwards for the others.
    layers : layer of each indicator, for the nodes of the graph.
    outcomes : indicators behind which a hidden driver is looked for (``boss`` with lags only).
    horizon : periods ahead of the effects that a driver may put in doubt.
    method : ``boss`` = our tiered order search, learned again in every draw; ``pc``, ``ges``, ``fci`` = causal-learn,
        learned once on the full sample, with only the coefficients resampled.
    resamples : number of draws B.
    seed : non-negative integer; same seed, same bytes.
    penalty : full-sample penalty discount; default 1 below 250 effective rows, else 2.
    threads : worker threads; the result does not depend on it.
    progress : called with (done, of) after each draw.

    Raises
    ------
    CallError : ``unknown-method``.
    KnowledgeConflict : the learned graph breaks the knowledge (cannot happen by construction; re-checked all the same).
    """
    check_method(method)
    problem = search_problem(prepared, knowledge)
    workers = threads if threads is not None else (os.cpu_count() or 1)
    with threadpool_limits(1):
        if method == "boss":
            full = full_sample(prepared, problem, seed, penalty)
            drivers = hidden_drivers(prepared, problem, outcomes, horizon=horizon, seed=seed)
            plausible = [driver for driver in drivers if driver.plausible]
            strongest = max(plausible, key=lambda driver: driver.evidence, default=None)
            draws = resampled(
                prepared,
                problem,
                full.order,
                draws=resamples,
                seed=seed,
                threads=workers,
                progress=progress,
                driver=None if strongest is None else strongest.factor,
                outcomes=[prepared.names.index(outcome) for outcome in outcomes],
            )
            if strongest is not None and strongest.strong:
                full = beside(
                    prepared, strongest.factor, whole_sample(prepared, penalty), np.uint64(key_of(seed, 0, 4))
                )
            edges = consensus_edges(draws, prepared.names, problem.allowed)
            edges = with_common_causes(edges, draws, prepared.names, problem.required[:, -len(prepared.names) :])
            notes: tuple[Text, ...] = ()
        else:
            drivers = ()
            full, draws, edges, notes = _by_library(prepared, problem, method, resamples, seed, penalty, progress)
    nodes = tuple(Node(name, (layers or {}).get(name)) for name in prepared.names)
    certificate = certify(nodes, edges, knowledge)
    if "broken" in (certificate.tiers, certificate.required, certificate.forbidden) or not certificate.acyclic:
        raise _broken(certificate.violations)
    graph = CausalGraph(nodes, edges, certificate)
    return Discovery(prepared.names, prepared.lags, method, graph, full, draws, method == "boss", notes, drivers)


def _by_library(
    prepared: Prepared,
    problem: SearchProblem,
    method: Method,
    resamples: int,
    seed: int,
    penalty: float | None,
    progress: Progress | None,
) -> tuple[Draw, tuple[Draw, ...], tuple[Edge, ...], tuple[Text, ...]]:
    """Learn once with causal-learn on the within-covariance of all but the totals, then resample coefficients."""
    from causal_service.discovery import via_causallearn as door

    if prepared.totals:
        raise CallError(
            "method-needs-no-totals",
            Text(
                f"方法 {method} 不能处理加总指标：{', '.join(t.name for t in prepared.totals)}。",
                f"Method {method} cannot handle indicators that are sums of others: "
                f"{', '.join(t.name for t in prepared.totals)}.",
            ),
            Text("请改用 boss，或去掉这些指标。", "Use boss, or leave these indicators out."),
        )
    whole = whole_sample(prepared, penalty)
    within, discount = whole.within, whole.discount
    n, names, lags, known = prepared.effective_n, prepared.names, prepared.lags, problem.knowledge
    calls: dict[str, Callable[[], door.RawGraph]] = {
        "pc": lambda: door.pc(within, n, names, lags, known, alpha=door.alpha_of(discount, n)),
        "ges": lambda: door.ges(within, n, names, lags, known, penalty_discount=discount),
        "fci": lambda: door.fci(within, n, names, lags, known, alpha=door.alpha_of(discount, n)),
    }
    raw = calls[method]()
    found = causal_reading(raw.edges, names, lags, known)
    full = refitted(prepared, found, whole, np.uint64(key_of(seed, 0, 3)))
    draws: list[Draw] = []
    for chunk in samples(prepared, resamples, seed):
        draws += [refitted(prepared, found, s, np.uint64(key_of(seed, s.index, 3))) for s in chunk]
        if progress is not None:
            progress(len(draws), resamples)
    strength = _strength_by_edge(draws, names, lags)
    edges = tuple(replace(e, strength=strength.get((e.source, e.target, e.lag))) for e in raw.edges)
    return full, tuple(draws), edges, raw.repairs


def _strength_by_edge(draws: Sequence[Draw], names: Sequence[str], lags: int) -> dict[tuple[str, str, int], float]:
    from causal_service.discovery.consensus import mean_strength

    strength: NDArray[np.float64] = mean_strength(draws)
    p = len(names)
    out = {}
    for edge in edges_of(strength != 0, names):
        x, y = names.index(edge.source), names.index(edge.target)
        column = (lags - edge.lag) * p + x
        value = strength[y, column]
        if edge.mark == "---":
            value = max(value, strength[x, lags * p + y], key=abs)
        out[edge.source, edge.target, edge.lag] = float(value)
    return out


def check_method(method: str) -> None:
    """Raise ``unknown-method`` for a name that is not in ``METHODS``."""
    if method in METHODS:
        return
    near = ", ".join(nearest(method, METHODS) or METHODS)
    raise CallError(
        "unknown-method",
        Text(f"没有名为“{method}”的方法。", f"There is no method '{method}'."),
        Text(f"可用的方法：{near}。", f"Use one of: {near}."),
        {"method": method},
    )


def _broken(violations: Sequence[str]) -> KnowledgeConflict:
    listed = "; ".join(violations[:5])
    return KnowledgeConflict(
        "certificate-broken",
        Text(f"学到的图违反了已知条件：{listed}。", f"The learned graph breaks the knowledge: {listed}."),
        Text(
            "请检查层级、必需边和禁止边是否互相矛盾。", "Check whether layers, required and forbidden edges contradict."
        ),
    )
