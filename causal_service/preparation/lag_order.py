"""How many lags: the longest one at which some indicator still acts, by an information criterion for many candidates.

At every order the partial correlations of the present with the values that many periods ago are taken given all shorter
lags, on a common sample, as seen and free of short-panel bias, whichever is smaller. One is worth its parameter when it
gains more than log n + 2 log(number of candidates) (extended BIC, Chen & Chen 2008, Biometrika 95), as a level of
Student's test where rows are few. The BIC of a full VAR would charge for all p^2 coefficients of a lag of which a few
exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, stdtr

from causal_service.errors import DataError
from causal_service.numerics.short_panel import pair_counts, stationary_covariance
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.preparation.drift import trend_columns
from causal_service.preparation.sample_fit import sample_fit
from causal_service.preparation.time_terms import calendar_cycles
from causal_service.preparation.within_rows import Total, WithinRows, within_rows

__all__ = ["MAX_LAGS", "LagOrder", "chosen_lags"]

MAX_LAGS = 3
"""Largest lag order tried by ``auto`` in a panel."""
LONGEST = 12
"""Longest season in periods that is tried as a lag order in a single series."""


@dataclass(frozen=True, slots=True)
class LagOrder:
    """How many lags, and because of what."""

    lags: int
    """The lag order, at least 1."""
    cause: str = ""
    """Indicator that acts most clearly so many periods later; empty where nothing does and the order is 1."""
    effect: str = ""
    """What it acts on, maybe itself."""


def chosen_lags(panel: Panel, dictionary: Dictionary, totals: Sequence[Total]) -> LagOrder:
    """Return the lag order; rows of the longest order tried are used for all, of a large panel those of its sample.

    Up to ``MAX_LAGS`` are tried, in a single series up to one season of the calendar; orders above an eighth of the
    periods, or with fewer than two effective rows per column, are not.
    """
    within = _longest_rows(panel, dictionary, totals)
    longest, b, n = within.rows.lags, len(within.names), within.effective_n
    level = chdtrc(1, np.log(n) + 4 * np.log(b))
    as_seen, corrected = within.sigma, _covariance(within)
    for lag in range(longest, 1, -1):
        sizes = np.minimum(_partial(as_seen, b, longest, lag), _partial(corrected, b, longest, lag))
        cause, effect = np.unravel_index(int(sizes.argmax()), sizes.shape)
        r = float(sizes[cause, effect])
        free = max(n - (lag - 1) * b - 2, 1.0)
        if 2 * stdtr(free, -r * np.sqrt(free / (1 - r * r))) < level:
            return LagOrder(lag, within.names[cause], within.names[effect])
    return LagOrder(1)


def _partial(S: NDArray[np.float64], b: int, longest: int, lag: int) -> NDArray[np.float64]:
    """Return sizes (b, b) of the partial correlations of the values ``lag`` periods ago with the present ones."""
    given = np.arange((longest - lag + 1) * b, longest * b)
    pair = np.r_[(longest - lag) * b : (longest - lag + 1) * b, longest * b : (longest + 1) * b]
    past = S[np.ix_(given, given)] + 1e-9 * np.eye(given.size)
    rest = S[np.ix_(pair, pair)] - S[np.ix_(pair, given)] @ np.linalg.solve(past, S[np.ix_(given, pair)])
    size = np.sqrt(np.maximum(np.diag(rest), 1e-12))
    return np.asarray(np.minimum(np.abs(rest[:b, b:]) / np.outer(size[:b], size[b:]), 0.999999))


def _covariance(within: WithinRows) -> NDArray[np.float64]:
    """Return the covariance of the rows, in a panel or series without the bias of short time."""
    rows, lags = within.rows, within.rows.lags
    time = rows.time - rows.time.min()
    terms = None if within.terms is None else within.terms.columns
    columns = trend_columns(rows) if within.drift != "none" else terms
    H = pair_counts(rows.entity, time, rows.weight, int(time.max()) + 1, columns)
    return stationary_covariance(within.sigma, H, len(within.names), lags)


def _longest_rows(panel: Panel, dictionary: Dictionary, totals: Sequence[Total]) -> WithinRows:
    """Return the rows of the longest order that the panel can carry."""
    limit = MAX_LAGS
    if panel.regime == "series":
        limit = max([limit, *(round(cycle.length) for cycle in calendar_cycles(panel) if cycle.length <= LONGEST)])
    longest = max(1, min(limit, panel.values.shape[1] // 8))
    while longest > 1:
        try:
            within = _rows(panel, dictionary, totals, longest)
        except DataError:
            longest -= 1
            continue
        if within.used >= 2 * within.filled.shape[1]:
            return within
        longest -= 1
    return _rows(panel, dictionary, totals, 1)


def _rows(panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int) -> WithinRows:
    """Return the rows as they will be studied: large panels keep the trends of entities."""
    if panel.behind is not None:
        return sample_fit(replace(panel, behind=None), dictionary, totals, lags).rows
    return within_rows(panel, dictionary, totals, lags)
