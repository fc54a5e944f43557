"""Effects along a moderator in the report: a table and a sentence per lever, refusals once, absent without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from causal_service.effects.moderation_results import ModeratedEffect, Moderation, NoModeration
from causal_service.errors import Text
from causal_service.explanation.moderation_sentences import NO_MODERATION, worded_moderation
from causal_service.report.composition import compose
from causal_service.report.html import render_html
from causal_service.report.words import words

NAME = Text("工厂规模", "Plant size")
FOUND = Moderation(
    lever="delivery_cycle",
    outcome="satisfaction",
    moderator="size",
    moderator_name=NAME,
    moderator_unit="人",
    learner="linear",
    delay=0,
    adjustment=("order_volume",),
    entities=48,
    rows=1400,
    unit="points per day",
    effects=tuple(
        ModeratedEffect(share, level, value, value - 0.1, value + 0.1)
        for share, level, value in (
            (0.1, 120.4, -0.2), (0.25, 201.0, -0.31), (0.5, 340.2, -0.5), (0.75, 480.0, -0.68), (0.9, 612.3, -0.85),
        )
    ),
    difference=-0.65,
    difference_low=-0.8,
    difference_high=-0.5,
    p=0.0001,
    q=0.0002,
    differs=True,
)  # fmt: skip


def said(study, row):
    lever = next(x for x in study.levers if (x.lever, x.outcome) == (row.lever, row.outcome))
    return worded_moderation(row, lever, {entry.key: entry for entry in study.indicators}, "month")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_table_and_sentence_are_in_the_report(study, lang):
    known = replace(study, moderation=(said(study, FOUND),))
    part = compose(known, lang).sections[0].along
    (lever,) = part.levers
    assert (part.name, len(lever.rows), part.refusals) == (NAME.get(lang), 5, ())
    assert ("120" in lever.rows[0].name) and ("612" in lever.rows[-1].name) and "90%" in lever.rows[-1].name
    assert lever.rows[-1].change.startswith("+0.85"), "one step shortens the cycle by a day"
    assert lever.rows[-1].interval.startswith("0.75") and not lever.rows[-1].harms
    page = render_html(known, lang)
    assert f"<h2>{words(lang)['along'].format(name=NAME.get(lang))}</h2>" in page
    assert known.moderation[0].caveat.get(lang) in page


def test_the_sentence_tells_both_ends_and_whether_they_differ(study):
    row = said(study, FOUND).sentence
    assert row.en == (
        "Cutting Delivery cycle by 1 day: where Plant size is high on average (612 people), "
        "Customer satisfaction "
        "changes by +0.85 points (95% interval 0.75 to 0.95) in the same month; where it is low (120 people), "
        "by +0.20 points (95% interval 0.10 to 0.30). The effect does change along it (q<0.001)."
    )
    assert row.zh == (
        "把订单交付周期缩短1天：平均工厂规模较高（612人）时，当月客户满意度变化+0.85分（95%区间0.75至0.95）；"
        "较低（120人）时，变化+0.20分（95%区间0.10至0.30）。作用确实随之变化（q<0.001）。"
    )
    same = said(study, replace(FOUND, differs=False, q=0.3)).sentence
    assert "not established (q=0.3)" in same.en and "没有得到证实" in same.zh
    turned = (replace(FOUND.effects[0], value=0.2, low=0.1, high=0.3), *FOUND.effects[1:])
    turns = said(study, replace(FOUND, effects=turned)).sentence
    assert "turns round" in turns.en and "反转" in turns.zh


def test_a_forest_says_what_it_cannot_tell(study):
    forest = said(study, replace(FOUND, learner="forest", difference_low=None, difference_high=None))
    assert "forest" in forest.caveat.en and "森林" in forest.caveat.zh and "graph" in forest.caveat.en


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("code", NO_MODERATION)
def test_a_refusal_is_told_once(study, code, lang):
    levers = [row.lever for row in study.levers[:2]]
    rows = tuple(said(study, NoModeration(x, "satisfaction", "size", NAME, code, 3)) for x in levers)
    part = compose(replace(study, moderation=rows), lang).sections[0].along
    assert part.levers == () and part.caveat == ""
    assert 1 <= len(part.refusals) <= 2
    assert all("{" not in text for text in part.refusals)
    assert part.refusals[0] in render_html(replace(study, moderation=rows), lang)


def test_without_a_moderator_there_is_no_such_part(study):
    assert compose(study, "en").sections[0].along is None
    assert words("en")["along"].format(name="") not in render_html(study, "en")
