"""Curves in the report: a picture and a paragraph per lever, in one language; refusals in words; absent without."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from causal_service.effects.dose_results import Apart, DoseResponse, NoDoseResponse
from causal_service.explanation.dose_sentences import NO_CURVE, worded_dose
from causal_service.report.composition import compose
from causal_service.report.curves import dose_chart
from causal_service.report.html import render_html
from causal_service.report.svg import px
from causal_service.report.words import words

LEVELS = tuple(float(x) for x in range(8, 25, 2))
CURVE = DoseResponse(
    lever="delivery_cycle",
    outcome="satisfaction",
    kind="sustained",
    horizon=3,
    reference=16.0,
    levels=LEVELS,
    values=tuple(-0.1 * (x - 16) for x in LEVELS),
    low=tuple(-0.1 * (x - 16) - 0.05 * abs(x - 16) for x in LEVELS),
    high=tuple(-0.1 * (x - 16) + 0.05 * abs(x - 16) for x in LEVELS),
    slopes=tuple(-0.1 for _ in LEVELS),
    confidence=0.95,
    lowest=5.0,
    highest=31.0,
    rows=1400,
    clusters=48,
    bend_p=0.01,
    shape="saturating",
    saturation_share=0.2,
    saturation=20.0,
    saturation_low=18.0,
    saturation_high=None,
    turning=None,
    turning_low=None,
    turning_high=None,
    adjustment=("order_volume",),
    unit="points",
    lever_unit="days",
)


def said(study, dose):
    named = {entry.key: entry for entry in study.indicators}
    return worded_dose(dose, named, "month")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_picture_and_paragraph_are_in_the_report(study, lang):
    known = replace(study, doses=(said(study, CURVE),))
    picture = compose(known, lang).sections[0].doses.pictures[0]
    assert picture.mark == 20.0
    assert "20" in picture.mark_label
    page = render_html(known, lang)
    assert words(lang)["doses"] in page
    assert page.count('class="dose"') == 1
    for number in ("8", "24", "16", "20", "18"):
        assert re.search(rf"(?<![\d.]){number}(?![\d])", picture.sentence), number


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_curves_there_is_no_section(study, lang):
    assert compose(study, lang).sections[0].doses is None
    assert words(lang)["doses"] not in render_html(study, lang)


@pytest.mark.parametrize("code", sorted(NO_CURVE))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_refusal_has_words_and_a_remedy(study, lang, code):
    dose = said(study, NoDoseResponse("delivery_cycle", "satisfaction", code, 2))
    known = replace(study, doses=(dose,))
    part = compose(known, lang).sections[0].doses
    assert part.pictures == ()
    assert "{" not in part.refusals[0]
    assert dose.what_would_help.get(lang) in part.refusals[0]
    assert dose.at(3.0).code == "no-curve"


@pytest.mark.parametrize("shape", ["straight", "diminishing", "saturating", "accelerating", "turning", "irregular"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_shape_is_said_in_its_own_words(study, lang, shape):
    places = {"saturation": None, "saturation_low": None}
    if shape == "turning":
        places |= {"turning": 15.0, "turning_low": 12.0, "turning_high": 17.0}
    plain = said(study, replace(CURVE, shape=shape, **(places if shape != "saturating" else {})))
    other = said(study, replace(CURVE, shape="straight", **{"saturation": None, "saturation_low": None}))
    assert plain.sentence.get(lang)
    assert (plain.sentence == other.sentence) == (shape == "straight")


def test_picture_stays_inside_its_frame_and_marks_what_is_not_supported(study):
    picture = compose(replace(study, doses=(said(study, CURVE),)), "en").sections[0].doses.pictures[0]
    svg = dose_chart(picture)
    width, height = (float(x) for x in re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", re.search(r'points="([^"]+)"', svg).group(1)):
        assert 0 <= float(x) <= width
        assert 0 <= float(y) <= height
    assert svg.count("<rect") == 3  # two grey ranges and the interval of the saturation point
    assert dose_chart(replace(picture, lowest=8.0, highest=24.0, mark=None)).count("<rect") == 0


def test_a_coordinate_half_way_between_two_is_the_same_live_and_stored():
    assert px(147.25) == px(147.25 + 4e-11) == px(147.25 - 4e-11)
    assert (px(12.0), px(-0.01)) == ("12", "0")


@pytest.mark.parametrize("shape", ["diminishing", "accelerating"])
def test_slopes_that_are_said_are_those_compared(study, shape):
    """Means of the outer thirds, not the slopes of the two outermost points."""
    slopes = (9.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0, 6.0, 7.0)
    dose = said(study, replace(CURVE, shape=shape, slopes=slopes, saturation=None, saturation_low=None))
    for lang in ("zh", "en"):
        text = dose.sentence.get(lang)
        assert re.search(r"(?<![\d.])4(?![\d.]*\d)", text)
        assert re.search(r"(?<![\d.])6(?![\d.]*\d)", text)
        assert not re.search(r"(?<![\d.])9(?![\d%])", text)


@pytest.mark.parametrize("shape", ["straight", "accelerating"])
def test_curve_and_ranked_effect_that_do_not_agree_are_said(study, shape):
    gap = Apart(2.0, 0.35, 0.1, 0.6, 1.53, 1.12, 1.94)
    plain = replace(CURVE, shape=shape, saturation=None, saturation_low=None)
    for lang in ("zh", "en"):
        text = said(study, replace(plain, apart=gap)).sentence.get(lang)
        assert all(number in text for number in ("0.35", "1.5", "1.1", "1.9"))
        assert "0.35" not in said(study, plain).sentence.get(lang)


def test_a_lone_curve_is_no_wider_than_the_text_is_large(study):
    page = render_html(replace(study, doses=(said(study, CURVE),)), "en")
    assert re.search(r"\.doses svg \{[^}]*max-width: 4\d\dpx", page)
    assert re.search(r"\.contour tbody th, \.contour td \{ vertical-align: baseline", page)
