"""The verdict table, row by row: the first row that holds decides, and every reason is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from causal_service.explanation.reason_texts import REASON_CODES
from causal_service.levers.verdicts import ENTITY_FLOOR, ROW_FLOOR, Evidence, InSegments, judged

CLEAR = Evidence(
    controllable=True,
    q=0.001,
    gain=1.2,
    p_sign=1.0,
    p_top3=0.9,
    identified_share=1.0,
    zero_share=0.0,
    smallest_detectable=0.3,
    outcome_sd=4.0,
    outcome_unit="points",
    robustness=0.3,
    follows=0.0,
    suspected_leak=False,
    contradicted=False,
    failed=None,
    entities=40,
    rows=900.0,
    bound=None,
    lever_unit="days",
    identity=None,
)
FAINT = replace(CLEAR, q=0.3, p_sign=0.9)
"""Not significant, but probably helpful and probably among the best three."""


def verdict(evidence: Evidence, **changes: object) -> tuple[str, list[str]]:
    decided, reasons = judged(replace(evidence, **changes))
    codes = [code for code, _ in reasons]
    assert set(codes) <= set(REASON_CODES)
    assert len(codes) == len(set(codes))
    return decided, codes


def test_act_when_nothing_speaks_against_it():
    assert verdict(CLEAR) == ("act", ["significant"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"entities": ENTITY_FLOOR - 1}, "too-few-entities"),
        ({"rows": ROW_FLOOR - 1.0}, "too-few-rows"),
        ({"smallest_detectable": 0.81, "q": 0.06}, "below-detectable"),
    ],
)
def test_insufficient_comes_before_everything_else(changes, code):
    assert verdict(CLEAR, **changes) == ("insufficient", [code])
    assert verdict(CLEAR, **changes, controllable=False, suspected_leak=True)[0] == "insufficient"


def test_what_the_strength_of_a_driver_leaves_open_is_not_put_down_to_the_size_of_the_panel():
    """.2 SD of the outcome is .8 points; the verdict is the same."""
    short = {"smallest_detectable": 1.5, "q": 0.06, "hidden_driver": True}
    assert verdict(CLEAR, **short, strength_open=0.81) == ("insufficient", ["driver-strength-open", "hidden-driver"])
    assert verdict(CLEAR, **short, strength_open=0.79) == ("insufficient", ["below-detectable", "hidden-driver"])
    assert verdict(CLEAR, strength_open=0.81, smallest_detectable=1.5) == ("act", ["significant"])


def test_a_direction_that_is_open_is_not_put_down_to_the_size_of_the_panel():
    short = {"smallest_detectable": 1.5, "q": 0.06, "follows": 0.4}
    assert verdict(CLEAR, **short, direction_open=True) == ("insufficient", ["direction-open"])
    assert verdict(CLEAR, **short) == ("insufficient", ["below-detectable"])


def test_figures_that_stand_for_several_periods_rule_nothing_out():
    nought = {"zero_share": 1.0, "gain": 0.0, "q": 1.0, "p_sign": 1.0, "p_top3": 0.0, "robustness": 0.0}
    assert verdict(CLEAR, **nought)[0] == "watch"
    assert verdict(CLEAR, **nought, carried=3) == ("insufficient", ["carried-forward"])
    assert verdict(CLEAR, carried=3) == ("act", ["significant"])  # what shows all the same
    assert verdict(CLEAR, q=0.06, smallest_detectable=1.5, carried=3)[1] == ["carried-forward"]


def test_an_effect_that_is_not_that_of_the_average_entity_is_at_most_test():
    nought = {"zero_share": 1.0, "gain": 0.0, "q": 1.0, "p_sign": 1.0, "p_top3": 0.0, "robustness": 0.0}
    assert verdict(CLEAR, uneven=True) == ("test", ["uneven-average", "significant"])
    assert verdict(CLEAR, **nought, uneven=True) == ("test", ["uneven-average"])
    assert verdict(CLEAR, **nought, differs=True) == ("test", ["differs-by-entity"])
    assert verdict(CLEAR, differs=True) == ("act", ["significant"])


def test_lags_that_are_too_short_stop_act_and_are_said_first_of_what_is_left():
    assert verdict(CLEAR, standing_in=True) == ("test", ["lags-too-short", "significant"])
    assert verdict(CLEAR, later="along") == ("act", ["significant", "acts-later"])  # it does even more
    assert verdict(CLEAR, later="against") == ("test", ["acts-later", "significant"])
    short = {"smallest_detectable": 1.5, "q": 0.06}
    assert verdict(CLEAR, **short, standing_in=True)[1] == ["below-detectable", "lags-too-short"]


@pytest.mark.parametrize("more", [{"later": "against"}, {"segments": InSegments((("a", 1.0), ("b", -1.0)))}])
def test_a_lever_of_which_the_average_is_not_all_is_not_left_to_watch(more):
    """Its effect later, or in single segments, is there although the one that is ranked is nought."""
    nought = {"zero_share": 1.0, "gain": 0.0, "q": 1.0, "p_sign": 1.0, "p_top3": 0.0, "robustness": 0.0}
    assert verdict(CLEAR, **nought)[0] == "watch"
    decided, reasons = verdict(CLEAR, **nought, **more)
    assert (decided, len(reasons)) == ("test", 1)
    assert verdict(CLEAR, **nought, **more, controllable=False)[0] == "watch"
    assert verdict(CLEAR, **more, gain=-1.0)[0] == verdict(CLEAR, **more, gain=0.0)[0] == "watch"  # harms; no room
    assert verdict(CLEAR, **nought, **more, failed="constant")[0] == "watch"


def test_a_large_smallest_effect_does_not_matter_once_the_effect_is_there():
    """.2 SD of the outcome is .8 points; significance speaks for itself."""
    assert verdict(CLEAR, smallest_detectable=0.81) == ("act", ["significant"])
    assert verdict(FAINT, smallest_detectable=0.79)[0] == "test"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"suspected_leak": True}, "suspected-leak"),
        ({"contradicted": True}, "layer-contradiction"),
        ({"follows": 0.21}, "equivalent-direction"),
        ({"identified_share": 0.89}, "not-identified"),
        ({"robustness": 0.049}, "not-robust"),
    ],
)
def test_one_doubt_turns_act_into_test(changes, code):
    assert verdict(CLEAR, **changes) == ("test", [code, "significant"])


@pytest.mark.parametrize(
    "changes", [{"follows": 0.2}, {"identified_share": 0.9}, {"robustness": 0.05}, {"q": 0.05}, {"p_sign": 0.975}]
)
def test_thresholds_themselves_still_act(changes):
    assert verdict(CLEAR, **changes)[0] == "act"


def test_all_doubts_are_named_together():
    changes = {"suspected_leak": True, "identified_share": 0.5, "robustness": 0.0}
    assert verdict(CLEAR, **changes) == ("test", ["suspected-leak", "not-identified", "not-robust", "significant"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"q": 0.051}, "not-significant"),
        ({"zero_share": 0.51}, "no-path"),
        ({"p_sign": 0.974}, "sign-uncertain"),
        ({"failed": "unit-jump"}, "failed-check"),
    ],
)
def test_a_missed_condition_of_act_still_leads_to_a_test_of_a_likely_lever(changes, code):
    assert verdict(CLEAR, **changes) == ("test", [code, "in-top3-likely"])


@pytest.mark.parametrize("changes", [{"p_sign": 0.79}, {"p_top3": 0.29}, {"gain": -0.1}])
def test_watch_when_it_is_not_likely_enough_to_be_worth_a_test(changes):
    decided, codes = verdict(FAINT, **changes)
    assert decided == "watch"
    assert codes[0] == "not-significant"
    assert "in-top3-likely" not in codes


def test_what_nobody_can_move_is_watched_at_most():
    assert verdict(CLEAR, controllable=False) == ("watch", ["not-controllable"])
    assert verdict(CLEAR, controllable=False, robustness=0.0) == ("watch", ["not-controllable", "not-robust"])


def test_a_declared_step_that_harms_is_never_act():
    assert verdict(CLEAR, gain=-1.2) == ("watch", ["step-harms"])


def test_a_lever_at_its_bound_is_never_act():
    """No room to move: the gain is nothing in every draw, however clear the effect is."""
    assert verdict(CLEAR, gain=0.0, bound=40.0) == ("watch", ["no-room"])


def test_notes_do_not_decide():
    assert verdict(CLEAR, bound=40.0, identity="total = a + b") == (
        "act",
        ["significant", "bounds-cut", "identity-derived"],
    )
    assert verdict(CLEAR, rows=1.0, identity="total = a + b") == ("insufficient", ["too-few-rows", "identity-derived"])


def test_reasons_carry_the_numbers_they_speak_of():
    _, reasons = judged(replace(CLEAR, entities=3, rows=33.4, smallest_detectable=2.0, q=0.5))
    assert dict(reasons) == {
        "too-few-entities": {"entities": 3, "floor": ENTITY_FLOOR},
        "too-few-rows": {"rows": 33, "floor": ROW_FLOOR},
        "below-detectable": {"smallest_detectable": 2.0, "unit": "points"},
    }
