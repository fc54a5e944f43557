"""Attempts to break an effect: what is sound stands, what is carried by one entity or a hidden cause does not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.effects.e_value import e_value, risk_ratio
from causal_service.effects.refits import changes, entity_parts, period_parts, subset_parts
from causal_service.effects.robustness import contour, robustness_value
from causal_service.errors import Text

KEYS = {"entity": "plant", "period": "month"}


def panel(seed: int, *, entities: int = 30, periods: int = 24, driver: float = 0.0) -> pd.DataFrame:
    """x -> m -> y and z beside them; a lasting driver of x and y on request."""
    rng = np.random.default_rng(seed)
    rows = []
    for entity in range(entities):
        u = x = m = y = z = 0.0
        for t in range(periods + 5):
            e = rng.normal(size=5)
            u = 0.9 * u + 0.6 * e[0]
            x = 0.4 * x + driver * u + e[1]
            m = 0.3 * m + 0.7 * x + e[2]
            y = 0.3 * y + 0.6 * m + driver * u + e[3]
            z = 0.5 * z + e[4]
            if t >= 5:
                rows.append((f"p{entity:02d}", f"{2020 + (t - 5) // 12}-{(t - 5) % 12 + 1:02d}", x, m, y, z))
    return pd.DataFrame(rows, columns=["plant", "month", "x", "m", "y", "z"])


def studied(frame: pd.DataFrame, **options) -> cs.Study:
    return cs.study(frame, outcome="y", resamples=40, threads=1, **{**KEYS, **options})


@pytest.fixture(scope="module")
def sound() -> cs.Study:
    return studied(panel(1))


def by_check(study: cs.Study, lever: str) -> dict:
    return {check.check: check for check in study.checks if check.lever == lever}


def test_a_sound_effect_stands_every_check(sound):
    checks = by_check(sound, "m")
    applied = {name: check.passed for name, check in checks.items() if check.passed is not None}
    assert set(applied) >= {"placebo-lever", "random-common-cause", "subset", "leave-one-entity-out"}
    assert all(applied.values())
    assert not [finding for finding in sound.findings if finding.code == "robustness-check-failed"]


def test_every_lever_has_every_check_or_the_reason_why_not(sound):
    for lever in {row.lever for row in sound.levers if row.value != 0}:
        checks = by_check(sound, lever)
        assert len(checks) == 7
        for check in checks.values():
            assert check.sentence.en
            assert check.sentence.zh
            assert (check.why_not is None) == (check.passed is not None) == (check.reason == Text("", ""))


def test_what_the_study_says_can_be_stored_and_read(sound, tmp_path):
    folder = sound.save(tmp_path / "result")
    again = cs.load(folder / "study.json")
    assert again.to_json() == sound.to_json()
    assert len(again.checks) == len(sound.checks) > 0
    assert "How fragile is it" in (folder / "report.html").read_text(encoding="utf-8")


def test_units_change_nothing_but_units(sound):
    frame = panel(1)
    frame["m"] *= 100.0
    other = by_check(studied(frame), "m")
    for name, check in by_check(sound, "m").items():
        assert other[name].passed == check.passed
        if check.low is not None:
            assert other[name].low == pytest.approx(check.low / 100.0, rel=1e-6, abs=1e-9)


def test_one_entity_cannot_be_left_out_and_the_reason_is_said():
    frame = panel(2, entities=1, periods=120)
    checks = by_check(studied(frame.drop(columns="plant"), entity=None), "m")
    assert checks["leave-one-entity-out"].why_not == "one-entity"
    assert checks["leave-one-entity-out"].reason.zh
    assert checks["leave-one-period-out"].passed


def test_a_cross_section_has_no_period_to_leave_out_and_none_before(tmp_path):
    knowledge = tmp_path / "knowledge.yaml"
    knowledge.write_text("required: [[x, m], [m, y]]\n", encoding="utf-8")
    frame = panel(5, entities=300, periods=1).drop(columns=["plant", "month"])
    checks = by_check(studied(frame, entity=None, period=None, knowledge=knowledge), "m")
    assert checks["leave-one-period-out"].why_not == "one-period"
    assert checks["placebo-outcome"].why_not == "no-lags"
    assert checks["leave-one-entity-out"].repeats == 300


@pytest.mark.slow
def test_a_lasting_hidden_cause_shows_in_the_outcome_before(tmp_path):
    """Where the outcome is known not to move the lever later, only a hidden cause can tie the two over time."""
    knowledge = tmp_path / "knowledge.yaml"
    knowledge.write_text("forbidden: [[y, x]]\n", encoding="utf-8")
    failed, tried = dict.fromkeys((0.0, 0.8), 0), dict.fromkeys((0.0, 0.8), 0)
    for driver in failed:
        for seed in range(6):
            frame = panel(10 + seed, driver=driver)[["plant", "month", "x", "y", "z"]]
            check = by_check(studied(frame, lever="x", knowledge=knowledge), "x")["placebo-outcome"]
            tried[driver] += check.passed is not None
            failed[driver] += check.passed is False
    assert tried == {0.0: 6, 0.8: 6}
    assert failed[0.0] == 0
    assert failed[0.8] >= 5


def test_leaving_out_is_refitting_without(simulated):
    """Reweighted Grams against the moments of the panel without that entity's rows."""
    from causal_service.discovery.discover import discover
    from causal_service.graph.knowledge import Knowledge
    from causal_service.numerics.draw import member_coefficients, member_responses
    from causal_service.panel.dictionary import Dictionary
    from causal_service.preparation.prepared import prepared_from
    from causal_service.preparation.within_rows import within_rows

    within = within_rows(simulated.panel(simulated.frame(0, entities=20, periods=20)), Dictionary(), (), 1)
    prepared = prepared_from(within)
    found = discover(prepared, Knowledge({}), resamples=20)
    parts = entity_parts(prepared, within)
    moved = changes(prepared, found, parts, 3, 1)
    assert parts.labels == within.panel.entities
    weights = np.ones((2, prepared.blocks))
    weights[0, 4] = 0.0
    W = prepared.covariances(weights)[0]
    member = found.full.members[:1]
    direct = [member_responses(member, member_coefficients(one, member), 3)[0, 1] for one in W]
    unit = prepared.unit_sd[:, None] / prepared.unit_sd[None, :]
    assert moved[4] == pytest.approx((direct[0] - direct[1]) * unit, abs=1e-10)
    periods = period_parts(prepared, within)
    assert periods.mass.size == 19
    assert (prepared.grams.sum(0) - periods.grams).sum(0) == pytest.approx(prepared.grams.sum(0), rel=1e-9)
    subsets = subset_parts(prepared, 50, np.random.default_rng(0))
    assert subsets.mass == pytest.approx(np.full(50, 16 * prepared.mass[0]))


