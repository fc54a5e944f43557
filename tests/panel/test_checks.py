"""Every check finds what was planted, stays silent otherwise, and says it in both languages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from causal_service.errors import UnknownName
from causal_service.panel.checks import check, removed_indicators, stopping
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.panel import Panel
from causal_service.panel.reading import panel_from_frame
from causal_service.panel.summary import summarise

OUTCOME = "x03"


@pytest.fixture
def large(frame_of) -> pd.DataFrame:
    return frame_of(entities=20, periods=24, indicators=4)


def findings_of(frame: pd.DataFrame, dictionary: object = None, outcome: str = OUTCOME, **keys: str) -> list[Finding]:
    panel = panel_from_frame(frame, **({"entity": "plant", "period": "month"} | keys))
    return list(check(panel, read_dictionary(dictionary), [outcome]))


def only(findings: list[Finding], code: str) -> Finding:
    (finding,) = [finding for finding in findings if finding.code == code]
    return finding


def test_a_clean_panel_passes_every_group(large):
    dictionary = {"indicators": {f"x0{j}": {"layer": "process", "bounds": [0, 200]} for j in range(4)}}
    findings = findings_of(large, dictionary)
    assert {finding.severity for finding in findings} == {"pass"}
    assert [finding.code for finding in findings] == [
        "regime",
        "too-few-periods",
        "too-few-entities",
        "total-entity",
        "calendar-gap",
        "missing-values",
        "constant",
        "no-within-variation",
        "carried-forward",
        "duplicate",
        "collinear",
        "exact-identity",
        "lagged-copy",
        "suspected-leak",
        "outliers",
        "unit-jump",
        "bounds-violated",
        "not-in-dictionary",
        "no-layer",
        "sufficiency",
    ]
    for finding in findings:
        assert finding.message.zh.endswith("。")
        assert finding.message.en.endswith(".")
        assert finding.remedy.zh
        assert finding.remedy.en


Planted = Callable[[pd.DataFrame], pd.DataFrame]


def scaled(column: str, rows: slice | np.ndarray, factor: float) -> Planted:
    def plant(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[rows, column] *= factor
        return frame

    return plant


def before(column: pd.Series) -> pd.Series:
    return column.groupby(column.index // 24).shift(1)


PLANTED: dict[str, tuple[Planted, str, str, tuple[str, ...]]] = {
    "constant": (lambda f: f.assign(k=7.0), "constant", "review", ("k",)),
    "by entity": (lambda f: f.assign(k=f["plant"].str[-2:].astype(int)), "no-within-variation", "fail", ("k",)),
    "by period": (lambda f: f.assign(k=f["month"].str[-2:].astype(int) ** 2), "no-within-variation", "fail", ("k",)),
    "additive": (
        lambda f: f.assign(k=f["plant"].str[-2:].astype(int) + 0.5 * f["month"].str[-2:].astype(int)),
        "no-within-variation",
        "fail",
        ("k",),
    ),
    "copy": (lambda f: f.assign(z=f["x01"]), "duplicate", "fail", ("z",)),
    "other unit": (lambda f: f.assign(z=f["x01"] * 24 + 3), "affine-copy", "fail", ("z",)),
    "logarithm": (lambda f: f.assign(z=np.log(f["x01"])), "monotone-copy", "fail", ("z",)),
    "copy of the outcome": (lambda f: f.assign(a=f[OUTCOME]), "duplicate", "fail", ("a",)),
    "all but a copy": (
        lambda f: f.assign(z=f["x01"] + 0.5 * np.random.default_rng(1).normal(size=len(f))),
        "collinear",
        "review",
        ("x01", "z"),
    ),
    "sum": (lambda f: f.assign(z=f["x00"] + f["x01"]), "exact-identity", "review", ("x00", "x01", "z")),
    "sum with outcome": (lambda f: f.assign(z=f["x00"] + f[OUTCOME]), "identity-with-outcome", "fail", ("x00", "z")),
    "last period's value": (lambda f: f.assign(z=before(f["x01"])), "lagged-copy", "fail", ("z",)),
    "change": (lambda f: f.assign(z=(f["x01"] - before(f["x01"])).round(4)), "lagged-copy", "fail", ("z",)),
    "growth rate": (lambda f: f.assign(z=100 * (f["x01"] / before(f["x01"]) - 1)), "lagged-copy", "fail", ("z",)),
    "change of the outcome": (lambda f: f.assign(z=f[OUTCOME] - before(f[OUTCOME])), "lagged-copy", "fail", ("z",)),
    "leak": (
        lambda f: f.assign(z=f[OUTCOME] + 0.1 * np.random.default_rng(1).normal(size=len(f))),
        "suspected-leak",
        "review",
        ("z",),
    ),
    "mostly missing": (lambda f: f.assign(k=f["x01"].where(f.index % 20 == 0)), "missing-values", "fail", ("k",)),
    "often missing": (lambda f: f.assign(x01=f["x01"].where(f.index % 3 > 0)), "missing-values", "review", ("x01",)),
    "outlier": (scaled("x02", np.array([77]), 4.0), "outliers", "review", ("x02",)),
    "entity in other unit": (scaled("x02", slice(24 * 3 + 12, 24 * 4 - 1), 1000.0), "unit-jump", "review", ("x02",)),
    "column in other unit": (
        lambda f: f.assign(x02=f["x02"].where(f["month"] < "2024-01", f["x02"] / 100)),
        "unit-jump",
        "review",
        ("x02",),
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_what_is_planted_is_found(large, case):
    plant, code, severity, indicators = PLANTED[case]
    finding = only(findings_of(plant(large)), code)
    assert (finding.severity, finding.scope) == (severity, "indicator")
    assert finding.indicators == indicators
    assert finding.message.zh
    assert finding.message.en


def test_a_unit_jump_names_entity_period_and_power(large):
    params = only(findings_of(scaled("x02", slice(84, 95), 1000.0)(large)), "unit-jump").params
    assert params["entities"] == ("plant 03",)
    assert params["periods"] == ("2024-01",)
    assert params["powers"] == (3.0,)


def test_a_unit_jump_in_a_column_with_both_signs(large):
    large["x02"] -= 50
    large.loc[84:95, "x02"] *= 1000
    assert only(findings_of(large), "unit-jump").params["powers"] == (3.0,)


def test_growth_and_level_shifts_are_no_unit_jumps(large):
    rng = np.random.default_rng(0)
    time_ = np.tile(np.arange(24), 20)
    large["growing"] = np.exp(0.15 * time_ + 0.1 * rng.normal(size=480))
    large["doubled"] = np.where(time_ < 12, 10, 25) * np.exp(0.1 * rng.normal(size=480))
    large["noisy"] = np.exp(1.5 * rng.normal(size=480))
    assert only(findings_of(large), "unit-jump").severity == "pass"


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        (lambda f: f.assign(x03=np.nan), "missing-values"),
        (lambda f: f.assign(x03=5.0), "constant"),
        (lambda f: f.assign(x03=f["plant"].str[-2:].astype(int)), "no-within-variation"),
        (lambda f: f[f["month"] == "2023-01"], "too-few-periods"),
    ],
)
def test_what_leaves_nothing_to_explain_stops_the_study(large, plant, code):
    findings = findings_of(plant(large))
    stops = stopping(findings)
    assert code in [finding.code for finding in stops]
    assert "x03" not in removed_indicators(findings)


def test_removed_indicators_are_the_failed_ones(large):
    frame = large.assign(k=7.0, z=large["x01"], y=large["x00"] + large[OUTCOME])
    assert removed_indicators(findings_of(frame)) == ("k", "x00", "y", "z")


def test_an_outcome_that_is_a_growth_rate_sends_its_source_away(large):
    large[OUTCOME] = large["x01"] / before(large["x01"]) - 1
    assert only(findings_of(large), "lagged-copy").indicators == ("x01",)


def test_of_two_that_give_each_other_one_stays(large):
    trained = ((large.index % 24) >= 12).astype(float)
    large["trained"], large["started"] = trained, ((large.index % 24) == 12).astype(float)
    large.loc[large["plant"] < "plant 10", ["trained", "started"]] = 0.0
    assert only(findings_of(large), "lagged-copy").indicators == ("started",)


def test_gaps_are_counted_inside_an_entity_only(large):
    gaps = only(findings_of(large.drop(index=[0, 1, 30, 31, 50])), "calendar-gap")
    assert gaps.params["cells"] == 3
    assert gaps.params["entities"] == 2
    assert "plant 01/2023-07" in gaps.message.en
    assert only(findings_of(large.drop(index=[0, 1, 47])), "calendar-gap").severity == "pass"


@pytest.mark.parametrize(("periods", "severity"), [(3, "review"), (4, "pass")])
def test_few_periods(large, periods, severity):
    months = sorted(set(large["month"]))[:periods]
    assert only(findings_of(large[large["month"].isin(months)]), "too-few-periods").severity == severity


def test_few_entities(large):
    few = only(findings_of(large[large["plant"] < "plant 05"]), "too-few-entities")
    assert (few.severity, few.params["entities"]) == ("review", 5)


def test_regimes_are_named(large):
    one = large[large["plant"] == "plant 00"]
    assert only(findings_of(one), "regime").params["regime"] == "series"
    cross = panel_from_frame(large.drop(columns=["plant", "month"]))
    findings = check(cross, Dictionary(), [OUTCOME])
    assert only(list(findings), "regime").params["regime"] == "cross-section"
    assert not {"calendar-gap", "lagged-copy", "too-few-periods", "no-within-variation", "unit-jump"} & {
        f.code for f in findings
    }


def test_thin_cells(large):
    large["orders"] = np.where(large.index % 2, 3, 50)
    panel = panel_from_frame(large, entity="plant", period="month", weight="orders")
    finding = only(list(check(panel, Dictionary(), [OUTCOME])), "thin-cells")
    assert (finding.severity, finding.params["share"]) == ("review", 0.5)


def test_the_dictionary_and_the_panel_are_compared(large):
    dictionary = {"indicators": {"x00": {"layer": "process"}, "ghost": {"name": {"zh": "幽灵", "en": "Ghost"}}}}
    findings = findings_of(large, dictionary)
    assert only(findings, "not-in-dictionary").indicators == ("x01", "x02", "x03")
    assert only(findings, "not-in-panel").indicators == ("ghost",)
    assert "幽灵" in only(findings, "not-in-panel").message.zh
    assert only(findings, "no-layer").indicators == ("x01", "x02", "x03")


def test_bounds(large):
    large.loc[5, "x00"] = 500.0
    finding = only(
        findings_of(large, {"indicators": {"x00": {"bounds": [None, 100]}, "x01": {"bounds": [0, 100]}}}),
        "bounds-violated",
    )
    assert (finding.indicators, finding.params["counts"]) == (("x00",), (1.0,))
    assert "500" in finding.message.en


@pytest.mark.parametrize(
    ("dictionary", "reason"),
    [
        ({"x01": {"definition": "complaints per score of 满意度"}, "x03": {"name": "满意度"}}, "definition"),
        ({"x01": {"formula": "x03 * 2"}}, "definition"),
        ({"x03": {"formula": "0.5 * x01 + rest"}}, "part"),
        ({"x01": {"layer": "strategic", "controllable": True}, "x03": {"layer": "business"}}, "layer"),
    ],
)
def test_reasons_to_suspect_a_leak(large, dictionary, reason):
    finding = only(findings_of(large, {"indicators": dictionary}), "suspected-leak")
    assert finding.indicators == ("x01",)
    assert finding.params["reasons"] == (reason,)
    assert finding.severity == "review"


def test_a_later_layer_alone_is_no_leak(large):
    dictionary = {"indicators": {"x01": {"layer": "strategic"}, "x03": {"layer": "business"}}}
    assert only(findings_of(large, dictionary), "suspected-leak").severity == "pass"


def test_the_smallest_detectable_effect_shrinks_with_the_root_of_the_data(frame_of):
    def smallest(entities: int) -> Finding:
        frame = frame_of(entities=entities, periods=25)
        return only(findings_of(frame, {"indicators": {OUTCOME: {"unit": "points"}}}), "sufficiency")

    small, big = smallest(9), smallest(33)
    assert small.params["smallest_detectable"] == pytest.approx(2.8 / np.sqrt(8 * 24))
    assert small.params["smallest_detectable"] / big.params["smallest_detectable"] == pytest.approx(2.0)
    assert small.severity == "review"
    assert big.severity == "pass"
    assert "points" in big.message.en


def test_weights_reduce_the_effective_rows(large):
    large["orders"] = np.where(large["plant"] == "plant 00", 1000, 1)
    even = findings_of(large)
    panel = panel_from_frame(large, entity="plant", period="month", weight="orders")
    weighted = only(list(check(panel, Dictionary(), [OUTCOME])), "sufficiency")
    assert weighted.params["effective_rows"] < 0.2 * only(even, "sufficiency").params["effective_rows"]


def test_an_unknown_outcome_offers_the_nearest(large):
    with pytest.raises(UnknownName) as caught:
        findings_of(
            large, {"indicators": {"x03": {"name": {"zh": "满意度", "en": "Satisfaction"}}}}, outcome="Satisfacton"
        )
    assert "Satisfaction" in caught.value.remedy.en
    assert only(
        findings_of(large, {"indicators": {"x03": {"name": "Satisfaction"}}}, outcome="satisfaction"), "sufficiency"
    )


def test_simulated_noise_raises_no_alarm(frame_of):
    for seed in range(8):
        findings = findings_of(frame_of(entities=25, periods=20, indicators=12, seed=seed))
        assert {f.code for f in findings if f.severity != "pass"} <= {"no-layer", "outliers"}


def test_summary(large):
    large.loc[0, "x00"] = np.nan
    panel: Panel = panel_from_frame(large, entity="plant", period="month")
    dictionary = read_dictionary({"indicators": {"x00": {"name": {"zh": "甲", "en": "A"}, "unit": "days"}}})
    summary, indicators = summarise(panel, dictionary, {"x00": 2.5})
    assert (summary.entities, summary.periods, summary.rows) == (20, 24, 480)
    assert (summary.first_period, summary.last_period, summary.frequency) == ("2023-01", "2024-12", "month")
    assert summary.fingerprint == panel.fingerprint
    first = indicators[0]
    assert (first.name.zh, first.unit, first.within_sd) == ("甲", "days", 2.5)
    assert first.missing == pytest.approx(1 / 480)
    assert first.mean == pytest.approx(large["x00"].mean())
    assert first.sd == pytest.approx(large["x00"].std())


def test_pairs_that_move_almost_as_one_are_told_with_their_correlation(large):
    rng = np.random.default_rng(2)
    large["z"] = large["x01"] + 0.3 * rng.normal(size=len(large))
    large["k"] = large["plant"].str[-2:].astype(int)  # removed: nothing is left of it, and no pair made of that
    large["leak"] = large[OUTCOME] + 0.1 * rng.normal(size=len(large))  # said by another check
    params = only(findings_of(large), "collinear").params
    assert (params["first"], params["second"]) == (("x01",), ("z",))
    assert params["correlations"][0] == pytest.approx(0.995, abs=0.004)


def test_series_that_merely_trend_alike_do_not_move_as_one():
    rng = np.random.default_rng(4)
    trend = np.arange(120.0)
    frame = pd.DataFrame({f"x0{j}": trend + 3 * rng.normal(size=120) for j in range(4)})
    frame["month"] = pd.period_range("2015-01", periods=120, freq="M").astype(str)
    assert frame["x00"].corr(frame["x01"]) > 0.98
    (finding,) = [f for f in findings_of(frame, entity=None) if f.code == "collinear"]
    assert finding.severity == "pass"
