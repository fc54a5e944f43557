"""The simulator's truth is the truth, and the measures mean what they say."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shared_average
from bars import Bar
from case import Array, through_others
from own_case import own_case
from scoring import coverage, graph_f1, rank_correlation, rmse, top_recall
from settings import SETTINGS
from simulation import BURN, Inputs, advance, draw, run, within_sd
from summary import figure, power_curve
from truth import HORIZON, exact_effects, twin_effects
from twins import average_effects
from world import World, build, spectral_radius


def twins_of(world: World, inputs: Inputs, months: int) -> Array:
    """Twins of the panel's own entities in its own months."""
    base = run(world, inputs)
    return average_effects(
        lambda before, at, adjust: advance(world, inputs, before, at, inputs.common[at], adjust),
        base,
        BURN + np.arange(months - HORIZON),
        0.25 * within_sd(base[BURN:]),
        np.array([kind == "binary" for kind in world.kind]),
        (0.0, 1.0),
        world.outcome,
        HORIZON,
        len(world.lagged),
    )


@pytest.mark.parametrize("name", ["linear", "lag2", "unit_root", "entity_trends", "break_sign", "slopes"])
def test_closed_form_equals_twin_simulation(name: str):
    settings = replace(SETTINGS[name], entities=6, months=12)
    world = build(settings, np.random.default_rng(3))
    inputs = draw(world, settings, 6, 12, np.random.default_rng(4))
    levers = np.arange(world.layer.size) != world.outcome
    exact = exact_effects(world, 12, inputs.slopes)[:, levers]
    assert np.abs(exact).max() > 0.1
    assert np.allclose(exact, twins_of(world, inputs, 12)[:, levers], atol=1e-10)


def test_a_binary_lever_moves_the_outcome_by_the_step_between_its_states():
    settings = replace(SETTINGS["binary_levers"], entities=6, months=12)
    world = build(settings, np.random.default_rng(3))
    lever = world.kind.index("binary")
    world.now[:, lever], world.lagged[:, :, lever] = 0.0, 0.0
    world.now[world.outcome, lever] = 0.7
    effects = twins_of(world, draw(world, settings, 6, 12, np.random.default_rng(4)), 12)
    assert effects[0, lever] == pytest.approx(0.7)
    assert effects[1, lever] >= 0.7


def test_two_sets_of_twins_agree():
    settings = replace(SETTINGS["binary_levers"], entities=6, months=12, common=3.0)
    world = build(settings, np.random.default_rng(3))
    common = draw(world, settings, 1, 12, np.random.default_rng(4)).common
    first, second = (twin_effects(world, settings, common, np.random.default_rng(seed), 2000) for seed in (5, 6))
    assert world.kind.count("binary") == 3
    assert np.abs(first).max() > 0.3
    assert np.allclose(first, second, atol=0.04)


def test_shocks_die_out_except_in_random_walks():
    for name in ("linear", "lag2"):
        world = build(SETTINGS[name], np.random.default_rng(21))
        assert spectral_radius(world.now, world.lagged) < 0.95
    world = build(SETTINGS["unit_root"], np.random.default_rng(21))
    assert spectral_radius(world.now, world.lagged) == pytest.approx(1.0)
    assert world.wanders.sum() == 4
    assert not world.now[world.wanders].any()


def test_every_indicator_has_within_variance_one():
    world = build(SETTINGS["linear"], np.random.default_rng(5))
    panel = run(world, draw(world, SETTINGS["linear"], 300, 80, np.random.default_rng(6)))[BURN:]
    assert np.allclose(within_sd(panel), 1.0, atol=0.08)


def test_a_path_through_a_state_is_told_from_a_direct_one():
    arrows = np.zeros((4, 4), bool)
    arrows[1, 0] = arrows[3, 1] = arrows[3, 2] = True
    through = through_others(arrows, ("continuous", "binary", "continuous", "continuous"), 3)
    assert through.tolist() == [True, False, False, False]


@pytest.mark.parametrize("name", ["null_correlated", "null_confounded", "null_driver"])
def test_nothing_moves_the_outcome_of_a_null_panel(name: str):
    case = own_case(SETTINGS[name], 7)
    levers = np.arange(len(case.names)) != case.outcome
    for effects in (case.impact, case.sustained, case.cumulative):
        assert not effects[levers].any()


def test_a_planted_consequence_follows_the_outcome_and_never_moves_it():
    case = own_case(SETTINGS["leak"], 8, "process")
    leak = case.names.index(case.planted[0])
    assert case.now[leak, case.outcome]
    assert case.sustained[leak] == case.impact[leak] == 0
    assert case.dictionary.indicators[case.planted[0]].layer == "process"


def test_no_same_month_arrow_runs_back_to_an_earlier_layer():
    world = build(replace(SETTINGS["linear"], causes=4.0), np.random.default_rng(9))
    effect, cause = np.nonzero(world.now)
    assert effect.size > 20
    assert (world.layer[cause] <= world.layer[effect]).all()


def test_the_same_seed_gives_the_same_panel():
    first, second = own_case(SETTINGS["linear_small"], 10), own_case(SETTINGS["linear_small"], 10)
    assert first.frame.equals(second.frame)
    assert not first.frame.equals(own_case(SETTINGS["linear_small"], 11).frame)


def test_gaps_and_late_starts_are_in_the_panel():
    case = own_case(SETTINGS["linear"], 12)
    starts = case.frame.groupby("entity")["period"].min()
    assert case.frame[list(case.names)].isna().to_numpy().mean() == pytest.approx(0.04, abs=0.01)
    assert 0 < (starts > "2020-02").mean() < 0.35


