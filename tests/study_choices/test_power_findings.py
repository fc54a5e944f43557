"""A panel too small for most of its levers says so, and how large it would have to be."""

from __future__ import annotations

import re
from dataclasses import replace
from math import ceil

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.explanation.reason_texts import reason_text
from causal_service.levers.results import Reason
from causal_service.study_choices.power_findings import MANY, Extent, power_findings

LEVERS = ("staff", "stock", "visits")


def study(entities: int, periods: int) -> cs.Study:
    """A panel whose levers hardly do anything."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((entities * periods, 4))
    values[:, 3] += 0.05 * values[:, 0]
    frame = pd.DataFrame(values, columns=[*LEVERS, "rating"])
    frame.insert(0, "month", np.tile(pd.date_range("2024-01-01", periods=periods, freq="MS"), entities))
    frame.insert(0, "plant", np.repeat([f"p{i:03d}" for i in range(entities)], periods))
    return cs.study(frame, entity="plant", period="month", outcome="rating", lever=list(LEVERS), resamples=40)


@pytest.fixture(scope="module")
def small() -> cs.Study:
    return study(10, 8)


def said(found: cs.Study) -> list[cs.Finding]:
    return [f for f in found.findings if f.code == "panel-too-small"]


def test_a_small_panel_names_the_size_that_would_do(small):
    (finding,) = said(small)
    smallest = finding.params["smallest_detectable_sd"]
    assert finding.severity == "review"
    assert finding.indicators == ("rating",)
    assert smallest > 0.2
    assert finding.params["entities_needed"] == ceil(10 * (smallest / 0.2) ** 2) > 10
    assert finding.params["periods_needed"] == ceil(8 * (smallest / 0.2) ** 2)
    for text in (finding.remedy.zh, finding.remedy.en):
        assert str(finding.params["entities_needed"]) in text
        assert str(finding.params["periods_needed"]) in text


def test_twice_the_size_named_is_large_enough(small):
    needed = said(small)[0].params["entities_needed"]
    assert said(study(2 * needed, 8)) == []


@pytest.mark.parametrize(
    ("unit", "entities", "periods", "word"),
    [
        ("entity", 40, 80, "about 40 entities over as many periods, or about 80 periods of the same entities"),
        ("stretch", 40, 80, "about 40 entities over as many periods, or about 80 periods of the same entities"),
        ("period", None, 80, "it takes at least about 80 periods;"),
        ("cluster", 40, None, "it takes at least about 40 clusters;"),
        ("row", 40, None, "it takes at least about 40 rows;"),
    ],
)
def test_what_is_missing_depends_on_the_kind_of_data(small, known, unit, entities, periods, word):
    levers, sizes = unseen(small, 5, 5)
    (finding,) = power_findings(levers, sizes, Extent(unit, 10, 20), known)
    assert finding.params["entities_needed"] == entities
    assert finding.params["periods_needed"] == periods
    assert word in finding.remedy.en


def test_sizes_are_in_the_unit_of_the_outcome_in_both_languages(small, simulated):
    levers, sizes = unseen(small, 5, 5)
    (finding,) = power_findings(
        levers, sizes, Extent("entity", 10, 20), simulated.dictionary(rating={"unit": "points"})
    )
    assert re.search(
        r"effects from [0-9.]+ points a step .* and [0-9.]+ points \(0.2 SDs\) would be", finding.message.en
    )
    assert re.search(r"每步至少 [0-9.]+分的效应（.*而有用的效应是 [0-9.]+分（0.2 倍）", finding.message.zh)


def test_it_is_said_where_more_than_the_share_is_unseen(small, known):
    levers, sizes = unseen(small, 5, round(MANY * 5))
    assert power_findings(levers, sizes, Extent("entity", 10, 20), known) == ()
    levers, sizes = unseen(small, 5, round(MANY * 5) + 1)
    (finding,) = power_findings(levers, sizes, Extent("entity", 10, 20), known)
    assert finding.params["levers"] == 5
    assert finding.params["insufficient"] == 3


def test_only_effects_that_could_not_be_seen_count(small, known):
    levers, sizes = unseen(small, 5, 0)
    short = Reason("too-few-entities", {}, reason_text("too-few-entities"))
    few = [replace(lever, verdict="insufficient", reasons=(short,)) for lever in levers]
    assert power_findings(few, sizes, Extent("entity", 3, 20), known) == ()


def test_levers_that_hang_on_the_strength_of_a_driver_are_not_promised_a_size(small, known):
    """They count neither among the levers nor among those unseen, and do not move the size."""
    levers, sizes = unseen(small, 5, 5)
    hangs = Reason("driver-strength-open", {}, reason_text("driver-strength-open"))
    wide = 2.0 * sizes["rating"]
    beside = [replace(lever, reasons=(hangs,), smallest_detectable=wide) for lever in levers]
    assert power_findings(beside, sizes, Extent("entity", 10, 20), known) == ()
    (finding,) = power_findings([*levers, *beside], sizes, Extent("entity", 10, 20), known)
    assert (finding.params["levers"], finding.params["insufficient"]) == (5, 5)
    assert finding.params["entities_needed"] == 40
    assert "5 more" in finding.message.en
    assert "另有 5 个" in finding.message.zh


@pytest.fixture(scope="module")
def known() -> cs.Dictionary:
    return cs.Dictionary()


def unseen(found: cs.Study, listed: int, short: int):
    """``listed`` levers, ``short`` of them with an effect of 0.4 SDs as the smallest that could be seen."""
    sizes = {"rating": next(entry.within_sd for entry in found.indicators if entry.key == "rating")}
    faint = Reason("below-detectable", {}, reason_text("below-detectable"))
    row = replace(found.levers[0], smallest_detectable=0.4 * sizes["rating"], reasons=())
    levers = [replace(row, lever=f"x{j}", reasons=(faint,) if j < short else ()) for j in range(listed)]
    return levers, sizes
