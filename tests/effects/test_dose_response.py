"""Dose-response: the regression it is, the curve it finds, the range it keeps to, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from causal_service.discovery.discover import Discovery, discover
from causal_service.effects.dose_columns import Spline, adjusters, column_values
from causal_service.effects.dose_line import apart, bends_that_count, straight_line
from causal_service.effects.dose_response import dose_response, knot_shares
from causal_service.effects.dose_results import DoseResponse, DoseValue, NoDoseResponse, Unsupported
from causal_service.effects.dose_shape import Curve, shape_of
from causal_service.graph.knowledge import Knowledge
from causal_service.numerics.natural_spline import KNOT_QUANTILES, bends
from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.prepared import prepared_from
from causal_service.preparation.within_rows import Total, WithinRows, within_rows

ORDER = {"demand": 0, "spend": 1, "revenue": 2, "rating": 3}


def bent(x: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0, -1.8 * x) / 1.8


def frame(seed: int = 0, entities: int = 50, periods: int = 20, straight: bool = False) -> pd.DataFrame:
    """demand -> spend -> revenue -> rating, demand -> revenue; large shops spend more and earn more."""
    rng = np.random.default_rng(seed)
    size, season = rng.normal(size=(entities, 1)), rng.normal(size=(1, periods))
    e = rng.normal(size=(4, entities, periods))
    demand = size + season + e[0]
    spend = 0.8 * size + 0.5 * season + 0.5 * demand + 0.8 * e[1]
    revenue = (0.5 * spend if straight else bent(spend)) + 0.4 * demand + 2 * size - season + 0.5 * e[2]
    table = {"demand": demand, "spend": spend, "revenue": revenue, "rating": 0.5 * revenue + e[3]}
    keys = {
        "plant": np.repeat([f"S{i:03d}" for i in range(entities)], periods),
        "month": np.tile([f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(periods)], entities),
    }
    return pd.DataFrame(keys | {key: values.ravel() for key, values in table.items()})


def learned(simulated, table: pd.DataFrame, lags: int = 0) -> tuple[WithinRows, Discovery]:
    within = within_rows(simulated.panel(table), Dictionary(), (), lags)
    found = discover(prepared_from(within), Knowledge({k: v for k, v in ORDER.items() if k in table}), resamples=30)
    return within, found


@pytest.fixture(scope="module")
def case(simulated) -> tuple[WithinRows, Discovery]:
    return learned(simulated, frame())


@pytest.fixture(scope="module")
def curve(case) -> DoseResponse:
    found = dose_response(*case, "spend", "revenue", horizon=0, seed=0, units=("yuan", "yuan"))
    assert isinstance(found, DoseResponse)
    return found


def test_same_period_curve_is_the_dummy_regression_with_clustered_errors(case, curve):
    """Same spline, same adjustment, entity and period dummies; the jackknife errors are a little above CR1."""
    within, discovery = case
    table = frame()
    beside = adjusters(within, discovery, "spend", "revenue")
    assert curve.adjustment == ("demand",)
    x = table["spend"].to_numpy()
    reference, scale = np.median(x), x.max() - x.min()
    spline = Spline((np.quantile(x, knot_shares(within.used)) - reference) / scale)
    columns = spline.columns((x - reference) / scale)
    K = columns.shape[1]
    dummies = pd.get_dummies(table[["plant", "month"]], drop_first=True).to_numpy(float)
    demand = table["demand"].to_numpy()
    also = bends(demand, np.quantile(demand, KNOT_QUANTILES))[0] if beside.bent else np.empty((demand.size, 0))
    X = np.c_[columns, demand, also, dummies, np.ones(x.size)]
    fit = sm.OLS(table["revenue"].to_numpy(), X).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(table["plant"])[0]}
    )
    at = (np.array(curve.levels) - reference) / scale
    span = spline.columns(at) - spline.columns(np.zeros(1))
    np.testing.assert_allclose(curve.values, span @ fit.params[:K], atol=1e-8)
    errors = np.sqrt(np.einsum("mk,kl,ml->m", span, np.asarray(fit.cov_params())[:K, :K], span))
    half = (np.array(curve.high) - np.array(curve.low)) / 2
    critical = half / errors
    assert critical.max() / critical.min() < 1.25
    assert 2.2 < np.median(critical) < 3.3  # between the pointwise 2.01 and Bonferroni's over 24 points


def test_band_holds_the_true_curve_and_the_bend_is_seen(curve):
    truth = bent(np.array(curve.levels)) - bent(np.array(curve.reference))
    assert (np.array(curve.low) - 1e-9 <= truth).all()
    assert (truth <= np.array(curve.high) + 1e-9).all()
    assert curve.bend_p < 1e-6
    assert curve.shape == "saturating"
    assert curve.saturation == pytest.approx(np.log(4) / 1.8, abs=0.5)  # the slope 1 / (1 + exp(1.8 x)) is .2


def test_a_straight_response_is_called_straight(simulated):
    calls = []
    for seed in range(8):
        found = dose_response(
            *learned(simulated, frame(seed, 30, 14, straight=True)), "spend", "revenue", horizon=0, seed=0
        )
        assert isinstance(found, DoseResponse)
        calls.append(found.shape == "straight")
        assert found.saturation is None or found.bend_p < 0.05
    assert sum(calls) >= 6


def test_levels_between_the_points_are_read_off_and_levels_outside_are_refused(curve):
    inside = curve.at((curve.levels[3] + curve.levels[4]) / 2)
    assert isinstance(inside, DoseValue)
    assert inside.value == pytest.approx((curve.values[3] + curve.values[4]) / 2)
    assert curve.at(curve.levels[-1]) == DoseValue(curve.levels[-1], curve.values[-1], curve.low[-1], curve.high[-1])
    zero = curve.at(curve.reference)
    assert isinstance(zero, DoseValue)
    assert abs(zero.value) < 0.05
    for level in (curve.levels[-1] + 0.01, curve.levels[0] - 1, curve.highest, 1e9):
        outside = curve.at(level)
        assert isinstance(outside, Unsupported)
        assert outside.code == "outside-the-data"
        assert outside.reason.zh
        assert outside.what_would_help.en


def test_range_is_what_the_data_support(curve):
    spend = frame()["spend"]
    assert spend.quantile(0.05) - 1e-9 <= curve.levels[0] < curve.reference < curve.levels[-1]
    assert curve.levels[-1] <= spend.quantile(0.95) + 1e-9
    assert (curve.lowest, curve.highest) == (spend.min(), spend.max())


def test_levels_that_hardly_anybody_visited_are_cut_off(simulated):
    """A tenth of the shops spends far more than all others: between them there is nothing."""
    table = frame()
    table.loc[table["plant"] < "S005", "spend"] += 40.0
    found = dose_response(*learned(simulated, table), "spend", "revenue", horizon=0, seed=0)
    assert isinstance(found, DoseResponse)
    assert found.levels[-1] < 10
    assert isinstance(found.at(25.0), Unsupported)


def test_units_change_nothing_but_units(simulated, curve):
    table = frame()
    table["spend"] *= 1000.0
    found = dose_response(*learned(simulated, table), "spend", "revenue", horizon=0, seed=0)
    assert isinstance(found, DoseResponse)
    np.testing.assert_allclose(found.values, curve.values, atol=1e-8)
    np.testing.assert_allclose(found.high, curve.high, atol=1e-8)
    np.testing.assert_allclose(np.array(found.levels), 1000 * np.array(curve.levels), rtol=1e-9)
    assert found.saturation == pytest.approx(1000 * (curve.saturation or 0.0))


def test_kept_level_counts_all_periods(simulated):
    """spend(t) and spend(t - 1) move revenue(t) alike: kept, a level brings twice what it brings at once."""
    rng = np.random.default_rng(4)
    table = frame(4, 60, 24)
    spend = table["spend"].to_numpy().reshape(60, 24)
    before = np.concatenate([spend[:, :1], spend[:, :-1]], axis=1)
    size = np.repeat(rng.normal(size=60), 24)
    table["revenue"] = bent(spend).ravel() + bent(before).ravel() + 0.4 * table["demand"] + size + rng.normal(size=1440)
    case = learned(simulated, table[["plant", "month", "demand", "spend", "revenue"]], lags=1)
    once, kept = (dose_response(*case, "spend", "revenue", horizon=h, seed=0) for h in (0, 1))
    assert isinstance(once, DoseResponse)
    assert isinstance(kept, DoseResponse)
    assert (once.kind, kept.kind, kept.horizon) == ("impact", "sustained", 1)
    for found, times in ((once, 1), (kept, 2)):
        truth = times * (bent(np.array(found.levels)) - bent(np.array(found.reference)))
        assert (np.array(found.low) - 1e-9 <= truth).all()
        assert (truth <= np.array(found.high) + 1e-9).all()


def test_an_exact_sum_moves_as_a_whole(simulated):
    """Its parts are its causes; adjusting for them would leave nothing."""
    table = frame(2, 40, 16, straight=True)
    rng = np.random.default_rng(0)
    table["online"] = rng.normal(size=len(table)) + 0.5 * table["demand"]
    table["print"] = table["spend"] - table["online"]
    panel = simulated.panel(table.drop(columns="rating"))
    within = within_rows(panel, Dictionary(), (Total("spend", ("online", "print"), (1.0, 1.0)),), 0)
    knowledge = Knowledge({"demand": 0, "online": 1, "print": 1, "spend": 1, "revenue": 2})
    found = discover(prepared_from(within), knowledge, resamples=30)
    whole = dose_response(within, found, "spend", "revenue", horizon=0, seed=0)
    assert isinstance(whole, DoseResponse)
    assert not {"online", "print"} & set(whole.adjustment)
    slope = (whole.values[-1] - whole.values[0]) / (whole.levels[-1] - whole.levels[0])
    assert slope == pytest.approx(0.5, abs=0.1)


def test_what_has_no_curve_says_why(case, simulated):
    within, discovery = case
    assert dose_response(None, discovery, "spend", "revenue", horizon=0, seed=0).code == "rows-on-disk"  # type: ignore[union-attr]
    backwards = dose_response(within, discovery, "rating", "revenue", horizon=0, seed=0)
    assert isinstance(backwards, NoDoseResponse)
    assert backwards.code == "outcome-first"
    steps = frame()
    steps["spend"] = np.round(steps["spend"].clip(-1, 1))
    few = dose_response(*learned(simulated, steps), "spend", "revenue", horizon=0, seed=0)
    assert (few.code, few.count) == ("few-levels", 3)  # type: ignore[union-attr]
    crowded = frame()
    crowded["spend"] = crowded["spend"].clip(lower=float(crowded["spend"].quantile(0.6)))
    assert dose_response(*learned(simulated, crowded), "spend", "revenue", horizon=0, seed=0).code == "crowded-levels"  # type: ignore[union-attr]
    short = learned(simulated, frame(0, 12, 8), lags=1)
    far = dose_response(*short, "spend", "revenue", horizon=7, seed=0)
    assert isinstance(far, NoDoseResponse)
    assert far.code == "too-few-rows"


def test_order_of_rows_and_seed(case, simulated, curve):
    shuffled = frame().sample(frac=1.0, random_state=1)
    again = dose_response(*learned(simulated, shuffled), "spend", "revenue", horizon=0, seed=0, units=("yuan", "yuan"))
    assert again == curve
    other = dose_response(*case, "spend", "revenue", horizon=0, seed=1, units=("yuan", "yuan"))
    assert isinstance(other, DoseResponse)
    assert other.values == curve.values
    assert other.high != curve.high


def test_outcome_on_a_log_scale_is_told_in_its_unit(case):
    within, _ = case
    logged = replace(within, kinds={"revenue": "log"}, slopes=np.full(4, 0.5))
    plain = within.values[:, :, within.names.index("revenue")]
    np.testing.assert_allclose(column_values(logged, "revenue", raw=False), plain / 0.5)


def by_slope(seed: int) -> pd.DataFrame:
    """Straight for every shop; shops at higher levels have the steeper line, so that all together look bent."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(40, 1))
    spend = 2 * own + 0.7 * rng.normal(size=(40, 16))
    revenue = (0.5 + 0.4 * np.tanh(2 * own)) * spend + 0.5 * rng.normal(size=(40, 16))
    keys = {
        "plant": np.repeat([f"S{i:03d}" for i in range(40)], 16),
        "month": np.tile([f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(16)], 40),
    }
    return pd.DataFrame(keys | {"spend": spend.ravel(), "revenue": revenue.ravel()})


