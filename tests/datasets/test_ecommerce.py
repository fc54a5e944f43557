"""The e-commerce case: its truth is exact, its data are plausible, and a study finds where advertising saturates."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import yaml

import causal_service as cs
from causal_service.effects.dose_results import DoseResponse, Unsupported

FOLDER = Path(__file__).resolve().parents[2] / "datasets" / "ecommerce"


def load_simulator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate_ecommerce", FOLDER / "simulate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate_ecommerce"] = module
    spec.loader.exec_module(module)
    return module


sim = load_simulator()
INDICATORS = yaml.safe_load((FOLDER / "dictionary.yaml").read_text(encoding="utf-8"))["indicators"]
LAYERS = yaml.safe_load((FOLDER / "dictionary.yaml").read_text(encoding="utf-8"))["layers"]
TRUTH = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def panel() -> np.ndarray:
    return sim.run(sim.draw())


@pytest.fixture(scope="module")
def study() -> cs.Study:
    return cs.study(FOLDER / "panel.csv", dictionary=FOLDER / "dictionary.yaml", outcome="revenue", resamples=80)


def test_committed_files_are_what_the_generator_writes():
    for path, text in sim.files().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_dose_response_in_closed_form_equals_twin_runs(panel):
    """Spend kept at a level from any month on, in any shop, against spend kept at the reference."""
    inputs, dose = sim.draw(), TRUTH["dose_response"]
    shape = sim.own_path(panel, "ad_spend").shape
    to = sim.KEYS.index("revenue")
    usual = sim.kept(inputs, panel, "ad_spend", np.full(shape, dose["reference"]))[:, sim.HORIZON, :, to]
    for level, value in list(zip(dose["levels"], dose["values"], strict=True))[::4]:
        moved = sim.kept(inputs, panel, "ad_spend", np.full(shape, level))[:, sim.HORIZON, :, to]
        np.testing.assert_allclose(moved - usual, value, atol=1e-5)


def test_kept_on_its_own_path_nothing_changes(panel):
    inputs = sim.draw()
    months = sim.kept(inputs, panel, "ad_spend", sim.own_path(panel, "ad_spend"))
    for k in range(sim.HORIZON + 1):
        np.testing.assert_allclose(months[:, k], panel[1 + k : panel.shape[0] - sim.HORIZON + k], atol=1e-9)


def test_effects_of_straight_levers_are_those_of_the_linear_system():
    """delivery -> conversion -> revenue and delivery -> reviews -> next month's conversion, all straight."""
    rows = {(e["lever"], e["outcome"], e["kind"]): e["value"] for e in TRUTH["effects"]}
    assert rows["delivery_days", "revenue", "impact"] == pytest.approx(-0.2 * 120)
    assert rows["order_value", "revenue", "impact"] == pytest.approx(2.2)
    assert rows["ad_spend", "repurchase_rate", "sustained"] == 0.0
    assert rows["repurchase_rate", "revenue", "sustained"] == 0.0


def test_saturation_is_where_the_slope_is_a_fifth(panel):
    low = float(np.quantile(panel[..., sim.AD], 0.05))
    point, step = sim.saturation(low), 1e-5
    slopes = [(sim.reached(np.array(x + step)) - sim.reached(np.array(x))) / step for x in (low, point)]
    assert slopes[1] / slopes[0] == pytest.approx(sim.SATURATED, rel=1e-3)


def test_edges_respect_the_declared_layers():
    rank = {layer: i for i, layer in enumerate(LAYERS)}
    for edge in TRUTH["edges"]:
        if edge["lag"] == 0:
            assert rank[INDICATORS[edge["source"]]["layer"]] <= rank[INDICATORS[edge["target"]]["layer"]], edge


@pytest.mark.parametrize("seed", range(4))
def test_values_stay_in_their_natural_range_without_clipping(seed):
    values = sim.run(sim.draw(seed=seed, shops=100))
    assert values.min() > 0
    for j, key in enumerate(sim.KEYS):
        if INDICATORS[key]["unit"] == "%":
            assert values[..., j].max() < 100, key


def test_ratio_is_revenue_over_spend_to_the_digit():
    table = pd.read_csv(FOLDER / "panel.csv").dropna(subset=["revenue", "ad_spend"])
    np.testing.assert_allclose(table["return_on_spend"], table["revenue"] / table["ad_spend"], atol=5.01e-4)


def test_every_indicator_is_fully_described_in_both_languages():
    assert set(INDICATORS) == set(sim.COLUMNS)
    for key, entry in INDICATORS.items():
        assert {"name", "layer", "unit", "owner", "definition", "frequency", "controllable"} <= set(entry), key
        assert entry["name"]["zh"]
        assert entry["definition"]["en"]


def test_ratio_of_outcome_and_lever_is_set_aside_and_the_lever_stays(study):
    """return = revenue / spend holds by arithmetic; that says nothing about what spend does to revenue."""
    assert "return_on_spend" not in {lever.lever for lever in study.levers}
    assert "return_on_spend" not in {node.name for node in study.graph.nodes}
    removed = [finding for finding in study.findings if finding.code == "identity-with-outcome"]
    assert [finding.indicators for finding in removed] == [("return_on_spend",)]
    assert next(lever for lever in study.levers if lever.lever == "ad_spend").verdict in ("act", "test")


def test_study_finds_that_advertising_saturates_and_where(study):
    curve = study.dose("广告投放")
    assert isinstance(curve, DoseResponse)
    assert curve.bend_p < 1e-4
    assert curve.shape in ("saturating", "diminishing")
    point = sim.saturation(curve.levels[0])
    assert curve.saturation_low is None or curve.saturation_low <= point
    assert curve.saturation_high is None or point <= curve.saturation_high
    truth = sim.dose_response(np.array(curve.levels), curve.reference)
    half = (np.array(curve.high) - np.array(curve.low)) / 2
    assert (np.abs(np.array(curve.values) - truth) <= 1.5 * half + 1e-9).all()
    slopes = np.array(curve.slopes)
    assert slopes[:3].mean() > 3 * max(slopes[-3:].mean(), 0.0)


def test_spend_beyond_the_data_is_refused_where_a_straight_line_would_promise_more(study):
    curve = study.dose("ad_spend", "revenue")
    assert isinstance(curve, DoseResponse)
    for level in (25.0, 0.5):
        answer = curve.at(level)
        assert isinstance(answer, Unsupported)
        assert answer.code == "outside-the-data"
    assert not isinstance(curve.at(12.0), Unsupported)


def test_other_levers_are_straight(study):
    for key in ("delivery_days", "new_products"):
        curve = study.dose(key)
        assert isinstance(curve, DoseResponse)
        assert curve.saturation is None
