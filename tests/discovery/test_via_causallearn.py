"""The door to causal-learn: right on exact covariances, guarded against everything that is known to go wrong."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.discovery.correlation import rows_with
from causal_service.discovery.raw_graph import RawGraph
from causal_service.discovery.via_causallearn import alpha_of, boss, fci, ges, pc
from causal_service.errors import CallError, CausalServiceError, DataError
from causal_service.graph.arrays import pdag_of
from causal_service.graph.compare import cpdag
from causal_service.graph.knowledge import Knowledge

pytest.importorskip("causallearn")

Array = NDArray[np.float64]
Method = Callable[..., RawGraph]
METHODS: list[Method] = [pc, ges, boss, fci]
FREE = Knowledge({})


def names_of(p: int) -> list[str]:
    return [f"x{i}" for i in range(p)]


def covariance_of(B: Array) -> Array:
    """Covariance of x = B x + noise with unit noise."""
    inverse = np.linalg.inv(np.eye(len(B)) - B)
    return np.asarray(inverse @ inverse.T)


def random_system(seed: int, p: int, density: float) -> Array:
    rng = np.random.default_rng(seed)
    B = np.tril(rng.uniform(0.4, 0.9, (p, p)) * rng.choice([-1, 1], (p, p)) * (rng.random((p, p)) < density), -1)
    order = rng.permutation(p)
    return np.asarray(B[np.ix_(order, order)])


def panel_covariance(A0: Array, A1: Array) -> Array:
    """Stationary covariance of [x(t-1) | x(t)] with x(t) = A0 x(t) + A1 x(t-1) + noise."""
    p = len(A0)
    inverse = np.linalg.inv(np.eye(p) - A0)
    F, Q = inverse @ A1, inverse @ inverse.T
    S = Q
    for _ in range(500):
        S = F @ S @ F.T + Q
    return np.block([[S, S @ F.T], [F @ S, S]])


COLLIDER = covariance_of(np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0.7, 0.7, 0, 0], [0, 0, 0.7, 0]], float))


@pytest.mark.parametrize("method", [pc, ges, boss])
def test_collider_and_what_follows_from_it(method: Method) -> None:
    found = method(COLLIDER, 1000, names_of(4), 0, FREE)
    assert [(e.source, e.mark, e.target) for e in found.edges] == [
        ("x0", "-->", "x2"),
        ("x1", "-->", "x2"),
        ("x2", "-->", "x3"),
    ]
    assert found.certificate.acyclic
    assert found.repairs == ()


def test_fci_leaves_room_for_hidden_common_causes() -> None:
    found = fci(COLLIDER, 1000, names_of(4), 0, FREE)
    assert [(e.source, e.mark, e.target) for e in found.edges] == [
        ("x0", "o->", "x2"),
        ("x1", "o->", "x2"),
        ("x2", "-->", "x3"),
    ]


def test_fci_finds_a_hidden_common_cause() -> None:
    """x0 -> x1 <- hidden -> x2 <- x3: an arrowhead at both ends between x1 and x2."""
    B = np.zeros((5, 5))
    B[1, 0] = B[1, 4] = B[2, 4] = B[2, 3] = 0.8
    found = fci(covariance_of(B)[:4, :4], 2000, names_of(4), 0, FREE)
    assert ("x1", "<->", "x2") in [(e.source, e.mark, e.target) for e in found.edges]


@pytest.mark.parametrize(("method", "at_least"), [(pc, 19), (ges, 16), (boss, 19)])
def test_exact_covariances_give_the_class_of_the_truth(method: Method, at_least: int) -> None:
    """Paths that nearly cancel are possible, and GES stops at a worse score than the truth's on seeds 2, 3 and 18."""
    right = 0
    for seed in range(20):
        B = random_system(seed, 6, 0.35)
        found = method(covariance_of(B), 1e5, names_of(6), 0, FREE)
        right += np.array_equal(pdag_of(found.edges, names_of(6), 0), cpdag(B != 0))
    assert right >= at_least


@pytest.mark.parametrize("seed", [103, 159, 184])
def test_colliders_that_the_default_of_the_library_loses(seed: int) -> None:
    """Its stable skeleton keeps the union of all separating sets, so a collider in one of them is not oriented."""
    from causallearn.search.ConstraintBased.PC import pc as library_pc

    B = random_system(seed, 6, 0.35)
    S, truth = covariance_of(B), cpdag(B != 0)
    assert np.array_equal(pdag_of(pc(S, 1e4, names_of(6), 0, FREE).edges, names_of(6), 0), truth)
    rows = np.tile(rows_with(S / np.sqrt(np.outer(np.diag(S), np.diag(S)))), (1250, 1))
    marks = library_pc(rows, 0.01, "fisherz", show_progress=False).G.graph
    assert not np.array_equal((marks == 1) & (marks.T == -1) | (marks == -1) & (marks.T == -1), truth)


