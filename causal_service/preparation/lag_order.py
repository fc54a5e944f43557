"""How many lags: BIC of the unrestricted VAR on a common sample (Luetkepohl 2005, ch. 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causal_service.errors import DataError
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.preparation.prepared import Prepared, Total, prepare

__all__ = ["MAX_LAGS", "chosen_lags"]

MAX_LAGS = 3
"""Largest lag order tried by ``auto``."""


def chosen_lags(panel: Panel, dictionary: Dictionary, totals: Sequence[Total]) -> int:
    """Return the lag order 1..3 with the smallest BIC; rows of the longest order tried are used for all.

    Orders above a quarter of the periods, or that the rows cannot carry, are not tried.
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
    longest = max(1, min(MAX_LAGS, panel.values.shape[1] // 4))
    while longest > 1:
        try:
            return prepare(panel, dictionary, totals, longest)
        except DataError:
            longest -= 1
    return prepare(panel, dictionary, totals, 1)
