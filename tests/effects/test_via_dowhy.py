"""DoWhy's word on our identification: validity and existence on random graphs, the optimal set, refuters on rows."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.effects.strategies import adjusted, front_door, instrument
from causal_service.effects.unrolled import CommonCause, Unrolled, unrolled
from causal_service.effects.via_dowhy import reading, refuted

pytest.importorskip("dowhy")
pytestmark = pytest.mark.slow


def random_graph(rng: np.random.Generator, p: int, lags: int, hidden: int) -> Unrolled:
    order, now = rng.permutation(p), np.zeros((p, p), bool)
    for i in range(p):
        for j in range(i):
            now[order[i], order[j]] = rng.random() < 0.4
    past = rng.random((p, lags * p)) < 0.15
    causes = []
    for _ in range(hidden):
        first, second = rng.choice(p, 2, replace=False)
        causes.append(CommonCause(((int(first), 0), (int(second), 0)), bool(rng.random() < 0.5)))
    return unrolled(np.concatenate([past, now], axis=1), "abcdef"[:p], 2 * lags + 1, causes)


@pytest.mark.parametrize(("lags", "hidden", "graphs"), [(0, 0, 100), (1, 0, 100), (0, 2, 100), (1, 1, 100)])
def test_dowhy_agrees_on_random_graphs(lags, hidden, graphs):
    """400 graphs, two pairs each: same existence, our set valid, its efficient set ours where it is asked."""
    rng = np.random.default_rng(100 * lags + hidden)
    found = without = same = 0
    for _ in range(graphs):
        graph = random_graph(rng, 5, lags, hidden)
        for _ in range(2):
            a, b = rng.choice(5, 2, replace=False)
            x, y = graph.at(int(a), 0), graph.at(int(b), 0)
            reaches = bool(graph.below(graph.only(x))[y])
            ours = adjusted(graph, graph.only(x), graph.only(y)) if reaches else None
            easy = not hidden and not lags and reaches
            theirs = reading(graph, x, y, ours, efficient=easy)
            assert theirs.path == reaches
            if not reaches:
                continue
            assert theirs.adjustable == (ours is not None)
            if ours is not None:
                found += 1
                assert theirs.valid
                if easy:
                    assert theirs.optimal in (None, tuple(np.flatnonzero(ours)))
                    same += theirs.optimal is not None
                continue
            without += 1
            assert not theirs.front_door or front_door(graph, x, y) is not None
            assert not theirs.instruments or instrument(graph, x, y) is not None
    assert found > 20
    assert without > 5 or not hidden
    assert same > 20 or hidden or lags


def test_dowhy_says_no_to_a_set_that_is_not_one():
    # c -> a, c -> b, a -> b: nothing held equal is not enough; a mediator is no adjustment
    member = np.zeros((4, 4), bool)
    member[0, 2] = member[1, 2] = member[1, 0] = member[3, 0] = member[1, 3] = True
    graph = unrolled(member, "abcd", 1)
    x, y = graph.at(0, 0), graph.at(1, 0)
    assert reading(graph, x, y, graph.only(2)).valid
    assert not reading(graph, x, y, graph.only()).valid
    assert not reading(graph, x, y, graph.only(2, 3)).valid


def test_refuters_find_what_they_should_on_a_sound_effect():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(600, 2))
    x = z @ [0.5, 0.5] + rng.normal(size=600)
    y = 0.8 * x + z @ [0.3, -0.4] + rng.normal(size=600)
    before = np.random.get_state()[1][:5].tolist()  # noqa: NPY002
    found = {row.check: row for row in refuted(x, y, z, ("placebo-lever", "random-common-cause", "subset"), 5, 3)}
    assert np.random.get_state()[1][:5].tolist() == before  # noqa: NPY002
    estimate = found["subset"].estimate
    assert estimate == pytest.approx(0.8, abs=0.15)
    assert abs(found["placebo-lever"].found) < 0.15
    assert found["random-common-cause"].found == pytest.approx(estimate, abs=0.01)
    assert found["subset"].found == pytest.approx(estimate, abs=0.1)
    again = refuted(x, y, z, ("subset",), 5, 3)[0]
    assert again.found == found["subset"].found
