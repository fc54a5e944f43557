"""What counts as a common cause of an indicator and the outcome, and what only carries the effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.errors import Text
from causal_service.explanation.associations import Correlations
from causal_service.explanation.contrast_sentences import contrast_sentence
from causal_service.explanation.evidence import Learned, evidence
from causal_service.explanation.results import Chain, Contrast

NAMES = ("ads", "visits", "revenue")
SEEN = dict.fromkeys(NAMES, Correlations(0.6, 0.6, 0.6))


def seen_from_revenue(arrows_now: list[tuple[int, int]], arrows: list[tuple[int, int]]) -> Learned:
    """Every draw the same; visits take all of the correlation of ads away once held fixed."""
    covariance = np.array([[1.0, 0.8, 0.64], [0.8, 1.0, 0.8], [0.64, 0.8, 1.0]])
    now, ever = np.zeros((10, 3, 3), bool), np.zeros((10, 3, 3), bool)
    for x, y in arrows_now:
        now[:, y, x] = True
    for x, y in (*arrows, *arrows_now):
        ever[:, y, x] = True
    rng = np.random.default_rng(0)
    return Learned(NAMES, 2, covariance, rng.normal(0.6, 0.01, (10, 3)), ever, now, now, now & False)


def confounders(learned: Learned, chains: tuple[Chain, ...] = ()) -> tuple[str, ...]:
    return evidence(learned, SEEN, dict.fromkeys(NAMES, 0.1), {}, chains)["ads"].confounders


def carried(share: float) -> tuple[Chain, ...]:
    return (Chain("ads", "revenue", "path", NAMES, 1.0, 0.5, 1.5, share, Text("", "")),)


EVERYTHING_LATER = [(x, y) for x in range(3) for y in range(3) if x != y]


def test_what_drives_both_is_a_common_cause():
    assert confounders(seen_from_revenue([(1, 0), (1, 2), (0, 2)], [])) == ("visits",)


def test_a_go_between_that_comes_back_next_period_is_not():
    assert confounders(seen_from_revenue([(0, 1), (1, 2), (0, 2)], EVERYTHING_LATER)) == ()


def test_what_carries_the_effect_with_a_delay_is_not():
    learned = seen_from_revenue([(1, 2)], EVERYTHING_LATER)
    assert confounders(learned, carried(0.05)) == ("visits",)
    assert confounders(learned, carried(0.9)) == ()


@pytest.mark.slow
def test_no_indicator_both_drives_a_lever_and_carries_its_effect():
    """Ads bring visits, visits revenue, and the revenue of a month the ads of the next."""
    rng, rows = np.random.default_rng(0), []
    for shop in range(40):
        revenue, level = 0.0, rng.normal()
        for month in range(24):
            ads = 0.5 * revenue + rng.normal()
            visits = 0.9 * ads + 0.5 * rng.normal()
            revenue = 0.8 * visits + 0.5 * rng.normal()
            rows.append((shop, month, level + ads, level + visits, level + revenue))
    frame = pd.DataFrame(rows, columns=["shop", "month", *NAMES])
    found = cs.study(frame, entity="shop", period="month", outcome="revenue", resamples=30, threads=1)
    said = {row.indicator: row for row in found.contrast}
    through = {(c.lever, m) for c in found.chains for m in c.path[1:-1] if (c.share or 0) >= 0.15}
    assert ("ads", "visits") in through
    assert not {(name, by) for name, row in said.items() if row.reason == "confounded" for by in row.by} & through
    assert "would not bring" not in said["ads"].sentence.en


def test_a_cause_is_not_denied_its_effect():
    def row(params: dict[str, float | str]) -> Text:
        params |= {"how": "entities", "before": 0.6, "after": 0.3}
        return contrast_sentence(
            Contrast("ads", "revenue", 0.6, 0.2, 1, 4, "confounded", Text("", ""), params=params), {}
        )

    assert "would not bring" in row({}).en
    assert "it does have an effect" in row({"effect": 0.3}).en
    assert "确有作用" in row({"effect": 0.3}).zh