def test_entities_enter_and_leave():
    case = own_case(SETTINGS["quarters"], 12)
    stays = case.frame.groupby("entity")["period"].nunique()
    assert stays.max() == 8
    assert (stays < 8).mean() > 0.3
    assert case.frame["period"].min() == "2020Q1"


def test_a_survey_has_no_period_and_clusters_are_its_only_entities():
    rows = replace(SETTINGS["cross_section"], entities=200)
    assert not {"entity", "period"} & set(own_case(rows, 13).frame)
    clustered = own_case(replace(SETTINGS["cross_section_clusters"], entities=200, clusters=10), 13)
    assert clustered.frame["entity"].nunique() == 10
    assert clustered.dictionary.period is None
    np.testing.assert_allclose(clustered.sustained, clustered.impact, rtol=1e-12)


@pytest.fixture
def shared_tools(shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Import a module of the shared tools, or skip."""
    tools = shared_data(".").parent / "tools"
    if not (tools / "score.py").is_file():
        pytest.skip("the shared simulator and measures are not here; CAUSAL_SHARED_DATA names the folder beside them")
    monkeypatch.syspath_prepend(str(tools))
    return importlib.import_module


def test_the_shared_system_is_advanced_as_its_own_simulator_does(shared_tools: Callable[[str], Any]):
    simulator = shared_tools("panel_simulator")
    config = simulator.Cfg(N=5, T=8, nonlin=0.4, noise="t4", latent=1.0, seed=7)
    model, inputs = simulator.make(config), {}
    simulator.simulate(model, config, 5, 8, 7, memo=inputs)
    at = np.arange(30, 48)
    base = inputs["base"]
    assert np.allclose(shared_average.advance(simulator, model, inputs, base[at - 1], at), base[at], atol=1e-12)


def test_nudges_in_one_period_give_the_shared_simulators_own_truth(shared_tools: Callable[[str], Any]):
    simulator = shared_tools("panel_simulator")
    config = simulator.Cfg(N=5, T=8, nonlin=0.4, latent=1.0, seed=7)
    model, inputs = simulator.make(config), {}
    nudge = 0.25 * simulator.within_sd(simulator.simulate(model, config, 400, 30, 99 + 1))
    simulator.simulate(model, config, 50, config.h + 4, 99, burn=20, memo=inputs)
    impact, sustained, cumulative = average_effects(
        lambda before, at, adjust: shared_average.advance(simulator, model, inputs, before[0], at, adjust),
        inputs["base"],
        np.array([23]),
        np.where(model["kind"] == 2, 0.5, nudge),
        model["kind"] == 1,
        (-1.0, 1.0),
        model["out"],
        config.h,
    )
    for own, ours in zip(simulator.truth(model, config, NL=50), (impact, cumulative, sustained), strict=True):
        assert np.allclose(own, ours, atol=1e-10)


def test_averaged_truth_of_a_linear_shared_system_is_its_closed_form(shared_tools: Callable[[str], Any]):
    simulator = shared_tools("panel_simulator")
    config = simulator.Cfg(N=5, T=8, binary=False, seed=7)
    model = simulator.make(config)
    levers = np.arange(model["p"]) != model["out"]
    averaged = shared_average.averaged_truth(simulator, model, config, 400)
    for exact, average in zip(simulator.truth(model, config), averaged, strict=True):
        assert np.allclose(exact[levers], average[levers], atol=1e-9)


def test_measures_equal_those_of_the_shared_tools(shared_tools: Callable[[str], Any]):
    shared = shared_tools("score")
    rng = np.random.default_rng(13)
    C, L, C_hat, L_hat = (rng.random((4, 9, 9)) < 0.2) & ~np.eye(9, dtype=bool)
    U_hat = np.triu(rng.random((9, 9)) < 0.1, 1) & ~C_hat & ~C_hat.T
    assert graph_f1((C, L[None]), C_hat, L_hat[None], U_hat) == pytest.approx(
        shared.graph_f1(C, L, C_hat, L_hat, U_hat)
    )
    true, said, unit = rng.normal(0, 0.3, 12), rng.normal(0, 0.3, 12), np.ones(12)
    recall, correlation, _ = shared.ranking(true, said, unit)
    assert (top_recall(true, said), rank_correlation(true, said)) == pytest.approx((recall, correlation))
    assert rmse(true, said) == pytest.approx(shared.rmse(true, said, unit))
    assert coverage(true, said - 0.4, said + 0.4, true) == pytest.approx(
        shared.coverage(true, said - 0.4, said + 0.4, unit, true)
    )


@pytest.mark.parametrize(
    ("mean", "se", "met"), [(0.93, 0.0, True), (0.91, 0.01, True), (0.90, 0.01, False), (1.0, 0.005, False)]
)
def test_a_bar_is_met_within_two_standard_errors(mean: float, se: float, met: bool):
    assert Bar("linear", "coverage_impact", 0.93, 0.985).met(mean, se) is met


def test_a_figure_counts_only_panels_that_have_it():
    assert figure([1.0, 3.0, float("nan")]) == {"mean": 2.0, "se": 1.0, "panels": 2}


def test_the_power_curve_counts_verdicts_by_true_size():
    rows = [(0.0, "watch"), (0.0, "act"), (0.4, "act"), (-0.45, "test")]
    record = {"levers": [{"sustained": [size, 0, 0, 0], "verdict": verdict} for size, verdict in rows]}
    assert [(b["up_to"], b["levers"], b["act"]) for b in power_curve([record])] == [(0.0, 2, 0.5), (0.5, 2, 0.5)]
