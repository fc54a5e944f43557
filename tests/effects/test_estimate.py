"""Effects: in the users' units, with the interval of the draws, exact zeros, and the share that is identified."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from causal_service.discovery.discover import Discovery, discover
from causal_service.discovery.resampling import Draw
from causal_service.effects.estimate import (
    KINDS,
    EffectDraws,
    effect_draws,
    effect_rows,
    false_discovery_rates,
)
from causal_service.graph.causal_graph import CausalGraph, Certificate
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.prepared import Prepared, prepare

NAMES = ("cycle", "ontime", "rating", "visits")
HORIZON = 3


def learned(simulated, frame) -> tuple[Prepared, Discovery, EffectDraws]:
    prepared = prepare(simulated.panel(frame), Dictionary(), (), 1)
    knowledge = Knowledge({"cycle": 0, "ontime": 1, "rating": 2})
    found = discover(prepared, knowledge, resamples=60)
    return prepared, found, effect_draws(prepared, found, HORIZON)


@pytest.fixture(scope="module")
def case(simulated) -> tuple[Prepared, Discovery, EffectDraws]:
    return learned(simulated, simulated.frame(0, entities=60, periods=20))


def truth(simulated, kind: str, lever: str, outcome: str) -> float:
    """Closed form on the simulator's own matrices, all indicators in units of 1."""
    now, past = simulated.CHAIN_NOW.copy(), simulated.CHAIN_PAST.copy()
    x, y = NAMES.index(lever), NAMES.index(outcome)
    if kind == "sustained":
        now[x], past[x] = 0.0, 0.0
    inverse = np.linalg.inv(np.eye(4) - now)
    responses = [inverse]
    for _ in range(HORIZON):
        responses.append(inverse @ past @ responses[-1])
    return float(inverse[y, x] if kind == "impact" else sum(responses)[y, x])


def by_hand(*systems: np.ndarray) -> Draw:
    """A draw whose members are given by their same-period coefficients; its class is their union."""
    coefficients = np.stack(systems)
    members = coefficients != 0
    return Draw(
        members.any(axis=0), members, coefficients, np.arange(coefficients.shape[1]), np.zeros(members.shape[1:], bool)
    )


def effects_of(*draws: Draw) -> EffectDraws:
    """Effects of hand-made draws over a, b, c in units of 1."""
    p = draws[0].found.shape[0]
    names = tuple("abcdef"[:p])
    graph = CausalGraph((), (), Certificate("none", "none", "none", True))
    found = Discovery(names, 0, "boss", graph, draws[0], draws, True, ())

    class Units:
        unit_sd = np.ones(p)

    return effect_draws(Units(), found, 2)


def arrow(cause: int, effect: int, size: float, p: int = 3) -> np.ndarray:
    B = np.zeros((p, p))
    B[effect, cause] = size
    return B


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("lever", "outcome"), [("cycle", "ontime"), ("cycle", "rating"), ("ontime", "rating"), ("visits", "rating")]
)
def test_planted_effects_come_back_in_their_units(simulated, case, kind, lever, outcome):
    _, _, draws = case
    of = draws.of(lever, outcome, kind)
    assert of.mean() == pytest.approx(truth(simulated, kind, lever, outcome), abs=4 * of.std() + 0.02)


def test_units_come_back(simulated, case):
    """cycle in hours instead of days, rating in points of 100: effects change by 100 / 24."""
    frame = simulated.frame(0, entities=60, periods=20)
    _, _, other = learned(simulated, frame.assign(cycle=24 * frame["cycle"], rating=100 * frame["rating"] + 5))
    _, _, draws = case
    for kind in KINDS:
        np.testing.assert_allclose(
            other.of("cycle", "rating", kind), draws.of("cycle", "rating", kind) * 100 / 24, rtol=1e-6, atol=1e-12
        )


def test_rows_are_every_lever_outcome_and_kind_null_effects_included(case):
    _, found, draws = case
    rows = effect_rows(draws, found, ["visits", "cycle", "ontime"], ["rating", "ontime"], {})
    keys = [(r.lever, r.outcome, r.kind) for r in rows]
    assert len(keys) == len(set(keys)) == 3 * (3 + 2)
    assert keys == sorted(keys, key=lambda k: (k[0], k[1], KINDS.index(k[2])))
    assert ("ontime", "ontime", "impact") not in keys
    assert all(r.horizon == (0 if r.kind == "impact" else HORIZON) for r in rows)


def test_value_interval_and_p_are_those_of_the_draws(case):
    _, found, draws = case
    for row in effect_rows(draws, found, ["cycle", "visits"], ["rating"], {}):
        of = draws.of(row.lever, "rating", row.kind)
        sd = of.std(ddof=1)
        assert row.value == pytest.approx(of.mean())
        assert row.high - row.value == pytest.approx(row.value - row.low) == pytest.approx(1.96 * sd, rel=1e-4)
        assert row.zero_share == (of == 0).mean()
        if row.value != 0:
            assert row.p == pytest.approx(2 * norm.sf(abs(row.value) / sd))


