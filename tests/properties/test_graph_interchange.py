"""Any graph survives every format."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from causal_service.graph.causal_graph import CausalGraph, Certificate, Edge, Mark, Node
from causal_service.graph.dot import from_dot, to_dot
from causal_service.graph.interchange import from_gml, from_json, from_networkx, to_gml, to_json, to_networkx

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)
VERDICT = st.sampled_from(["kept", "broken", "none"])
MARKS: list[Mark] = ["-->", "---", "o->", "o-o", "<->"]


@st.composite
def graphs(draw: st.DrawFn) -> CausalGraph:
    names = sorted(draw(st.sets(TEXT, max_size=5)))
    nodes = tuple(Node(name, draw(st.none() | TEXT)) for name in names)
    slots = [(s, t, lag) for s in names for t in names for lag in range(3) if s != t or lag]
    chosen = draw(st.lists(st.sampled_from(slots), unique=True, max_size=6)) if slots else []
    edges = tuple(
        Edge(s, t, lag, draw(st.sampled_from(MARKS)), draw(NUMBER), draw(NUMBER)) for s, t, lag in sorted(chosen)
    )
    violations = tuple(draw(st.lists(TEXT, max_size=2)))
    return CausalGraph(
        nodes, edges, Certificate(draw(VERDICT), draw(VERDICT), draw(VERDICT), draw(st.booleans()), violations)
    )


@given(graphs())
@settings(deadline=None, max_examples=200)
def test_every_format_gives_the_graph_back(graph: CausalGraph) -> None:
    assert from_json(to_json(graph)) == graph
    assert from_networkx(to_networkx(graph)) == graph
    assert from_gml(to_gml(graph)) == graph
    assert from_dot(to_dot(graph)) == graph
