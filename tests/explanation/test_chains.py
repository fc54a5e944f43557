"""Chains add up: the paths listed and the rest are the headline effect, on any system, with any number of lags."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import Draw
from causal_service.effects.estimate import EffectDraws, effect_draws
from causal_service.explanation.chains import (
    FREQUENT,
    LISTED,
    chains_of,
    coefficient_draws,
    fitted_draws,
    frequent_links,
)
from causal_service.explanation.results import Chain
from causal_service.graph.causal_graph import CausalGraph, Certificate
from causal_service.numerics.linear_system import responses

Floats = NDArray[np.float64]
NAMES = ("a", "b", "c", "d", "e")
P, HORIZON, DRAWS = 5, 3, 25


@dataclass
class Units:
    """All that chains and effects need to know of a prepared panel: users' units per standardised unit."""

    unit_sd: Floats


def random_draws(seed: int, lags: int, density: float = 0.5) -> list[Floats]:
    """Coefficients (p, d) of draws around one random system; each draw misses some of the arrows."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(P)
    now = np.tril(rng.normal(size=(P, P)) * (rng.random((P, P)) < density), -1)
    past = 0.4 * rng.normal(size=(P, lags * P)) * (rng.random((P, lags * P)) < density)
    center = np.concatenate([past, now[np.ix_(order, order)]], axis=1)
    return [center * rng.normal(1, 0.2, center.shape) * (rng.random(center.shape) < 0.85) for _ in range(DRAWS)]


class Case:
    """Draws with the effects and chains that follow from them, in units 1, 2, 3, ..."""

    def __init__(self, coefficients: list[Floats], horizon: int = HORIZON) -> None:
        draws = tuple(Draw(C != 0, C[None] != 0, C[None], np.arange(P), np.zeros(C.shape, bool)) for C in coefficients)
        graph = CausalGraph((), (), Certificate("none", "none", "none", True))
        lags = coefficients[0].shape[1] // P - 1
        self.discovery = Discovery(NAMES, lags, "boss", graph, draws[0], draws, True, ())
        self.units = Units(np.arange(1.0, P + 1))
        self.draws: EffectDraws = effect_draws(self.units, self.discovery, horizon)
        self.coefficients = coefficient_draws(self.discovery)

    def chains(self, lever: str, outcome: str, kind: str = "sustained") -> tuple[Chain, ...]:
        links = frequent_links(self.coefficients)
        return chains_of(self.units, self.draws, self.coefficients, links, lever, outcome, kind, {})


def test_links_that_only_a_misjudged_driver_makes_are_part_of_the_rest():
    """a -> b -> c in every draw; beside a driver a -> c has a part of either sign that no arrow carries."""
    rng, draws = np.random.default_rng(0), []
    for _ in range(DRAWS):
        C, extra = np.zeros((P, 2 * P)), np.zeros((P, P))
        C[1, P], C[2, P + 1], C[2, 2] = rng.normal(0.5, 0.05), rng.normal(0.6, 0.05), 0.3
        extra[2, 0] = rng.uniform(-0.3, 0.3)
        moved = C.copy()
        moved[:, P:] += extra
        draws.append(Draw(C != 0, C[None] != 0, moved[None], np.arange(P), C < 0, np.eye(P)[0], extra))
    case = Case([draw.coefficients[0] for draw in draws])
    case.discovery = replace(case.discovery, draws=tuple(draws))
    case.draws = effect_draws(case.units, case.discovery, HORIZON)
    links = frequent_links(fitted_draws(case.discovery))
    assert links[0] == [1]
    found = chains_of(case.units, case.draws, case.coefficients, links, "a", "c", "sustained", {})
    assert [chain.path for chain in found] == [("a", "b", "c"), ()]
    assert sum(chain.value for chain in found) == pytest.approx(case.draws.of("a", "c", "sustained").mean(), abs=1e-9)
    part = case.draws.of_strength("a", "c", "sustained")
    assert found[1].value == pytest.approx(part.mean(), abs=1e-9)
    assert part.std() > 0.1
    assert (case.draws.paths[:, 1, 2, 0]).all()
    assert not case.draws.paths[:, 1, 2, 3].any()


def along(C: Floats, path: list[int], horizon: int) -> float:
    """Sustained response when only the arrows of one path are left, and the inertia of its nodes."""
    alone = np.zeros_like(C)
    lags = C.shape[1] // P - 1
    for block in range(lags + 1):
        for x, y in pairwise(path):
            alone[y, block * P + x] = C[y, block * P + x]
            if block < lags:
                alone[y, block * P + y] = C[y, block * P + y]
    order = np.array([*path, *[v for v in range(P) if v not in path]])
    out = np.empty((3, P, P))
    responses(alone, order, horizon, out)
    return float(out[1, path[-1], path[0]])


@pytest.mark.parametrize("kind", ["impact", "sustained"])
@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_values_add_up_to_the_headline_effect(seed, lags, kind):
    case = Case(random_draws(seed, lags))
    told = 0
    for lever in NAMES:
        for outcome in NAMES:
            if lever == outcome or not (chains := case.chains(lever, outcome, kind)):
                continue
            effect = case.draws.of(lever, outcome, kind).mean()
            assert sum(chain.value for chain in chains) == pytest.approx(effect, abs=1e-9)
            assert sum(chain.share for chain in chains) == pytest.approx(1.0, abs=1e-9)
            told += 1
    assert told > 3


@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_each_path_is_what_remains_when_all_other_arrows_are_cut(seed, lags):
    case = Case(random_draws(seed, lags))
    for lever in NAMES:
        for outcome in NAMES:
            for chain in case.chains(lever, outcome) if lever != outcome else ():
                if chain.kind == "path":
                    path = [NAMES.index(name) for name in chain.path]
                    unit = (path[-1] + 1) / (path[0] + 1)
                    values = [unit * along(C, path, HORIZON) for C in case.coefficients]
                    assert chain.value == pytest.approx(np.mean(values), abs=1e-10)
                    half = 1.96 * np.std(values, ddof=1)
                    assert chain.high - chain.value == pytest.approx(half, rel=1e-4, abs=1e-12)
                    assert chain.value - chain.low == pytest.approx(half, rel=1e-4, abs=1e-12)


def test_a_simple_chain_is_told_without_a_rest():
    """a -> b -> c within the month, inertia in b: everything runs along one path."""
    C = np.zeros((P, 2 * P))
    C[1, P], C[2, P + 1], C[1, 1] = 0.5, 0.4, 0.3
    chains = Case([C, 1.1 * C]).chains("a", "c")
    assert [(chain.kind, chain.path) for chain in chains] == [("path", ("a", "b", "c"))]
    assert chains[0].share == pytest.approx(1.0)
    held = 0.5 * 0.4 * (1 + 0.3 + 0.09 + 0.027)
    held_more = 0.55 * 0.44 * (1 + 0.33 + 0.33**2 + 0.33**3)
    assert chains[0].value == pytest.approx(3 * (held + held_more) / 2)


def test_opposite_paths_are_told_apart_and_largest_first():
    """a -> c directly harms, a -> b -> c helps more: shares 200 % and -100 %."""
    C = np.zeros((P, 2 * P))
    C[1, P], C[2, P + 1], C[2, P] = 1.0, 0.8, -0.4
    chains = Case([C, C]).chains("a", "c", "impact")
    assert [chain.path for chain in chains] == [("a", "b", "c"), ("a", "c")]
    assert [chain.share for chain in chains] == pytest.approx([2.0, -1.0])


def test_a_feedback_over_time_is_the_rest():
    """a -> b -> c and c(t-1) -> b: what comes round again is on no simple path."""
    C = np.zeros((P, 2 * P))
    C[1, P], C[2, P + 1], C[1, 2] = 0.5, 0.4, 0.6
    chains = Case([C, 1.1 * C]).chains("a", "c")
    assert [chain.kind for chain in chains] == ["path", "rest"]
    assert chains[1].path == ()
    assert chains[1].value > 0


def test_no_more_paths_than_a_reader_can_take():
    C = np.zeros((P, 2 * P))
    C[:, P:] = np.tril(np.full((P, P), 0.5), -1)
    chains = Case([C, 1.1 * C]).chains("a", "e", "impact")
    assert [chain.kind for chain in chains] == ["path"] * LISTED + ["rest"]
    sizes = [abs(chain.value) for chain in chains[:-1]]
    assert sizes == sorted(sizes, reverse=True)


def test_rare_links_are_not_followed_but_still_count():
    """A fifth of the draws has a detour over d: no path of its own, part of the rest."""
    C = np.zeros((P, 2 * P))
    C[1, P] = 0.5
    detour = C.copy()
    detour[3, P], detour[1, P + 3] = 0.9, 0.9
    assert FREQUENT > 0.2
    chains = Case([C, C, C, C, detour]).chains("a", "b", "impact")
    assert [chain.path for chain in chains] == [("a", "b"), ()]
    assert chains[1].value == pytest.approx(2 * 0.81 / 5)


def test_no_effect_no_chain():
    case = Case([np.zeros((P, 2 * P))] * 2)
    assert case.chains("a", "b") == ()


def test_every_chain_has_a_sentence_in_both_languages():
    for chain in Case(random_draws(0, 1)).chains("a", "b") + Case(random_draws(1, 1)).chains("b", "a"):
        assert chain.sentence.zh
        assert chain.sentence.en
