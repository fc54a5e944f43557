"""Ancestors and d-separation, within a period and over time."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.errors import CallError, UnknownName
from causal_service.graph.causal_graph import CausalGraph, Certificate, Edge, Mark, Node
from causal_service.graph.separation import ancestors, d_separated, descendants, is_acyclic, on_cycle, reached


def graph(*edges: tuple[str, str, int] | tuple[str, str, int, Mark]) -> CausalGraph:
    names = sorted({name for edge in edges for name in edge[:2]})
    marked = [Edge(e[0], e[1], e[2], e[3] if len(e) == 4 else "-->", None, None) for e in edges]
    return CausalGraph(
        tuple(Node(name, None) for name in names), tuple(marked), Certificate("none", "none", "none", True)
    )


def test_cycles_are_found_where_they_are() -> None:
    arrows = np.zeros((4, 4), bool)
    arrows[1, 0] = arrows[2, 1] = arrows[0, 2] = arrows[3, 2] = True
    assert not is_acyclic(arrows)
    assert np.argwhere(on_cycle(arrows)).tolist() == [[0, 2], [1, 0], [2, 1]]
    arrows[0, 2] = False
    assert is_acyclic(arrows)
    assert not is_acyclic(np.eye(2, dtype=bool))
    assert is_acyclic(np.zeros((0, 0), bool))


def test_reach_counts_paths_over_all_lags() -> None:
    member = np.zeros((3, 6), bool)
    member[1, 3] = member[2, 1] = True  # 0 -> 1 in one period, 1 -> 2 one period later
    assert reached(member).tolist() == [[True, False, False], [True, True, False], [True, True, True]]


def test_ancestors_go_back_in_time_unless_told_not_to() -> None:
    g = graph(("a", "b", 0), ("b", "c", 1), ("c", "d", 0), ("c", "c", 1), ("u", "d", 0, "<->"))
    assert ancestors(g, "d") == {"a", "b", "c"}
    assert ancestors(g, "d", same_period=True) == {"c"}
    assert descendants(g, "a") == {"b", "c", "d"}
    assert descendants(g, "a", same_period=True) == {"b"}
    with pytest.raises(UnknownName, match="'dd'"):
        ancestors(g, "dd")


@pytest.mark.parametrize(
    ("given", "separated"),
    [([], False), ([("m", 0)], True)],
)
def test_chain_and_fork_are_blocked_by_the_middle(given: list[tuple[str, int]], separated: bool) -> None:
    assert d_separated(graph(("a", "m", 0), ("m", "b", 0)), [("a", 0)], [("b", 0)], given) == separated
    assert d_separated(graph(("m", "a", 0), ("m", "b", 0)), [("a", 0)], [("b", 0)], given) == separated


def test_collider_opens_by_itself_and_by_its_descendants() -> None:
    g = graph(("a", "m", 0), ("b", "m", 0), ("m", "e", 0))
    assert d_separated(g, [("a", 0)], [("b", 0)])
    assert not d_separated(g, [("a", 0)], [("b", 0)], [("m", 0)])
    assert not d_separated(g, [("a", 0)], [("b", 0)], [("e", 0)])


def test_a_hidden_common_cause_connects_and_a_collider_at_it_opens() -> None:
    g = graph(("a", "b", 0, "<->"), ("b", "c", 0, "<->"))
    assert not d_separated(g, [("a", 0)], [("b", 0)])
    assert d_separated(g, [("a", 0)], [("c", 0)])
    assert not d_separated(g, [("a", 0)], [("c", 0)], [("b", 0)])


def test_paths_through_the_past_are_followed() -> None:
    g = graph(("a", "b", 1), ("b", "b", 1), ("a", "a", 1))
    assert not d_separated(g, [("a", 0)], [("b", 0)])
    assert not d_separated(g, [("a", 0)], [("b", 0)], [("b", 1)])
    assert d_separated(g, [("a", 0)], [("b", 0)], [("a", 1), ("b", 1)])


def test_a_common_cause_far_back_is_found() -> None:
    """a and b meet only where 2-step and 3-step chains into them have the same length: six periods ago."""
    g = graph(("u", "a", 2), ("a", "a", 2), ("u", "b", 3), ("b", "b", 3))
    assert not d_separated(g, [("a", 0)], [("b", 0)])


def test_every_missing_edge_of_a_random_dag_is_separated_by_the_parents() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        arrows = np.tril(rng.random((6, 6)) < 0.4, -1)
        names = "abcdef"
        g = graph(*[(names[x], names[y], 0) for y, x in np.argwhere(arrows)], ("f", "g", 0))
        present = {node.name for node in g.nodes}
        for y in range(6):
            for x in range(y):
                if not arrows[y, x] and {names[x], names[y]} <= present:
                    parents = [(names[k], 0) for k in np.flatnonzero(arrows[y])]
                    assert d_separated(g, [(names[x], 0)], [(names[y], 0)], parents)


def test_questions_without_an_answer_are_refused() -> None:
    with pytest.raises(CallError, match="no direction"):
        d_separated(graph(("a", "b", 0, "---")), [("a", 0)], [("b", 0)])
    with pytest.raises(CallError, match="overlap"):
        d_separated(graph(("a", "b", 0)), [("a", 0)], [("a", 0)])
    with pytest.raises(CallError, match="-1 periods ago"):
        d_separated(graph(("a", "b", 0)), [("a", -1)], [("b", 0)])
