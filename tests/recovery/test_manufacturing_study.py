"""The founding case, studied as a user would: what comes out beside its exact truth."""

from __future__ import annotations

from pathlib import Path

import pytest

import causal_service as cs
from causal_service.data import demo_dictionary_path, demo_panel_path, demo_truth

ROOT = Path(__file__).resolve().parents[2]
TWIN = ROOT / "datasets" / "manufacturing" / "dictionary_no_layer.yaml"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def satisfaction() -> cs.Study:
    return cs.study(demo_panel_path(), dictionary=demo_dictionary_path(), outcome="satisfaction")


def verdict_of(study: cs.Study, lever: str) -> str | None:
    return {row.lever: row.verdict for row in study.levers}.get(lever)


def test_delivery_cycle_comes_first_and_is_told_to_act(satisfaction: cs.Study):
    first = satisfaction.levers[0]
    assert (first.rank, first.lever, first.verdict) == (1, "delivery_cycle", "act")


def test_intervals_contain_the_truth_of_most_levers(satisfaction: cs.Study):
    truth = {(e["lever"], e["outcome"], e["kind"]): e["value"] for e in demo_truth()["effects"]}
    inside = [row.low <= truth[row.lever, row.outcome, row.kind] <= row.high for row in satisfaction.levers]
    assert len(inside) >= 10
    assert sum(inside) / len(inside) >= 0.8


@pytest.mark.parametrize("lever", ["training_hours", "customer_visits"])
def test_popular_non_levers_are_not_told_to_act(satisfaction: cs.Study, lever: str):
    assert verdict_of(satisfaction, lever) not in (None, "act")


@pytest.mark.parametrize("dictionary", [demo_dictionary_path(), TWIN], ids=["declared", "undeclared"])
def test_complaints_are_never_told_to_act(dictionary: Path):
    study = cs.study(demo_panel_path(), dictionary=dictionary, outcome="satisfaction", lever=LEVERS_AND_COMPLAINTS)
    assert verdict_of(study, "complaints") != "act"
    assert verdict_of(study, "delivery_cycle") == "act"


LEVERS_AND_COMPLAINTS = ("complaints", "delivery_cycle", "first_pass_yield", "supplier_on_time", "training_hours")
