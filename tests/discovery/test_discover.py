"""``discover``: knowledge is never broken, threads change nothing, and the graph says what the draws say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_service.discovery import resampling
from causal_service.discovery.discover import Discovery, discover
from causal_service.discovery.resampling import PENALTY_RANGE, Draw, block_weights, settled_penalty
from causal_service.discovery.search_problem import search_problem
from causal_service.errors import CallError
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Arrow, Knowledge
from causal_service.numerics.linear_system import causal_order
from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.prepared import Prepared, Total, prepare

FREE = Knowledge({})
LAYERS = Knowledge({"cycle": 0, "ontime": 1, "rating": 2})
NAMES = ("cycle", "ontime", "rating", "visits")


@pytest.fixture(scope="module")
def prepared(simulated) -> Prepared:
    return prepare(simulated.panel(simulated.frame(0, entities=30, periods=15)), Dictionary(), (), 1)


@pytest.fixture(scope="module")
def found(prepared) -> Discovery:
    return discover(prepared, LAYERS, resamples=60)


def edge(found: Discovery, source: str, target: str, lag: int = 0):
    return next((e for e in found.graph.edges if (e.source, e.target, e.lag) == (source, target, lag)), None)


def same(a: Draw, b: Draw) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("found", "members", "coefficients", "order")
    )


def test_the_planted_arrows_come_back(found):
    for source, target, lag in [("cycle", "ontime", 0), ("cycle", "rating", 0), ("ontime", "rating", 0)]:
        arrow = edge(found, source, target, lag)
        assert arrow is not None
        assert arrow.mark == "-->"
        assert arrow.frequency > 0.9
    assert edge(found, "cycle", "ontime").strength < 0 < edge(found, "ontime", "rating").strength
    assert {(e.source, e.target) for e in found.graph.edges if e.lag == 0} == {
        ("cycle", "ontime"),
        ("cycle", "rating"),
        ("ontime", "rating"),
    }
    assert all(edge(found, name, name, 1).frequency == 1.0 for name in NAMES)


def test_frequencies_are_shares_of_the_draws(found):
    p = len(NAMES)
    for e in found.graph.edges:
        x, y = NAMES.index(e.source), NAMES.index(e.target)
        has = np.array([draw.found[y, (1 - e.lag) * p + x] for draw in found.draws])
        if e.lag == 0:
            reverse = np.array([draw.found[x, p + y] for draw in found.draws])
            has = has & reverse if e.mark == "---" else has & ~reverse
        assert e.frequency == pytest.approx(has.mean(), abs=1e-12)


@pytest.mark.parametrize("threads", [2, 4])
def test_any_number_of_threads_gives_the_same_bytes(prepared, found, threads):
    other = discover(prepared, LAYERS, resamples=60, threads=threads)
    assert other.graph == found.graph
    assert all(same(a, b) for a, b in zip((found.full, *found.draws), (other.full, *other.draws), strict=True))


def test_one_thread_too(prepared, found):
    one = discover(prepared, LAYERS, resamples=60, threads=1)
    assert all(same(a, b) for a, b in zip(found.draws, one.draws, strict=True))


def test_draws_are_worked_in_portions_that_do_not_show(prepared, found, monkeypatch):
    monkeypatch.setattr(resampling, "_CHUNK_FLOATS", 7 * 64)
    portions = discover(prepared, LAYERS, resamples=60)
    for a, b in zip(found.draws, portions.draws, strict=True):
        np.testing.assert_array_equal(a.found, b.found)
        np.testing.assert_allclose(a.coefficients, b.coefficients, atol=1e-6)


def test_another_seed_gives_other_draws(prepared, found):
    other = discover(prepared, LAYERS, resamples=60, seed=1)
    assert not any(
        np.array_equal(a.coefficients, b.coefficients) for a, b in zip(found.draws, other.draws, strict=True)
    )


def test_more_draws_keep_the_first_ones(prepared, found):
    """Random numbers belong to the draw, so that a longer run refines a shorter one."""
    fewer = discover(prepared, LAYERS, resamples=20)
    assert all(np.array_equal(a.found, b.found) for a, b in zip(fewer.draws, found.draws[:20], strict=True))


def test_progress_counts_every_draw(prepared):
    told: list[tuple[int, int]] = []
    discover(prepared, FREE, resamples=20, progress=lambda done, of: told.append((done, of)))
    assert told == [(k, 20) for k in range(1, 21)]


def test_members_are_acyclic_members_of_their_class(prepared):
    for draw in discover(prepared, FREE, resamples=20).draws:
        p = len(NAMES)
        adjacent = draw.found[:, p:] | draw.found[:, p:].T
        for member, coefficients in zip(draw.members, draw.coefficients, strict=True):
            now = member[:, p:]
            assert causal_order(np.ascontiguousarray(now)).min() >= 0
            np.testing.assert_array_equal(now | now.T, adjacent)
            assert not (member & ~draw.found).any()
            np.testing.assert_array_equal(member[:, :p], draw.found[:, :p])
            assert not (coefficients[~member] != 0).any()


def test_block_weights_redistribute_the_blocks_and_spread_the_penalty(prepared):
    drawn = [block_weights(prepared, 0, k) for k in range(300)]
    weights = np.stack([w for w, _ in drawn])
    np.testing.assert_array_equal(weights.sum(axis=1), prepared.blocks)
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.25)
    penalties = np.array([c for _, c in drawn])
    assert PENALTY_RANGE[0] <= penalties.min() < penalties.max() <= PENALTY_RANGE[1]
    assert penalties.std() > 0.2
    np.testing.assert_array_equal(block_weights(prepared, 0, 5)[0], weights[5])


def test_the_full_sample_penalty_depends_on_the_rows(simulated, prepared):
    assert settled_penalty(prepared) == (1.0 if prepared.effective_n < 250 else 2.0)
    small = prepare(simulated.panel(simulated.frame(0, entities=10, periods=10)), Dictionary(), (), 1)
    large = prepare(simulated.panel(simulated.frame(0, entities=30, periods=20)), Dictionary(), (), 1)
    assert small.effective_n < 250 < large.effective_n
    assert (settled_penalty(small), settled_penalty(large)) == (1.0, 2.0)


def test_a_total_is_always_behind_its_parts(simulated):
    frame = simulated.frame(0).assign(total=lambda f: f["cycle"] + f["visits"])
    total = Total("total", ("cycle", "visits"), (1.0, 1.0))
    prepared = prepare(simulated.panel(frame), Dictionary(), (total,), 1)
    found = discover(prepared, FREE, resamples=20)
    into = {(e.source, e.lag, e.mark, e.frequency) for e in found.graph.edges if e.target == "total"}
    assert into == {("cycle", 0, "-->", 1.0), ("visits", 0, "-->", 1.0)}


@st.composite
def knowledges(draw: st.DrawFn) -> Knowledge:
    """Any layers, and arrows that do not contradict them or each other."""
    tiers = {name: draw(st.integers(0, 2)) for name in NAMES if draw(st.booleans())}
    arrow = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([None, 0, 1]))
    arrows = draw(st.lists(arrow.filter(lambda a: a[0] != a[1]), max_size=6, unique_by=lambda a: frozenset(a[:2])))
    layers = {name: str(tier) for name, tier in tiers.items()}
    required: list[Arrow] = []
    forbidden: list[Arrow] = []
    for candidate in arrows:
        kind = required if draw(st.booleans()) else forbidden
        kind.append(candidate)
        try:
            Knowledge.build(NAMES, layers, "012", required=required, forbidden=forbidden, max_lag=1)
        except CallError:
            kind.pop()
    return Knowledge.build(NAMES, layers, "012", required=required, forbidden=forbidden, max_lag=1)


@settings(max_examples=25, deadline=None)
@given(knowledges(), st.integers(0, 5))
def test_knowledge_is_never_broken_in_any_graph(prepared, knowledge, seed):
    """In the reported graph, in the full sample and in every single draw."""
    found = discover(prepared, knowledge, resamples=20, seed=seed)
    certificate = certify(found.graph.nodes, found.graph.edges, knowledge)
    assert certificate == found.graph.certificate
    assert certificate.violations == ()
    problem = search_problem(prepared, knowledge)
    p = len(NAMES)
    for draw in (found.full, *found.draws):
        assert not (draw.found & ~problem.candidates).any()
        assert not (problem.required & ~draw.found).any()
        assert not (draw.found[:, p:] & problem.required[:, p:].T).any()
        for member in draw.members:
            assert not (member & ~problem.candidates).any()
            assert not (problem.required & ~member).any()


def test_unknown_method_offers_the_nearest(prepared):
    with pytest.raises(CallError) as refused:
        discover(prepared, FREE, method="gess", resamples=20)
    assert refused.value.code == "unknown-method"
    assert "ges" in refused.value.remedy.en


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pc", "ges", "fci"])
def test_library_methods_answer_in_the_same_shape(prepared, method):
    """One graph, learned once; only coefficients are resampled, and the knowledge is kept all the same."""
    found = discover(prepared, LAYERS, method=method, resamples=20)
    assert found.method == method
    assert not found.graph_resampled
    assert found.graph.certificate.tiers == "kept"
    assert found.graph.certificate.violations == ()
    assert all(np.array_equal(draw.found, found.full.found) for draw in found.draws)
    assert len({draw.coefficients[0].tobytes() for draw in found.draws}) == 20
    arrow = edge(found, "cycle", "ontime")
    assert arrow is not None
    assert arrow.mark in (("-->",) if method != "fci" else ("-->", "o->"))
    assert arrow.frequency is None
    assert arrow.strength < 0
    again = discover(prepared, LAYERS, method=method, resamples=20, threads=1)
    assert again.graph == found.graph


@pytest.mark.slow
def test_library_methods_refuse_totals(simulated):
    frame = simulated.frame(0).assign(total=lambda f: f["cycle"] + f["visits"])
    total = Total("total", ("cycle", "visits"), (1.0, 1.0))
    prepared = prepare(simulated.panel(frame), Dictionary(), (total,), 1)
    with pytest.raises(CallError) as refused:
        discover(prepared, FREE, method="pc", resamples=20)
    assert refused.value.code == "method-needs-no-totals"
    assert "total" in refused.value.what.zh