def test_slopes_that_differ_by_entity_are_no_bend(simulated, monkeypatch):
    """Without slopes that may follow the entity's level the same panels would be called bent."""
    cases = [learned(simulated, by_slope(seed)) for seed in range(4)]

    def p_values() -> list[float]:
        found = [dose_response(*case, "spend", "revenue", horizon=0, seed=0) for case in cases]
        assert all(isinstance(curve, DoseResponse) for curve in found)
        return [curve.bend_p for curve in found if isinstance(curve, DoseResponse)]

    assert min(p_values()) > 0.02
    monkeypatch.setattr("causal_service.effects.dose_columns.FEWEST_ENTITIES", 10**6)
    assert max(p_values()) < 0.02


def test_a_straight_line_is_the_ranked_effect(curve):
    line = straight_line(curve, -2.0, -3.0, -1.0)
    assert (line.shape, line.saturation, line.levels) == ("straight", None, curve.levels)
    rows = zip(line.levels, line.values, line.low, line.high, curve.low, curve.high, strict=True)
    for level, value, low, high, curve_low, curve_high in rows:
        away = level - line.reference
        assert value == pytest.approx(-2.0 * away)
        assert low == pytest.approx(min(-3.0 * away, -1.0 * away, curve_low))
        assert high == pytest.approx(max(-3.0 * away, -1.0 * away, curve_high))
    found = line.at(line.reference + 0.5)
    assert isinstance(found, DoseValue)
    assert found.value == pytest.approx(-1.0)


