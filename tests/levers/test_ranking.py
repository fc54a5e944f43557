"""The ranked list: expected gain per step decides, ties share, and every probability is a share of the draws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import Draw
from causal_service.effects.estimate import EffectDraws, effect_rows
from causal_service.effects.robustness import robustness_value
from causal_service.errors import Text
from causal_service.graph.causal_graph import CausalGraph, Certificate
from causal_service.levers.ranking import POWER_FACTOR, RankedLever, Suspicions, p_top, ranked_levers
from causal_service.levers.verdicts import CLUSTER_FLOOR, ENTITY_FLOOR
from causal_service.panel.dictionary import Dictionary, Step
from causal_service.panel.summary import IndicatorSummary
from causal_service.preparation.rows import BlockUnit

NOTHING = Suspicions(frozenset(), frozenset(), {}, {})
OUTCOME = "outcome"


def summary(key: str, within_sd: float = 1.0, **fields: object) -> IndicatorSummary:
    name = Text(key, key)
    values = {"layer": None, "unit": "", "better": None, "controllable": None, "owner": "", "definition": name}
    return IndicatorSummary(
        key=key, name=name, mean=10.0, sd=3.0, within_sd=within_sd, missing=0.0, **(values | fields)
    )


def ranked(
    effects: NDArray[np.float64],
    *,
    dictionary: Dictionary | None = None,
    suspicions: Suspicions = NOTHING,
    n: float = 400.0,
    entities: int = 40,
    unit: BlockUnit = "entity",
    outcome_sd: float = 2.0,
    follows: float = 0.0,
    controllable: Mapping[str, bool | None] | None = None,
    **within_sd: float,
) -> dict[str, RankedLever]:
    """Rank levers a, b, ... from their draws (B, levers) of the sustained effect per unit; by name, in list order."""
    B, k = effects.shape
    levers = tuple("abcdefgh"[:k])
    names = (*levers, OUTCOME)
    values = np.zeros((B, 3, k + 1, k + 1))
    values[:, 1, k, :k] = effects
    ones = np.ones((3, k + 1, k + 1))
    after = np.zeros((k + 1, k + 1))
    after[k, 0] = follows
    draws = EffectDraws(names, 3, values, ones, values.mean(0), after)
    empty = np.zeros((1, k + 1, 2 * (k + 1)))
    full = Draw(empty[0] > 0, empty > 0, empty, np.arange(k + 1), empty[0] > 0)
    graph = CausalGraph((), (), Certificate("none", "none", "none", True))
    found = Discovery(names, 1, "boss", graph, full, (), True, ())
    rows = ranked_levers(
        draws,
        effect_rows(draws, found, levers, [OUTCOME], {}),
        {n: summary(n, within_sd.get(n, 1.0), controllable=(controllable or {}).get(n)) for n in levers}
        | {OUTCOME: summary(OUTCOME, outcome_sd)},
        dictionary or Dictionary(),
        OUTCOME,
        levers=(*levers, OUTCOME),
        kind="sustained",
        suspicions=suspicions,
        usual_sd=outcome_sd,
        effective_n=n,
        entities=entities,
        unit=unit,
    )
    return {row.lever.lever: row for row in rows}


def around(means: list[float], sd: float = 0.05, draws: int = 200) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(means, sd, size=(draws, len(means)))


def test_best_expected_gain_first_whatever_its_sign():
    rows = ranked(around([0.5, -1.5, 1.0]))
    assert list(rows) == ["b", "c", "a"]
    assert [row.lever.rank for row in rows.values()] == [1, 2, 3]
    assert rows["b"].lever.step == -1.0
    assert rows["b"].lever.gain_per_step == pytest.approx(1.5, abs=0.05)


def test_what_counts_is_the_gain_per_step_not_the_effect_per_unit():
    rows = ranked(around([1.0, 0.1]), a=0.1, b=5.0)
    assert list(rows) == ["b", "a"]
    assert rows["b"].lever.gain_per_step == pytest.approx(0.5, abs=0.1)


def test_declared_step_beats_the_sd(simulated):
    dictionary = simulated.dictionary(a={"step": Step(-2.0)}, outcome={"better": "lower"})
    rows = ranked(around([0.5, 0.6]), dictionary=dictionary)
    a, b = rows["a"].lever, rows["b"].lever
    assert (a.step, a.step_basis) == (-2.0, "declared")
    assert (b.step, b.step_basis) == (-1.0, "sd")
    assert a.gain_per_step == pytest.approx(1.0, abs=0.05)
    assert a.rank == 1


def test_gain_interval_and_effect_interval_agree():
    rows = ranked(around([0.5, 0.2]), a=3.0)
    lever = rows["a"].lever
    assert lever.gain_per_step == pytest.approx(3 * lever.value)
    assert (lever.gain_low, lever.gain_high) == (pytest.approx(3 * lever.low), pytest.approx(3 * lever.high))


def test_a_lever_cut_to_nothing_at_its_bound_is_not_act(simulated):
    dictionary = simulated.dictionary(a={"bounds": (None, 10.0)}, b={})
    rows = ranked(around([1.0, 0.5]), dictionary=dictionary)
    assert rows["a"].lever.verdict == "watch"
    assert rows["a"].lever.gain_per_step == 0.0
    assert rows["b"].lever.verdict == "act"
    assert list(rows) == ["b", "a"]


def test_equal_gains_share_a_rank_and_the_next_rank_is_skipped():
    effects = np.tile(np.random.default_rng(0).normal(1.0, 0.1, (100, 1)), (1, 4)) * [1.0, 1.0, 2.0, 0.5]
    rows = ranked(effects)
    assert [(name, row.lever.rank) for name, row in rows.items()] == [("c", 1), ("a", 2), ("b", 2), ("d", 4)]


@pytest.mark.parametrize("k", [1, 3, 9])
def test_p_top_adds_up_to_the_places_there_are(k):
    gains = np.random.default_rng(1).normal(size=(400, 5))
    assert p_top(gains, k).sum() == pytest.approx(min(k, 5))


def test_a_draw_without_gain_is_not_in_the_top():
    gains = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, 3.0, 0.0], [1.0, -1.0, 0.0]])
    np.testing.assert_allclose(p_top(gains, 1), [0.5, 0.25, 0.0])
    np.testing.assert_allclose(p_top(gains, 3), [0.75, 0.5, 0.0])


def test_p_top_is_the_share_of_draws():
    rows = ranked(np.array([[3.0, 1.0, 2.0, 0.5], [1.0, 3.0, 2.0, 0.5], [3.0, 2.0, 1.0, 0.5], [3.0, 2.0, 0.1, 0.5]]))
    assert [rows[n].lever.p_top1 for n in "abcd"] == [0.75, 0.25, 0.0, 0.0]
    assert [rows[n].lever.p_top3 for n in "abcd"] == [1.0, 1.0, 0.75, 0.25]


def test_expected_regret_is_what_choosing_it_loses_on_average():
    effects = np.array([[3.0, 1.0], [1.0, 2.0], [2.0, 2.0], [4.0, 3.0]])
    rows = ranked(effects, outcome_sd=2.0)
    assert rows["a"].lever.expected_regret == pytest.approx((0 + 1 + 0 + 0) / 4)
    assert rows["b"].lever.expected_regret == pytest.approx((2 + 0 + 0 + 1) / 4)
    assert rows["b"].lever.expected_regret_sd == pytest.approx(0.75 / 2)


def test_smallest_detectable_comes_from_the_spread_of_the_draws():
    effects = around([1.0, 0.0], sd=0.3)
    rows = ranked(effects, n=1e6)
    for i, name in enumerate("ab"):
        assert rows[name].lever.smallest_detectable == pytest.approx(POWER_FACTOR * effects[:, i].std(ddof=1))


def test_smallest_detectable_is_never_below_what_one_regression_could_show():
    """All draws zero: the panel is not thereby infinitely sharp. SD 2 of the outcome, 400 rows, a step of one SD."""
    rows = ranked(np.zeros((50, 1)))
    assert rows["a"].lever.smallest_detectable == pytest.approx(POWER_FACTOR * 2.0 / 20)
    assert rows["a"].lever.verdict == "watch"
    assert rows["a"].lever.robustness == 0.0


def test_robustness_follows_from_mean_and_spread():
    effects = around([0.4, 0.0], sd=0.1)
    rows = ranked(effects)
    t = effects[:, 0].mean() / effects[:, 0].std(ddof=1)
    assert rows["a"].lever.robustness == pytest.approx(robustness_value(t, 400.0), rel=1e-6)


def test_suspicions_reach_the_verdict():
    suspicions = Suspicions(frozenset("a"), frozenset("b"), {"c": "unit-jump"}, {"d": "d = x + y"})
    rows = ranked(around([2.0, 1.5, 1.0, 0.9]), suspicions=suspicions)
    codes = {name: [code for code, _ in row.reasons] for name, row in rows.items()}
    assert {name: row.lever.verdict for name, row in rows.items()} == {
        "a": "test",
        "b": "test",
        "c": "test",
        "d": "act",
    }
    assert "suspected-leak" in codes["a"]
    assert "layer-contradiction" in codes["b"]
    assert "failed-check" in codes["c"]
    assert "identity-derived" in codes["d"]


def test_a_lever_that_often_follows_the_outcome_is_tested_first():
    rows = ranked(around([2.0, 1.5]), follows=0.4)
    assert [(n, rows[n].lever.verdict) for n in "ab"] == [("a", "test"), ("b", "act")]


def test_what_nobody_can_move_is_never_act():
    rows = ranked(around([2.0, 1.5]), controllable={"a": False, "b": None})
    assert [(name, row.lever.verdict) for name, row in rows.items()] == [("a", "watch"), ("b", "act")]


@pytest.mark.parametrize(
    ("unit", "entities", "verdict"),
    [
        ("stretch", ENTITY_FLOOR - 1, "insufficient"),
        ("stretch", ENTITY_FLOOR, "act"),
        ("cluster", CLUSTER_FLOOR - 1, "insufficient"),
        ("cluster", CLUSTER_FLOOR, "act"),
        ("row", 1, "act"),
        ("period", 1, "act"),
    ],
)
def test_the_entity_floor_binds_panels_and_clusters_only(unit, entities, verdict):
    assert ranked(around([2.0]), entities=entities, unit=unit)["a"].lever.verdict == verdict


def test_nothing_to_rank():
    assert ranked(np.zeros((20, 0))) == {}


def test_a_direction_on_which_draws_do_not_agree_is_told_from_too_little_data():
    """Half of the draws lead from the lever to the outcome, by 1.0 each; in the others it follows the outcome."""
    draws = np.where(np.arange(200)[:, None] % 2 == 0, around([1.0], sd=0.02), 0.0)
    assert next(code for code, _ in ranked(draws, follows=0.5)["a"].reasons) == "direction-open"
    assert next(code for code, _ in ranked(draws, follows=0.25)["a"].reasons) == "below-detectable"
    wide = np.where(np.arange(200)[:, None] % 2 == 0, around([1.0], sd=0.5), 0.0)
    assert next(code for code, _ in ranked(wide, follows=0.5)["a"].reasons) == "below-detectable"
