"""How many lags: BIC of the unrestricted VAR on a common sample (Luetkepohl 2005, ch. 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causal_service.errors import DataError
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.preparation.prepared import Prepared, Total, prepare
from causal_service.preparation.time_terms import calendar_cycles

__all__ = ["MAX_LAGS", "chosen_lags"]

MAX_LAGS = 3
"""Largest lag order tried by ``auto`` in a panel."""
LONGEST = 12
"""Longest season in periods that is tried as a lag order in a single series."""


def chosen_lags(panel: Panel, dictionary: Dictionary, totals: Sequence[Total]) -> int:
    """Return the lag order with the smallest BIC; rows of the longest order tried are used for all.

    Up to ``MAX_LAGS`` are tried, in a single series up to one season of the calendar; orders above a quarter of the
    periods, or that the rows cannot carry, are not.
    """
    moments = _longest_moments(panel, dictionary, totals)
    longest = moments.lags
    W = np.asarray(moments.grams.sum(0)) / moments.mass.sum()
    b, n = moments.base, moments.effective_n
    now = W[longest * b :, longest * b :]
    best, best_bic = 1, np.inf
    for lags in range(1, longest + 1):
        past = slice((longest - lags) * b, longest * b)
        cross = W[past, longest * b :]
        noise = now - cross.T @ np.linalg.solve(W[past, past] + 1e-9 * np.eye(lags * b), cross)
        bic = n * np.linalg.slogdet(noise)[1] + np.log(n) * lags * b * b
        if bic < best_bic - 1e-9:
            best, best_bic = lags, bic
    return best


def _longest_moments(panel: Panel, dictionary: Dictionary, totals: Sequence[Total]) -> Prepared:
    """Return the moments of the longest order that the panel can carry."""
    limit = MAX_LAGS
    if panel.regime == "series":
        limit = max([limit, *(round(cycle.length) for cycle in calendar_cycles(panel) if cycle.length <= LONGEST)])
    longest = max(1, min(limit, panel.values.shape[1] // 4))
    while longest > 1:
        try:
            return prepare(panel, dictionary, totals, longest)
        except DataError:
            longest -= 1
    return prepare(panel, dictionary, totals, 1)
