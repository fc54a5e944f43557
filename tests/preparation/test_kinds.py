"""Which indicators are read as two-state, count or continuous."""

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.preparation.kinds import kind_of

RNG = np.random.default_rng(0)
LEVEL = np.exp(RNG.normal(1.0, 0.6, (40, 1)))


@pytest.mark.parametrize("unit", [(1.0, 0.0), (0.01, -3.0), (1000.0, 12.0)])
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (RNG.integers(0, 2, (40, 30)).astype(float), "binary"),
        (RNG.poisson(LEVEL, (40, 30)).astype(float), "count"),
        (RNG.negative_binomial(4, 4 / (4 + LEVEL), (40, 30)).astype(float), "count"),
        (RNG.integers(1, 6, (40, 30)).astype(float), "continuous"),
        (RNG.normal(size=(40, 30)), "continuous"),
        (np.exp(RNG.normal(size=(40, 30))), "continuous"),
        (np.round(RNG.normal(100, 5, (40, 30)), 0), "continuous"),
    ],
    ids=["two states", "Poisson", "overdispersed", "rating", "normal", "heavy tail", "rounded"],
)
def test_kind_in_any_unit(values: NDArray[np.float64], kind: str, unit: tuple[float, float]) -> None:
    values = values * unit[0] + unit[1]
    values[RNG.random(values.shape) < 0.05] = np.nan
    assert kind_of(values) == kind


def test_a_cross_section_of_whole_numbers_is_continuous_because_growth_cannot_be_seen() -> None:
    assert kind_of(RNG.poisson(3.0, (500, 1)).astype(float)) == "continuous"
