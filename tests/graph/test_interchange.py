"""Graphs go out to other formats and come back equal; what cannot be read is refused in one line."""

from __future__ import annotations

import json

import pytest

from causal_service.errors import UnreadableFile
from causal_service.graph.causal_graph import CausalGraph, Certificate, Edge, Node
from causal_service.graph.dot import from_dot, to_dot
from causal_service.graph.interchange import (
    from_dict,
    from_gml,
    from_json,
    from_networkx,
    to_dict,
    to_gml,
    to_json,
    to_networkx,
)

GRAPH = CausalGraph(
    nodes=(Node('a "quoted" \\ name', "process"), Node("certificate", None), Node("客户满意度", "业务")),
    edges=(
        Edge('a "quoted" \\ name', 'a "quoted" \\ name', 1, "-->", 1.0, 0.1 + 0.2),
        Edge('a "quoted" \\ name', "客户满意度", 0, "-->", 0.97, -0.62),
        Edge('a "quoted" \\ name', "客户满意度", 1, "o->", None, None),
        Edge("certificate", "客户满意度", 0, "---", None, 1e-12),
        Edge("certificate", "客户满意度", 1, "<->", 0.9, 0.3),
        Edge("certificate", "客户满意度", 2, "o-o", 0.4, None),
    ),
    certificate=Certificate("broken", "none", "kept", True, ('tiers: "x" --> y',)),
)
EMPTY = CausalGraph((), (), Certificate("none", "none", "none", True))


@pytest.mark.parametrize("graph", [GRAPH, EMPTY])
def test_round_trips(graph: CausalGraph) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(graph)))) == graph
    assert from_json(to_json(graph)) == graph
    assert from_networkx(to_networkx(graph)) == graph
    assert from_gml(to_gml(graph)) == graph
    assert from_dot(to_dot(graph)) == graph


def test_json_holds_what_the_contract_names() -> None:
    content = to_dict(GRAPH)
    assert content["nodes"][1] == {"name": "certificate", "layer": None}
    assert content["edges"][1] == {
        "source": 'a "quoted" \\ name',
        "target": "客户满意度",
        "lag": 0,
        "mark": "-->",
        "frequency": 0.97,
        "strength": -0.62,
    }
    without_violations = {**content, "certificate": {**content["certificate"]}}
    del without_violations["certificate"]["violations"]
    assert from_dict(without_violations).certificate.violations == ()


def test_networkx_graph_belongs_to_the_caller() -> None:
    exported = to_networkx(GRAPH)
    exported.remove_node("客户满意度")
    assert to_networkx(GRAPH).number_of_edges('a "quoted" \\ name', "客户满意度") == 2


@pytest.mark.parametrize(
    "text",
    ["", "graph x {}", 'digraph x { "a }', "digraph x { a -> ; }", 'digraph x { "a" [layer] }', "digraph x { }"],
)
def test_broken_dot_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        from_dot(text)
    assert refusal.value.code == "unreadable-graph"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nodes": 3, "edges": [], "certificate": {}}', "\x00"])
def test_broken_json_and_gml_are_refused(text: str) -> None:
    with pytest.raises(UnreadableFile):
        from_json(text)
    with pytest.raises(UnreadableFile):
        from_gml(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [("mark", "->"), ("lag", -1), ("lag", 0.5), ("target", "nobody"), ("frequency", "much"), ("source", None)],
)
def test_wrong_values_are_refused(key: str, value: object) -> None:
    content = to_dict(GRAPH)
    content["edges"][1][key] = value
    with pytest.raises(UnreadableFile):
        from_dict(content)