@pytest.mark.parametrize("method", METHODS)
def test_lagged_causes_are_told_from_same_period_ones(method: Method) -> None:
    A0, A1 = np.zeros((3, 3)), np.diag([0.5, 0.5, 0.5])
    A0[1, 0], A1[2, 1] = 0.8, 0.7
    found = method(panel_covariance(A0, A1), 3000, names_of(3), 1, Knowledge({"x0": 0, "x1": 1}))
    pairs = {(e.source, e.target, e.lag) for e in found.edges}
    assert {("x0", "x1", 0), ("x1", "x2", 1), ("x0", "x0", 1), ("x1", "x1", 1), ("x2", "x2", 1)} <= pairs
    assert ("x1", "x2", 0) not in pairs
    assert found.certificate.tiers == "kept"


@pytest.mark.parametrize("method", METHODS)
def test_knowledge_against_the_data_is_kept_and_the_change_is_said(method: Method) -> None:
    """The data say x0 -> x2 <- x1; the knowledge says the reverse order, one arrow nobody sees and one that goes."""
    knowledge = Knowledge.build(
        names_of(4),
        {"x2": "early", "x0": "late", "x1": "late"},
        ["early", "late"],
        required=[("x1", "x3", 0)],
        forbidden=[("x2", "x3", None)],
    )
    found = method(COLLIDER, 1000, names_of(4), 0, knowledge)
    assert found.certificate.tiers == "kept"
    assert found.certificate.required == "kept"
    assert found.certificate.forbidden == "kept"
    assert found.certificate.acyclic
    assert found.certificate.violations == ()
    if method in (ges, boss, fci):
        assert found.as_found.tiers == "broken"
        assert found.repairs


@pytest.mark.parametrize("method", METHODS)
def test_required_at_some_lag_is_there_at_one(method: Method) -> None:
    A1 = np.diag([0.5, 0.5])
    S = panel_covariance(np.zeros((2, 2)), A1)
    knowledge = Knowledge.build(names_of(2), {}, (), required=[("x1", "x0", None)], max_lag=1)
    found = method(S, 500, names_of(2), 1, knowledge)
    assert found.certificate.required == "kept"
    assert ("x1", "x0") in {(e.source, e.target) for e in found.edges}


def test_penalty_is_one_scale() -> None:
    """Twice causal-learn's score with lambda c / 2 is -n ln s2 - c ln(n) (k + 1) - n, on its rows and on ours."""
    from causallearn.score.LocalScoreFunction import local_score_BIC_from_cov

    n, c = 1000.0, 1.7
    theirs = local_score_BIC_from_cov((COLLIDER, n), 2, [0, 1], {"lambda_value": c / 2})
    s2 = COLLIDER[2, 2] - COLLIDER[2, :2] @ np.linalg.solve(COLLIDER[:2, :2], COLLIDER[:2, 2])
    assert 2 * theirs == pytest.approx(-n * math.log(s2) - c * math.log(n) * 3 - n)


@pytest.mark.parametrize("method", [ges, boss])
def test_an_edge_appears_where_its_gain_exceeds_the_penalty(method: Method) -> None:
    """One edge is worth -n ln(1 - r^2) in twice the log-likelihood and costs c ln(n)."""
    r, n = 0.1, 700.5
    S = np.array([[1, r], [r, 1]])
    break_even = -n * math.log(1 - r * r) / math.log(n)
    assert len(method(S, n, names_of(2), 0, FREE, penalty_discount=break_even * 0.99).edges) == 1
    assert len(method(S, n, names_of(2), 0, FREE, penalty_discount=break_even * 1.01).edges) == 0


def test_alpha_of_a_penalty_is_the_chi_square_tail() -> None:
    from scipy.stats import chi2

    assert alpha_of(1, 1000) == pytest.approx(chi2.sf(math.log(1000), 1))


def test_fisher_z_uses_the_effective_sample_size() -> None:
    r = 0.1
    S = np.array([[1, r], [r, 1]])
    needed = (2.5758293035489 / math.atanh(r)) ** 2 + 3  # two-sided 1 %
    assert len(pc(S, needed * 0.99, names_of(2), 0, FREE).edges) == 0
    assert len(pc(S, needed * 1.01, names_of(2), 0, FREE).edges) == 1


