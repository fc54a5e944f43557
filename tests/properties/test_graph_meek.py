"""What holds for every class of graphs, whatever the graph and the knowledge."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from causal_service.graph.arrays import edges_of, pdag_of
from causal_service.graph.causal_graph import Node
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Knowledge
from causal_service.graph.separation import is_acyclic
from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.meek import close, mpdag, sample_member

Bool = NDArray[np.bool_]


@st.composite
def informed_dags(draw: st.DrawFn) -> tuple[Bool, list[int]]:
    """A DAG (p, d) and tiers that it respects within the period."""
    p = draw(st.integers(1, 8))
    lags = draw(st.integers(0, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.floats(0.05, 0.9))
    order = rng.permutation(p)
    now = np.tril(rng.random((p, p)) < density, -1)[np.ix_(np.argsort(order), np.argsort(order))]
    cuts = np.sort(rng.integers(0, p + 1, draw(st.integers(0, 3))))
    tiers = [int(np.searchsorted(cuts, position, side="right")) for position in np.argsort(order)]
    return np.concatenate([rng.random((p, lags * p)) < density / 2, now], axis=1), tiers


def knowledge_of(tiers: list[int]) -> Knowledge:
    return Knowledge({f"x{i}": tier for i, tier in enumerate(tiers)})


def skeleton(A: Bool) -> Bool:
    return A | A.T


def colliders(parents: Bool) -> set[tuple[int, int, int]]:
    p, d = parents.shape
    m = d - p
    beside = np.zeros((d, d), bool)
    beside[m:] = parents
    beside[:m, :m] = True
    beside |= beside.T
    return {
        (a, y, b)
        for y in range(p)
        for a in np.flatnonzero(parents[y])
        for b in range(a)
        if parents[y, b] and not beside[a, b]
    }


@given(informed_dags())
@settings(deadline=None, max_examples=150)
def test_closure_is_idempotent_keeps_the_skeleton_and_never_breaks_layers(case: tuple[Bool, list[int]]) -> None:
    parents, tiers = case
    p, d = parents.shape
    names = [f"x{i}" for i in range(p)]
    knowledge = knowledge_of(tiers)
    found = mpdag(parents, knowledge.allowed_now(names))
    again = found.copy()
    close(again, np.ascontiguousarray(parents[:, : d - p]))
    assert np.array_equal(again, found)
    assert np.array_equal(skeleton(found), skeleton(parents[:, d - p :]))
    full = np.concatenate([parents[:, : d - p], found], axis=1)
    certificate = certify([Node(n, None) for n in names], edges_of(full, names), knowledge)
    assert certificate.tiers == "kept"
    assert certificate.acyclic


@given(informed_dags(), st.integers(0, 2**31))
@settings(deadline=None, max_examples=150)
def test_members_share_skeleton_and_colliders_and_give_the_same_class(case: tuple[Bool, list[int]], seed: int) -> None:
    parents, tiers = case
    p, d = parents.shape
    allowed = knowledge_of(tiers).allowed_now([f"x{i}" for i in range(p)])
    found = mpdag(parents, allowed)
    member, _ = sample_member(found, np.uint64(key_of(seed, 0, 0)))
    full = np.concatenate([parents[:, : d - p], member], axis=1)
    assert is_acyclic(member)
    assert not (member & ~allowed).any()
    assert np.array_equal(skeleton(member), skeleton(found))
    assert colliders(full) == colliders(parents)
    assert np.array_equal(mpdag(full, allowed), found)


@given(informed_dags(), st.integers(0, 2**31))
@settings(deadline=None, max_examples=100)
def test_the_order_of_the_indicators_changes_nothing_but_names(case: tuple[Bool, list[int]], seed: int) -> None:
    parents, tiers = case
    p, d = parents.shape
    shuffled = np.random.default_rng(seed).permutation(p)
    columns = np.concatenate([block * p + shuffled for block in range(d // p)])
    allowed = knowledge_of(tiers).allowed_now([f"x{i}" for i in range(p)])
    direct = mpdag(parents, allowed)[np.ix_(shuffled, shuffled)]
    moved = mpdag(
        np.ascontiguousarray(parents[np.ix_(shuffled, columns)]),
        np.ascontiguousarray(allowed[np.ix_(shuffled, shuffled)]),
    )
    assert np.array_equal(direct, moved)


@given(informed_dags())
@settings(deadline=None, max_examples=100)
def test_arrays_become_edges_and_come_back(case: tuple[Bool, list[int]]) -> None:
    parents, _ = case
    p, d = parents.shape
    names = [f"x{i}" for i in range(p)]
    full = np.concatenate([parents[:, : d - p], mpdag(parents, np.ones((p, p), bool))], axis=1)
    assert np.array_equal(pdag_of(edges_of(full, names), names, d // p - 1), full)
