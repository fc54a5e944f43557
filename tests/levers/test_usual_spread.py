"""A useful effect is measured by how far an outcome usually moves; tails make no panel pass for one that sees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.levers.usual_spread import usual_sd


def cells(draw, entities: int = 40, periods: int = 50) -> np.ndarray:
    """Outcome with levels by entity and movements by period of size three, and ``draw(size)`` around them."""
    rng = np.random.default_rng(1)
    return draw((entities, periods)) + 3 * rng.normal(size=(entities, 1)) + 3 * rng.normal(size=(1, periods))


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "draw",
    [
        RNG.standard_normal,
        RNG.standard_exponential,
        lambda size: RNG.lognormal(0.0, 0.8, size),
        lambda size: RNG.standard_t(5, size),
        lambda size: RNG.poisson(2.0, size).astype(float),
        lambda size: (RNG.random(size) < 0.1).astype(float),
    ],
    ids=["normal", "exponential", "lognormal", "t5", "counts", "one in ten"],
)
def test_the_standard_deviation_counts_where_tails_are_not_heavy(draw):
    x = draw((40, 50))
    assert usual_sd(x, float(x.std())) == float(x.std())
    assert usual_sd(cells(draw), float(x.std())) == float(x.std())


def test_rare_states_have_no_tails():
    x = (RNG.random((40, 50)) < 0.01).astype(float)
    assert usual_sd(x, float(x.std())) == float(x.std())


@pytest.mark.parametrize("gaps", [False, True])
def test_heavy_tails_do_not_count(gaps):
    """Student's t with 2 degrees of freedom: 5 % lie beyond 2.92 on either side."""
    x = cells(lambda size: np.random.default_rng(3).standard_t(2, size), 100, 100)
    if gaps:
        x[np.random.default_rng(4).random(x.shape) < 0.1] = np.nan
        x[7], x[:, 9] = np.nan, np.nan
    assert usual_sd(x, 500.0) == pytest.approx(2 * 2 * 2.92 / 3.29, rel=0.05)


def test_one_mistyped_cell_does_not_count():
    x = cells(np.random.default_rng(5).standard_normal)
    x[3, 4] *= 1000
    assert usual_sd(x, float(x.std())) == pytest.approx(2.0, rel=0.1)


def test_levels_of_rows_alone_and_nothing_at_all():
    survey = np.random.default_rng(6).standard_cauchy((500, 1))
    assert usual_sd(survey, 1e6) == pytest.approx(2 * 2 * 6.31 / 3.29, rel=0.3)
    assert usual_sd(np.full((3, 4), np.nan), 2.0) == 2.0
    assert usual_sd(np.full((3, 4), 5.0), 0.0) == 0.0


def plants(seed: int) -> pd.DataFrame:
    """x moves y by one SD of either, z does nothing."""
    rng = np.random.default_rng(seed)
    x, z, y = (rng.normal(size=(40, 24)) for _ in range(3))
    y += x + 2 * rng.normal(size=(40, 1))
    keys = {
        "plant": np.repeat([f"p{i:02d}" for i in range(40)], 24),
        "month": np.tile([f"{2022 + t // 12}-{t % 12 + 1:02d}" for t in range(24)], 40),
    }
    return pd.DataFrame(keys | {"x": x.ravel(), "z": z.ravel(), "y": y.ravel()})


def test_a_panel_blinded_by_one_cell_does_not_call_a_lever_idle(simulated):
    frame, known = plants(0), simulated.dictionary({"x": "process", "z": "process", "y": "business"})
    asked = {"outcome": "y", "dictionary": known, "entity": "plant", "period": "month", "resamples": 40, "threads": 1}
    clean = {row.lever: row.verdict for row in cs.study(frame, **asked).levers}
    assert clean["x"] in ("act", "test")
    assert clean["z"] == "watch"
    frame.loc[100, "y"] = 3000.0
    study = cs.study(frame, **asked)
    assert {row.lever: row.verdict for row in study.levers} == {"x": "insufficient", "z": "insufficient"}
    codes = {finding.code for finding in study.findings if finding.severity == "review"}
    assert {"outliers", "panel-too-small"} <= codes
    (small,) = [finding for finding in study.findings if finding.code == "panel-too-small"]
    assert small.params["smallest_detectable_sd"] > small.params["useful_sd"]
