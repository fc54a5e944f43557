"""The layered layout is deterministic, overlaps nothing, runs left to right and does not add crossings."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from causal_service.graph.layout import count_crossings, layered_layout

NAMES = [f"n{index:02d}" for index in range(14)]


@st.composite
def layered_graphs(draw: st.DrawFn):
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    layer = {name: draw(st.one_of(st.none(), st.integers(0, 3))) for name in names}
    possible = list(combinations(names, 2))
    edges = draw(st.lists(st.sampled_from(possible), unique=True, max_size=30)) if possible else []
    return names, edges, layer


def forward(edge: tuple[str, str], layer: dict[str, int | None]) -> bool:
    """An edge that no declared layer forbids to run to the right."""
    one, two = layer[edge[0]], layer[edge[1]]
    return one is not None and two is not None and one <= two


@given(layered_graphs())
@settings(max_examples=60, deadline=None)
def test_same_input_in_any_order_gives_the_same_nodes(graph):
    names, edges, layer = graph
    assert layered_layout(names, edges, layer) == layered_layout(names, edges, layer)
    assert layered_layout(names[::-1], edges, layer) == layered_layout(names, edges, layer)


@given(layered_graphs())
@settings(max_examples=60, deadline=None)
def test_nodes_never_overlap(graph):
    names, edges, layer = graph
    places = layered_layout(names, edges, layer).positions
    assert set(places) == set(names)
    for one, two in combinations(places.values(), 2):
        assert one[0] != two[0] or abs(one[1] - two[1]) >= 1 - 1e-5


@given(layered_graphs())
@settings(max_examples=60, deadline=None)
def test_edges_run_left_to_right_one_column_at_a_time(graph):
    names, edges, layer = graph
    layout = layered_layout(names, edges, layer)
    assert set(layout.routes) == set(edges)
    for edge, route in layout.routes.items():
        assert route[0] == layout.positions[edge[0]]
        assert route[-1] == layout.positions[edge[1]]
        assert {abs(two[0] - one[0]) for one, two in pairwise(route)} == {1.0}
        if forward(edge, layer):  # the random edges are acyclic, so only layers can turn one round
            assert route[0][0] < route[-1][0]


@given(layered_graphs())
@settings(max_examples=60, deadline=None)
def test_crossings_are_never_above_the_first_order(graph):
    layout = layered_layout(*graph)
    assert 0 <= layout.crossings <= layout.initial_crossings


@given(layered_graphs())
@settings(max_examples=60, deadline=None)
def test_layers_become_columns_in_their_order(graph):
    names, edges, layer = graph
    places = layered_layout(names, edges, layer).positions
    for one, two in combinations(names, 2):
        if layer[one] is not None and layer[two] is not None and layer[one] < layer[two]:
            assert places[one][0] < places[two][0]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
def test_crossing_count_is_the_count_of_crossing_pairs(segments):
    pairs = combinations(segments, 2)
    assert count_crossings(segments) == sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in pairs)


def test_two_crossed_edges_are_uncrossed():
    layout = layered_layout("abcd", [("a", "d"), ("b", "c")], {"a": 0, "b": 0, "c": 1, "d": 1})
    assert (layout.initial_crossings, layout.crossings) == (1, 0)


def test_one_layer_is_split_by_its_longest_path():
    places = layered_layout("abc", [("a", "b"), ("b", "c")], dict.fromkeys("abc", 0)).positions
    assert [places[name][0] for name in "abc"] == [0, 1, 2]


def test_untiered_graphs_use_the_longest_path():
    places = layered_layout("abcd", [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")], {}).positions
    assert places["a"][0] < places["b"][0] < places["c"][0]
    assert places["d"][0] == places["b"][0]  # a pure cause stands next to its effect


def test_a_cycle_keeps_the_earlier_edge_forward():
    layout = layered_layout("ab", [("b", "a"), ("a", "b")], {})
    assert layout.positions["b"][0] < layout.positions["a"][0]
    assert layout.routes["a", "b"] == layout.routes["b", "a"][::-1]


def test_feedback_into_an_earlier_layer_runs_backwards():
    layout = layered_layout("ab", [("b", "a")], {"a": 0, "b": 1})
    assert layout.routes["b", "a"][0][0] > layout.routes["b", "a"][-1][0]


def test_an_empty_graph_is_empty():
    assert layered_layout([], [], {}).positions == {}