def test_rows_have_exactly_the_covariance() -> None:
    R = COLLIDER / np.sqrt(np.outer(np.diag(COLLIDER), np.diag(COLLIDER)))
    assert np.cov(rows_with(R).T, ddof=0) == pytest.approx(R, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_units_and_repetition_change_nothing(method: Method) -> None:
    scale = np.array([1e-6, 1, 1e4, 30])
    first = method(COLLIDER, 300, names_of(4), 0, FREE)
    assert method(COLLIDER * np.outer(scale, scale), 300, names_of(4), 0, FREE) == first
    assert method(COLLIDER, 300, names_of(4), 0, FREE) == first


@pytest.mark.parametrize("method", METHODS)
def test_nothing_outside_is_touched(method: Method, capfd: pytest.CaptureFixture[str]) -> None:
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 (the global generator is what must not be touched)
    before = random.getstate(), np.random.get_state()[1].tolist(), list(warnings.filters)  # noqa: NPY002
    S = panel_covariance(np.array([[0, 0], [0.6, 0]]), np.diag([0.5, 0.4]))
    S.setflags(write=False)
    method(S, 400, names_of(2), 1, FREE)
    method(COLLIDER, 400, names_of(4), 0, FREE)
    assert (random.getstate(), np.random.get_state()[1].tolist(), list(warnings.filters)) == before  # noqa: NPY002
    assert capfd.readouterr() == ("", "")


def with_sum() -> Array:
    parts = np.array([[1, 0.2, 0], [0.2, 2, 0], [0, 0, 1]])
    T = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]])
    return np.asarray(T @ parts @ T.T, float)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("covariance", "code", "named"),
    [
        (np.array([[1, np.nan], [np.nan, 1]]), "undefined-moments", []),
        (np.array([[1, np.inf], [np.inf, 1]]), "undefined-moments", []),
        (np.diag([1.0, 0.0]), "constant-indicator", ["x1"]),
        (np.array([[1.0, 2.0], [2.0, 4.0]]), "dependent-indicators", ["x0", "x1"]),
        (with_sum(), "dependent-indicators", ["x0", "x1", "x2"]),
    ],
)
def test_data_that_the_library_would_misread_is_refused_by_name(
    method: Method, covariance: Array, code: str, named: list[str]
) -> None:
    with pytest.raises(DataError) as refusal:
        method(covariance, 100, names_of(len(covariance)), 0, FREE)
    assert refusal.value.code == code
    assert refusal.value.params.get("indicators", []) == named


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("covariance", "n", "names", "lags"),
    [
        (np.eye(3), 100, ["a", "b"], 0),
        (np.eye(2), 100, ["a", "b"], 1),
        (np.eye(2), 100, ["a", "a"], 0),
        (np.eye(2), 3, ["a", "b"], 0),
        (np.eye(2), math.nan, ["a", "b"], 0),
    ],
)
def test_calls_that_do_not_fit_are_refused(
    method: Method, covariance: Array, n: float, names: list[str], lags: int
) -> None:
    with pytest.raises(CallError):
        method(covariance, n, names, lags, FREE)


def test_options_out_of_range_are_refused_and_misspelt_ones_too() -> None:
    for alpha in (0.0, 1.0, math.nan):
        with pytest.raises(CallError, match="alpha"):
            pc(COLLIDER, 100, names_of(4), 0, FREE, alpha=alpha)
    for c in (0.0, -1.0, math.inf):
        with pytest.raises(CallError, match="penalty_discount"):
            ges(COLLIDER, 100, names_of(4), 0, FREE, penalty_discount=c)
    with pytest.raises(TypeError):
        pc(COLLIDER, 100, names_of(4), 0, FREE, alfa=0.1)  # type: ignore[call-arg]


@pytest.mark.parametrize("method", [pc, fci])
def test_a_search_that_would_not_end_is_refused(method: Method) -> None:
    dense = np.full((12, 12), 0.5) + 0.5 * np.eye(12)
    with pytest.raises(CausalServiceError) as refusal:
        method(dense, 1e5, names_of(12), 0, FREE, max_tests=2000)
    assert refusal.value.code == "too-many-tests"


@pytest.mark.parametrize("method", METHODS)
def test_hardly_any_rows_is_no_reason_to_fail(method: Method) -> None:
    assert method(COLLIDER, 3.5, names_of(4), 0, FREE).certificate.acyclic
