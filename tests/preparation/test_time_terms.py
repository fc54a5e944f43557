"""A season is taken out where the calendar has one and the data show it; nothing is made up where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.panel import Panel
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.rows import lagged_rows
from causal_service.preparation.time_terms import TimeTerms, calendar_cycles, removed_terms, time_terms


def series(labels: list[str], seed: int = 0, **drifts: float) -> Panel:
    """Four autoregressive indicators of one entity; ``drifts`` add a season of that period and size to all of them."""
    rng = np.random.default_rng(seed)
    T = len(labels)
    X = np.zeros((T, 4))
    for t in range(1, T):
        X[t] = 0.5 * X[t - 1] + rng.normal(size=4)
    t = np.arange(T)
    for name, size in drifts.items():
        wave = (t / T) ** 2 if name == "bend" else np.cos(2 * np.pi * t / float(name[1:]))
        X += size * wave[:, None] * np.array([1, -1, 0.5, 0])
    return panel_from_frame(pd.DataFrame(X, columns=list("abcd")).assign(when=labels), period="when")


def found(panel: Panel) -> TimeTerms:
    rows = lagged_rows(panel, 1)
    Z = rows.take(panel.values)
    return time_terms(panel, rows, Z[:, 4:], Z[:, :4])


def months(count: int, step: int = 1) -> list[str]:
    return [f"{2010 + m // 12}-{m % 12 + 1:02d}" for m in range(0, count * step, step)]


def days(count: int, business: bool = False) -> list[str]:
    return (
        [str(d.date()) for d in pd.bdate_range("2024-01-01", periods=count)]
        if business
        else [str(d.date()) for d in pd.date_range("2024-01-01", periods=count)]
    )


@pytest.mark.parametrize(
    ("labels", "lengths"),
    [
        (months(60), {"year": 12}),
        (months(30, 2), {"year": 6}),
        ([f"{2010 + q // 4}Q{q % 4 + 1}" for q in range(40)], {"year": 4}),
        (days(60), {"week": 7}),
        (days(60, business=True), {"week": 5}),
        ([str(y) for y in range(1960, 2020)], {}),
        ([str(i) for i in range(1, 61)], {}),
        (months(20), {}),
    ],
    ids=["months", "every other month", "quarters", "days", "working days", "years", "numbers", "less than two years"],
)
def test_seasons_of_the_calendar(labels, lengths):
    assert {c.name: c.length for c in calendar_cycles(series(labels))} == lengths


def test_a_week_and_a_year_in_long_daily_data():
    cycles = {c.name: c.length for c in calendar_cycles(series(days(800)))}
    assert cycles["week"] == 7
    assert cycles["year"] == pytest.approx(365.2425)


def test_the_harmonics_that_are_there_are_found():
    terms = found(series(months(120), p12=1.5, p4=1.5))
    assert set(terms.harmonics) >= {("year", 1), ("year", 3)}
    assert terms.columns.shape[1] <= 8


def test_hardly_a_harmonic_is_found_where_there_is_none():
    extra = [found(series(months(120), seed)).columns.shape[1] - 2 for seed in range(20)]
    assert np.mean([more > 0 for more in extra]) <= 0.25


def test_a_bend_is_found():
    assert found(series(months(120), bend=12.0)).bent


def test_terms_never_cost_more_than_a_fifth_of_the_rows():
    for periods in (26, 30, 48):
        terms = found(series(months(periods), p12=5.0, p6=5.0, p4=5.0, p3=5.0))
        assert terms.columns.shape[1] <= periods / 5


def few(entities: int, common: float, seed: int = 0) -> Panel:
    """Four autoregressive indicators of a few entities over 60 months; ``common`` is the size of shocks they share."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=(entities, 60, 4)) + common * rng.normal(size=(1, 60, 4))
    X = np.zeros((entities, 60, 4))
    for t in range(1, 60):
        X[:, t] = 0.5 * X[:, t - 1] + shocks[:, t]
    keys = {"who": np.repeat(np.arange(entities), 60).astype(str), "when": months(60) * entities}
    return panel_from_frame(
        pd.DataFrame(X.reshape(-1, 4), columns=list("abcd")).assign(**keys), entity="who", period="when"
    )


def chosen(panel: Panel) -> TimeTerms | None:
    rows = lagged_rows(panel, 1)
    Z = rows.take(panel.values)
    return removed_terms(panel, rows, Z[:, 4:], Z[:, :4])


def test_a_single_series_always_has_terms():
    assert chosen(series(months(60))) is not None


@pytest.mark.parametrize(("entities", "with_shocks"), [(3, 4), (4, 0)])
def test_few_entities_have_terms_and_four_keep_period_effects_against_shocks_they_share(entities, with_shocks):
    alone = [chosen(few(entities, 0.0, seed)) is not None for seed in range(4)]
    shared = [chosen(few(entities, 1.0, seed)) is not None for seed in range(4)]
    assert sum(alone) >= 2
    assert sum(shared) == with_shocks


def test_five_entities_keep_their_period_effects():
    assert chosen(few(5, 0.0)) is None
