"""Knowledge is checked when it is built and turned into arrays in one layout."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.errors import CallError, KnowledgeConflict, UnknownName
from causal_service.graph.knowledge import Knowledge

NAMES = ["cycle", "on_time", "satisfaction"]
LAYERS = {"cycle": "process", "on_time": "process", "satisfaction": "business"}
ORDER = ["innovation", "process", "business"]


def test_layers_become_tiers_in_the_stated_order_and_unlayered_indicators_stay_free() -> None:
    knowledge = Knowledge.build(NAMES, {**LAYERS, "on_time": None}, ORDER)
    assert knowledge.tiers == {"cycle": 1, "satisfaction": 2}
    allowed = knowledge.allowed_now(NAMES)
    assert allowed[2, 0]
    assert not allowed[0, 2]
    assert allowed[1, 0] and allowed[0, 1] and allowed[1, 2] and allowed[2, 1]
    assert not allowed.diagonal().any()


def test_forbidden_without_lag_holds_at_every_lag_and_layers_at_none_but_zero() -> None:
    knowledge = Knowledge.build(NAMES, LAYERS, ORDER, forbidden=[("cycle", "on_time", None)], max_lag=2)
    assert not knowledge.allowed_now(NAMES)[1, 0]
    lagged = knowledge.allowed_lag(NAMES, 2)
    assert lagged.shape == (3, 6)
    assert np.argwhere(~lagged).tolist() == [[1, 0], [1, 3]]


def test_forbidden_at_one_lag_is_one_column() -> None:
    knowledge = Knowledge.build(NAMES, LAYERS, ORDER, forbidden=[("on_time", "cycle", 1)], max_lag=2)
    assert np.argwhere(~knowledge.allowed_lag(NAMES, 2)).tolist() == [[0, 3 + 1]]  # lag 2 block first
    assert knowledge.allowed_now(NAMES)[0, 1]


def test_required_arrows_exclude_their_reverse_and_fix_the_order() -> None:
    knowledge = Knowledge.build(
        NAMES, {}, (), required=[("on_time", "cycle", 0), ("cycle", "satisfaction", 1)], max_lag=1
    )
    assert knowledge.required_now(NAMES)[0, 1]
    assert not knowledge.allowed_now(NAMES)[1, 0]
    assert np.argwhere(knowledge.required_lag(NAMES, 1)).tolist() == [[2, 0]]
    assert np.argwhere(knowledge.precedence(NAMES)).tolist() == [[1, 0]]


def test_required_at_some_lag_is_required_now_when_there_is_no_lag() -> None:
    knowledge = Knowledge.build(NAMES, LAYERS, ORDER, required=[("cycle", "on_time", None)])
    assert knowledge.required_now(NAMES, lags=0)[1, 0]
    assert not knowledge.required_now(NAMES).any()
    assert knowledge.required_somewhere(NAMES)[1, 0]


def test_precedence_is_transitive_over_tiers_and_required_edges() -> None:
    knowledge = Knowledge.build(
        ["a", "b", "c", "d"], {"a": "process", "b": "business"}, ORDER, required=[("b", "c", 0), ("c", "d", 0)]
    )
    before = knowledge.precedence(["a", "b", "c", "d"])
    assert before[0, 3]
    assert not (before & before.T).any()


@pytest.mark.parametrize(
    ("arrow", "code"),
    [
        (("satisfaction", "cycle", None), "required-against-layers"),
        (("satisfaction", "cycle", 0), "required-against-layers"),
    ],
)
def test_required_against_the_layers_is_named(arrow: tuple[str, str, int | None], code: str) -> None:
    with pytest.raises(KnowledgeConflict) as refusal:
        Knowledge.build(NAMES, LAYERS, ORDER, required=[arrow], max_lag=1)
    assert refusal.value.code == code
    for text in (refusal.value.what.zh, refusal.value.what.en):
        assert "satisfaction" in text and "cycle" in text
    assert "\n" not in refusal.value.what.en + refusal.value.remedy.en


def test_feedback_that_takes_time_is_no_conflict() -> None:
    knowledge = Knowledge.build(NAMES, LAYERS, ORDER, required=[("satisfaction", "cycle", 1)], max_lag=1)
    assert knowledge.required_lag(NAMES, 1)[0, 2]


@pytest.mark.parametrize(
    ("required", "forbidden", "conflict"),
    [
        (("cycle", "on_time", 1), ("cycle", "on_time", None), True),
        (("cycle", "on_time", 1), ("cycle", "on_time", 1), True),
        (("cycle", "on_time", 1), ("cycle", "on_time", 0), False),
        (("cycle", "on_time", None), ("cycle", "on_time", 0), False),
        (("cycle", "on_time", None), ("cycle", "on_time", None), True),
        (("cycle", "on_time", None), ("on_time", "cycle", None), False),
    ],
)
def test_required_and_forbidden(
    required: tuple[str, str, int | None], forbidden: tuple[str, str, int | None], conflict: bool
) -> None:
    def build() -> Knowledge:
        return Knowledge.build(NAMES, LAYERS, ORDER, required=[required], forbidden=[forbidden], max_lag=1)

    if conflict:
        with pytest.raises(KnowledgeConflict, match="both required and forbidden"):
            build()
    else:
        assert build().forbidden == (forbidden,)


def test_required_in_a_circle_within_a_period_is_named() -> None:
    circle = [("cycle", "on_time", 0), ("on_time", "cycle", 0)]
    with pytest.raises(KnowledgeConflict, match="circle through 'cycle -> on_time'"):
        Knowledge.build(NAMES, {}, (), required=circle, max_lag=1)
    Knowledge.build(NAMES, {}, (), required=[circle[0], ("on_time", "cycle", 1)], max_lag=1)


def test_required_circle_that_closes_through_a_free_indicator_and_the_layers() -> None:
    with pytest.raises(KnowledgeConflict, match="circle"):
        Knowledge.build(
            ["a", "b", "free"],
            {"a": "process", "b": "business"},
            ORDER,
            required=[("b", "free", 0), ("free", "a", 0)],
        )


def test_unknown_names_offer_the_nearest() -> None:
    with pytest.raises(UnknownName, match="satisfaction") as refusal:
        Knowledge.build(NAMES, LAYERS, ORDER, required=[("cycle", "satisfacton", None)])
    assert refusal.value.params["nearest"] == ("satisfaction",)
    with pytest.raises(UnknownName, match="layer named 'proces'"):
        Knowledge.build(NAMES, {"cycle": "proces"}, ORDER)


@pytest.mark.parametrize("lag", [-1, 2])
def test_lag_outside_the_study_is_refused(lag: int) -> None:
    with pytest.raises(CallError, match=r"outside the study's lags 0\.\.1"):
        Knowledge.build(NAMES, LAYERS, ORDER, forbidden=[("cycle", "on_time", lag)], max_lag=1)


def test_nothing_is_its_own_cause_within_a_period() -> None:
    with pytest.raises(CallError, match="cannot cause itself"):
        Knowledge.build(NAMES, LAYERS, ORDER, required=[("cycle", "cycle", None)])
    Knowledge.build(NAMES, LAYERS, ORDER, required=[("cycle", "cycle", None)], max_lag=1)


def test_required_at_some_lag_of_which_only_the_same_period_is_left() -> None:
    """Lag 1 is forbidden, so the arrow must be within the period, where the reverse is required."""
    banned = [("cycle", "on_time", 1)]
    knowledge = Knowledge.build(NAMES, {}, (), required=[("cycle", "on_time", None)], forbidden=banned, max_lag=1)
    assert knowledge.required_now(NAMES, lags=1)[1, 0]
    with pytest.raises(KnowledgeConflict, match="circle"):
        Knowledge.build(
            NAMES,
            {},
            (),
            required=[("cycle", "on_time", None), ("on_time", "cycle", 0)],
            forbidden=banned,
            max_lag=1,
        )
