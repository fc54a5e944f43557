"""Scales: the declared one or the one the unit implies, refused outside its domain, and the slope back to the unit."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.errors import CallError, Text
from causal_service.panel.dictionary import Indicator
from causal_service.preparation.prepared import prepare
from causal_service.preparation.transforms import declared_transform, transformed

VALUES = np.array([[0.2, 0.5, np.nan], [0.9, 0.35, 0.6]])


def indicator(**fields: object) -> Indicator:
    return Indicator("x", Text("x", "x"), **fields)


def derivative(kind: str, x: np.ndarray, eps: float = 1e-6) -> float:
    """Mean over observed cells of the numerical derivative of the scale."""
    up, down = (transformed("x", x + s * eps, kind).values for s in (1, -1))
    return float(np.nanmean((up - down) / (2 * eps)))


def test_identity_is_the_default_and_changes_nothing():
    assert declared_transform(None, VALUES) == "identity"
    assert declared_transform(indicator(unit="days"), VALUES) == "identity"
    out = transformed("x", VALUES, "identity")
    np.testing.assert_array_equal(out.values, VALUES)
    assert out.slope == 1.0


def test_multiplicative_units_imply_logs_only_where_logs_exist():
    assert declared_transform(indicator(unit="倍"), VALUES) == "log"
    assert declared_transform(indicator(unit="倍"), VALUES - 0.5) == "identity"
    assert declared_transform(indicator(unit="倍", transform="identity"), VALUES) == "identity"
    assert declared_transform(indicator(unit="days", transform="rank"), VALUES) == "rank"


@pytest.mark.parametrize("kind", ["log", "logit"])
def test_slope_is_the_average_derivative(kind):
    out = transformed("x", VALUES, kind)
    assert out.slope == pytest.approx(derivative(kind, VALUES), rel=1e-6)
    np.testing.assert_array_equal(np.isnan(out.values), np.isnan(VALUES))


def test_percentages_are_shares_in_another_unit():
    share, percent = transformed("x", VALUES, "logit"), transformed("x", 100 * VALUES, "logit")
    np.testing.assert_allclose(percent.values, share.values)
    assert percent.slope == pytest.approx(share.slope / 100)


def test_rank_scores_are_normal_keep_the_order_and_ignore_monotone_changes():
    x = np.random.default_rng(0).lognormal(size=(40, 25))
    x[3, 4] = np.nan
    out = transformed("x", x, "rank")
    seen = out.values[~np.isnan(out.values)]
    assert seen.mean() == pytest.approx(0.0, abs=1e-9)
    assert seen.std() == pytest.approx(1.0, abs=0.01)
    np.testing.assert_array_equal(np.argsort(out.values, axis=None)[:-1], np.argsort(x, axis=None)[:-1])
    np.testing.assert_allclose(transformed("x", np.log(x), "rank").values, out.values)


def test_rank_slope_is_the_regression_of_scores_on_values():
    x = np.random.default_rng(1).gamma(2.0, size=300)
    out = transformed("x", x, "rank")
    assert out.slope == pytest.approx(np.polyfit(x, out.values, 1)[0])


@pytest.mark.parametrize(
    ("kind", "bad", "domain"),
    [("log", 0.0, "> 0"), ("log", -2.0, "> 0"), ("logit", 0.0, "0..1"), ("logit", 100.0, "0..100")],
)
def test_values_outside_the_domain_are_named(kind, bad, domain):
    values = VALUES.copy()
    values[1, 1] = bad
    with pytest.raises(CallError) as refused:
        transformed("margin", values, kind)
    assert refused.value.code == "outside-transform"
    assert refused.value.params == {"indicator": "margin", "transform": kind, "count": 1}
    assert domain in refused.value.what.en
    assert f"{bad:g}" in refused.value.what.zh


@pytest.mark.parametrize("kind", ["log", "logit"])
def test_effect_of_a_transformed_lever_is_its_average_derivative(simulated, kind):
    """y = 3 f(x) + noise: in users' units the slope is 3 x mean of f'(x), to the last digit of the regression's 3."""
    rng = np.random.default_rng(2)
    frame = simulated.frame(0, entities=25, periods=12)[["plant", "month"]]
    x = rng.uniform(0.05, 0.95, len(frame))
    frame["x"], scale = x, transformed("x", x, kind).values
    frame["y"] = 3 * scale + rng.normal(size=len(frame))
    prepared = prepare(simulated.panel(frame), simulated.dictionary(x={"transform": kind}), (), 0)
    W, _ = prepared.covariance()
    effect = W[0, 1] / W[0, 0] * prepared.unit_sd[1] / prepared.unit_sd[0]
    dummies = np.concatenate([np.eye(25)[np.arange(300) // 12], np.eye(12)[np.arange(300) % 12]], axis=1)
    slope = np.linalg.lstsq(np.column_stack([scale, dummies]), frame["y"].to_numpy(), rcond=None)[0][0]
    assert effect == pytest.approx(slope * derivative(kind, x), rel=1e-7)


def test_effect_on_a_transformed_outcome_is_per_its_own_unit(simulated):
    """log y = 0.5 x + noise: dy/dx = 0.5 / mean(1/y)."""
    rng = np.random.default_rng(3)
    frame = simulated.frame(0, entities=25, periods=12)[["plant", "month"]]
    frame["x"] = rng.normal(size=len(frame))
    frame["y"] = np.exp(0.5 * frame["x"] + 0.1 * rng.normal(size=len(frame)))
    prepared = prepare(simulated.panel(frame), simulated.dictionary(y={"transform": "log"}), (), 0)
    W, _ = prepared.covariance()
    effect = W[0, 1] / W[0, 0] * prepared.unit_sd[1] / prepared.unit_sd[0]
    assert effect == pytest.approx(0.5 / (1 / frame["y"]).mean(), rel=0.05)
