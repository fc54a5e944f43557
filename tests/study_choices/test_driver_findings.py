"""A hidden driver is told with how many resamples reckon with it, and that intervals are narrow where most do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from causal_service.discovery.discover import Discovery, discover
from causal_service.discovery.hidden_driver import HiddenDriver
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.prepared import prepare
from causal_service.study_choices.findings import driver_findings

BESIDE = np.full(4, 0.3)
ABSENT = np.empty(0)


@pytest.fixture(scope="module")
def learned(simulated) -> Discovery:
    panel = panel_from_frame(simulated.frame(0, entities=12, periods=8), entity="plant", period="month")
    return discover(prepare(panel, Dictionary(), (), 1), Knowledge({}), outcomes=("rating",), resamples=4)


def driver(outcome: str, evidence: float) -> HiddenDriver:
    unused: Any = None  # the system with the driver: a finding does not look at it
    return HiddenDriver(outcome, ("cycle", "ontime"), ("cycle",), evidence, 0.3, True, unused)


def told(learned: Discovery, loadings: list[np.ndarray], *drivers: HiddenDriver) -> list[tuple[float, str, str]]:
    """(share of draws, zh, en) of every finding."""
    draws = tuple(replace(learned.draws[0], loadings=one) for one in loadings)
    found = driver_findings(drivers, replace(learned, draws=draws), Dictionary(), ("cycle", "visits"))
    return [(f.params["carried"], f.message.zh, f.message.en) for f in found]


@pytest.mark.parametrize(
    ("loadings", "share", "narrow", "counted"),
    [
        ([ABSENT] * 4, 0.0, True, False),
        ([ABSENT] * 3 + [BESIDE], 0.25, True, True),
        ([ABSENT, ABSENT, BESIDE, BESIDE], 0.5, False, True),
        ([BESIDE] * 4, 1.0, False, True),
    ],
)
def test_the_share_of_draws_is_said_and_narrow_intervals_unless_most_have_it(learned, loadings, share, narrow, counted):
    ((carried, zh, en),) = told(learned, loadings, driver("rating", 9.0))
    assert carried == share
    assert ("too narrow" in en, "偏窄" in zh) == (narrow, narrow)
    assert (f"in {share:.0%} of resamples" in en, f"{share:.0%} 的重抽样" in zh) == (counted, counted)
    assert ("do not take it into account" in en, "没有计入" in zh) == (not counted, not counted)


def test_draws_have_the_strongest_driver_only(learned):
    said = told(learned, [BESIDE] * 4, driver("visits", 4.0), driver("rating", 9.0))
    assert [carried for carried, _, _ in said] == [0.0, 1.0]


def test_a_share_that_rounds_to_nothing_is_not_called_nothing(learned):
    ((carried, zh, en),) = told(learned, [ABSENT] * 299 + [BESIDE], driver("rating", 9.0))
    assert carried == 1 / 300
    assert "in <1% of resamples" in en
    assert "<1% 的重抽样" in zh
