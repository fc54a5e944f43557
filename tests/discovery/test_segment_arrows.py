"""Arrows of single segments: those that slopes of opposite sign hide, and none that removed means leave behind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.discovery.resampling import Draw
from causal_service.discovery.search_problem import search_problem
from causal_service.discovery.segment_arrows import with_segment_arrows
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.prepared import prepared_from
from causal_service.preparation.segment_moments import segment_moments
from causal_service.preparation.within_rows import within_rows

NAMES = ("a", "b", "rating")


def opposed(plants: int, months: int, seed: int) -> pd.DataFrame:
    """a moves the rating by 0.6 in one half of the plants and by -0.6 in the other; both last, b does nothing."""
    rng = np.random.default_rng(seed)
    sign = np.where(np.arange(plants) < plants // 2, 1.0, -1.0)
    x, y, rows = np.zeros((plants, 2)), np.zeros(plants), []
    for t in range(-30, months):
        x = 0.5 * x + rng.normal(size=(plants, 2))
        y = 0.3 * y + 0.6 * sign * x[:, 0] + rng.normal(size=plants)
        if t >= 0:
            keys = {"plant": [f"p{i:05d}" for i in range(plants)], "month": f"{2015 + t // 12}-{t % 12 + 1:02d}"}
            rows.append(pd.DataFrame(x, columns=["a", "b"]).assign(**keys, rating=y))
    return pd.concat(rows)


def joined(frame: pd.DataFrame, simulated) -> np.ndarray:
    """Share of 20 draws without arrows that gain each arrow (p, d) from the two halves of the plants."""
    within = within_rows(simulated.panel(frame), Dictionary(), (), 1)
    prepared = prepared_from(within)
    problem = search_problem(prepared, Knowledge.build(NAMES, dict.fromkeys(NAMES), (), max_lag=1))
    half = len(within.panel.entities) // 2
    labels = ["up"] * half + ["down"] * half
    moments = [segment_moments(within, prepared, labels, name) for name in ("up", "down")]
    none = np.zeros((1, 3, 6), bool)
    draws = [Draw(none[0], none, np.zeros((1, 3, 6)), np.arange(3), none[0])] * 20
    return np.mean([member[0] for member in with_segment_arrows(prepared, problem, moments, draws, seed=0)], axis=0)


def test_slopes_of_opposite_sign_give_the_arrow_that_the_whole_hides(simulated):
    share = joined(opposed(80, 24, 0), simulated)
    a, rating = 0, 2
    assert share[rating, 3 + a] + share[a, 3 + rating] == 1


@pytest.mark.slow
def test_many_plants_do_not_draw_what_is_left_of_means(simulated):
    """Past on present, true: each on itself. What removing the means of 36 months leaves is not drawn."""
    share = joined(opposed(6000, 36, 0), simulated)
    assert (share[:, :3][np.eye(3, dtype=bool)] == 1).all()
    assert not share[:, :3][~np.eye(3, dtype=bool)].any()
