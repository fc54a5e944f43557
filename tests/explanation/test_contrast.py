"""The contrast: correlations seen three ways, and one reason per lever why the usual ranking differs from ours."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.effects.estimate import EffectDraws
from causal_service.errors import Text
from causal_service.explanation.contrast import Correlations, contrasts, correlations
from causal_service.explanation.results import Chain
from causal_service.levers.results import Lever

LEVERS = ("a", "b", "c", "d", "e", "f")
OUTCOME = "outcome"


def lever(name: str, rank: int) -> Lever:
    return Lever(
        rank=rank,
        lever=name,
        outcome=OUTCOME,
        kind="sustained",
        horizon=3,
        step=1.0,
        step_basis="sd",
        value=0.5,
        low=0.2,
        high=0.8,
        gain_per_step=0.5,
        gain_low=0.2,
        gain_high=0.8,
        p_top1=0.1,
        p_top3=0.5,
        expected_regret=0.1,
        expected_regret_sd=0.05,
        smallest_detectable=0.1,
        robustness=0.2,
        verdict="act",
    )


def chain(path: tuple[str, ...], share: float) -> Chain:
    return Chain(path[0], path[-1], "path", path, 0.5, 0.2, 0.8, share, Text("", ""))


def reasons(
    found: dict[str, Correlations],
    causal: tuple[str, ...],
    *,
    follows: dict[str, float] | None = None,
    chains: tuple[Chain, ...] = (),
    duplicates: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """Reason by lever when our ranking is ``causal``."""
    names = (*LEVERS, OUTCOME)
    after = np.zeros((len(names), len(names)))
    for name, share in (follows or {}).items():
        after[names.index(OUTCOME), names.index(name)] = share
    empty = np.zeros((2, 3, len(names), len(names)))
    draws = EffectDraws(names, 3, empty, empty[0], empty[0], after)
    ranked = [lever(name, place) for place, name in enumerate(causal, 1)]
    out = contrasts(found, ranked, chains, draws, duplicates, {})
    assert [c.indicator for c in out] == list(causal)
    assert all(c.sentence.zh and c.sentence.en for c in out)
    return {c.indicator: c.reason for c in out}


def alike(**pooled: float) -> dict[str, Correlations]:
    """The same correlation however it is looked at; levers not named have none."""
    return {name: Correlations(*[pooled.get(name, 0.0)] * 3) for name in LEVERS}


STEADY = alike(a=0.9, b=0.8, c=0.7, d=0.6, e=0.5, f=0.4)


def test_two_places_apart_is_agreement():
    assert set(reasons(STEADY, LEVERS).values()) == {"agrees"}
    assert set(reasons(STEADY, ("c", "b", "a", "f", "e", "d")).values()) == {"agrees"}


def test_the_sign_of_a_correlation_does_not_rank_it():
    found = STEADY | {"a": Correlations(-0.9, -0.9, -0.9)}
    assert reasons(found, LEVERS)["a"] == "agrees"


def test_a_cause_that_correlation_hides_is_masked():
    assert reasons(STEADY, ("f", "a", "b", "c", "d", "e"))["f"] == "masked"


def test_a_correlation_that_fades_within_entities_was_confounded_by_their_level():
    found = STEADY | {"a": Correlations(0.9, 0.2, 0.1)}
    assert reasons(found, ("b", "c", "d", "e", "f", "a"))["a"] == "confounded"


def test_a_correlation_that_fades_only_with_the_periods_was_season():
    found = STEADY | {"a": Correlations(0.9, 0.8, 0.1)}
    assert reasons(found, ("b", "c", "d", "e", "f", "a"))["a"] == "season"


def test_a_correlation_that_stays_without_an_effect_is_confounded_by_others():
    assert reasons(STEADY, ("b", "c", "d", "e", "f", "a"))["a"] == "confounded"


def test_a_lever_inside_another_levers_chain_is_a_mediator():
    chains = (chain(("b", "a", OUTCOME), 0.4),)
    assert reasons(STEADY, ("b", "c", "d", "e", "f", "a"), chains=chains)["a"] == "mediator"
    small = (chain(("b", "a", OUTCOME), 0.1),)
    assert reasons(STEADY, ("b", "c", "d", "e", "f", "a"), chains=small)["a"] == "confounded"


def test_a_part_of_an_exact_sum_is_a_duplicate():
    ranking = ("b", "c", "d", "e", "f", "a")
    assert reasons(STEADY, ranking, duplicates=frozenset("a"))["a"] == "duplicate"


def test_what_follows_the_outcome_is_a_consequence_whatever_its_ranks():
    assert reasons(STEADY, LEVERS, follows={"a": 0.6})["a"] == "consequence"
    assert reasons(STEADY, LEVERS, follows={"a": 0.5})["a"] == "agrees"


def test_equal_correlations_share_a_rank():
    found = alike(a=0.5, b=0.5, c=0.2)
    names = (*LEVERS, OUTCOME)
    empty = np.zeros((2, 3, len(names), len(names)))
    draws = EffectDraws(names, 3, empty, empty[0], empty[0], np.zeros((len(names), len(names))))
    out = contrasts(found, [lever(n, i) for i, n in enumerate("abc", 1)], (), draws, frozenset(), {})
    assert [c.correlation_rank for c in out] == [1, 1, 3]
    assert [c.causal_rank for c in out] == [1, 2, 3]


class TestCorrelations:
    """Pooled, within entities, within entities and periods."""

    def test_equal_the_correlations_of_residuals(self, simulated):
        frame = simulated.frame(0, entities=12, periods=9)
        found = correlations(simulated.panel(frame), "rating")
        x, y = frame["cycle"], frame["rating"]
        assert found["cycle"].pooled == pytest.approx(np.corrcoef(x, y)[0, 1])
        by_plant = frame.groupby("plant")
        u, v = x - by_plant["cycle"].transform("mean"), y - by_plant["rating"].transform("mean")
        assert found["cycle"].between_removed == pytest.approx(np.corrcoef(u, v)[0, 1])
        dummies = np.concatenate([np.eye(12)[np.arange(108) // 9], np.eye(9)[np.arange(108) % 9]], axis=1)
        u, v = (z - dummies @ np.linalg.lstsq(dummies, z, rcond=None)[0] for z in (x.to_numpy(), y.to_numpy()))
        assert found["cycle"].within == pytest.approx(np.corrcoef(u, v)[0, 1], abs=1e-9)
        assert found["rating"] == Correlations(*[pytest.approx(1.0)] * 3)

    def test_plant_size_that_drives_both_shows_in_pooled_values_only(self, simulated):
        found = correlations(simulated.panel(simulated.frame(0, entities=40, level=6.0)), "rating")
        assert found["visits"].pooled > 0.8
        assert abs(found["visits"].within) < 0.15

    def test_gaps_are_left_out_pair_by_pair(self, simulated):
        frame = simulated.frame(0, gaps=0.2)
        found = correlations(simulated.panel(frame), "rating")
        both = frame[["cycle", "rating"]].dropna()
        assert found["cycle"].pooled == pytest.approx(np.corrcoef(both.T)[0, 1])

    def test_a_cross_section_has_one_correlation(self, simulated):
        frame = simulated.frame(0).drop(columns=["plant", "month"])
        found = correlations(simulated.cross_section(frame), "rating")["cycle"]
        assert found.pooled == pytest.approx(found.between_removed) == pytest.approx(found.within)

    def test_a_constant_correlates_with_nothing(self, simulated):
        frame = simulated.frame(0).assign(visits=7.0)
        assert correlations(simulated.panel(frame), "rating")["visits"] == Correlations(0.0, 0.0, 0.0)