def test_q_is_taken_over_the_levers_of_one_outcome_and_kind(case):
    _, found, draws = case
    levers = ["cycle", "ontime", "visits"]
    rows = effect_rows(draws, found, levers, ["rating"], {})
    for kind in KINDS:
        of_kind = [r for r in rows if r.kind == kind]
        np.testing.assert_allclose([r.q for r in of_kind], false_discovery_rates(np.array([r.p for r in of_kind])))


def test_without_a_path_in_any_draw_the_effect_is_zero_and_certain_to_be_nothing(case):
    """rating is last: it moves nothing within the month."""
    _, found, draws = case
    (row, *_) = effect_rows(draws, found, ["rating"], ["cycle"], {})
    assert (row.kind, row.value, row.low, row.high, row.zero_share) == ("impact", 0.0, 0.0, 0.0, 1.0)
    assert (row.p, row.q, row.identified_share) == (1.0, 1.0, 1.0)


def test_a_draw_without_a_path_counts_as_zero():
    draws = effects_of(*[by_hand(arrow(0, 1, 0.8))] * 3, by_hand(arrow(0, 2, 0.8)))
    np.testing.assert_allclose(draws.of("a", "b", "impact"), [0.8, 0.8, 0.8, 0.0])


def test_identified_share_is_the_majority_of_the_members():
    """a -> b in one member and b -> a in the other: of each effect half of the members say nothing, half positive."""
    open_pair = by_hand(arrow(0, 1, 0.8), arrow(1, 0, 0.8))
    draws = effects_of(open_pair, by_hand(arrow(0, 1, 0.8)))
    assert draws.identified[0, 1, 0] == pytest.approx((0.5 + 1.0) / 2)
    assert draws.identified[0, 2, 0] == 1.0  # no path in any member: nothing to identify


def test_members_that_agree_on_the_sign_identify_the_effect():
    draws = effects_of(by_hand(arrow(0, 1, 0.8), arrow(0, 1, 0.2), arrow(0, 1, 0.1)))
    assert draws.identified[0, 1, 0] == 1.0
    opposed = effects_of(by_hand(arrow(0, 1, 0.8), arrow(0, 1, -0.2), arrow(0, 1, 0.1)))
    assert opposed.identified[0, 1, 0] == pytest.approx(2 / 3)


def test_the_value_of_a_draw_is_that_of_its_first_member():
    draws = effects_of(by_hand(arrow(0, 1, 0.8), arrow(1, 0, 0.5)))
    assert draws.of("a", "b", "impact") == pytest.approx(0.8)
    assert draws.of("b", "a", "impact") == pytest.approx(0.0)


def test_follows_is_the_share_of_draws_with_a_same_period_chain():
    """a -> b -> c -> d -> e: e follows a over four arrows."""
    chain = np.zeros((5, 5))
    chain[[1, 2, 3, 4], [0, 1, 2, 3]] = 0.5
    draws = effects_of(by_hand(chain), by_hand(arrow(0, 1, 0.5, 5)))
    assert draws.follows[0, 4] == 0.5
    assert draws.follows[0, 1] == 1.0
    assert draws.follows[4, 0] == draws.follows[1, 0] == 0.0


def test_adjustment_is_the_optimal_set_with_its_lags(case):
    _, found, draws = case
    rows = {r.lever: r for r in effect_rows(draws, found, ["cycle", "ontime"], ["rating"], {}) if r.kind == "impact"}
    assert rows["cycle"].adjustment == ("ontime[t-1]", "rating[t-1]")
    assert {"rating[t-1]"} <= set(rows["ontime"].adjustment)
    assert "rating" not in rows["ontime"].adjustment


def test_unit_reads_outcome_per_lever(case):
    _, found, draws = case
    row = effect_rows(draws, found, ["cycle"], ["rating"], {"cycle": "days", "rating": "points"})[0]
    assert row.unit == "points per day"
    assert effect_rows(draws, found, ["cycle"], ["rating"], {})[0].unit == "unit per unit"


def test_full_sample_estimate_stands_beside_the_mean(case):
    _, found, draws = case
    for row in effect_rows(draws, found, ["cycle"], ["rating"], {}):
        assert row.full_sample == pytest.approx(row.value, abs=0.1)
        assert row.full_sample != row.value


def test_no_levers_no_rows(case):
    _, found, draws = case
    assert effect_rows(draws, found, [], ["rating"], {}) == ()
    assert effect_rows(draws, found, ["rating"], ["rating"], {}) == ()
