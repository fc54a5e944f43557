"""What the sample of a panel too large for memory tells about all its rows: effects, covariances, scale.

The steps are those of ``within_rows``, with the period effects kept and the quicker solver of ``sorted_within``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.gaussian_em import fill_gaps
from causal_service.numerics.sorted_within import two_way_sorted
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.preparation.rows import lagged_rows, resampling_blocks
from causal_service.preparation.within_rows import (
    Total,
    WithinRows,
    _check_enough,
    _effective_n,
    _is_linear,
    _mean_square,
    _on_scale,
)

__all__ = ["SampleFit", "sample_fit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SampleFit:
    """The sample and its period effects, d = b (lags + 1), T periods."""

    rows: WithinRows
    """The rows of the sample."""
    effects: Floats
    """(T, d) period effects of the measured cells, on the scale of the values."""
    second: Floats
    """(T, d) period effects that are left once gaps are filled, standardised."""


def sample_fit(panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int) -> SampleFit:
    """Return the fit; parameters and errors as in ``prepared.prepare``."""
    kept = tuple(t for t in totals if _is_linear(t, panel, dictionary))
    names = tuple(name for name in panel.indicators if name not in {t.name for t in kept})
    values, slopes, kinds = _on_scale(panel, dictionary, kept, names)
    rows = lagged_rows(panel, lags)
    b, T = len(names), len(panel.periods)
    _check_enough(panel, rows, b, lags)
    Z = rows.take(values)
    missing = np.isnan(Z)
    X, effects = two_way_sorted(Z, rows.weight, rows.entity, rows.time, T)
    sd = np.sqrt(_mean_square(X[:, lags * b :], missing[:, lags * b :], rows.weight))
    sd = np.where(sd > 0, sd, 1.0)
    X /= np.tile(sd, lags + 1)
    filled, sigma = fill_gaps(X, missing, rows.weight)
    first_sigma, second = sigma, np.zeros_like(effects)
    if missing.any():
        X, second = two_way_sorted(filled, rows.weight, rows.entity, rows.time, T)
        filled, sigma = fill_gaps(X, missing, rows.weight)
    n, used = _effective_n(panel, rows)
    within = WithinRows(
        panel=panel,
        names=names,
        totals=kept,
        values=values,
        slopes=slopes,
        kinds=kinds,
        rows=rows,
        blocks=resampling_blocks(panel, rows),
        terms=None,
        drift="none",
        missing=missing,
        sd=sd,
        filled=filled,
        sigma=sigma,
        first_sigma=first_sigma,
        effective_n=n,
        used=used,
    )
    return SampleFit(within, effects, second)
