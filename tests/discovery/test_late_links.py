"""Effects that lags beyond those of the study put in doubt are at most *test*, and no later effect is idle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.discovery.discover import Discovery
from causal_service.discovery.late_links import LateDoubts, late_doubts
from causal_service.discovery.resampling import Draw
from causal_service.graph.causal_graph import CausalGraph, Certificate
from causal_service.preparation.lag_order import LateLink

NAMES = ("a", "b", "rating", "z")


def panel(seed: int, first: Mapping[str, float], later: Mapping[str, tuple[int, float]]) -> pd.DataFrame:
    """40 plants, 36 months: b moves the rating by 0.5 at once; ``first`` and ``later`` are effects "cause effect" of
    the month before and of an earlier one."""
    rng = np.random.default_rng(seed)
    x, rows, past = np.zeros((40, 3)), [], [np.zeros((40, 3))] * 4
    names = NAMES[:3]
    for t in range(-30, 36):
        x = 0.3 * past[-1] + rng.normal(size=(40, 3))
        for key, size in first.items():
            cause, effect = map(names.index, key.split())
            x[:, effect] += size * past[-1][:, cause]
        for key, (lag, size) in later.items():
            cause, effect = map(names.index, key.split())
            x[:, effect] += size * past[-lag][:, cause]
        x[:, 2] += 0.5 * x[:, 1]
        past = [*past[1:], x]
        if t >= 0:
            keys = {"plant": [f"p{i:02d}" for i in range(40)], "month": f"{2020 + t // 12}-{t % 12 + 1:02d}"}
            rows.append(pd.DataFrame(x, columns=list(names)).assign(**keys))
    return pd.concat(rows)


def verdict(frame: pd.DataFrame, lever: str, lags: int | str = 1) -> tuple[str, set[str]]:
    found = cs.study(frame, outcome="rating", entity="plant", period="month", lags=lags, resamples=60)
    row = next(row for row in found.levers if row.lever == lever)
    return row.verdict, {reason.code for reason in row.reasons}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_policy_that_answers_to_an_outcome_with_a_longer_memory_is_not_act(seed):
    """a does nothing: it follows last month's rating, which the rating two months ago moves, too."""
    frame = panel(seed, {"rating a": 0.8}, {"rating rating": (2, 0.35)})
    said, reasons = verdict(frame, "a")
    assert said != "act"
    assert "lags-too-short" in reasons
    assert verdict(frame, "a", "auto")[0] in ("watch", "insufficient")
    assert verdict(frame, "b", "auto")[0] == "act"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_lever_whose_late_effect_is_the_other_way_is_not_act(seed):
    """Three months later a takes back more than it gave, so that keeping it harms."""
    said, reasons = verdict(panel(seed, {"a rating": 0.4}, {"a rating": (3, -0.6)}), "a")
    assert said != "act"
    assert "acts-later" in reasons


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_longer_memory_of_the_lever_itself_is_no_doubt(seed):
    said, reasons = verdict(panel(seed, {"a rating": 0.5}, {"a a": (2, 0.35)}), "a")
    assert said == "act"
    assert not reasons & {"acts-later", "lags-too-short"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_lever_that_acts_later_than_the_lags_is_to_be_tested(seed):
    frame = panel(seed, {}, {"a rating": (3, 0.6)})
    said, reasons = verdict(frame, "a")
    assert said == "test"
    assert "acts-later" in reasons
    assert verdict(frame, "a", "auto")[0] == "act"


def discovery(*graphs: Mapping[str, str]) -> Discovery:
    """Draws with the arrows "cause": "effect", of the last period or the same."""
    draws = []
    for k, arrows in enumerate(graphs):
        member = np.zeros((1, 4, 8), bool)
        for cause, effect in arrows.items():
            member[0, NAMES.index(effect), 4 * (k % 2) + NAMES.index(cause)] = True
        draws.append(Draw(member[0], member, 1.0 * member, np.arange(4), member[0] & False))
    graph = CausalGraph((), (), Certificate("none", "none", "none", True))
    return Discovery(NAMES, 1, "boss", graph, draws[0], tuple(draws), True, ())


def test_who_follows_a_late_cause_of_the_outcome_and_is_put_in_its_place_stands_in_for_it():
    """b follows z, too, but has no arrow into the rating."""
    found = discovery({"z": "a", "a": "b"}, {"z": "a", "b": "z"}, {"a": "rating"})
    assert late_doubts([LateLink(2, "z", "rating", 0.3)], found, "rating") == LateDoubts(frozenset({"a"}), {"z": 0.3})
    rare = discovery({"z": "a"}, *[{"b": "a"}] * 5, {"a": "rating"})
    assert late_doubts([LateLink(2, "z", "rating", 0.3)], rare, "rating").standing_in == frozenset()


def test_who_stands_in_on_the_way_to_the_outcome_is_in_doubt_as_well():
    """z acts late on b, which moves the rating; a follows z and is put in its place."""
    found = discovery({"z": "a", "b": "rating"}, {"a": "b"})
    assert late_doubts([LateLink(2, "z", "b", 0.3)], found, "rating") == LateDoubts(frozenset({"a"}), {"z": 0.0})
    assert late_doubts([LateLink(2, "z", "b", 0.3)], discovery({"z": "a"}, {"a": "b"}), "rating") == LateDoubts()


def test_who_acts_late_on_a_go_between_acts_later_and_nobody_else_is_in_doubt():
    found = discovery({"a": "b", "b": "rating"}, {"b": "rating"})
    assert late_doubts([LateLink(3, "a", "b", 0.3)], found, "rating") == LateDoubts(frozenset(), {"a": 0.0})
    assert (
        late_doubts([LateLink(3, "b", "z", 0.3), LateLink(2, "gone", "rating", 0.3)], found, "rating") == LateDoubts()
    )
    assert late_doubts([LateLink(3, "b", "a", 0.3)], found, "rating") == LateDoubts()  # back to itself only
    assert late_doubts([LateLink(2, "a", "a", 0.3)], found, "rating") == LateDoubts()  # its own memory
    assert late_doubts([LateLink(3, "a", "b", 0.1)], found, "rating") == LateDoubts()
    assert late_doubts([], found, "rating") == LateDoubts()


def test_what_a_third_passes_on_at_once_is_no_late_effect():
    """b has a longer memory and moves the rating within the period (the second graph is one of the same period)."""
    links = [LateLink(2, "b", "b", 0.4), LateLink(2, "b", "rating", 0.3)]
    found = discovery({"b": "a"}, {"b": "rating"}, {"a": "rating"})
    assert late_doubts(links, found, "rating") == LateDoubts()
    apart = discovery({"b": "rating"}, {"b": "a"}, {"b": "rating"}, {"b": "a"})
    assert late_doubts(links, apart, "rating").acting_later == {"b": 0.3}
