"""When parts of an effect arrive and how they divide: against systems in which all other arrows are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from causal_service.effects.estimate import effect_draws
from causal_service.explanation.arrival import arrived_shares, half_by, share_of
from causal_service.explanation.chains import along, chains_of, coefficient_draws, frequent_links, whole_path
from causal_service.explanation.mediation import mediation_of, mediation_sentence
from causal_service.numerics.linear_system import responses

NAMES, P, H = ("a", "b", "c", "d", "e"), 5, 4


def sustained(C, order, horizon, lever, outcome) -> float:
    out = np.empty((3, P, P))
    responses(C, np.array(order), horizon, out)
    return float(out[1, outcome, lever])


def order_of(C) -> list[int]:
    now, order, left = C[:, -P:], [], set(range(P))
    while left:
        order += [v for v in sorted(left) if not any(now[v, u] for u in left)]
        left -= set(order)
    return order


def only(C, path):
    """The system in which the arrows of one path are left, and the inertia of its nodes."""
    alone = np.zeros_like(C)
    for block in range(C.shape[1] // P):
        for x, y in pairwise(path):
            alone[y, block * P + x] = C[y, block * P + x]
            if block < C.shape[1] // P - 1:
                alone[y, block * P + y] = C[y, block * P + y]
    return alone


class Case:
    def __init__(self, systems, coefficients):
        self.found = systems.discovery_of(coefficients)
        self.units = systems.Prepared()
        self.draws = effect_draws(self.units, self.found, H)
        self.C = coefficient_draws(self.found)

    def chains(self, lever, outcome, kind="sustained"):
        links = frequent_links(self.C)
        return chains_of(self.units, self.draws, self.C, links, lever, outcome, kind, {}, "month")


@pytest.mark.parametrize("lags", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_every_part_arrives_when_its_arrows_alone_would_bring_it(systems, seed, lags):
    case = Case(systems, systems.random_draws(seed, lags))
    told = 0
    for lever in NAMES:
        for outcome in NAMES:
            for chain in case.chains(lever, outcome) if lever != outcome else ():
                if chain.kind == "path" and chain.arrived:
                    path = [NAMES.index(name) for name in chain.path]
                    unit = (path[-1] + 1) / (path[0] + 1)
                    for t, share in enumerate(chain.arrived):
                        brute = np.mean(
                            [
                                sustained(
                                    only(C, path),
                                    [*path, *[v for v in range(P) if v not in path]],
                                    t,
                                    path[0],
                                    path[-1],
                                )
                                for C in case.C
                            ]
                        )
                        assert share * chain.value == pytest.approx(unit * brute, abs=1e-9)
                    told += 1
    assert told > 3


@pytest.mark.parametrize("lags", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_parts_add_up_in_every_period(systems, seed, lags):
    case = Case(systems, systems.random_draws(seed, lags))
    for lever in NAMES:
        for outcome in NAMES:
            chains = case.chains(lever, outcome) if lever != outcome else ()
            if chains and all(chain.arrived for chain in chains):
                x, y = NAMES.index(lever), NAMES.index(outcome)
                for t in range(H + 1):
                    whole = np.mean([sustained(C, order_of(C), t, x, y) for C in case.C]) * (y + 1) / (x + 1)
                    parts = sum(chain.arrived[t] * chain.value for chain in chains)
                    assert parts == pytest.approx(whole, abs=1e-9 * max(1, *(abs(c.value) for c in chains)))
                assert sum(c.share for c in chains) == pytest.approx(1, abs=1e-9 * max(abs(c.share) for c in chains))


@pytest.mark.parametrize("lags", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_direct_and_mediated_add_up_and_direct_is_the_arrow_alone(systems, seed, lags):
    case = Case(systems, systems.random_draws(seed, lags))
    for x in range(P):
        for y in range(P):
            whole = whole_path(case.C, x, H)[:, :, y]
            if x == y or abs(whole[:, -1].mean()) < 1e-3:
                continue
            row = mediation_of(NAMES[x], NAMES[y], along(case.C, (x, y), H), whole)
            rest = [v for v in range(P) if v not in (x, y)]
            brute = np.mean([sustained(only(C, (x, y)), [x, y, *rest], H, x, y) for C in case.C])
            assert row.direct == pytest.approx(brute, abs=1e-9)
            assert row.direct + row.mediated == pytest.approx(row.value, abs=1e-9)
            assert row.direct_share + row.mediated_share == pytest.approx(1.0, abs=1e-9)
            assert row.value == pytest.approx(np.mean([sustained(C, order_of(C), H, x, y) for C in case.C]), abs=1e-9)
            assert row.arrived[-1] == 1.0
            assert mediation_sentence(row, {}, "month").zh


def test_an_exact_sum_divides_like_any_other_indicator(systems):
    """c = a + b exactly, c moves e, a also moves e directly: all of c is direct, part of a is."""
    base = np.zeros((P, 2 * P))
    base[2, P], base[2, P + 1] = 1.0, 1.0
    base[4, P + 2], base[4, P], base[4, 2], base[4, 4] = 0.5, 0.3, 0.2, 0.4
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(25):
        C = base.copy()
        C[4] *= rng.normal(1, 0.1, 2 * P)
        draws.append(C)
    case = Case(systems, draws)
    (of_total,) = case.chains("c", "e")
    assert (of_total.path, of_total.share) == (("c", "e"), pytest.approx(1.0, abs=1e-12))
    assert (of_total.share_low, of_total.share_high) == (pytest.approx(1.0), pytest.approx(1.0))
    chains = case.chains("a", "e")
    assert {chain.path for chain in chains} == {("a", "c", "e"), ("a", "e")}
    assert sum(chain.share for chain in chains) == pytest.approx(1.0, abs=1e-12)
    assert all(chain.share_low < chain.share < chain.share_high for chain in chains)


def test_a_delay_of_two_periods_is_seen(systems):
    C = np.zeros((P, 3 * P))
    C[1, 0] = 0.5
    case = Case(systems, [C, 1.1 * C])
    (chain,) = case.chains("a", "b")
    assert chain.arrived == pytest.approx((0, 0, 1, 1, 1))
    assert chain.half_by == 2
    assert "after 2 months" in chain.sentence.en
    assert "2个月后" in chain.sentence.zh


def test_a_part_that_is_the_whole_has_a_share_of_exactly_one():
    part = np.random.default_rng(1).normal(2, 1, 50)
    assert share_of(part, part) == (1.0, 1.0, 1.0)


def test_the_interval_of_a_share_holds_it():
    """Ratio of means of 100 draws from a known law: the share is .4 in about 95 % of repetitions."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        centre = rng.multivariate_normal([0.4, 0.6], [[0.0025, 0.001], [0.001, 0.004]])
        part, rest = rng.multivariate_normal(centre, [[0.0025, 0.001], [0.001, 0.004]], 100).T
        _, low, high = share_of(part, part + rest)
        held += low <= 0.4 <= high
    assert 0.92 <= held / 400 <= 0.98


def test_nothing_that_arrives_has_no_half():
    assert arrived_shares(np.array([[1.0, 0.0], [-1.0, 0.0]])) == ()
    assert half_by(()) is None
    assert half_by((0.6, 0.4, 1.0)) == 2
    assert half_by((0.5, 1.0)) == 0
