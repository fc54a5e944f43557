"""Two indicators that chains meet in both orders, and effects that are not clear enough to be divided."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from causal_service.effects.identification import Identification, Unidentified
from causal_service.errors import Text
from causal_service.explanation.both_orders import both_orders, with_both_orders
from causal_service.explanation.contrast_sentences import contrast_label, crowded_out
from causal_service.explanation.mediation import _why_not, mediation_of, without_shares
from causal_service.explanation.results import Chain, Contrast

NAMES = ("churn", "member", "repurchase")


def chain(*path: str) -> Chain:
    return Chain(path[0], path[-1], "path", path, 1.0, 0.5, 1.5, 0.5, Text("句", "said"), 0.2, 0.8, (0.5, 1.0), 0)


def study_of(reversed_share: float) -> SimpleNamespace:
    """Churn moves repurchase within a period in all draws but a share, in which it is the other way round."""
    draws = []
    for k in range(20):
        members = np.zeros((1, 3, 6), bool)
        y, x = (0, 2) if k < 20 * reversed_share else (2, 0)
        members[0, y, 3 + x] = True
        draws.append(SimpleNamespace(members=members))
    return SimpleNamespace(discovery=SimpleNamespace(draws=draws), draws=SimpleNamespace(names=NAMES), indicators={})


ONE, OTHER = chain("member", "churn", "repurchase"), chain("member", "repurchase", "churn")
ROW = mediation_of("member", "repurchase", np.full((5, 2), 0.5), np.ones((5, 2)))


def test_pairs_in_both_orders_are_found_across_outcomes():
    assert both_orders([ONE.path, OTHER.path]) == (("churn", "repurchase"),)
    assert both_orders([ONE.path, ("member", "repurchase")]) == ()


def test_the_report_says_that_the_order_is_not_certain():
    (row,) = with_both_orders([ROW], [ONE, OTHER], study_of(0.4))
    assert "Which of churn and repurchase comes first is not certain" in row.sentence.en
    assert "谁先谁后并不确定" in row.sentence.zh
    assert with_both_orders([ROW], [ONE], study_of(0.4)) == (ROW,)
    assert with_both_orders([ROW], [ONE, OTHER], study_of(0.0)) == (ROW,), "feedback over time is no doubt"


def known(strategy: str, why: Unidentified | None = None) -> Identification:
    return Identification("member", "repurchase", strategy, 0, (), (), 1.0, why)


@pytest.mark.parametrize(
    ("low", "draws", "identified", "says"),
    [
        (0.5, np.array([1.0, 1.1, 0.9]), known("backdoor"), None),
        (-0.5, np.array([1.0, 1.1, 0.9]), known("backdoor"), "holds zero"),
        (0.5, np.array([1.0, -1.0, 0.5]), known("backdoor"), "holds zero"),
        (-0.1, np.array([0.0, 0.0, 1.0]), known("backdoor"), "67% of resamples have no path"),
        (0.5, np.array([1.0, 1.1, 0.9]), known("no-path"), "full sample has no path"),
        (0.5, np.array([1.0, 1.1, 0.9]), known("none", Unidentified("open-direction", ())), "direction open"),
    ],
)
def test_only_what_is_clear_is_divided(low, draws, identified, says):
    why = _why_not(SimpleNamespace(low=low, high=1.5), identified, draws)
    assert (why is None) if says is None else (says in why.en and why.zh)


def test_chains_of_what_is_not_divided_have_no_shares():
    undivided = replace(ROW, direct_share=None)
    bare, kept = without_shares([ONE, OTHER], [undivided], study_of(0.0))
    assert (bare.share, bare.share_low, bare.share_high, bare.arrived) == (None, None, None, ())
    assert "%" not in bare.sentence.en.replace("95% interval", "")
    assert kept == OTHER


def test_a_lever_far_behind_its_effect_in_the_chart_does_not_agree():
    row = Contrast(
        "time", "score", 0.1, 0.1, 17, 7, "agrees", Text("", ""), 17, params={"how": "crowded", "ahead": 5.0}
    )
    assert crowded_out(row) and contrast_label(row).en == "Crowded out"
    for other in (replace(row, shap_rank=8), replace(row, causal_rank=None), replace(row, params={"how": "cause"})):
        assert not crowded_out(other) and contrast_label(other).en == "Agrees"