def test_bends_count_beside_all_curves_of_a_study(curve):
    """One p-value of .01 is evidence alone; among six it is what chance brings."""
    weak = replace(curve, bend_p=0.01)
    others = [replace(curve, bend_p=p) for p in (0.2, 0.4, 0.6, 0.8, 0.9)]
    assert bends_that_count([weak]) == (True,)
    assert not any(bends_that_count([weak, *others]))
    assert bends_that_count([curve, *others])[0]
    assert bends_that_count([]) == ()


def test_curve_and_ranked_effect_that_do_not_agree_are_told(curve):
    slope = float(np.interp(0.5, np.array(curve.levels) - curve.reference, curve.values)) / 0.5
    assert apart(curve, 0.5, slope, slope - 0.1, slope + 0.1) is None
    gap = apart(curve, 0.5, slope + 5, slope + 4, slope + 6)
    assert gap is not None
    assert (gap.step, gap.ranked, gap.ranked_low) == pytest.approx((0.5, (slope + 5) * 0.5, (slope + 4) * 0.5))
    beyond = curve.levels[-1] - curve.reference + 0.01
    back = apart(curve, beyond, 50.0, 49.0, 51.0)
    assert back is None or back.step == -beyond
    assert apart(curve, 1e6, 50.0, 49.0, 51.0) is None


@pytest.mark.parametrize(
    ("slopes", "shape"),
    [
        (np.linspace(-0.5, -0.3, 24), "diminishing"),
        (np.linspace(0.3, 0.5, 24), "accelerating"),
        (np.interp(np.arange(24), [0, 4, 9, 14, 18, 23], [-0.29, -0.21, 0.11, -0.48, -0.06, -0.38]), "irregular"),
    ],
)
def test_shape_goes_by_slopes_that_only_fall_or_only_rise(slopes, shape):
    noise = np.random.default_rng(0).normal(size=(400, 24)) * 0.2
    bent = Curve(np.arange(24.0), slopes, noise, np.eye(24), 0.04 * np.eye(24))
    assert shape_of(bent, 0.001).shape == shape
