"""The inverse question gives what the forward question confirms."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.effects.moves import Move, settled_moves
from causal_service.effects.reach import LIKELY, alone, is_met, together
from causal_service.effects.what_if import response_draws

H = 3


def chain(systems, *, spread: float = 0.1, **standings):
    """a -> b -> e and c -> e within the period, d alone; users' units 1, 2, 3, 4, 5."""
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(40):
        C = np.zeros((5, 10))
        C[1, 5], C[4, 6], C[4, 7], C[4, 4] = rng.normal([0.5, 0.4, 0.6, 0.3], spread * np.array([0.5, 0.4, 0.6, 0.3]))
        draws.append(C)
    return systems.system(draws, H, **standings)


@pytest.mark.parametrize("gap", [2.0, -1.5])
@pytest.mark.parametrize("lever", ["a", "b", "c"])
def test_the_move_that_is_named_brings_the_outcome_there(systems, gap, lever):
    made = chain(systems)
    row = alone(made, "e", gap, lever, H)
    draws = response_draws(made, settled_moves([Move(lever, by=row.change)], made, H), H).of("e")[:, -1]
    assert draws.mean() == pytest.approx(gap, rel=1e-9)
    assert row.p_reach == pytest.approx((draws * np.sign(gap) >= abs(gap)).mean(), abs=0.03)
    likely = response_draws(made, settled_moves([Move(lever, by=row.likely)], made, H), H).of("e")[:, -1]
    assert (likely * np.sign(gap) >= abs(gap) * (1 - 1e-9)).mean() == pytest.approx(LIKELY, abs=0.03)


def test_without_an_effect_no_move_is_named(systems):
    row = alone(chain(systems), "e", 1.0, "d", H)
    assert (row.change, row.reason, row.p_reach, row.feasible) == (None, "no-effect", 0.0, 0.0)


def test_bounds_and_data_stand_in_the_way(systems):
    made = chain(systems, c=systems.standing("c", bound_high=12.5), b=systems.standing("b", swing=0.5))
    bounded, extreme = alone(made, "e", 3.0, "c", H), alone(made, "e", 3.0, "b", H)
    assert (bounded.reason, bounded.within_bounds, bounded.feasible) == ("against-bounds", False, pytest.approx(0.5))
    assert bounded.p_reach == 0.0
    assert (extreme.reason, extreme.within_bounds, extreme.within_data) == ("beyond-data", True, False)
    assert extreme.feasible == extreme.change


def test_levers_are_taken_in_order_each_as_far_as_it_may_go(systems):
    made = chain(systems, c=systems.standing("c", bound_high=13.0))
    single = alone(made, "e", 1.0, "c", H).effect
    found = together(made, "e", single + 2.0, ["c", "b", "d"], H)
    assert [move.lever for move in found.moves] == ["c", "b"]
    assert found.moves[0].change == pytest.approx(1.0)
    draws = response_draws(made, sorted(found.moves, key=lambda m: m.lever), H).of("e")[:, -1]
    assert found.reaches
    assert draws.mean() == pytest.approx(single + 2.0) == pytest.approx(found.value)
    assert 0.3 < found.p_reach < 0.7


def test_a_lever_whose_way_is_cut_by_another_does_not_join(systems):
    """a works through b alone: with b held on its own path plus the move, a adds nothing."""
    made = chain(systems, b=systems.standing("b", bound_high=12.5))
    found = together(made, "e", 50.0, ["b", "a"], H)
    assert [move.lever for move in found.moves] == ["b"]
    assert not found.reaches
    assert found.p_reach == 0.0


def test_nobody_helps(systems):
    assert together(chain(systems), "e", 1.0, ["d"], H) is None
    assert together(chain(systems), "e", 1.0, [], H) is None


def test_met_by_direction(systems):
    for better, target, met in [("higher", 11, True), ("higher", 13, False), ("lower", 13, True), ("lower", 11, False),
                                ("target", 12, True), ("target", 11, False), (None, 11, False)]:  # fmt: skip
        assert is_met(systems.standing("e", better=better), target) is met


def test_a_lever_whose_holding_alone_would_overshoot_is_left_out(systems):
    # a works directly and, against itself, through b: with b held, a alone passes the target, and b would have to be
    # moved the wrong way, here beyond its bound
    C = np.zeros((5, 10))
    C[4, 5], C[1, 5], C[4, 6] = 1.0, 1.0, -0.9
    made = systems.system([C] * 3, H, b=systems.standing("b", bound_high=12.5))
    most = 9.0 * alone(made, "e", 1.0, "a", H).effect
    found = together(made, "e", most + 1.0, ["a", "b"], H)
    assert [move.lever for move in found.moves] == ["a"]
    assert found.value == pytest.approx(most)
    assert not found.reaches


def test_how_far_levers_bring_it_does_not_depend_on_a_target_out_of_reach(systems):
    made = chain(systems, c=systems.standing("c", bound_high=12.5), b=systems.standing("b", bound_high=12.1))
    near, far = (together(made, "e", gap, ["c", "b", "d"], H) for gap in (5.0, 1e5))
    assert [move.lever for move in near.moves] == ["c", "b"]
    assert (near.moves, near.value) == (far.moves, far.value)
