"""The certificate names every edge that breaks what was demanded."""

from __future__ import annotations

import pytest

from causal_service.graph.causal_graph import Certificate, Edge, Mark, Node
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Knowledge

NODES = tuple(Node(name, None) for name in "abc")
TIERS = {"a": 0, "b": 1}


def edge(source: str, target: str, lag: int = 0, mark: Mark = "-->") -> Edge:
    return Edge(source, target, lag, mark, None, None)


def test_nothing_demanded_nothing_broken() -> None:
    assert certify(NODES, [edge("b", "a")], Knowledge({})) == Certificate("none", "none", "none", True)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (edge("a", "b"), "kept"),
        (edge("b", "a"), "broken"),
        (edge("b", "a", lag=1), "kept"),
        (edge("a", "b", mark="---"), "broken"),
        (edge("a", "b", mark="o->"), "kept"),
        (edge("b", "a", mark="o->"), "broken"),
        (edge("a", "b", mark="o-o"), "broken"),
        (edge("a", "b", mark="<->"), "kept"),
        (edge("b", "c"), "kept"),
    ],
)
def test_tiers_bind_the_same_period_only_and_may_not_be_left_open(found: Edge, verdict: str) -> None:
    certificate = certify(NODES, [found], Knowledge(TIERS))
    assert certificate.tiers == verdict
    assert bool(certificate.violations) == (verdict == "broken")


def test_required_at_some_lag_and_at_a_lag() -> None:
    found = [edge("a", "b", lag=1), edge("b", "c", mark="---")]
    assert certify(NODES, found, Knowledge({}, required=(("a", "b", None),))).required == "kept"
    broken = certify(NODES, found, Knowledge({}, required=(("a", "b", 0), ("b", "c", None))))
    assert broken.required == "broken"
    assert broken.violations == (
        "required: a --> b (lag 0) is absent",
        "required: b --> c is absent",
    )


def test_forbidden_without_lag_is_forbidden_at_every_lag() -> None:
    found = [edge("a", "b", lag=2), edge("b", "c")]
    certificate = certify(NODES, found, Knowledge({}, forbidden=(("a", "b", None), ("b", "c", 1))))
    assert certificate.forbidden == "broken"
    assert certificate.violations == ("forbidden: a --> b (lag 2)",)


def test_only_the_same_period_must_be_acyclic() -> None:
    lagged = [edge("a", "b"), edge("b", "a", lag=1), edge("c", "c", lag=1)]
    assert certify(NODES, lagged, Knowledge({})).acyclic
    circle = certify(NODES, [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("a", "c", lag=1)], Knowledge({}))
    assert not circle.acyclic
    assert circle.violations == ("cycle: a --> b", "cycle: b --> c", "cycle: c --> a")


def test_demands_on_indicators_outside_the_graph_are_not_judged() -> None:
    knowledge = Knowledge({"x": 0}, required=(("x", "a", None),), forbidden=(("a", "x", None),))
    assert certify(NODES, [], knowledge) == Certificate("none", "none", "none", True)
