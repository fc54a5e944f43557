# ruff: noqa: E501  (a case per line reads better)
"""Sentences say what was computed, in both languages, and survive odd inputs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_service.errors import CallError, Text
from causal_service.explanation.contrast_sentences import not_ranked_words
from causal_service.explanation.quantities import decimals_of_interval, format_fixed
from causal_service.explanation.results import Chain, Contrast, NotRanked
from causal_service.explanation.wording import (
    REASON_CODES,
    answer_text,
    chain_sentence,
    contrast_sentence,
    format_effect,
    format_level,
    format_number,
    format_share,
    gain_words,
    horizon_words,
    lever_sentence,
    name_of,
    reason_text,
    step_words,
)
from causal_service.levers.results import Lever, Reason
from causal_service.panel.units import unit_words

NUMBER = re.compile(r"(?<![A-Za-z])-?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Entry:
    name: Text
    unit: str = ""
    better: str | None = None


NAMES = {
    "cycle": Entry(Text("订单交付周期", "Delivery cycle"), "days", "lower"),
    "visits": Entry(Text("客户拜访次数", "Customer visits"), "次", "higher"),
    "score": Entry(Text("客户满意度", "Satisfaction"), "points", "higher"),
    "complaints": Entry(Text("客诉率", "Complaints"), "%", "lower"),
    "bare": Entry(Text("", "")),
    "zh_only": Entry(Text("培训时长", ""), "小时", "higher"),
}
LEVER = Lever(
    1, "cycle", "score", "sustained", 3, -1.0, "declared", -0.784, -0.832, -0.724, 0.784, 0.724, 0.832, 0.9, 0.99,
    0.0, 0.0, 0.08, 0.3, "act",
)  # fmt: skip


def lever(**changes) -> Lever:
    """The reference lever, with gain and interval following from value and step."""
    changed = replace(LEVER, **changes)
    ends = sorted((changed.low * changed.step, changed.high * changed.step))
    gain = {"gain_per_step": changed.value * changed.step, "gain_low": ends[0], "gain_high": ends[1]}
    return replace(changed, **{key: value for key, value in gain.items() if key not in changes})


def say(row: Lever, frequency: str = "month", listed: int | None = 9) -> Text:
    return lever_sentence(row, NAMES, frequency, listed)


def test_the_sentence_of_the_founding_case():
    assert say(lever()).en == (
        "Cutting Delivery cycle by 1 day and keeping it there raises Satisfaction by 0.78 points after 3 months "
        "(95% interval 0.72 to 0.83); it is among the best three levers in 99% of resamples."
    )
    assert say(lever()).zh == (
        "把订单交付周期缩短1天并保持，3个月后客户满意度预计提高0.78分（95%区间0.72至0.83）；在99%的重抽样中位列前三。"
    )


@pytest.mark.parametrize(
    ("changes", "en", "zh"),
    [
        ({"step": 2.0, "value": 0.4, "low": 0.3, "high": 0.5}, "Raising Delivery cycle by 2 days", "增加2天"),
        ({"lever": "visits", "step": 1.0, "value": 0.4, "low": 0.3, "high": 0.5}, "Customer visits by 1 and", "增加1次"),
        ({"lever": "zh_only", "step": 1.0, "value": 0.4, "low": 0.3, "high": 0.5}, "Raising 培训时长 by 1 hour", "增加1小时"),
        ({"lever": "bare", "step": 1.5, "value": 0.4, "low": 0.3, "high": 0.5}, "Raising bare by 1.5 and", "把 bare 提高1.5并"),
        ({"lever": "absent", "step": 1.5, "value": 0.4, "low": 0.3, "high": 0.5}, "Raising absent by 1.5", "把 absent 提高1.5"),
        ({"outcome": "complaints", "step": 1.0, "value": 0.4, "low": 0.3, "high": 0.5}, "raises Complaints by 0.40 percentage points", "提高0.40个百分点"),
        ({"outcome": "complaints"}, "raises Complaints by 0.78 percentage points", "客诉率预计提高0.78个百分点"),
        ({"step": -1.2345678, "step_basis": "sd"}, "by 1.23 days (one typical fluctuation)", "缩短1.23天（一个典型波动幅度）"),
        ({"kind": "impact", "horizon": 0}, "Cutting Delivery cycle by 1 day raises Satisfaction by 0.78 points in the same month", "，当月客户满意度"),
        ({"horizon": 1}, "after 1 month (", "1个月后"),
        ({"p_top3": 1.0}, "in every resample", "在全部重抽样中都位列前三"),
        ({"p_top3": 0.997}, "in >99% of resamples", "在>99%的重抽样中"),
    ],
)  # fmt: skip
def test_direction_unit_step_and_time(changes, en, zh):
    sentence = say(lever(**changes))
    assert en in sentence.en
    assert zh in sentence.zh


def test_an_interval_that_holds_zero_is_not_sold_as_an_effect():
    sentence = say(lever(value=-0.02, low=-0.08, high=0.04))
    assert "would raise Satisfaction by about 0.02 points" in sentence.en
    assert "the 95% interval -0.04 to 0.08 includes no effect" in sentence.en
    assert "95%区间-0.04至0.08包含“无影响”" in sentence.zh


def test_a_lever_without_any_path_has_no_number_to_tell():
    sentence = say(lever(value=0.0, low=0.0, high=0.0))
    assert not NUMBER.findall(sentence.en + sentence.zh)
    assert "not expected to change Satisfaction" in sentence.en


def test_a_declared_step_that_harms_is_called_so():
    sentence = say(lever(step=1.0))
    assert "lowers Satisfaction by 0.78 points" in sentence.en
    assert sentence.en.endswith("That is the wrong direction.")
    assert sentence.zh.endswith("这是不利的方向。")


def test_a_cross_section_has_no_time_and_nothing_is_kept():
    sentence = say(lever(kind="impact", horizon=0), frequency="")
    assert "keeping" not in sentence.en
    assert "period" not in sentence.en
    assert "同期" not in sentence.zh


@pytest.mark.parametrize("share", [0.0, 0.02, math.nan])
def test_a_rare_or_unknown_place_among_the_best_three_is_left_out(share):
    assert "three" not in say(lever(p_top3=share)).en


def test_place_among_three_says_nothing_when_only_three_are_listed():
    assert "three" not in say(lever(), listed=3).en


numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(
    value=numbers,
    spread=st.floats(1e-6, 1e6),
    step=numbers.filter(bool),
    top3=st.floats(0, 1),
    basis=st.sampled_from(["declared", "sd"]),
    mover=st.sampled_from(["cycle", "visits", "bare", "zh_only", "absent"]),
    outcome=st.sampled_from(["score", "complaints", "bare"]),
    frequency=st.sampled_from(["month", "quarter", "index", ""]),
)
@settings(max_examples=200, deadline=None)
def test_every_number_comes_from_the_result(value, spread, step, top3, basis, mover, outcome, frequency):
    row = lever(
        value=value, low=value - spread, high=value + spread, step=step, p_top3=top3, step_basis=basis, lever=mover,
        outcome=outcome,
    )  # fmt: skip
    known = [value * step, row.low * step, row.high * step, step, 100 * top3, row.horizon, 95]
    known += [-number for number in known]
    sentence = say(row, frequency)
    for text in (sentence.zh, sentence.en):
        for found in NUMBER.findall(text.replace(">99%", "").replace("<1%", "")):
            assert any(rounds_to(number, found) for number in known), (found, text)
        assert "  " not in text
        assert " ." not in text


def rounds_to(number: float, written: str) -> bool:
    digits = written.replace(",", "")
    decimals = len(digits.partition(".")[2])
    # fixed decimals, or significant digits of a step
    return abs(float(digits) - number) <= 0.5000001 * 10**-decimals or abs(float(digits) - number) <= 0.006 * abs(
        number
    )


def test_chain_shares_and_signs():
    chain = Chain("cycle", "score", "path", ("cycle", "visits", "score"), -0.572, -0.63, -0.514, 0.73, Text("", ""))
    sentence = chain_sentence(chain, NAMES)
    assert sentence.en == (
        "Delivery cycle → Customer visits → Satisfaction carries 73% of the total effect "
        "(-0.57 points per day, 95% interval -0.63 to -0.51)."
    )
    assert sentence.zh == (
        "订单交付周期 → 客户拜访次数 → 客户满意度承担总效应的73%（每增加一天为-0.57分，95%区间-0.63至-0.51）。"
    )
    against = chain_sentence(replace(chain, share=-0.09), NAMES)
    assert "offsets 9%" in against.en
    assert "抵消总效应的9%" in against.zh
    rest = chain_sentence(replace(chain, kind="rest", path=(), lever="bare"), NAMES)
    assert rest.en.startswith("All other paths from bare to Satisfaction together carry 73%")
    assert "points per unit" in rest.en
    unknown = chain_sentence(replace(chain, share=None), NAMES)
    assert "%" not in unknown.en.replace("95%", "")


CONTRASTS = (
    ("confounded", (), {"how": "entities", "before": 0.614, "after": 0.07}, {"0.61", "0.07", "-0.02"}),
    (
        "confounded",
        ("price",),
        {"how": "entities-and", "before": 0.614, "after": 0.3, "adjusted": 0.07},
        {"0.61", "0.30", "0.07"},
    ),
    ("confounded", ("price",), {"how": "indicators", "before": 0.4, "after": 0.07}, {"0.40", "0.07"}),
    ("confounded", (), {"how": "indicators", "before": 0.4, "after": 0.4}, {"0.40"}),
    ("masked", (), {"before": 0.05, "after": 0.5}, {"0.05", "0.50"}),
    ("mediator", ("price",), {"how": "carried", "share": 0.62}, {"62"}),
    ("mediator", ("price",), {"how": "carries", "share": 0.62}, {"62"}),
    ("collider", ("price",), {"alone": 0.03, "given": -0.4}, {"0.03", "-0.40"}),
    ("consequence", (), {"share": 0.98}, {"98"}),
    ("consequence", (), {"share": 1.0}, set()),
    ("consequence", (), {"share": 0.63}, {"63"}),
    ("duplicate", ("price",), {"how": "twin", "correlation": 0.97}, {"0.97"}),
    ("duplicate", ("price",), {"how": "copy", "correlation": 1.0}, set()),
    ("duplicate", ("price",), {"how": "sum"}, set()),
    ("no-within-variation", (), {"between": 0.96}, {"96"}),
    ("no-within-variation", (), {"how": "constant", "between": 0.0}, set()),
    ("season", (), {"before": 0.5, "after": 0.02}, {"0.50", "0.02"}),
    ("agrees", (), {"how": "cause"}, {"0.61", "-0.02"}),
    ("agrees", (), {"how": "crowded", "ahead": 3.0}, {"3", "0.61", "-0.02"}),
    ("agrees", (), {"how": "nothing"}, {"0.61"}),
)


@pytest.mark.parametrize(("reason", "by", "params", "proof"), CONTRASTS)
def test_contrast_gives_three_ranks_and_its_proof(reason, by, params, proof):
    row = Contrast("visits", "score", 0.614, -0.017, 2, 8, reason, Text("", ""), 1, None, 0.3, by=by, params=params)
    for text in (contrast_sentence(row, NAMES).zh, contrast_sentence(row, NAMES).en):
        found = NUMBER.findall(text)
        assert found[:3] == ["1", "2", "8"]
        assert set(found[3:]) == proof
        assert "{" not in text
    bare = replace(row, shap_rank=None, shap_share=None, shap_rank_reason="nothing-found", params={}, by=())
    assert NUMBER.findall(contrast_sentence(bare, NAMES).en)[:2] == ["2", "8"]


def test_contrast_says_why_an_indicator_is_no_lever():
    row = Contrast("visits", "score", 0.6, 0.0, 2, None, "consequence", Text("", ""), 1, params={"share": 0.9})
    for barred in get_args(NotRanked):
        said = contrast_sentence(replace(row, causal_rank_reason=barred), NAMES)
        assert not_ranked_words(replace(row, causal_rank_reason=barred)).zh in said.zh
        assert not_ranked_words(replace(row, causal_rank_reason=barred)).en in said.en


@pytest.mark.parametrize("code", REASON_CODES)
def test_every_reason_stands_with_and_without_numbers(code):
    params = {
        "q": 0.0312, "identified_share": 0.62, "p_sign": 0.83, "robustness": 0.071, "smallest_detectable": 0.4321,
        "strength_open": 0.6, "unit": "points", "entities": 7, "rows": 90, "floor": 12, "p_top3": 0.41, "descendant_share": 0.55,
        "bound": 97.0, "identity": "a = b + c", "finding": "constant", "zero_share": 0.9,
    }  # fmt: skip
    bare, full = reason_text(code), reason_text(code, params)
    for text in (bare.zh, full.zh):
        assert text.endswith("。")
    for text in (bare.en, full.en):
        assert text.endswith(".")
    assert not NUMBER.findall(bare.en)
    assert full.en.startswith(bare.en[:-1])
    assert "{" not in full.en + full.zh


def test_reason_details_name_their_numbers():
    assert reason_text("below-detectable", {"smallest_detectable": 0.4321, "unit": "%"}).en.endswith(
        "(the smallest it could have shown is 0.43 percentage points)."
    )
    assert reason_text("bounds-cut", {"bound": 97.0, "unit": "%"}).zh.endswith("（边界为97%）。")
    assert reason_text("significant", {"q": 1e-9}).en.endswith("(q < 0.001).")
    assert reason_text("significant", {"q": None}).en == reason_text("significant").en


def test_an_unknown_reason_is_refused_with_the_nearest():
    with pytest.raises(CallError, match="not-significant"):
        reason_text("not-signifcant")


def test_answer_names_the_first_lever_the_next_and_the_rest():
    rows = [
        lever(),
        lever(rank=2, lever="visits", step=1.0, value=0.4, low=0.3, high=0.5),
        lever(rank=3, lever="zh_only", verdict="test", step=1.0, value=0.2, low=0.1, high=0.3),
        lever(rank=4, lever="bare", verdict="watch", step=1.0, value=0.0, low=-0.1, high=0.1),
    ]
    answer = answer_text("score", rows, NAMES, "month")
    assert answer.en.startswith("To improve Satisfaction, move Delivery cycle first. Cutting Delivery cycle by 1 day")
    assert "Next comes Customer visits (+1, expected gain 0.40 points)." in answer.en
    assert "deserves a trial" in answer.en
    assert "For the other lever the evidence does not support spending on it " in answer.en
    assert "其余1个杠杆" in answer.zh


def test_answer_does_not_offer_parts_of_one_sum_as_a_further_gain():
    part = Reason("identity-derived", {"identity": "cycle = a + b"}, Text("", ""))
    rows = [
        lever(reasons=(part,)),
        lever(rank=2, lever="zh_only", step=1.0, value=0.4, low=0.3, high=0.5, reasons=(part,)),
        lever(rank=3, lever="visits", step=1.0, value=0.4, low=0.3, high=0.5),
    ]
    answer = answer_text("score", rows, NAMES, "month")
    assert "培训时长 belongs to the same sum as Delivery cycle; their gains must not be added." in answer.en
    assert "Next comes Customer visits" in answer.en
    assert "培训时长与订单交付周期同属一个加总关系，改善不可相加。" in answer.zh


def test_answer_without_certainty_recommends_a_trial_and_says_why():
    why = Reason("not-robust", {}, reason_text("not-robust", {"robustness": 0.04}))
    answer = answer_text("score", [lever(verdict="test", reasons=(why,))], NAMES, "month")
    assert answer.en.startswith("No lever is certain enough yet to act on for Satisfaction.")
    assert "Why not act at once: a moderate hidden common cause would be enough to overturn it" in answer.en
    assert "试点" in answer.zh


def test_no_lever_stands_out_says_what_could_have_been_seen_and_what_would_help():
    rows = [
        lever(verdict="watch", smallest_detectable=0.4),
        lever(rank=2, lever="visits", verdict="insufficient", smallest_detectable=1.3, step=1.0),
    ]
    answer = answer_text("score", rows, NAMES, "month")
    assert "one step of each of 2 levers after 3 months" in answer.en
    assert "from 0.4 points (Delivery cycle) to 1.3 points (Customer visits)" in answer.en
    assert "What would help" in answer.en
    assert "有帮助的做法" in answer.zh


def test_no_lever_at_all_says_how_to_declare_one():
    answer = answer_text("score", [lever(outcome="complaints")], NAMES)
    assert "controllable" in answer.en
    assert "可控" in answer.zh


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (0.78412, 3, "0.784"), (1234.5678, 3, "1,235"), (0.0, 3, "0"), (-0.0, 3, "0"), (2.0, 3, "2"), (9.9996, 3, "10"),
        (0.00012345, 2, "0.00012"), (-31.25, 3, "-31.2"), (None, 3, "—"), (math.nan, 3, "—"), (math.inf, 3, "—"),
    ],
)  # fmt: skip
def test_numbers_keep_their_significant_digits(value, digits, written):
    assert format_number(value, digits) == written


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or 1e-6 < abs(x) < 1e12))
def test_three_digits_are_within_half_a_percent(value):
    assert math.isclose(float(format_number(value).replace(",", "")), value, rel_tol=0.005)


@pytest.mark.parametrize(
    ("unit", "zh", "en"),
    [
        ("%", "2个百分点", "2 percentage points"), ("days", "2天", "2 days"), ("天", "2天", "2 days"), ("", "2", "2"),
        ("件/百人", "2件/百人", "2 items per hundred people"), ("kWh", "2 kWh", "2 kWh"), ("次", "2次", "2"),
        ("points per day", "2 points per day", "2 points per day"),
    ],
)  # fmt: skip
def test_units_in_both_languages(unit, zh, en):
    assert (format_effect(2.0, unit, "zh"), format_effect(2.0, unit, "en")) == (zh, en)


def test_one_is_singular_and_levels_keep_their_percent_sign():
    assert format_effect(1.0, "days", "en") == "1 day"
    assert (format_level(97.0, "%", "zh"), format_level(97.0, "%", "en")) == ("97%", "97%")
    assert unit_words("小时").kind == "time"


@pytest.mark.parametrize(
    ("share", "written"), [(0.5, "50%"), (1.0, "100%"), (0.0, "0%"), (0.997, ">99%"), (0.003, "<1%"), (None, "—")]
)
def test_shares_never_round_to_certainty(share, written):
    assert format_share(share) == written


@pytest.mark.parametrize(
    ("low", "value", "high", "shown"),
    [
        (0.724, 0.784, 0.832, ["0.72", "0.78", "0.83"]),
        (-1.1, 0.02, 1.2, ["-1.1", "0.0", "1.2"]),
        (110.0, 125.3, 140.0, ["110", "125", "140"]),
        (0.0, 0.0, 0.0, ["0", "0", "0"]),
    ],
)
def test_value_and_interval_share_their_decimals(low, value, high, shown):
    decimals = decimals_of_interval(value, low, high)
    assert [format_fixed(x, decimals) for x in (low, value, high)] == shown


def test_names_fall_back_to_the_other_language_then_to_the_key():
    assert name_of("zh_only", NAMES) == Text("培训时长", "培训时长")
    assert name_of("bare", NAMES) == Text("bare", "bare")
    assert name_of("absent", NAMES) == Text("absent", "absent")


def test_words_for_tables():
    assert (step_words(lever(), NAMES).en, step_words(lever(), NAMES).zh) == ("-1 day", "-1天")
    assert gain_words(lever(), NAMES) == Text("+0.78分", "+0.78 points")
    assert gain_words(lever(value=-0.001, low=-0.5, high=0.5), NAMES).en == "0.0 points"
    assert horizon_words(2, "quarter") == Text("2个季度后", "after 2 quarters")
    assert horizon_words(0, "") == Text("", "")
