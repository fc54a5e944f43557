"""Whatever a library proposes and whatever the knowledge, what is returned keeps the knowledge and has no cycle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from causal_service.discovery.partial_ancestral import edges_of_marks, informed
from causal_service.discovery.raw_graph import causal_reading, settle, settled_graph
from causal_service.errors import KnowledgeConflict
from causal_service.graph.arrays import edges_of, pdag_of
from causal_service.graph.causal_graph import Certificate, Node
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Arrow, Knowledge

pytestmark = pytest.mark.slow

ORDER = ["first", "second", "third"]


def kept(certificate: Certificate) -> bool:
    return "broken" not in (certificate.tiers, certificate.required, certificate.forbidden) and certificate.acyclic


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], int, Knowledge, np.random.Generator]:
    """Names, lags, knowledge without contradiction, and a generator for the proposal."""
    names = [f"x{i}" for i in range(draw(st.integers(2, 6)))]
    lags = draw(st.integers(0, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layers = {name: draw(st.sampled_from([None, *ORDER])) for name in names}

    def some_arrows(count: int) -> list[Arrow]:
        chosen: list[Arrow] = []
        for _ in range(rng.integers(0, count + 1)):
            cause, effect = rng.choice(names, 2, replace=False)
            lag = int(rng.integers(-1, lags + 1))
            chosen.append((str(cause), str(effect), None if lag < 0 else lag))
        return chosen

    try:
        required, forbidden = some_arrows(3), some_arrows(4)
        knowledge = Knowledge.build(names, layers, ORDER, required=required, forbidden=forbidden, max_lag=lags)
    except KnowledgeConflict:
        assume(False)
        raise
    return names, lags, knowledge, rng


@given(cases())
@settings(deadline=None, max_examples=300)
def test_a_settled_graph_keeps_all_knowledge_and_settling_again_changes_nothing(
    case: tuple[list[str], int, Knowledge, np.random.Generator],
) -> None:
    names, lags, knowledge, rng = case
    p = len(names)
    found = rng.random((p, (lags + 1) * p)) < rng.uniform(0.1, 0.8)
    np.fill_diagonal(found[:, lags * p :], False)
    graph = settled_graph("any", found, names, lags, knowledge)
    assert kept(graph.certificate), graph.certificate.violations
    settled = pdag_of(graph.edges, names, lags)
    again, changes = settle(settled, names, lags, knowledge)
    assert np.array_equal(again, settled)
    assert changes == ()


@given(cases())
@settings(deadline=None, max_examples=300)
def test_an_ancestral_graph_keeps_all_knowledge(
    case: tuple[list[str], int, Knowledge, np.random.Generator],
) -> None:
    names, lags, knowledge, rng = case
    d = (lags + 1) * len(names)
    edge = np.triu(rng.random((d, d)) < rng.uniform(0.1, 0.8), 1)
    marks = (rng.integers(1, 4, (d, d)) * (edge | edge.T)).astype(np.int8)
    result, _ = informed(marks, names, lags, knowledge)
    edges = edges_of_marks(result, names, lags)
    certificate = certify([Node(name, None) for name in names], edges, knowledge)
    assert kept(certificate), certificate.violations
    assert all(e.mark in ("-->", "o->", "<->") for e in edges if e.lag > 0)
    causes = edges_of(causal_reading(edges, names, lags, knowledge), names)
    read = certify([Node(name, None) for name in names], causes, knowledge)
    assert kept(read), read.violations
