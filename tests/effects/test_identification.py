"""Identification: optimal adjustment sets, what is left open and why, hidden causes got round or said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import Draw
from causal_service.effects.identification import Identification, graph_at, hidden_causes, identify
from causal_service.effects.strategies import is_adjustment
from causal_service.graph.arrays import edges_of
from causal_service.graph.causal_graph import CausalGraph, Certificate, Edge
from causal_service.numerics.meek import enumerate_members, mpdag
from causal_service.numerics.possible_paths import open_ways


def arrows(p: int, lags: int, *edges: tuple[int, int, int]) -> np.ndarray:
    """A graph (p, d) from (cause, effect, lag)."""
    found = np.zeros((p, (lags + 1) * p), bool)
    for cause, effect, lag in edges:
        found[effect, (lags - lag) * p + cause] = True
    return found


def known(found: np.ndarray, *, loadings: np.ndarray | None = None, marks: tuple[Edge, ...] = ()) -> Discovery:
    """A discovery whose only draw is the full sample."""
    p, d = found.shape
    now = found[:, d - p :]
    members = [np.concatenate([found[:, : d - p], member], axis=1) for member in enumerate_members(now.copy(), 1000)[0]]
    member = np.stack(members)
    none = np.zeros((p, d), bool)
    draw = Draw(found, member, member * 0.5, np.arange(p), none, np.empty(0) if loadings is None else loadings)
    names = tuple("abcdef"[:p])
    graph = CausalGraph((), (*edges_of(found, names), *marks), Certificate("none", "none", "none", True))
    return Discovery(names, d // p - 1, "boss", graph, draw, (draw,), True, ())


def row(discovery: Discovery, lever: str, outcome: str, horizon: int = 3) -> Identification:
    return identify(discovery, [lever], [outcome], horizon)[0]


def random_dag(rng: np.random.Generator, p: int, lags: int) -> np.ndarray:
    order = rng.permutation(p)
    now = np.zeros((p, p), bool)
    for i in range(p):
        for j in range(i):
            now[order[i], order[j]] = rng.random() < 0.35
    past = rng.random((p, lags * p)) < 0.12
    return np.concatenate([past, now], axis=1)


def test_the_optimal_set_stands_beside_the_outcome_not_beside_the_lever():
    # d -> a -> b, c -> b: c lowers the variance, d raises it (Henckel, Perkovic & Maathuis 2022, example 1)
    found = row(known(arrows(4, 0, (3, 0, 0), (0, 1, 0), (2, 1, 0))), "a", "b")
    assert (found.strategy, found.adjustment, found.delay) == ("backdoor", ("c",), 0)


def test_a_confounder_is_adjusted_for_and_a_mediator_is_not():
    found = row(known(arrows(4, 0, (2, 0, 0), (2, 1, 0), (0, 3, 0), (3, 1, 0))), "a", "b")
    assert found.adjustment == ("c",)


def test_lagged_confounders_are_named_with_their_lag():
    found = row(known(arrows(2, 1, (0, 0, 1), (1, 1, 1), (1, 0, 1), (0, 1, 0))), "a", "b")
    assert found.adjustment == ("b[t-1]",)


def test_an_effect_that_arrives_later_says_when():
    found = row(known(arrows(2, 1, (0, 0, 1), (1, 1, 1), (0, 1, 1))), "a", "b")
    assert (found.delay, found.adjustment) == (1, ("b[t-1]",))


def test_without_a_path_there_is_nothing_to_adjust_for():
    found = row(known(arrows(3, 1, (0, 0, 1), (1, 0, 0))), "a", "b")
    assert (found.strategy, found.adjustment, found.share) == ("no-path", (), 1.0)


def test_an_open_arrow_at_the_lever_leaves_the_effect_open_and_names_the_neighbour():
    class_ = arrows(3, 0, (0, 2, 0), (2, 0, 0), (2, 1, 0), (1, 2, 0))
    found = row(known(class_), "a", "b")
    assert (found.strategy, found.share) == ("none", 0.0)
    assert (found.unidentified.code, found.unidentified.indicators) == ("open-direction", ("c",))


def test_an_open_arrow_elsewhere_does_not():
    # c -> a -> b as known; d - e open beside them
    found = row(known(arrows(5, 0, (2, 0, 0), (0, 1, 0), (3, 4, 0), (4, 3, 0))), "a", "b")
    assert (found.strategy, found.share) == ("backdoor", 1.0)


@pytest.mark.parametrize("lags", [0, 1])
def test_open_ways_are_those_whose_effect_differs_between_members(lags):
    """Against all members: where nothing is open the optimal set is one for every member and valid in each."""
    rng = np.random.default_rng(7)
    opened = closed = 0
    for _ in range(80):
        dag = random_dag(rng, 5, lags)
        allowed = rng.random((5, 5)) < 0.8
        class_ = dag.copy()
        class_[:, lags * 5 :] = mpdag(dag, allowed)
        discovery = known(class_)
        ways = open_ways(class_, 3)
        for x in range(5):
            causes = {tuple(np.flatnonzero(member[x])) for member in discovery.full.members}
            for y in range(5):
                if x == y:
                    continue
                found = row(discovery, "abcde"[x], "abcde"[y], 2)
                reaching = [graph_at(m, discovery.names, 2, ()) for m in discovery.full.members]
                reached = [bool(g.below(g.only(g.at(x, 2)))[g.at(y, 0)]) for g in reaching]
                if ways[y, x]:
                    opened += 1
                    assert len(causes) > 1
                    assert found.strategy == "none"
                    continue
                closed += 1
                assert len(set(reached)) == 1
                if found.strategy == "backdoor":
                    for member in discovery.full.members:
                        graph = graph_at(member, discovery.names, found.delay, ())
                        held = graph.only()
                        for label in found.adjustment:
                            name, _, ago = label.partition("[t-")
                            held[graph.at("abcde".index(name), int(ago.rstrip("]") or 0))] = True
                        lever, outcome = graph.only(graph.at(x, found.delay)), graph.only(graph.at(y, 0))
                        assert is_adjustment(graph, lever, outcome, held)
    assert opened > 20
    assert closed > 300


def test_a_driver_of_lever_and_outcome_leaves_nothing_to_adjust_for_and_is_named():
    found = row(known(arrows(3, 0, (0, 1, 0)), loadings=np.array([0.4, 0.5, 0.0])), "a", "b")
    assert (found.strategy, found.adjustment, found.share) == ("none", (), 0.0)
    assert (found.unidentified.code, found.unidentified.indicators) == ("hidden-common-cause", ("b",))


def test_a_driver_behind_a_measured_cause_is_adjusted_away():
    # driver moves c and b; c -> a; adjusting for c is enough
    found = row(known(arrows(3, 0, (2, 0, 0), (0, 1, 0)), loadings=np.array([0.0, 0.5, 0.4])), "a", "b")
    assert (found.strategy, found.adjustment) == ("backdoor", ("c",))


def test_the_front_door_is_found():
    found = row(known(arrows(3, 0, (0, 2, 0), (2, 1, 0)), loadings=np.array([0.4, 0.5, 0.0])), "a", "b")
    assert (found.strategy, found.through) == ("front-door", ("c",))


def test_an_instrument_is_found_with_what_must_be_held_equal():
    # d -> c -> a -> b with d -> b: c is an instrument given d
    graph = arrows(4, 0, (3, 2, 0), (2, 0, 0), (0, 1, 0), (3, 1, 0))
    found = row(known(graph, loadings=np.array([0.4, 0.5, 0.0, 0.0])), "a", "b")
    assert (found.strategy, found.through, found.adjustment) == ("instrument", ("c",), ("d",))


def test_a_marked_pair_counts_as_a_hidden_cause():
    marks = (Edge("a", "b", 0, "<->", 0.6, 0.2),)
    discovery = known(arrows(3, 0, (0, 1, 0)), marks=marks)
    assert [cause.children for cause in hidden_causes(discovery)] == [((0, 0), (1, 0))]
    assert row(discovery, "a", "b").unidentified.code == "hidden-common-cause"


def test_the_share_counts_draws():
    clear, driven = known(arrows(2, 0, (0, 1, 0))), known(arrows(2, 0, (0, 1, 0)), loadings=np.array([0.5, 0.5]))
    mixed = replace(clear, draws=(clear.full, clear.full, clear.full, driven.full))
    assert row(mixed, "a", "b").share == 0.75