def test_the_e_value_of_the_published_example():
    """VanderWeele & Ding (2017): risk ratio 3.9, interval from 1.8: E-values 7.26 and 3.0."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value(1.8) == pytest.approx(3.0, abs=0.005)
    assert e_value(1.0) == 1.0


def test_risk_ratios_are_turned_over_and_stay_within_shares():
    assert risk_ratio(0.2, 0.1) == pytest.approx(1.5)
    assert risk_ratio(0.3, -0.1) == pytest.approx(1.5)
    assert risk_ratio(0.3, -0.3) is None
    assert risk_ratio(0.9, 0.2) is None
    assert risk_ratio(1.0, 0.0) is None


def test_a_binary_outcome_has_an_e_value():
    frame = panel(4, entities=60, periods=24)
    frame["y"] = (frame["y"] > 0).astype(float)
    check = by_check(studied(frame), "m")["e-value"]
    assert check.passed
    assert check.found > check.low > 1.0
    assert check.found == pytest.approx(e_value(check.estimate))


def test_the_contour_is_zero_where_the_robustness_value_is():
    t, dof = 9.0, 400
    rv = robustness_value(t, dof)
    row = contour("x", "y", 2.0, t, dof)
    at = [row.left[i][i] for i in range(len(row.shares))]
    assert all((left > 0) == (share < rv) for left, share in zip(at, row.shares, strict=True))
    assert all(first > second for first, second in pairwise(at))
    assert max(max(line) for line in row.left) < 2.0


def test_a_lever_unidentified_in_every_graph_is_explained_on_every_part():
    """Two indicators that go together, nothing known: no graph can tell which way."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=400)
    study = cs.study(
        pd.DataFrame({"x": x, "y": 0.8 * x + rng.normal(size=400)}), outcome="y", lever="x", resamples=40, threads=1
    )
    (row,) = study.identification
    assert (row.strategy, row.share, row.unidentified.code) == ("none", 0.0, "open-direction")
    assert row.unidentified.reason.zh
    assert row.unidentified.what_would_help.en
    assert study.levers[0].verdict != "act"
    checks = by_check(study, "x")
    assert checks["placebo-lever"].why_not == checks["random-common-cause"].why_not == "not-adjusted"
    assert "NaN" not in study.to_json()
    assert study.whatif({"x": 1.0}).text.en
