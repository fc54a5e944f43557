"""The class of a DAG against brute force over all orientations, and against causal-learn."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.graph.compare import cpdag
from causal_service.graph.separation import is_acyclic
from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.meek import enumerate_members, mpdag, sample_member

Bool = NDArray[np.bool_]


def random_parents(rng: np.random.Generator, p: int, m: int, density: float) -> Bool:
    """A random DAG over p present variables with m lagged ones that may only be parents."""
    order = rng.permutation(p)
    now = np.tril(rng.random((p, p)) < density, -1)[np.ix_(np.argsort(order), np.argsort(order))]
    return np.concatenate([rng.random((p, m)) < density, now], axis=1)


def colliders(parents: Bool) -> set[tuple[int, int, int]]:
    """Unshielded colliders (a, y, b); lagged variables (first columns) count as adjacent to each other."""
    p, d = parents.shape
    m = d - p
    adjacent = np.zeros((d, d), bool)
    adjacent[m:] = parents
    adjacent |= adjacent.T
    adjacent[:m, :m] = True
    return {
        (a, y, b)
        for y in range(p)
        for a in np.flatnonzero(parents[y])
        for b in np.flatnonzero(parents[y])
        if a < b and not adjacent[a, b]
    }


def all_members(parents: Bool, allowed: Bool) -> list[Bool]:
    """Every DAG of the same skeleton and colliders that runs only along allowed arrows."""
    p, d = parents.shape
    m = d - p
    now = parents[:, m:]
    pairs = np.argwhere(now)
    wanted, members = colliders(parents), []
    for turned in product((False, True), repeat=len(pairs)):
        member = np.zeros((p, p), bool)
        for (y, x), turn in zip(pairs, turned, strict=True):
            member[(x, y) if turn else (y, x)] = True
        if not (member & ~allowed).any() and is_acyclic(member):
            full = np.concatenate([parents[:, :m], member], axis=1)
            if colliders(full) == wanted:
                members.append(member)
    return members


def random_allowed(rng: np.random.Generator, now: Bool) -> Bool:
    """Tiers and single exclusions that the DAG itself respects."""
    p = len(now)
    if rng.random() < 0.5:
        excluded = rng.random((p, p)) < 0.3
    else:
        reach = np.linalg.matrix_power(np.eye(p) + now, p) > 0
        tier = reach.sum(axis=1) // 2
        excluded = tier[None, :] > tier[:, None]
    return ~excluded | now


@pytest.mark.parametrize("m", [0, 3])
@pytest.mark.parametrize("informed", [False, True])
def test_class_is_the_union_of_all_members_that_agree_with_the_knowledge(m: int, informed: bool) -> None:
    rng = np.random.default_rng(m + 10 * informed)
    for draw in range(100):
        parents = random_parents(rng, int(rng.integers(2, 6)), m, float(rng.choice([0.3, 0.5, 0.8])))
        now = parents[:, m:]
        allowed = random_allowed(rng, now) if informed else np.ones(now.shape, bool)
        members = all_members(parents, allowed)
        found = mpdag(parents, allowed)
        assert np.array_equal(found, np.any(members, axis=0))
        listed, complete = enumerate_members(found, 1000)
        assert complete
        assert sorted(map(bytes, listed)) == sorted(map(bytes, members))
        member, _ = sample_member(found, np.uint64(key_of(0, draw, 1)))
        assert bytes(member) in set(map(bytes, members))


def test_every_member_is_drawn() -> None:
    chain = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]], bool)
    everything = cpdag(chain)
    members, _ = enumerate_members(everything, 100)
    drawn = {bytes(sample_member(everything, np.uint64(key_of(0, i, 0)))[0]) for i in range(600)}
    assert drawn == set(map(bytes, members))
    assert len(drawn) == 24


def test_limit_says_that_there_are_more() -> None:
    everything = cpdag(np.tril(np.ones((4, 4), bool), -1))
    members, complete = enumerate_members(everything, 23)
    assert len(members) == 23
    assert not complete
    assert enumerate_members(everything, 24)[1]


def test_cpdag_equals_causal_learn() -> None:
    pytest.importorskip("causallearn")
    from causallearn.graph.Dag import Dag
    from causallearn.graph.GraphNode import GraphNode
    from causallearn.utils.DAG2CPDAG import dag2cpdag

    rng = np.random.default_rng(7)
    for _ in range(200):
        p = int(rng.integers(3, 10))
        dag = random_parents(rng, p, 0, float(rng.choice([0.15, 0.3, 0.6])))
        nodes = [GraphNode(f"X{i}") for i in range(p)]
        theirs = Dag(nodes)
        for y, x in np.argwhere(dag):
            theirs.add_directed_edge(nodes[x], nodes[y])
        marks = dag2cpdag(theirs).graph  # marks[y, x] is the mark at y: 1 arrowhead, -1 tail
        expected = (marks == 1) & (marks.T == -1) | (marks == -1) & (marks.T == -1)
        assert np.array_equal(cpdag(dag), expected)
