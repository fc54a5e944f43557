"""How strong a hidden common cause would have to be, in both languages, with its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from causal_service.effects.robustness import Benchmark
from causal_service.errors import Text
from causal_service.explanation.hidden_causes import hidden_cause_sentence
from causal_service.levers.results import Lever
from causal_service.panel.summary import IndicatorSummary

LEVER = Lever(
    rank=1, lever="cycle", outcome="rating", kind="sustained", horizon=3, step=-1.0, step_basis="declared",
    value=-0.78, low=-0.83, high=-0.72, gain_per_step=0.78, gain_low=0.72, gain_high=0.83, p_top1=0.8, p_top3=0.99,
    expected_regret=0.0, expected_regret_sd=0.0, smallest_detectable=0.1, robustness=0.234, verdict="act",
    robustness_interval=0.187, benchmark=Benchmark("on_time_rate", 3.04, 0.05, 0.1, -0.5),
)  # fmt: skip
INDICATORS = {
    key: IndicatorSummary(
        key=key, name=Text(zh, en), layer=None, unit="", better=None, controllable=None, owner="",
        definition=Text("", ""), mean=0.0, sd=1.0, within_sd=1.0, missing=0.0,
    )
    for key, zh, en in (("on_time_rate", "准时交付率", "On-time delivery rate"), ("cycle", "周期", "Cycle"))
}  # fmt: skip


def test_shares_and_the_measure_are_named():
    said = hidden_cause_sentence(LEVER, INDICATORS)
    for text in (said.zh, said.en):
        assert "23%" in text
        assert "19%" in text
        assert "3" in text
    assert INDICATORS["on_time_rate"].name.en in said.en
    assert INDICATORS["on_time_rate"].name.zh in said.zh


def test_without_a_measure_only_the_shares_are_said():
    said = hidden_cause_sentence(replace(LEVER, benchmark=None), INDICATORS)
    assert "times" not in said.en
    assert "23%" in said.en


def test_an_interval_that_holds_zero_is_said_to():
    assert "includes zero" in hidden_cause_sentence(replace(LEVER, robustness_interval=0.0), INDICATORS).en


@pytest.mark.parametrize("changes", [{"value": 0.0}, {"robustness_interval": None}])
def test_nothing_is_said_of_no_effect(changes):
    assert hidden_cause_sentence(replace(LEVER, **changes), INDICATORS).en == ""


@pytest.mark.parametrize(
    ("times", "en", "zh"),
    [
        (1.0, "about as strong as", "与准时交付率相当"),
        (0.0, "less than a tenth as strong as", "不到准时交付率的十分之一"),
    ],
)
def test_no_factor_is_said_where_it_says_nothing(times, en, zh):
    said = hidden_cause_sentence(replace(LEVER, benchmark=replace(LEVER.benchmark, times=times)), INDICATORS)
    assert en in said.en
    assert zh in said.zh.replace(" ", "")


@pytest.mark.parametrize("times", [None, 20.1])
def test_a_known_cause_that_hardly_acts_is_no_measure(times):
    said = hidden_cause_sentence(replace(LEVER, benchmark=replace(LEVER.benchmark, times=times)), INDICATORS)
    assert "times as strong" not in said.en
    assert "On-time" not in said.en
    assert "of what is left of both" in said.en
