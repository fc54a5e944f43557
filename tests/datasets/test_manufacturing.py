"""The founding case: its truth is exact, its data are plausible, and its story comes out."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from causal_service.data import demo_dictionary_path, demo_panel_path, demo_truth

ROOT = Path(__file__).resolve().parents[2]


def load_simulator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate", ROOT / "datasets" / "manufacturing" / "simulate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate"] = module
    spec.loader.exec_module(module)
    return module


sim = load_simulator()
KEYS = list(sim.KEYS)
DICTIONARY = yaml.safe_load(demo_dictionary_path().read_text(encoding="utf-8"))
INDICATORS = DICTIONARY["indicators"]
CONTROLLABLE = [key for key, entry in INDICATORS.items() if entry["controllable"]]


@pytest.fixture(scope="module")
def undisturbed() -> np.ndarray:
    return sim.run(sim.draw())


def within(panel: np.ndarray) -> np.ndarray:
    centred = panel - panel.mean(axis=0, keepdims=True)
    return centred - centred.mean(axis=1, keepdims=True)


def test_committed_files_are_what_the_generator_writes():
    for path, text in sim.files().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_demo_paths_are_files_of_reasonable_size():
    assert demo_panel_path().stat().st_size < 300_000
    assert demo_truth() == json.loads(json.dumps(sim.truth()))


@pytest.mark.parametrize("lever", KEYS)
def test_closed_form_equals_twin_simulation(lever: str, undisturbed: np.ndarray):
    """Two runs with the same noise differ by the lever alone; their difference is the effect."""
    inputs = sim.draw()
    kept = sim.run(inputs, hold=(lever, 1.0, undisturbed)) - undisturbed
    shocked_noise = inputs.noise.copy()
    shocked_noise[sim.BURN, :, KEYS.index(lever)] += 1.0
    shocked = sim.run(sim.Inputs(inputs.level, inputs.common, shocked_noise)) - undisturbed
    for outcome in sim.OUTCOMES:
        if outcome == lever:
            continue
        to, exact = KEYS.index(outcome), sim.effects(lever, outcome)
        assert kept[sim.HORIZON, :, to] == pytest.approx(exact["sustained"], abs=1e-9)
        assert shocked[0, :, to] == pytest.approx(exact["impact"], abs=1e-9)
        assert shocked[: sim.HORIZON + 1, 0, to].sum() == pytest.approx(exact["cumulative"], abs=1e-9)


@pytest.mark.parametrize("outcome", sim.OUTCOMES)
def test_moving_a_stage_moves_the_total_one_for_one(outcome: str):
    whole = sim.effects(sim.TOTAL, outcome)["sustained"]
    for stage in sim.STAGES:
        assert sim.effects(stage, outcome)["sustained"] == pytest.approx(whole, abs=1e-12)


def test_edges_respect_the_declared_layers():
    """Within a month an earlier layer may move a later one, never the reverse."""
    rank = {layer: i for i, layer in enumerate(DICTIONARY["layers"])}
    for edge in demo_truth()["edges"]:
        if edge["lag"] == 0:
            assert rank[INDICATORS[edge["source"]]["layer"]] <= rank[INDICATORS[edge["target"]]["layer"]], edge


def test_equations_explain_a_realistic_share_inside_plants():
    explained = sim.within_r2()
    assert explained.pop(sim.TOTAL) == pytest.approx(1.0)
    assert all(0.2 <= share <= 0.6 for share in explained.values()), explained


@pytest.mark.parametrize("seed", range(5))
def test_values_stay_in_their_natural_range_without_clipping(seed: int):
    panel = sim.run(sim.draw(seed=seed, plants=100))
    for j, key in enumerate(KEYS):
        assert panel[..., j].min() > 0, key
        if INDICATORS[key]["unit"] in ("%", "points"):
            assert panel[..., j].max() < 100, key


def test_total_is_the_sum_of_its_stages_to_the_cent_of_a_day():
    values = sim.observed(sim.run(sim.draw()), gaps=0.0)
    total = values[..., KEYS.index(sim.TOTAL)]
    assert np.abs(total - values[..., [KEYS.index(s) for s in sim.STAGES]].sum(axis=-1)).max() < 1e-9


def test_four_percent_of_the_cells_are_empty():
    share = np.isnan(sim.observed(sim.run(sim.draw()))).mean()
    assert share == pytest.approx(0.04, abs=0.005)


def test_correlation_is_misled_and_truth_names_the_delivery_cycle(undisturbed: np.ndarray):
    """The founding story: training and visits lead by correlation and do nothing; delivery cycle leads in truth."""
    flat = undisturbed.reshape(-1, len(KEYS))
    correlation = np.abs(np.corrcoef(flat.T)[KEYS.index("satisfaction")])
    by_correlation = sorted(CONTROLLABLE, key=lambda key: -correlation[KEYS.index(key)])
    assert {"training_hours", "customer_visits"} <= set(by_correlation[:3])
    assert by_correlation.index("delivery_cycle") >= 5

    def gain(key: str) -> float:
        return INDICATORS[key]["step"]["change"] * sim.effects(key, "satisfaction")["sustained"]

    by_truth = sorted(CONTROLLABLE, key=lambda key: -gain(key))
    assert by_truth[0] == "delivery_cycle"
    assert gain("training_hours") == gain("customer_visits") == 0.0
    assert sum(gain(key) > 0.1 for key in CONTROLLABLE) >= 6


def test_leak_tracks_the_outcome_but_never_moves_it(undisturbed: np.ndarray):
    inside = within(undisturbed).reshape(-1, len(KEYS))
    correlation = np.corrcoef(inside.T)[KEYS.index("complaints"), KEYS.index("satisfaction")]
    assert correlation < -0.6
    assert sim.effects("complaints", "satisfaction")["sustained"] == 0.0


def test_twin_dictionary_differs_by_the_layer_of_complaints_alone():
    twin = yaml.safe_load(
        (ROOT / "datasets" / "manufacturing" / "dictionary_no_layer.yaml").read_text(encoding="utf-8")
    )
    assert twin["indicators"]["complaints"].pop("layer", None) is None
    twin["indicators"]["complaints"]["layer"] = "strategic"
    assert twin == DICTIONARY


def test_every_indicator_is_fully_described_in_both_languages():
    assert set(INDICATORS) == set(KEYS)
    for key, entry in INDICATORS.items():
        assert entry["name"]["zh"], key
        assert entry["name"]["en"], key
        assert entry["definition"]["zh"], key
        assert entry["definition"]["en"], key
        assert entry["owner"], key
        if entry["controllable"]:
            low, high = entry["bounds"]
            assert low < sim.SYSTEM[key].mean < high, key
            assert entry["step"]["cost"] > 0, key


def test_card_states_the_gains_that_the_dictionary_and_truth_give():
    card = (ROOT / "datasets" / "manufacturing" / "card.md").read_text(encoding="utf-8")
    for key in CONTROLLABLE:
        step, unit = INDICATORS[key]["step"]["change"], INDICATORS[key]["unit"]
        gain = step * sim.effects(key, "satisfaction")["sustained"] + 0.0
        assert f"| {INDICATORS[key]['name']['en']} | {step:+g} {unit} | {gain:.2f} |" in card
