"""The stored system gives the effects again: a kept unit move is ``sustained(h)``, also once written and read."""

from __future__ import annotations

import json

import numpy as np
import pytest

from causal_service.effects import system as system_module
from causal_service.effects.estimate import effect_draws
from causal_service.effects.moves import Move, settled_moves
from causal_service.effects.system import System, system_of
from causal_service.effects.what_if import response_draws
from causal_service.study_record import plain

NAMES, P = ("a", "b", "c", "d", "e"), 5
HORIZON = 4


def stored(record: System) -> System:
    from pydantic import TypeAdapter

    return TypeAdapter(System).validate_python(json.loads(json.dumps(plain(record))))


def made_with_effects(systems, seed: int, lags: int):
    draws = systems.random_draws(seed, lags)
    return systems.system(draws, HORIZON), effect_draws(systems.Prepared(), systems.discovery_of(draws), HORIZON)


@pytest.mark.parametrize("lags", [0, 1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_a_kept_unit_move_is_the_sustained_effect_of_every_draw(systems, seed, lags):
    made, effects = made_with_effects(systems, seed, lags)
    for record in (made, stored(made)):
        for lever in NAMES:
            moves = settled_moves([Move(lever, by=1.0)], record, HORIZON)
            draws = response_draws(record, moves, HORIZON)
            for outcome in NAMES:
                if outcome != lever:
                    wanted = effects.of(lever, outcome, "sustained")
                    np.testing.assert_allclose(
                        draws.of(outcome)[:, -1], wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max()
                    )
                    impact = effects.of(lever, outcome, "impact")
                    np.testing.assert_allclose(
                        draws.of(outcome)[:, 0], impact, rtol=1e-9, atol=1e-9 * np.abs(impact).max()
                    )


def by_hand(C, moves, horizon):
    """Period by period, indicator by indicator in causal order, straight from the equations."""
    lags = C.shape[1] // P - 1
    now = C[:, lags * P :]
    order, left = [], set(range(P))
    while left:
        order += [v for v in sorted(left) if not any(now[v, u] for u in left)]
        left -= set(order)
    out = np.zeros((horizon + 1, P))
    paths = {NAMES.index(m.lever): m.path(horizon) for m in moves}
    for t in range(horizon + 1):
        for y in order:
            if y in paths:
                out[t, y] = paths[y][t]
                continue
            out[t, y] = now[y] @ out[t]
            for lag in range(1, min(lags, t) + 1):
                out[t, y] += C[y, (lags - lag) * P : (lags - lag + 1) * P] @ out[t - lag]
    return out


@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_several_moves_with_delay_and_end_are_the_equations_solved_period_by_period(systems, seed, lags):
    made, _ = made_with_effects(systems, seed, lags)
    asked = [Move("b", by=2.0, start=1), Move("d", percent=-25, last=2), Move("a", to=13.0, start=1, last=3)]
    moves = settled_moves(asked, made, 5)
    assert [m.change for m in moves] == pytest.approx([1.0, 2.0, -3.0])
    draws = response_draws(made, moves, 5)
    for b, C in enumerate(made.coefficients()):
        wanted = by_hand(C, moves, 5)
        for i, name in enumerate(NAMES):
            np.testing.assert_allclose(draws.of(name)[b], wanted[:, i], atol=1e-9)


def test_twice_the_move_is_twice_the_response(systems):
    made, _ = made_with_effects(systems, 0, 1)
    once = response_draws(made, settled_moves([Move("a", by=1.5)], made, 3), 3)
    twice = response_draws(made, settled_moves([Move("a", by=3.0)], made, 3), 3)
    np.testing.assert_allclose(twice.values, 2 * once.values, rtol=1e-12)


def test_what_is_not_reached_is_exactly_zero(systems):
    made, effects = made_with_effects(systems, 2, 1)
    draws = response_draws(made, settled_moves([Move("a", by=1.0)], made, HORIZON), HORIZON)
    for outcome in NAMES[1:]:
        none = effects.of("a", outcome, "sustained") == 0
        assert (draws.of(outcome)[none, -1] == 0).all()


def test_a_large_system_keeps_levers_outcomes_and_what_lies_between_and_their_effects(systems, monkeypatch):
    draws = systems.random_draws(3, 1)
    found, units = systems.discovery_of(draws), systems.Prepared()
    where = {name: systems.standing(name) for name in NAMES}
    whole = system_of(units, found, where, horizon=3, levers=("a", "b"), outcomes=("e",))
    monkeypatch.setattr(system_module, "LARGEST", len(whole.coefficient) - 1)
    part = system_of(units, found, where, horizon=3, levers=("b",), outcomes=("c",))
    assert {"b", "c"} <= set(part.names)
    assert set(part.names) | set(part.left_out) == set(NAMES)
    moves = settled_moves([Move("b", by=1.0)], part, 3)
    np.testing.assert_allclose(
        response_draws(part, moves, 3).of("c"), response_draws(whole, moves, 3).of("c"), atol=1e-12
    )
    monkeypatch.setattr(system_module, "LARGEST", 1)
    least = system_of(units, found, where, horizon=3, levers=("a", "b", "d"), outcomes=("e",))
    assert {"a", "e"} <= set(least.names)


def test_the_order_of_entries_says_which_draws_have_an_arrow(systems):
    made, _ = made_with_effects(systems, 1, 2)
    C = made.coefficients()
    assert len(made.coefficient) == made.start[-1] == np.count_nonzero(C)
    assert len(made.start) == len(made.source) + 1
