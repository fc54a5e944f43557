"""The chart of a path ends where the lever table does; nothing is drawn where there is nothing to draw."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import causal_service as cs
from causal_service.report.composition import compose
from causal_service.report.document import WhatIfPart
from causal_service.report.path_chart import arrival_columns, path_chart


@pytest.fixture(scope="module")
def study(simulated) -> cs.Study:
    frame = simulated.frame(0, entities=40, periods=20)
    return cs.study(frame, outcome="rating", resamples=20, entity="plant", period="month")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_path_ends_at_the_effect_of_the_table(study, lang):
    (section,) = compose(study, lang).sections
    assert section.what_if
    for part in section.what_if:
        lever = next(row for row in study.levers if row.lever == part.name)
        ends = sorted((lever.low * lever.step, lever.high * lever.step))
        assert part.value[-1] == pytest.approx(lever.value * lever.step, rel=1e-9)
        assert (part.low[-1], part.high[-1]) == pytest.approx(ends, rel=1e-9)
    page = study.report(lang)
    assert page.count('class="path-chart"') == len(section.what_if)
    for chart in re.findall(r'<svg[^>]*class="path-chart".*?</svg>', page, flags=re.DOTALL):
        ElementTree.fromstring(chart)
    assert all(group.summary for group in section.chains)


def test_without_a_system_there_is_no_path(study):
    content = study.to_dict()
    content["system"] = None
    (section,) = compose(cs.Study.from_dict(content), "en").sections
    assert section.what_if == ()


@pytest.mark.parametrize("value", [(0.0, 0.0), (-1.0, -2.0, -2.5), (0.5,) * 40, (1e-9, 2e-9)])
def test_any_path_can_be_drawn(value):
    low, high = tuple(x - 0.1 * abs(x) for x in value), tuple(x + 0.1 * abs(x) for x in value)
    part = WhatIfPart("a", "+1", "", "b", "", value, low, high, "day", "")
    chart = path_chart(part, tuple(str(t) for t in range(len(value))))
    ElementTree.fromstring(chart)
    assert "nan" not in chart


def test_columns_stay_within_their_frame():
    heights = [
        float(x) for x in re.findall(r'height="([\d.]+)" fill="#1f6f9f"', arrival_columns((-0.5, 0.5, 1.7, 1.0), ""))
    ]
    assert heights == [0.0, 7.0, 14.0, 14.0]
    assert arrival_columns((1.0,), "") == ""
