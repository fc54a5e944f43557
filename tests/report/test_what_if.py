"""The chart of a path ends where the lever table does; nothing is drawn where there is nothing to draw."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import causal_service as cs
from causal_service.report.composition import compose
from causal_service.report.document import WhatIfPart
from causal_service.report.path_chart import arrival_columns, path_chart
from causal_service.report.typesetting import em


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


@pytest.mark.parametrize("unit", ["percentage points", "ten thousand yuan", "个百分点", "items per hundred orders"])
@pytest.mark.parametrize("end", [5.0, -5.0])
def test_a_unit_is_written_in_full_within_the_chart(unit, end):
    part = WhatIfPart("a", "+1", "", "b", unit, (0.0, end), (0.0, end - 1), (0.0, end + 1), "month", "")
    texts = re.findall(
        r'<text x="([\d.]+)" y="([\d.]+)" [^>]*font-size="([\d.]+)"[^>]*>([^<]*)', path_chart(part, "01")
    )
    start = next(i for i, row in enumerate(texts) if row[3].endswith("5.0"))
    lines = texts[start + 1 :]
    assert " ".join(row[3] for row in lines) == unit
    assert all(float(x) + float(size) * em(text) <= 420 for x, _, size, text in lines)
    assert all(0 < float(y) < 196 for _, y, _, _ in texts)


def test_columns_stay_within_their_frame():
    heights = [
        float(x) for x in re.findall(r'height="([\d.]+)" fill="#1f6f9f"', arrival_columns((-0.5, 0.5, 1.7, 1.0), ""))
    ]
    assert heights == [0.0, 7.0, 14.0, 14.0]
    assert arrival_columns((1.0,), "") == ""
