"""What the search may and must do follows from the knowledge, from inertia and from totals."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.discovery.search_problem import SearchProblem, search_problem
from causal_service.graph.knowledge import Arrow, Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.prepared import Prepared, Total, prepare


@pytest.fixture(scope="module")
def prepared(simulated) -> Prepared:
    return prepare(simulated.panel(simulated.frame(0)), Dictionary(), (), 2)


def problem_of(prepared: Prepared, required: tuple[Arrow, ...] = (), forbidden: tuple[Arrow, ...] = (), **tiers: int):
    return search_problem(prepared, Knowledge(tiers, required, forbidden))


def column(prepared: Prepared, name: str, lag: int) -> int:
    return (prepared.lags - lag) * len(prepared.names) + prepared.names.index(name)


def arrows(prepared: Prepared, array: np.ndarray) -> set[tuple[str, str, int]]:
    """(cause, effect, lag) of the Trues of a (p, d) array."""
    p = len(prepared.names)
    return {(prepared.names[c % p], prepared.names[y], prepared.lags - c // p) for y, c in np.argwhere(array).tolist()}


def test_without_knowledge_everything_but_itself_may_be_a_parent(prepared):
    problem: SearchProblem = problem_of(prepared)
    assert problem.candidates.sum() == 4 * 12 - 4
    assert not problem.before.any()
    assert arrows(prepared, problem.required) == {(name, name, 1) for name in prepared.names}


def test_layers_bind_the_same_period_only(prepared):
    problem = problem_of(prepared, cycle=0, ontime=1, rating=1)
    candidates = arrows(prepared, problem.candidates)
    assert ("ontime", "cycle", 0) not in candidates
    assert {
        ("ontime", "cycle", 1),
        ("ontime", "cycle", 2),
        ("cycle", "ontime", 0),
        ("rating", "ontime", 0),
    } <= candidates
    assert {("visits", "cycle", 0), ("cycle", "visits", 0)} <= candidates  # untiered
    assert arrows(prepared, np.concatenate([np.zeros((4, 8), bool), problem.before.T], axis=1)) == {
        ("cycle", "ontime", 0),
        ("cycle", "rating", 0),
    }


def test_forbidden_without_a_lag_means_every_lag(prepared):
    candidates = arrows(
        prepared, problem_of(prepared, forbidden=(("cycle", "rating", None), ("visits", "cycle", 1))).candidates
    )
    assert not {("cycle", "rating", lag) for lag in range(3)} & candidates
    assert ("visits", "cycle", 1) not in candidates
    assert {("visits", "cycle", 0), ("visits", "cycle", 2), ("rating", "cycle", 0)} <= candidates


def test_forbidden_inertia_is_not_required(prepared):
    required = arrows(prepared, problem_of(prepared, forbidden=(("cycle", "cycle", None),)).required)
    assert required == {(name, name, 1) for name in prepared.names if name != "cycle"}


def test_required_at_a_lag_is_required_there_and_orders_the_period(prepared):
    problem = problem_of(prepared, required=(("visits", "cycle", 0), ("rating", "cycle", 2)))
    assert {("visits", "cycle", 0), ("rating", "cycle", 2)} <= arrows(prepared, problem.required)
    names = prepared.names
    assert problem.before[names.index("visits"), names.index("cycle")]
    assert ("cycle", "visits", 0) not in arrows(prepared, problem.candidates)
    assert not problem.before[names.index("rating"), names.index("cycle")]


def test_required_at_some_lag_is_settled_where_they_correlate_most(simulated):
    """rating follows cycle two months later and at no other distance."""
    rng = np.random.default_rng(0)
    frame = simulated.frame(0, periods=20)
    frame["cycle"] = rng.normal(size=len(frame))
    frame["rating"] = frame.groupby("plant")["cycle"].shift(2).fillna(0) + 0.3 * rng.normal(size=len(frame))
    prepared = prepare(simulated.panel(frame), Dictionary(), (), 2)
    problem = problem_of(prepared, required=(("cycle", "rating", None),))
    assert problem.knowledge.required == (("cycle", "rating", 2),)
    assert ("cycle", "rating", 2) in arrows(prepared, problem.required)


def test_required_at_some_lag_keeps_to_what_is_permitted(prepared):
    """cycle and ontime correlate most within the month, but there the layers forbid ontime -> cycle."""
    problem = problem_of(prepared, required=(("ontime", "cycle", None),), cycle=0, ontime=1)
    (settled,) = problem.knowledge.required
    assert settled[2] in (1, 2)
    free = problem_of(prepared, required=(("ontime", "cycle", None),))
    assert free.knowledge.required == (("ontime", "cycle", 0),)


def test_precedence_is_closed_under_chains(prepared):
    problem = problem_of(prepared, required=(("cycle", "visits", 0), ("visits", "rating", 0)))
    names = prepared.names
    assert problem.before[names.index("cycle"), names.index("rating")]
    assert ("rating", "cycle", 0) not in arrows(prepared, problem.candidates)
    assert not problem.allowed[names.index("cycle"), names.index("rating")]
    assert not (problem.before & problem.before.T).any()


def test_a_total_has_its_parts_as_parents_and_nothing_else(simulated):
    frame = simulated.frame(0).assign(total=lambda f: f["cycle"] + f["visits"])
    total = Total("total", ("cycle", "visits"), (1.0, 1.0))
    prepared = prepare(simulated.panel(frame), Dictionary(), (total,), 1)
    problem = problem_of(prepared)
    into = {a for a in arrows(prepared, problem.required) if a[1] == "total"}
    assert into == {("cycle", "total", 0), ("visits", "total", 0)}
    assert {a for a in arrows(prepared, problem.candidates) if a[1] == "total"} == into
    assert not {("total", "cycle", 0), ("total", "visits", 0)} & arrows(prepared, problem.candidates)
    assert ("total", "rating", 0) in arrows(prepared, problem.candidates)


def test_knowledge_about_other_indicators_is_left_out(prepared):
    problem = problem_of(prepared, required=(("gone", "cycle", 0),), forbidden=(("cycle", "gone", None),), gone=3)
    assert problem.knowledge == Knowledge({})
