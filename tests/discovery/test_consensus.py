"""The majority graph says what the draws say: frequencies are shares of draws, and no exclusion is ever left open."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.discovery.consensus import consensus_edges, mean_strength
from causal_service.discovery.resampling import Draw
from causal_service.graph.causal_graph import Edge, Node
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Knowledge

NAMES = ("a", "b", "c")
ANY = ~np.eye(3, dtype=bool)


def draw(*arrows: str, lags: int = 0, strength: float = 1.0) -> Draw:
    """A draw from words: ``a>b`` directed, ``a-b`` open, ``a1>b`` one period later."""
    p = len(NAMES)
    found = np.zeros((p, p * (lags + 1)), bool)
    for arrow in arrows:
        source, mark, target = arrow[0], arrow[-2], arrow[-1]
        lag = int(arrow[1]) if arrow[1].isdigit() else 0
        x, y = NAMES.index(source), NAMES.index(target)
        found[y, (lags - lag) * p + x] = True
        if mark == "-":
            found[x, lags * p + y] = True
    member = found.copy()
    now = member[:, lags * p :]
    now &= ~(now & now.T & np.triu(np.ones((p, p), bool)))  # an open pair becomes an arrow out of the first name
    return Draw(found, member[None], strength * member[None].astype(float), np.arange(p), np.zeros_like(member))


def edges(draws: list[Draw], allowed: NDArray[np.bool_] = ANY) -> dict[tuple[str, str, int], tuple[str, float]]:
    found = consensus_edges(draws, NAMES, allowed)
    assert list(found) == sorted(found, key=lambda e: (e.source, e.target, e.lag))
    return {(e.source, e.target, e.lag): (e.mark, e.frequency) for e in found}


def test_an_arrow_of_all_draws():
    assert edges([draw("a>b")] * 4) == {("a", "b", 0): ("-->", 1.0)}


def test_an_adjacency_needs_half_of_the_draws():
    assert edges([draw("a>b")] * 5 + [draw()] * 5) == {("a", "b", 0): ("-->", 0.5)}
    assert edges([draw("a>b")] * 4 + [draw()] * 6) == {}


def test_a_direction_needs_two_thirds_of_the_draws_that_have_the_adjacency():
    assert edges([draw("b>a")] * 4 + [draw("a>b")] * 2 + [draw()] * 2) == {("b", "a", 0): ("-->", 0.5)}
    assert edges([draw("b>a")] * 5 + [draw("a>b")] * 3) == {("a", "b", 0): ("---", 0.0)}


def test_open_edges_count_for_the_adjacency_and_have_their_own_frequency():
    assert edges([draw("b-c")] * 7 + [draw("b>c")] * 3) == {("b", "c", 0): ("---", 0.7)}
    assert edges([draw("b-c")] * 3 + [draw("c>b")] * 7) == {("c", "b", 0): ("-->", 0.7)}


def test_lagged_arrows_are_counted_lag_by_lag():
    draws = [draw("a1>b", "a2>b", lags=2)] * 3 + [draw("a1>b", "a1>a", lags=2)] * 3 + [draw("a>b", lags=2)] * 2
    assert edges(draws) == {("a", "b", 1): ("-->", 0.75)}
    assert edges([*draws[:6]])[("a", "a", 1)] == ("-->", 0.5)


def test_arrows_that_close_a_circle_are_left_open():
    """Each pair is directed by two draws of three, but together they run in a circle."""
    draws = [draw("a>b", "b>c"), draw("b>c", "c>a"), draw("c>a", "a>b")]
    assert {mark for mark, _ in edges(draws).values()} == {"---"}


def test_a_circle_never_opens_what_the_layers_close():
    """a stands before b; c is free. The circle is opened elsewhere."""
    draws = [draw("a>b", "b>c"), draw("b>c", "c>a"), draw("c>a", "a>b")]
    knowledge = Knowledge({"a": 0, "b": 1})
    found = consensus_edges(draws, NAMES, knowledge.allowed_now(NAMES))
    certificate = certify([Node(n, None) for n in NAMES], found, knowledge)
    assert certificate.tiers == "kept"
    assert certificate.acyclic
    assert {(e.source, e.target, e.mark) for e in found} == {("a", "b", "-->"), ("b", "c", "---"), ("a", "c", "---")}


def test_a_circle_in_which_nothing_may_turn_loses_its_rarest_arrow():
    forbidden = (("b", "a", None), ("c", "b", None), ("a", "c", None))
    knowledge = Knowledge({}, (), forbidden)
    draws = [draw("a>b", "b>c")] * 3 + [draw("b>c", "c>a")] * 2 + [draw("c>a", "a>b")] * 2
    found = consensus_edges(draws, NAMES, knowledge.allowed_now(NAMES))
    certificate = certify([Node(n, None) for n in NAMES], found, knowledge)
    assert (certificate.forbidden, certificate.acyclic) == ("kept", True)
    assert {(e.source, e.target) for e in found} == {("a", "b"), ("b", "c")}


def test_strength_is_the_mean_over_draws_that_have_the_arrow():
    draws = [draw("a>b", strength=0.5), draw("a>b", strength=0.7), draw("b>c", strength=9.0)]
    assert mean_strength(draws)[1, 0] == pytest.approx(0.6)
    (edge,) = consensus_edges(draws, NAMES, ANY)
    assert edge == Edge("a", "b", 0, "-->", pytest.approx(2 / 3), pytest.approx(0.6))
