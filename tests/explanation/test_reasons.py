"""One reason per indicator: false leads by what ties them to the outcome, causes by where charts put them."""

from __future__ import annotations

from dataclasses import replace

from causal_service.explanation.associations import Correlations
from causal_service.explanation.evidence import Evidence
from causal_service.explanation.reasons import Reasoned, reasoned

NOTHING = Evidence(
    seen=Correlations(0.0, 0.0, 0.0),
    shap_share=0.0,
    fair_share=0.1,
    between=0.2,
    effect=0.0,
    cause=False,
    no_path=1.0,
    follows=0.0,
    open=0.0,
    beside=0.0,
    confounders=(),
    adjusted=0.0,
    common_effect=None,
    given=0.0,
    twin=None,
    twin_correlation=0.0,
    carried_by=None,
    carried=0.0,
    beside_carrier=0.0,
    carrier_share=0.0,
    carries_for=None,
    carries=0.0,
)
LEAD = replace(NOTHING, seen=Correlations(0.6, 0.6, 0.6), beside=0.6, adjusted=0.6, shap_share=0.3)


def cause(effect: float, share: float, pooled: float | None = None) -> Evidence:
    r = effect if pooled is None else pooled
    seen = Correlations(r, r, effect)
    return replace(NOTHING, seen=seen, beside=effect, adjusted=effect, effect=effect, cause=True, shap_share=share)


def one(e: Evidence, lever: bool = True) -> Reasoned:
    """The reason for one indicator beside five steady causes."""
    others = {f"c{k}": cause(0.1 * k, 0.05 * k) for k in range(1, 6)}
    return reasoned({"x": e, **others}, frozenset(["x"] if lever else []), {})["x"]


def test_what_charts_and_we_see_nothing_in_agrees():
    assert one(NOTHING) == Reasoned("agrees", params={"how": "nothing", "no_path": 1.0})


def test_what_follows_the_outcome_is_a_consequence_whatever_else_holds():
    assert one(replace(LEAD, follows=0.6)).reason == "consequence"
    assert one(replace(cause(0.6, 0.3), follows=0.6)).reason == "consequence"
    assert one(replace(LEAD, follows=0.5)).reason != "consequence"


def test_twins_are_duplicates_unless_one_is_a_part_of_the_other():
    twin = replace(LEAD, twin="c5", twin_correlation=-0.98)
    assert one(twin) == Reasoned("duplicate", ("c5",), {"correlation": -0.98, "how": "twin"})
    found = {"x": replace(cause(0.6, 0.3), twin="y", twin_correlation=0.98), "y": cause(0.5, 0.25)}
    assert reasoned(found, frozenset("xy"), {})["x"].reason == "duplicate"
    assert reasoned(found, frozenset("xy"), {"x": ("y",)})["x"].reason == "agrees"


def test_the_step_that_takes_most_of_the_correlation_away_is_named():
    entities = one(replace(LEAD, seen=Correlations(0.6, 0.1, 0.05), beside=0.05, adjusted=0.0))
    assert (entities.reason, entities.params["how"]) == ("confounded", "entities")
    both = replace(LEAD, seen=Correlations(0.7, 0.3, 0.25), beside=0.25, confounders=("c1",), adjusted=0.01)
    assert one(both) == Reasoned(
        "confounded", ("c1",), {"how": "entities-and", "adjusted": 0.01, "before": 0.7, "after": 0.3}
    )
    season = one(replace(LEAD, seen=Correlations(0.6, 0.55, 0.1), beside=0.1, adjusted=0.0))
    assert season.reason == "season"
    unknown = one(LEAD)
    assert (unknown.reason, unknown.by, unknown.params["how"]) == ("confounded", (), "unknown")
    assert one(replace(NOTHING, shap_share=0.2)).reason == "agrees"
    by = one(replace(LEAD, confounders=("c1",), adjusted=0.02))
    assert (by.reason, by.by, by.params["before"], by.params["after"]) == ("confounded", ("c1",), 0.6, 0.02)


def test_what_appears_only_beside_a_common_effect_is_a_collider():
    e = replace(
        NOTHING, shap_share=0.2, common_effect="c1", given=-0.4, beside=0.05, seen=Correlations(0.1, 0.05, 0.05)
    )
    assert one(e).reason == "collider"
    assert one(replace(e, seen=Correlations(0.5, 0.05, 0.05))).reason == "confounded"


def test_what_hardly_varies_within_entities_says_so():
    e = replace(LEAD, seen=Correlations(0.6, 0.0, 0.0), beside=0.0, between=0.97)
    assert one(e).reason == "no-within-variation"
    assert one(replace(e, between=0.8)).reason == "confounded"


def test_a_strong_cause_that_charts_overlook_is_masked_or_carried():
    assert one(cause(0.6, 0.02, pooled=0.05)).reason == "masked"
    carried = replace(cause(0.6, 0.02), carried_by="c2", carried=0.8, beside_carrier=0.05, carrier_share=0.1)
    assert one(carried) == Reasoned("mediator", ("c2",), {"how": "carried", "share": 0.8})


def test_a_carrier_that_charts_overlook_too_gets_no_credit():
    overlooked = replace(cause(0.6, 0.02), carried_by="c2", carried=0.8, beside_carrier=0.05, carrier_share=0.01)
    assert one(overlooked).reason == "agrees"


def test_a_go_between_that_is_no_lever_is_a_mediator():
    e = replace(cause(0.3, 0.15), carries_for="c1", carries=0.7)
    assert one(e, lever=False) == Reasoned("mediator", ("c1",), {"how": "carries", "share": 0.7})
    assert one(e, lever=True).reason == "agrees"


def test_a_cause_behind_false_leads_agrees_and_says_how_many():
    said = reasoned({"x": cause(0.5, 0.2), "lead": replace(LEAD, follows=1.0)}, frozenset("x"), {})["x"]
    assert (said.reason, said.params["how"], said.params["ahead"]) == ("agrees", "crowded", 1.0)


def test_a_part_of_an_exact_sum_put_too_high_is_a_duplicate():
    others = {f"c{k}": cause(0.1 * k, 0.05 * k) for k in range(2, 6)}
    found = {"x": cause(0.05, 0.6, pooled=0.06), **others}
    assert reasoned(found, frozenset("x"), {"x": ("c2", "c3")})["x"] == Reasoned(
        "duplicate", ("c2", "c3"), {"how": "sum"}
    )


def test_an_order_that_the_class_leaves_open_is_no_consequence_and_no_cause():
    assert one(replace(LEAD, open=0.6)).reason == "open-direction"
    assert one(replace(LEAD, open=0.3, follows=0.3)).reason == "open-direction"
    assert one(replace(LEAD, open=0.4, follows=0.6)).reason == "consequence"
    assert one(replace(cause(0.6, 0.3), open=0.6)).reason == "agrees"
