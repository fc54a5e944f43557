"""Draws carry average slopes, and each stands for one period."""

import numpy as np
import pandas as pd

from causal_service.discovery.discover import discover
from causal_service.discovery.mechanisms import draw_periods
from causal_service.effects.estimate import effect_draws
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import read_panel
from causal_service.preparation.prepared import Prepared, prepare


def _prepared(seasonal: bool) -> tuple[Prepared, float]:
    """Spend saturates in sales; (moments, true average slope). With a season the slope differs between months."""
    rng = np.random.default_rng(1)
    N, T = 40, 24
    season = 1.5 * np.sin(2 * np.pi * np.arange(T) / 12) if seasonal else np.zeros(T)
    spend = rng.standard_t(5, (N, T)) + season
    sales = 1.2 * np.tanh(spend) + 0.4 * rng.normal(size=(N, T))
    frame = pd.DataFrame(
        {
            "shop": np.repeat([f"s{i:02d}" for i in range(N)], T),
            "month": np.tile([f"{2020 + t // 12}-{t % 12 + 1:02d}" for t in range(T)], N),
            "spend": spend.ravel(),
            "sales": sales.ravel(),
        }
    )
    panel = read_panel(frame, entity="shop", period="month", dictionary=Dictionary({}), weight=None).panel
    return prepare(panel, Dictionary({}), [], 1), float(1.2 * (1 - np.tanh(spend) ** 2).mean())


def _impacts(prepared: Prepared) -> np.ndarray:
    knowledge = Knowledge.build(
        prepared.names, {"spend": "process", "sales": "business"}, ("process", "business"), max_lag=1
    )
    found = discover(prepared, knowledge, resamples=60, threads=1)
    assert np.mean([d.bent[0, 2 + 1] for d in found.draws]) > 0.9
    return effect_draws(prepared, found, 3).of("spend", "sales", "impact")


def test_the_effect_of_a_saturating_lever_is_its_average_slope() -> None:
    prepared, truth = _prepared(seasonal=False)
    assert abs(_impacts(prepared).mean() - truth) < 0.06


def test_draws_spread_over_the_periods_they_stand_for() -> None:
    calm, moved = _impacts(_prepared(seasonal=False)[0]), _impacts(_prepared(seasonal=True)[0])
    assert moved.std() > 2 * calm.std()


def test_every_period_stands_for_as_many_draws_as_any_other() -> None:
    prepared, _ = _prepared(seasonal=False)
    periods = draw_periods(prepared, 200, seed=3)
    counts = np.bincount(periods, minlength=23)
    assert counts.size == 23 and counts.max() - counts.min() <= 1
    assert (periods == draw_periods(prepared, 200, seed=3)).all()
