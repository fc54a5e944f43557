"""The simulator's truth is the truth, and the measures mean what they say."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bars import Bar
from scoring import coverage, graph_f1, rank_correlation, rmse, top_recall
from simulator import SETTINGS, build, draw, exact_effects, own_case, run, twin_effects, within_sd
from summary import figure, power_curve


def test_closed_form_equals_twin_simulation():
    settings = SETTINGS["linear"]
    world = build(settings, np.random.default_rng(3))
    twins = twin_effects(world, settings, np.random.default_rng(4))
    levers = np.arange(world.layer.size) != world.outcome
    for exact, simulated in zip(exact_effects(world), twins, strict=True):
        assert np.allclose(exact[levers], simulated[levers], atol=1e-10)


def test_every_indicator_has_within_variance_one():
    world = build(SETTINGS["linear"], np.random.default_rng(5))
    panel = run(world, draw(world, SETTINGS["linear"], 300, 80, np.random.default_rng(6)))
    assert np.allclose(within_sd(panel), 1.0, atol=0.08)


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
    starts = case.frame.groupby("entity")["month"].min()
    assert case.frame[list(case.names)].isna().to_numpy().mean() == pytest.approx(0.04, abs=0.01)
    assert 0 < (starts > "2020-02").mean() < 0.35


def test_measures_equal_those_of_the_shared_tools(shared_data: Callable[[str], Path]):
    tools = shared_data(".").parent / "tools"
    if not (tools / "score.py").is_file():
        pytest.skip("the shared measures are not here; CAUSAL_SHARED_DATA names the folder beside them")
    sys.path.insert(0, str(tools))
    try:
        shared = importlib.import_module("score")
    finally:
        sys.path.remove(str(tools))
    rng = np.random.default_rng(13)
    C, L, C_hat, L_hat = (rng.random((4, 9, 9)) < 0.2) & ~np.eye(9, dtype=bool)
    U_hat = np.triu(rng.random((9, 9)) < 0.1, 1) & ~C_hat & ~C_hat.T
    assert graph_f1((C, L), C_hat, L_hat, U_hat) == pytest.approx(shared.graph_f1(C, L, C_hat, L_hat, U_hat))
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
